"""Formulas in the product: told at import, recalculated by edits, stale where they cannot be, and right in the package."""

from pathlib import Path

import formualizer
import pytest

from chatsheet.core.identity import LOCAL
from chatsheet.sheets import export, files, following
from chatsheet.sheets.edits import (
    AddColumn,
    CellValue,
    DeleteRows,
    Edit,
    EditRefused,
    Fill,
    InsertRows,
    RenameColumn,
    SetCells,
)
from chatsheet.sheets.formulas.engine import FormulasTimedOut, Recalculator
from chatsheet.sheets.formulas.grammar import FormulaRefused
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.library import Edited, Library, OpenSheet
from chatsheet.sheets.package.formula import FormulaForbidden
from tests.sheets import edited, formula_sheets
from tests.sheets.formula_sheets import recalculated, stale

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opened(library: Library, tmp_path: Path) -> OpenSheet:
    return await library.bring_in(LOCAL, formula_sheets.write(tmp_path / "orders.xlsx"))


def put(row: int, column: str, value: float | str | None, table: str = "orders") -> SetCells:
    return SetCells(table=table, cells=(CellValue(row=row, column=column, value=value),))


async def made(library: Library, opened: OpenSheet, *edits: Edit) -> Edited:
    return await edited.make(library, opened, *edits)


async def totals(library: Library, opened: OpenSheet) -> list[object]:
    return list(await edited.column(library, opened, "total", "orders"))


async def test_an_import_says_which_columns_are_formulas(opened: OpenSheet) -> None:
    orders = opened.workbook.table("orders")
    assert orders is not None
    told = {column.name: column.formula for column in orders.columns}
    assert told["price"] is None
    found = told["total"]
    assert found is not None
    assert (found.formula, found.named, found.formulas, found.breaking) == ("=B2*C2", "=[@Price]*[@Count]", 4, 0)
    assert opened.workbook.formulas.cells == 8
    assert [(one.cell, one.trait) for one in opened.workbook.formulas.special] == [("B3", "volatile"), ("B4", "external")]


async def test_a_preview_lists_what_it_recalculates_and_writes_nothing(library: Library, opened: OpenSheet) -> None:
    found = await library.preview(LOCAL, opened.sheet.id, (put(2, "price", 10),))
    assert recalculated(found.formulas) == {
        "Orders!D2": (15, 100),
        "Orders!D6": (201.5, 286.5),
        "Summary!B2": (403, 573),
    }
    assert stale(found.formulas) == {
        "Summary!B3": "it has another value at every recalculation",
        "Summary!B4": "it reads another workbook",
    }
    assert await totals(library, await library.open(LOCAL, opened.sheet.id)) == [15, 45, 91.5, 50]


async def test_an_edit_writes_what_it_recalculates_into_its_version(library: Library, opened: OpenSheet) -> None:
    done = await made(library, opened, put(2, "price", 10))
    assert await totals(library, done.opened) == [100, 45, 91.5, 50]
    assert await edited.column(library, done.opened, "value", "summary") == [573, 46001.5, 9.5]
    kinds = [(change.kind, change.table, change.cells) for change in done.changes]
    assert kinds == [
        ("set", "orders", 1),
        ("recalculate", "orders", 1),
        ("recalculate", "summary", 1),
        ("recalculate", "", 1),
        ("stale", "", 2),
    ]
    assert done.changes[3].notes == ("Orders!D6: 201.5 is now 286.5",)


async def test_undo_takes_back_what_was_recalculated(library: Library, opened: OpenSheet) -> None:
    done = await made(library, opened, put(2, "price", 10))
    undone = await library.undo(LOCAL, opened.sheet.id, expected_version=done.opened.sheet.version)
    assert await totals(library, undone) == [15, 45, 91.5, 50]
    assert undone.workbook.formulas.stale == 0
    again = await made(library, undone, put(3, "count", 0))
    assert recalculated(again.formulas)["Orders!D6"] == (201.5, 156.5)


async def test_what_is_stale_says_so_until_it_is_given_a_value(library: Library, opened: OpenSheet) -> None:
    done = await made(library, opened, put(2, "price", 10))
    summary = done.opened.workbook.table("summary")
    assert summary is not None
    assert summary.columns[1].formula is not None
    assert (summary.columns[1].formula.stale, done.opened.workbook.formulas.stale) == (2, 2)
    mended = await made(library, done.opened, put(3, "value", 46002, "summary"))
    assert mended.formulas.overwritten == ("Summary!B3",)
    assert mended.opened.workbook.formulas.stale == 1


