"""Two processes over a real Valkey, and what becomes of it when the server or a leader fails: slower, never wrong."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatsheet.cache import keys, shared
from chatsheet.cache.cache import Cache, Caches
from chatsheet.cache.shared import Breaker, Shared, pack, unpack
from chatsheet.core.clock import SystemClock
from tests import valkeys
from tests.cache.rig import KEY, SECRET, TEXTS, Work, cache, done, key
from tests.cache.test_memory import Hands
from tests.harness import ROOT
from tests.valkeys import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server() -> AsyncGenerator[Server, None]:
    async with valkeys.running() as started:
        yield started


async def race(server: Server, log: Path, *, callers: int, seconds: float) -> asyncio.subprocess.Process:
    """Start a process that wants the value."""
    argv = ("-m", "tests.cache.racer", server.url, str(log), str(callers), str(seconds))
    return await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def outcome(process: asyncio.subprocess.Process) -> str:
    """Return what a process got."""
    told, _ = await process.communicate()
    return told.decode().strip()


async def until_line(log: Path) -> None:
    """Wait until a computation has begun."""
    async with asyncio.timeout(30):
        while not log.exists():
            await asyncio.sleep(0.01)


async def test_two_processes_of_200_callers_compute_once(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log"
    racers = [await race(server, log, callers=200, seconds=2) for _ in range(2)]
    assert [await outcome(one) for one in racers] == ["200 True"] * 2
    assert log.read_text() == "computed\n"


async def test_a_killed_leader_is_replaced_within_three_seconds(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log"
    leader = await race(server, log, callers=1, seconds=60)
    await until_line(log)
    async with cache(server.url) as follower:
        waiting = asyncio.ensure_future(follower.fetch(KEY, done("mine")))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        os.kill(leader.pid, signal.SIGKILL)
        killed = time.monotonic()
        assert await waiting == "mine"
        assert time.monotonic() - killed <= 3
    await leader.wait()


async def test_a_leader_that_lives_keeps_its_lease_however_long_it_takes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsheet.cache.cache.LEASE_S", 0.4)
    monkeypatch.setattr(shared, "LEASE_S", 0.4)
    async with cache(server.url) as one, cache(server.url) as two:
        work = Work()
        leading = asyncio.ensure_future(one.fetch(KEY, work))
        await work.begins()
        following = asyncio.ensure_future(two.fetch(KEY, done("twice")))
        await asyncio.sleep(1.2)
        work.go.set()
        assert (await leading, await following) == ("right", "right")


async def test_a_leader_whose_first_caller_leaves_still_serves_all_others(server: Server) -> None:
    async with cache(server.url) as one, cache(server.url) as two:
        work = Work()
        callers = [asyncio.ensure_future(one.fetch(KEY, work)) for _ in range(20)]
        await work.begins()
        callers += [asyncio.ensure_future(two.fetch(KEY, done("twice"))) for _ in range(20)]
        callers[0].cancel()
        await asyncio.wait(callers[:1])
        work.go.set()
        assert await asyncio.gather(*callers[1:]) == ["right"] * 39


async def test_a_leader_that_fails_or_leaves_hands_over_at_once(server: Server) -> None:
    async with cache(server.url) as one, cache(server.url) as two:
        work = Work()
        leading = asyncio.ensure_future(one.fetch(KEY, work))
        await work.begins()
        following = asyncio.ensure_future(two.fetch(KEY, done("mine")))
        await asyncio.sleep(0.1)
        leading.cancel()
        async with asyncio.timeout(1):
            assert await following == "mine"


async def test_what_one_process_computed_another_has_without_computing(server: Server) -> None:
    async with cache(server.url) as one:
        await one.fetch(KEY, done())
    async with cache(server.url) as two:
        assert await two.look(KEY) == "right"
        assert (two.counts.shared_hits, two.counts.computes) == (1, 0)


async def flush(server: Server) -> None:
    """Remove everything, leases too, as an operator would."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"FLUSHALL\r\n")
    assert await reader.readline() == b"+OK\r\n"
    writer.close()


async def test_a_flushed_server_costs_another_computation_and_nothing_else(server: Server) -> None:
    async with cache(server.url) as one, cache(server.url) as two:
        work = Work()
        leading = asyncio.ensure_future(one.fetch(KEY, work))
        await work.begins()
        await flush(server)
        assert await two.fetch(KEY, done("mine")) == "mine"
        work.go.set()
        assert await leading == "right"


async def test_a_full_server_still_gives_what_it_has() -> None:
    async with valkeys.running("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server, cache(server.url) as one:
        for number in range(60):
            await one.fetch(key(str(number)), done("x" * 100_000))
        async with cache(server.url) as two:
            found = [await two.look(key(str(number))) is not None for number in range(60)]
            assert await two.fetch(key("59"), done("x" * 100_000)) == "x" * 100_000
        assert any(found)
        assert not all(found)


async def test_a_value_larger_than_a_mebibyte_stays_where_it_was_made(server: Server) -> None:
    async with cache(server.url) as one, cache(server.url) as two:
        await one.fetch(KEY, done("x" * (shared.LARGEST + 1)))
        assert await two.look(KEY) is None


async def test_a_server_that_is_killed_and_comes_back_is_used_again(server: Server) -> None:
    async with cache(server.url) as one:
        await one.fetch(key("a"), done())
        await server.stop()
        assert await one.fetch(key("b"), done("alone")) == "alone"
        await server.start()
        async with asyncio.timeout(10):
            while not await seen_by_another(server, one):
                await asyncio.sleep(0.1)


async def seen_by_another(server: Server, one: Cache[str]) -> bool:
    await one.fetch(key(str(time.monotonic())), done())
    other = Shared(server.url, key=SECRET, clock=SystemClock())
    await asyncio.sleep(0.02)
    size = await other.size()
    await other.close()
    return size > 0


async def test_clearing_removes_the_values_and_counts_them(server: Server) -> None:
    caches = Caches.open(url=server.url, key=SECRET)
    for number in range(3):
        await caches.of(TEXTS).fetch(key(str(number)), done())
    await caches.settled()
    assert caches.shared is not None
    assert (await caches.shared.size(), await caches.shared.clear(), await caches.shared.size()) == (3, 3, 0)
    await caches.close()


def test_a_value_is_taken_only_whole_for_its_own_key_and_in_its_time() -> None:
    name = keys.digest(KEY)
    packed = pack(name, b"a\nvalue", at=100, key=SECRET)
    assert unpack(name, packed, now=150, ttl_s=60, key=SECRET) == b"a\nvalue"
    assert unpack(name, packed, now=161, ttl_s=60, key=SECRET) is None
    assert unpack("query:other", packed, now=150, ttl_s=60, key=SECRET) is None
    assert all(unpack(name, packed[:end], now=150, ttl_s=60, key=SECRET) is None for end in range(len(packed)))
    assert all(
        unpack(name, other, now=150, ttl_s=60, key=SECRET) is None for other in (None, 1, "text", [packed], packed + b"x")
    )


def test_a_breaker_lets_one_try_and_waits_longer_each_time() -> None:
    clock, breaker = Hands(), Breaker()
    breaker.failed(clock.at)
    tried: list[float] = []
    for clock.at in range(1, 200):
        tried += [clock.at for _ in range(3) if breaker.admits(clock.at)]
    assert tried == [1, 3, 7, 15, 31, 61, 91, 121, 151, 181]
    breaker.answered()
    assert breaker.admits(clock.at)
