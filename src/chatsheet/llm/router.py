"""What to do next with a request: try a route, or give up and say why. Pure: no clock, no network; see gateway.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatsheet.llm.causes import CATALOGUE, Cause
from chatsheet.llm.routes import Route


@dataclass(frozen=True, slots=True)
class Failure:
    """A route that was tried for this request, and why it did not answer."""

    route: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Try:
    """Send the request to this route."""

    route: Route


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No route can answer this request; the cause is why the last one did not."""

    cause: Cause


def choose(routes: Sequence[Route], failures: Sequence[Failure], *, remaining_s: float) -> Try | GiveUp:
    """Return the next step: each route is tried once, in order, unless what failed would fail everywhere."""
    if failures and not failures[-1].cause.another_route_helps:
        return GiveUp(failures[-1].cause)
    if remaining_s <= 0:
        return GiveUp(CATALOGUE["deadline.exceeded"])
    tried = {failure.route for failure in failures}
    for route in routes:
        if route.name not in tried:
            return Try(route)
    return GiveUp(failures[-1].cause if failures else CATALOGUE["unknown"])
