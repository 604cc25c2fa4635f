"""Rows about chats: the SQL and nothing else. Every statement is bound to the actor's workspace.

Who is under row and column rules finds the chats that were held under the same, as others may tell what these hide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Result, RowMapping, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.chat.events import EVENTS, Answered, Cancelled, Decided, Event, Failed
from chatsheet.core.errors import Conflict, NotFound
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db import writing
from chatsheet.db.tables import chat, chat_event, turn_lease


class ChatNotFound(NotFound):
    """No such chat in this workspace."""

    code = "chat.not_found"


class ChatMovedOn(Conflict):
    """Two writers wanted the same place in a chat's log."""

    code = "chat.moved_on"


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation about one sheet."""

    id: str
    sheet_id: str
    title: str = ""
    """As a person named it; empty where nobody did."""
    rules_key: str = ""
    """Under which row and column rules it is held (`Rules.key`)."""


@dataclass(frozen=True, slots=True)
class Said:
    """A question or an answer of a chat, in the order of its log."""

    chat_id: str
    is_question: bool
    text: str
    at: datetime


async def add(
    connection: AsyncConnection, actor: Actor, *, sheet_id: str, at: datetime, title: str = "", rules_key: str | None = None
) -> Chat:
    """Record a new chat, under the actor's rules where none are named."""
    made = Chat(new_id("chat"), sheet_id, title, actor.rules.key if rules_key is None else rules_key)
    owned = {"workspace_id": actor.workspace_id, "created_by": actor.user_id, "created_at": at}
    named = {"id": made.id, "sheet_id": sheet_id, "title": title, "rules_key": made.rules_key}
    await connection.execute(insert(chat).values(**named, **owned))
    return made


def _chat(row: RowMapping) -> Chat:
    return Chat(row["id"], row["sheet_id"], row["title"], row["rules_key"])


def _seen(actor: Actor) -> ColumnElement[bool]:
    """Return the condition over the chats that an actor may see."""
    of_workspace = chat.c.workspace_id == actor.workspace_id
    return of_workspace & (chat.c.rules_key == actor.rules.key) if actor.rules.key else of_workspace


async def get(connection: AsyncConnection, actor: Actor, chat_id: str) -> Chat:
    """Return one chat; raises ChatNotFound also for another workspace's."""
    mine = (chat.c.id == chat_id) & _seen(actor)
    row = (await connection.execute(select(chat).where(mine))).mappings().one_or_none()
    if row is None:
        raise ChatNotFound(f"there is no chat {chat_id}.", fix="start one for a sheet.")
    return _chat(row)


async def begin_decision(connection: AsyncConnection, chat_id: str, by: str, *, now: datetime, until: datetime) -> bool:
    """Let nobody else decide on a chat's proposals until then; False where somebody does already."""
    is_free = or_(chat.c.deciding_until.is_(None), chat.c.deciding_until < now)
    taken = update(chat).where(chat.c.id == chat_id, is_free).values(deciding=by, deciding_until=until)
    return bool((await connection.execute(taken)).rowcount)


async def end_decision(connection: AsyncConnection, chat_id: str, by: str) -> None:
    """Let others decide again."""
    ours = (chat.c.id == chat_id) & (chat.c.deciding == by)
    await connection.execute(update(chat).where(ours).values(deciding=None, deciding_until=None))


async def sheet_of(connection: AsyncConnection, chat_id: str) -> str:
    """Return which sheet a chat is about; empty for no chat."""
    return (await connection.execute(select(chat.c.sheet_id).where(chat.c.id == chat_id))).scalar_one_or_none() or ""


