"""Every kind of edit: what it changes, what it refuses, what it says of itself before and after."""

from pathlib import Path

import pytest
from pydantic import JsonValue, ValidationError

from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import (
    EDITS,
    AddColumn,
    CellValue,
    DeleteColumn,
    DeleteRows,
    Edit,
    EditRefused,
    Fill,
    InsertRows,
    RenameColumn,
    RetypeColumn,
    SetCells,
    parse,
)
from chatsheet.sheets.library import Library
from chatsheet.sheets.model import Column, ColumnType
from tests.sheets.edited import ask, bring, column, ids, make, rows

pytestmark = pytest.mark.anyio


def set_cell(row: int, name: str, value: JsonValue) -> SetCells:
    return SetCells(table="prices", cells=(CellValue(row=row, column=name, value=value),))


async def test_a_cell_set_is_a_new_version_and_the_old_one_stays(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    made = await make(library, first, set_cell(3, "price", "2,5".replace(",", ".")))
    assert await column(library, made.opened, "price") == [1.5, 2.5, 30.5, 12.5]
    assert await column(library, first, "price") == [1.5, 2.25, 30.5, 12.5]
    assert made.opened.sheet.version != first.sheet.version
    assert (await library.open(LOCAL, first.sheet.id)).sheet.version == made.opened.sheet.version
    cell = made.changes[0].sample[0]
    assert (cell.row, cell.column, cell.before, cell.after) == (3, "price", 2.25, 2.5)


async def test_guarded_sql_sees_the_edited_table_under_its_own_name(library: Library, tmp_path: Path) -> None:
    made = await make(library, await bring(library, tmp_path), set_cell(2, "count", 100))
    assert await ask(library, made.opened, "SELECT sum(count) AS n FROM prices") == [(127,)]


async def test_a_set_to_the_same_value_makes_no_version(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    made = await make(library, first, set_cell(3, "price", 2.25))
    assert made.opened.sheet.version == first.sheet.version
    assert await library.history(LOCAL, first.sheet.id) == []


async def test_formula_like_text_stays_text(library: Library, tmp_path: Path) -> None:
    made = await make(library, await bring(library, tmp_path), set_cell(2, "item", "=1+1"))
    assert (await column(library, made.opened, "item"))[0] == "=1+1"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Fill(table="price", column="item"), "did you mean prices?"),
        (set_cell(2, "prise", 1), "did you mean price?"),
        (set_cell(99, "price", 1), "no row 99"),
        (set_cell(2, "price", "cheap"), "'cheap' is no decimal"),
        (set_cell(2, "count", 1.5), "1.5 is no integer"),
        (set_cell(2, "price", "=1+1"), "is no decimal"),
        (Fill(table="prices", column="count", expression="price * 2.1"), "results are no integer"),
        (Fill(table="prices", column="count", expression="count; DROP TABLE prices"), "no single SQL expression"),
        (Fill(table="prices", column="count", expression="count", value=1), "several of a value, an expression and a formula"),
        (Fill(table="prices", column="count", rows=(2,), where="count > 1", value=1), "given twice"),
        (Fill(table="prices", column="count", rows=(2, 9), expression="count + 1"), "no row 9"),
        (DeleteRows(table="prices"), "no rows are named"),
        (DeleteRows(table="prices", rows=(2, 9)), "no row 9"),
        (InsertRows(table="prices", rows=({"colour": "red"},)), "no column colour"),
        (InsertRows(table="prices", rows=({},), after=77), "no row 77"),
        (AddColumn(table="prices", label=" "), "needs a name"),
        (AddColumn(table="prices", label="n", type="integer", value="x"), "is no integer"),
        (RenameColumn(table="prices", column="itm", label="x"), "did you mean item?"),
        (DeleteColumn(table="prices", column="nothing"), "no column nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_edit_that_does_not_fit_is_refused_and_writes_nothing(
    library: Library, tmp_path: Path, edit: Edit, said: str
) -> None:
    first = await bring(library, tmp_path)
    with pytest.raises(EditRefused) as refused:
        await make(library, first, set_cell(2, "price", 7), edit)
    assert said in refused.value.line()
    assert (await library.open(LOCAL, first.sheet.id)) == first
    assert list((tmp_path / "data" / "incoming").iterdir()) == []


@pytest.mark.parametrize("expression", ["(SELECT max(price) FROM other)", "read_text('/etc/passwd')", "duckdb_settings()"])
async def test_an_expression_is_guarded_like_any_query(library: Library, tmp_path: Path, expression: str) -> None:
    with pytest.raises(ChatSheetError) as refused:
        await make(library, await bring(library, tmp_path), Fill(table="prices", column="item", expression=expression))
    assert refused.value.code == "sql.refused"


async def test_an_expression_that_fails_while_running_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(EditRefused, match="cannot be computed"):
        await make(
            library, await bring(library, tmp_path), Fill(table="prices", column="count", expression="CAST(item AS INT)")
        )


async def test_a_fill_reaches_the_rows_that_match(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    made = await make(library, first, Fill(table="prices", column="count", where="price > 10", expression="count * 2"))
    assert await column(library, made.opened, "count") == [10, 20, 6, 8]
    assert made.changes[0].rows == 2


async def test_a_fill_of_named_rows_leaves_the_others(library: Library, tmp_path: Path) -> None:
    fill = Fill(table="prices", column="item", rows=(2, 4), value="x")
    made = await make(library, await bring(library, tmp_path), fill)
    assert await column(library, made.opened, "item") == ["x", "cup", "x", "hat"]


async def test_a_fill_without_a_value_empties_the_cells(library: Library, tmp_path: Path) -> None:
    made = await make(library, await bring(library, tmp_path), Fill(table="prices", column="sold"))
    assert await column(library, made.opened, "sold") == [None] * 4


async def test_rows_are_inserted_where_they_are_wanted(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path)
    for insert in (
        InsertRows(table="prices", rows=({"item": "last"},)),
        InsertRows(table="prices", rows=({"item": "first"},), before=2),
        InsertRows(table="prices", rows=({"item": "a"}, {"item": "b", "price": 9}), after=3),
    ):
        opened = (await make(library, opened, insert)).opened
    assert await column(library, opened, "item") == ["first", "pen", "cup", "a", "b", "bag", "hat", "last"]
    assert await ids(library, opened) == [7, 2, 3, 8, 9, 4, 5, 6]


async def test_many_rows_can_be_inserted_one_by_one_at_one_place(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path)
    many = [InsertRows(table="prices", rows=({"count": n},), after=3) for n in range(60)]
    opened = (await make(library, opened, *many)).opened
    assert await column(library, opened, "count") == [10, 20, *reversed(range(60)), 3, 4]


async def test_an_id_is_never_used_again_not_even_in_another_branch(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    gone = await make(library, first, DeleteRows(table="prices", rows=(5,)))
    added = await make(library, gone.opened, InsertRows(table="prices", rows=({"item": "a"},)))
    back = await library.undo(LOCAL, first.sheet.id, expected_version=added.opened.sheet.version)
    other = await make(library, back, InsertRows(table="prices", rows=({"item": "b"},)))
    assert await ids(library, added.opened) == [2, 3, 4, 6]
    assert await ids(library, other.opened) == [2, 3, 4, 7]


async def test_deleted_rows_leave_and_their_values_are_in_the_history(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    made = await make(library, first, DeleteRows(table="prices", where="price < 2 OR item = 'hat'"))
    assert await ids(library, made.opened) == [3, 4]
    assert made.opened.workbook.tables[0].rows == 2
    assert [cell.before for cell in made.changes[0].sample[:3]] == ["pen", 1.5, 10]


@pytest.mark.parametrize("column_type", ["text", "decimal"])
async def test_a_table_can_be_emptied_and_filled_again(library: Library, tmp_path: Path, column_type: ColumnType) -> None:
    first = await bring(library, tmp_path)
    retyped = await make(library, first, RetypeColumn(table="prices", column="count", type=column_type))
    emptied = await make(library, retyped.opened, DeleteRows(table="prices", where="true"))
    assert (await rows(library, emptied.opened), emptied.opened.workbook.tables[0].rows) == ([], 0)
    again = await make(library, emptied.opened, InsertRows(table="prices", rows=({"item": "new"},)))
    assert await column(library, again.opened, "item") == ["new"]


@pytest.mark.parametrize(
    ("name", "expression", "values"),
    [
        ("price", "price / (count - 10)", [None, 0.225, -4.357142857142857, -2.0833333333333335]),
        ("price", "CASE WHEN count = 10 THEN 'nan'::DOUBLE ELSE 1 END", [None, 1, 1, 1]),
        ("count", "CASE WHEN count = 10 THEN 1 / 0 ELSE 2.0::DOUBLE END", [None, 2, 2, 2]),
        ("item", "price / (count - 10)", [None, "0.225", "-4.357142857142857", "-2.0833333333333335"]),
    ],
)
async def test_what_is_no_finite_number_is_an_empty_cell_counted_and_told(
    library: Library, tmp_path: Path, name: str, expression: str, values: list[JsonValue]
) -> None:
    made = await make(library, await bring(library, tmp_path), Fill(table="prices", column=name, expression=expression))
    assert await column(library, made.opened, name) == values
    assert made.changes[0].notes == ("1 result is no finite number, as of a division by zero, and is an empty cell",)


async def test_a_column_added_or_kept_as_a_formula_tells_of_divisions_by_zero_too(library: Library, tmp_path: Path) -> None:
    added = AddColumn(table="prices", label="Each", type="decimal", expression="price / count")
    made = await make(library, await bring(library, tmp_path), set_cell(2, "count", 0), added)
    assert "1 result is no finite number" in made.changes[1].notes[-1]
    again = await make(library, made.opened, set_cell(3, "count", 0))
    assert (await column(library, again.opened, "each"))[:3] == [None, None, 30.5 / 3]
    assert any("1 result is no finite number" in note for note in again.changes[1].notes)


async def test_an_edited_row_and_an_inserted_row_can_be_deleted(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_cell(3, "count", 1))).opened
    opened = (await make(library, opened, InsertRows(table="prices", rows=({"item": "new"},), after=3))).opened
    opened = (await make(library, opened, DeleteRows(table="prices", rows=(3, 6)))).opened
    assert await ids(library, opened) == [2, 4, 5]
    assert await ask(library, opened, "SELECT count(*) AS n FROM prices") == [(3,)]


async def test_a_column_is_added_empty_with_a_value_or_computed(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_cell(3, "count", 1))).opened
    opened = (await make(
        library,
        opened,
        AddColumn(table="prices", label="Note"),
        AddColumn(table="prices", label="Shop", value="it's ours"),
        AddColumn(table="prices", label="Total (EUR)", type="decimal", expression="price * count"),
    )).opened  # fmt: skip
    assert await column(library, opened, "note") == [None] * 4
    assert await column(library, opened, "shop") == ["it's ours"] * 4
    assert await column(library, opened, "total_eur") == [15, 2.25, 91.5, 50]
    assert opened.workbook.tables[0].columns[-1].label == "Total (EUR)"


async def test_a_column_renamed_keeps_its_values_under_the_new_name(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_cell(3, "count", 1))).opened
    opened = (await make(library, opened, RenameColumn(table="prices", column="count", label="How many"))).opened
    assert await column(library, opened, "how_many") == [10, 1, 3, 4]
    assert await ask(library, opened, "SELECT sum(how_many) AS n FROM prices") == [(18,)]


async def test_a_column_deleted_is_gone_from_queries(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_cell(3, "count", 1))).opened
    opened = (await make(library, opened, DeleteColumn(table="prices", column="count"))).opened
    assert [row[1:] for row in await rows(library, opened)][1] == ("cup", 2.25, "2025-02-01")
    with pytest.raises(ChatSheetError, match="no column count"):
        await ask(library, opened, "SELECT count FROM prices")


