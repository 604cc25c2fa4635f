"""Edits into the original workbook: the changed cells differ, and nothing else does."""

import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from pydantic import JsonValue
from python_calamine import CalamineWorkbook

from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.package.formula import FormulaForbidden
from chatsheet.sheets.package.patch import Append, Edits, patch
from chatsheet.sheets.package.values import Change
from tests.sheets.package import workbooks

NEW = Change(tab="Data", cell="B3", type="text", value='<new> & "quoted"')
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """The workbook that holds everything."""
    return workbooks.write_rich(tmp_path / "rich.xlsm")


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Where the patched workbook goes."""
    return tmp_path / "edited.xlsm"


def plain(tmp_path: Path, rows: str, *changes: Change, before: str = "", after: str = "", **parts: str) -> bytes:
    """Patch a worksheet of these rows and return its XML."""
    source = workbooks.write_plain(tmp_path / "plain.xlsx", f"{before}<sheetData>{rows}</sheetData>{after}", **parts)
    patch(source, tmp_path / "plain-edited.xlsx", Edits(changes=changes))
    return workbooks.read(tmp_path / "plain-edited.xlsx")["xl/worksheet.xml"].partition(b">")[2]


def put(cell: str, value: float | str | None, type_: str = "") -> Change:
    """Return a change in the tab S."""
    kind = type_ or ("text" if isinstance(value, str) else "decimal")
    return Change.model_validate({"tab": "S", "cell": cell, "type": kind, "value": value})


def test_every_untouched_part_is_the_same_bytes_in_the_file(rich: Path, edited: Path) -> None:
    patched = patch(rich, edited, Edits(changes=(NEW,)))
    before, after = workbooks.raw(rich), workbooks.raw(edited)
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == set(patched.parts) == {SHEET}


def test_the_changed_part_differs_in_that_cell_alone(rich: Path, edited: Path) -> None:
    patch(rich, edited, Edits(changes=(NEW,)))
    before, after = workbooks.read(rich)[SHEET], workbooks.read(edited)[SHEET]
    old, new = workbooks.cell(before, "B3"), workbooks.cell(after, "B3")
    assert before.replace(old, new) == after
    assert new == b'<c r="B3" t="inlineStr"><is><t xml:space="preserve">&lt;new&gt; &amp; "quoted"</t></is></c>'


def test_other_programs_read_the_new_value(rich: Path, edited: Path) -> None:
    patch(rich, edited, Edits(changes=(NEW, Change(tab="Data", cell="C4", type="date", value="2031-05-06"))))
    assert openpyxl.load_workbook(edited, keep_vba=True)["Data"]["B3"].value == NEW.value
    rows = CalamineWorkbook.from_path(str(edited)).get_sheet_by_name("Data").to_python()  # pyright: ignore[reportUnknownMemberType]
    assert (rows[2][1], str(rows[3][2])) == (NEW.value, "2031-05-06")


def test_a_cell_keeps_its_format_and_a_formula_gives_way_with_its_place_in_the_chain(rich: Path, edited: Path) -> None:
    changes = (
        Change(tab="Data", cell="A2", type="decimal", value=7.25),
        Change(tab="Data", cell="D2", type="integer", value=1),
    )
    patched = patch(rich, edited, Edits(changes=changes))
    parts = workbooks.read(edited)
    assert patched.parts == ("xl/calcChain.xml", SHEET)
    assert openpyxl.load_workbook(edited)["Data"]["A2"].number_format == '#,##0.00 "€"'
    assert workbooks.cell(parts[SHEET], "D2") == b'<c r="D2"><v>1</v></c>'
    assert parts["xl/calcChain.xml"].partition(b">")[2].startswith(b'<c r="D3" i="1"/><c r="D4"/>')


def test_a_chain_that_is_empty_leaves_the_package_with_its_mentions(rich: Path, edited: Path) -> None:
    gone = [Change(tab="Data", cell=f"D{row}", type="integer", value=1) for row in range(2, workbooks.ROWS + 2)]
    patch(rich, edited, Edits(changes=(*gone, Change(tab="Über & Co", cell="A1", type="integer", value=None))))
    parts = workbooks.read(edited)
    assert "xl/calcChain.xml" not in parts
    assert not any(b"calcChain" in parts[name] for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"))


def test_rows_appended_below_a_table_become_part_of_it_in_the_formats_of_its_last_row(rich: Path, edited: Path) -> None:
    rows = ((13.5, "name 9", "2024-01-09"), (15.0, None, "2024-01-10"))
    below = Append(tab="Data", below=9, first_column=1, types=("decimal", "text", "date"), rows=rows)
    patched = patch(rich, edited, Edits(appended=(below,)))
    sheet = openpyxl.load_workbook(edited)["Data"]
    assert patched.parts == ("xl/tables/table1.xml", SHEET)
    assert sheet.tables["Table1"].ref == sheet.tables["Table1"].autoFilter.ref == "A1:D11"
    assert (sheet["A11"].value, sheet["A11"].number_format) == (15, '#,##0.00 "€"')
    assert (str(sheet["C10"].value)[:10], sheet["C10"].is_date) == ("2024-01-09", True)


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        (Edits(inserted=("Data!4",)), "export.rows_moved"),
        (Edits(deleted=("Data!4",)), "export.rows_moved"),
        (Edits(appended=(Append(tab="Data", below=8, first_column=1, types=("text",), rows=(("x",),)),)), "export.cell_fixed"),
        (Edits(changes=(NEW.model_copy(update={"tab": "Nowhere"}),)), "export.tab_missing"),
        (Edits(changes=(NEW.model_copy(update={"cell": "XFE1"}),)), "export.cell_unknown"),
        (Edits(changes=(NEW.model_copy(update={"cell": "G13"}),)), "export.cell_fixed"),
        (Edits(changes=(NEW.model_copy(update={"value": "x" * 32_768}),)), "export.value"),
        (Edits(changes=(NEW.model_copy(update={"type": "decimal", "value": "abc"}),)), "export.value"),
        (Edits(changes=(NEW.model_copy(update={"type": "formula", "value": "=IMAGE(A1)"}),)), "formula.forbidden"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name_and_leaves_no_file(rich: Path, edited: Path, edits: Edits, code: str) -> None:
    with pytest.raises(ChatSheetError) as refused:
        patch(rich, edited, edits)
    assert refused.value.code == code
    assert not edited.exists()


def test_a_forbidden_formula_is_written_with_consent(tmp_path: Path) -> None:
    source = workbooks.write_plain(tmp_path / "a.xlsx", "<sheetData/>")
    edits = Edits(changes=(put("A1", "=HYPERLINK(B1)", "formula"),))
    with pytest.raises(FormulaForbidden):
        patch(source, tmp_path / "b.xlsx", edits)
    patch(source, tmp_path / "b.xlsx", edits, has_consent=True)
    assert b"<f>HYPERLINK(B1)</f>" in workbooks.read(tmp_path / "b.xlsx")["xl/worksheet.xml"]
    assert b'<calcPr fullCalcOnLoad="1"/>' in workbooks.read(tmp_path / "b.xlsx")["xl/workbook.xml"]


def test_texts_that_look_like_formulas_stay_texts(tmp_path: Path) -> None:
    assert b't="inlineStr"><is><t xml:space="preserve">=IMAGE(A1)</t>' in plain(tmp_path, "", put("A1", "=IMAGE(A1)"))


def test_new_cells_and_rows_go_where_they_belong(tmp_path: Path) -> None:
    rows = '<row r="2" spans="2:2" ht="20"><c r="B2"><v>1</v></c></row><row r="4"/><row r="6"></row>'
    cells = {cell: f'<c r="{cell}"><v>5.0</v></c>' for cell in ("A1", "A2", "C2", "B3", "D4", "A6", "A9")}
    new = (
        f'<row r="1">{cells["A1"]}</row><row r="2" ht="20">{cells["A2"]}<c r="B2"><v>1</v></c>{cells["C2"]}</row>'
        f'<row r="3">{cells["B3"]}</row><row r="4">{cells["D4"]}</row>'
        f'<row r="6">{cells["A6"]}</row><row r="9">{cells["A9"]}</row>'
    )
    assert plain(tmp_path, rows, *(put(cell, 5.0) for cell in cells)) == f"<sheetData>{new}</sheetData></worksheet>".encode()


def test_the_used_range_grows_with_what_is_new(tmp_path: Path) -> None:
    xml = plain(tmp_path, '<row r="2"><c r="B2"/></row>', put("D7", 1.0), put("J9", None), before='<dimension ref="B2"/>')
    assert xml.startswith(b'<dimension ref="B2:D7"/>')


def test_emptied_cells_keep_their_format_and_nothing_else(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" s="1"><v>3</v></c><c r="B1" t="s"><v>0</v></c></row>'
    xml = plain(tmp_path, rows, put("A1", None), put("B1", None), put("C1", None))
    assert xml == b'<sheetData><row r="1"><c r="A1" s="1"/></row></sheetData></worksheet>'


@pytest.mark.parametrize(("is_1904", "serial"), [("0", b"45292"), ("1", b"43830")])
def test_dates_are_serials_of_the_workbooks_own_calendar(tmp_path: Path, is_1904: str, serial: bytes) -> None:
    parts = workbooks.read(workbooks.write_plain(tmp_path / "x.xlsx", "<sheetData/>"))
    book = parts["xl/workbook.xml"].decode().replace("<sheets>", f'<workbookPr date1904="{is_1904}"/><sheets>')
    changes = (put("A1", "2024-01-01", "date"), put("B1", "06:00:00", "time"))
    xml = plain(tmp_path, '<row r="1"><c r="A1" s="1"/></row>', *changes, **{"xl/workbook.xml": book})
    assert b'<c r="A1" s="1"><v>%s</v></c><c r="B1" s="1"><v>0.25</v></c>' % serial in xml


def test_a_date_that_the_calendar_does_not_reach_is_written_as_text_and_said(tmp_path: Path) -> None:
    source = workbooks.write_plain(tmp_path / "a.xlsx", "<sheetData/>")
    patched = patch(source, tmp_path / "b.xlsx", Edits(changes=(put("A1", "1850-02-03", "date"),)))
    assert patched.notes == ("S!A1: 1850-02-03 was written as text, because the workbook's calendar does not reach it",)


SHARED = (
    '<row r="1"><c r="B1"><f t="shared" ref="B1:B4" si="0">A1*2+$C$1</f><v>2</v></c></row>'
    '<row r="2"><c r="B2"><f t="shared" si="0"/><v>4</v></c></row><row r="3"><c r="B3"><f t="shared" si="0"/><v>6</v></c></row>'
)


def test_a_formula_that_others_share_is_handed_to_the_next_of_them(tmp_path: Path) -> None:
    xml = plain(tmp_path, SHARED, put("B1", 9.0))
    assert b'<c r="B1"><v>9.0</v></c>' in xml
    assert b'<c r="B2"><f t="shared" ref="B2:B4" si="0">A2*2+$C$1</f><v>4</v></c>' in xml
    assert b'<c r="B3"><f t="shared" si="0"/><v>6</v></c>' in xml


def test_a_formula_shared_over_a_block_is_written_out_in_each_cell(tmp_path: Path) -> None:
    xml = plain(tmp_path, SHARED.replace("B1:B4", "B1:C4"), put("B1", 9.0), put("B2", 9.0))
    assert b'<c r="B3"><f>A3*2+$C$1</f><v>6</v></c>' in xml


@pytest.mark.parametrize("cell", ["A1", "B2", "C2"])
def test_cells_of_an_array_formula_are_fixed(tmp_path: Path, cell: str) -> None:
    rows = '<row r="1"><c r="A1"><f t="array" ref="A1:C2">X1:Z2</f></c></row><row r="2"><c r="B2"><v>1</v></c></row>'
    with pytest.raises(ChatSheetError, match="array formula of A1:C2"):
        plain(tmp_path, rows, put(cell, 1.0))


def test_formulas_that_depend_on_a_change_lose_their_stored_result(tmp_path: Path) -> None:
    source = workbooks.write_plain(tmp_path / "a.xlsx", f"<sheetData>{SHARED}</sheetData>")
    patched = patch(source, tmp_path / "b.xlsx", Edits(changes=(put("A3", 1.0),), stale=(("S", "B3"), ("S", "A9"))))
    parts = workbooks.read(tmp_path / "b.xlsx")
    assert b'<c r="B3"><f t="shared" si="0"/></c>' in parts["xl/worksheet.xml"]
    assert b'</sheets><calcPr fullCalcOnLoad="1"/></workbook>' in parts["xl/workbook.xml"]
    assert patched.parts == ("xl/workbook.xml", "xl/worksheet.xml")


def test_a_prefixed_worksheet_is_patched_in_its_own_spelling(tmp_path: Path) -> None:
    xml = '<?xml version="1.0"?><!-- <row r="1"> --><x:worksheet xmlns:x="m"><x:sheetData/></x:worksheet>'
    source = workbooks.write_plain(tmp_path / "a.xlsx", xml)
    patch(source, tmp_path / "b.xlsx", Edits(changes=(put("A1", "t"),)))
    new = b'<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t xml:space="preserve">t</x:t></x:is></x:c></x:row>'
    assert b"<x:sheetData>" + new + b"</x:sheetData></x:worksheet>" in workbooks.read(tmp_path / "b.xlsx")["xl/worksheet.xml"]


@pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not on this machine: apt-get install libreoffice-calc-nogui"
)
def test_libreoffice_opens_it_with_the_new_value(rich: Path, edited: Path, tmp_path: Path) -> None:
    changes = (NEW, Change(tab="Data", cell="A2", type="decimal", value=1000))
    patch(rich, edited, Edits(changes=changes, stale=(("Data", "D2"), ("Über & Co", "A1"))))
    profile, all_tabs = (
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "csv:Text - txt - csv (StarCalc):44,34,76,,,,,,,,,-1",
    )
    command = ["soffice", profile, "--headless", "--convert-to", all_tabs, "--outdir", str(tmp_path), str(edited)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)  # noqa: S603  our own arguments
    data, total = (tmp_path / f"edited-{tab}.csv" for tab in ("Data", "Über & Co"))
    assert '"<new> & ""quoted"""' in data.read_text(encoding="utf-8")
    assert "2000" in data.read_text(encoding="utf-8").splitlines()[1]
    assert "1052.5" in total.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("result", "read"), [(7.25, 7.25), (8, 8), ("text", "text"), (True, True), ("#DIV/0!", "#DIV/0!"), ("", None), (None, None)]
)
def test_a_formulas_result_is_stored_in_place_of_the_former_one(tmp_path: Path, result: JsonValue, read: JsonValue) -> None:
    source = workbooks.write_rich(tmp_path / "a.xlsm")
    results: tuple[tuple[str, str, JsonValue], ...] = (("Data", "D2", result), ("Über & Co", "A1", result))
    patch(source, tmp_path / "b.xlsm", Edits(results=results))
    for tab, cell, _ in results:
        values = openpyxl.load_workbook(tmp_path / "b.xlsm", data_only=True)[tab][cell].value
        assert values == read
    formulas = openpyxl.load_workbook(tmp_path / "b.xlsm")
    assert (formulas["Data"]["D2"].value, formulas["Über & Co"]["A1"].value) == ("=A2*2", "=SUM(Data!A2:A9)")


