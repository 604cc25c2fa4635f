"""A result as the model reads it: few rows, short cells, and what to know of them. Pure; the result itself stays whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.chat.tools import nearest
from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.model import ROW_ID, Compared, Result, Workbook

_LONGEST_CELL = 160
_MOST_COLUMNS = 60
_MOST_WARNINGS = 5
_INFINITE = ("inf", "-inf", "nan")
"""As numbers that JSON lacks are written."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a result is told."""

    rows: int = 30
    tokens: int = 1_500


SMALL = Room(rows=12, tokens=300)
"""For a model whose whole prompt is small."""


def told(result: Result, room: Room, *, notes: Sequence[str] = (), warnings: Sequence[str] = ()) -> JsonObject:
    """Return columns, the first rows, how many there are, whether that is all, their row ids, and what is odd."""
    rows = list(_rows(result, room))
    names = [column.name for column in result.columns]
    said: JsonObject = {"columns": list(names[:_MOST_COLUMNS]), "rows": list(rows), "row_count": result.row_count}
    if len(rows) < result.row_count:
        said["truncated"] = f"only the first {len(rows)} rows are listed here"
    if len(names) > _MOST_COLUMNS:
        said["columns_left_out"] = len(names) - _MOST_COLUMNS
    if result.row_ids and ROW_ID not in names and rows:
        said["row_ids"] = {one.table: list(one.ids[: len(rows)]) for one in result.row_ids}
    if notes:
        said["notes"] = list(notes)
    if warnings:
        said["warnings"] = list(warnings[:_MOST_WARNINGS])
    return said


def _rows(result: Result, room: Room) -> Iterator[list[JsonValue]]:
    left = room.tokens
    for place, row in enumerate(result.rows[: room.rows]):
        shown = [_cell(value) for value in row[:_MOST_COLUMNS]]
        left -= budget.count(loose.dumps(shown))
        if left < 0 and place:
            return
        yield shown


def _cell(value: JsonValue) -> JsonValue:
    if isinstance(value, list | dict):
        value = loose.dumps(value)
    if isinstance(value, str) and len(value) > _LONGEST_CELL:
        return f"{value[:_LONGEST_CELL]}…[{len(value) - _LONGEST_CELL} more characters]"
    return value


def warnings(result: Result, sql: str, compared: Sequence[Compared], workbook: Workbook) -> list[str]:
    """Return what is odd about a result: texts that no row has, with the nearest or all values; no row at all."""
    said = [_with_values(warning, compared, workbook) for warning in result.warnings]
    if not said and " WHERE " in sql and _is_empty(result):
        case = "LIKE minds case, ILIKE does not; " if " LIKE " in sql else ""
        said.append(f"no row fits the conditions: {case}find_values shows how values are written.")
    if any(value in _INFINITE for row in result.rows for value in row):
        said.append("something was divided by zero: write a / nullif(b, 0).")
    return said


def _is_empty(result: Result) -> bool:
    """Tell whether no rows, or one of zeros and nothing, came back."""
    return not result.row_count or (result.row_count == 1 and all(value in (None, 0) for value in result.rows[0]))


def _with_values(warning: str, compared: Sequence[Compared], workbook: Workbook) -> str:
    """Name all values of a column that has few and none like the one looked for."""
    for one in compared:
        start = f"{one.table}.{one.column} has no '{one.text}'; "
        if warning.startswith(f"{start}nearest: nothing"):
            if holders := nearest.columns_with(one.text, workbook):
                return f"{start}{' and '.join(holders[:2])} has it."
            table = workbook.table(one.table)
            column = next((c for c in table.columns if c.name == one.column), None) if table is not None else None
            if column is not None and column.profile.top:
                listed = ", ".join(f"'{_cell(top.value)}'" for top in column.profile.top)
                more = "" if column.profile.distinct <= len(column.profile.top) else f" and {column.profile.distinct} in all"
                return f"{start}its values: {listed}{more}."
    return warning