async def test_retyping_reports_what_does_not_parse_and_loses_nothing(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path, b"Item,Price,Count\na,12,1\nb,about 3,2\nc,7.5,3\n")
    opened = (await make(library, first, set_cell(4, "price", "8.5"))).opened
    made = await make(library, opened, RetypeColumn(table="prices", column="price", type="decimal"))
    price = made.opened.workbook.tables[0].columns[1]
    assert await column(library, made.opened, "price") == [12, None, 8.5]
    assert (price.type, price.unparsed, price.unparsed_examples) == ("decimal", 1, ("about 3",))
    assert "1 did not parse" in made.changes[0].notes[1]
    back = await make(library, made.opened, RetypeColumn(table="prices", column="price", type="text"))
    assert await column(library, back.opened, "price") == ["12", "about 3", "8.5"]
    assert back.opened.workbook.tables[0].columns[1].raw == ""


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("price", "integer", [None] * 4),
        ("price", "text", ["1.5", "2.25", "30.5", "12.5"]),
        ("count", "decimal", [10, 20, 3, 4]),
        ("count", "text", ["10", "20", "3", "4"]),
        ("sold", "datetime", [f"2025-0{d}T00:00:00" for d in ("1-31", "2-01", "2-02", "2-03")]),
        ("sold", "text", [f"2025-0{d}" for d in ("1-31", "2-01", "2-02", "2-03")]),
        ("item", "boolean", [None] * 4),
        ("item", "time", [None] * 4),
    ],
)
async def test_a_column_can_be_read_as_every_type(
    library: Library, tmp_path: Path, name: str, kind: ColumnType, values: list[JsonValue]
) -> None:
    edit = RetypeColumn(table="prices", column=name, type=kind)
    made = await make(library, await bring(library, tmp_path), edit)
    assert await column(library, made.opened, name) == values


