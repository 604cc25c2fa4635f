"""Sheets shown to people who need not be members: as viewers or editors, until it is taken back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.members import find
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound
from chatsheet.core.identity import Actor, Role
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import share, sheet, user


class ShareNotFound(NotFound):
    """The sheet is not shared with this user."""

    code = "share.not_found"


class SheetGone(NotFound):
    """The sheet was removed meanwhile."""

    code = "sheet.not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """With whom a sheet is shared, and as what."""

    user_id: str
    name: str
    email: str
    role: Role
    created_at: datetime


class Shares:
    """The shares of sheets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list(self, sheet_id: str) -> tuple[Share, ...]:
        """Return with whom a sheet is shared, the first one first."""
        async with self._database.unit() as connection:
            return await _list(connection, sheet_id)

    async def set(self, actor: Actor, sheet_id: str, who: str, role: Role) -> Share:
        """Share a sheet with a user, by id or e-mail address, or change as what; raises UserNotFound, UserAmbiguous."""
        async with self._database.unit() as connection:
            await hold(connection, actor, sheet_id)
            user_id = await find(connection, who)
            said = {"role": int(role), "created_by": actor.user_id, "created_at": self._clock.now()}
            row = {"sheet_id": sheet_id, "user_id": user_id, "workspace_id": actor.workspace_id, **said}
            adding = writing.insert(connection, share).values(row)
            await connection.execute(adding.on_conflict_do_update(index_elements=share.primary_key.columns, set_=said))
            tell(connection, Act.of(actor, "sheet.share", sheet_id, {"user": user_id, "role": role.name.lower()}))
            return next(one for one in await _list(connection, sheet_id) if one.user_id == user_id)

    async def revoke(self, actor: Actor, sheet_id: str, user_id: str) -> None:
        """Take a share back; raises ShareNotFound."""
        this = (share.c.sheet_id == sheet_id) & (share.c.user_id == user_id)
        async with self._database.unit() as connection:
            ended = await connection.execute(delete(share).where(this))
            if ended.rowcount:
                tell(connection, Act.of(actor, "sheet.unshare", sheet_id, {"user": user_id}))
        if not ended.rowcount:
            raise ShareNotFound(f"the sheet is not shared with {user_id}.", fix="look at the list of its shares.")


async def hold(connection: AsyncConnection, actor: Actor, sheet_id: str) -> None:
    """Let nobody remove a sheet until this transaction ends; raises SheetGone. Begins its transaction."""
    await writing.hold(connection, "sheet's life", sheet_id)
    here = (sheet.c.id == sheet_id) & (sheet.c.workspace_id == actor.workspace_id)
    if (await connection.execute(select(sheet.c.id).where(here))).one_or_none() is None:
        raise SheetGone(f"there is no sheet {sheet_id}.", fix="open one of the list.")


async def _list(connection: AsyncConnection, sheet_id: str) -> tuple[Share, ...]:
    query = select(user.c.id, user.c.name, user.c.email, share.c.role, share.c.created_at)
    query = query.join(share, share.c.user_id == user.c.id).where(share.c.sheet_id == sheet_id)
    rows = await connection.execute(query.order_by(share.c.created_at, user.c.id))
    return tuple(
        Share(user_id=row.id, name=row.name, email=row.email, role=Role(row.role), created_at=row.created_at) for row in rows
    )
