"""Does what a person decided on a proposal: applies it, takes it back, starts its job. No tool of a model leads here."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Protocol
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from chatsheet.chat import proposals, reach, store
from chatsheet.chat.events import AiColumnProposal, Decided, EditProposal, Event
from chatsheet.chat.proposals import AiColumnsMissing, Decision, DecisionBusy, NotUndoable, Standing
from chatsheet.core.clock import Clock
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import to_the_end
from chatsheet.db.engine import Database
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.sheets.library import EditConflict, EditRepeated, Library, Move

_LEASE = timedelta(minutes=2)
"""Longer than an edit may take; after that whoever held it is dead."""
_WAIT_S = 20.0
_LOOK_EVERY_S = 0.1


class AiColumns(Protocol):
    """Who fills columns by a model."""

    async def start(self, actor: Actor, sheet_id: str, proposal: AiColumnProposal, *, key: str) -> str:
        """Start the job and return its id; a second start with the same key returns the same job."""
        ...


Append = Callable[[Actor, str, Event], Awaitable[None]]
"""Appends an event to a chat's log and tells who watches."""


class Deciding:
    """The proposals of chats: what became of each, and deciding on one."""

    def __init__(
        self, *, database: Database, library: Library, clock: Clock, append: Append, ai_columns: AiColumns | None = None
    ) -> None:
        self._database = database
        self._library = library
        self._clock = clock
        self._append = append
        self._ai_columns = ai_columns
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def standings(self, actor: Actor, chat_id: str) -> tuple[Standing, ...]:
        """Return a chat's proposals, oldest first; raises ChatNotFound."""
        async with self._locks.setdefault(chat_id, asyncio.Lock()):
            _, standings, _ = await self._look(actor, chat_id)
        return standings

    async def decide(
        self, actor: Actor, chat_id: str, proposal_id: str, decision: Decision, consent: Sequence[str] = ()
    ) -> Standing:
        """Obey a decision; raises the errors of proposals.py, ChatNotFound and those of the library.

        On any of them the proposal is as it was.
        """
        proposals.require_right(actor)
        async with self._alone(actor, chat_id):
            sheet_id, standings, moves = await self._look(actor, chat_id)
            standing = proposals.find(standings, proposal_id)
            proposals.require_decidable(standing, decision)
            proposal, key = standing.proposal, proposals.mark(chat_id, proposal_id)
            decided = Decided(proposal=proposal_id, decision="declined", by=actor.user_id, at=self._clock.now())
            if decision == "undo":
                decided = await self._undo(actor, sheet_id, decided, moves, chat_id)
            elif decision == "apply" and isinstance(proposal, EditProposal):
                decided = await self._apply(actor, sheet_id, proposal, decided, consent, chat_id)
            elif decision == "apply" and isinstance(proposal, AiColumnProposal):
                if self._ai_columns is None:
                    raise AiColumnsMissing("this version does not run AI columns.", fix="decline it.")
                job = await self._ai_columns.start(actor, sheet_id, proposal, key=key)
                decided = decided.model_copy(update={"decision": "applied", "job": job})
            await self._append(actor, chat_id, decided)
            return proposals.find((await self._look(actor, chat_id))[1], proposal_id)

    @asynccontextmanager
    async def _alone(self, actor: Actor, chat_id: str) -> AsyncGenerator[None, None]:
        """Let nobody else decide meanwhile, in this process or another; raises ChatNotFound, DecisionBusy."""
        by = new_id("decision")
        try:
            async with asyncio.timeout(_WAIT_S):
                while not await self._is_ours(actor, chat_id, by):  # noqa: ASYNC110  a lease that lapses sets no event
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            raise DecisionBusy("somebody decides on this chat's proposals.", fix="look again in a moment.") from None
        try:
            async with self._locks.setdefault(chat_id, asyncio.Lock()):  # who only looks waits for this, not for the lease
                yield
        finally:
            await to_the_end(self._release(chat_id, by))

    async def _is_ours(self, actor: Actor, chat_id: str, by: str) -> bool:
        now = self._clock.now()
        async with self._database.unit() as connection:
            await store.get(connection, actor, chat_id)
            return await store.begin_decision(connection, chat_id, by, now=now, until=now + _LEASE)

    async def _release(self, chat_id: str, by: str) -> None:
        with suppress(SQLAlchemyError, DatabaseUnavailable):  # what was decided holds; this ends by itself
            async with self._database.unit() as connection:
                await store.end_decision(connection, chat_id, by)

    async def _look(self, actor: Actor, chat_id: str) -> tuple[str, tuple[Standing, ...], Sequence[Move]]:
        """Return a chat's sheet, its proposals and the sheet's history; the log learns what only the history knew."""
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            log = await store.log(connection, actor, chat_id)
        standings = proposals.of_log(log)
        moves = await self._library.history(actor, chat.sheet_id) if standings else []
        if unsaid := proposals.unsaid(standings, moves, chat_id):
            for decided in unsaid:
                await self._append(actor, chat_id, decided)
            standings = proposals.of_log([*log, *unsaid])
        return chat.sheet_id, standings, moves

    async def _apply(
        self, actor: Actor, sheet_id: str, proposal: EditProposal, decided: Decided, consent: Sequence[str], chat_id: str
    ) -> Decided:
        """Make the edits of a proposal on top of what others did to other cells; raises EditConflict, ConsentNeeded."""
        since = proposal.preview.version
        try:
            now = await self._library.preview(actor, sheet_id, proposal.edits, expected_version=since)
            # the rows may be others by now than when it was proposed
            opened = await self._library.at(actor, sheet_id, now.version)
            needed = await reach.out_of(self._library.questions(opened), proposal.edits, now)
            proposals.require_consent(proposal.id, dict.fromkeys((*proposal.needs_consent, *needed)), consent)
            reason = proposals.mark(chat_id, proposal.id) + proposal.reason
            edited = await self._library.edit(
                actor, sheet_id, proposal.edits, expected_version=since, reason=reason, is_once=True
            )
        except (EditConflict, EditRepeated):  # it may be this very proposal that another process applied meanwhile
            _, standings, _ = await self._look(actor, chat_id)
            proposals.require_decidable(proposals.find(standings, proposal.id), "apply")
            raise
        return decided.model_copy(update={"decision": "applied", "version": edited.opened.sheet.version})

    async def _undo(self, actor: Actor, sheet_id: str, decided: Decided, moves: Sequence[Move], chat_id: str) -> Decided:
        """Take back the version that a proposal made, where nothing came after; raises NotUndoable, HeadMoved."""
        made = proposals.made_by(decided.proposal, moves, chat_id)
        if made is None:
            raise NotUndoable(f"{decided.proposal} made no version of the sheet.", fix="stop its job, if it has one.")
        head = (await self._library.open(actor, sheet_id)).sheet.version
        proposals.require_head(decided.proposal, made, moves, head)
        reason = proposals.mark(chat_id, decided.proposal) + "taken back"
        undone = await self._library.undo(actor, sheet_id, expected_version=made.to_version, reason=reason)
        return decided.model_copy(update={"decision": "undone", "version": undone.sheet.version})
