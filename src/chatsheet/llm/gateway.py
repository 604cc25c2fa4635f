"""The hybrid: tries the routes that router.py chooses under one deadline, and yields the answer with its trail.

Nothing reaches the caller before a route's first content. A stream counts as complete only with a finish reason from the
provider and a proper end; through our LiteLLM the egress's record is believed over LiteLLM's words.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Unavailable
from chatsheet.core.ids import new_id
from chatsheet.llm import causes, legs, router, wire
from chatsheet.llm.causes import CATALOGUE, Cause, Evidence
from chatsheet.llm.collect import Collected
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import (
    Attempt,
    ChatRequest,
    Finished,
    Proof,
    Reply,
    Restarted,
    StreamEvent,
    TextDelta,
    ToolDelta,
    Trail,
)
from chatsheet.llm.records import Record
from chatsheet.llm.router import Failure, GiveUp
from chatsheet.llm.routes import Plan, Route

_OK = 200
_LEAST_RECORD_S = 0.1  # also past the deadline: an answer that is there must still be verified
_MOST_RECORD_S = 1.0


class NotConfigured(Unavailable):
    """No route to a model is set."""

    code = "llm.not_configured"


class NoRouteAnswered(Unavailable):
    """Every route failed, or the deadline ended the search; `trail` says how."""

    code = "llm.no_route_answered"
    trail = Trail()


class RequestRefused(BadInput):
    """The model refuses this very request, whatever the route; `trail` says which route said so."""

    code = "llm.request_refused"
    status = 422
    trail = Trail()


class RecordReader(Protocol):
    """Where the gateway asks what the egress saw, and whether the LiteLLM that we run is there at all."""

    def is_ready(self) -> bool: ...
    async def get(self, attempt: str, *, wait: bool = True) -> Record | None: ...


class _Failed(Exception):
    """An attempt that ended without a whole answer."""

    def __init__(self, cause: Cause, filtered: str = "") -> None:
        super().__init__(cause.code)
        self.cause = cause
        self.filtered = filtered


@dataclass(slots=True)
class _Running:
    """One attempt while it runs."""

    route: Route
    started: float
    deadline: float
    id: str = field(default_factory=lambda: new_id("att"))
    collected: Collected = field(default_factory=Collected)
    first_content: float | None = None
    status: int | None = None
    request_id: str | None = None
    proof: Proof = "direct"

    def ended(self, cause: Cause | None, now: float) -> Attempt:
        first = self.first_content
        return Attempt(
            route=self.route.name,
            cause=cause.code if cause else None,
            proof=self.proof,
            status=self.status,
            milliseconds=round((now - self.started) * 1000),
            first_content_ms=None if first is None else round((first - self.started) * 1000),
            request_id=self.request_id,
        )


class Gateway:
    """One door for every model call of this process."""

    def __init__(self, *, plan: Plan, legs: Legs, records: RecordReader, clock: Clock) -> None:
        self.plan = plan
        self._legs = legs
        self._records = records
        self._clock = clock

    async def complete(self, request: ChatRequest) -> Reply:
        """Return the whole reply; raises NoRouteAnswered, RequestRefused, NotConfigured."""
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.reply
        raise AssertionError("a stream ends with Finished or an error")

    async def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield deltas, `Restarted` where a route died after content, and `Finished` last.

        Raises NoRouteAnswered, RequestRefused, NotConfigured; always ends by the deadline.
        """
        if not self.plan.routes:
            raise NotConfigured(
                "no route to a model is configured.",
                fix="write chatsheet.toml (docs/reference/settings.md), or try `chatsheet demo`.",
            )
        deadline = self._clock.monotonic() + self.plan.deadline_s
        failures: list[Failure] = []
        attempts: list[Attempt] = []
        filtered = ""
        while True:
            now = self._clock.monotonic()
            step = router.choose(self.plan.routes, failures, remaining_s=deadline - now)
            if isinstance(step, GiveUp):
                raise _error(step.cause, Trail(attempts=tuple(attempts)), filtered)
            running = _Running(step.route, started=now, deadline=deadline)
            try:
                async with aclosing(self._attempt(running, request)) as deltas:
                    async for delta in deltas:
                        yield delta
            except _Failed as failed:
                failures.append(Failure(step.route.name, failed.cause))
                attempts.append(running.ended(failed.cause, self._clock.monotonic()))
                filtered = failed.filtered
                if running.first_content is not None:
                    yield Restarted(step.route.name, failed.cause.code)
                continue
            attempts.append(running.ended(None, self._clock.monotonic()))
            trail = Trail(attempts=tuple(attempts))
            yield Finished(running.collected.reply(route=step.route.name, trail=trail))
            return

    async def _attempt(self, running: _Running, request: ChatRequest) -> AsyncGenerator[TextDelta | ToolDelta, None]:
        """Yield one route's deltas from the first content on; raises _Failed for anything but a whole answer."""
        route = running.route
        if route.kind == "litellm":
            running.proof = "unverified"
        if route.is_ours and not self._records.is_ready():
            # its port may be anybody's while it is down: neither key nor prompt goes there
            raise _Failed(CATALOGUE["litellm.down"])
        sent = wire.as_json(wire.body(request, route, running.id))
        first_content_at = running.started + route.first_content_s
        try:
            async with asyncio.timeout(self._until(running, first_content_at)):
                response = await self._legs.post(route, route.url, sent, wire.limits(route))
            try:
                async for delta in self._deltas(running, response, first_content_at):
                    yield delta
            finally:
                response.close()
        except (aiohttp.ClientError, OSError, TokenFailed) as error:  # TimeoutError is an OSError
            symptom = self._symptom(running, error)
            chain = () if symptom else legs.exception_chain(error)
            raise await self._failure(running, chain=chain, symptom=symptom) from None
        if verdict := running.collected.verdict():
            raise await self._failure(running, symptom=verdict, body=running.collected.error_body)
        await self._verify(running)

    def _symptom(self, running: _Running, error: Exception) -> str:
        """Name what only we can see of an exception: our own limits, and an end after content."""
        is_timeout = isinstance(error, TimeoutError)
        if is_timeout and self._clock.monotonic() >= running.deadline:
            return "deadline.exceeded"
        if running.first_content is None:
            return ""
        return "stream.stalled" if is_timeout else "stream.cut"

    async def _deltas(
        self, running: _Running, response: aiohttp.ClientResponse, first_content_at: float
    ) -> AsyncGenerator[TextDelta | ToolDelta, None]:
        running.status = response.status
        running.request_id = response.headers.get("apim-request-id") or response.headers.get("x-request-id")
        if response.status != _OK:
            async with asyncio.timeout(self._until(running, first_content_at)):
                body = await legs.error_body(response)
            raise await self._failure(running, body=body, headers=dict(response.headers))
        if response.content_type == "text/html":
            raise await self._failure(running, symptom="provider.not_json")
        decoder = wire.EventDecoder()
        while True:
            limit = first_content_at if running.first_content is None else self._clock.monotonic() + running.route.idle_s
            async with asyncio.timeout(self._until(running, limit)):
                data = await response.content.readany()
            if not data:
                return
            for event in decoder.feed(data):
                for delta in running.collected.take(event):
                    if running.first_content is None:
                        running.first_content = self._clock.monotonic()
                    yield delta
                if running.collected.problem:
                    return
                if running.collected.is_done:
                    await legs.finish(response)
                    return

    def _until(self, running: _Running, limit: float) -> float:
        return max(0.0, min(limit, running.deadline) - self._clock.monotonic())

    async def _failure(
        self,
        running: _Running,
        *,
        chain: tuple[str, ...] = (),
        symptom: str = "",
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> _Failed:
        """Name why an attempt failed; where our egress saw the provider fail, that is the cause."""
        record = await self._record(running, wait=not (chain or symptom == "deadline.exceeded"))
        if record is not None and record.cause is not None:
            return _Failed(CATALOGUE[record.cause], record.filtered)
        evidence = Evidence(
            route_kind=running.route.kind,
            status=running.status,
            headers=headers or {},
            body=body,
            exceptions=chain,
            symptom=symptom,
        )
        return _Failed(causes.classify(evidence), causes.filter_category(body))

    async def _verify(self, running: _Running) -> None:
        """Hold LiteLLM's word against the egress's record: what the provider did not finish is not an answer."""
        if not running.route.is_ours:
            return
        record = await self._record(running)
        if record is None:
            raise _Failed(CATALOGUE["litellm.no_record"])
        if record.end != "complete":
            raise _Failed(CATALOGUE[record.cause or "stream.cut"])
        running.collected.model = record.model or running.collected.model
        running.collected.usage = record.usage or running.collected.usage
        running.collected.finish_reason = record.finish_reason

    async def _record(self, running: _Running, *, wait: bool = True) -> Record | None:
        if not running.route.is_ours:
            return None
        limit_s = max(_LEAST_RECORD_S, min(_MOST_RECORD_S, running.deadline - self._clock.monotonic()))
        try:
            async with asyncio.timeout(limit_s):
                record = await self._records.get(running.id, wait=wait)
        except TimeoutError:
            return None
        if record is not None:
            running.proof = "egress"
            running.status = record.status or running.status
            running.request_id = record.request_id
        return record


def _error(cause: Cause, trail: Trail, filtered: str) -> NoRouteAnswered | RequestRefused:
    if cause.another_route_helps or cause.code == "deadline.exceeded":
        what = f"no route to the model answered ({trail.line() or cause.code})."
        error: NoRouteAnswered | RequestRefused = NoRouteAnswered(what, fix=f"{cause.fix}.")
    else:
        what = f"the model refused the request: {cause.code}" + (f" ({filtered})." if filtered else ".")
        error = RequestRefused(what, fix=f"{cause.fix}.")
    error.trail = trail
    return error
