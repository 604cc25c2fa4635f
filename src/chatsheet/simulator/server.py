"""The simulator's two ports: the wire that clients call, and the control port through which tests and rehearsals set it up.

Sockets are handled by aiohttp, whose transports can be reset, held and cut as real networks do it.
"""

import asyncio
import hmac
import logging
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from chatsheet.core import loose
from chatsheet.core.ids import new_id
from chatsheet.simulator import faults, wire
from chatsheet.simulator.brain import Brain, BrainFailed, Call, Counted, Piece, Say
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain
from chatsheet.simulator.faults import FAULTS, Fault

log = logging.getLogger(__name__)

_PIECES_BEFORE_TROUBLE = 3
_MOST_REQUESTS = 1_000
_DATED_VERSIONS = ("2024-02-01", "2024-06-01", "2024-10-21")
_NO_LINGER = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST instead of FIN


class FaultOrder(BaseModel):
    """Which fault to play for a deployment, and how often; None is until it is taken back."""

    model_config = ConfigDict(extra="forbid")

    deployment: str
    fault: str
    times: int | None = Field(default=None, ge=1)


class ScriptOrder(BaseModel):
    """A deployment to make, with the exchanges of its script."""

    model_config = ConfigDict(extra="forbid")

    deployment: str
    exchanges: tuple[Exchange, ...] = ()


@dataclass(slots=True)
class Order:
    """A fault that waits to be played; `left` counts down, None stays."""

    fault: str
    left: int | None


@dataclass(slots=True)
class State:
    """What the control port set up and what the wire saw."""

    key: str
    deployments: set[str]
    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    requests: deque[dict[str, JsonValue]] = field(default_factory=lambda: deque[dict[str, JsonValue]](maxlen=_MOST_REQUESTS))

    def next_fault(self, deployment: str) -> str:
        """Return the fault to play now, counting it; an empty text for none."""
        order = self.orders.get(deployment)
        if order is None:
            return ""
        if order.left is not None:
            order.left -= 1
            if order.left <= 0:
                del self.orders[deployment]
        return order.fault