async def test_edits_build_on_the_ones_before(library: Library, opened: OpenSheet) -> None:
    first = await made(library, opened, put(2, "price", 10))
    second = await made(library, first.opened, put(3, "price", 5), put(4, "count", 0))
    assert recalculated(second.formulas) == {
        "Orders!D3": (45, 100),
        "Orders!D4": (91.5, 0),
        "Orders!D6": (286.5, 250),
        "Summary!B2": (573, 500),
    }
    assert await totals(library, second.opened) == [100, 100, 0, 50]


async def test_a_formula_that_a_value_replaces_stays_replaced(library: Library, opened: OpenSheet) -> None:
    first = await made(library, opened, put(2, "total", 1))
    assert first.formulas.overwritten == ("Orders!D2",)
    assert recalculated(first.formulas)["Orders!D6"] == (201.5, 187.5)
    second = await made(library, first.opened, put(2, "price", 10))
    assert recalculated(second.formulas) == {}
    orders = second.opened.workbook.table("orders")
    assert orders is not None
    assert orders.columns[3].formula is not None
    assert (orders.columns[3].formula.formulas, orders.columns[3].formula.breaks) == (3, ("D2",))


async def test_a_cell_says_its_formula_and_what_it_holds_now(library: Library, opened: OpenSheet) -> None:
    done = await made(library, opened, put(2, "price", 10), put(5, "total", 7))
    found = await library.formula_cells(done.opened, "Orders", "C2:D6")
    assert [(one.cell, one.formula, one.value) for one in found] == [
        ("D2", "=B2*C2", 100),
        ("D3", "=B3*C3", 45),
        ("D4", "=B4*C4", 91.5),
        ("D6", "=SUM(D2:D5)", 243.5),
    ]
    (abroad,) = await library.formula_cells(done.opened, "Summary", "B4")
    assert (abroad.value, abroad.stale, abroad.traits) == (9.5, "it reads another workbook", ("external",))


async def test_the_package_keeps_formulas_and_gets_their_new_results(
    library: Library, opened: OpenSheet, tmp_path: Path
) -> None:
    done = await made(library, opened, put(2, "price", 10))
    path = await formula_sheets.exported(library, done.opened, tmp_path / "out.xlsx")
    assert formula_sheets.formulas(path, "Orders")["D2"] == "=B2*C2"
    held = formula_sheets.values(path, "Orders")
    assert (held["B2"], held["D2"], held["D6"]) == (10, 100, 286.5)
    summary = formula_sheets.values(path, "Summary")
    # a program computes NOW again; nobody but its author could compute the other workbook's
    assert (summary["B2"], summary.get("B3"), summary["B4"]) == (573, None, 9.5)
    assert "B3" in formula_sheets.formulas(path, "Summary")
    engine = formualizer.load_workbook(str(path))  # pyright: ignore[reportUnknownMemberType]  an open dict
    assert engine.evaluate_cell("Orders", 6, 4) == 286.5


async def test_rows_that_come_or_go_make_what_spans_them_stale_for_good(library: Library, opened: OpenSheet) -> None:
    gone = await made(library, opened, DeleteRows(table="orders", rows=(3,)))
    assert stale(gone.formulas)["Orders!D6"].startswith("rows came or went")
    later = await made(library, gone.opened, put(2, "price", 10))
    assert recalculated(later.formulas) == {"Orders!D2": (15, 100)}
    assert "Orders!D6" in stale(later.formulas)


async def test_a_row_inserted_at_the_end_makes_its_total_stale(library: Library, opened: OpenSheet) -> None:
    done = await made(library, opened, InsertRows(table="orders", rows=({"item": "cap", "price": 2, "count": 2},)))
    assert set(stale(done.formulas)) == {"Orders!D6", "Summary!B2"}


