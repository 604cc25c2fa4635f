"""The log as the messages of a model call. Pure."""

from collections.abc import Sequence

from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, Nudged, ToolAnswered
from chatsheet.chat.loop import current_turn
from chatsheet.context import prompt
from chatsheet.context.prompt import Scope
from chatsheet.core.loose import JsonObject

_NUDGES = {
    "no_query": "[system] Your text has numbers, and no query of this turn gave them. Run the SQL for them, then answer.",
    "empty": "[system] Your answer was empty. Answer the question, or say what the workbook lacks.",
}


def build(log: Sequence[Event], scope: Scope) -> list[JsonObject]:
    """Return system message, earlier turns as far as they fit, and the whole current turn."""
    now = current_turn(log)
    earlier = _turns(log)[:-1]
    return [
        prompt.system(scope),
        *prompt.prune([_told(turn) for turn in earlier], scope.budget_tokens),
        *(message for event in now if (message := _message(event)) is not None),
    ]


def _turns(log: Sequence[Event]) -> list[list[Event]]:
    turns: list[list[Event]] = []
    for event in log:
        if isinstance(event, Asked):
            turns.append([])
        if turns:
            turns[-1].append(event)
    return turns


def _told(turn: Sequence[Event]) -> list[JsonObject]:
    """Return an earlier turn in short: the question, the SQL that answered it, the answer. Its rows are left out."""
    question = next((event.question for event in turn if isinstance(event, Asked)), "")
    answer = next((event.text for event in turn if isinstance(event, Answered)), None)
    if answer is None:
        return []
    queries = [f"[SQL used: {e.sql}]" for e in turn if isinstance(e, ToolAnswered) and e.sql and not e.is_error]
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": "\n".join([answer, *queries[-1:]])},
    ]


def _message(event: Event) -> JsonObject | None:
    match event:
        case Asked():
            return {"role": "user", "content": event.question}
        case ModelReplied():
            message: JsonObject = {"role": "assistant", "content": event.text or None}
            if event.calls:
                message["tool_calls"] = [
                    {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                    for c in event.calls
                ]
            return message
        case Nudged():
            return {"role": "user", "content": _NUDGES[event.reason]}
        case ToolAnswered():
            return {"role": "tool", "tool_call_id": event.call_id, "content": event.content}
        case _:
            return None
