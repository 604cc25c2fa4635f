"""How a conversation is told within its tokens: append-only, until it is pruned in one big step. Pure.

Before a model call that would be too long, or a turn that begins with less room than one of the earlier took, the oldest turns
become a line each, so many that half of the room is free; where a call is still too long, so do all steps of the running turn
but the last. What is pruned stays pruned, and a step is never taken apart.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject

_SHARE_LINES = 0.25
_SHARE_AHEAD = 1 / 3
"""The most that is kept free for the steps of a turn that begins: pruned in its middle, more would be told anew."""
_SHARE_STEP = 0.5
_EARLIER = "[Earlier questions without their answers; results that are named are still tables:"
_WRAPPING = 30
"""Tokens of the message that holds the lines, without them."""
_STEPS = "[Earlier steps of this turn; results that are named are still tables:"


@dataclass(frozen=True, slots=True)
class Step:
    """A message of the model and everything that answers it, and what is left to say of it once it is pruned."""

    messages: tuple[JsonObject, ...]
    line: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: the person's message, the question as a pruned turn repeats it, and the steps so far."""

    opening: JsonObject
    question: str
    steps: tuple[Step, ...]

    @property
    def line(self) -> str:
        """What stands for the turn once it is pruned."""
        return f"{self.question} → {'; '.join(step.line for step in self.steps if step.line) or 'no query'}"


def told(turns: Sequence[Turn], tokens: int) -> list[JsonObject]:
    """Return the messages of a conversation for its next model call: the last turn is the one that runs.

    They fit in `tokens` unless the last turn's own question and last step do not.
    """
    whole = [message for turn in turns for message in (turn.opening, *(one for step in turn.steps for one in step.messages))]
    if sum(map(weight, whole)) <= tokens // 2:
        return whole  # none of its calls was ever near the end of the room
    fold = _Fold(tokens)
    for turn in turns:
        fold.add(turn)
    return fold.messages()


class _Fold:
    """Goes through the model calls of a conversation, and prunes before each one as it was pruned then."""

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._turns: list[_Weighed] = []
        self._lined = 0
        self._lines = [0]
        """What the first lines weigh together."""
        self._wholes = [0]
        """What the first turns weigh together."""
        self._ahead = 0
        """What the steps of a turn that begins are likely to weigh."""

    def add(self, turn: Turn) -> None:
        """Go through the calls of one more turn."""
        now = _Weighed(turn, self._tokens)
        for steps in range(len(now.steps) + 1):
            if self._size(now, steps) + (0 if steps else self._ahead) > self._tokens:
                while self._lined < len(self._turns) and self._size(now, steps) > self._tokens // 2:
                    self._lined += 1
                if self._size(now, steps) > self._tokens:
                    now.shorten(steps - 1)
        self._turns.append(now)
        self._ahead = max(self._ahead, min(now.weight(len(now.steps)) - now.weight(0), int(self._tokens * _SHARE_AHEAD)))
        self._lines.append(self._lines[-1] + budget.count(f"- {turn.line}\n"))
        self._wholes.append(self._wholes[-1] + now.weight(len(now.steps)))

    def _size(self, now: "_Weighed", steps: int) -> int:
        lines = self._lines[self._lined] - self._lines[self._first_line()] + _WRAPPING if self._lined else 0
        return lines + self._wholes[-1] - self._wholes[self._lined] + now.weight(steps)

    def _first_line(self) -> int:
        """Return the first of the pruned turns whose line is still told: the newest as far as they fit their share."""
        return bisect_left(self._lines, self._lines[self._lined] - int(self._tokens * _SHARE_LINES), hi=self._lined)

    def messages(self) -> list[JsonObject]:
        """Return what is told now."""
        listed = "".join(f"\n- {turn.line}" for turn in self._turns[self._first_line() : self._lined])
        lines: list[JsonObject] = [{"role": "user", "content": f"{_EARLIER}{listed}]"}] if listed else []
        return [*lines, *(message for turn in self._turns[self._lined :] for message in turn.messages())]


class _Weighed:
    """A turn with what its parts weigh."""

    def __init__(self, turn: Turn, tokens: int) -> None:
        self.line = turn.line
        self.steps = [_capped(step, int(tokens * _SHARE_STEP)) for step in turn.steps]
        self._room = int(tokens * _SHARE_LINES)
        self._opening = [turn.opening]
        self._shortened = 0
        self._weights = [sum(map(weight, step.messages)) for step in self.steps]

    def shorten(self, steps: int) -> None:
        """Tell the first steps as a line each from now on."""
        if steps <= self._shortened:
            return
        self._shortened = steps
        lines = "".join(f"\n- {step.line}" for step in self.steps[:steps] if step.line)
        self._opening = self._opening[:1]
        if lines:
            self._opening.append({"role": "user", "content": budget.cut(f"{_STEPS}{lines}", self._room) + "]"})

    def weight(self, steps: int) -> int:
        """Return what the turn weighs with that many of its steps."""
        return sum(map(weight, self._opening)) + sum(self._weights[self._shortened : steps])

    def messages(self) -> Iterator[JsonObject]:
        """Yield the turn's messages."""
        yield from self._opening
        for step in self.steps[self._shortened :]:
            yield from step.messages


def weight(message: JsonObject) -> int:
    """Return the tokens of a message with its own wrapping."""
    return budget.count(loose.dumps(message))


def _capped(step: Step, tokens: int) -> Step:
    """Return a step whose results together stay below its share."""
    if sum(map(weight, step.messages)) <= tokens:
        return step
    results = sum(message["role"] == "tool" for message in step.messages)
    told = tuple(
        {**message, "content": budget.cut(str(message["content"]), tokens // results)} if message["role"] == "tool" else message
        for message in step.messages
    )
    return Step(told, step.line)
