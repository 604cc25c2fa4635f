"""Rows about glossaries: the SQL and nothing else. Every statement is bound to the actor's workspace."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.context.glossary.model import ENTRY, Entry, Kept
from chatsheet.core.acts import Act
from chatsheet.core.errors import NotFound
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db.engine import tell
from chatsheet.db.tables import glossary_entry


class EntryNotFound(NotFound):
    """No such entry in this sheet's glossary."""

    code = "glossary.not_found"


async def listing(connection: AsyncConnection, actor: Actor, sheet_id: str) -> list[Kept]:
    """Return a sheet's entries, oldest first."""
    found = select(glossary_entry.c.id, glossary_entry.c.body).where(_of(actor, sheet_id)).order_by(glossary_entry.c.id)
    return [Kept(id=row.id, entry=ENTRY.validate_python(row.body)) for row in await connection.execute(found)]


async def add(
    connection: AsyncConnection, actor: Actor, sheet_id: str, entries: Sequence[Entry], *, at: datetime
) -> list[Kept]:
    """Record entries."""
    kept = [Kept(id=new_id("entry"), entry=entry) for entry in entries]
    owned = {"workspace_id": actor.workspace_id, "sheet_id": sheet_id, "created_by": actor.user_id, "created_at": at}
    if kept:
        rows = [{**owned, "id": one.id, "body": one.entry.model_dump(mode="json")} for one in kept]
        await connection.execute(insert(glossary_entry), rows)
        tell(connection, Act.of(actor, "sheet.glossary", sheet_id, {"added": [one.id for one in kept]}))
    return kept


async def change(connection: AsyncConnection, actor: Actor, sheet_id: str, kept: Kept) -> None:
    """Put what an entry says in the place of what it said; raises EntryNotFound."""
    this = _of(actor, sheet_id) & (glossary_entry.c.id == kept.id)
    done = await connection.execute(update(glossary_entry).where(this).values(body=kept.entry.model_dump(mode="json")))
    _check(done.rowcount, kept.id)
    tell(connection, Act.of(actor, "sheet.glossary", sheet_id, {"changed": [kept.id]}))


async def remove(connection: AsyncConnection, actor: Actor, sheet_id: str, entry_id: str) -> None:
    """Delete an entry; raises EntryNotFound."""
    this = _of(actor, sheet_id) & (glossary_entry.c.id == entry_id)
    _check((await connection.execute(delete(glossary_entry).where(this))).rowcount, entry_id)
    tell(connection, Act.of(actor, "sheet.glossary", sheet_id, {"removed": [entry_id]}))


async def forget(connection: AsyncConnection, actor: Actor, sheet_id: str) -> None:
    """Delete all that is said of a sheet."""
    await connection.execute(delete(glossary_entry).where(_of(actor, sheet_id)))


def _of(actor: Actor, sheet_id: str) -> ColumnElement[bool]:
    return (glossary_entry.c.workspace_id == actor.workspace_id) & (glossary_entry.c.sheet_id == sheet_id)


def _check(rows: int, entry_id: str) -> None:
    if rows != 1:
        raise EntryNotFound(f"there is no entry {entry_id}.", fix="list the glossary and use one of its ids.")
