"""One's own account: who am I, my sessions, my API tokens, my password."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chatsheet.api import roles
from chatsheet.api.deps import Asking, Itself, OwnSessions, Served, WorkspaceNotFound
from chatsheet.api.logins import SESSION
from chatsheet.api.roles import RoleName
from chatsheet.api.routes.login import LoggedInto, Name, Password, WithPasswords
from chatsheet.auth.policy import Principal, Scope
from chatsheet.auth.tokens import MAX_DAYS, Token
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import Services

router = APIRouter(tags=["account"])


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkspaceOfMine(_Frozen):
    """A workspace, and what one is in it."""

    id: str
    name: str
    role: RoleName


class Me(_Frozen):
    """Who asks."""

    mode: Literal["local", "oidc", "password"]
    id: str
    name: str
    email: str
    is_admin: bool
    workspaces: tuple[WorkspaceOfMine, ...]


class SessionOfMine(_Frozen):
    """A browser that is logged in; `agent` is what it calls itself."""

    id: str
    agent: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


class TokenOfMine(_Frozen):
    """An API token; without a workspace it is for all of them."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    workspace_id: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class TokenMade(TokenOfMine):
    """A new API token with its secret, which is shown this once."""

    token: str


class TokenWanted(BaseModel):
    """What a new API token is to be for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Name, Field(min_length=1)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    workspace_id: Annotated[str, Field(max_length=40)] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 90


class PasswordChange(BaseModel):
    """One's password, and the one to have from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: Password
    new: Password


@router.get("/api/me")
async def me(services: Served, actor: Itself, asking: Asking) -> Me:
    """Say who asks, and what they are where."""
    mode, workspaces = services.settings.auth.mode, await mine(services, asking)
    if mode == "local":
        return Me(mode=mode, id=actor.user_id, name="", email="", is_admin=actor.is_admin, workspaces=workspaces)
    user = await services.accounts.get(actor.user_id)
    return Me(mode=mode, id=user.id, name=user.name, email=user.email, is_admin=actor.is_admin, workspaces=workspaces)


async def mine(services: Services, asking: Principal) -> tuple[WorkspaceOfMine, ...]:
    """Return the workspaces of whoever asks; of a token that is for one, that one."""
    if services.access.is_local:
        return (WorkspaceOfMine(id=LOCAL.workspace_id, name="This machine", role="owner"),)
    return tuple(
        WorkspaceOfMine(id=one.workspace_id, name=one.name, role=roles.name(one.role))
        for one in await services.accounts.memberships(asking.user_id)
        if asking.workspace_id in {"", one.workspace_id}
    )


@router.post("/api/logout", status_code=204)
async def logout(services: LoggedInto, actor: OwnSessions, request: Request, response: Response) -> None:
    """End this session; the browser forgets what it kept of it."""
    del actor
    await services.sessions.end(_secret(request))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="lax")


@router.get("/api/sessions")
async def sessions(services: LoggedInto, actor: OwnSessions, request: Request) -> list[SessionOfMine]:
    """Return one's own sessions, the latest seen first."""
    return [
        SessionOfMine(id=one.id, agent=one.agent, created_at=one.created_at, seen_at=one.seen_at, is_this=one.is_this)
        for one in await services.sessions.list(actor.user_id, this=_secret(request))
    ]


@router.delete("/api/sessions", status_code=204)
async def end_others(services: LoggedInto, actor: OwnSessions, request: Request) -> None:
    """End all of one's sessions but this one."""
    await services.sessions.revoke_others(actor.user_id, this=_secret(request))


@router.delete("/api/sessions/{session_id}", status_code=204)
async def end_session(services: LoggedInto, actor: OwnSessions, session_id: str) -> None:
    """End one of one's sessions."""
    await services.sessions.revoke(actor.user_id, session_id)


@router.get("/api/tokens")
async def tokens(services: LoggedInto, actor: OwnSessions) -> list[TokenOfMine]:
    """Return one's own API tokens, the newest first."""
    return [_shown(one) for one in await services.tokens.list(actor.user_id)]


@router.post("/api/tokens", status_code=201)
async def make_token(services: LoggedInto, actor: OwnSessions, asking: Asking, body: TokenWanted) -> TokenMade:
    """Make an API token; its secret is in this answer only."""
    if body.workspace_id and body.workspace_id not in {one.id for one in await mine(services, asking)}:
        raise WorkspaceNotFound(f"there is no workspace {body.workspace_id}.", fix="choose one of yours.")
    made, secret = await services.tokens.create(
        actor.user_id, body.name, body.scopes, workspace_id=body.workspace_id, days=body.days
    )
    return TokenMade(**_shown(made).model_dump(), token=secret)


@router.delete("/api/tokens/{token_id}", status_code=204)
async def revoke_token(services: LoggedInto, actor: OwnSessions, token_id: str) -> None:
    """Revoke one of one's API tokens."""
    await services.tokens.revoke(actor.user_id, token_id)


@router.post("/api/password", status_code=204)
async def change_password(services: WithPasswords, actor: OwnSessions, body: PasswordChange, request: Request) -> None:
    """Change one's password; one's other sessions end."""
    await services.rates.login("", actor.user_id)
    await services.accounts.change_password(actor.user_id, old=body.old, new=body.new, keeping=_secret(request))


def _shown(token: Token) -> TokenOfMine:
    return TokenOfMine(
        id=token.id,
        name=token.name,
        scopes=tuple(sorted(token.scopes)),
        workspace_id=token.workspace_id,
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
    )


def _secret(request: Request) -> str:
    return request.cookies.get(SESSION, "")
