"""Services on a loop in a thread behind, so that the thread in front can wait for a person and hear Ctrl-C."""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import aclosing, contextmanager
from typing import TypeVar

from chatsheet.core.settings import Settings
from chatsheet.wiring import Services, open_services

_T = TypeVar("_T")
_END = object()


class Backstage:
    """Runs what is asked for on the loop behind; each call waits for its outcome."""

    def __init__(self, loop: asyncio.AbstractEventLoop, services: Services) -> None:
        self._loop = loop
        self.services = services

    def run(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do `work` and return what it gives; raises what it raises. Ctrl-C cancels it."""

        async def awaited() -> _T:
            return await work()

        waiting = asyncio.run_coroutine_threadsafe(awaited(), self._loop)
        try:
            return waiting.result()
        except KeyboardInterrupt:
            waiting.cancel()
            raise

    def each(self, source: AsyncGenerator[_T, None], on_interrupt: Callable[[], Awaitable[None]]) -> Iterator[_T]:
        """Yield what comes; the first Ctrl-C does `on_interrupt` and goes on to the end of what comes, the second leaves."""
        told: queue.SimpleQueue[object] = queue.SimpleQueue()

        async def pump() -> None:
            try:
                async with aclosing(source):
                    async for one in source:
                        told.put((one,))
            finally:
                told.put(_END)

        pumping = asyncio.run_coroutine_threadsafe(pump(), self._loop)
        is_stopping = False
        while True:
            try:
                one = told.get()
            except KeyboardInterrupt:
                if is_stopping:
                    pumping.cancel()
                    raise
                is_stopping = True
                self._later(on_interrupt)
                continue
            if not isinstance(one, tuple):
                break
            yield one[0]
        pumping.result()

    def _later(self, work: Callable[[], Awaitable[None]]) -> None:
        async def awaited() -> None:
            await work()

        asyncio.run_coroutine_threadsafe(awaited(), self._loop)


@contextmanager
def opened(settings: Settings) -> Generator[Backstage, None, None]:
    """Open the services of this process behind the body, and close them again; raises what opening raises."""
    ready: Future[Backstage] = Future()
    leave = threading.Event()

    async def hold() -> None:
        loop = asyncio.get_running_loop()
        async with open_services(settings, has_page=False, is_local=True) as services:
            ready.set_result(Backstage(loop, services))
            await loop.run_in_executor(None, leave.wait)

    def work() -> None:
        try:
            asyncio.run(hold())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=work, name="chatsheet.backstage")
    thread.start()
    try:
        yield ready.result()
    finally:
        leave.set()
        thread.join()
