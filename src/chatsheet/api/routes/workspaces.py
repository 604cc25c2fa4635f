"""Workspaces: open one, rename it, and say who is in it as what."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import roles
from chatsheet.api.deps import Asking, Itself, NamesMembers, OpensWorkspace, SeesMembers, Served
from chatsheet.api.roles import RoleName
from chatsheet.api.routes.account import WorkspaceOfMine, mine
from chatsheet.api.routes.login import LoggedInto
from chatsheet.auth.members import Member

router = APIRouter(prefix="/api/workspaces", tags=["workspaces"])
Called = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*$")]
Who = Annotated[str, Field(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f]+$")]
"""A user, by id or e-mail address."""


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkspaceName(_Wanted):
    """What a workspace is called."""

    name: Called


class NewMember(_Wanted):
    """Whom to make a member, by id or e-mail address, and as what."""

    user: Who
    role: RoleName


class MemberRole(_Wanted):
    """What a member is to be."""

    role: RoleName


class MemberEntry(BaseModel):
    """Somebody in a workspace; with `is_from_claims` groups at the identity provider say as what."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    name: str
    email: str
    role: RoleName
    is_from_claims: bool
    is_active: bool


@router.get("")
async def listing(services: Served, actor: Itself, asking: Asking) -> tuple[WorkspaceOfMine, ...]:
    """Return the workspaces that one is a member of, and as what, the oldest membership first."""
    del actor
    return await mine(services, asking)


@router.post("", status_code=201)
async def open_one(services: LoggedInto, actor: OpensWorkspace, body: WorkspaceName) -> WorkspaceOfMine:
    """Open a workspace, of which one is the owner."""
    made = await services.members.open(actor.user_id, body.name.strip())
    return WorkspaceOfMine(id=made.workspace_id, name=made.name, role=roles.name(made.role))


@router.patch("/{workspace_id}", status_code=204)
async def rename(services: LoggedInto, actor: NamesMembers, workspace_id: str, body: WorkspaceName) -> None:
    """Give a workspace another name."""
    del actor
    await services.members.rename(workspace_id, body.name.strip())


@router.get("/{workspace_id}/members")
async def members(services: LoggedInto, actor: SeesMembers, workspace_id: str) -> list[MemberEntry]:
    """Return who is in a workspace, the first member first."""
    del actor
    return list(map(_entry, await services.members.list(workspace_id)))


@router.post("/{workspace_id}/members", status_code=201)
async def add(services: LoggedInto, actor: NamesMembers, workspace_id: str, body: NewMember) -> MemberEntry:
    """Make a user a member."""
    return _entry(await services.members.add(workspace_id, body.user, roles.of(body.role), by=actor.user_id))


@router.put("/{workspace_id}/members/{user_id}")
async def change(services: LoggedInto, actor: NamesMembers, workspace_id: str, user_id: str, body: MemberRole) -> MemberEntry:
    """Change what a member is; the last owner stays one."""
    return _entry(await services.members.change(workspace_id, user_id, roles.of(body.role), by=actor.user_id))


@router.delete("/{workspace_id}/members/{user_id}", status_code=204)
async def remove(services: LoggedInto, actor: NamesMembers, workspace_id: str, user_id: str) -> None:
    """Let somebody be a member no more; the last owner stays one. What was shared with them by name stays shared."""
    await services.members.remove(workspace_id, user_id, by=actor.user_id)


def _entry(one: Member) -> MemberEntry:
    return MemberEntry(
        user_id=one.user_id,
        name=one.name,
        email=one.email,
        role=roles.name(one.role),
        is_from_claims=one.is_from_claims,
        is_active=one.is_active,
    )
