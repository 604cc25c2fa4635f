"""How fast jobs ask: slots of a worker, tokens of a minute that workers share, whose rows come next, when to try again. Pure.

A provider's minute is a sliding one here: what was spent in the last sixty seconds, by whichever worker, is kept by the second,
so that neither a minute of the clock nor any other minute sees more than the limit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

MINUTE_S = 60
MOST_TRIES = 3
_PLENTY = 0.9
"""A provider with more than this share of its limit left does not count what we spend, or we spend next to nothing."""
_SLOWER = 2.0
_EASED = 0.9
_SMOOTH = 0.2
_LONGEST_HOLD_S = 30.0
_UNTOLD_HOLD_S = 2.0
_CHAT_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How many calls a worker makes at once.

    One more after each good call at first; once something was slow or refused, one more after each round of good ones.
    A refusal halves them.
    """

    most: int
    limit: float = 4.0
    usual_s: float = 0.0
    """The usual seconds of a good call, slowly followed."""
    best_s: float = 0.0
    """The fewest that were usual."""
    is_free: bool = True
    """Whether nothing was slow or refused yet."""

    def answered(self, seconds: float) -> "Slots":
        """Return the slots after a good call."""
        usual = self.usual_s + _SMOOTH * (seconds - self.usual_s) if self.usual_s else seconds
        best = min(self.best_s or usual, usual)
        is_slow = usual > _SLOWER * best
        grown = self.limit * _EASED ** (1 / self.limit) if is_slow else self.limit + (1 if self.is_free else 1 / self.limit)
        # what is usual today may be slower than the best of a quiet night
        limit, best = min(max(grown, 1.0), float(self.most)), best * 1.001
        return replace(self, limit=limit, usual_s=usual, best_s=best, is_free=self.is_free and not is_slow)

    def refused(self) -> "Slots":
        """Return the slots after a 429."""
        return replace(self, limit=max(1.0, self.limit / 2), is_free=False)

    def free(self, *, in_flight: int, chats: int) -> int:
        """Return how many calls may begin now; chats come before jobs, which then keep to a quarter."""
        limit = int(self.limit) if not chats else max(1, int(self.limit) // _CHAT_SHARE)
        return max(0, limit - in_flight)


@dataclass(frozen=True, slots=True)
class Minute:
    """The tokens of a route's last minute, all workers together: by the second, the oldest first."""

    limit: int = 0
    """Tokens a minute, as the provider last said; 0 while it says nothing."""
    remaining: int = 0
    spent: tuple[tuple[int, int], ...] = ()

    def at(self, now_s: float) -> "Minute":
        """Return the minute that ends now."""
        return replace(self, spent=tuple(one for one in self.spent if one[0] > now_s - MINUTE_S - 1))

    @property
    def used(self) -> int:
        """Tokens of the minute."""
        return sum(tokens for _, tokens in self.spent)

    @property
    def is_scarce(self) -> bool:
        """Whether the limit is near enough to keep to it."""
        return self.limit > 0 and self.remaining < _PLENTY * self.limit

    @property
    def room(self) -> float:
        """Tokens that may be spent now; without end where the provider sets no limit that matters."""
        return max(0, self.limit - self.used) if self.is_scarce else math.inf

    def spend(self, tokens: int, now_s: float) -> "Minute":
        """Return the minute with tokens spent, or given back where they are negative."""
        second = int(now_s)
        before = dict(self.spent)
        before[second] = before.get(second, 0) + tokens
        return replace(self, spent=tuple(sorted(before.items())))

    def told(self, limit: int | None, remaining: int | None) -> "Minute":
        """Return the minute as a provider's headers tell of it."""
        if not limit or remaining is None:
            return self
        return replace(self, limit=limit, remaining=remaining)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job with rows to ask, its user, how many rows are asked now, anywhere, and the tokens that a call takes."""

    job: str
    user: str
    priority: int
    in_flight: int = 0
    tokens: int = 1


def share(waiting: Sequence[Waiting], slots: int, *, room: float = math.inf, limit: int = 0) -> dict[str, int]:
    """Return how many rows each job may ask next: users alike, of a user higher priorities first, then their jobs alike.

    `room` are the tokens that are left of the minute, of `limit` in all. Whose turn it is and whose call does not fit waits,
    and nobody overtakes: what others leave is theirs then. A call of more than a whole minute waits for an empty one.
    A job of which fewer rows are open takes fewer; what it leaves is shared at the next look.
    """
    of_user = {one.user: sum(other.in_flight for other in waiting if other.user == one.user) for one in waiting}
    of_job = {one.job: one.in_flight for one in waiting}
    given = dict.fromkeys(of_job, 0)
    for _ in range(slots if waiting else 0):
        chosen = min(waiting, key=lambda one: (of_user[one.user], one.user, -one.priority, of_job[one.job], one.job))
        tokens = min(chosen.tokens, limit) if limit else chosen.tokens
        if tokens > room:
            break
        room -= tokens
        of_user[chosen.user] += 1
        of_job[chosen.job] += 1
        given[chosen.job] += 1
    return {job: number for job, number in given.items() if number}


@dataclass(frozen=True, slots=True)
class Again:
    """The row is asked again so many seconds later."""

    after_s: float
    is_counted: bool = True
    """Whether the row is to blame, so that its tries run out."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The row ends in the list of failures."""


def after_failure(*, tries: int, is_refused: bool, is_throttled: bool, is_outage: bool) -> Again | GiveUp:
    """Return what becomes of a row that failed; `tries` are those that count, this one not among them.

    A refusal is of the row itself and final. A limit, or an outage of all routes, is not the row's fault.
    """
    if is_refused:
        return GiveUp()
    if is_throttled or is_outage:
        return Again(0.0, is_counted=False)
    return GiveUp() if tries + 1 >= MOST_TRIES else Again(2.0**tries)


def hold_s(*, streak: int, told_s: float | None = None) -> float:
    """Return for how long nothing is asked after failures in a row: as the provider says, else longer each time."""
    longer = min(_LONGEST_HOLD_S, _UNTOLD_HOLD_S * 2.0 ** max(0, streak - 1))
    return longer if told_s is None else min(told_s, _LONGEST_HOLD_S)


def percentile(values: Sequence[float], part: float) -> float:
    """Return a percentile of values, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def minutes(*, calls: int, seconds_per_call: float, tokens_per_call: float, at_once: int, limit: int) -> float:
    """Return how long calls take, by their own time and by the tokens of a minute; a limit of 0 is not known."""
    own = calls * seconds_per_call / max(1, at_once) / MINUTE_S
    return max(own, calls * tokens_per_call / limit) if limit else own
