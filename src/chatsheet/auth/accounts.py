"""Accounts: who may log in, by which password, and the one-time codes that make the first owner or set a password."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth import digests, passwords
from chatsheet.auth.members import Membership, NewUser, UserNotFound, add, adopt_local, join_shared
from chatsheet.auth.passwords import Passwords
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Conflict, Refused
from chatsheet.core.identity import Role
from chatsheet.db.engine import Database, tell
from chatsheet.db.tables import api_token, login_code, member, session, user, workspace

_CODE_LASTS = timedelta(hours=24)
_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_GROUPS, _CODE_GROUP = 4, 5  # 99 bits, in pieces that can be read out
CodeKind = Literal["owner", "password"]


class LoginFailed(Refused):
    """No such account, another password, or an account that was closed: nobody is told which."""

    code = "login.failed"
    status = 401


class PasswordWrong(Refused):
    """Whoever wants another password must know the one there is."""

    code = "password.wrong"


class CodeRefused(Refused):
    """No such code, used before, or too old."""

    code = "login.code_refused"
    status = 401


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "user.email_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account."""

    id: str
    name: str
    email: str
    is_admin: bool
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a one-time code is good for."""

    kind: CodeKind
    user_id: str


class Accounts:
    """All accounts."""

    def __init__(self, database: Database, passwords: Passwords, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._clock = clock

    async def create(self, new: NewUser, *, by: str = "") -> User:
        """Make an account on somebody's word; raises EmailTaken."""
        async with self._database.unit() as connection:
            await _require_free(connection, new.email)
            user_id = await add(connection, new, now=self._clock.now(), by=by)
        return await self.get(user_id)

    async def get(self, user_id: str) -> User:
        """Return an account; raises UserNotFound."""
        async with self._database.unit() as connection:
            row = (await connection.execute(select(user).where(user.c.id == user_id))).one_or_none()
        if row is None:
            raise UserNotFound(f"there is no user {user_id}.", fix="look at the list of users.")
        return User(id=row.id, name=row.name, email=row.email, is_admin=row.is_admin, is_active=row.is_active)

    async def memberships(self, user_id: str) -> tuple[Membership, ...]:
        """Return the workspaces that somebody is a member of, the oldest membership first."""
        query = select(workspace.c.id, workspace.c.name, member.c.role)
        query = query.join(member, member.c.workspace_id == workspace.c.id).where(member.c.user_id == user_id)
        async with self._database.unit() as connection:
            rows = await connection.execute(query.order_by(member.c.created_at, workspace.c.id))
            return tuple(Membership(workspace_id=row.id, name=row.name, role=Role(row.role)) for row in rows)

    async def login(self, email: str, password: str) -> str:
        """Return the id of the user whose password this is; raises LoginFailed."""
        query = select(user.c.id, user.c.password_hash).where(user.c.email == email.strip().casefold(), user.c.is_active)
        async with self._database.unit() as connection:
            row = (await connection.execute(query.order_by(user.c.created_at, user.c.id).limit(1))).one_or_none()
        if not await self._passwords.matches(password, row.password_hash if row else None) or row is None:
            async with self._database.unit() as connection:  # whose account it was to be, not what was typed
                tell(connection, Act(action="login.failed", subject=row.id if row else "", body={"way": "password"}))
            raise LoginFailed("the e-mail address or the password is wrong.", fix="try again, or ask an administrator.")
        return row.id

    async def change_password(self, user_id: str, *, old: str, new: str, keeping: str = "") -> None:
        """Change a password and end the sessions other than `keeping`'s secret; raises PasswordWrong, PasswordWeak."""
        async with self._database.unit() as connection:
            row = (await connection.execute(select(user).where(user.c.id == user_id, user.c.is_active))).one_or_none()
        if not await self._passwords.matches(old, row.password_hash if row else None) or row is None:
            raise PasswordWrong("that is not your password.", fix="give the one that you log in with now.")
        passwords.check(new, email=row.email)
        hashed = await self._passwords.hash(new)
        async with self._database.unit() as connection:
            await _set_password(connection, user_id, hashed, keeping=keeping)

    async def owner_code(self) -> str | None:
        """Make the code with which the first administrator is made; None where there is one. Earlier codes end."""
        async with self._database.unit() as connection:
            if await has_admin(connection):
                return None
            return await self._make_code(connection, Code(kind="owner", user_id=""))

    async def invite(self, user_id: str) -> str:
        """Make the code with which a user sets a password; earlier ones end. Raises UserNotFound."""
        async with self._database.unit() as connection:
            found = await connection.execute(select(user.c.id).where(user.c.id == user_id, user.c.is_active))
            if found.one_or_none() is None:
                raise UserNotFound(f"there is no user {user_id} who may log in.", fix="look at the list of users.")
            return await self._make_code(connection, Code(kind="password", user_id=user_id))

    async def _make_code(self, connection: AsyncConnection, code: Code) -> str:
        now = self._clock.now()
        same = (login_code.c.kind == code.kind) & (login_code.c.user_id == code.user_id)
        await connection.execute(delete(login_code).where(same | (login_code.c.until <= now)))
        groups = ("".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_GROUP)) for _ in range(_CODE_GROUPS))
        text = "-".join(groups)
        row = {"code_hash": _hash(text), "kind": code.kind, "user_id": code.user_id, "until": now + _CODE_LASTS}
        await connection.execute(insert(login_code).values(row))
        return text

    async def code(self, text: str) -> Code:
        """Return what a code is good for, without using it; raises CodeRefused."""
        query = select(login_code).where(login_code.c.code_hash == _hash(text), login_code.c.until > self._clock.now())
        async with self._database.unit() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                tell(connection, Act(action="login.failed", body={"way": "code"}))
        if row is None:
            raise _refused()
        return Code(kind=row.kind, user_id=row.user_id)

    async def set_password(self, text: str, password: str) -> str:
        """Set a user's password by a code, end their sessions, and return their id; a password not taken uses no code."""
        code = await self.code(text)
        if code.kind != "password":
            raise _refused()
        known = await self.get(code.user_id)
        passwords.check(password, email=known.email)
        hashed = await self._passwords.hash(password)
        async with self._database.unit() as connection:
            await _use(connection, text)
            # whoever knew the password before may have made them
            await connection.execute(delete(api_token).where(api_token.c.user_id == known.id))
            await _set_password(connection, known.id, hashed)
        return known.id

    async def found(self, text: str, *, name: str, email: str, password: str) -> str:
        """Make the first administrator, owner of the shared workspace, by a code; returns their id."""
        if (await self.code(text)).kind != "owner":
            raise _refused()
        passwords.check(password, email=email)
        hashed = await self._passwords.hash(password)
        new = NewUser(name=name, email=email, is_admin=True, password_hash=hashed, role=Role.OWNER)
        async with self._database.unit() as connection:
            await self._use_owners(connection, text)
            await _require_free(connection, email)
            user_id = await add(connection, new, now=self._clock.now())
            await adopt_local(connection, user_id, now=self._clock.now())
        return user_id

    async def promote(self, text: str, user_id: str) -> None:
        """Make somebody who is logged in the first administrator, by a code."""
        if (await self.code(text)).kind != "owner":
            raise _refused()
        async with self._database.unit() as connection:
            await self._use_owners(connection, text)
            await connection.execute(update(user).where(user.c.id == user_id).values(is_admin=True))
            tell(connection, Act(action="user.change", actor_id=user_id, subject=user_id, body={"is_admin": True}))
            await join_shared(connection, user_id, Role.OWNER, now=self._clock.now(), by=user_id)
            await adopt_local(connection, user_id, now=self._clock.now())

    async def _use_owners(self, connection: AsyncConnection, text: str) -> None:
        await _use(connection, text)
        if await has_admin(connection):
            raise _refused()


