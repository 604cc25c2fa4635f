"""A cache counts what it did, keeps no errors, and asks the second level only where that is worth it."""

import asyncio
from dataclasses import replace

import pytest

from chatsheet.cache.cache import Caches
from tests.cache.rig import KEY, TEXTS, Work, cache, done, key
from tests.cache.test_liars import liar

pytestmark = pytest.mark.anyio


async def test_a_value_is_computed_once_and_every_step_is_counted() -> None:
    caches = Caches.open()
    texts, work = caches.of(TEXTS), Work()
    callers = [asyncio.ensure_future(texts.fetch(KEY, work)) for _ in range(200)]
    await work.begins()
    work.go.set()
    await asyncio.gather(*callers)
    assert await texts.fetch(KEY, work) == "right"
    (state,) = caches.states()
    assert (state.computes, state.waits, state.hits, state.shared_hits, state.failures) == (1, 199, 1, 0, 0)
    assert (state.entries, state.bytes) == (1, caches.memory.bytes())


async def test_an_error_is_counted_and_not_kept() -> None:
    async def fail() -> str:
        raise ValueError("broken")

    async with cache() as texts:
        with pytest.raises(ValueError, match="broken"):
            await texts.fetch(KEY, fail)
        assert await texts.fetch(KEY, done()) == "right"
        assert (texts.counts.computes, texts.counts.failures) == (2, 1)


async def test_what_is_cheap_is_never_asked_of_the_second_level() -> None:
    asked: list[bytes] = []

    def note(data: bytes) -> bytes:
        asked.append(data)
        return b"$-1\r\n"

    async with liar(note) as url, cache(url) as texts:
        assert await texts.fetch(KEY, done(), is_cheap=True) == "right"
        assert asked == []


async def test_looking_computes_nothing_and_keeping_is_found() -> None:
    async with cache() as texts:
        assert await texts.look(KEY) is None
        await texts.keep(KEY, "kept")
        assert (await texts.look(KEY), await texts.fetch(KEY, done()), texts.counts.computes) == ("kept", "kept", 0)


async def test_kinds_that_are_kept_elsewhere_take_no_memory() -> None:
    async with cache(kind=replace(TEXTS, is_kept_here=False)) as texts:
        for _ in range(2):
            await texts.fetch(KEY, done())
        assert texts.counts.computes == 2


async def test_memory_of_all_kinds_is_bounded_together() -> None:
    caches = Caches.open(memory_mb=1)
    for number in range(20):
        await caches.of(TEXTS).fetch(key(str(number)), done("x" * 30_000))
    (state,) = caches.states()
    assert state.evictions == 20 - state.entries > 0
    assert state.bytes <= 2**20
