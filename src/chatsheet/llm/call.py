"""One request on its way through the routes: what was tried, what is left of its deadline, and the trail of it all."""

import asyncio
from dataclasses import replace

from chatsheet.core.acts import NOTHING, Spent
from chatsheet.core.errors import BadInput, Unavailable
from chatsheet.core.tasks import Tasks
from chatsheet.llm import cost, router, wire
from chatsheet.llm.attempt import Attempt, Failed, Means
from chatsheet.llm.breaker import SLOWNESS
from chatsheet.llm.causes import CATALOGUE, Cause
from chatsheet.llm.collect import Delta
from chatsheet.llm.health import Health
from chatsheet.llm.model import Attempt as Tried
from chatsheet.llm.model import ChatRequest, Reply, Skipped, Trail, Usage
from chatsheet.llm.router import Failure, GiveUp, Try
from chatsheet.llm.routes import Plan, Route
from chatsheet.telemetry.model_calls import AttemptSpan, ModelCalls

_LOST = "hedge.lost"
_LEFT = "caller.left"
_OF_REQUESTS = frozenset({400, 405, 408, 409, 411, 413, 414, 415, 422, 424, 431})
_FAIR = 0.45
"""Which part of its own time a route must have had before silence counts against it."""

Opened = tuple[Attempt, list[Delta]]
"""An attempt that has begun to answer, and its first content."""


class NotConfigured(Unavailable):
    """No route to a model is set."""

    code = "llm.not_configured"


class NoRouteAnswered(Unavailable):
    """Every route failed, or the deadline ended the search; `trail` says how, `cause` what to mend first."""

    code = "llm.no_route_answered"
    trail = Trail()
    spent = NOTHING
    cause = CATALOGUE["unknown"]
    retry_after_s: float | None = None
    """What the provider that failed last told to wait."""


class RequestRefused(BadInput):
    """The model refuses this very request, whatever the route; `trail` says which route said so, `cause` why."""

    code = "llm.request_refused"
    status = 422
    trail = Trail()
    spent = NOTHING
    cause = CATALOGUE["unknown"]


def end_span(span: AttemptSpan, attempt: Attempt, cause: str, now: float) -> None:
    """Tell how an attempt ended; `cause` is empty for a good one."""
    collected = attempt.collected
    usage = collected.usage
    span.end(
        cause=cause,
        status=attempt.status,
        seconds=now - attempt.started,
        first_content_s=None if attempt.first_content is None else attempt.first_content - attempt.started,
        response_model=collected.model,
        finish_reason=collected.finish_reason,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cached_tokens=usage.cached_tokens if usage else None,
        cost=cost.of(usage, attempt.route.price),
        proof=attempt.proof,
        request_id=attempt.request_id or "",
    )


