"""Users and the workspaces that they are members of: added inside the caller's transaction, by whichever way they came."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core import ids
from chatsheet.core.acts import Act
from chatsheet.core.identity import LOCAL, Role
from chatsheet.db.engine import tell
from chatsheet.db.tables import member, sheet, user, workspace

SHARED = "shared"
"""The workspace of everybody whom an owner of it, or the identity provider's groups, name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An account to make."""

    name: str
    email: str = ""
    is_admin: bool = False
    password_hash: str | None = None
    role: Role | None = None
    """What they are in the shared workspace; None: they have a workspace of their own only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What somebody is in a workspace."""

    workspace_id: str
    name: str
    role: Role


async def add(connection: AsyncConnection, new: NewUser, *, now: datetime, by: str = "") -> str:
    """Add a user with a workspace of their own, inside the caller's transaction; returns their id."""
    user_id = ids.new_id("usr")
    row = {
        "id": user_id,
        "name": new.name,
        "email": new.email.strip().casefold(),
        "is_admin": new.is_admin,
        "is_active": True,
        "password_hash": new.password_hash,
        "created_at": now,
    }
    await connection.execute(insert(user).values(row))
    tell(connection, Act(action="user.make", actor_id=by or user_id, subject=user_id, body={"is_admin": new.is_admin}))
    own = ids.new_id("wsp")
    await _open_workspace(connection, own, new.name, now=now, by=user_id)
    await _join(connection, own, user_id, Role.OWNER, now=now, by=user_id)
    if new.role is not None:
        await join_shared(connection, user_id, new.role, now=now, by=by or user_id)
    return user_id


async def join_shared(
    connection: AsyncConnection, user_id: str, role: Role, *, now: datetime, by: str, is_from_claims: bool = False
) -> None:
    """Make somebody a member of the shared workspace, or change what they are there; it is made when first needed."""
    await _open_workspace(connection, SHARED, "Everyone's", now=now, by=by)
    await _join(connection, SHARED, user_id, role, now=now, by=by, is_from_claims=is_from_claims)


async def _open_workspace(connection: AsyncConnection, workspace_id: str, name: str, *, now: datetime, by: str) -> None:
    """Add a workspace that is not there yet; two first logins at once may both want the shared one."""
    row = {"id": workspace_id, "name": name, "created_by": by, "created_at": now}
    await connection.execute(_adding(connection)(workspace).values(row).on_conflict_do_nothing())


async def adopt_local(connection: AsyncConnection, user_id: str, *, now: datetime) -> None:
    """Give the first administrator what was made before there were logins."""
    workspace_id = LOCAL.workspace_id
    made = select(exists().where(sheet.c.workspace_id == workspace_id))
    if (await connection.execute(made)).scalar_one():
        await _open_workspace(connection, workspace_id, "Before the login", now=now, by=user_id)
        await _join(connection, workspace_id, user_id, Role.OWNER, now=now, by=user_id)


def _adding(connection: AsyncConnection) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


async def _join(
    connection: AsyncConnection,
    workspace_id: str,
    user_id: str,
    role: Role,
    *,
    now: datetime,
    by: str,
    is_from_claims: bool = False,
) -> None:
    said = {"role": int(role), "is_from_claims": is_from_claims, "created_by": by, "created_at": now}
    row = {"workspace_id": workspace_id, "user_id": user_id, **said}
    adding = _adding(connection)(member).values(row)
    await connection.execute(adding.on_conflict_do_update(index_elements=member.primary_key.columns, set_=said))
    body = {"role": role.name.lower(), "is_from_claims": is_from_claims}
    tell(connection, Act(action="member.set", workspace_id=workspace_id, actor_id=by, subject=user_id, body=body))
