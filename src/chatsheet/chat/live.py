"""What whoever looks at a sheet hears of others: its head moved, its chats changed, the list of sheets changed.

The database is the truth: it is asked at each commit of this process, and once a moment for those of others. A cursor says what
a listener knows, so one who was cut off hears the rest, and nothing twice.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.chat import store
from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound
from chatsheet.core.identity import Actor
from chatsheet.db.engine import Database
from chatsheet.sheets.library import HeadMove, Library, MoveKind, Standing
from chatsheet.sheets.model import Value

_LOOK_EVERY_S = 0.5
_CHECK_EVERY_S = 1.0
"""How often it is asked whether a listener may still listen, and under which rules."""
_SAY_EVERY_S = 10.0
_MOST_TOLD = 50


class HeadMoved(Value):
    """A sheet's head is `version` by move number `seq` of its history; `move` is None where that is only where it stands."""

    kind: Literal["head"] = "head"
    sheet_id: str
    version: str
    seq: int
    move: MoveKind | None = None


class ChatsChanged(Value):
    """The list of a sheet's chats is another one than before."""

    kind: Literal["chats"] = "chats"
    sheet_id: str
    version: str


class SheetsChanged(Value):
    """The list of the sheets that are seen is another one than before."""

    kind: Literal["sheets"] = "sheets"
    sheet_id: str
    version: str


class StillHere(Value):
    """Nothing is new; the connection holds."""

    kind: Literal["here"] = "here"
    sheet_id: str
    version: str


class SheetHidden(Value):
    """The last that is heard: who listens does not see the sheet any more, or not as they did."""

    kind: Literal["hidden"] = "hidden"
    sheet_id: str
    version: str = ""
    code: str
    what: str
    fix: str


SheetEvent = HeadMoved | ChatsChanged | SheetsChanged | StillHere | SheetHidden


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a listener knows: moves up to a number, and lists by their marks."""

    seq: int
    chats: str
    sheets: str

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """Return the cursor that `str()` wrote; None for anything else."""
        seq, *marks = (text or "").split("-")
        return cls(int(seq), *marks) if seq.isdecimal() and len(marks) == 2 else None  # noqa: PLR2004  chats and sheets

    def __str__(self) -> str:
        return f"{self.seq}-{self.chats}-{self.sheets}"


_NOTHING = Cursor(-1, "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A sheet as the database has it: its head, the moves that a listener does not know, and the marks of both lists."""

    sheet_id: str
    version: str
    seq: int
    moves: Sequence[HeadMove]
    chats: str
    sheets: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and what is known once it was heard."""

    cursor: Cursor
    event: SheetEvent


def news(state: State, known: Cursor | None) -> Iterator[Told]:
    """Yield what a listener does not know; where that is nothing yet, or too much, where the head stands. Pure."""
    at = known or _NOTHING
    is_followed = known is not None and known.seq <= state.seq and len(state.moves) == state.seq - known.seq
    if is_followed:
        for move in state.moves:
            at = replace(at, seq=move.seq)
            yield Told(at, HeadMoved(sheet_id=state.sheet_id, version=move.to_version, seq=move.seq, move=move.kind))
    elif at.seq != state.seq:
        at = replace(at, seq=state.seq)
        yield Told(at, HeadMoved(sheet_id=state.sheet_id, version=state.version, seq=state.seq))
    if at.chats != state.chats:
        at = replace(at, chats=state.chats)
        yield Told(at, ChatsChanged(sheet_id=state.sheet_id, version=state.version))
    if at.sheets != state.sheets:
        at = replace(at, sheets=state.sheets)
        yield Told(at, SheetsChanged(sheet_id=state.sheet_id, version=state.version))


class Live:
    """Tells listeners what the database says."""

    def __init__(self, *, database: Database, access: Access, library: Library, clock: Clock) -> None:
        self._database = database
        self._access = access
        self._library = library
        self._clock = clock
        self._looks: dict[tuple[str, str, str, str], asyncio.Future[tuple[Standing, str]]] = {}

    async def state(self, actor: Actor, sheet_id: str, known: Cursor | None = None) -> State:
        """Return a sheet as it is now; raises SheetNotFound."""
        key = actor.workspace_id, sheet_id, actor.rules.key, "" if actor.is_member else actor.user_id
        if (look := self._looks.get(key)) is None:  # who asks meanwhile shares it: a sheet with many listeners costs as one
            look = self._looks[key] = asyncio.ensure_future(self._look(actor, sheet_id))
            look.add_done_callback(lambda _: self._looks.pop(key, None))
        standing, chats = await asyncio.shield(look)
        after = known.seq if known is not None else standing.seq
        is_behind = after < standing.seq and not actor.rules.tables  # they see the head, and no version before it
        moves = await self._library.moves_after(actor, sheet_id, after, most=_MOST_TOLD) if is_behind else []
        return State(
            sheet_id=sheet_id,
            version=standing.version,
            seq=standing.seq,
            moves=[move for move in moves if move.seq <= standing.seq],
            chats=chats,
            sheets=standing.sheets,
        )

    async def _look(self, actor: Actor, sheet_id: str) -> tuple[Standing, str]:
        standing = await self._library.standing(actor, sheet_id)
        async with self._database.unit() as connection:
            return standing, await store.mark(connection, actor, sheet_id)

    async def _ended(self, actor: Actor, sheet_id: str) -> SheetHidden | None:
        """Return that an actor does not see a sheet any more as they did, or None."""
        try:
            now = await self._access.watching(actor, sheet_id, Action.READ)
        except Denied as error:
            denied = error
        else:
            if (now.rules, now.is_member) == (actor.rules, actor.is_member):
                return None
            denied = Denied("what you may see of the workbook has changed.", fix="open it again.")
        return SheetHidden(sheet_id=sheet_id, code=denied.code, what=denied.what, fix=denied.fix)

    async def watch(self, actor: Actor, sheet_id: str, known: Cursor | None = None) -> AsyncGenerator[Told, None]:
        """Yield what is new since `known`, then whatever happens, until access ends; raises SheetNotFound."""
        said_at = checked_at = self._clock.monotonic()
        while True:
            upcoming = self._database.upcoming  # before it is asked, so that no commit falls in between
            if self._clock.monotonic() - checked_at >= _CHECK_EVERY_S:
                checked_at = self._clock.monotonic()
                if (ended := await self._ended(actor, sheet_id)) is not None:
                    yield Told(known or _NOTHING, ended)
                    return
            try:
                state = await self.state(actor, sheet_id, known)
            except NotFound as error:
                if known is None:
                    raise
                yield Told(known, SheetHidden(sheet_id=sheet_id, code=error.code, what=error.what, fix=error.fix))
                return
            for told in news(state, known):
                known, said_at = told.cursor, self._clock.monotonic()
                yield told
            if known is not None and self._clock.monotonic() - said_at >= _SAY_EVERY_S:
                said_at = self._clock.monotonic()
                yield Told(known, StillHere(sheet_id=sheet_id, version=state.version))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await upcoming.wait()
