"""A server on Redis' port that is down, slow or lies: every caller gets the right value, a little later."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from chatsheet.cache import keys
from chatsheet.cache.shared import pack
from tests.cache.rig import KEY, SECRET, TEXTS, cache, done, key
from tests.harness import free_ports

pytestmark = pytest.mark.anyio

Answer = Callable[[bytes], bytes]
NAME = keys.digest(KEY)
HURRIED = replace(TEXTS, patience_s=0.3)


@asynccontextmanager
async def liar(answer: Answer, *, after_s: float = 0.0) -> AsyncGenerator[str, None]:
    """Answer every command as told; yield the address."""
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            while data := await reader.read(65_536):
                await asyncio.sleep(after_s)
                writer.write(answer(data))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        for task in serving:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.01)


def bulk(value: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(value), value)


def values(value: bytes, lease: bytes = b"$-1\r\n") -> Answer:
    """Answer MGET with this value and lease, everything else with OK."""
    return lambda data: b"*2\r\n" + bulk(value) + lease if b"MGET" in data else b"+OK\r\n"


WRONG = pack(NAME, b"wrong", at=time.time(), key=SECRET)
LIES: dict[str, Answer] = {
    "a text that is no value": values(b"wrong"),
    "another key's value": values(pack("query:other", b"wrong", at=time.time(), key=SECRET)),
    "a value that was cut": values(WRONG[:-1]),
    "a value with one bit turned": values(WRONG[:-1] + b"f"),
    "an old value": values(pack(NAME, b"wrong", at=time.time() - 1e6, key=SECRET)),
    "a value of one who has not the key": values(pack(NAME, b"wrong", at=time.time(), key=b"guessed")),
    "a value of the far future": values(pack(NAME, b"wrong", at=1e18, key=SECRET)),
    "a value that is no text": values(pack(NAME, b"\xff\xfe", at=time.time(), key=SECRET)),
    "a lease that never ends": values(b"", bulk(b"somebody")),
    "numbers": lambda _: b":1\r\n",
    "nothing": lambda _: b"$-1\r\n",
    "an endless bulk": lambda _: b"$99999999\r\nabc",
    "no number where one belongs": lambda _: b"$abc\r\n",
    "deep arrays": lambda _: b"*1\r\n" * 5_000,
    "another protocol": lambda _: b"HTTP/1.1 200 OK\r\n\r\n",
    "not UTF-8": lambda _: b"-\xff\xfe\r\n",
    "an error": lambda _: b"-ERR no\r\n",
    "that it is loading": lambda _: b"-LOADING please wait\r\n",
    "that it is full": lambda data: b"*2\r\n$-1\r\n$-1\r\n" if b"MGET" in data else b"-OOM command not allowed\r\n",
}


async def right(url: str) -> float:
    """Ask for two values several times at once, check them, and return how long it took."""
    began = time.monotonic()
    async with cache(url, kind=HURRIED) as one:
        got = await asyncio.gather(*(one.fetch(KEY, done()) for _ in range(20)), one.fetch(key("b"), done("other")))
        assert got == ["right"] * 20 + ["other"]
        assert one.counts.computes == 2
    return time.monotonic() - began


@pytest.mark.parametrize("lie", LIES)
async def test_whatever_it_says_the_value_is_right(lie: str) -> None:
    async with liar(LIES[lie]) as url:
        assert await right(url) < 5


async def test_a_slow_server_is_left_alone_after_its_first_silence() -> None:
    async with liar(lambda _: b"+OK\r\n", after_s=30) as url, cache(url) as one:
        assert await timed(one.fetch(KEY, done())) < 2
        assert await timed(asyncio.gather(*(one.fetch(key(str(n)), done()) for n in range(50)))) < 0.9


async def timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def test_a_server_that_is_not_there_costs_one_attempt() -> None:
    async with cache(f"redis://127.0.0.1:{free_ports(1)[0]}/0") as one:
        assert await one.fetch(KEY, done()) == "right"
        assert await one.fetch(key("b"), done("other")) == "other"


async def test_a_server_that_hangs_up_is_no_worse() -> None:
    async with liar(hang_up) as url:
        assert await right(url) < 5


def hang_up(data: bytes) -> bytes:
    raise ConnectionError(data)
