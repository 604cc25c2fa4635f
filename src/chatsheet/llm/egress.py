"""The end of LiteLLM that we hold: a loopback server that LiteLLM takes for Azure.

It knows LiteLLM by a random key, adds the provider's key or Entra token (LiteLLM never holds one), applies the route's TLS
and address guard, passes bytes on as they come, and records what the provider really said under the attempt id.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.llm import causes, legs, retry_after, wire
from chatsheet.llm.causes import Evidence
from chatsheet.llm.collect import Collected
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import OK, Legs
from chatsheet.llm.records import Record, Records
from chatsheet.llm.routes import Route

_PASSED_BACK = (
    "content-type", "retry-after", "retry-after-ms", "x-ms-region", "apim-request-id", "x-request-id",
    "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens",
)  # fmt: skip
_MAX_BODY = 32 * 2**20
_WAIT_FOR_END_S = 0.8


@dataclass(slots=True)
class _Call:
    """One call while it passes through."""

    attempt: str
    route: Route
    status: int | None = None
    request_id: str | None = None
    cause: str | None = None
    filtered: str = ""
    retry_after_s: float | None = None
    adapted: tuple[str, ...] = ()
    has_left: bool = False
    """LiteLLM went away first: whatever is missing then is not the provider's doing."""
    collected: Collected = field(default_factory=Collected)

    def judge(self) -> None:
        """Name why the stream, now at its end, is not a whole answer; an error inside it is read as any other."""
        seen = self.collected
        if symptom := seen.verdict():
            evidence = Evidence(route_kind=self.route.kind, status=self.status, body=seen.error_body, symptom=symptom)
            self.cause = causes.classify(evidence).code
            self.filtered = seen.filtered or causes.filter_category(seen.error_body)

    def record(self, *, is_over: bool) -> Record:
        seen = self.collected
        is_whole = self.status == OK and seen.is_complete and not seen.problem
        end = "open" if not is_over else "complete" if is_whole else "cut" if self.status == OK else "error"
        return Record(
            attempt=self.attempt,
            route=self.route.name,
            cause=self.cause,
            filtered=self.filtered or seen.filtered,
            retry_after_s=self.retry_after_s,
            adapted=self.adapted,
            status=self.status,
            request_id=self.request_id,
            model=seen.model,
            finish_reason=seen.finish_reason,
            usage=seen.usage,
            end=end,
        )


