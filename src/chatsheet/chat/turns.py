"""Which turns run here: begun, held by a lease, stopped, left to the next process, and every event of theirs stored once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.chat import deeds, leases, store
from chatsheet.chat.audience import Audience, Numbered
from chatsheet.chat.events import Answered, Asked, Cancelled, Decided, Event, Failed
from chatsheet.chat.store import ChatMovedOn
from chatsheet.core.acts import NOTHING, Spent
from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError, Conflict
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks, to_the_end
from chatsheet.db.engine import Database, tell
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.llm.gateway import NoRouteAnswered, RequestRefused
from chatsheet.llm.model import Trail

log = logging.getLogger(__name__)

_MOST_TRIES = 5
_AWAITED = timedelta(hours=1)
_BEAT_S = 1.0
_BEATS_OF_A_LEASE = 10


class TurnInterrupted(ChatSheetError):
    """The process that worked on the turn was stopped, and nobody waits for it any more."""

    code = "chat.interrupted"
    status = 410


class TurnTaken(Conflict):
    """Another process works on the turn by now."""

    code = "chat.turn_taken"


@dataclass(slots=True)
class _Turn:
    """A turn that runs, or is about to."""

    task: asyncio.Task[None] | None = None
    is_stopped: bool = False
    """A person wants it stopped; a process that merely ends leaves its turns to be resumed."""


class Turns:
    """The turns of this process, and the way of events into a chat's log."""

    def __init__(
        self, *, database: Database, clock: Clock, audience: Audience, work: Callable[[Actor, str, str], Awaitable[None]]
    ) -> None:
        """`work` takes an actor, a chat and a turn, and appends events until the turn has its end."""
        self._database = database
        self._clock = clock
        self._audience = audience
        self._work = work
        self._owner = new_id("process")
        self._running: dict[str, _Turn] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._tasks = Tasks()

    def is_running(self, chat_id: str) -> bool:
        """Tell whether a turn of the chat runs in this process."""
        return chat_id in self._running

    async def start(self, actor: Actor, chat_id: str, asked: Asked) -> None:
        """Append a question and begin its turn in the background; raises ChatMovedOn where another one runs."""
        if chat_id in self._running:
            raise ChatMovedOn("the last question is still being answered.", fix="wait for it, or stop it.")
        self._running[chat_id] = turn = _Turn()
        try:
            await self.append(actor, chat_id, asked)
        except BaseException:
            del self._running[chat_id]
            raise
        self._begin(actor, chat_id, asked.turn, turn)

    async def stop(self, chat_id: str) -> None:
        """Stop the running turn, if any, here or in another process."""
        turn = self._running.get(chat_id)
        if turn is None:  # perhaps in another process, which looks for this each second
            async with self._database.unit() as connection:
                await leases.stop(connection, chat_id)
            return
        turn.is_stopped = True
        if turn.task is not None:
            turn.task.cancel()
            await asyncio.wait({turn.task})

    async def close(self) -> None:
        """End the work on every turn; the next process goes on with it."""
        await self._tasks.close()

    async def resume(self, *, is_alone: bool) -> None:
        """Go on with the turns that a stopped process left open: their logs say where they were.

        Who is alone need not wait for leases to lapse. A turn that nobody can be waiting for any more ends, and says so.
        """
        async with self._database.unit() as connection:
            if is_alone:
                await leases.end_all(connection)
            left_open = await store.open_turns(connection)
        for one in left_open:
            await self._take_over(*one)

    async def look_after(self) -> None:
        """Go on with the turns of processes that say nothing any more."""
        async with self._database.unit() as connection:
            lapsed = await leases.lapsed(connection, now=self._clock.now())
            left_open = await store.open_turns(connection, lapsed) if lapsed else []
            ended = set(lapsed) - {chat_id for _, chat_id, _, _ in left_open}
            await leases.forget(connection, ended, now=self._clock.now())
        for one in left_open:
            await self._take_over(*one)

    async def _take_over(self, actor: Actor, chat_id: str, turn_id: str, at: datetime) -> None:
        if chat_id in self._running:
            return
        async with self._database.unit() as connection:
            if not await leases.take(connection, actor, chat_id, self._owner, now=self._clock.now()):
                return
        if self._clock.now() - at > _AWAITED:
            await self.append(actor, chat_id, _interrupted(turn_id))
            return
        self._running[chat_id] = turn = _Turn()
        self._begin(actor, chat_id, turn_id, turn)

    async def append(self, actor: Actor, chat_id: str, event: Event, spent: Spent = NOTHING) -> None:
        """Store an event, with what it took of models, and tell of it.

        A stop that comes meanwhile waits, or a turn could have no end, or two.
        """
        await to_the_end(self._stored(actor, chat_id, event, spent))

    async def _stored(self, actor: Actor, chat_id: str, event: Event, spent: Spent) -> None:
        written: list[Event] = []
        seq, tries = 0, 1 if isinstance(event, Asked) else _MOST_TRIES
        while not seq:
            tries -= 1
            try:
                async with self._database.unit() as connection:
                    await store.hold(connection, chat_id)
                    written = [*await self._leased(connection, actor, chat_id, event), event]
                    seq = await store.append(connection, actor, chat_id, written, at=self._clock.now())
                    sheet_id = await store.sheet_of(connection, chat_id)
                    for one in written:
                        tell(connection, *deeds.of(actor, chat_id, sheet_id, one, spent if one is event else NOTHING))
            except ChatMovedOn:  # a person decided on a proposal in the same moment: the place behind that is as good
                if not tries:
                    raise
        if isinstance(event, Answered | Failed | Cancelled):
            self._running.pop(chat_id, None)  # before anyone hears of it: who hears the end may ask again at once
        for place, one in enumerate(written, seq - len(written) + 1):
            self._audience.tell(chat_id, Numbered(place, one))

    async def _leased(self, connection: AsyncConnection, actor: Actor, chat_id: str, event: Event) -> list[Event]:
        """See to it that only one process works on a chat's turn; returns what belongs into the log before the event.

        Raises ChatMovedOn where another one does and a question comes, TurnTaken where it does since.
        """
        match event:
            case Decided():
                return []
            case Asked():
                if not await leases.take(connection, actor, chat_id, self._owner, now=self._clock.now()):
                    raise ChatMovedOn("the last question is still being answered.", fix="wait for it, or stop it.")
                return [_interrupted(turn) for _, _, turn, _ in await store.open_turns(connection, [chat_id])]
            case _:
                if not await leases.holds(connection, chat_id, self._owner):
                    raise TurnTaken(f"another process works on turn {event.turn}.", fix="follow the chat.")
                if isinstance(event, Answered | Failed | Cancelled):
                    await leases.release(connection, chat_id, self._owner)
                return []

    async def _drive(self, actor: Actor, chat_id: str, turn: str, own: _Turn) -> None:
        """Obey the loop until the turn is over; whatever happens, the turn ends with an event."""
        cancelled = Cancelled(turn=turn)
        try:
            if own.is_stopped:  # while its question was still being stored
                await self._end(actor, chat_id, cancelled)
            else:
                await self._work(actor, chat_id, turn)
        except asyncio.CancelledError:
            if own.is_stopped and self._running.get(chat_id) is own:
                await self._end(actor, chat_id, cancelled)
        except TurnTaken:
            log.warning("turn %s goes on in another process", turn)
        except ChatSheetError as error:
            is_models = isinstance(error, NoRouteAnswered | RequestRefused)
            trail, spent = (error.trail, error.spent) if is_models else (Trail(), NOTHING)
            failed = Failed(turn=turn, code=error.code, what=error.what, fix=error.fix, trail=trail)
            await self._end(actor, chat_id, failed, spent)
        except Exception:  # boundary: a turn must end with an event, whatever broke
            log.exception("turn %s failed", turn)
            what = "something in ChatSheetAI itself went wrong; the log says where."
            await self._end(
                actor, chat_id, Failed(turn=turn, code=ChatSheetError.code, what=what, fix="ask again, or report it.")
            )
        finally:
            if self._running.get(chat_id) is own:  # the next question may run by now
                del self._running[chat_id]
                await to_the_end(self._leave(chat_id))

    async def _leave(self, chat_id: str) -> None:
        """Leave a turn that has no end yet to the next process."""
        async with self._database.unit() as connection:
            await leases.lapse(connection, chat_id, self._owner, now=self._clock.now())

    async def _end(self, actor: Actor, chat_id: str, event: Failed | Cancelled, spent: Spent = NOTHING) -> None:
        """End a turn without an answer; who waits hears of it even where it cannot be stored."""
        try:
            await self.append(actor, chat_id, event, spent)
        except Exception:  # boundary: a full disk must not leave a person waiting
            log.exception("the end of turn %s could not be stored", event.turn)
            self._audience.tell(chat_id, Numbered(None, event))

    def _begin(self, actor: Actor, chat_id: str, turn_id: str, turn: _Turn) -> None:
        turn.task = self._tasks.spawn(self._drive(actor, chat_id, turn_id, turn), name=f"turn {turn_id}")
        if self._keeping is None or self._keeping.done():
            self._keeping = self._tasks.spawn(self._keep(), name="hold turns")

    async def _keep(self) -> None:
        """Renew our leases while turns run here, and stop what somebody wants stopped or another process took."""
        beat = 0
        while self._running:
            await asyncio.sleep(_BEAT_S)
            beat += 1
            begun = {chat_id: turn for chat_id, turn in self._running.items() if turn.task is not None}
            try:
                async with self._database.unit() as connection:
                    held = await leases.held(connection, self._owner)
                    if beat % _BEATS_OF_A_LEASE == 0:
                        await leases.renew(connection, self._owner, now=self._clock.now())
            except (SQLAlchemyError, DatabaseUnavailable) as error:  # a lease lasts for some tries
                log.warning("the turns that run here were not looked at (%s)", type(error).__name__)
                continue
            for chat_id, turn in begun.items():
                if held.get(chat_id, True) and turn.task is not None:
                    turn.is_stopped |= chat_id in held
                    turn.task.cancel()


def _interrupted(turn: str) -> Failed:
    error = TurnInterrupted("the server was stopped while it worked on this.", fix="ask again.")
    return Failed(turn=turn, code=error.code, what=error.what, fix=error.fix)