class Simulator:
    """Both servers over one state and one brain."""

    def __init__(self, *, brain: Brain, key: str, control_key: str, deployments: set[str]) -> None:
        self.brain = brain
        self._control_key = control_key
        self.state = State(key, set(deployments))

    def wire_app(self) -> web.Application:
        """Return the server that speaks Azure OpenAI's and OpenAI's format."""
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/openai/deployments/{deployment}/chat/completions", self._azure_dated)
        app.router.add_post("/openai/v1/chat/completions", self._azure_v1)
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_get("/openai/v1/models", self._models)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", self._unknown_path)
        return app

    def control_app(self) -> web.Application:
        """Return the control server; every call needs its key."""
        app = web.Application(middlewares=[self._authenticate_control])
        app.router.add_get("/faults", self._list_faults)
        app.router.add_post("/faults", self._set_fault)
        app.router.add_delete("/faults", self._clear_faults)
        app.router.add_post("/scripts", self._add_script)
        app.router.add_get("/requests", self._list_requests)
        return app

    # ── the wire ──

    async def _azure_dated(self, request: web.Request) -> web.StreamResponse:
        version = request.query.get("api-version", "")
        if not version:
            return _fault_response(FAULTS["D2"])
        if version not in _DATED_VERSIONS and not version.endswith("-preview"):
            return _fault_response(FAULTS["D3"])
        return await self._answer(request, deployment=request.match_info["deployment"], is_azure=True)

    async def _azure_v1(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, deployment=None, is_azure=True)

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, deployment=None, is_azure=False)

    async def _models(self, request: web.Request) -> web.Response:
        if refused := self._refuse_key(request, is_azure=request.path.startswith("/openai")):
            return refused
        listed: list[JsonValue] = [{"id": name, "object": "model"} for name in sorted(self.state.deployments)]
        return web.json_response({"object": "list", "data": listed})

    async def _unknown_path(self, request: web.Request) -> web.Response:
        del request
        return _fault_response(FAULTS["D2"])

    async def _answer(self, request: web.Request, *, deployment: str | None, is_azure: bool) -> web.StreamResponse:
        body = loose.obj(loose.parse(await request.read()))
        deployment = deployment or loose.text(body.get("model"))
        names: list[JsonValue] = [*sorted(request.headers)]
        self.state.requests.append({"path": request.path, "deployment": deployment, "headers": names})
        if refused := self._refuse_key(request, is_azure=is_azure):
            return refused
        deployment, by_name = faults.by_deployment_name(deployment)
        if deployment not in self.state.deployments:
            return _fault_response(FAULTS["D1"])
        if not loose.array(body.get("messages")):
            message = "[] is too short - 'messages'"
            return web.json_response({"error": {"code": None, "message": message, "param": "messages"}}, status=400)
        fault = FAULTS.get(by_name or self.state.next_fault(deployment))
        if fault is not None and fault.status:
            return _fault_response(fault)
        writer = wire.Writer(f"chatcmpl-{new_id('sim')}", f"{deployment}-simulated", int(time.time()), is_azure)
        try:
            if body.get("stream") is True:
                return await self._stream(request, body, deployment, writer, fault)
            await _misbehave_before(request, fault)
            return await self._whole(body, deployment, writer)
        except BrainFailed as error:
            log.warning("%s", error)
            return web.json_response({"error": {"code": "500", "message": f"simulator: {error}"}}, status=500)

    def _refuse_key(self, request: web.Request, *, is_azure: bool) -> web.Response | None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = (request.headers.get("api-key") if is_azure else None) or bearer
        if hmac.compare_digest(given.encode(errors="surrogateescape"), self.state.key.encode()):
            return None
        if is_azure:
            return _fault_response(FAULTS["A2" if bearer and "api-key" not in request.headers else "A1"])
        error = {"code": "invalid_api_key", "type": "invalid_request_error", "message": "Incorrect API key provided."}
        return web.json_response({"error": error}, status=401)

    async def _whole(self, body: Mapping[str, object], deployment: str, writer: wire.Writer) -> web.Response:
        text, usage, calls = "", Counted(0, 0), dict[int, Call]()
        async with aclosing(self.brain.reply(deployment, body)) as pieces:
            async for piece in pieces:
                match piece:
                    case Say():
                        text += piece.text
                    case Counted():
                        usage = piece
                    case Call(index, call_id, name, arguments):
                        old = calls.get(index, Call(index, "", "", ""))
                        calls[index] = Call(index, call_id or old.id, name or old.name, old.arguments + arguments)
        listed: list[JsonValue] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in calls.values()
        ]
        answer = writer.whole(text, listed, "tool_calls" if listed else "stop", usage)
        return web.json_response(answer, headers=wire.headers(writer.id, is_azure=writer.is_azure))

    async def _stream(
        self,
        request: web.Request,
        body: Mapping[str, object],
        deployment: str,
        writer: wire.Writer,
        fault: Fault | None,
    ) -> web.StreamResponse:
        trouble = fault.stream if fault else None
        await _misbehave_before(request, fault)
        headers = {**wire.headers(writer.id, is_azure=writer.is_azure), "content-type": "text/event-stream"}
        response = web.StreamResponse(headers=headers)
        usage, finish, sent = Counted(0, 0), "stop", 0
        async with aclosing(self.brain.reply(deployment, body)) as pieces:
            async for piece in _whole_or_reset(pieces, request, response):
                if not response.prepared:  # only now: a brain that cannot answer still gets its 500
                    await response.prepare(request)
                    await response.write(b"".join(writer.opening()))
                if trouble == "empty":
                    break
                if isinstance(piece, Counted):
                    usage = piece
                    continue
                if trouble and sent >= _PIECES_BEFORE_TROUBLE:
                    break
                finish = "tool_calls" if isinstance(piece, Call) else finish
                await response.write(writer.piece(piece))
                sent += 1
        if trouble == "cut":
            return _reset(request)
        if trouble == "stall":
            await asyncio.Event().wait()
        if trouble != "truncate":
            with_usage = loose.obj(body.get("stream_options")).get("include_usage") is True
            closing = writer.closing(finish, usage, with_usage=with_usage)
            await response.write(b"".join(closing))
        await response.write_eof()
        return response

    # ── the control port ──

    @web.middleware
    async def _authenticate_control(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._control_key.encode()):
            return web.json_response({"error": "the control key is missing or wrong"}, status=401)
        try:
            return await handler(request)
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _list_faults(self, request: web.Request) -> web.Response:
        del request
        active = {name: {"fault": order.fault, "left": order.left} for name, order in self.state.orders.items()}
        return web.json_response({"known": {name: f.about for name, f in FAULTS.items()}, "active": active})

    async def _set_fault(self, request: web.Request) -> web.Response:
        order = FaultOrder.model_validate_json(await request.read())
        if order.fault not in FAULTS:
            return web.json_response({"error": f"unknown fault; known: {', '.join(FAULTS)}"}, status=400)
        self.state.orders[order.deployment] = Order(order.fault, order.times)
        return web.json_response({"set": order.fault})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        del request
        self.state.orders.clear()
        return web.json_response({"cleared": True})

    async def _add_script(self, request: web.Request) -> web.Response:
        order = ScriptOrder.model_validate_json(await request.read())
        self.state.deployments.add(order.deployment)
        if not isinstance(self.brain, ScriptedBrain):
            return web.json_response({"error": f"the {self.brain.name} brain takes no script"}, status=409)
        self.brain.add(order.deployment, order.exchanges)
        return web.json_response({"exchanges": len(order.exchanges)})

    async def _list_requests(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(list(self.state.requests))


async def _misbehave_before(request: web.Request, fault: Fault | None) -> None:
    if fault is not None and fault.stream == "reset":
        _reset(request)
    if fault is not None and fault.stream == "silence":
        await asyncio.Event().wait()


async def _whole_or_reset(
    pieces: AsyncGenerator[Piece, None], request: web.Request, response: web.StreamResponse
) -> AsyncGenerator[Piece, None]:
    """Pass pieces on; a brain that breaks off in the middle breaks the connection, as a real server would."""
    try:
        async for piece in pieces:
            yield piece
    except BrainFailed as error:
        if not response.prepared:
            raise
        log.warning("%s", error)
        _reset(request)


def _fault_response(fault: Fault) -> web.Response:
    return web.json_response(fault.body, status=fault.status, headers={**fault.headers, "x-ms-region": "Simulator"})


def _reset(request: web.Request) -> web.StreamResponse:
    """Reset the connection as a broken network does, and never answer."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
    raise asyncio.CancelledError