async def test_a_preview_says_what_would_change_and_writes_nothing(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    edits = (Fill(table="prices", column="count", expression="count + 1"), DeleteRows(table="prices", rows=(5,)))
    preview = await library.preview(LOCAL, first.sheet.id, edits)
    assert [(c.kind, c.rows, c.cells) for c in preview.changes] == [("fill", 4, 4), ("delete_rows", 1, 4)]
    assert (preview.changes[0].sample[0].before, preview.changes[0].sample[0].after) == (10, 11)
    assert await library.open(LOCAL, first.sheet.id) == first
    assert len(list((tmp_path / "data" / "versions").iterdir())) == 1


async def test_the_profile_of_a_small_table_follows_its_edits(library: Library, tmp_path: Path) -> None:
    made = await make(library, await bring(library, tmp_path), set_cell(2, "price", 100))
    assert made.opened.workbook.tables[0].columns[1].profile.maximum == 100


@pytest.mark.parametrize(
    ("value", "kind", "parsed"),
    [
        ("", "integer", None), (None, "text", None), (5, "text", "5"), (True, "text", "true"), ("007", "text", "007"),
        ("12", "integer", 12), (12.0, "integer", 12), ("1e3", "decimal", 1000.0), ("yes", "boolean", True),
        ("2025-02-28", "date", "2025-02-28"), ("2025-02-28T10:00", "datetime", "2025-02-28 10:00:00"),
        ("10:30", "time", "10:30:00"),
    ],
)  # fmt: skip
def test_a_value_is_read_by_its_columns_type(value: JsonValue, kind: ColumnType, parsed: JsonValue) -> None:
    assert parse(value, Column(name="c", label="C", letter="A", type=kind, evidence="")) == parsed


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "integer"), ("1,5", "decimal"), ("1e999", "decimal"), (2**63, "integer"), ("2025-02-30", "date"),
        ("31/01/2025", "date"), ("maybe", "boolean"), ([1], "text"), ({"a": 1}, "text"), (float("inf"), "decimal"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_column_is_refused_not_guessed(value: JsonValue, kind: ColumnType) -> None:
    with pytest.raises(EditRefused):
        parse(value, Column(name="c", label="C", letter="A", type=kind, evidence=""))


@pytest.mark.parametrize("wrong", [[], [{"kind": "drop"}], [{"kind": "set", "table": "t", "cells": []}], [{"kind": "fill"}]])
def test_what_is_no_edit_is_refused_by_its_form(wrong: list[JsonValue]) -> None:
    with pytest.raises(ValidationError):
        EDITS.validate_python(wrong)
