"""Background tasks that are held until they end and whose errors are never silent."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import TypeVar

log = logging.getLogger(__name__)
_Done = TypeVar("_Done")


async def to_the_end(work: Coroutine[object, object, _Done]) -> _Done:
    """Do `work` to its end, whoever cancels us meanwhile: the cancellation is raised afterwards. For short work only."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work that was to be done to its end failed", exc_info=error)
        raise cancelled
    return task.result()


class Tasks:
    """A set of running tasks; closing it cancels what is left and waits for the end of each."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None], *, name: str) -> asyncio.Task[None]:
        """Start `work` and hold it; an error is logged with its traceback when it ends."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s failed", task.get_name(), exc_info=error)

    async def join(self) -> None:
        """Wait until everything that was started has ended by itself."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
