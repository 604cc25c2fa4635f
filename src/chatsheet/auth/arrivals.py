"""Somebody comes from the identity provider: who they are here, and what their groups make of them, anew at each login."""

from datetime import datetime

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth import members
from chatsheet.auth.accounts import has_admin
from chatsheet.auth.claims import Person
from chatsheet.auth.members import SHARED, NewUser
from chatsheet.core.acts import Act
from chatsheet.core.errors import Refused
from chatsheet.db import writing
from chatsheet.db.engine import tell
from chatsheet.db.tables import member, user, user_identity


class NotInvited(Refused):
    """Only those may use this server whom an administrator added, and this is none of them."""

    code = "login.not_invited"


class AccountClosed(Refused):
    """An administrator closed this account."""

    code = "login.closed"


async def arrive(connection: AsyncConnection, person: Person, *, may_join: bool, now: datetime) -> str:
    """Return who somebody is here, inside the caller's transaction; raises NotInvited, AccountClosed."""
    await writing.hold(connection, "arrival", person.issuer, person.subject)  # two tabs may bring the same newcomer
    user_id = await _known(connection, person) or await _greet(connection, person, may_join=may_join, now=now)
    row = (await connection.execute(select(user).where(user.c.id == user_id))).one()
    if not row.is_active:
        raise AccountClosed("this account is closed.", fix="ask an administrator to open it again.")
    said = {"name": person.name, "email": person.email or row.email}
    if person.is_admin is not None:
        if person.is_admin and not await has_admin(connection):
            await members.adopt_local(connection, user_id, now=now)
        said["is_admin"] = person.is_admin
    await connection.execute(update(user).where(user.c.id == user_id).values(said))
    await _place(connection, user_id, person, now=now)
    return user_id


async def _known(connection: AsyncConnection, person: Person) -> str | None:
    same = (user_identity.c.issuer == person.issuer) & (user_identity.c.subject == person.subject)
    return (await connection.execute(select(user_identity.c.user_id).where(same))).scalar_one_or_none()


async def _greet(connection: AsyncConnection, person: Person, *, may_join: bool, now: datetime) -> str:
    """Return the account of somebody who comes for the first time: one made for their address, or a new one."""
    user_id = await _invited(connection, person)
    if user_id is None:
        if not may_join:
            raise NotInvited(
                "you were not added to this server.", fix="ask an administrator to add you by your e-mail address."
            )
        user_id = await members.add(connection, NewUser(name=person.name, email=person.email), now=now)
    row = {"issuer": person.issuer, "subject": person.subject, "user_id": user_id, "created_at": now}
    await connection.execute(insert(user_identity).values(row))
    return user_id


async def _invited(connection: AsyncConnection, person: Person) -> str | None:
    """Return the one account with this address that nobody has come to yet; only by an address that is surely theirs."""
    if not (person.email and person.is_email_theirs):
        return None
    taken = exists().where(user_identity.c.user_id == user.c.id)
    found = await connection.execute(select(user.c.id).where(user.c.email == person.email, user.c.is_active, ~taken))
    ids = found.scalars().all()
    return ids[0] if len(ids) == 1 else None


async def _place(connection: AsyncConnection, user_id: str, person: Person, *, now: datetime) -> None:
    """Set what their groups make them in the shared workspace; what a person said there stays."""
    theirs = (member.c.workspace_id == SHARED) & (member.c.user_id == user_id)
    held = (await connection.execute(select(member.c.role, member.c.is_from_claims).where(theirs))).one_or_none()
    if held is not None and (not held.is_from_claims or held.role == person.role):
        return
    if person.role is not None:
        await members.join_shared(connection, user_id, person.role, now=now, by=user_id, is_from_claims=True)
    elif held is not None:
        await connection.execute(delete(member).where(theirs))
        body = {"is_from_claims": True}
        tell(connection, Act(action="member.end", workspace_id=SHARED, actor_id=user_id, subject=user_id, body=body))
