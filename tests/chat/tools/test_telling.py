"""A result as the model reads it is short, and says what it leaves out."""

import pytest
from pydantic import JsonValue

from chatsheet.chat.tools import telling
from chatsheet.chat.tools.telling import Room
from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.sheets.model import Result, ResultColumn, RowIds, Workbook

BOOK = Workbook(parser="p", content_sha256="c", tables=())


def result(rows: list[list[JsonValue]], *, count: int | None = None, ids: bool = False) -> Result:
    """Return a result with as many columns as its first row."""
    columns = tuple(ResultColumn(name=f"c{n}", type="VARCHAR") for n in range(len(rows[0]) if rows else 1))
    row_ids = (RowIds(table="orders", ids=tuple(range(2, 2 + len(rows)))),) if ids else ()
    given = tuple(tuple(row) for row in rows)
    return Result(columns=columns, rows=given, row_count=count or len(rows), truncated=bool(count), row_ids=row_ids)


def test_only_the_first_rows_are_told_with_the_whole_count_and_their_ids() -> None:
    told = telling.told(result([[n] for n in range(50)], count=9_000, ids=True), Room(rows=3))
    assert told["rows"] == [[0], [1], [2]]
    assert (told["row_count"], told["truncated"]) == (9_000, "only the first 3 rows are listed here")
    assert told["row_ids"] == {"orders": [2, 3, 4]}


def test_a_result_that_is_told_whole_says_nothing_of_leaving_out() -> None:
    assert telling.told(result([[1]]), Room()) == {"columns": ["c0"], "rows": [[1]], "row_count": 1}


def test_long_cells_are_cut_with_a_mark_and_wide_rows_too() -> None:
    told = telling.told(result([["x" * 1_000] * 80]), Room())
    row = loose.array(loose.array(told["rows"])[0])
    assert row[0] == "x" * 160 + "…[840 more characters]"
    assert (len(row), told["columns_left_out"]) == (60, 20)


@pytest.mark.parametrize("room", [Room(), telling.SMALL])
def test_rows_stay_inside_their_tokens(room: Room) -> None:
    told = telling.told(result([[f"some words of row {n}"] * 6 for n in range(40)]), room)
    assert budget.count(loose.dumps(told["rows"])) <= room.tokens + 100
    assert 0 < len(loose.array(told["rows"])) <= room.rows


@pytest.mark.parametrize(
    ("rows", "sql", "said"),
    [
        ([], "SELECT a FROM t WHERE b", ["no row fits the conditions: find_values shows how values are written."]),
        ([[0]], "SELECT count(*) FROM t WHERE a LIKE 'x%'", ["no row fits the conditions: LIKE minds case, ILIKE does not; "]),
        ([[0]], "SELECT count(*) FROM t", []),
        ([["inf"]], "SELECT 1 / 0", ["something was divided by zero: write a / nullif(b, 0)."]),
        ([[1]], "SELECT a FROM t WHERE b", []),
    ],
)
def test_what_is_odd_about_a_result_is_said(rows: list[list[JsonValue]], sql: str, said: list[str]) -> None:
    warnings = telling.warnings(result(rows), sql, (), BOOK)
    assert len(warnings) == len(said)
    assert all(warning.startswith(start) for warning, start in zip(warnings, said, strict=True))
