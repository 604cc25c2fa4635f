"""What LiteLLM answers besides completions: that it lives, its models, their config and their health."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.simulator import answers, faults, served
from chatsheet.simulator.fault import Fault, Tuning
from chatsheet.simulator.faults import FAULTS
from chatsheet.simulator.served import Served
from chatsheet.simulator.state import State

Guard = Callable[..., Awaitable[web.Response | None]]
"""Plays what is set for every call, and refuses one without the key where `is_open` is not set."""
_OF_ANOTHER_HOP = frozenset({"L1", "L2", "L3", "L4", "L5", "L6", "L9"})
"""Played to callers, while a health check finds the deployment well."""
_DROPPED = frozenset({"L7", "L8"})


class LitellmDoor:
    """The handlers of every GET under /litellm."""

    def __init__(self, state: State, clock: Clock, guard: Guard) -> None:
        self._state = state
        self._clock = clock
        self._guard = guard

    def add_to(self, app: web.Application) -> None:
        """Register the paths."""
        add = app.router.add_get
        add("/litellm/health/{kind:liveliness|liveness}", self._alive)
        add("/litellm/health/readiness", self._ready)
        add("/litellm/health/readiness/details", self._details)
        add("/litellm/health", self._health)
        add("/litellm/public/model_hub/info", self._hub)
        for version in ("", "/v1"):
            add(f"/litellm{version}/models", self._models)
            add(f"/litellm{version}/model/info", self._model_info)

    async def _alive(self, request: web.Request) -> web.Response:
        return await self._guard(request, is_open=True) or web.json_response("I'm alive!")

    async def _ready(self, request: web.Request) -> web.Response:
        said = {"status": "healthy", "db": "Not connected"}
        return await self._guard(request, is_open=True) or web.json_response(said)

    async def _hub(self, request: web.Request) -> web.Response:
        said = served.hub(self._state.litellm_version)
        return await self._guard(request, is_open=True) or web.json_response(said)

    async def _details(self, request: web.Request) -> web.Response:
        return await self._guard(request) or web.json_response(served.details(self._state.litellm_version))

    async def _models(self, request: web.Request) -> web.Response:
        return await self._guard(request) or web.json_response(served.models(self._state.behind_litellm()))

    async def _model_info(self, request: web.Request) -> web.Response:
        said = served.model_info(self._state.behind_litellm(), _wire(request))
        return await self._guard(request) or web.json_response(said)

    async def _health(self, request: web.Request) -> web.Response:
        if refused := await self._guard(request):
            return refused
        asked, every = request.query.get("model", ""), self._state.behind_litellm()
        deployment, _ = faults.by_deployment_name(asked)
        wanted = every if not asked else {asked: every[deployment]} if deployment in every else {}
        met = {name: self._met(name) for name in wanted}
        if any(fault.stream == "silence" for _, fault in met.values()):
            await asyncio.Event().wait()
        names = {name: one for name, one in wanted.items() if met[name][0] not in _DROPPED}
        failing = {name: fault for name in names if (fault := self._failure(names[name], *met[name])) is not None}
        status, said = served.health(names, _wire(request), failing, is_named=bool(asked))
        return web.json_response(said, status=status)

    def _met(self, name: str) -> tuple[str, Fault]:
        """Return the fault that a call of a deployment meets, by its name or as ordered."""
        _, by_name = faults.by_deployment_name(name)
        ordered, fault = (by_name, FAULTS[by_name]) if by_name else self._state.ordered(name)
        return ordered, fault or _WELL

    def _failure(self, one: Served, name: str, fault: Fault) -> Fault | None:
        """Return what the health check is told of a deployment, or None for a healthy one."""
        if one.health_error and one.health_error not in FAULTS:
            return Fault(about="", status=500, text=one.health_error)
        name, fault = (one.health_error, FAULTS[one.health_error]) if one.health_error else (name, fault)
        if not fault.status or name in _OF_ANOTHER_HOP:
            return None
        said = answers.answer(name, fault, Tuning(), door="litellm", now=self._clock.now())
        message = loose.text(loose.obj(loose.obj(loose.parse(said.body)).get("error")).get("message"))
        return Fault(about="", status=said.status, text=message or said.body.decode())


_WELL = Fault(about="nothing is wrong")


def _wire(request: web.Request) -> str:
    return f"http://{request.host}"
