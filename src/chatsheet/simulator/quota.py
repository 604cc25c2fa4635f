"""The tokens and requests of a deployment's minute: what is left is told beside each answer, more is refused. Pure.

A call counts by an estimate of its prompt as it comes in, and by what it used once that is known. As with Azure, one that comes
while anything is left is answered though it may go beyond it; the next one is refused.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsheet.core import loose

MINUTE_S = 60.0
_CHARACTERS_A_TOKEN = 4


@dataclass(slots=True)
class Use:
    """One call: when it came, and the tokens that it takes."""

    at_s: float
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What the headers of an answer say."""

    requests: int
    of_requests: int
    tokens: int
    of_tokens: int


UNCOUNTED = Left(requests=499, of_requests=500, tokens=49_500, of_tokens=50_000)
"""What a deployment says of which nothing is counted: a limit that is hardly touched."""


@dataclass(slots=True, kw_only=True)
class Quota:
    """What a deployment may take in the last `window_s` seconds, and what it took."""

    tokens: int
    requests: int = 500_000
    window_s: float = MINUTE_S
    uses: deque[Use] = field(default_factory=deque[Use])
    total: int = 0
    """Tokens ever, of calls that came to their end."""
    peak: int = 0
    """The most tokens of a window."""
    refused: int = 0

    def begin(self, now_s: float, tokens: int) -> Use | None:
        """Count a call that comes in; None where nothing is left for it."""
        self._forget(now_s)
        if self.used >= self.tokens or len(self.uses) >= self.requests:
            self.refused += 1
            return None
        use = Use(now_s, tokens)
        self.uses.append(use)
        self.peak = max(self.peak, self.used)
        return use

    def end(self, use: Use, tokens: int) -> None:
        """Put right what a call took."""
        use.tokens = tokens
        self.total += tokens
        self.peak = max(self.peak, self.used)

    @property
    def used(self) -> int:
        """Tokens of the window."""
        return sum(use.tokens for use in self.uses)

    def wait_s(self, now_s: float) -> int:
        """Return after how many seconds something is left again."""
        if not self.uses:
            return 1
        return max(1, math.ceil(self.uses[0].at_s + self.window_s - now_s))

    def left(self) -> Left:
        """Return what is left now."""
        return Left(
            requests=max(0, self.requests - len(self.uses)),
            of_requests=self.requests,
            tokens=max(0, self.tokens - self.used),
            of_tokens=self.tokens,
        )

    def _forget(self, now_s: float) -> None:
        while self.uses and self.uses[0].at_s <= now_s - self.window_s:
            self.uses.popleft()


def estimate(body: Mapping[str, object]) -> int:
    """Return about how many tokens a prompt has, by its characters."""
    said = loose.dumps(loose.array(body.get("messages")))
    return len(said) // _CHARACTERS_A_TOKEN
