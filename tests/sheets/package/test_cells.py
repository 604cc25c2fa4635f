"""Random edits of random worksheets: what another reader finds afterwards is what was there, with the edits made."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.package.patch import Edits, patch
from chatsheet.sheets.package.values import Change
from tests.sheets.package import workbooks

Held = str | float | bool | None
Cells = dict[tuple[int, int], Held]

places = st.tuples(st.integers(1, 9), st.integers(1, 30))
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda t: not re.search("_x[0-9A-F]{4}_|\r", t)
)
values = st.one_of(texts, st.floats(-1e9, 1e9), st.booleans())
changes = st.dictionaries(places, st.one_of(values, st.none()), max_size=12)


def sheet_xml(cells: Cells, gaps: set[int]) -> str:
    """Return rows of numbers and texts; rows in `gaps` stand there without cells."""
    rows = ""
    for row in sorted({row for row, _ in cells} | gaps):
        inside = "".join(f'<c r="{letter(c)}{r}"><v>{value}</v></c>' for (r, c), value in sorted(cells.items()) if r == row)
        rows += f'<row r="{row}" spans="1:2">{inside}</row>' if inside else f'<row r="{row}"/>'
    return f"<sheetData>{rows}</sheetData>" if rows else "<sheetData/>"


def change(place: tuple[int, int], value: Held) -> Change:
    kind = "boolean" if isinstance(value, bool) else "decimal" if isinstance(value, float) else "text"
    return Change.model_validate({"tab": "S", "cell": f"{letter(place[1])}{place[0]}", "type": kind, "value": value})


def read_back(path: Path) -> Cells:
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("S")  # pyright: ignore[reportUnknownMemberType]
    rows = sheet.to_python(skip_empty_area=False)
    return {(r, c): v for r, row in enumerate(rows, 1) for c, v in enumerate(row, 1) if v != ""}  # pyright: ignore[reportReturnType]


@settings(max_examples=60, deadline=None)
@given(
    before=st.dictionaries(places, st.integers(0, 10**6), max_size=20),
    gaps=st.sets(st.integers(1, 9), max_size=3),
    edits=changes,
)
def test_random_edits_read_back_as_they_were_made(before: Cells, gaps: set[int], edits: Cells) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = workbooks.write_plain(Path(folder) / "a.xlsx", sheet_xml(before, gaps))
        patch(source, Path(folder) / "b.xlsx", Edits(changes=tuple(change(*one) for one in edits.items())))
        expected = {place: value for place, value in (before | edits).items() if value is not None}
        assert read_back(Path(folder) / "b.xlsx") == expected


@pytest.mark.parametrize(
    "sheet",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData/></worksheet>',
        '<?xml version="1.0" encoding="ISO-8859-1"?><worksheet><sheetData/></worksheet>',
        "<worksheet><sheetData><row r='2'/><row r='1'/></sheetData></worksheet>",
        "<worksheet><sheetData><row r='1'><c r='B1'/><c r='A1'/></row></sheetData></worksheet>",
        "<worksheet><sheetData><row r='x'/></sheetData></worksheet>",
        "<worksheet><sheetData><row></sheetData></worksheet>",
        "<worksheet/>",
    ],
)
def test_a_worksheet_that_is_not_sound_is_refused_and_leaves_no_file(tmp_path: Path, sheet: str) -> None:
    text = sheet if sheet.startswith("<?") else f'<?xml version="1.0"?>{sheet}'
    source = workbooks.write_plain(tmp_path / "a.xlsx", text)
    with pytest.raises(ChatSheetError) as refused:
        patch(source, tmp_path / "b.xlsx", Edits(changes=(change((1, 1), 1.0),)))
    assert refused.value.code == "package.refused"
    assert not (tmp_path / "b.xlsx").exists()


def test_rows_and_cells_without_names_are_counted(tmp_path: Path) -> None:
    rows = "<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>4</v></c></row></sheetData>"
    source = workbooks.write_plain(tmp_path / "a.xlsx", rows)
    patch(source, tmp_path / "b.xlsx", Edits(changes=(change((1, 2), 7.0), change((2, 3), 9.0))))
    assert read_back(tmp_path / "b.xlsx") == {(1, 1): 1, (1, 2): 7, (2, 2): 4, (2, 3): 9}
