"""Chats that go without a question of theirs: with their sheet, with whoever began them, with time."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.chat import leases, store
from chatsheet.context.glossary.glossary import Glossary
from chatsheet.core.acts import Act
from chatsheet.core.identity import Actor
from chatsheet.db.engine import Database, tell
from chatsheet.sheets.library import Library


async def stop(database: Database, actor: Actor, sheet_id: str) -> None:
    """Ask whoever works on chats of a sheet to stop, in whichever process."""
    async with database.unit() as connection:
        for chat_id in await store.of_sheet(connection, actor, sheet_id):
            await leases.stop(connection, chat_id)


async def with_sheet(connection: AsyncConnection, actor: Actor, sheet_id: str) -> set[str]:
    """Remove a sheet with all that names it, in a transaction that this begins; raises SheetNotFound.

    Returns the versions it had, for `Library.forget`.
    """
    await Library.hold(connection, actor, sheet_id)
    for chat_id in await store.of_sheet(connection, actor, sheet_id):
        await store.remove(connection, actor, chat_id)
    await Glossary.forget(connection, actor, sheet_id)
    return await Library.remove(connection, actor, sheet_id)


async def of_user(database: Database, user_id: str) -> int:
    """Remove the chats that somebody began, in any workspace; returns how many."""
    async with database.unit() as connection:
        chats = await store.made_by(connection, user_id)
        for one in chats:
            await leases.stop(connection, one.chat_id)
    for one in chats:
        async with database.unit() as connection:
            await _remove(connection, one)
    return len(chats)


async def count_silent(database: Database, before: datetime) -> int:
    """Count the chats in which nothing was said since then."""
    async with database.unit() as connection:
        return len(await store.silent_since(connection, before))


async def of_silent(database: Database, before: datetime) -> int:
    """Remove the chats in which nothing was said since then, and on which nobody works; returns how many."""
    async with database.unit() as connection:
        chats = await store.silent_since(connection, before)
    removed = 0
    for one in chats:
        async with database.unit() as connection:
            await store.hold(connection, one.chat_id)
            if await store.silent_since(connection, before, chat_id=one.chat_id):  # else somebody has just spoken
                await _remove(connection, one)
                removed += 1
    return removed


async def _remove(connection: AsyncConnection, one: store.Held) -> None:
    await store.remove(connection, one.actor, one.chat_id)
    tell(connection, Act.of(one.actor, "chat.remove", one.sheet_id, {"chat": one.chat_id}))
