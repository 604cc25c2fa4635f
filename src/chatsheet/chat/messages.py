"""The log as the messages of a model call. Pure."""

from collections.abc import Sequence

from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, ToolAnswered
from chatsheet.chat.loop import current_turn
from chatsheet.context import prompt
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Workbook


def build(log: Sequence[Event], workbook: Workbook, budget_tokens: int | None) -> list[JsonObject]:
    """Return system message, earlier turns as far as they fit, and the whole current turn."""
    now = current_turn(log)
    earlier = _turns(log[: len(log) - len(now)])
    return [
        prompt.system(workbook, budget_tokens),
        *prompt.prune([_told(turn) for turn in earlier], budget_tokens),
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
        case ToolAnswered():
            return {"role": "tool", "tool_call_id": event.call_id, "content": event.content}
        case _:
            return None
