"""What the page shows of the server itself: the model, its routes, and whether LiteLLM is up."""

import re
from http import HTTPStatus
from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.api.deps import SEES_STATUS, Served
from chatsheet.core import loose
from chatsheet.doctor.readiness import Ready
from chatsheet.llm.causes import CATALOGUE, Evidence
from chatsheet.llm.health import RouteHealth
from chatsheet.llm.routes import Route

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,40}")
router = APIRouter(tags=["status"])
_OPEN: dict[str, JsonValue] = {"security": [{}]}
"""What needs no token: nothing is the other way in."""


class RouteStatus(BaseModel):
    """A route to the model as settings name it."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["litellm", "azure", "openai", "compatible"]
    is_private: bool
    is_ours: bool


class Status(BaseModel):
    """The server as the page needs it; `litellm_pid` is the LiteLLM process that we run, while it runs."""

    model_config = ConfigDict(frozen=True)

    model: str
    routes: tuple[RouteStatus, ...]
    litellm_pid: int | None


@router.get("/api/status", dependencies=[SEES_STATUS])
async def status(services: Served) -> Status:
    """Return the model, its routes and whether LiteLLM runs."""
    sidecar = services.records.sidecar()
    return Status(
        model=services.settings.llm.model,
        routes=tuple(
            RouteStatus(name=r.name, kind=r.kind, is_private=r.network.is_private, is_ours=r.is_ours)
            for r in services.gateway.plan.routes
        ),
        litellm_pid=sidecar.litellm_pid if sidecar else None,
    )


class About(BaseModel):
    """What this server is: its version, and the folder in which everything lies that it keeps."""

    model_config = ConfigDict(frozen=True)

    version: str
    data: str


@router.get("/api/about", dependencies=[SEES_STATUS])
async def about(services: Served) -> About:
    """Return the server's version and where it keeps its data."""
    return About(version=version("chatsheet"), data=str(services.settings.data.absolute()))


class RouteState(BaseModel):
    """How a route is doing: its breaker, and what keeps it open with the fix; times are seconds from now."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["litellm", "azure", "openai", "compatible"]
    model: str
    is_private: bool
    is_ours: bool
    state: Literal["closed", "open", "half_open"]
    cause: str
    first_cause: str
    owner: str
    fix: str
    since_s: float
    probe_in_s: float | None


@router.get("/api/routes", dependencies=[SEES_STATUS])
async def routes(services: Served) -> list[RouteState]:
    """Return each route in order of preference, with the state of its breaker."""
    plan = services.gateway.plan
    states = {one.route: one for one in services.gateway.health.state(plan.routes)}
    return [_state(route, states[route.name], is_up=services.records.is_ready()) for route in plan.routes]


def _state(route: Route, health: RouteHealth, *, is_up: bool) -> RouteState:
    is_down = route.is_ours and not is_up
    cause = CATALOGUE.get("litellm.down" if is_down else health.cause)
    return RouteState(
        name=route.name,
        kind=route.kind,
        model=route.model,
        is_private=route.network.is_private,
        is_ours=route.is_ours,
        state="open" if is_down else health.state,
        cause=cause.code if cause else "",
        first_cause=health.first_cause,
        owner=cause.owner if cause else "",
        fix=cause.fix if cause else "",
        since_s=health.since_s,
        probe_in_s=health.probe_in_s,
    )


class Unnamed(BaseModel):
    """What was seen of a failure that has no name yet, without a word that was said: names and sizes only."""

    model_config = ConfigDict(frozen=True)

    route: str
    status: int | None
    headers: tuple[str, ...]
    exceptions: tuple[str, ...]
    body_characters: int
    body_keys: tuple[str, ...]


@router.get("/api/routes/unnamed", dependencies=[SEES_STATUS])
async def unnamed(services: Served) -> list[Unnamed]:
    """Return the evidence of the latest failures whose cause is `unknown`."""
    return [_unnamed(route, evidence) for route, evidence in services.gateway.unnamed()]


def _unnamed(route: str, evidence: Evidence) -> Unnamed:
    body = loose.obj(loose.parse(evidence.body))
    return Unnamed(
        route=route,
        status=evidence.status,
        headers=tuple(sorted(evidence.headers)),
        exceptions=tuple(text.partition(":")[0] for text in evidence.exceptions),
        body_characters=len(evidence.body),
        body_keys=tuple(sorted(key for key in {*body, *loose.obj(body.get("error"))} if _KEY.fullmatch(key))),
    )


@router.get("/livez", openapi_extra=_OPEN)
async def livez() -> dict[str, str]:
    """Say that the process serves; it says nothing of routes."""
    return {"status": "ok"}


@router.get("/readyz", openapi_extra=_OPEN, responses={503: {"model": Ready}})
async def readyz(services: Served, response: Response) -> Ready:
    """Say which routes a real call has proven within the last minute; 503 where none is, by its cause."""
    ready = await services.readiness.look()
    if ready.status != "ready":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Cache-Control"] = "no-store"
    return ready
