"""Users and the workspaces that they are members of: whichever way they came, and whoever named them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core import ids
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Conflict, NotFound
from chatsheet.core.identity import LOCAL, Role
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import member, sheet, user, workspace

SHARED = "shared"
"""The workspace of everybody whom an owner of it, or the identity provider's groups, name."""
_SHARED_NAME = "Everyone's"


class UserNotFound(NotFound):
    """No such user."""

    code = "user.not_found"


class UserAmbiguous(Conflict):
    """Several users have this e-mail address."""

    code = "user.ambiguous"


class MemberNotFound(NotFound):
    """Not a member of this workspace."""

    code = "member.not_found"


class MemberKnown(Conflict):
    """A member of this workspace already."""

    code = "member.known"


class RoleFromClaims(Conflict):
    """The identity provider's groups say what this member is, at each login anew."""

    code = "member.from_claims"


class LastOwner(Conflict):
    """A workspace without an owner could not be shared, nor anybody named in it."""

    code = "member.last_owner"


class WorkspaceGone(NotFound):
    """No such workspace."""

    code = "workspace.not_found"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a workspace."""

    user_id: str
    name: str
    email: str
    role: Role
    is_from_claims: bool
    is_active: bool


class Members:
    """The workspaces, and who is in them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, user_id: str, name: str) -> Membership:
        """Open a workspace of which this user is the owner."""
        workspace_id, now = ids.new_id("wsp"), self._clock.now()
        async with self._database.unit() as connection:
            await _open_workspace(connection, workspace_id, name, now=now, by=user_id)
            await _join(connection, workspace_id, user_id, Role.OWNER, now=now, by=user_id)
        return Membership(workspace_id=workspace_id, name=name, role=Role.OWNER)

    async def rename(self, workspace_id: str, name: str) -> None:
        """Give a workspace another name."""
        async with self._database.unit() as connection:
            await connection.execute(update(workspace).where(workspace.c.id == workspace_id).values(name=name))

    async def list(self, workspace_id: str) -> tuple[Member, ...]:
        """Return who is in a workspace, the first member first."""
        query = _MEMBERS.where(member.c.workspace_id == workspace_id)
        async with self._database.unit() as connection:
            rows = await connection.execute(query.order_by(member.c.created_at, user.c.id))
            return tuple(map(_member, rows.mappings()))

    async def add(self, workspace_id: str, who: str, role: Role, *, by: str) -> Member:
        """Make a user, by id or e-mail address, a member; raises UserNotFound, UserAmbiguous, MemberKnown."""
        async with self._database.unit() as connection:
            await _hold(connection, workspace_id)
            user_id = await find(connection, who)
            if await _get(connection, workspace_id, user_id) is not None:
                raise MemberKnown(f"{who} is a member of this workspace.", fix="change what they are.")
            await _join(connection, workspace_id, user_id, role, now=self._clock.now(), by=by)
            return await _require(connection, workspace_id, user_id)

    async def appoint(self, user_id: str, role: Role, *, workspace_id: str = SHARED, by: str) -> Member:
        """Make a user this in a workspace, whatever they were there; raises WorkspaceGone and what `change` raises."""
        async with self._database.unit() as connection:
            await _hold(connection, workspace_id)
            if workspace_id == SHARED:
                await _open_workspace(connection, SHARED, _SHARED_NAME, now=self._clock.now(), by=by)
            if not (await connection.execute(select(exists().where(workspace.c.id == workspace_id)))).scalar_one():
                raise WorkspaceGone(f"there is no workspace {workspace_id}.", fix="look at the list of users.")
            if await _get(connection, workspace_id, user_id) is not None:
                await _require_changeable(connection, workspace_id, user_id, role)
            await _join(connection, workspace_id, user_id, role, now=self._clock.now(), by=by)
            return await _require(connection, workspace_id, user_id)

    async def change(self, workspace_id: str, user_id: str, role: Role, *, by: str) -> Member:
        """Change what a member is; raises MemberNotFound, RoleFromClaims, LastOwner."""
        async with self._database.unit() as connection:
            await _hold(connection, workspace_id)
            await _require_changeable(connection, workspace_id, user_id, role)
            await _join(connection, workspace_id, user_id, role, now=self._clock.now(), by=by)
            return await _require(connection, workspace_id, user_id)

    async def remove(self, workspace_id: str, user_id: str, *, by: str) -> None:
        """Let somebody be a member no more; raises MemberNotFound, RoleFromClaims, LastOwner."""
        async with self._database.unit() as connection:
            await _hold(connection, workspace_id)
            await _require_changeable(connection, workspace_id, user_id, None)
            await connection.execute(delete(member).where(_is(workspace_id, user_id)))
            tell(connection, Act(action="member.end", workspace_id=workspace_id, actor_id=by, subject=user_id))


