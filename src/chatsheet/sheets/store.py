"""Rows about sheets: the SQL and nothing else. Every statement is bound to the actor's workspace."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.errors import NotFound
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db.tables import sheet, sheet_version


class SheetNotFound(NotFound):
    """No such sheet in this workspace."""

    code = "sheet.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A workbook that somebody brought in, at its head version."""

    id: str
    name: str
    version: str
    created_at: datetime


def _sheet(row: RowMapping) -> Sheet:
    return Sheet(id=row["id"], name=row["name"], version=row["head_version"], created_at=row["created_at"])


async def get(connection: AsyncConnection, actor: Actor, sheet_id: str) -> Sheet:
    """Return one sheet; raises SheetNotFound also for another workspace's."""
    mine = (sheet.c.id == sheet_id) & (sheet.c.workspace_id == actor.workspace_id)
    row = (await connection.execute(select(sheet).where(mine))).mappings().one_or_none()
    if row is None:
        raise SheetNotFound(f"there is no sheet {sheet_id}.", fix="list the sheets and use one of their ids.")
    return _sheet(row)


async def listing(connection: AsyncConnection, actor: Actor) -> list[Sheet]:
    """Return the workspace's sheets, newest first."""
    found = select(sheet).where(sheet.c.workspace_id == actor.workspace_id).order_by(sheet.c.id.desc())
    return [_sheet(row) for row in (await connection.execute(found)).mappings()]


async def find(connection: AsyncConnection, actor: Actor, *, name: str, version: str) -> Sheet | None:
    """Return the sheet of that name that already stands at that version, or None."""
    mine = (sheet.c.workspace_id == actor.workspace_id) & (sheet.c.name == name) & (sheet.c.head_version == version)
    row = (await connection.execute(select(sheet).where(mine).limit(1))).mappings().one_or_none()
    return None if row is None else _sheet(row)


async def add(
    connection: AsyncConnection, actor: Actor, *, name: str, version: str, content_sha256: str, at: datetime
) -> Sheet:
    """Record a new sheet and its first version."""
    sheet_id = new_id("sheet")
    owned = {"workspace_id": actor.workspace_id, "created_by": actor.user_id, "created_at": at}
    await connection.execute(insert(sheet).values(id=sheet_id, name=name, head_version=version, **owned))
    await connection.execute(
        insert(sheet_version).values(sheet_id=sheet_id, id=version, parent_id=None, content_sha256=content_sha256, **owned)
    )
    return Sheet(id=sheet_id, name=name, version=version, created_at=at)