async def test_a_formula_fills_a_column_and_follows_its_inputs(library: Library, opened: OpenSheet, tmp_path: Path) -> None:
    filled = await made(library, opened, Fill(table="orders", column="total", formula="=[@Price]*[@Count]*2"))
    assert await totals(library, filled.opened) == [30, 90, 183, 100]
    assert recalculated(filled.formulas)["Orders!D6"] == (201.5, 403)
    later = await made(library, filled.opened, put(2, "price", 10))
    assert await totals(library, later.opened) == [200, 90, 183, 100]
    orders = later.opened.workbook.table("orders")
    assert orders is not None
    assert orders.columns[3].formula is not None
    assert orders.columns[3].formula.named == "=[@Price]*[@Count]*2"
    path = await formula_sheets.exported(library, later.opened, tmp_path / "out.xlsx")
    assert formula_sheets.formulas(path, "Orders")["D3"] == "=B3*C3*2"
    assert (formula_sheets.values(path, "Orders")["D2"], formula_sheets.values(path, "Orders")["D6"]) == (200, 573)


async def test_a_formula_may_look_anywhere_in_the_workbook(library: Library, opened: OpenSheet) -> None:
    filled = await made(library, opened, Fill(table="orders", column="price", formula="=SUM(C$2:C2)+COUNTA(Summary!A:A)"))
    assert await edited.column(library, filled.opened, "price", "orders") == [14, 34, 37, 41]
    circular = await made(library, opened, Fill(table="orders", column="count", formula="=D2+1", rows=(2, 3)))
    assert stale(circular.formulas)["Orders!C2"] == "it reads its own result"


