"""The chats of a sheet as people keep them: listed, searched, named, branched. The driver removes one: it stops it first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chatsheet.chat import proposals, store
from chatsheet.chat.events import Answered, Cancelled, Decided, Event, Failed
from chatsheet.chat.store import Chat, Said
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Conflict
from chatsheet.core.identity import Actor
from chatsheet.db.engine import Database

LONGEST_TITLE = 200
_SHOWN = 80
_AROUND = 60


class TitleInvalid(BadInput):
    """The title of a chat is far too long."""

    code = "chat.title_invalid"


class BranchRefused(Conflict):
    """The chat cannot be branched there."""

    code = "chat.branch_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A chat in a list: how it is called, how many questions it holds, when it was last used, and where a search found it."""

    chat: Chat
    title: str
    """Its own, else its first question; empty where nothing was asked yet."""
    questions: int
    at: datetime | None
    """When it was last asked or answered."""
    found: str = ""
    """The words around what was searched."""


class Shelf:
    """A workspace's chats by sheet."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def listing(self, actor: Actor, sheet_id: str, *, text: str = "") -> list[Kept]:
        """Return a sheet's chats, the last used first; only those where `text` stands, whatever its case."""
        async with self._database.unit() as connection:
            chats = await store.listing(connection, actor, sheet_id)
            said = await store.said(connection, actor, sheet_id)
        return list(search(chats, said, text))

    async def rename(self, actor: Actor, chat_id: str, title: str) -> Chat:
        """Give a chat a title; an empty one takes it away. Raises ChatNotFound, TitleInvalid."""
        title = " ".join(title.split())
        if len(title) > LONGEST_TITLE:
            raise TitleInvalid(f"a title has at most {LONGEST_TITLE} characters.", fix="shorten it.")
        async with self._database.unit() as connection:
            await store.get(connection, actor, chat_id)
            await store.rename(connection, actor, chat_id, title)
            return await store.get(connection, actor, chat_id)

    async def branch(self, actor: Actor, chat_id: str, *, before: str | None) -> Chat:
        """Open a chat that begins as another did, up to the turn `before`; raises ChatNotFound, BranchRefused."""
        at = self._clock.now()
        async with self._database.unit() as connection:
            chat = await store.get(connection, actor, chat_id)
            events = begun(await store.log(connection, actor, chat_id), before, by=actor.user_id, at=at)
            kept = {"title": chat.title, "rules_key": chat.rules_key}  # what it begins with was said under these rules
            made = await store.add(connection, actor, sheet_id=chat.sheet_id, at=at, **kept)
            if events:
                await store.append(connection, actor, made.id, events, at=at)
        return made


def search(chats: Sequence[Chat], said: Sequence[Said], text: str = "") -> Iterator[Kept]:
    """Yield chats with what a list shows of them, the last used first; only those where `text` stands."""
    of_chat: dict[str, list[Said]] = {}
    for one in said:
        of_chat.setdefault(one.chat_id, []).append(one)
    kept = [_kept(chat, of_chat.get(chat.id, [])) for chat in chats]
    wanted = " ".join(text.split()).casefold()
    for one in sorted(kept, key=_used, reverse=True):
        if not wanted:
            yield one
        elif (found := _found((one.chat.title, *(s.text for s in of_chat.get(one.chat.id, []))), wanted)) is not None:
            yield Kept(chat=one.chat, title=one.title, questions=one.questions, at=one.at, found=found)


def _used(one: Kept) -> tuple[bool, float, str]:
    """Return when a chat was used, to sort by: one that waits for its first question is the latest."""
    return one.at is None, one.at.timestamp() if one.at else 0.0, one.chat.id


def _kept(chat: Chat, said: Sequence[Said]) -> Kept:
    asked = [one for one in said if one.is_question]
    title = chat.title or (_short(asked[0].text) if asked else "")
    return Kept(chat=chat, title=title, questions=len(asked), at=said[-1].at if said else None)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1].rstrip()}…"


def _found(texts: Sequence[str], wanted: str) -> str | None:
    for text in texts:
        line = " ".join(text.split())
        place = line.casefold().find(wanted)
        if place >= 0:
            first, last = max(place - _AROUND, 0), place + len(wanted) + _AROUND
            return f"{'…' if first else ''}{line[first:last]}{'…' if last < len(line) else ''}"
    return None


def begun(log: Sequence[Event], before: str | None, *, by: str, at: datetime) -> list[Event]:
    """Return a log's events up to the turn `before`, all of them for None, as another chat can begin with them.

    What was decided on its proposals comes along, whenever that was; what is still open stays with the chat it was proposed
    in, so that nothing is applied twice: here it is declined. Raises BranchRefused.
    """
    turns = list(dict.fromkeys(event.turn for event in log if not isinstance(event, Decided)))
    if before is not None and before not in turns:
        raise BranchRefused(f"this chat has no turn {before}.", fix="take a turn of its log.")
    kept = turns if before is None else turns[: turns.index(before)]
    events: list[Event] = [event for event in log if not isinstance(event, Decided) and event.turn in kept]
    if events and not isinstance(events[-1], Answered | Failed | Cancelled):
        raise BranchRefused("its last question is still being answered.", fix="wait for it, or stop it.")
    proposed = {one.proposal.id for one in proposals.of_log(events)}
    decided = [event for event in log if isinstance(event, Decided) and event.proposal in proposed]
    left = sorted(proposed - {event.proposal for event in decided})
    return [*events, *decided, *(Decided(proposal=one, decision="declined", by=by, at=at) for one in left)]
