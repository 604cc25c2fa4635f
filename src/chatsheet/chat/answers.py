"""The model's last text becomes the turn's answer: its form, where its numbers come from, what it stands on. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from chatsheet.chat import grounding
from chatsheet.chat.events import Answered, Asked, Basis, ColumnUsed, Event, ModelReplied, RowsUsed, ToolAnswered

NOT_IN_WORKBOOK = "[not in workbook]"
"""With this the model begins an answer that says what the workbook lacks, whatever its language."""

Form = Literal["answer", "not_in_workbook"]
_QUOTES = r"[\s*_`>\"'\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb#-]*"
_GREETING = (
    r"(?:(?:hello|hi|hey|dear user|good (?:morning|day|afternoon|evening)|sorry|i am sorry|i['\u2019]m sorry|unfortunately"
    r"|hallo|guten (?:tag|morgen|abend)|leider|tut mir leid|entschuldigung|bonjour|désolé|je suis désolé|malheureusement"
    r"|hola|lo siento|buenos d[ií]as|lamentablemente)(?: there)?\s?[!.,:;\u2013\u2014-]*\s*){0,2}"
)
_BRACKETS = r"\[\s*(not[\s_-]+in[\s_-]+workbook)\s*\]"
_MARK = re.compile(rf"{_QUOTES}{_GREETING}{_QUOTES}{_BRACKETS}", re.IGNORECASE)
_LATER_MARK = re.compile(rf"[*_`]*{_BRACKETS}[*_`]*[:.,]?", re.IGNORECASE)
_PLAIN_MARK = re.compile(
    rf"{_QUOTES}not[\s_-]+in[\s_-]+(?:(?:the|this|your)[\s_-]+)?workbook[*_`\"]*\s*(?:[:.!\u2013\u2014-]|\n|\Z)", re.IGNORECASE
)
_SENTENCE = re.compile(r"[^.!?\n\d]*")
_MOST_FILTERS = 5


def form(text: str) -> tuple[Form, str]:
    """Return the form of an answer and its text without the mark, which may be bold, quoted, bare or after other words.

    A mark behind a sentence or a number says nothing of the whole; it loses its brackets.
    """
    plain = text.strip()
    if (mark := _MARK.match(plain) or _PLAIN_MARK.match(plain)) is not None:
        rest = plain[mark.end() :].lstrip(" :.,-\u2013\u2014\n*_`\"'\u201c\u201d\u00bb")
        return "not_in_workbook", rest or ("" if "[" in plain else plain)
    if (later := _LATER_MARK.search(plain)) is not None and _SENTENCE.fullmatch(plain, 0, later.start()) is not None:
        before, rest = plain[: later.start()].rstrip(), plain[later.end() :].lstrip()
        return "not_in_workbook", f"{before} {rest}".strip()
    return "answer", re.sub(_BRACKETS, r"\1", plain, flags=re.IGNORECASE)


def told(basis: Basis) -> str:
    """Return what a query stands on as one line: its rows, filters, units and empty cells."""
    return "; ".join(_told(basis))


def _told(basis: Basis) -> Iterator[str]:
    yield " and ".join(_rows(used, is_filtered=bool(basis.filters)) for used in basis.rows) or "no rows of the workbook"
    yield from basis.filters[:_MOST_FILTERS]
    if len(basis.filters) > _MOST_FILTERS:
        yield f"{len(basis.filters) - _MOST_FILTERS} more conditions"
    units: dict[str, str] = {}
    for used in basis.columns:
        if unit := _unit(used):
            units[used.column] = unit
    yield from (f"{column} in {unit}" for column, unit in units.items())
    yield from (f"{used.nulls} without {used.column} not counted" for used in basis.columns if used.nulls)
    yield from (f"{used.stale} values of {used.column} are out of date" for used in basis.columns if used.stale)


def _rows(used: RowsUsed, *, is_filtered: bool) -> str:
    span = f" (rows {used.first} to {used.last} of the tab)" if used.first is not None else ""
    most = "at most " if is_filtered and used.first is None and used.rows else ""  # too nested to be counted
    return f"{most}{used.rows} {'row' if used.rows == 1 else 'rows'} of {used.table}{span}"


def _unit(used: ColumnUsed) -> str:
    unit = used.unit
    scale = {1: "", 10**3: " thousands", 10**6: " millions", 10**9: " billions"}.get(unit.scale, f" times {unit.scale}")
    named = "percent" if unit.is_percent else unit.currency or unit.symbol
    # stored values are whole: a caption's thousands are only how the tab writes them
    return f"{named}{f' (written in{scale})' if scale else ''}" if named else ""


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
    said = options.content or text.strip()
    results = [event for event in events if isinstance(event, ToolAnswered) and event.result is not None]
    gave = [options.model_copy(update={"result": one.result, "sql": one.sql, "handle": ""}) for one in options.options]
    numbers = grounding.trace(said, [*results, *gave], question=asked.question, locale=asked.locale)
    # an option's own result has no handle to lead to: it stands beside the question
    return Answered(turn=asked.turn, text=said, form="which", numbers=tuple(one for one in numbers if one.handle != ""))