async def test_a_formula_that_is_volatile_is_kept_and_labelled(library: Library, opened: OpenSheet) -> None:
    filled = await made(library, opened, Fill(table="orders", column="total", formula="=RAND()*B2"))
    assert set(stale(filled.formulas)) >= {"Orders!D2", "Orders!D6"}
    assert await totals(library, filled.opened) == [15, 45, 91.5, 50]


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (Fill(table="orders", column="total", formula='=WEBSERVICE("http://x.example")'), FormulaForbidden),
        (Fill(table="orders", column="total", formula="=[@Cost]*2"), FormulaRefused),
        (Fill(table="orders", column="total", formula="B2*2"), EditRefused),
        (Fill(table="orders", column="total", formula="=B2", value=1), EditRefused),
        (AddColumn(table="orders", label="New", formula="=VLOOKUP(A2,Summary!A:B,2)"), FormulaRefused),
    ],
)
async def test_a_formula_that_reaches_out_or_cannot_be_is_refused(
    library: Library, opened: OpenSheet, edit: Edit, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await made(library, opened, edit)


async def test_a_new_column_keeps_its_formula_without_cells_in_the_tab(library: Library, opened: OpenSheet) -> None:
    added = await made(library, opened, AddColumn(table="orders", label="Half", formula="=[@Total]/2"))
    assert await edited.column(library, added.opened, "half", "orders") == [7.5, 22.5, 45.75, 25]
    later = await made(library, added.opened, put(2, "price", 10))
    assert await edited.column(library, later.opened, "half", "orders") == [50, 22.5, 45.75, 25]
    new = await made(library, later.opened, InsertRows(table="orders", rows=({"item": "cap", "total": 8},)))
    assert (await edited.column(library, new.opened, "half", "orders"))[-1] == 4


async def test_a_formula_of_a_csv_follows_its_row(library: Library, tmp_path: Path) -> None:
    opened = await edited.bring(library, tmp_path)
    added = await made(library, opened, AddColumn(table="prices", label="Worth", formula="=B2*C2"))
    assert await edited.column(library, added.opened, "worth") == [15, 45, 91.5, 50]
    later = await made(library, added.opened, put(3, "count", 100, "prices"))
    assert await edited.column(library, later.opened, "worth") == [15, 225, 91.5, 50]
    assert [change.kind for change in later.changes] == ["set", "recalculate"]
    by_hand = await made(library, later.opened, put(3, "worth", 1, "prices"))
    assert by_hand.changes[0].notes == ("worth is not computed any more: it holds values",)
    still = await made(library, by_hand.opened, put(3, "count", 7, "prices"))
    assert await edited.column(library, still.opened, "worth") == [15, 1, 91.5, 50]


async def test_a_formula_whose_column_is_renamed_away_keeps_its_values(library: Library, tmp_path: Path) -> None:
    opened = await edited.bring(library, tmp_path)
    added = await made(library, opened, AddColumn(table="prices", label="Worth", formula="=[@Price]*2"))
    renamed = await made(library, added.opened, RenameColumn(table="prices", column="price", label="Cost"))
    later = await made(library, renamed.opened, put(3, "count", 7, "prices"))
    assert later.changes[-1].kind == "stale"
    assert await edited.column(library, later.opened, "worth") == [3, 4.5, 61, 25]


async def test_a_whole_number_column_becomes_decimal_for_what_its_formula_gives(library: Library, tmp_path: Path) -> None:
    path = formula_sheets.write(tmp_path / "a.xlsx")
    opened = await library.bring_in(LOCAL, path)
    filled = await made(library, opened, Fill(table="orders", column="count", formula="=B2/4"))
    assert await edited.column(library, filled.opened, "count", "orders") == [0.375, 0.5625, 7.625, 3.125]


async def test_a_formula_after_plain_edits_starts_from_them(library: Library, tmp_path: Path) -> None:
    path = formula_sheets.plain(tmp_path / "plain.xlsx")
    opened = await library.bring_in(LOCAL, path)
    first = await made(library, opened, put(2, "price", 100, "prices"))
    assert first.formulas.counts.recalculated == 0
    filled = await made(library, first.opened, Fill(table="prices", column="twice", formula="=B2*2"))
    assert await edited.column(library, filled.opened, "twice", "prices") == [200, 4]
    later = await made(library, filled.opened, put(3, "price", 5, "prices"))
    assert await edited.column(library, later.opened, "twice", "prices") == [200, 10]


async def test_sheets_without_formulas_ask_no_engine(library: Library, tmp_path: Path) -> None:
    opened = await library.bring_in(LOCAL, formula_sheets.plain(tmp_path / "plain.xlsx"))
    done = await made(library, opened, put(2, "price", 100, "prices"))
    assert [change.kind for change in done.changes] == ["set"]
    versions = tmp_path / "data" / "versions" / done.opened.sheet.version
    assert not (versions / "cells.json").exists()


async def test_formulas_without_values_are_calculated_at_import_or_said_to_be_missing(library: Library, tmp_path: Path) -> None:
    opened = await library.bring_in(LOCAL, formula_sheets.write(tmp_path / "bare.xlsx", is_cached=False))
    assert await totals(library, opened) == [15, 45, 91.5, 50]
    assert opened.workbook.warnings[-2:] == (
        "2 formulas have no value in the file: their cells are empty",
        "6 formulas have no value in the file: they were calculated here",
    )
    assert (opened.workbook.formulas.calculated, opened.workbook.formulas.missing) == (6, 2)
    done = await made(library, opened, put(2, "price", 10))
    assert recalculated(done.formulas)["Orders!D6"] == (201.5, 286.5)


async def test_an_export_of_a_table_says_which_values_are_stale(library: Library, opened: OpenSheet, tmp_path: Path) -> None:
    done = await made(library, opened, put(2, "price", 10))
    plan = export.of_table(done.opened.workbook, "summary")
    written = await export.write(library.questions(done.opened).database, plan, tmp_path / "a.csv", files.Options(format="csv"))
    assert written.notes == ("2 values of summary.value are stale: its formulas were not recalculated",)


async def test_formulas_beyond_the_limit_keep_their_values_and_say_so(
    library: Library, opened: OpenSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_CHANGED", 1)
    first = await made(library, opened, put(2, "price", 10))
    second = await made(library, first.opened, put(3, "price", 10))
    assert await totals(library, second.opened) == [100, 45, 91.5, 50]
    assert second.opened.workbook.warnings[-1].startswith("formulas are not recalculated any more")
    assert not second.opened.workbook.formulas.is_followed
    (cell,) = await library.formula_cells(second.opened, "Orders", "D3")
    assert "not recalculated any more" in cell.stale
    undone = await library.undo(LOCAL, opened.sheet.id, expected_version=second.opened.sheet.version)
    assert undone.workbook.formulas.is_followed


async def test_formulas_that_took_too_long_are_followed_by_the_next_edit(
    library: Library, opened: OpenSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(*_: object) -> Impact:
        raise FormulasTimedOut("the formulas took too long.", fix="split the workbook.")

    with monkeypatch.context() as patched:
        patched.setattr(Recalculator, "impact", late)
        first = await made(library, opened, put(2, "price", 10))
    assert await totals(library, first.opened) == [15, 45, 91.5, 50]
    assert "the next edit tries again" in first.opened.workbook.warnings[-1]
    second = await made(library, first.opened, put(3, "price", 5))
    assert await totals(library, second.opened) == [100, 100, 91.5, 50]
    assert second.opened.workbook.formulas.is_followed
    assert not second.opened.workbook.warnings