class Call:
    """A request under way."""

    def __init__(
        self, request: ChatRequest, plan: Plan, health: Health, means: Means, telemetry: ModelCalls, tasks: Tasks
    ) -> None:
        if not plan.routes:
            raise NotConfigured(
                "no route to a model is configured.",
                fix="write chatsheet.toml (docs/reference/settings.md), or try `chatsheet demo`.",
            )
        self._request = request
        self._plan = plan
        self._health = health
        self._means = means
        self._telemetry = telemetry
        self._tasks = tasks
        self._started = means.clock.monotonic()
        self._deadline = self._started + plan.deadline_s
        self._failures: list[Failure] = []
        self._tried: list[Tried] = []
        self._skipped: dict[str, Skipped] = {}
        self._running: dict[Attempt, AttemptSpan] = {}
        self._filtered = ""
        self._is_broken_off = False
        self._hedged_price = 0.0
        """What a million input tokens cost on the routes that lost a race for this call."""
        self._spent = NOTHING

    def _remaining_s(self) -> float:
        return self._deadline - self._means.clock.monotonic()

    # ── where to go ──

    def choose(self) -> Try:
        """Return the next step; raises NoRouteAnswered or RequestRefused where none is left."""
        if self._is_broken_off:
            raise self._error(self._failures[-1].cause if self._failures else CATALOGUE["unknown"])
        ill = self._health.ill(self._plan.routes)
        step = router.choose(self._plan.routes, self._failures, ill, remaining_s=self._remaining_s())
        if isinstance(step, GiveUp):
            raise self._error(step.cause)
        for name, closed in ill.items():
            if name not in self._skipped and name != step.route.name and all(f.route != name for f in self._failures):
                self._skipped[name] = Skipped(name, closed.cause)
        self._skipped.pop(step.route.name, None)
        if self._failures and self._failures[-1].route != step.route.name:
            last = self._failures[-1]
            self._telemetry.fallback(route=last.route, to=step.route.name, cause=last.cause.code)
        return step

    async def open(self, step: Try) -> Opened | None:
        """Try the route, and return the attempt once it has content; None where it failed."""
        if step.after_s:
            await asyncio.sleep(step.after_s)
        usual_s = self._health.usual_first_content_s(step.route) if self._plan.hedge else None
        other = self._partner(step.route) if usual_s is not None else None
        if usual_s is None or other is None:
            return await self._first(step.route)
        return await self._race(step.route, other, usual_s)

    def _partner(self, first: Route) -> Route | None:
        return router.partner(self._plan.routes, self._failures, self._health.ill(self._plan.routes), first)

    async def _first(self, route: Route) -> Opened | None:
        attempt = Attempt(self._means, route, deadline=self._deadline, remembered=self._health.breaker(route).first_cause)
        server, port = route.origin
        span = self._telemetry.attempt(route=route.name, kind=route.kind, model=route.model, server=server, port=port)
        self._running[attempt] = span
        tried = {failure.route for failure in self._failures} | {route.name}
        is_last = all(one.name in tried for one in self._plan.routes)
        limit_s = router.first_content_s(route, remaining_s=self._remaining_s(), is_last=is_last)
        # with the deadline near, silence says nothing of the route
        attempt.is_rushed = limit_s < _FAIR * route.first_content_s
        try:
            body = wire.body(self._request, route, attempt.id if route.is_ours else "")
            return attempt, await attempt.open(body, {**wire.limits(route), **span.headers}, limit_s)
        except Failed as failed:
            self.failed(attempt, failed)
            return None

    async def _race(self, route: Route, other: Route, usual_s: float) -> Opened | None:
        """Start another route where the first is slower than usual, and return whichever has content first."""
        running = {asyncio.ensure_future(self._first(route))}
        winner: Opened | None = None
        try:
            done, _ = await asyncio.wait(running, timeout=usual_s)
            if not done:
                running.add(asyncio.ensure_future(self._first(other)))
            while running and winner is None and not self._is_final():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                winner = next((opened for task in done if (opened := task.result()) is not None), None)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        for attempt in list(self._running):
            if winner is None or attempt is not winner[0]:
                self._hedged_price += attempt.route.price.input if attempt.route.price else 0.0
                self._end(attempt, _LOST)
        return winner

    def _is_final(self) -> bool:
        """Tell whether what failed last would fail everywhere."""
        return bool(self._failures) and not self._failures[-1].cause.another_route_helps

    # ── how it went ──

    def failed(self, attempt: Attempt, failed: Failed) -> None:
        """Count a failed attempt."""
        self._failures.append(Failure(attempt.route.name, failed.cause, failed.retry_after_s))
        self._filtered = failed.filtered
        is_rushed = attempt.is_rushed and failed.cause.code in SLOWNESS
        # a status that speaks of the request, in words that nobody knows: it must not close the route to others
        is_the_requests = failed.cause.code == "unknown" and attempt.status in _OF_REQUESTS
        # whether our LiteLLM is up costs nothing to know: no breaker, no probes
        is_known = attempt.route.is_ours and failed.cause.code == "litellm.down"
        if not (is_rushed or is_the_requests or is_known):
            self._health.failed(attempt.route, failed.cause, started=attempt.started, retry_after_s=failed.retry_after_s)
        if attempt.first_content is not None:
            self._telemetry.restarted(route=attempt.route.name, cause=failed.cause.code)
        self._end(attempt, failed.cause.code)

    def answered(self, attempt: Attempt) -> Reply:
        """Return the reply of the attempt that answered."""
        route = attempt.route
        first_content_s = attempt.first_content - attempt.started if attempt.first_content is not None else None
        self._health.succeeded(route, started=attempt.started, first_content_s=first_content_s if self._plan.hedge else None)
        self._end(attempt, "")
        self._tell_passed_by(route.name)
        self._tell(len(self._tried), "answered", route.name)
        usage = attempt.collected.usage
        price = cost.of(usage, route.price)
        spent = self._spent
        if price is not None and usage is not None:
            hedged = usage.input_tokens * self._hedged_price / 1_000_000
            price, spent = price + hedged, spent + Spent(cost=hedged)
        reply = attempt.collected.reply(route=route.name, trail=self._trail(), cost=price)
        return replace(reply, spent=spent, allowance=attempt.allowance)

    def repeated(self, route: Route, reply: Reply) -> Reply:
        """Return what the route said before to the same request: nobody was asked, and nothing spent."""
        self._tried.append(Tried(route=route.name, cause=None, proof="cache", milliseconds=0))
        self._tell(len(self._tried), "answered", route.name)
        return replace(reply, route=route.name, trail=self._trail(), usage=Usage(), cost=0.0, spent=NOTHING, allowance=None)

    def _end(self, attempt: Attempt, cause: str) -> None:
        """Close an attempt, and write it into the trail and its span."""
        span = self._running.pop(attempt, None)
        if span is None:
            return
        tried = attempt.ended(cause or None)
        self._tried.append(tried)
        self._spent += cost.spent(attempt.collected.usage, attempt.route.price, is_answer=not cause)
        attempt.close()
        if cause and attempt.route.is_ours:
            # LiteLLM holds a silent upstream open when we leave; the egress ends it
            self._tasks.spawn(self._means.records.abandon(attempt.id), name="abandon")
        end_span(span, attempt, cause, self._means.clock.monotonic())

    def break_off(self) -> None:
        """Let what still runs fail at once: the gateway is closed."""
        self._is_broken_off = True
        for attempt in self._running:
            attempt.break_off()

    def close(self) -> None:
        """End what still runs: the caller has left."""
        for attempt in list(self._running):
            self._end(attempt, _LEFT)

    def _tell(self, attempts: int, outcome: str, route: str) -> None:
        seconds = self._means.clock.monotonic() - self._started
        self._telemetry.call(seconds=seconds, attempts=attempts, outcome=outcome, route=route)

    def _tell_passed_by(self, to: str) -> None:
        """Tell which ill routes before the one that answered would have been called first."""
        for name in (route.name for route in self._plan.routes) if self._skipped else ():
            if name == to:
                return
            if name in self._skipped:
                self._telemetry.passed_by(route=name, to=to, cause=self._skipped[name].cause)

    def _trail(self) -> Trail:
        return Trail(attempts=tuple(self._tried), skipped=tuple(self._skipped.values()))

    def _error(self, cause: Cause) -> NoRouteAnswered | RequestRefused:
        trail = self._trail()
        self._tell(len(self._tried), cause.code, self._tried[-1].route if self._tried else "")
        if cause.another_route_helps or cause.code == "deadline.exceeded":
            what = f"no route to the model answered ({trail.line() or cause.code})."
            error: NoRouteAnswered | RequestRefused = NoRouteAnswered(what, fix=f"{cause.fix}.")
            error.retry_after_s = self._failures[-1].retry_after_s if self._failures else None
        else:
            what = f"the model refused the request: {cause.code}" + (f" ({self._filtered})." if self._filtered else ".")
            error = RequestRefused(what, fix=f"{cause.fix}.")
        error.trail, error.cause, error.spent = trail, cause, self._spent
        return error