async def listing(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[Chat]:
    """Return a sheet's chats, newest first."""
    mine = (chat.c.sheet_id == sheet_id) & _seen(actor)
    rows = (await connection.execute(select(chat).where(mine).order_by(chat.c.id.desc()))).mappings()
    return [_chat(row) for row in rows]


async def said(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[Said]:
    """Return every question and answer of a sheet's chats, chat by chat."""
    kind = chat_event.c.body["kind"].as_string()
    question, text = (chat_event.c.body[name].as_string() for name in ("question", "text"))
    mine = (chat.c.sheet_id == sheet_id) & _seen(actor)
    found = (
        select(chat_event.c.chat_id, kind, question, text, chat_event.c.at)
        .join(chat, chat.c.id == chat_event.c.chat_id)
        .where(mine & kind.in_(["asked", "answered"]))
        .order_by(chat_event.c.chat_id, chat_event.c.seq)
    )
    rows = await connection.execute(found)
    return [Said(of, is_question=said == "asked", text=asked or told or "", at=at) for of, said, asked, told, at in rows]


async def rename(connection: AsyncConnection, actor: Actor, chat_id: str, title: str) -> None:
    """Give a chat a title; does nothing for another workspace's."""
    mine = (chat.c.id == chat_id) & _seen(actor)
    await connection.execute(update(chat).where(mine).values(title=title))


async def hold(connection: AsyncConnection, chat_id: str) -> None:
    """Let nobody else write into a chat's log, or remove it, until this transaction ends; goes before what is read."""
    await writing.hold(connection, "chat", chat_id)


async def remove(connection: AsyncConnection, actor: Actor, chat_id: str) -> None:
    """Remove a chat with its log; does nothing for another workspace's. Begins its transaction."""
    await hold(connection, chat_id)
    of_log = (chat_event.c.chat_id == chat_id) & (chat_event.c.workspace_id == actor.workspace_id)
    mine = (chat.c.id == chat_id) & _seen(actor)
    await connection.execute(delete(chat_event).where(of_log))
    await connection.execute(delete(chat).where(mine))


@dataclass(frozen=True, slots=True)
class Held:
    """A chat with whom it is held for: whoever began it."""

    actor: Actor
    chat_id: str
    sheet_id: str


async def made_by(connection: AsyncConnection, user_id: str) -> list[Held]:
    """Return the chats that somebody began, in any workspace."""
    return _held(await connection.execute(select(chat).where(chat.c.created_by == user_id).order_by(chat.c.id)))


async def silent_since(connection: AsyncConnection, before: datetime, *, chat_id: str | None = None) -> list[Held]:
    """Return the chats, or the one, in which nothing was said since then, and on which nobody works."""
    last = select(func.max(chat_event.c.at)).where(chat_event.c.chat_id == chat.c.id).scalar_subquery()
    is_worked_on = exists().where(turn_lease.c.chat_id == chat.c.id)
    found = select(chat).where(func.coalesce(last, chat.c.created_at) < before, ~is_worked_on)
    if chat_id is not None:
        found = found.where(chat.c.id == chat_id)
    return _held(await connection.execute(found.order_by(chat.c.id)))


def _held(rows: Result[*tuple[object, ...]]) -> list[Held]:
    return [Held(Actor(row["workspace_id"], row["created_by"]), row["id"], row["sheet_id"]) for row in rows.mappings()]


async def of_sheet(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[str]:
    """Return all chats of a sheet, whoever may see them."""
    here = (chat.c.sheet_id == sheet_id) & (chat.c.workspace_id == actor.workspace_id)
    return list((await connection.execute(select(chat.c.id).where(here).order_by(chat.c.id))).scalars())


async def mark(connection: AsyncConnection, actor: Actor, sheet_id: str) -> str:
    """Return a text that is another one after a sheet's list of chats changed."""
    mine = (chat.c.sheet_id == sheet_id) & _seen(actor)
    named = func.coalesce(func.sum(func.length(chat.c.title)), 0)
    number, newest, titles = (await connection.execute(select(func.count(), func.max(chat.c.id), named).where(mine))).one()
    return f"{number}.{newest or ''}.{titles}"


async def log(connection: AsyncConnection, actor: Actor, chat_id: str) -> list[Event]:
    """Return a chat's whole log in order."""
    mine = (chat_event.c.chat_id == chat_id) & (chat_event.c.workspace_id == actor.workspace_id)
    found = select(chat_event.c.body).where(mine).order_by(chat_event.c.seq)
    return [EVENTS.validate_python(body) for body in (await connection.execute(found)).scalars()]


async def log_after(connection: AsyncConnection, actor: Actor, chat_id: str, seq: int) -> list[Event]:
    """Return a chat's events behind number `seq`."""
    mine = (chat_event.c.chat_id == chat_id) & (chat_event.c.workspace_id == actor.workspace_id) & (chat_event.c.seq > seq)
    found = select(chat_event.c.body).where(mine).order_by(chat_event.c.seq)
    return [EVENTS.validate_python(body) for body in (await connection.execute(found)).scalars()]


async def open_turns(connection: AsyncConnection, chats: Sequence[str] | None = None) -> list[tuple[Actor, str, str, datetime]]:
    """Return (actor, chat id, turn id, last event's time) of every turn whose log has no end yet, of these chats or of all."""
    of_turns = chat_event.c.body["kind"].as_string() != "decided"  # persons decide between turns, and within
    if chats is not None:
        of_turns &= chat_event.c.chat_id.in_(chats)
    last = (
        select(chat_event.c.chat_id, func.max(chat_event.c.seq).label("seq"))
        .where(of_turns)
        .group_by(chat_event.c.chat_id)
        .subquery()
    )
    newest = select(chat_event).join(last, (chat_event.c.chat_id == last.c.chat_id) & (chat_event.c.seq == last.c.seq))
    return [
        (Actor(row["workspace_id"], row["actor_id"]), row["chat_id"], event.turn, row["at"])
        for row in (await connection.execute(newest)).mappings()
        if not isinstance(event := EVENTS.validate_python(row["body"]), Answered | Failed | Cancelled | Decided)
    ]


async def append(connection: AsyncConnection, actor: Actor, chat_id: str, events: Sequence[Event], *, at: datetime) -> int:
    """Append events and return the number of the last; raises ChatMovedOn where another writer was faster."""
    mine = (chat_event.c.chat_id == chat_id) & (chat_event.c.workspace_id == actor.workspace_id)
    last = (await connection.execute(select(func.max(chat_event.c.seq)).where(mine))).scalar_one() or 0
    owned = {"chat_id": chat_id, "workspace_id": actor.workspace_id, "actor_id": actor.user_id, "at": at}
    rows = [{**owned, "seq": last + number, "body": event.model_dump(mode="json")} for number, event in enumerate(events, 1)]
    try:
        await connection.execute(insert(chat_event), rows)
    except IntegrityError:
        raise ChatMovedOn("another question was asked here first.", fix="look at the chat and ask again.") from None
    return last + len(rows)
