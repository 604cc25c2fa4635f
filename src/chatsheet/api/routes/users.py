"""The users of this server, for administrators: invite, close and open accounts, name administrators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import roles
from chatsheet.api.deps import Admin
from chatsheet.api.roles import RoleName
from chatsheet.api.routes.login import Email, LoggedInto, Name, WithPasswords
from chatsheet.auth.members import NewUser

router = APIRouter(prefix="/api/users", tags=["users"])


class UserEntry(BaseModel):
    """An account."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    name: str
    email: str
    is_admin: bool
    is_active: bool
    has_password: bool
    """Whether they ever set one; who did not needs a code."""
    created_at: datetime
    seen_at: datetime | None


class NewAccount(BaseModel):
    """Whom to invite; with a role they are a member of the workspace "Everyone's" too, beside one of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Name, Field(min_length=1)]
    email: Email
    role: RoleName | None = None


class Invitation(BaseModel):
    """The one-time code with which a user sets a password within 24 hours; it is shown this once."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    code: str


class UserChange(BaseModel):
    """What to change of an account; what is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_active: bool | None = None
    is_admin: bool | None = None


@router.get("")
async def listing(services: LoggedInto, actor: Admin) -> list[UserEntry]:
    """Return all users, the first one first."""
    del actor
    return [UserEntry.model_validate(one) for one in await services.users.list()]


@router.post("", status_code=201)
async def invite(services: WithPasswords, actor: Admin, body: NewAccount) -> Invitation:
    """Make an account, and the code with which its user sets a password."""
    role = None if body.role is None else roles.of(body.role)
    made = await services.accounts.create(NewUser(name=body.name, email=body.email, role=role), by=actor.user_id)
    return Invitation(user_id=made.id, code=await services.accounts.invite(made.id))


@router.post("/{user_id}/code", status_code=201)
async def invite_again(services: WithPasswords, actor: Admin, user_id: str) -> Invitation:
    """Make another code for a user, such as one who forgot the password; the one before ends."""
    del actor
    return Invitation(user_id=user_id, code=await services.accounts.invite(user_id))


@router.patch("/{user_id}")
async def change(services: LoggedInto, actor: Admin, user_id: str, body: UserChange) -> UserEntry:
    """Close an account or open it again, make an administrator of it or not; one administrator is always left."""
    changed = await services.users.change(user_id, by=actor.user_id, is_active=body.is_active, is_admin=body.is_admin)
    return UserEntry.model_validate(changed)
