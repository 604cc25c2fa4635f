"""Turns: callers in rotation, in order within each, and nobody waits for ever."""

import asyncio

import pytest

from chatsheet.sheets.turns import EngineBusy, Turns

pytestmark = pytest.mark.anyio


async def take(turns: Turns, caller: str, order: list[str]) -> None:
    async with turns.take(caller, wait_s=60):
        order.append(caller)
        await asyncio.sleep(0)


async def test_a_caller_with_many_queries_does_not_hold_up_another() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.take("first", wait_s=60):
        waiting = [asyncio.ensure_future(take(turns, caller, order)) for caller in ["many"] * 5 + ["one"]]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["many", "one", "many", "many", "many", "many"]


async def test_who_waits_too_long_is_told_so_and_loses_nobody_a_turn() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.take("a", wait_s=60):
        with pytest.raises(EngineBusy) as busy:
            async with turns.take("b", wait_s=0.01):
                raise AssertionError
    assert (busy.value.code, busy.value.status) == ("sql.busy", 503)
    await take(turns, "c", order)
    assert order == ["c"]


async def test_a_cancelled_wait_gives_its_turn_to_the_next() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.take("a", wait_s=60):
        gone = asyncio.ensure_future(take(turns, "b", order))
        stays = asyncio.ensure_future(take(turns, "c", order))
        await asyncio.sleep(0)
        gone.cancel()
    await asyncio.gather(gone, stays, return_exceptions=True)
    assert order == ["c"]


async def test_a_turn_that_comes_in_the_moment_of_a_cancellation_is_not_lost() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.take("a", wait_s=60):
        gone = asyncio.ensure_future(take(turns, "b", order))
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await asyncio.wait_for(take(turns, "c", order), 5)
    assert order[-1] == "c"


async def test_a_very_long_queue_takes_no_more() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.take("a", wait_s=60):
        waiting = [asyncio.ensure_future(take(turns, "b", order)) for _ in range(200)]
        await asyncio.sleep(0)
        with pytest.raises(EngineBusy, match="wait already"):
            await take(turns, "c", order)
    await asyncio.gather(*waiting)
    assert len(order) == 200


async def test_as_many_run_at_once_as_there_are_turns() -> None:
    turns, running, most = Turns(3), 0, 0

    async def work(caller: str) -> None:
        nonlocal running, most
        async with turns.take(caller, wait_s=60):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work(str(number % 4)) for number in range(40)))
    assert (running, most) == (0, 3)
