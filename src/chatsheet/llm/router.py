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

    Healthy routes are tried once each, in order. Only where none is left, the last one is tried again: after the wait it
    asked for, or at once after a stumble. Only then are ill ones tried anyway, the best of them first.
    """
    last = failures[-1] if failures else None
    if last is not None and last.cause.code == "request.context_length":
        routes = _larger(routes, last.route)
        if not routes:
            return GiveUp(last.cause)
    elif last is not None and not last.cause.another_route_helps:
        return GiveUp(last.cause)
    if remaining_s <= 0:
        return GiveUp(_reason(failures, "deadline.exceeded"))
    tried = {failure.route for failure in failures}
    untried = [route for route in routes if route.name not in tried]
    if healthy := next((route for route in untried if route.name not in ill), None):
        return Try(healthy)
    if last is not None and (again := _again(routes, failures, last, remaining_s)) is not None:
        return again
    if untried:
        return _best(untried, ill, remaining_s)
    return GiveUp(_reason(failures, "unknown"))


def _larger(routes: Sequence[Route], name: str) -> list[Route]:
    """Return the routes that declare a larger context window than the one where the prompt was too long."""
    window = next((route.context_window_tokens for route in routes if route.name == name), None)
    if window is None:
        return []
    return [route for route in routes if (route.context_window_tokens or 0) > window]


def _again(routes: Sequence[Route], failures: Sequence[Failure], last: Failure, remaining_s: float) -> Try | None:
    """Return a second try on the route that failed last, where that may help."""
    route = next((route for route in routes if route.name == last.route), None)
    times = sum(failure.route == last.route for failure in failures)
    if route is None or times > _MOST_WAITS:
        return None
    if last.cause.code in _WAITS and (last.retry_after_s is not None or last.cause.code != "provider.unavailable"):
        wait_s = max(_LEAST_WAIT_S if last.retry_after_s is None else last.retry_after_s, 0.0)
        return Try(route, wait_s) if wait_s + _REST_S <= remaining_s else None
    return Try(route) if last.cause.code in _QUICK and times == 1 else None


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
    if is_last or route.first_content_s < remaining_s:
        return min(route.first_content_s, remaining_s)
    return remaining_s / 2
