"""The hybrid: tries the routes that router.py chooses under one deadline, and yields the answer with its trail.

Nothing reaches the caller before a route's first content. What is an answer and why an attempt failed: attempt.py. Which
routes are ill: health.py; they are probed beside the calls, so that no caller pays for finding out.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chatsheet.core.clock import Clock
from chatsheet.core.tasks import Tasks
from chatsheet.llm import breaker, replies, trial
from chatsheet.llm.attempt import Attempt, Failed, Means, RecordReader
from chatsheet.llm.call import Call, NoRouteAnswered, NotConfigured, RequestRefused, end_span
from chatsheet.llm.causes import Evidence
from chatsheet.llm.health import Health
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest, Finished, Reply, Restarted, StreamEvent
from chatsheet.llm.replies import Replies
from chatsheet.llm.routes import Plan, Route
from chatsheet.telemetry.model_calls import ModelCalls

__all__ = ["Gateway", "NoRouteAnswered", "NotConfigured", "RequestRefused"]

_ABANDON_S = 1.0
_PROBE = ChatRequest({"messages": [{"role": "user", "content": "Say ok."}], "max_tokens": 16})
"""Nothing of any caller's, and a few tokens only."""


class Gateway:
    """One door for every model call of this process."""

    def __init__(
        self,
        *,
        plan: Plan,
        legs: Legs,
        records: RecordReader,
        clock: Clock,
        telemetry: ModelCalls | None = None,
        replies: Replies | None = None,
    ) -> None:
        self.plan = plan
        self.telemetry = telemetry or ModelCalls.off()
        self.health = Health(clock=clock, telemetry=self.telemetry)
        self._replies = replies
        self._means = Means(legs, records, clock)
        self._tasks = Tasks()
        self._abandoned = Tasks()
        self._calls: set[Call] = set()
        self._has_ours = any(route.is_ours for route in plan.routes)
        self._litellm_pid: int | None = None
        self.health.tell(plan.routes)

    def unnamed(self) -> list[tuple[str, Evidence]]:
        """Return what was seen of the latest failures that have no name yet, each with its route; held in memory only."""
        return list(self._means.unnamed)

    async def complete(self, request: ChatRequest) -> Reply:
        """Return the whole reply; raises NoRouteAnswered, RequestRefused, NotConfigured."""
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if type(event) is Finished:
                    return event.reply
        raise AssertionError("a stream ends with Finished or an error")

    async def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield deltas, `Restarted` where a route died after content, and `Finished` last.

        Raises NoRouteAnswered, RequestRefused, NotConfigured; always ends by the deadline.
        """
        call = Call(request, self.plan, self.health, self._means, self.telemetry, self._abandoned)
        self._calls.add(call)
        try:
            while True:
                self._notice_restarts()
                step = call.choose()
                self._probe_others(step.route)
                kept = self._replies.key(request, step.route) if self._replies is not None else None
                known = await self._replies.look(kept) if self._replies is not None and kept is not None else None
                if known is not None:
                    for delta in replies.deltas(known):
                        yield delta
                    yield Finished(call.repeated(step.route, known))
                    return
                opened = await call.open(step)
                if opened is None:
                    continue
                attempt, batch = opened
                try:
                    while batch:
                        for delta in batch:
                            yield delta
                        batch = await attempt.more()
                    await attempt.judge()
                except Failed as failed:
                    call.failed(attempt, failed)
                    if attempt.first_content is not None:
                        yield Restarted(attempt.route.name, failed.cause.code)
                    continue
                reply = call.answered(attempt)
                if self._replies is not None and kept is not None and attempt.route.name == step.route.name:
                    await self._replies.keep(kept, reply)
                yield Finished(reply)
                return
        finally:
            self._calls.discard(call)
            call.close()

    def _notice_restarts(self) -> None:
        """Begin anew with our LiteLLM once it was started again: what failed before says nothing of the new one."""
        pid = self._means.records.litellm_pid() if self._has_ours else None
        if pid is not None and pid != self._litellm_pid:
            self._litellm_pid = pid
            for route in self.plan.routes:
                if route.is_ours:
                    self.health.forget(route)

    async def change(self, plan: Plan) -> None:
        """Go on with other routes; one whose settings or credentials changed begins healthy."""
        self.plan = plan
        self._has_ours = any(route.is_ours for route in plan.routes)
        self.health.keep(plan.routes)
        self.health.tell(plan.routes)
        await self._means.legs.keep(plan.routes)

    def _probe_others(self, chosen: Route) -> None:
        """Probe ill routes whose time has come beside the call that passes them by."""
        for route in self.health.due(self.plan.routes):
            if route.name != chosen.name:
                self._tasks.spawn(self._probe(route), name=f"probe {route.name}")

    async def _probe(self, route: Route) -> None:
        """Find out with one small call whether an ill route answers again."""
        if route.is_ours and not self._means.records.is_ready():
            return  # nothing to find out
        if not await self.health.may_probe(route):
            return
        attempt = self._small(route)
        try:
            if breaker.is_unreached(self.health.breaker(route)) and not await self._means.legs.reaches(route):
                self.health.unreached(route)
                return
            await self._call_once(route, attempt, is_probe=True)
        finally:
            attempt.close()
            self.health.probed(route)
            if self.health.shared is not None:
                await self.health.shared.probed(route.fingerprint)

    def answered_s_ago(self, route: Route) -> float | None:
        """Return how long ago a route answered a call or a probe; None where it never did, or is known to be ill since."""
        is_down = route.is_ours and not self._means.records.is_ready()
        return None if is_down else self.health.answered_s_ago(route)

    async def prove(self, route: Route) -> str:
        """Find out with one small call whether a route answers, and return the cause why not, or "".

        One that is known to be ill is called only when it may be probed; health hears of the outcome.
        """
        if route.is_ours and not self._means.records.is_ready():
            return "litellm.down"
        if self.health.breaker(route).is_closed:
            attempt = self._small(route)
            try:
                return await self._call_once(route, attempt, is_probe=False)
            finally:
                attempt.close()
        await self._probe(route)
        known = self.health.breaker(route)
        return "" if known.is_closed else known.cause

    def _small(self, route: Route) -> Attempt:
        return Attempt(self._means, route, deadline=self._means.clock.monotonic() + route.first_content_s + route.idle_s)

    async def _call_once(self, route: Route, attempt: Attempt, *, is_probe: bool) -> str:
        """Make the small call, tell health and telemetry, and return the cause of its failure, or ""."""
        server, port = route.origin
        span = self.telemetry.attempt(
            route=route.name, kind=route.kind, model=route.model, server=server, port=port, is_probe=True
        )
        cause = "caller.left"  # until it has ended, which it does not where the gateway is closed first
        try:
            failed = await trial.run(attempt, _PROBE, span.headers)
            cause = ""
            # a reasoning model may use its few tokens for thought
            if failed is not None and (failed.cause.code != "stream.empty" or attempt.collected.finish_reason != "length"):
                cause, wait_s = failed.cause.code, failed.retry_after_s
                self.health.failed(route, failed.cause, started=attempt.started, retry_after_s=wait_s, is_probe=is_probe)
                if route.is_ours:
                    await self._means.records.abandon(attempt.id)
        finally:
            end_span(span, attempt, cause, self._means.clock.monotonic())
        if not cause:
            self.health.succeeded(route, started=attempt.started, is_probe=is_probe)
        return cause

    async def close(self) -> None:
        """End probes and calls; the egress still hears which calls were given up, or LiteLLM would make them all the same."""
        for call in list(self._calls):
            call.break_off()
        await self._tasks.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ABANDON_S):
                await self._abandoned.join()
        await self._abandoned.close()
