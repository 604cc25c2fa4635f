"""What the control port set up and what the wire saw. No I/O: the server asks it what to play."""

import random
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from chatsheet.simulator.fault import Fault, Tuning, fits
from chatsheet.simulator.faults import FAULTS, GIVEN
from chatsheet.simulator.quota import Quota
from chatsheet.simulator.served import VERSION, Served
from chatsheet.simulator.tokens import TokenRule

_MOST_REQUESTS = 1_000
EVERY = "*"
"""In the place of a deployment: every call of the wire."""
_AS_IT_COMES = Tuning()


@dataclass(slots=True)
class Order:
    """A fault that waits to be played; `left` counts down, None stays; `given` is one that the caller wrote."""

    fault: str
    left: int | None
    tuning: Tuning = _AS_IT_COMES
    given: Fault | None = None

    @property
    def answer(self) -> Fault | None:
        """The fault to play."""
        return self.given if self.fault == GIVEN else FAULTS.get(self.fault)


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
    served: dict[str, Served] = field(default_factory=dict[str, Served])
    """What LiteLLM's config says of a deployment, where that is not what it should."""
    litellm_version: str = VERSION
    quotas: dict[str, Quota] = field(default_factory=dict[str, Quota])
    """What deployments may take of a minute; of the others nothing is counted."""
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
        fault = FAULTS.get(name) if isinstance(order, Mix) else order.answer
        if fault is None or not fits(fault, body, header_names):
            return None
        if isinstance(order, Order) and order.left is not None:
            order.left -= 1
            if order.left <= 0:
                del self.orders[deployment]
        return Play(name, fault, order.tuning)

    def behind_litellm(self) -> dict[str, Served]:
        """Return every deployment as LiteLLM's config has it."""
        return {name: self.served.get(name, Served()) for name in sorted(self.deployments)}

    def ordered(self, deployment: str) -> tuple[str, Fault | None]:
        """Return the fault that the next call of a deployment is sure to meet, without counting it."""
        order = self.orders.get(deployment)
        return (order.fault, order.answer) if isinstance(order, Order) else ("", None)

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
