"""How the routes of this process are doing: one breaker per deployment, first-content times, what others have seen.

State is decided in breaker.py; here it is held, told to telemetry, and shared with other replicas where a Redis is set.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatsheet.core.clock import Clock
from chatsheet.llm import breaker as breakers
from chatsheet.llm.breaker import HEALTHY, Breaker
from chatsheet.llm.causes import CATALOGUE, Cause
from chatsheet.llm.router import Closed
from chatsheet.llm.routes import Route
from chatsheet.telemetry.model_calls import ModelCalls

_MOST_TIMES = 100
_LEAST_TIMES = 20


class Shared(Protocol):
    """Where replicas tell each other about breakers."""

    def tell(self, key: str, breaker: Breaker) -> None: ...
    async def may_probe(self, key: str, hold_s: float) -> bool: ...
    async def probed(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteHealth:
    """A route's breaker as people see it; times are seconds from now."""

    route: str
    state: breakers.State
    cause: str
    first_cause: str
    since_s: float
    probe_in_s: float | None


class Health:
    """The breakers of all routes, keyed by the route's fingerprint: changed settings begin with a closed one."""

    def __init__(self, *, clock: Clock, telemetry: ModelCalls) -> None:
        self.shared: Shared | None = None
        self._clock = clock
        self._telemetry = telemetry
        self._breakers: dict[str, Breaker] = {}
        self._names: dict[str, Route] = {}
        self._first_content: dict[str, deque[float]] = {}
        self._probed: set[str] = set()
        self._answered: dict[str, float] = {}

    def breaker(self, route: Route) -> Breaker:
        return self._breakers.get(route.fingerprint, HEALTHY)

    def ill(self, routes: Sequence[Route]) -> Mapping[str, Closed]:
        """Return the routes whose breaker is open, by name."""
        if not self._breakers:
            return {}
        now = self._clock.monotonic()
        found: dict[str, Closed] = {}
        for route in routes:
            breaker = self._breakers.get(route.fingerprint, HEALTHY)
            if not breaker.is_closed:
                cause = CATALOGUE[breaker.cause]
                found[route.name] = Closed(breaker.cause, cause.permanent, max(0.0, breaker.until - now))
        return found

    def due(self, routes: Sequence[Route]) -> list[Route]:
        """Return the ill routes that may be probed now."""
        now = self._clock.monotonic()
        return [route for route in routes if breakers.probe_at(self.breaker(route)) <= now]

    def failed(
        self, route: Route, cause: Cause, *, started: float, retry_after_s: float | None = None, is_probe: bool = False
    ) -> None:
        """Count a failed attempt."""
        after = breakers.failed(
            self.breaker(route),
            cause,
            started=started,
            now=self._clock.monotonic(),
            retry_after_s=retry_after_s,
            is_slow=route.is_slow,
            is_probe=is_probe,
        )
        self._put(route, after)

    def succeeded(self, route: Route, *, started: float, first_content_s: float | None = None, is_probe: bool = False) -> None:
        """Count an attempt that answered."""
        now = self._answered[route.fingerprint] = self._clock.monotonic()
        if first_content_s is not None:
            self._first_content.setdefault(route.fingerprint, deque(maxlen=_MOST_TIMES)).append(first_content_s)
        if self._breakers:
            self._put(route, breakers.succeeded(self.breaker(route), started=started, now=now, is_probe=is_probe))

    def answered_s_ago(self, route: Route) -> float | None:
        """Return how long ago a route answered; None where it never did, or its breaker is open."""
        at = self._answered.get(route.fingerprint)
        return None if at is None or not self.breaker(route).is_closed else self._clock.monotonic() - at

    async def may_probe(self, route: Route) -> bool:
        """Take the single probe of a route, from the other replicas too; False where another one has it.

        Whoever took it gives it back with `probed`, whatever came of it.
        """
        if route.fingerprint in self._probed or breakers.probe_at(self.breaker(route)) > self._clock.monotonic():
            return False
        self._probed.add(route.fingerprint)
        self._put(route, breakers.probing(self.breaker(route), self._clock.monotonic()))
        if self.shared is None or await self.shared.may_probe(route.fingerprint, route.first_content_s + route.idle_s):
            return True
        self.probed(route)  # the replica that probes will say how it went
        return False

    def unreached(self, route: Route) -> None:
        """Keep a route open to which no connection comes about yet."""
        self._put(route, breakers.unsent(self.breaker(route), self._clock.monotonic()))

    def forget(self, route: Route) -> None:
        """Begin anew with a route that is another now: our LiteLLM was started again."""
        self._answered.pop(route.fingerprint, None)
        if self._breakers.get(route.fingerprint) is not None:
            self._put(route, Breaker(since=self._clock.monotonic()))

    def probed(self, route: Route) -> None:
        """Give the probe of a route back; one that came to no end leaves the route open."""
        self._probed.discard(route.fingerprint)
        self._put(route, breakers.passed(self.breaker(route), self._clock.monotonic()))

    def hear(self, key: str, breaker: Breaker) -> None:
        """Take over what another replica has seen."""
        if key in self._probed and not breaker.is_closed:
            return  # our own probe will tell better
        if breaker.is_closed:
            self._breakers.pop(key, None)
        elif breaker.cause in CATALOGUE:
            # a probe of another's may die with it: here the route is open, to be probed again after a while
            self._breakers[key] = breakers.passed(breaker, self._clock.monotonic())
        if (route := self._names.get(key)) is not None:
            self._tell_telemetry(route, breaker)

    def usual_first_content_s(self, route: Route) -> float | None:
        """Return the 95th percentile of a route's first-content times, or None before there are enough of them."""
        times = sorted(self._first_content.get(route.fingerprint, ()))
        return times[int(len(times) * 0.95)] if len(times) >= _LEAST_TIMES else None

    def tell(self, routes: Sequence[Route]) -> None:
        """Tell telemetry how each route is doing, so that a healthy one is seen before it first fails."""
        for route in routes:
            self._tell_telemetry(route, self.breaker(route))

    def keep(self, routes: Sequence[Route]) -> None:
        """Forget all other routes."""
        kept = {route.fingerprint for route in routes}
        for held in (self._breakers, self._names, self._first_content, self._answered):
            for key in held.keys() - kept:
                del held[key]

    def state(self, routes: Sequence[Route]) -> list[RouteHealth]:
        """Return what people may see of each route."""
        now = self._clock.monotonic()
        return [_seen(route.name, self.breaker(route), now) for route in routes]

    def _put(self, route: Route, breaker: Breaker) -> None:
        key = route.fingerprint
        before = self._breakers.get(key, HEALTHY)
        if breaker == before:
            return
        self._names[key] = route
        if breaker == HEALTHY:
            self._breakers.pop(key, None)
        else:
            self._breakers[key] = breaker
        if (breaker.state, breaker.cause) != (before.state, before.cause):
            self._tell_telemetry(route, breaker)
        changed = (breaker.state, breaker.cause, breaker.until) != (before.state, before.cause, before.until)
        if self.shared is not None and changed and (breaker.state, before.state) != ("closed", "closed"):
            self.shared.tell(key, breaker)

    def _tell_telemetry(self, route: Route, breaker: Breaker) -> None:
        self._telemetry.breaker(route=route.name, deployment=route.model, state=breaker.state, cause=breaker.cause)


def _seen(name: str, breaker: Breaker, now: float) -> RouteHealth:
    at = breakers.probe_at(breaker)
    return RouteHealth(
        route=name,
        state=breaker.state,
        cause=breaker.cause,
        first_cause=breaker.first_cause,
        since_s=max(0.0, now - breaker.since) if breaker.since else 0.0,
        probe_in_s=max(0.0, at - now) if breaker.state == "open" else None,
    )
