"""The workbook in short: its tables with range and size, notes, and what is hidden or odd. Pure."""

from collections.abc import Iterator

from pydantic import JsonValue

from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import Table, Workbook

_TOKENS = 2_000
_MOST_NOTES = 3
_MOST_ODDITIES = 4
_LONGEST = 120


def of(workbook: Workbook) -> JsonObject:
    """Return the richest overview that fits: with columns, without them, or tables by name alone."""
    richest: JsonObject = {}
    for richest in (_said(workbook, columns=True), _said(workbook, columns=False), _names(workbook)):
        if budget.count(loose.dumps(richest)) <= _TOKENS:
            break
    return richest


def _said(workbook: Workbook, *, columns: bool) -> JsonObject:
    tables: list[JsonValue] = [dict(_table(table, columns=columns)) for table in workbook.tables]
    said: JsonObject = {"tables": tables}
    if workbook.warnings:
        said["warnings"] = [warning[:_LONGEST] for warning in workbook.warnings[:_MOST_NOTES]]
    return said


def _names(workbook: Workbook) -> JsonObject:
    listed: list[JsonValue] = [f"{table.id} ({table.rows} rows)" for table in workbook.tables]
    shown = listed[: _TOKENS // 12]
    more = len(listed) - len(shown)
    return {"tables": [*shown, f"and {more} more"] if more else shown}


def _table(table: Table, *, columns: bool) -> Iterator[tuple[str, JsonValue]]:
    yield "table", table.id
    yield "tab", table.tab
    yield "range", table.range
    yield "rows", table.rows
    yield "columns", [column.name for column in table.columns] if columns else len(table.columns)
    if table.is_hidden:
        yield "hidden", True
    if table.notes:
        yield "notes", [note[:_LONGEST] for note in table.notes[:_MOST_NOTES]]
    if table.totals:
        yield "totals_left_out", len(table.totals)
    if table.joins:
        yield "joins", [f"{one.column} = {one.to_table}.{one.to_column}" for one in table.joins]
    if table.oddities:
        yield "odd", [_odd(one.kind, one.column, one.rows) for one in table.oddities[:_MOST_ODDITIES]]


def _odd(kind: str, column: str, rows: int) -> str:
    return f"{kind.replace('_', ' ')}{f' in {column}' if column else ''}: {rows} rows"
