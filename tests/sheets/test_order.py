"""Rows stand where the user put them: in pages, sorted, filtered and searched windows, and exports, whatever their ids."""

from pathlib import Path

import pytest

from chatsheet.sheets import export, versions
from chatsheet.sheets.edits import CellValue, DeleteRows, InsertRows, SetCells
from chatsheet.sheets.files import Options
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Places
from chatsheet.sheets.windows import Filter, Sort, Window
from tests.sheets.edited import bring, make

pytestmark = pytest.mark.anyio

LETTERS = b"Name,Kind\na,x\nb,y\nc,x\nd,y\ne,x\n"
"""Row ids 2 to 6."""
WINDOWS = {
    "all": (Window(table="prices"), "0a1c23de"),
    "some": (Window(table="prices", offset=2, limit=4), "1c23"),
    "sorted, equal ones in the table's order": (Window(table="prices", sort=(Sort(column="kind"),)), "0a1ce23d"),
    "filtered": (
        Window(table="prices", filters=(Filter(column="kind", test="equals", values=("x",)),)),
        "0a1ce",
    ),
    "searched": (Window(table="prices", search="y", offset=1, limit=2), "3d"),
}


@pytest.fixture(params=["a delta", "a base of its own"])
async def edited(library: Library, tmp_path: Path, request: pytest.FixtureRequest) -> OpenSheet:
    """Rows put in front, in the middle and into gaps, one changed and one gone: `0a1c23de` from top to bottom."""
    opened = await bring(library, tmp_path, LETTERS)
    opened = (await make(library, opened, InsertRows(table="prices", rows=({"name": "2", "kind": "y"},), after=4))).opened
    edits = (
        InsertRows(table="prices", rows=({"name": "0", "kind": "x"},), before=2),
        InsertRows(table="prices", rows=({"name": "1", "kind": "x"},), after=2),
        InsertRows(table="prices", rows=({"name": "3", "kind": "y"},), before=5),
        DeleteRows(table="prices", rows=(3,)),
        SetCells(table="prices", cells=(CellValue(row=2, column="kind", value="X"),)),
    )
    opened = (await make(library, opened, *edits)).opened
    if request.param != "a delta":
        folder = tmp_path / "data" / "versions" / opened.sheet.version
        await library.compactions.compact(opened.sheet.version)
        assert versions.location(folder).name == versions.BASE
    return opened


@pytest.mark.parametrize("case", WINDOWS)
async def test_a_window_has_its_rows_in_the_order_of_the_table(library: Library, edited: OpenSheet, case: str) -> None:
    window, expected = WINDOWS[case]
    page = await library.questions(edited).window(window)
    assert "".join(str(row[1]) for row in page.rows) == expected


async def test_rows_are_found_in_the_order_that_is_shown(library: Library, edited: OpenSheet) -> None:
    questions = library.questions(edited)
    plain, by_kind = Window(table="prices"), Window(table="prices", sort=(Sort(column="kind"),))
    found = [await questions.places(window, rows=[6, 2, 3, 99], limit=10) for window in (plain, by_kind)]
    assert [(one.rows, one.places, one.count) for one in found] == [((2, 6), (1, 7), 2), ((2, 6), (1, 4), 2)]


async def test_hits_of_a_search_are_found_among_all_rows(library: Library, edited: OpenSheet) -> None:
    questions = library.questions(edited)
    found = await questions.places(Window(table="prices"), text="y", limit=3)
    assert (found.places, found.count) == ((4, 5, 6), 3)
    of_x = Window(table="prices", filters=(Filter(column="kind", test="equals", values=("x",)),))
    assert await questions.places(of_x, text="y", limit=3) == Places(rows=(), places=(), count=0)


async def test_an_export_has_the_rows_in_the_order_of_the_table(library: Library, edited: OpenSheet, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    plan = export.of_table(edited.workbook, "prices")
    await export.write(library.questions(edited).database, plan, target, Options(format="csv"))
    assert "".join(line[0] for line in target.read_text().splitlines()[1:]) == "0a1c23de"


async def test_a_page_tells_how_many_rows_there_are(library: Library, edited: OpenSheet) -> None:
    questions = library.questions(edited)
    page, all_rows = await questions.window(Window(table="prices", limit=3)), await questions.window(Window(table="prices"))
    assert (page.row_count, page.truncated, all_rows.row_count, all_rows.truncated) == (8, True, 8, False)
