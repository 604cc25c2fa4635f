"""Questions that a workbook can answer, from the profile of its columns; no model is asked. Pure."""

from collections.abc import Iterator

from chatsheet.sheets.model import Column, Table, Workbook

_FEW = 50
"""Values up to which a text column is something to group by."""
_MOST_TABLES = 3
_SMALL = 50
"""A table so many times smaller than the largest is a list beside it."""
_LONGEST = 60
_NAMING = ("id", "no", "nr", "number", "code", "year", "month", "day", "zip", "postcode", "phone")
"""Last words of headers whose numbers name something and are not summed."""
_STATES = ("price", "rate", "share", "percent", "percentage", "age", "discount", "temperature", "score", "ratio")
"""Last words of headers whose numbers are averaged: their sum says nothing."""


def suggest(workbook: Workbook, *, most: int = 4) -> tuple[str, ...]:
    """Return questions over the largest tables, the most telling first; none for a workbook without tables."""
    tables = [table for table in workbook.tables if table.rows and not table.is_hidden]
    largest = sorted(tables, key=lambda table: -table.rows)[:_MOST_TABLES]
    largest = [table for table in largest if table.rows * _SMALL >= largest[0].rows]
    asked = [list(_of_table(table, is_only=len(tables) == 1)) for table in largest]
    # one of each table before the second of any
    in_turn = [
        of_table[place] for place in range(max(map(len, asked), default=0)) for of_table in asked if place < len(of_table)
    ]
    return tuple(dict.fromkeys(in_turn))[:most]


def _of_table(table: Table, *, is_only: bool) -> Iterator[str]:
    of = "" if is_only else f" in {_short(table.tab)}"
    known = [column for column in table.columns if len(column.label.strip()) > 0 and column.profile.nulls < table.rows]
    measures = sorted(filter(_is_measure, known), key=_rank)
    groups = [column for column in known if _is_group(column, table)]
    days = [column for column in known if column.type in {"date", "datetime"} and column.profile.distinct > 1]
    measure, group, day = (next(iter(columns), None) for columns in (measures, groups, days))
    if measure is not None and group is not None:
        yield f"{_how(measure)} by {_short(group.label)}{of}?"
    if measure is not None and day is not None:
        yield f"How did {_short(measure.label)} develop by {_span(day)}{of}?"
    if measure is not None and group is None and day is None:
        yield f"{_how(measure)}{of}?"
    if group is not None:
        top = group.profile.top
        yield (
            f"How many rows does each {_short(group.label)} have{of}?"
            if not top
            else (f"How many rows have {_short(group.label)} {_short(top[0].value)}{of}?")
        )
    if holes := [column for column in known if column.profile.nulls]:
        worst = max(holes, key=lambda column: column.profile.nulls)
        yield f"Which rows have no {_short(worst.label)}{of}?"
    if table.oddities:
        yield f"What looks wrong in {_short(table.tab)}?"
    if measure is None and group is None:
        yield f"How many rows are there{of}?"


def _how(measure: Column) -> str:
    name = _short(measure.label)
    if _is_averaged(measure):
        return f"What is the average {name}"
    return f"What is the total {name}"


def _span(day: Column) -> str:
    first, last = str(day.profile.minimum or "")[:4], str(day.profile.maximum or "")[:4]
    return "year" if first.isdigit() and last.isdigit() and int(last) - int(first) > 3 else "month"  # noqa: PLR2004  years


def _is_measure(column: Column) -> bool:
    return column.type in {"integer", "decimal"} and column.profile.distinct > 1 and _last_word(column) not in _NAMING


def _rank(column: Column) -> tuple[bool, bool, bool]:
    """Return what to ask about first: sums before averages, money before counts, amounts before whole numbers."""
    return _is_averaged(column), not column.unit.currency, column.type != "decimal"


def _is_averaged(column: Column) -> bool:
    return column.unit.is_percent or _last_word(column) in _STATES


def _is_group(column: Column, table: Table) -> bool:
    is_few = 1 < column.profile.distinct <= min(_FEW, table.rows // 2)
    return column.type == "text" and is_few and _last_word(column) not in _NAMING


def _last_word(column: Column) -> str:
    return column.name.rpartition("_")[2].casefold()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
