"""The tool that asks the person which reading is meant: only where the readings differ on the data, for all are run first."""

import math
from collections.abc import Sequence

from pydantic import Field, JsonValue

from chatsheet.chat.events import Option
from chatsheet.chat.tools import querying, telling
from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Part, ToolRefused, tool
from chatsheet.chat.tools.querying import Queried
from chatsheet.chat.tools.telling import Room
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.model import Result

_ROWS_SHOWN = 100
_LIKE = 1e-9
_DIGITS = 6


class Reading(Part):
    """One way to understand the question."""

    label: str = Field(min_length=1, max_length=100)
    sql: str


class AskUser(Arguments):
    """Ask which reading is meant. Only if readings give different results; each one's SQL is run first."""

    question: str = Field(min_length=1, max_length=400)
    options: tuple[Reading, ...] = Field(min_length=2, max_length=3)


async def _ask_user(arguments: AskUser, moment: Moment) -> Outcome:
    labels = [" ".join(one.label.split()) for one in arguments.options]
    if len({label.casefold() for label in labels}) < len(labels):
        raise ToolRefused("two options have one label;", fix="give each reading a label of its own.")
    ran = [await _run(one, moment) for one in arguments.options]
    different = [at for at, one in enumerate(ran) if not any(same(one.result, before.result) for before in ran[:at])]
    if len(different) == 1:
        return await _shared(ran[0], moment)
    options = tuple(_option(labels[at], ran[at]) for at in different)
    listed = [f"{number}. {one.label}: {_gives(one.result)}" for number, one in enumerate(options, 1)]
    return Outcome(told="\n".join([arguments.question.strip(), *listed]), options=options)


async def _run(reading: Reading, moment: Moment) -> Queried:
    try:
        return await querying.query(reading.sql, moment)
    except ChatSheetError as error:
        raise ToolRefused(f"{reading.label}: {error.what}", fix=error.fix) from None


async def _shared(ran: Queried, moment: Moment) -> Outcome:
    note = "all readings give this same result: do not ask, answer with it"
    return Outcome(
        told=telling.told(ran.result, Room(), notes=(note, *ran.notes)),
        sql=ran.guarded.sql,
        purpose="the readings agree",
        result=ran.result,
        basis=await querying.basis(ran, moment.questions),
    )


def _option(label: str, ran: Queried) -> Option:
    whole = ran.result
    shown = whole.model_copy(
        update={
            "rows": whole.rows[:_ROWS_SHOWN],
            "row_ids": tuple(one.model_copy(update={"ids": one.ids[:_ROWS_SHOWN]}) for one in whole.row_ids),
            "truncated": whole.row_count > len(whole.rows[:_ROWS_SHOWN]),
        }
    )
    return Option(label=label, sql=ran.guarded.sql, result=shown)


def _gives(result: Result) -> str:
    if not result.rows:
        return "no rows"
    first = ", ".join(str(value) for value in result.rows[0][:4])
    return first if result.row_count == 1 else f"{result.row_count} rows, the first: {first}"


def same(one: Result, other: Result) -> bool:
    """Tell whether two results are the same set of rows, whatever the names of their columns; floats with tolerance."""
    if (one.truncated or other.truncated) and one.row_count != other.row_count:
        return False
    return _alike(_sorted(one.rows), _sorted(other.rows))


def _sorted(rows: Sequence[Sequence[JsonValue]]) -> list[Sequence[JsonValue]]:
    """Return each row once, in an order that the last digits of a float do not change."""
    once = {_key(row, digits=17): row for row in rows}
    return [once[exact] for exact in sorted(once, key=lambda exact: (_key(once[exact], digits=_DIGITS), exact))]


def _alike(some: Sequence[Sequence[JsonValue]], others: Sequence[Sequence[JsonValue]]) -> bool:
    return len(some) == len(others) and all(
        len(row) == len(other) and all(map(_equal, row, other)) for row, other in zip(some, others, strict=True)
    )


def _key(row: Sequence[JsonValue], *, digits: int) -> tuple[tuple[str, float, str], ...]:
    return tuple(
        (type(value).__name__, 0.0, str(value))
        if (number := _number(value)) is None
        else ("n", float(f"{number:.{digits}g}"), "")
        for value in row
    )


def _equal(one: JsonValue, other: JsonValue) -> bool:
    some, others = _number(one), _number(other)
    if some is not None and others is not None:
        return math.isclose(some, others, rel_tol=_LIKE, abs_tol=_LIKE)
    return type(one) is type(other) and one == other


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


TOOL = tool("ask_user", AskUser, _ask_user)
"""Asks the person."""