async def find(connection: AsyncConnection, who: str) -> str:
    """Return the id of the user with this id or e-mail address; raises UserNotFound, UserAmbiguous.

    Of several with one address, those who may log in count.
    """
    named = (user.c.id == who) | ((user.c.email == who.strip().casefold()) & (user.c.email != ""))
    query = select(user.c.id, user.c.is_active).where(named).order_by(user.c.is_active.desc()).limit(3)
    rows = (await connection.execute(query)).all()
    found = [row.id for row in rows if row.is_active] or [row.id for row in rows]
    if not found:
        raise UserNotFound(f"there is no user {who}.", fix="an administrator can invite them.")
    if len(found) > 1:
        raise UserAmbiguous(f"several users have the address {who}.", fix="name the one by their id.")
    return found[0]


async def _hold(connection: AsyncConnection, workspace_id: str) -> None:
    """Let nobody else change who owns a workspace until this transaction ends."""
    await writing.hold(connection, "members", workspace_id)


def _is(workspace_id: str, user_id: str) -> ColumnElement[bool]:
    return (member.c.workspace_id == workspace_id) & (member.c.user_id == user_id)


_MEMBERS = select(user.c.id, user.c.name, user.c.email, user.c.is_active, member.c.role, member.c.is_from_claims).join(
    member, member.c.user_id == user.c.id
)


def _member(row: RowMapping) -> Member:
    known = {name: row[name] for name in ("name", "email", "is_from_claims", "is_active")}
    return Member(user_id=row["id"], role=Role(row["role"]), **known)


async def _get(connection: AsyncConnection, workspace_id: str, user_id: str) -> Member | None:
    row = (await connection.execute(_MEMBERS.where(_is(workspace_id, user_id)))).mappings().one_or_none()
    return None if row is None else _member(row)


async def _require(connection: AsyncConnection, workspace_id: str, user_id: str) -> Member:
    if (found := await _get(connection, workspace_id, user_id)) is None:
        raise MemberNotFound(f"there is no member {user_id}.", fix="look at the list of members.")
    return found


async def _require_changeable(connection: AsyncConnection, workspace_id: str, user_id: str, role: Role | None) -> None:
    """Raise why a member cannot be made this, or removed."""
    known = await _require(connection, workspace_id, user_id)
    if known.is_from_claims:
        raise RoleFromClaims("groups at the identity provider say what this member is.", fix="change their groups there.")
    if known.role is Role.OWNER and role is not Role.OWNER:
        others = select(func.count()).select_from(member).join(user, user.c.id == member.c.user_id)
        others = others.where(member.c.workspace_id == workspace_id, member.c.role == Role.OWNER, user.c.is_active)
        if not (await connection.execute(others.where(user.c.id != user_id))).scalar_one():
            raise LastOwner("this is the last owner of the workspace.", fix="name another owner first.")


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
    await _open_workspace(connection, SHARED, _SHARED_NAME, now=now, by=by)
    await _join(connection, SHARED, user_id, role, now=now, by=by, is_from_claims=is_from_claims)


async def _open_workspace(connection: AsyncConnection, workspace_id: str, name: str, *, now: datetime, by: str) -> None:
    """Add a workspace that is not there yet; two first logins at once may both want the shared one."""
    row = {"id": workspace_id, "name": name, "created_by": by, "created_at": now}
    await connection.execute(writing.insert(connection, workspace).values(row).on_conflict_do_nothing())


async def adopt_local(connection: AsyncConnection, user_id: str, *, now: datetime) -> None:
    """Give the first administrator what was made before there were logins."""
    workspace_id = LOCAL.workspace_id
    made = select(exists().where(sheet.c.workspace_id == workspace_id))
    if (await connection.execute(made)).scalar_one():
        await _open_workspace(connection, workspace_id, "Before the login", now=now, by=user_id)
        await _join(connection, workspace_id, user_id, Role.OWNER, now=now, by=user_id)


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
    adding = writing.insert(connection, member).values(row)
    await connection.execute(adding.on_conflict_do_update(index_elements=member.primary_key.columns, set_=said))
    body = {"role": role.name.lower(), "is_from_claims": is_from_claims}
    tell(connection, Act(action="member.set", workspace_id=workspace_id, actor_id=by, subject=user_id, body=body))
