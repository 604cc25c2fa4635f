"""The application: routes under /api and /v1, the built page at /, and the closed door around all of it."""

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from fastapi import Depends, FastAPI, Security
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatsheet.api import closed, errors, openai
from chatsheet.api.closed import Door, Keys
from chatsheet.api.deps import actions, whole_text
from chatsheet.api.errors import ErrorAnswer
from chatsheet.api.observed import Observed
from chatsheet.api.routes import (
    account,
    audit,
    budgets,
    caches,
    charts,
    chats,
    corrections,
    doctor,
    edits,
    exports,
    glossary,
    imports,
    jobs,
    live,
    login,
    metrics,
    oidc,
    proposals,
    queries,
    shares,
    sheets,
    status,
    uploads,
    users,
    workspaces,
)
from chatsheet.auth.policy import Action
from chatsheet.core.errors import Unavailable
from chatsheet.wiring import Services

ROUTES = (
    status, login, oidc, account, workspaces, users, sheets, shares, queries, edits, corrections, glossary, exports, uploads,
    imports, live, chats, charts, proposals, jobs, audit, budgets, doctor, metrics, caches, openai,
)  # fmt: skip
"""The modules of the API's routes, in the order of its reference."""


_OPEN = re.compile(r"/livez|/readyz|/api/login(/.*)?|/login/oidc(/.*)?")
"""What is there for whoever is not known yet, beside the page; every other route names the action that it is."""
_TOKEN = HTTPBearer(
    scheme_name="token",
    auto_error=False,
    description="An API token; in local mode the token that serve prints, or `server.token`.",
)
"""Told in the schema; closed.py is what checks it."""
_SAYS = {
    400: "The request is not valid.",
    401: "Who asks is not known.",
    403: "Who asks may not.",
    404: "It is not there, or not to be seen by who asks.",
    409: "It is another one by now, or busy.",
    410: "It is not kept any more.",
    413: "It is too large.",
    415: "It is of another kind.",
    422: "It is understood, and cannot be done.",
    429: "Too often, too much, or over a budget.",
    503: "Something that it needs does not answer.",
}
_ERROR: dict[str, object] = {
    "application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}},
}
"""As JSON also where a route answers otherwise, which `model` would not say."""
_ERRORS: dict[int | str, dict[str, object]] = {
    status: {"description": f"{says} What happened, why, and what to do.", "content": _ERROR} for status, says in _SAYS.items()
}
"""How any route may fail."""


class PageMissing(Unavailable):
    """The built page is not in the package."""

    code = "page.missing"


def decided() -> dict[str, Action | None]:
    """Return the one action of every route, by method and path; None for those that are open to everybody.

    Raises TypeError for a route that names none, or several: who may call it would be left to chance.
    """
    found: dict[str, Action | None] = {}
    for route in (route for module in ROUTES for route in module.router.routes):
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} cannot name an action")
        named = actions(route)
        if len(named) != (0 if _OPEN.fullmatch(route.path) else 1):
            raise TypeError(f"{route.path} has to name one action, not {sorted(named)}")
        found |= {f"{method} {route.path}": next(iter(named), None) for method in route.methods or ()}
    return found


class Kept:
    """Files that a browser may keep for good: another content has another name."""

    def __init__(self, files: ASGIApp) -> None:
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 206, 304}:
                MutableHeaders(scope=message)["Cache-Control"] = "public, max-age=31536000, immutable"
            await send(message)

        await self._files(scope, receive, send_kept)


def create(services: Services, door: Door, *, page: Path | None = None) -> ASGIApp:
    """Return the whole application, closed; raises PageMissing."""
    return closed.Closed(Observed(routed(services, door, page=page), services.telemetry.requests), door)


def routed(services: Services, door: Door, *, page: Path | None = None) -> FastAPI:
    """Return the routes alone; only `create` serves them. Raises PageMissing."""
    page = page or Path(str(files("chatsheet") / "web"))
    if not (page / "index.html").is_file():
        raise PageMissing("the page is not built.", fix="run `make build`, or install a wheel.")
    app = FastAPI(
        title="ChatSheetAI", version=version("chatsheet"), docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    decided()
    app.state.services = services
    app.state.door = door  # who sends people elsewhere to log in must say where they come back to
    errors.install(app)
    for module in ROUTES:
        app.include_router(module.router, dependencies=[Depends(whole_text), Security(_TOKEN)], responses=_ERRORS)
    # only these: what is compressed beside secrets tells of them by its length
    app.mount("/assets", GZipMiddleware(Kept(StaticFiles(directory=page / "assets"))), name="assets")

    async def index() -> Response:
        response = FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})
        if isinstance(door, Keys):
            response.set_cookie(door.cookie_name, door.cookie, httponly=True, samesite="strict", path="/")
        return response

    app.add_api_route("/", index, include_in_schema=False)
    return app
