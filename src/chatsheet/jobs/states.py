"""The life of a job of whatever kind: which state follows from which verb, and what is refused. Pure."""

from collections.abc import Mapping
from typing import Literal

from chatsheet.core.errors import Conflict

State = Literal["draft", "queued", "running", "paused", "completed", "completed_with_failures", "failed", "cancelled"]
Verb = Literal["sample", "start", "begin", "pause", "resume", "cancel", "complete", "complete_with_failures", "fail", "retry"]

ACTIVE: tuple[State, ...] = ("queued", "running")
"""Rows are asked, or what else it is that the job does is done."""
ENDED: tuple[State, ...] = ("completed", "completed_with_failures", "failed", "cancelled")

_STEPS: Mapping[Verb, tuple[tuple[State, ...], State]] = {
    "sample": (("draft",), "draft"),
    "start": (("draft",), "queued"),
    "begin": (("queued",), "running"),
    "pause": (ACTIVE, "paused"),
    "resume": (("paused",), "queued"),
    "cancel": (("draft", *ACTIVE, "paused"), "cancelled"),
    "complete": (("running",), "completed"),
    "complete_with_failures": (("running",), "completed_with_failures"),
    "fail": (("draft", *ACTIVE), "failed"),
    "retry": (ENDED, "queued"),
}


class JobNotSo(Conflict):
    """What is wanted of a job makes no sense in its state."""

    code = "job.not_so"


def sources(verb: Verb) -> tuple[State, ...]:
    """Return the states in which a verb makes sense."""
    return _STEPS[verb][0]


def target(verb: Verb) -> State:
    """Return the state that a verb leads to."""
    return _STEPS[verb][1]


def step(state: State, verb: Verb) -> State:
    """Return the state that follows; raises JobNotSo."""
    if state not in sources(verb):
        possible = [one for one in _STEPS if state in sources(one) and one in _WANTED]
        fix = f"it can be told to {', '.join(possible)}." if possible else "look at it again in a moment."
        raise JobNotSo(f"a job that is {state.replace('_', ' ')} cannot {verb.replace('_', ' ')}.", fix=fix)
    return target(verb)


_WANTED: tuple[Verb, ...] = ("sample", "start", "pause", "resume", "cancel", "retry")
"""What people want; the others happen."""


def ending(*, done: int, failed: int) -> Verb:
    """Return how a job ends whose inputs are all answered or given up."""
    if not failed:
        return "complete"
    return "complete_with_failures" if done else "fail"
