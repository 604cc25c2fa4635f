"""Counters and states that cost one dictionary update when they change and are read when metrics are collected."""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from chatsheet.telemetry.values import OTHER

_MOST_SERIES: Final = 1000


class Total:
    """A sum per set of labels; past a thousand sets the rest is counted as `_OTHER`."""

    def __init__(self, meter: Meter, name: str, *, unit: str, about: str, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._lock = Lock()  # exporters read in threads of their own
        self._sums: dict[tuple[str, ...], float] = {}
        meter.create_observable_counter(name, [self._observe], unit=unit, description=about)

    def add(self, values: tuple[str, ...], amount: float = 1) -> None:
        """Count `amount` for these labels, given in the order of their names."""
        with self._lock:
            if values not in self._sums and len(self._sums) >= _MOST_SERIES:
                values = (OTHER,) * len(self._labels)
            self._sums[values] = self._sums.get(values, 0) + amount

    def _observe(self, options: CallbackOptions) -> Iterable[Observation]:
        del options
        with self._lock:
            sums = list(self._sums.items())
        return [Observation(amount, dict(zip(self._labels, values, strict=True))) for values, amount in sums]


class States:
    """Which of a few states each thing is in, as one series a state: 1 for the present one, 0 for the others."""

    def __init__(
        self, meter: Meter, name: str, *, about: str, labels: tuple[str, ...], label: str, states: tuple[str, ...]
    ) -> None:
        self._labels = (*labels, label)
        self._states = states
        self._lock = Lock()
        self._now: dict[tuple[str, ...], str] = {}
        callback: Callable[[CallbackOptions], Iterable[Observation]] = self._observe
        meter.create_observable_gauge(name, [callback], description=about)

    def put(self, values: tuple[str, ...], state: str) -> bool:
        """Say which state the thing with these labels is in from now on; True where it was another, at first the first one."""
        with self._lock:
            was = self._now.get(values, self._states[0])
            if values in self._now or len(self._now) < _MOST_SERIES:
                self._now[values] = state
        return was != state

    def _observe(self, options: CallbackOptions) -> Iterable[Observation]:
        del options
        with self._lock:
            now = list(self._now.items())
        return [
            Observation(int(state == present), dict(zip(self._labels, (*values, state), strict=True)))
            for values, present in now
            for state in self._states
        ]
