"""The simulator's two ports: the wire that clients call, and the control port through which tests and rehearsals set it up.

Sockets are handled by aiohttp, whose transports can be reset, held and cut as real networks do it.
"""

import hmac
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from aiohttp import web
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.ids import new_id
from chatsheet.simulator import answers, faults, playing, quota, tokens, wire
from chatsheet.simulator.answers import Door
from chatsheet.simulator.brain import Brain, BrainFailed, Counted, Named, Piece
from chatsheet.simulator.catalogue import litellm
from chatsheet.simulator.control import Control
from chatsheet.simulator.fault import Fault, Tuning
from chatsheet.simulator.faults import FAULTS
from chatsheet.simulator.litellm_door import LitellmDoor
from chatsheet.simulator.network import Network
from chatsheet.simulator.quota import UNCOUNTED, Quota, Use
from chatsheet.simulator.state import EVERY, Order, Play, State

__all__ = ["Order", "Simulator"]

log = logging.getLogger(__name__)

NAME = "ChatSheetAI-simulator"
"""What every answer of the wire names as its server."""

_DATED_VERSIONS = ("2024-02-01", "2024-06-01", "2024-10-21")
_OPENAI_KEY_WRONG: JsonValue = {
    "error": {"code": "invalid_api_key", "type": "invalid_request_error", "message": "Incorrect API key provided."}
}


