"""One computation for all who want the same at once; it lives as long as any of them does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Run(Generic[T]):
    """A computation under way and how many wait for it."""

    task: asyncio.Future[T] = field(init=False)
    waiting: int = 0


class Flight(Generic[T]):
    """The computations of one process, by name."""

    def __init__(self) -> None:
        self._running: dict[str, _Run[T]] = {}

    def is_under_way(self, name: str) -> bool:
        """Tell whether somebody computes this already."""
        return name in self._running

    async def join(self, name: str, compute: Callable[[], Awaitable[T]]) -> T:
        """Return what `compute` gives, begun here or by an earlier caller; raises what it raises, to all who wait.

        A caller who is cancelled leaves; when the last one leaves, the computation is cancelled and has ended on return.
        """
        run = self._running.get(name)
        if run is None:
            run = self._running[name] = _Run()
            run.task = asyncio.ensure_future(self._until_done(name, run, compute))
        run.waiting += 1
        try:
            await asyncio.wait((run.task,))
            return run.task.result()
        finally:
            run.waiting -= 1
            if run.waiting == 0 and not run.task.done():
                self._leave(name, run)
                run.task.cancel()
                await asyncio.wait((run.task,))
                if not run.task.cancelled():
                    run.task.exception()  # seen: nobody is left to raise it to

    async def _until_done(self, name: str, run: _Run[T], compute: Callable[[], Awaitable[T]]) -> T:
        try:
            return await compute()
        finally:
            self._leave(name, run)  # not by a callback: who comes after an error must begin anew

    def _leave(self, name: str, run: _Run[T]) -> None:
        if self._running.get(name) is run:
            del self._running[name]
