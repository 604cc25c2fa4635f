"""The one thing to do next in a chat, from its log alone. Pure: the same log always gives the same command.

A chat interrupted anywhere goes on by replaying its log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatsheet.chat.events import Answered, Asked, Cancelled, Event, Failed, ModelReplied, ToolAnswered
from chatsheet.llm.model import ToolCall


@dataclass(frozen=True, slots=True)
class Limits:
    """What a turn may take."""

    model_steps: int = 6
    calls_per_step: int = 4


@dataclass(frozen=True, slots=True)
class CallModel:
    """Ask the model; without tools it has to answer from what it has."""

    with_tools: bool


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run one tool call."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class RefuseTool:
    """Answer a call that is over the limit without running it, so that each call has its answer."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Answer:
    """The model's text is the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The model used up its steps and still wants to call tools."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do: the turn is over."""


Command = CallModel | RunTool | RefuseTool | Answer | GiveUp | Rest


def current_turn(log: Sequence[Event]) -> list[Event]:
    """Return the events from the last question on."""
    start = max((i for i, event in enumerate(log) if isinstance(event, Asked)), default=len(log))
    return list(log[start:])


def step(log: Sequence[Event], limits: Limits) -> Command:
    """Return the one thing to do next."""
    turn = current_turn(log)
    if not turn:
        return Rest()
    match turn[-1]:
        case Asked():
            return CallModel(with_tools=True)
        case ModelReplied(calls=()) as reply:
            return Answer(reply.text)
        case ModelReplied() | ToolAnswered():
            return _next_call(turn, limits)
        case Answered() | Failed() | Cancelled():
            return Rest()


def _next_call(turn: Sequence[Event], limits: Limits) -> Command:
    replies = [(place, event) for place, event in enumerate(turn) if isinstance(event, ModelReplied)]
    if len(replies) >= limits.model_steps:
        return GiveUp()  # a server need not obey tool_choice "none"
    place, reply = replies[-1]
    # of this step only: some models give the calls of every step the same ids
    answered = {event.call_id for event in turn[place:] if isinstance(event, ToolAnswered)}
    for number, call in enumerate(reply.calls):
        if call.id not in answered:
            return RunTool(call) if number < limits.calls_per_step else RefuseTool(call)
    return CallModel(with_tools=len(replies) < limits.model_steps - 1)
