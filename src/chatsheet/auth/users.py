"""The users as administrators see them: listed, closed and opened again, made administrators; of these one is always left."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.members import UserNotFound, find
from chatsheet.core.acts import Act
from chatsheet.core.errors import Conflict
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import api_token, login_code, session, user


class LastAdministrator(Conflict):
    """Without an administrator nobody could name one."""

    code = "user.last_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account as administrators see it."""

    id: str
    name: str
    email: str
    is_admin: bool
    is_active: bool
    has_password: bool
    created_at: datetime
    seen_at: datetime | None


class Users:
    """All users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> tuple[Known, ...]:
        """Return all users, the first one first."""
        async with self._database.unit() as connection:
            rows = (await connection.execute(select(user).order_by(user.c.created_at, user.c.id))).mappings()
            return tuple(map(_known, rows))

    async def find(self, who: str) -> str:
        """Return the id of the user with this id or e-mail address; raises UserNotFound, UserAmbiguous."""
        async with self._database.unit() as connection:
            return await find(connection, who)

    async def change(self, user_id: str, *, by: str, is_active: bool | None = None, is_admin: bool | None = None) -> Known:
        """Close an account or open it again, make an administrator of it or not; None leaves that as it is.

        A closed account's sessions, tokens and codes end at once. Raises UserNotFound, LastAdministrator.
        """
        said = {name: value for name, value in (("is_active", is_active), ("is_admin", is_admin)) if value is not None}
        async with self._database.unit() as connection:
            await writing.hold(connection, "administrators")
            known = await _get(connection, user_id)
            if known.is_admin and known.is_active and False in said.values():
                await _require_another(connection, user_id)
            if said:
                await connection.execute(update(user).where(user.c.id == user_id).values(said))
                action = "user.close" if is_active is False else "user.change"
                tell(connection, Act(action=action, actor_id=by, subject=user_id, body=said))
            if is_active is False:
                for table in (session, api_token, login_code):
                    await connection.execute(delete(table).where(table.c.user_id == user_id))
            return await _get(connection, user_id)


async def _get(connection: AsyncConnection, user_id: str) -> Known:
    row = (await connection.execute(select(user).where(user.c.id == user_id))).mappings().one_or_none()
    if row is None:
        raise UserNotFound(f"there is no user {user_id}.", fix="look at the list of users.")
    return _known(row)


def _known(row: RowMapping) -> Known:
    shown = {name: row[name] for name in ("id", "name", "email", "is_admin", "is_active", "created_at", "seen_at")}
    return Known(has_password=row["password_hash"] is not None, **shown)


async def _require_another(connection: AsyncConnection, user_id: str) -> None:
    others = select(func.count()).where(user.c.is_admin, user.c.is_active, user.c.id != user_id)
    if not (await connection.execute(others)).scalar_one():
        raise LastAdministrator("this is the last administrator.", fix="make another one first.")
