"""Background tasks: held until they end, heard when they fail, ended when we close."""

import asyncio
import logging

import pytest

from chatsheet.core.tasks import Tasks, to_the_end

pytestmark = pytest.mark.anyio


async def test_an_error_in_the_background_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("of the background")

    tasks = Tasks()
    with caplog.at_level(logging.ERROR):
        task = tasks.spawn(fail(), name="doomed")
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
    assert "doomed" in caplog.text
    assert "of the background" in caplog.text


async def test_closing_ends_what_still_runs() -> None:
    tasks = Tasks()
    task = tasks.spawn(_forever(), name="endless")
    await tasks.close()
    assert task.cancelled()


async def _forever() -> None:
    await asyncio.Event().wait()


async def test_work_is_done_to_its_end_though_we_are_cancelled_and_the_cancellation_is_not_lost() -> None:
    may_end = asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        await may_end.wait()
        done.append("done")

    waiting = asyncio.create_task(to_the_end(work()))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == ["done"]


async def test_an_error_of_work_done_to_its_end_is_raised() -> None:
    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await to_the_end(work())
