"""The workbook as the model sees it: lines for each table, one line for each column. Pure, and the same text each time.

What comes from the file stands in quotes, on one line, and short; rows are never in it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.context import budget
from chatsheet.context.quoting import name, quoted
from chatsheet.sheets.model import SQL_TYPES, Column, Oddity, Profile, Table, Unit, Workbook

WIDE = 150
"""With more columns than this a prompt holds the tables alone, and the columns that fit the question."""
_LONG = 120
_MOST_NOTES = 4
_MOST_ODDITIES = 6
_MOST_UNPARSED = 3
_FEW = 50
"""Values from which on a text column is no list of categories any more."""
_LEAST_PERCENT = 0.1
_PIVOTED = "headers hold values, such as one column per month"
_ORDER = re.compile(r"\b(day|month|year) first\b")


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a card says: how many frequent values, and what else."""

    top: int
    ranges: bool = True
    asides: bool = True
    """Notes and oddities of tables, shares of values, shapes and counts of distinct values."""
    examples: int = 3
    """Values of a column that has too many to list them."""


_DETAILS = (
    Detail(8),
    Detail(5),
    Detail(5, asides=False),
    Detail(3, asides=False),
    Detail(3, ranges=False, asides=False),
    Detail(0, ranges=False, asides=False),
)
_WHOLE, _LEAN = _DETAILS[0], _DETAILS[-1]
_SHORT = tuple(Detail(top, ranges=False, asides=False, examples=1) for top in (8, 6, 4, 2, 0))
"""For a small model: the values that filters need, and no range, whose ends it would filter by."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column and the table it stands in."""

    table: Table
    column: Column


def card(workbook: Workbook, tokens: int, file: str = "", *, is_short: bool = False) -> str:
    """Return the workbook's card at the richest detail that fits `tokens`."""
    return budget.fit((_workbook(workbook, detail, file) for detail in (_SHORT if is_short else _DETAILS)), tokens)


def outline(workbook: Workbook, tokens: int, file: str = "") -> str:
    """Return the tables' own lines; where they do not fit, the first ones and how many there are."""
    total = sum(len(table.columns) for table in workbook.tables)
    head = [*_head(file), f"{len(workbook.tables)} tables with {total} columns in all:"]
    for detail in (_WHOLE, _LEAN):
        every = [line for table in workbook.tables for line in _lines(table, detail)]
        if budget.count("\n".join([*head, *every])) <= tokens:
            return "\n".join([*head, *every])
    short = [_line(table) for table in workbook.tables]
    kept = budget.lines(short, tokens - budget.count("\n".join(head)) - 12)
    more = [f"… and {len(short) - len(kept)} more tables"] if len(kept) < len(short) else []
    return "\n".join([*head, *kept, *more])


def is_wide(workbook: Workbook, tokens: int, file: str = "") -> bool:
    """Tell whether the columns are too many for a prompt that has so many tokens for them."""
    columns = sum(len(table.columns) for table in workbook.tables)
    return columns > WIDE or budget.count(_workbook(workbook, _LEAN, file)) > tokens


def picked(columns: Sequence[Placed], tokens: int) -> str:
    """Return cards of columns in the order given, as many as fit, each with its table's name."""
    lines = (f"- {name(one.table.id)}.{_column(one.column, one.table.rows, _DETAILS[1])}" for one in columns)
    return "\n".join(budget.lines(lines, tokens))


def table_card(table: Table) -> str:
    """Return one table's card with everything that is known."""
    return "\n".join(_table(table, _WHOLE))


def _workbook(workbook: Workbook, detail: Detail, file: str) -> str:
    return "\n".join([*_head(file), *(line for table in workbook.tables for line in _table(table, detail))])


def _head(file: str) -> list[str]:
    return [f"file {quoted(file, _LONG)}"] if file else []


def _table(table: Table, detail: Detail) -> Iterator[str]:
    yield from _lines(table, detail)
    for column in table.columns:
        yield f"- {_column(column, table.rows, detail)}"


def _lines(table: Table, detail: Detail) -> Iterator[str]:
    yield _line(table)
    links = [f"key {', '.join(map(name, table.keys))}"] if table.keys else []
    links += [
        f"{name(one.column)} joins {name(one.to_table)}.{name(one.to_column)} ({100 * one.overlap:.0f}%)" for one in table.joins
    ]
    if links:
        yield f"  {'; '.join(links)}"
    if not detail.asides:
        yield from ([f"  {_PIVOTED}"] if table.is_pivoted else [])
        return
    asides: list[str] = []
    if table.notes:
        asides.append(f"notes: {', '.join(quoted(note, _LONG) for note in table.notes[:_MOST_NOTES])}")
    if table.totals:
        asides.append(f"left out as totals: {len(table.totals)} of its rows")
    if table.is_pivoted:
        asides.append(_PIVOTED)
    asides += [f"watch: {_oddity(one)}" for one in table.oddities[:_MOST_ODDITIES] if one.kind != "unparsed"]
    yield from (f"  {aside}" for aside in asides)


