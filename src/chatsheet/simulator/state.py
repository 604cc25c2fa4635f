"""What the control port set up and what the wire saw. No I/O: the server asks it what to play."""

import random
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from chatsheet.simulator.fault import Fault, Tuning, fits
from chatsheet.simulator.faults import FAULTS
from chatsheet.simulator.tokens import TokenRule

_MOST_REQUESTS = 1_000
_AS_IT_COMES = Tuning()


@dataclass(slots=True)
class Order:
    """A fault that waits to be played; `left` counts down, None stays."""

    fault: str
    left: int | None
    tuning: Tuning = _AS_IT_COMES


class Mix:
    """Faults played at random, the same ones again for the same seed."""

    def __init__(self, weights: Mapping[str, float], *, percent: float, seed: int, tuning: Tuning = _AS_IT_COMES) -> None:
        self.weights = dict(weights)
        self.percent = percent
        self.seed = seed
        self.tuning = tuning
        self._random = random.Random(seed)  # noqa: S311  chaos that can be repeated, no secret

    def draw(self) -> str:
        """Return the fault to play now, or an empty text."""
        if self._random.random() * 100 >= self.percent:
            return ""
        return self._random.choices(list(self.weights), list(self.weights.values()))[0]


@dataclass(frozen=True, slots=True)
class Play:
    """A fault to play now."""

    name: str
    fault: Fault
    tuning: Tuning


@dataclass(slots=True)
class State:
    """What is set up, and the last calls that were seen."""

    key: str
    deployments: set[str]
    models: dict[str, str] = field(default_factory=dict[str, str])
    tokens: TokenRule | None = None
    orders: dict[str, Order | Mix] = field(default_factory=dict[str, "Order | Mix"])
    requests: deque[dict[str, JsonValue]] = field(default_factory=lambda: deque[dict[str, JsonValue]](maxlen=_MOST_REQUESTS))

    def next_play(
        self, deployment: str, by_name: str, body: Mapping[str, object], header_names: Collection[str]
    ) -> Play | None:
        """Return the fault to play for a call, counting it; a fault that is not for this call is neither."""
        order = Order(by_name, None) if by_name else self.orders.get(deployment)
        if order is None:
            return None
        name = order.draw() if isinstance(order, Mix) else order.fault
        fault = FAULTS.get(name)
        if fault is None or not fits(fault, body, header_names):
            return None
        if isinstance(order, Order) and order.left is not None:
            order.left -= 1
            if order.left <= 0:
                del self.orders[deployment]
        return Play(name, fault, order.tuning)

    def saw(self, path: str, deployment: str, headers: Mapping[str, str], body: Mapping[str, object]) -> dict[str, JsonValue]:
        """Note a call: names and two ids, never contents."""
        seen: dict[str, JsonValue] = {
            "path": path,
            "deployment": deployment,
            "headers": _names(list(headers)),
            "fields": _names(list(body)),
            "stream": body.get("stream") is True,
            "attempt": headers.get("x-chatsheet-attempt", ""),
            "traceparent": headers.get("traceparent", ""),
            "played": "",
        }
        self.requests.append(seen)
        return seen


def _names(names: Sequence[str]) -> list[JsonValue]:
    return [*sorted(names)]
