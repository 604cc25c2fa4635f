"""The model's last text becomes the turn's answer: its form, and where each number of it comes from. Pure."""

from collections.abc import Sequence
from typing import Literal

from chatsheet.chat import grounding
from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, ToolAnswered

NOT_IN_WORKBOOK = "[not in workbook]"
"""With this the model begins an answer that says what the workbook lacks, whatever its language."""

Form = Literal["answer", "not_in_workbook"]


def form(text: str) -> tuple[Form, str]:
    """Return the form of an answer and its text without the mark."""
    plain = text.strip()
    if plain.casefold().startswith(NOT_IN_WORKBOOK):
        return "not_in_workbook", plain[len(NOT_IN_WORKBOOK) :].lstrip(" :.-\n")
    return "answer", plain


def answered(text: str, events: Sequence[Event]) -> Answered:
    """Return the answer of a turn, whose events these are."""
    asked = next(event for event in events if isinstance(event, Asked))
    results = [event for event in events if isinstance(event, ToolAnswered) and event.result is not None]
    is_cut = any(event.finish_reason == "length" for event in events[-1:] if isinstance(event, ModelReplied))
    kind, plain = form(text)
    numbers = grounding.trace(plain, results, question=asked.question, locale=asked.locale)
    return Answered(turn=asked.turn, text=plain, form=kind, numbers=numbers, is_cut=is_cut)


def asked_back(text: str, events: Sequence[Event]) -> Answered:
    """Return the question that a turn ends with; its options, and what they give, are in the tool's answer."""
    asked = next(event for event in events if isinstance(event, Asked))
    options = next(event for event in reversed(events) if isinstance(event, ToolAnswered) and event.options)
    said = text.strip() or options.content
    return Answered(turn=asked.turn, text=said, form="which", numbers=())
