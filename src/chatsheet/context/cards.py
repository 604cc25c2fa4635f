"""The workbook as the model sees it: a line per table, a line per column with type, values and evidence. Pure.

Cell texts inside are data, so they stand in quotes, on one line, and short.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.sheets.model import SQL_TYPES, Column, Table, Workbook

_LONGEST_VALUE = 24


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a card says: how many frequent values, and whether ranges are in it."""

    top: int
    ranges: bool


_DETAILS = (
    Detail(8, ranges=True),
    Detail(5, ranges=True),
    Detail(3, ranges=True),
    Detail(3, ranges=False),
    Detail(0, ranges=False),
)


def card(workbook: Workbook, tokens: int) -> str:
    """Return the workbook's card at the richest detail that fits `tokens`."""
    return budget.fit((_workbook(workbook, detail) for detail in _DETAILS), tokens)


def table_card(table: Table) -> str:
    """Return one table's card with everything that is known."""
    return "\n".join(_table(table, _DETAILS[0]))


def _workbook(workbook: Workbook, detail: Detail) -> str:
    return "\n".join(line for table in workbook.tables for line in _table(table, detail))


def _table(table: Table, detail: Detail) -> Iterator[str]:
    tab = "" if table.tab.casefold() == table.id else f", tab {_quoted(table.tab)}"
    yield f"table {table.id} ({table.rows} rows{tab})"
    for column in table.columns:
        yield f"- {column.name} {SQL_TYPES[column.type]}{_facts(column, table.rows, detail)}"


def _facts(column: Column, rows: int, detail: Detail) -> str:
    facts: list[str] = []
    profile = column.profile
    if column.label.casefold().replace(" ", "_") != column.name:
        facts.append(f"header {_quoted(column.label)}")
    if profile.top and detail.top:
        listed = ", ".join(_quoted(t.value) for t in profile.top[: detail.top])
        facts.append(f"{profile.distinct} values: {listed}{', …' if profile.distinct > detail.top else ''}")
    elif profile.minimum is not None and detail.ranges:
        facts.append(f"{_short(profile.minimum)}..{_short(profile.maximum)}")
    if profile.nulls:
        facts.append(f"null {100 * profile.nulls / max(1, rows):.0f}%")
    if column.raw:
        facts.append(f"cells as written in {column.raw}")
    return f" [{'; '.join(facts)}]" if facts else ""


def _quoted(text: str) -> str:
    short = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    # nothing in a cell may close the block it stands in, or begin a line
    return "".join(f"\\u{ord(c):04x}" if c in "<>\u0085\u2028\u2029" else c for c in loose.dumps(short))


def _short(value: JsonValue) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
