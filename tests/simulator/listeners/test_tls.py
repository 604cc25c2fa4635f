"""TLS in front of the wire: the good certificate is trusted by its authority, each bad one fails in its own words."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from chatsheet.simulator.listeners.certificates import NAME, TlsMode
from chatsheet.simulator.listeners.tls import TlsListener
from tests.harness import Wire, says
from tests.simulator.test_faults import LONG

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tls(wire: Wire) -> AsyncGenerator[TlsListener, None]:
    """TLS in front of the simulator."""
    async with TlsListener(("127.0.0.1", wire.port)) as listener:
        yield listener


async def call(tls: TlsListener, wire: Wire, deployment: str = "gpt-4o") -> str:
    """Call a deployment over TLS, trusting the listener's authority."""
    context = ssl.create_default_context(cadata=tls.certificates.ca_pem.decode())
    url = f"https://localhost:{tls.port}/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21"
    body = {"messages": [{"role": "user", "content": "Hi"}], "stream": True}
    connector = aiohttp.TCPConnector(ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(url, json=body, headers={"api-key": wire.key}) as response,
    ):
        return await response.text()


async def test_a_client_that_trusts_the_authority_is_answered(tls: TlsListener, wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    assert "[DONE]" in await call(tls, wire)
    assert tls.handshakes == 1


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("wrong-ca", "unable to get local issuer certificate"),
        ("wrong-name", "Hostname mismatch"),
        ("self-signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("intercepted", "self-signed certificate in certificate chain"),
        ("plain-text-on-tls-port", "(?i)wrong.version.number|record layer failure"),
    ],
)
async def test_a_bad_certificate_fails_in_its_own_words(tls: TlsListener, wire: Wire, mode: TlsMode, words: str) -> None:
    tls.mode = mode
    with pytest.raises(aiohttp.ClientConnectorError, match=words):
        await call(tls, wire)
    assert not wire.simulator.state.requests


async def test_the_mode_may_change_while_it_listens(tls: TlsListener, wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    tls.mode = "expired"
    with pytest.raises(aiohttp.ClientConnectorError):
        await call(tls, wire)
    tls.mode = "good"
    assert "[DONE]" in await call(tls, wire)


async def test_trusting_the_inspector_too_mends_interception(tls: TlsListener) -> None:
    tls.mode = "intercepted"
    context = ssl.create_default_context(cadata=(tls.certificates.ca_pem + tls.certificates.inspector_pem).decode())
    _, writer = await asyncio.open_connection("127.0.0.1", tls.port, ssl=context, server_hostname=NAME)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("fault", ["reset", "cut"])
async def test_a_reset_behind_is_a_reset_in_front(tls: TlsListener, wire: Wire, fault: str) -> None:
    wire.script("gpt-4o", says(LONG))
    with pytest.raises(aiohttp.ClientError):
        await call(tls, wire, f"gpt-4o--{fault}")


async def test_the_authority_can_be_written_for_others(tls: TlsListener, tmp_path: Path) -> None:
    path = tls.write_ca(tmp_path / "ca.pem")
    assert path.read_bytes() == tls.certificates.ca_pem
    assert b"PRIVATE KEY" not in path.read_bytes()


async def test_a_wire_that_is_gone_ends_the_connection() -> None:
    async with TlsListener(("127.0.0.1", 9)) as tls:
        context = ssl.create_default_context(cadata=tls.certificates.ca_pem.decode())
        reader, writer = await asyncio.open_connection("localhost", tls.port, ssl=context)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
