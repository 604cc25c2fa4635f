"""Metrics of caches, read from their own counts when they are collected."""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from opentelemetry.metrics import CallbackOptions, Meter, Observation

_CACHE: Final = "chatsheet.cache"


class Counted(Protocol):
    """A cache in numbers."""

    @property
    def name(self) -> str: ...
    @property
    def hits(self) -> int: ...
    @property
    def shared_hits(self) -> int: ...
    @property
    def computes(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def waits(self) -> int: ...
    @property
    def evictions(self) -> int: ...
    @property
    def bytes(self) -> int: ...


_COUNTERS: Final[tuple[tuple[str, str, str, Callable[[Counted], int]], ...]] = (
    ("hits", "{hit}", "Values that were there already, in memory or on the second level.", lambda one: one.hits),
    ("shared_hits", "{hit}", "Of the hits, those that another process had computed.", lambda one: one.shared_hits),
    ("computes", "{computation}", "Values that were computed here.", lambda one: one.computes),
    ("failures", "{computation}", "Of the computations, those that raised an error.", lambda one: one.failures),
    ("waits", "{wait}", "Callers who waited for a computation that had begun already.", lambda one: one.waits),
    ("evictions", "{value}", "Values that made room for others.", lambda one: one.evictions),
)


def observe(meter: Meter, read: Callable[[], Iterable[Counted]]) -> None:
    """Make the metrics of all caches that `read` gives; it is called from the exporters' threads."""
    for name, unit, about, value in _COUNTERS:
        meter.create_observable_counter(f"chatsheet.cache.{name}", [_of(read, value)], unit=unit, description=about)
    meter.create_observable_gauge(
        "chatsheet.cache.size", [_of(read, lambda one: one.bytes)], unit="By", description="Bytes kept in this process."
    )


def _of(
    read: Callable[[], Iterable[Counted]], value: Callable[[Counted], int]
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observed(options: CallbackOptions) -> Iterable[Observation]:
        del options
        return [Observation(value(one), {_CACHE: one.name}) for one in read()]

    return observed
