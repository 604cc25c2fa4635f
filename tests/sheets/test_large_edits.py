"""Edits of more rows than DuckDB's row group: every row is there once, with its new value."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import AddColumn, DeleteRows, Edit, Fill, InsertRows, RetypeColumn
from chatsheet.sheets.library import Library
from tests.sheets.edited import ask, bring, make

pytestmark = pytest.mark.anyio

ROWS = 130_000
CONTENT = ("n,v\n" + "".join(f"{n},{n % 97}.5\n" for n in range(ROWS))).encode()
SUM = sum(n % 97 + 0.5 for n in range(ROWS))
ADDED = AddColumn(table="prices", label="w", type="decimal", expression="v * 2")
FILLED = Fill(table="prices", column="v", expression="v + 1")


@pytest.mark.parametrize(
    ("edits", "sql", "holds"),
    [
        ([FILLED], "sum(v)", (ROWS, ROWS, SUM + ROWS)),
        ([FILLED, FILLED], "sum(v)", (ROWS, ROWS, SUM + 2 * ROWS)),
        ([Fill(table="prices", column="v", value=2)], "sum(v)", (ROWS, ROWS, 2.0 * ROWS)),
        ([Fill(table="prices", column="v", value=0, where="n < 125_000")], "count(*) FILTER (v > 0)", (ROWS, ROWS, 5_000)),
        ([DeleteRows(table="prices", where="n >= 4")], "sum(n)", (4, 4, 6)),
        ([ADDED], "sum(w)", (ROWS, ROWS, 2 * SUM)),
        ([FILLED, RetypeColumn(table="prices", column="v", type="text"), Fill(table="prices", column="v", value="x")],
         "min(v)", (ROWS, ROWS, "x")),
        ([DeleteRows(table="prices", rows=(2,)), RetypeColumn(table="prices", column="v", type="text"),
          Fill(table="prices", column="v", value="x")], "min(v)", (ROWS - 1, ROWS - 1, "x")),
        ([InsertRows(table="prices", rows=({"n": -1, "v": 0},)), FILLED], "sum(v)", (ROWS + 1, ROWS + 1, SUM + ROWS + 1)),
        ([Fill(table="prices", column="v", expression="n * 1.0", is_formula=True),
          Fill(table="prices", column="n", expression="n + 1")], "sum(v - n)", (ROWS, ROWS, 0)),
    ],
)  # fmt: skip
async def test_an_edit_of_every_row_holds_each_row_once_before_and_after_a_base_is_written(
    library: Library, tmp_path: Path, edits: list[Edit], sql: str, holds: tuple[JsonValue, ...]
) -> None:
    made = await make(library, await bring(library, tmp_path, CONTENT), *edits)
    wanted = f"SELECT count(*) AS a, count(DISTINCT _row) AS b, {sql} AS c FROM prices"  # noqa: S608  our own
    assert await ask(library, made.opened, wanted) == [holds]
    assert made.opened.workbook.tables[0].rows == holds[0]
    await library.settled()
    assert await ask(library, await library.open(LOCAL, made.opened.sheet.id), wanted) == [holds]
