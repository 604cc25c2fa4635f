"""A circuit breaker as a value: what a route's outcomes do to it, and when it may be probed. Pure.

Times are seconds of a monotonic clock. What opens it depends on the cause: what will not pass by itself, a told wait, and
whatever costs the caller time open it at once; a single stumble does not.
"""

from dataclasses import dataclass, replace
from typing import Literal

from chatsheet.llm.causes import CATALOGUE, Cause

State = Literal["closed", "open", "half_open"]

PROBE_EVERY_S = 4.0
"""Until the first probe of what should pass by itself."""
_SPREAD = (1.0, 1.25, 5.0)
"""How many times as long until the next ones: soon while the trouble is young, then spread over the minute."""
PERMANENT_EVERY_S = 60.0
"""Between probes of what a person must mend."""
WINDOW_S = 60.0
MOST_PROBES = 3
"""Probes of a dead route within the window."""
STUMBLES = 2
"""Failures in a row that open the breaker where one alone says little."""

_STUMBLE = frozenset(
    {
        "provider.error",
        "provider.unavailable",
        "net.reset",
        "stream.cut",
        "stream.malformed",
        "stream.empty",
        "stream.error",
        "stream.stalled",
        "litellm.no_record",
        "unknown",
    }
)
SLOWNESS = frozenset({"stream.silent", "stream.stalled"})
"""What says nothing of a route that is slow by nature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The health of one deployment behind one route; `cause` keeps it open, `first_cause` began it."""

    state: State = "closed"
    cause: str = ""
    first_cause: str = ""
    failures: int = 0
    since: float = 0.0
    until: float = 0.0
    """When it may be probed."""
    is_told: bool = False
    """The provider itself named that moment: probes at it are not rationed."""
    probes: tuple[float, ...] = ()

    @property
    def is_closed(self) -> bool:
        """Whether calls go through."""
        return self.state == "closed"


HEALTHY = Breaker()


def failed(
    breaker: Breaker,
    cause: Cause,
    *,
    started: float,
    now: float,
    retry_after_s: float | None = None,
    is_slow: bool = False,
    is_probe: bool = False,
) -> Breaker:
    """Return the breaker after a failed attempt that began at `started`."""
    if is_probe and breaker.state != "half_open":
        return breaker  # callers found out meanwhile
    says_nothing = not cause.counts_against_route or (is_slow and cause.code in SLOWNESS)
    if says_nothing:
        return passed(breaker, now) if is_probe else breaker
    if not is_probe and started < breaker.since:
        return _told_to_wait(breaker, now, retry_after_s)
    counted = replace(breaker, failures=breaker.failures + 1, cause=cause.code, first_cause=breaker.first_cause or cause.code)
    if breaker.state == "closed" and cause.code in _STUMBLE and retry_after_s is None and counted.failures < STUMBLES:
        return counted
    spread = _SPREAD[min(len(breaker.probes), len(_SPREAD) - 1)] if is_probe else 1.0
    wait_s = PERMANENT_EVERY_S if cause.permanent else PROBE_EVERY_S * spread
    is_told = retry_after_s is not None and not cause.permanent
    since = now if breaker.state == "closed" else breaker.since
    # a probe that took long to fail has waited already
    begun = started if is_probe else now
    until = now + (retry_after_s or 0.0) if is_told else max(now, begun + wait_s)
    is_being_probed = breaker.state == "half_open" and not is_probe
    state: State = "half_open" if is_being_probed else "open"
    return replace(counted, state=state, since=since, until=until, is_told=is_told)


def _told_to_wait(breaker: Breaker, now: float, retry_after_s: float | None) -> Breaker:
    """Keep a breaker open longer where an older call was told to wait longer; nothing else of it counts any more."""
    if breaker.state != "open" or retry_after_s is None:
        return breaker
    return replace(breaker, until=max(breaker.until, now + retry_after_s))


def succeeded(breaker: Breaker, *, started: float, now: float, is_probe: bool = False) -> Breaker:
    """Return the breaker after an attempt that answered; one that began before the trouble proves nothing."""
    if (is_probe and breaker.state != "half_open") or (not is_probe and started < breaker.since):
        return breaker
    recent = tuple(probe for probe in breaker.probes if probe > now - WINDOW_S)
    if breaker.state == "closed":
        return breaker if breaker.failures == 0 else Breaker(since=breaker.since, probes=recent)
    return Breaker(since=now, probes=recent)


def probe_at(breaker: Breaker) -> float:
    """Return when the next probe may start; never while one runs."""
    if breaker.state != "open":
        return float("inf")
    if breaker.is_told or len(breaker.probes) < MOST_PROBES:
        return breaker.until
    return max(breaker.until, breaker.probes[-MOST_PROBES] + WINDOW_S)


def is_unreached(breaker: Breaker) -> bool:
    """Tell whether what keeps it open is that no connection comes about: seen without a call."""
    return breaker.cause in CATALOGUE and CATALOGUE[breaker.cause].layer in {"dns", "network", "tls", "proxy"}


def probing(breaker: Breaker, now: float) -> Breaker:
    """Return the breaker with its one probe under way."""
    recent = tuple(p for p in breaker.probes if p > now - WINDOW_S)
    return replace(breaker, state="half_open", probes=(*recent, now))


def unsent(breaker: Breaker, now: float) -> Breaker:
    """Return the breaker after a probe that was not sent: not even a connection came about, so it is not rationed."""
    reopened = passed(breaker, now)
    return replace(reopened, probes=reopened.probes[:-1]) if breaker.state == "half_open" else reopened


def passed(breaker: Breaker, now: float) -> Breaker:
    """Return the breaker after its probe proved nothing, or was left to another replica."""
    return replace(breaker, state="open", until=now + PROBE_EVERY_S) if breaker.state == "half_open" else breaker
