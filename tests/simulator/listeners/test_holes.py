"""Ports that lead nowhere."""

import asyncio

import pytest

from chatsheet.simulator.listeners.holes import BlackHole, Refused, Resetter, Silent

pytestmark = pytest.mark.anyio


async def connect(port: int, patience_s: float = 2) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, or fail as the network says."""
    async with asyncio.timeout(patience_s):
        return await asyncio.open_connection("127.0.0.1", port)


async def test_no_connection_to_a_black_hole_ever_comes_about() -> None:
    async with BlackHole() as hole:
        results = await asyncio.gather(*(connect(hole.port, 0.3) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in results] == [TimeoutError] * 5


async def test_a_black_hole_leaves_its_port_free() -> None:
    async with BlackHole() as hole:
        port = hole.port
    async with BlackHole(port=port) as again:
        assert again.port == port


async def test_a_silent_port_takes_a_connection_and_says_nothing() -> None:
    async with Silent() as silent:
        reader, writer = await connect(silent.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert silent.connections == 1
        writer.close()
        await writer.wait_closed()


async def test_a_resetting_port_resets_at_the_first_word() -> None:
    async with Resetter() as resetter:
        reader, writer = await connect(resetter.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()


async def test_a_refused_port_is_closed_and_nobody_elses() -> None:
    async with Refused() as refused:
        with pytest.raises(ConnectionRefusedError):
            await connect(refused.port)
        with pytest.raises(OSError, match="in use"):
            await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", refused.port)