def test_a_result_is_stored_where_none_was_and_over_one_of_another_kind(tmp_path: Path) -> None:
    sheet = '<sheetData><row r="1"><c r="A1"><f>B1</f></c><c r="B1" t="str"><f>1&amp;2</f><v>12</v></c></row></sheetData>'
    source = workbooks.write_plain(tmp_path / "a.xlsx", sheet)
    patch(source, tmp_path / "b.xlsx", Edits(results=(("S", "A1", 3), ("S", "B1", 4.5))))
    xml = workbooks.read(tmp_path / "b.xlsx")["xl/worksheet.xml"]
    assert b'<c r="A1"><f>B1</f><v>3</v></c><c r="B1"><f>1&amp;2</f><v>4.5</v></c>' in xml


def test_a_formula_is_written_with_its_result(tmp_path: Path) -> None:
    source = workbooks.write_plain(tmp_path / "a.xlsx", '<sheetData><row r="1"><c r="A1"><v>2</v></c></row></sheetData>')
    given = Change(tab="S", cell="B1", type="formula", value="=A1*2", result=4)
    patch(source, tmp_path / "b.xlsx", Edits(changes=(given,)))
    assert b'<c r="B1"><f>A1*2</f><v>4</v></c>' in workbooks.read(tmp_path / "b.xlsx")["xl/worksheet.xml"]