def _line(table: Table) -> str:
    facts = [f"{table.rows} rows", f"{len(table.columns)} columns"]
    if table.tab.casefold() != table.id:
        facts.append(f"tab {quoted(table.tab)}")
    if table.is_hidden:
        facts.append("hidden")
    return f"table {name(table.id)} ({', '.join(facts)})"


def _oddity(oddity: Oddity) -> str:
    where = f"{name(oddity.column)}: " if oddity.column else ""
    examples = f", such as {', '.join(quoted(one) for one in oddity.examples[:2])}" if oddity.examples else ""
    said = {
        "duplicate_rows": f"{oddity.rows} rows repeat another row",
        "outliers": f"{oddity.rows} values far from the others",
        "mixed_types": f"about {oddity.rows} rows hold numbers among texts",
        "unparsed": f"{oddity.rows} cells did not parse",
        "near_duplicates": f"{oddity.rows} rows have a value in another spelling",
    }
    return f"{where}{said[oddity.kind]}{examples}"


def _column(column: Column, rows: int, detail: Detail) -> str:
    facts: list[str] = []
    if column.label.casefold().replace(" ", "_") != column.name:
        facts.append(f"header {quoted(column.label, 2 * len(column.name) + 24)}")
    facts += _unit(column.unit)
    facts += _parsing(column, detail)
    facts += _values(column.profile, rows, detail)
    if column.profile.nulls:
        facts.append(f"null {_percent(column.profile.nulls, rows)}")
    said = f" [{'; '.join(facts)}]" if facts else ""
    return f"{name(column.name)} {SQL_TYPES[column.type]}{said}"


def _unit(unit: Unit) -> Iterator[str]:
    if unit.is_percent:
        yield "percent: 12% is 0.12"
    elif unit.currency or unit.symbol:
        yield f"unit {quoted(unit.currency or unit.symbol)}"
    if unit.scale != 1:
        yield f"written in {unit.scale}s, held in full"


def _parsing(column: Column, detail: Detail) -> Iterator[str]:
    if column.readings:
        others = " or ".join(quoted(one.name) for one in column.readings[1:])
        yield f"read {quoted(column.readings[0].name)}" + (f", could be {others}" if others else "")
    elif column.type in {"date", "datetime"} and detail.asides and (order := _ORDER.search(column.evidence)):
        yield f"read {order.group()}"
    if column.unparsed:
        examples = ", ".join(quoted(one) for one in column.unparsed_examples[:_MOST_UNPARSED] if detail.asides)
        raw = f", as written in {name(column.raw)}" if column.raw else ""
        yield f"{column.unparsed} did not parse and are NULL{raw}" + (f": {examples}" if examples else "")


def _values(profile: Profile, rows: int, detail: Detail) -> Iterator[str]:
    about = "~" if profile.is_estimated else ""
    if profile.top and detail.top:
        is_listed = profile.distinct <= _FEW
        is_listed = is_listed and (detail.examples > 1 or profile.distinct < rows or rows <= detail.top)
        shown = profile.top[: detail.top if is_listed else min(detail.top, detail.examples)]
        has_shares = detail.asides and is_listed and profile.distinct < rows
        listed = ", ".join(f"{quoted(one.value)}{f' {_percent(one.rows, rows)}' if has_shares else ''}" for one in shown)
        yield f"{about}{profile.distinct} values: {listed}{', …' if profile.distinct > len(shown) else ''}"
    elif profile.minimum is not None and detail.ranges:
        known = [profile.minimum, *([] if profile.median is None else [profile.median]), profile.maximum]
        yield "..".join(map(_short, known))
        if detail.asides and profile.distinct < rows:
            yield f"{about}{profile.distinct} distinct"
    if profile.patterns and detail.asides and profile.distinct > _FEW:
        yield f"like {quoted(profile.patterns[0].value)}"


def _percent(part: int, whole: int) -> str:
    """Return a share; 0 and 100 only where it is that exactly."""
    share = 100 * part / max(1, whole)
    if share < _LEAST_PERCENT:
        return "0%" if part == 0 else f"<{_LEAST_PERCENT}%"
    if share >= 100 or share < 99.95:  # noqa: PLR2004  what rounds to 100
        return f"{share:.0f}%" if share >= 10 else f"{share:.1f}%"  # noqa: PLR2004  one digit after the point below it
    return ">99.9%"


def _short(value: JsonValue) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if 1e5 <= abs(value) < 1e15 else f"{value:.6g}"  # noqa: PLR2004  an exponent reads badly
    return str(value) if isinstance(value, int) else quoted(str(value), 32).strip('"')
