"""Which process works on a chat's turn: rows about leases, and nothing else.

A turn belongs to the process that holds its chat's lease. A process that dies renews nothing, and another one takes over.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.identity import Actor
from chatsheet.db.tables import turn_lease

LENGTH = timedelta(seconds=30)
"""How long a process may say nothing before its turns are another's."""


async def take(connection: AsyncConnection, actor: Actor, chat_id: str, owner: str, *, now: datetime) -> bool:
    """Take the lease of a chat, where nobody else holds it; tell whether it is ours now."""
    held = {"owner": owner, "until": now + LENGTH, "is_stopped": False}
    free = (turn_lease.c.chat_id == chat_id) & (turn_lease.c.until < now)
    if (await connection.execute(update(turn_lease).where(free).values(held))).rowcount:
        return True
    try:
        async with connection.begin_nested():
            await connection.execute(insert(turn_lease).values(chat_id=chat_id, workspace_id=actor.workspace_id, **held))
    except IntegrityError:
        return False
    return True


async def holds(connection: AsyncConnection, chat_id: str, owner: str) -> bool:
    """Tell whether a process holds a chat's lease, and keep it from others until this transaction ends."""
    ours = (turn_lease.c.chat_id == chat_id) & (turn_lease.c.owner == owner)
    return bool((await connection.execute(update(turn_lease).where(ours).values(owner=owner))).rowcount)


async def renew(connection: AsyncConnection, owner: str, *, now: datetime) -> None:
    """Hold all leases of a process for another length."""
    await connection.execute(update(turn_lease).where(turn_lease.c.owner == owner).values(until=now + LENGTH))


async def held(connection: AsyncConnection, owner: str) -> dict[str, bool]:
    """Return the chats whose leases a process holds, and which of their turns somebody wants stopped."""
    found = select(turn_lease.c.chat_id, turn_lease.c.is_stopped).where(turn_lease.c.owner == owner)
    return {row["chat_id"]: row["is_stopped"] for row in (await connection.execute(found)).mappings()}


async def stop(connection: AsyncConnection, chat_id: str) -> None:
    """Ask the process that works on a chat's turn, whichever it is, to stop it."""
    await connection.execute(update(turn_lease).where(turn_lease.c.chat_id == chat_id).values(is_stopped=True))


async def release(connection: AsyncConnection, chat_id: str, owner: str) -> None:
    """Give a lease back."""
    ours = (turn_lease.c.chat_id == chat_id) & (turn_lease.c.owner == owner)
    await connection.execute(delete(turn_lease).where(ours))


async def lapse(connection: AsyncConnection, chat_id: str, owner: str, *, now: datetime) -> None:
    """Leave a chat's turn to whoever looks for turns to go on with."""
    ours = (turn_lease.c.chat_id == chat_id) & (turn_lease.c.owner == owner)
    await connection.execute(update(turn_lease).where(ours).values(until=now - LENGTH, is_stopped=False))


async def lapsed(connection: AsyncConnection, *, now: datetime) -> list[str]:
    """Return the chats whose leases nobody renewed."""
    found = select(turn_lease.c.chat_id).where(turn_lease.c.until < now)
    return list((await connection.execute(found)).scalars())


async def forget(connection: AsyncConnection, chats: Collection[str], *, now: datetime) -> None:
    """Drop the lapsed leases of chats whose turns have ended."""
    if chats:
        await connection.execute(delete(turn_lease).where(turn_lease.c.chat_id.in_(chats), turn_lease.c.until < now))


async def end_all(connection: AsyncConnection) -> None:
    """Let go of every lease: nobody is there who could hold one."""
    await connection.execute(delete(turn_lease))
