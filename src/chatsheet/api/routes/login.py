"""How somebody gets in where a login mode is set: by a password, by a one-time code, or at the identity provider."""

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from chatsheet.api.deps import PRINCIPAL, Served
from chatsheet.api.logins import SESSION, LoginNeeded
from chatsheet.auth.policy import Principal
from chatsheet.auth.sessions import NOBODY, Provider
from chatsheet.core.errors import BadInput, Conflict
from chatsheet.wiring import Services

router = APIRouter(tags=["login"])
_OPEN: dict[str, JsonValue] = {"security": [{}]}
"""What needs no token: nothing is the other way in."""
Email = Annotated[str, Field(max_length=320, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
Name = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f]*$")]
Password = Annotated[str, Field(max_length=1000)]


class LoginOff(Conflict):
    """The server's mode knows no such login."""

    code = "login.off"


class CodeIncomplete(BadInput):
    """The first administrator needs a name, an e-mail address and a password."""

    code = "login.code_incomplete"


async def logins(services: Served) -> Services:
    """Return the services where people log in; raises LoginOff in local mode."""
    if services.settings.auth.mode == "local":
        raise LoginOff("this server is for its own machine, without logins.", fix="set auth.mode, if others are to come.")
    return services


async def passwords(services: Served) -> Services:
    """Return the services where people log in by a password; raises LoginOff elsewhere."""
    if services.settings.auth.mode != "password":
        raise LoginOff("nobody logs in here by a password.", fix="see GET /api/login for the way in.")
    return services


LoggedInto = Annotated[Services, Depends(logins)]
WithPasswords = Annotated[Services, Depends(passwords)]


class LoginWays(BaseModel):
    """How somebody gets in; `begin` is where: a page to open (oidc), or the address to post to (password).

    `end` is a page to open after POST /api/logout, which ends the provider's own session; empty: there is none.
    """

    model_config = ConfigDict(frozen=True)

    mode: Literal["local", "oidc", "password"]
    begin: Literal["", "/login/oidc", "/api/login/password"]
    end: Literal["", "/login/oidc/end"] = ""


_WAYS = {
    "local": LoginWays(mode="local", begin=""),
    "oidc": LoginWays(mode="oidc", begin="/login/oidc", end="/login/oidc/end"),
    "password": LoginWays(mode="password", begin="/api/login/password"),
}


class PasswordLogin(BaseModel):
    """Who somebody says they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Email
    password: Password


class CodeLogin(BaseModel):
    """A one-time code: with `password` for one's own account, with name and e-mail too for the first administrator's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(max_length=100)]
    name: Name = ""
    email: Email | Literal[""] = ""
    password: Password = ""


async def start(services: Services, request: Request, response: Response, user_id: str, provider: Provider = NOBODY) -> None:
    """Begin a session of this browser, whatever cookie it brought, and give it the new cookie."""
    secret = await services.sessions.begin(
        user_id,
        agent=request.headers.get("user-agent", ""),
        replacing=request.cookies.get(SESSION, ""),
        provider=provider,
    )
    lasts_s = int(services.sessions.absolute.total_seconds())
    response.set_cookie(SESSION, secret, max_age=lasts_s, path="/", secure=True, httponly=True, samesite="lax")


@router.get("/api/login", openapi_extra=_OPEN)
async def ways(services: Served) -> LoginWays:
    """Say how somebody gets in."""
    return _WAYS[services.settings.auth.mode]


@router.post("/api/login/password", status_code=204, openapi_extra=_OPEN)
async def by_password(services: WithPasswords, body: PasswordLogin, request: Request, response: Response) -> None:
    """Log in; the session is in the cookie."""
    await services.rates.login(address(request), body.email.strip().casefold())
    await start(services, request, response, await services.accounts.login(body.email, body.password))


@router.post("/api/login/code", status_code=204, openapi_extra=_OPEN)
async def by_code(services: LoggedInto, body: CodeLogin, request: Request, response: Response) -> None:
    """Become the first administrator, or set one's password, by a one-time code; a refused password uses no code."""
    await services.rates.login(address(request))
    known = cast("Principal | None", request.scope[PRINCIPAL])  # this path is open: the door let in whoever came
    code = await services.accounts.code(body.code)
    if services.settings.auth.mode == "oidc":
        if known is None:
            raise LoginNeeded("nobody is logged in.", fix="log in first; the code makes you the administrator.")
        await services.accounts.promote(body.code, known.user_id)
        return
    if code.kind == "password":
        user_id = await services.accounts.set_password(body.code, body.password)
    elif body.name.strip() and body.email:
        user_id = await services.accounts.found(body.code, name=body.name.strip(), email=body.email, password=body.password)
    else:
        raise CodeIncomplete("this code makes the first administrator.", fix="give a name, an e-mail address and a password.")
    await start(services, request, response, user_id)


def address(request: Request) -> str:
    """Return whom attempts are counted for."""
    return request.client.host if request.client else ""
