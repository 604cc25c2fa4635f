"""Rows about chats: the SQL and nothing else. Every statement is bound to the actor's workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.chat.events import EVENTS, Answered, Cancelled, Decided, Event, Failed
from chatsheet.core.errors import Conflict, NotFound
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db.tables import chat, chat_event


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


async def add(connection: AsyncConnection, actor: Actor, *, sheet_id: str, at: datetime) -> Chat:
    """Record a new chat."""
    made = Chat(new_id("chat"), sheet_id)
    owned = {"workspace_id": actor.workspace_id, "created_by": actor.user_id, "created_at": at}
    await connection.execute(insert(chat).values(id=made.id, sheet_id=sheet_id, **owned))
    return made


async def get(connection: AsyncConnection, actor: Actor, chat_id: str) -> Chat:
    """Return one chat; raises ChatNotFound also for another workspace's."""
    mine = (chat.c.id == chat_id) & (chat.c.workspace_id == actor.workspace_id)
    row = (await connection.execute(select(chat).where(mine))).mappings().one_or_none()
    if row is None:
        raise ChatNotFound(f"there is no chat {chat_id}.", fix="start one for a sheet.")
    return Chat(row["id"], row["sheet_id"])


async def listing(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[Chat]:
    """Return a sheet's chats, newest first."""
    mine = (chat.c.sheet_id == sheet_id) & (chat.c.workspace_id == actor.workspace_id)
    rows = (await connection.execute(select(chat).where(mine).order_by(chat.c.id.desc()))).mappings()
    return [Chat(row["id"], row["sheet_id"]) for row in rows]


async def mark(connection: AsyncConnection, actor: Actor, sheet_id: str) -> str:
    """Return a text that is another one after a sheet's list of chats changed."""
    mine = (chat.c.sheet_id == sheet_id) & (chat.c.workspace_id == actor.workspace_id)
    number, newest = (await connection.execute(select(func.count(), func.max(chat.c.id)).where(mine))).one()
    return f"{number}.{newest or ''}"


async def log(connection: AsyncConnection, actor: Actor, chat_id: str) -> list[Event]:
    """Return a chat's whole log in order."""
    mine = (chat_event.c.chat_id == chat_id) & (chat_event.c.workspace_id == actor.workspace_id)
    found = select(chat_event.c.body).where(mine).order_by(chat_event.c.seq)
    return [EVENTS.validate_python(body) for body in (await connection.execute(found)).scalars()]


async def open_turns(connection: AsyncConnection) -> list[tuple[Actor, str, str, datetime]]:
    """Return (actor, chat id, turn id, last event's time) of every turn in any workspace whose log has no end yet."""
    of_turns = chat_event.c.body["kind"].as_string() != "decided"  # persons decide between turns, and within
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