async def _use(connection: AsyncConnection, text: str) -> None:
    """Remove a code; of two who use it at once the second is refused."""
    used = await connection.execute(delete(login_code).where(login_code.c.code_hash == _hash(text)))
    if not used.rowcount:
        raise _refused()


async def has_admin(connection: AsyncConnection) -> bool:
    """Tell whether anybody administers the installation."""
    admins = select(exists().where(user.c.is_admin, user.c.is_active))
    return bool((await connection.execute(admins)).scalar_one())


async def _require_free(connection: AsyncConnection, email: str) -> None:
    same = select(func.count()).select_from(user).where(user.c.email == email.strip().casefold())
    if email and (await connection.execute(same)).scalar_one():
        raise EmailTaken("another account has this e-mail address.", fix="use another one, or that account.")


async def _set_password(connection: AsyncConnection, user_id: str, hashed: str, *, keeping: str = "") -> None:
    await connection.execute(update(user).where(user.c.id == user_id).values(password_hash=hashed))
    others = (session.c.user_id == user_id) & (session.c.id_hash != digests.of(keeping))
    await connection.execute(delete(session).where(others))
    tell(connection, Act(action="user.password", actor_id=user_id, subject=user_id))


def _hash(code: str) -> str:
    return digests.of("".join(code.split()).replace("-", "").lower())


def _refused() -> CodeRefused:
    return CodeRefused("the code is wrong, was used, or is too old.", fix="take the latest; starting the server prints one.")
