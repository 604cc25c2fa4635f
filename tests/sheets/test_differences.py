"""What goes back into the original workbook: what was edited, and never less than it held."""

from pathlib import Path

import pytest

from chatsheet.sheets import differences
from chatsheet.sheets.edits import Edit, Fill, RetypeColumn
from chatsheet.sheets.files import ExportTooLarge
from chatsheet.sheets.library import Library
from chatsheet.sheets.model import ColumnType
from tests.sheets.edited import PRICES, bring, make
from tests.sheets.test_edits import set_cell

pytestmark = pytest.mark.anyio

CODES = b"Id,Code,Amount\n101,A-1,1.5\n102,22,2\n103,44x,3.25\n104,c,4\n"


def retyped(name: str, kind: ColumnType) -> RetypeColumn:
    return RetypeColumn(table="prices", column=name, type=kind)


@pytest.mark.parametrize(
    ("edits", "changed", "noted"),
    [
        ([retyped("code", "integer")], {}, "3 cells are no integer in column Code"),
        ([retyped("amount", "integer")], {"C3": 2, "C5": 4}, "2 cells are no integer in column Amount"),
        ([retyped("code", "integer"), set_cell(2, "code", 9), set_cell(4, "code", 5)], {"B2": 9, "B4": 5},
         "1 cell is no integer in column Code"),
        ([retyped("code", "integer"), set_cell(3, "code", "")], {"B3": None}, "3 cells are no integer"),
        ([set_cell(2, "code", "B-2"), retyped("code", "integer")], {"B2": "B-2"}, "2 cells are no integer"),
        ([retyped("amount", "text"), set_cell(2, "amount", "?"), retyped("amount", "decimal")], {"C2": "?"}, ""),
        ([retyped("code", "integer"), retyped("code", "text")], {}, ""),
    ],
)  # fmt: skip
async def test_a_text_that_a_new_type_cannot_hold_stays_in_the_original(
    library: Library, tmp_path: Path, edits: list[Edit], changed: dict[str, object], noted: str
) -> None:
    made = await make(library, await bring(library, tmp_path, CODES), *edits)
    found = await library.differences(made.opened)
    assert {change.cell: change.value for change in found.edits.changes} == changed
    assert noted in "".join(found.notes)
    assert bool(noted) == bool(found.notes)


async def test_more_changed_cells_than_an_original_takes_are_refused_not_cut(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path, PRICES)
    fills = (Fill(table="prices", column=name, expression=f"{name} + 1") for name in ("price", "count"))
    made = await make(library, first, *fills)
    folder, versions = tmp_path / "data" / "versions", (first.sheet.version, made.opened.sheet.version)
    assert len(differences.between(folder, *versions, most=8).edits.changes) == 8
    with pytest.raises(ExportTooLarge, match="than go into the original"):
        differences.between(folder, *versions, most=7)
