"""What to do next with a request: try a route, wait for one, or give up and say why. Pure; see gateway.py for the doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatsheet.llm.causes import CATALOGUE, Cause
from chatsheet.llm.routes import Route

_QUICK = frozenset({"provider.error", "provider.unavailable", "net.reset", "stream.cut", "stream.malformed", "stream.empty"})
"""What may well pass on a second try; silence is not among them: it would cost the same time again."""
_WAITS = frozenset({"azure.rate_limited", "azure.capacity", "provider.rate_limited", "provider.unavailable"})
_MOST_WAITS = 3
_LEAST_WAIT_S = 0.5
_REST_S = 0.5
"""What must be left of the deadline after a wait, or waiting is in vain."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt of this request that did not answer, and how long the provider asked us to stay away."""

    route: str
    cause: Cause
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """What keeps a route's breaker open: its cause, whether that lasts, and the seconds until it may be probed."""

    cause: str
    is_permanent: bool
    wait_s: float


@dataclass(frozen=True, slots=True)
class Try:
    """Send the request to this route, after a wait."""

    route: Route
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No route can answer this request; the cause is what the preferred route has to say."""

    cause: Cause


def choose(
    routes: Sequence[Route], failures: Sequence[Failure], ill: Mapping[str, Closed], *, remaining_s: float
) -> Try | GiveUp:
    """Return the next step for a request; `ill` holds the routes whose breaker is open.

    Healthy routes are tried once each, in order. Only where none is left is one tried again: at once after a stumble, or
    after the shortest wait that was asked for. Only then are ill ones tried anyway, the best of them first.
    """
    if not failures and remaining_s > 0 and routes and routes[0].name not in ill:
        return Try(routes[0])  # what nearly every request comes to
    routes, too_long = _large_enough(routes, failures)
    if failures and failures[-1] is not too_long and not failures[-1].cause.another_route_helps:
        return GiveUp(failures[-1].cause)
    if remaining_s <= 0:
        return GiveUp(_reason(failures, "deadline.exceeded"))
    tried = {failure.route for failure in failures}
    untried = [route for route in routes if route.name not in tried]
    if healthy := next((route for route in untried if route.name not in ill), None):
        return Try(healthy)
    if (again := _again(routes, failures, remaining_s)) is not None:
        return again
    if untried:
        return _best(untried, ill, remaining_s)
    return GiveUp(too_long.cause if too_long and not routes else _reason(failures, "unknown"))


def partner(routes: Sequence[Route], failures: Sequence[Failure], ill: Mapping[str, Closed], first: Route) -> Route | None:
    """Return the healthy route that may run beside `first`, if there is one."""
    large, _ = _large_enough(routes, failures)
    tried = {first.name, *(failure.route for failure in failures)}
    return next((route for route in large if route.name not in tried and route.name not in ill), None)


def _large_enough(routes: Sequence[Route], failures: Sequence[Failure]) -> tuple[Sequence[Route], Failure | None]:
    """Return the routes that may still take the prompt, and the failure that last said it is too long, if any did."""
    too_long = [failure for failure in failures if failure.cause.code == "request.context_length"]
    if not too_long:
        return routes, None
    named = {failure.route for failure in too_long}
    windows = [route.context_window_tokens for route in routes if route.name in named]
    if None in windows:
        return [], too_long[-1]
    largest = max((window for window in windows if window is not None), default=0)
    return [route for route in routes if (route.context_window_tokens or 0) > largest], too_long[-1]


def _again(routes: Sequence[Route], failures: Sequence[Failure], remaining_s: float) -> Try | None:
    """Return a second try on a route that failed, where that may help: at once if one may, else after the shortest wait."""
    waits: list[Try] = []
    for route in routes:
        own = [failure for failure in failures if failure.route == route.name]
        if not own or len(own) > _MOST_WAITS:
            continue
        code, told_s = own[-1].cause.code, own[-1].retry_after_s
        if code in _WAITS and (told_s is not None or code not in _QUICK):
            waits.append(Try(route, _LEAST_WAIT_S if told_s is None else told_s))
        elif code in _QUICK and len(own) == 1:
            return Try(route)
    best = min(waits, key=lambda one: one.after_s, default=None)
    return best if best is not None and best.after_s + _REST_S <= remaining_s else None


def _best(untried: Sequence[Route], ill: Mapping[str, Closed], remaining_s: float) -> Try:
    """Return the ill route that is likeliest to answer: what passes by itself first, then by preference."""
    route = min(untried, key=lambda one: ill[one.name].is_permanent)
    wait_s = ill[route.name].wait_s
    is_told = ill[route.name].cause in _WAITS
    return Try(route, wait_s if is_told and wait_s + _REST_S <= remaining_s else 0.0)


def _reason(failures: Sequence[Failure], otherwise: str) -> Cause:
    """Return what the preferred route failed with: its cause is the one to mend."""
    return failures[0].cause if failures else CATALOGUE[otherwise]


def first_content_s(route: Route, *, remaining_s: float, is_last: bool) -> float:
    """Return how long to wait for a route's first content: its limit, but never so long that no other could answer."""
    if is_last:
        return min(route.first_content_s, remaining_s)
    leaves_enough = route.first_content_s <= remaining_s / 2 or (route.is_slow and route.first_content_s < remaining_s)
    return route.first_content_s if leaves_enough else remaining_s / 2
