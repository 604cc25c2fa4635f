"""The one thing to do next in a chat, from its log alone. Pure: the same log always gives the same command.

A chat interrupted anywhere goes on by replaying its log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatsheet.chat import answers, grounding
from chatsheet.chat.events import Answered, Asked, Cancelled, Decided, Event, Failed, ModelReplied, Nudged, ToolAnswered
from chatsheet.llm.model import ToolCall


@dataclass(frozen=True, slots=True)
class Limits:
    """What a turn may take; a limit that is reached ends it with an error that names it."""

    model_steps: int = 8
    calls_per_step: int = 4
    tool_calls: int = 16
    tokens: int = 120_000
    """Input and output of all steps together, those that the provider had cached counted a tenth."""
    cost: float | None = None
    """In the currency of the routes' prices; None for no limit."""
    seconds: float = 240.0
    """Of model and tools together; a turn that a restart interrupted does not pay for the pause."""


Limit = Literal["steps", "tokens", "cost", "time"]
Reason = Literal["no_query", "empty"]


@dataclass(frozen=True, slots=True)
class CallModel:
    """Ask the model; without tools it has to answer from what it has."""

    with_tools: bool


@dataclass(frozen=True, slots=True)
class Nudge:
    """Tell the model why its text is no answer."""

    reason: Reason


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
    """The model's text answers the question."""

    text: str


@dataclass(frozen=True, slots=True)
class AskBack:
    """Readings differ on the data: the person says which one is meant."""

    text: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The turn has reached a limit."""

    limit: Limit


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do until somebody asks."""


Work = CallModel | Nudge | RunTool | RefuseTool | Answer | AskBack | GiveUp
Command = Work | Rest


def current_turn(log: Sequence[Event]) -> list[Event]:
    """Return the events from the last question on, without what persons decided meanwhile."""
    start = max((i for i, event in enumerate(log) if isinstance(event, Asked)), default=len(log))
    return [event for event in log[start:] if not isinstance(event, Decided)]


def step(log: Sequence[Event], limits: Limits) -> Command:
    """Return the one thing to do next."""
    turn = current_turn(log)
    if not turn:
        return Rest()
    match turn[-1]:
        case Asked():
            return CallModel(with_tools=True)
        case ModelReplied(calls=()) as reply:
            return _text(reply, turn)
        case ModelReplied() | ToolAnswered():
            return _next_call(turn, limits)
        case Nudged():
            return _call_model(turn, limits)
        case Answered() | Failed() | Cancelled() | Decided():
            return Rest()


def _text(reply: ModelReplied, turn: Sequence[Event]) -> Command:
    """Take the text as the answer, or say once why it is none."""
    if any(isinstance(event, Nudged) for event in turn):
        return Answer(reply.text)
    form, text = answers.form(reply.text)
    if not text:
        return Nudge("empty")
    has_result = any(isinstance(event, ToolAnswered) and event.result is not None for event in turn)
    asked = next(event for event in turn if isinstance(event, Asked))
    if form == "answer" and not has_result and grounding.trace(text, (), question=asked.question, locale=asked.locale):
        return Nudge("no_query")
    return Answer(reply.text)


def _next_call(turn: Sequence[Event], limits: Limits) -> Command:
    place, reply = [(place, event) for place, event in enumerate(turn) if isinstance(event, ModelReplied)][-1]
    # of this step only: some models give the calls of every step the same ids
    answered = [event for event in turn[place:] if isinstance(event, ToolAnswered)]
    asks_back = any(event.options for event in answered)
    if not asks_back and (reached := _reached(turn, limits)) is not None:
        return GiveUp(reached)
    earlier = sum(isinstance(event, ToolAnswered) for event in turn[:place])
    for number, call in enumerate(reply.calls):
        if call.id not in {event.call_id for event in answered}:
            is_over = number >= limits.calls_per_step or earlier + number >= limits.tool_calls
            return RefuseTool(call) if is_over or asks_back else RunTool(call)
    return AskBack(reply.text) if asks_back else _call_model(turn, limits)


def _call_model(turn: Sequence[Event], limits: Limits) -> Command:
    if (reached := _reached(turn, limits)) is not None:
        return GiveUp(reached)
    steps = sum(isinstance(event, ModelReplied) for event in turn)
    tools = sum(isinstance(event, ToolAnswered) for event in turn)
    return CallModel(with_tools=steps < limits.model_steps - 1 and tools < limits.tool_calls)


def _reached(turn: Sequence[Event], limits: Limits) -> Limit | None:
    replies = [event for event in turn if isinstance(event, ModelReplied)]
    if len(replies) >= limits.model_steps:
        return "steps"  # a server need not obey tool_choice "none"
    usages = [reply.usage for reply in replies]
    if sum(u.input_tokens + u.output_tokens - 0.9 * u.cached_tokens for u in usages) > limits.tokens:
        return "tokens"
    if limits.cost is not None and sum(reply.cost or 0.0 for reply in replies) > limits.cost:
        return "cost"
    spent = sum(event.milliseconds for event in turn if isinstance(event, ModelReplied | ToolAnswered))
    return "time" if spent > 1000 * limits.seconds else None
