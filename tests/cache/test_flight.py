"""One flight: whoever leaves, the others arrive; only the last one takes the computation with them."""

import asyncio

import pytest

from chatsheet.cache.flight import Flight
from tests.cache.rig import Work, done

pytestmark = pytest.mark.anyio


async def test_two_hundred_who_want_the_same_at_once_share_one_computation() -> None:
    flight, work = Flight[str](), Work()
    callers = [asyncio.ensure_future(flight.join("a", work)) for _ in range(200)]
    await work.begins()
    work.go.set()
    assert (await asyncio.gather(*callers), work.begun) == (["right"] * 200, 1)


async def test_the_first_caller_may_leave_and_all_others_are_served() -> None:
    flight, work = Flight[str](), Work()
    callers = [asyncio.ensure_future(flight.join("a", work)) for _ in range(200)]
    await work.begins()
    callers[0].cancel()
    await asyncio.wait(callers[:1])
    work.go.set()
    assert await asyncio.gather(*callers[1:]) == ["right"] * 199
    assert (callers[0].cancelled(), work.begun, work.cancelled) == (True, 1, 0)


async def test_when_the_last_caller_leaves_the_computation_has_ended_too() -> None:
    flight, work = Flight[str](), Work()
    callers = [asyncio.ensure_future(flight.join("a", work)) for _ in range(3)]
    await work.begins()
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    assert (work.cancelled, flight.is_under_way("a")) == (1, False)


async def test_an_error_goes_to_all_who_wait_and_the_next_one_begins_anew() -> None:
    flight, begun = Flight[str](), asyncio.Event()

    async def fail() -> str:
        await begun.wait()
        raise ValueError("broken")

    callers = [asyncio.ensure_future(flight.join("a", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    begun.set()
    got = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(one) for one in got] == ["broken"] * 3
    assert await flight.join("a", done()) == "right"


async def test_who_comes_after_everybody_left_begins_anew() -> None:
    flight, work = Flight[str](), Work()
    first = asyncio.ensure_future(flight.join("a", work))
    await work.begins()
    first.cancel()
    while flight.is_under_way("a"):
        await asyncio.sleep(0)
    assert await flight.join("a", done("new")) == "new"
    assert work.cancelled == 1


async def test_different_names_are_computed_side_by_side() -> None:
    flight, slow = Flight[str](), Work()
    waiting = asyncio.ensure_future(flight.join("a", slow))
    assert await flight.join("b", done("other")) == "other"
    slow.go.set()
    assert await waiting == "right"