class Simulator:
    """Both servers over one state and one brain."""

    def __init__(self, *, brain: Brain, key: str, control_key: str, deployments: set[str], clock: Clock | None = None) -> None:
        self.brain = brain
        self.control_key = control_key
        self.clock = clock or SystemClock()
        self.state = State(key, set(deployments))

    def wire_app(self) -> web.Application:
        """Return the server that speaks Azure OpenAI's, OpenAI's and, under /litellm, LiteLLM's format."""
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/openai/deployments/{deployment}/chat/completions", self._azure_dated)
        app.router.add_post("/openai/v1/chat/completions", self._azure_v1)
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/litellm/v1/chat/completions", self._litellm)
        app.router.add_post("/litellm/chat/completions", self._litellm)
        app.router.add_get("/openai/v1/models", self._models)
        app.router.add_get("/v1/models", self._models)
        LitellmDoor(self.state, self.clock, self._guard).add_to(app)
        app.router.add_route("*", "/{path:.*}", self._unknown_path)
        app.on_response_prepare.append(_sign)
        return app

    def control_app(self, network: Network | None = None) -> web.Application:
        """Return the control server; every call needs its key."""
        return Control(self.state, self.brain, self.control_key, network).app()

    async def _azure_dated(self, request: web.Request) -> web.StreamResponse:
        version = request.query.get("api-version", "")
        if not version:
            return self._respond("D2", "azure")
        if version not in _DATED_VERSIONS and not version.endswith("-preview"):
            return self._respond("D3", "azure")
        return await self._answer(request, deployment=request.match_info["deployment"], door="azure")

    async def _azure_v1(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, deployment=None, door="azure")

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, deployment=None, door="openai")

    async def _litellm(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, deployment=None, door="litellm")

    async def _models(self, request: web.Request) -> web.Response:
        if refused := await self._guard(request):
            return refused
        listed: list[JsonValue] = [{"id": name, "object": "model"} for name in sorted(self.state.deployments)]
        return web.json_response({"object": "list", "data": listed})

    async def _guard(self, request: web.Request, *, is_open: bool = False) -> web.Response | None:
        """Play what is set for every call, and refuse one without the key; who asks for no key plays no refusal either."""
        door = _door_of(request.path)
        seen = self.state.saw(request.path, request.query.get("model", ""), request.headers, {})
        name, _ = self.state.ordered(EVERY)
        play = None
        if not is_open or faults.is_of_the_network(name):
            play = self.state.next_play(EVERY, "", {}, request.headers.keys())
        if play is not None:
            seen["played"] = play.name
            if play.fault.status:
                return self._respond_to_all(play, door)
            await playing.before(request, play.fault.stream)
        return None if is_open else self._refuse_key(request, door)

    async def _unknown_path(self, request: web.Request) -> web.Response:
        del request
        return self._respond("D2", "azure")

    async def _answer(self, request: web.Request, *, deployment: str | None, door: Door) -> web.StreamResponse:
        body = loose.obj(loose.parse(await request.read()))
        asked = deployment or loose.text(body.get("model"))
        seen = self.state.saw(request.path, asked, request.headers, body)
        wide = self.state.next_play(EVERY, "", body, request.headers.keys())
        if wide is not None and wide.fault.status:
            seen["played"] = wide.name
            return self._respond_to_all(wide, door)
        deployment, by_name = faults.by_deployment_name(asked)
        if refused := self._refuse(request, body, deployment, door):
            return refused
        play = wide or self.state.next_play(deployment, by_name, body, request.headers.keys())
        if play is not None:
            seen["played"] = play.name
            if play.fault.status:
                return self._respond(play.name, door, play.fault, play.tuning)
        counted, used = self.state.quotas.get(deployment), None
        if counted is not None:
            now_s = self.clock.monotonic()
            if (used := counted.begin(now_s, quota.estimate(body))) is None:
                return self._respond("429", door, tuning=Tuning(retry_after=counted.wait_s(now_s)))
        model = deployment if door == "litellm" else f"{deployment}-simulated"
        writer = wire.Writer(
            f"chatcmpl-{new_id('sim')}",
            self.state.models.get(deployment, model),
            int(time.time()),
            door,
            self.state.litellm_version,
            UNCOUNTED if counted is None else counted.left(),
        )
        try:
            async with aclosing(self._pieces(deployment, body, door, counted, used)) as pieces:
                if body.get("stream") is True:
                    with_usage = loose.obj(body.get("stream_options")).get("include_usage") is True
                    return await playing.stream(request, pieces, writer, play, with_usage=with_usage)
                return await playing.whole(request, pieces, writer, play)
        except BrainFailed as error:
            log.warning("%s", error)
            return web.json_response({"error": {"code": "500", "message": f"simulator: {error}"}}, status=500)

    async def _pieces(
        self, deployment: str, body: Mapping[str, object], door: Door, counted: Quota | None, used: Use | None
    ) -> AsyncGenerator[Piece, None]:
        async with aclosing(self.brain.reply(deployment, body)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Counted) and counted is not None and used is not None:
                    counted.end(used, piece.input_tokens + piece.output_tokens)
                if not (door == "litellm" and isinstance(piece, Named)):  # LiteLLM reports its alias, whoever answered
                    yield piece

    def _refuse(self, request: web.Request, body: Mapping[str, object], deployment: str, door: Door) -> web.Response | None:
        """Refuse a call without the key, for a deployment that is not there, or that says nothing."""
        if refused := self._refuse_key(request, door):
            return refused
        if deployment not in self.state.deployments:
            unknown = litellm.unknown_model(loose.text(body.get("model")))
            return self._respond("L7", door, unknown) if door == "litellm" else self._respond("D1", door)
        if not loose.array(body.get("messages")):
            message = "[] is too short - 'messages'"
            return web.json_response({"error": {"code": None, "message": message, "param": "messages"}}, status=400)
        return None

    def _refuse_key(self, request: web.Request, door: Door) -> web.Response | None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        key = "" if door == "openai" else request.headers.get("api-key", "")
        if hmac.compare_digest((key or bearer).encode(errors="surrogateescape"), self.state.key.encode()):
            return None
        match door:
            case "openai":
                return web.json_response(_OPENAI_KEY_WRONG, status=401)
            case "litellm":
                return self._respond("L3" if key or bearer else "L2", door)
            case "azure" if not bearer or key:
                return self._respond("A1", door)
            case "azure":
                rule = self.state.tokens
                fault = tokens.refusal(bearer, rule, int(self.clock.now().timestamp())) if rule else "A2"
                return self._respond(fault, door) if fault else None

    def _respond_to_all(self, play: Play, door: Door) -> web.Response:
        """Answer in a door's words, or, where the network itself answers, in nobody's."""
        spoken = "openai" if faults.is_of_the_network(play.name) else door
        return self._respond(play.name, spoken, play.fault, play.tuning)

    def _respond(self, name: str, door: Door, fault: Fault | None = None, tuning: Tuning | None = None) -> web.Response:
        said = answers.answer(name, fault or FAULTS[name], tuning or Tuning(), door=door, now=self.clock.now())
        region = {"x-ms-region": "Simulator"} if door == "azure" else {}
        return web.Response(status=said.status, body=said.body, headers={**said.headers, **region})


def _door_of(path: str) -> Door:
    first = path.split("/")[1]
    return "azure" if first == "openai" else "litellm" if first == "litellm" else "openai"


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    del request
    response.headers["Server"] = NAME