class Egress:
    """Forwards LiteLLM's calls to the routes it serves."""

    def __init__(self, *, routes: Mapping[str, Route], legs: Legs, key: str, clock: Clock) -> None:
        self._routes = routes
        self._legs = legs
        self._key = key
        self._clock = clock
        self._running: dict[str, asyncio.Task[object]] = {}
        self.records = Records()

    async def change(self, routes: Mapping[str, Route]) -> None:
        """Go on with other routes, or other credentials for them."""
        self._routes = routes
        await self._legs.keep(routes.values())

    def app(self) -> web.Application:
        """Return the server: `/egress/ROUTE/…` for LiteLLM, `/records` for the gateway; all behind the key."""
        app = web.Application(client_max_size=_MAX_BODY, middlewares=[self._authenticate])
        app.router.add_post("/egress/{route}/{path:.*}", self._forward)
        app.router.add_get("/egress/{route}/v1/models", self._models)
        app.router.add_get("/records/{attempt}", self._one_record)
        app.router.add_delete("/records/{attempt}", self._abandon)
        app.router.add_get("/records", self._all_records)
        return app

    @web.middleware
    async def _authenticate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("api-key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._key.encode()):
            return web.json_response({"error": {"code": "egress.key_wrong", "message": "wrong key"}}, status=401)
        return await handler(request)

    async def _one_record(self, request: web.Request) -> web.Response:
        wait_s = 0 if request.query.get("wait") == "0" else _WAIT_FOR_END_S
        record = await self.records.ended(request.match_info["attempt"], wait_s)
        if record is None:
            return web.json_response({"error": {"code": "record.not_found", "message": "no such attempt"}}, status=404)
        return web.Response(body=msgspec.json.encode(record), content_type="application/json")

    async def _all_records(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=msgspec.json.encode(self.records.latest()), content_type="application/json")

    async def _abandon(self, request: web.Request) -> web.Response:
        """End a call that the gateway gave up: LiteLLM would hold on to it."""
        if (task := self._running.get(request.match_info["attempt"])) is not None:
            task.cancel()
        return web.Response(status=204)

    async def _models(self, request: web.Request) -> web.Response:
        """Answer the look that LiteLLM takes every five minutes; it is nothing to ask the provider for."""
        return web.json_response({"object": "list", "data": [{"id": request.match_info["route"], "object": "model"}]})

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        route = self._routes.get(request.match_info["route"])
        if route is None or not request.match_info["path"].endswith("chat/completions"):
            return web.json_response({"error": {"code": "404", "message": "Resource not found"}}, status=404)
        call = _Call(request.headers.get(wire.ATTEMPT_HEADER, "unnamed"), route)
        self.records.put(call.record(is_over=False))
        if (task := asyncio.current_task()) is not None:
            self._running[call.attempt] = task
        try:
            return await self._pass_on(call, request)
        except (aiohttp.ClientError, OSError, TokenFailed) as error:
            evidence = Evidence(route_kind=route.kind, exceptions=legs.exception_chain(error))
            call.cause = call.collected.verdict() if call.collected.text else causes.classify(evidence).code
            if call.status == OK:
                return _break_off(request)
            return web.json_response({"error": {"code": call.cause, "message": "Connection error."}}, status=502)
        except asyncio.CancelledError:
            call.has_left = True
            raise
        finally:
            self._running.pop(call.attempt, None)
            if call.status == OK and call.cause is None and not call.has_left:
                call.judge()
                call.retry_after_s = retry_after.read({}, call.collected.error_body, self._clock.now())
            self.records.put(call.record(is_over=True))

    async def _pass_on(self, call: _Call, request: web.Request) -> web.StreamResponse:
        # LiteLLM knows a neutral model name; ours is the one that counts
        parsed = loose.parse(await request.read())
        body = {**(parsed if isinstance(parsed, dict) else {}), "model": call.route.model}
        answer = await self._legs.ask(call.route, body, {})
        upstream = answer.response
        call.adapted, call.status, call.request_id = answer.adapted, upstream.status, answer.request_id
        try:
            headers = {name: upstream.headers[name] for name in _PASSED_BACK if name in upstream.headers}
            if upstream.status != OK:
                return self._refused(call, upstream, answer.said, headers)
            if upstream.content_type == "text/html":
                call.cause = "provider.not_json"
                return web.json_response({"error": {"code": call.cause, "message": "a page, and no answer"}}, status=502)
            self.records.put(call.record(is_over=False))  # with the request id, for who asks while the call runs
            return await self._stream(call, request, upstream, headers)
        finally:
            if call.collected.is_done:
                self._legs.finish(upstream)
            else:
                upstream.close()

    def _refused(self, call: _Call, upstream: aiohttp.ClientResponse, said: str, headers: Mapping[str, str]) -> web.Response:
        evidence = Evidence(route_kind=call.route.kind, status=upstream.status, headers=dict(upstream.headers), body=said)
        call.cause, call.filtered = causes.classify(evidence).code, causes.filter_category(said)
        call.retry_after_s = retry_after.read(upstream.headers, said, self._clock.now())
        if call.cause == "azure.token_rejected":
            self._legs.reject_token(call.route)
        return web.Response(status=upstream.status, body=said.encode(), headers=headers)

    async def _stream(
        self, call: _Call, request: web.Request, upstream: aiohttp.ClientResponse, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        decoder = wire.EventDecoder()
        while data := await upstream.content.readany():
            try:
                # event by event, so that what LiteLLM would lose of one can be put where it does not
                await response.write(_read(call.collected, decoder, data))
            except ConnectionError:
                call.has_left = True
                return _break_off(request)
            if call.collected.is_done or call.collected.problem:
                break
        # before the last byte goes out: who hears the end of the stream must already find the record
        self.records.put(call.record(is_over=True))
        if call.collected.verdict():
            return _break_off(request)  # a proper end would let LiteLLM make up a finish reason and call it complete
        await response.write_eof()
        return response


def _read(collected: Collected, decoder: wire.EventDecoder, data: bytes) -> bytes:
    """Take what arrived, and return the events that are complete as LiteLLM should hear them."""
    try:
        events = decoder.feed(data)
    except OverflowError:
        collected.problem = "stream.malformed"
        return b""
    if decoder.is_page:
        collected.problem = "provider.not_json"
    for event in events:
        collected.take(event, [])
    return b"".join(b"data: " + wire.without_refusal(event) + b"\n\n" for event in events)


def _break_off(request: web.Request) -> web.Response:
    """End the connection without a proper end; the response is never sent, it only lets the handler return."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)
