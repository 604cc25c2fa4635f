"""The way to the identity provider and back. Whatever fails there is told on the page, by its code."""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from chatsheet.api.closed import BACKCHANNEL
from chatsheet.api.deps import Served
from chatsheet.api.routes import login
from chatsheet.api.routes.login import LoginOff
from chatsheet.core.acts import Act
from chatsheet.core.errors import BadInput, ChatSheetError

if TYPE_CHECKING:
    from chatsheet.api.logins import Logins
    from chatsheet.auth.oidc import Oidc  # with its libraries it is for those who use it

router = APIRouter(tags=["login"])
BROWSER = "__Host-chatsheet_login"
"""The cookie that a login is begun with: only the browser that has it can finish it."""
_OPEN: dict[str, JsonValue] = {"security": [{}]}
_MOST = 100_000
_FORM: dict[str, JsonValue] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {"type": "object", "required": ["logout_token"], "properties": {"logout_token": {"type": "string"}}}
        }
    },
}
log = logging.getLogger(__name__)

Text = Annotated[str, Query(max_length=5_000)]


async def _at_provider(services: Served) -> "Oidc":
    """Return the logins at the provider; raises LoginOff where there is none."""
    if services.oidc is None:
        raise LoginOff("nobody logs in here at an identity provider.", fix="see GET /api/login for the way in.")
    return services.oidc


@router.get("/login/oidc", status_code=303, response_class=RedirectResponse, openapi_extra=_OPEN)
async def begin(services: Served, request: Request, next: Text = "/") -> Response:  # noqa: A002  the word of the address
    """Go to the identity provider to log in; `next` is a place within the page, such as /#/settings."""
    oidc = await _at_provider(services)
    try:
        await services.rates.login(login.address(request))
        begun = await oidc.begin(browser=request.cookies.get(BROWSER, ""), next_path=next, back=_back(request))
    except ChatSheetError as error:
        return _problem(error)
    answer = _to(begun.url)
    lasts_s = int(oidc.lasts.total_seconds())
    answer.set_cookie(BROWSER, begun.browser, max_age=lasts_s, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/login/oidc/callback", status_code=303, response_class=RedirectResponse, openapi_extra=_OPEN)
async def finish(
    services: Served, request: Request, state: Text = "", code: Text = "", error: Text = "", iss: Text = ""
) -> Response:
    """Come back from the identity provider: the session is in the cookie, and the page goes on where it was."""
    oidc = await _at_provider(services)
    browser = request.cookies.get(BROWSER, "")
    try:
        arrived = await oidc.finish(state=state, code=code, error=error, issuer=iss, browser=browser, back=_back(request))
    except ChatSheetError as problem:
        await services.audit.note(Act(action="login.failed", body={"way": "oidc", "code": problem.code}))
        return _problem(problem)
    answer = _to(arrived.next_path)
    await login.start(services, request, answer, arrived.user_id, arrived.provider)
    return answer


@router.get("/login/oidc/end", status_code=303, response_class=RedirectResponse, openapi_extra=_OPEN)
async def end(services: Served, request: Request) -> Response:
    """Go to the identity provider to end its own session, after POST /api/logout ended ours."""
    oidc = await _at_provider(services)
    try:
        return _to(await oidc.logout_url(f"{_origin(request)}/") or "/")
    except ChatSheetError as error:
        return _problem(error)


@router.post(BACKCHANNEL, openapi_extra={**_OPEN, "requestBody": _FORM})
async def ended(services: Served, request: Request) -> None:
    """End the sessions that the identity provider says are over, by its logout token (Back-Channel Logout 1.0)."""
    oidc = await _at_provider(services)
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > _MOST:
            raise BadInput("the form is too long.", fix="send logout_token alone.")
    await oidc.end(parse_qs(body.decode("ascii", errors="replace")).get("logout_token", [""])[0])


def _to(place: str) -> RedirectResponse:
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


def _problem(error: ChatSheetError) -> RedirectResponse:
    log.warning("a login at the identity provider failed: %s", error.line())
    return _to(f"/#/login?problem={error.code}")


def _origin(request: Request) -> str:
    return cast("Logins", request.app.state.door).place.origin  # the door of every mode but local, where nobody gets here


def _back(request: Request) -> str:
    return f"{_origin(request)}/login/oidc/callback"
