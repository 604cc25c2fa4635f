"""Whose turn it is when more is asked than can run: callers in rotation, each in the order it asked, none for too long."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chatsheet.core.errors import Unavailable

_LONGEST_QUEUE = 200


class EngineBusy(Unavailable):
    """Other queries took all workers for longer than a caller waits."""

    code = "sql.busy"


class Turns:
    """`size` turns at once; who waits longest among the callers goes first, one turn of each caller after the other."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def take(self, caller: str, *, wait_s: float) -> AsyncGenerator[None, None]:
        """Hold a turn; raises EngineBusy after `wait_s`, or at once where very many wait."""
        await self._get(caller, wait_s)
        try:
            yield
        finally:
            self._free += 1
            self._pass_on()

    async def _get(self, caller: str, wait_s: float) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        if sum(map(len, self._waiting.values())) >= _LONGEST_QUEUE:
            raise EngineBusy(f"{_LONGEST_QUEUE} queries wait already.", fix="try again in a moment.")
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except BaseException as error:
            self._leave(caller, turn)
            if isinstance(error, TimeoutError):
                raise EngineBusy(f"no worker was free for {wait_s:g} s.", fix="try again in a moment.") from None
            raise

    def _leave(self, caller: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():  # it came in the same moment
            self._free += 1
        elif turn in (queue := self._waiting.get(caller, deque())):
            queue.remove(turn)
            if not queue:
                del self._waiting[caller]
        self._pass_on()

    def _pass_on(self) -> None:
        while self._free and self._waiting:
            caller, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[caller] = queue  # at the end of the rotation
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
