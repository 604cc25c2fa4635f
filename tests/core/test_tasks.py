"""Background tasks: held until they end, heard when they fail, ended when we close."""

import asyncio
import logging

import pytest

from chatsheet.core.tasks import Tasks

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
