"""Formulas out of packages: every way of writing cells gives the same formulas, and damage is told."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from chatsheet.sheets.formulas import package
from chatsheet.sheets.formulas.markup import FormulasUnreadable
from tests.sheets.formulas import books


def texts(path: Path, tab: str = "S") -> dict[tuple[int, int], str]:
    return {at: formula.text for at, formula in package.read(path).sheets[tab].cells.items()}


def test_formulas_come_with_their_cached_values(tmp_path: Path) -> None:
    cells = {"A1": 2, "B1": ("=A1*1.5", 3.0), "C1": ('=A1&"<x>"', "2<x>"), "D1": ("=A1>1", True), "E1": ("=1/0", "#DIV/0!")}
    read = package.read(books.cached(tmp_path / "a.xlsx", {"S": cells, "Empty": {"A1": 1}}))
    assert [formula.cached for formula in read.sheets["S"].cells.values()] == [3, "2<x>", True, "#DIV/0!"]
    assert read.sheets["S"].cells[1, 3].text == '=A1&"<x>"'
    assert not read.sheets["Empty"].cells


def test_a_formula_without_a_value_says_so(tmp_path: Path) -> None:
    read = package.read(books.uncached(tmp_path / "a.xlsx", {"S": {"A1": 2, "B1": "=A1*2"}}))
    assert read.sheets["S"].cells[1, 2].cached is None


SHARED = (
    '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f t="shared" ref="B2:B4" si="0">A2*$A$1</f><v>1</v></c></row>'
    '<row r="3"><c r="B3"><f t="shared" si="0"/><v>2</v></c></row>'
    '<row r="4"><c r="B4"><f t="shared" si="0"></f><v>3</v></c></row>'
)


def test_shared_formulas_are_spread(tmp_path: Path) -> None:
    path = books.by_hand(tmp_path / "a.xlsx", SHARED)
    assert texts(path) == {(2, 2): "=A2*$A$1", (3, 2): "=A3*$A$1", (4, 2): "=A4*$A$1"}


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c><v>1</v></c><c><f>A1+1</f><v>2</v></c></row>',
        '<row><c r="A1"><v>1</v></c><c><f>A1+1</f></c></row>',
        '<!-- <c r="Z9"><f>1</f></c> --><row r="1"><c r="B1"><f>A1+1</f></c></row>',
        (
            '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<c r="Z9"><f>x</f></c>]]></t></is></c>'
            '<c r="B1"><f>A1+1</f></c></row>'
        ),
        "<row r='1'><c\n r='B1' s='0'><f\n>A1<![CDATA[+]]>1</f></c></row>",
    ],
)
def test_unusual_ways_of_writing_cells_are_read(tmp_path: Path, rows: str) -> None:
    assert texts(books.by_hand(tmp_path / "a.xlsx", rows)) == {(1, 2): "=A1+1"}


def test_prefixed_elements_are_read(tmp_path: Path) -> None:
    rows = '<x:row r="1"><x:c r="B1"><x:f>A1+1</x:f><x:v>2</x:v></x:c></x:row>'
    assert texts(books.by_hand(tmp_path / "a.xlsx", rows, namespace="x")) == {(1, 2): "=A1+1"}


def test_cells_cut_by_any_block_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = books.by_hand(tmp_path / "a.xlsx", SHARED)
    whole = texts(path)
    for size in (1, 2, 3, 7, 16, 40):
        monkeypatch.setattr("chatsheet.sheets.formulas.markup._BLOCK", size)
        assert texts(path) == whole


def test_dates_names_and_tables_are_known(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as workbook:
        sheet = workbook.add_worksheet("S")
        sheet.write_datetime(1, 0, dt.datetime(2024, 1, 5), workbook.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001  sheets have no time zone
        sheet.write_formula(1, 2, "=A2+1", workbook.add_format({"num_format": "d. mmmm yyyy"}), 45297)
        sheet.add_table(0, 4, 2, 5, {"name": "Sales", "columns": [{"header": "Price"}, {"header": "Qty"}]})
        workbook.define_name("rate", "=S!$A$9")
        workbook.define_name("S!local", "=S!$A$8")
    read = package.read(tmp_path / "a.xlsx")
    assert read.sheets["S"].cells[2, 3].shows == "date"
    assert read.names == {"rate": "S!$A$9", "s!local": "S!$A$8"}
    assert read.tables["sales"].area == ("S", 1, 5, 3, 6)
    assert read.tables["sales"].columns == ("price", "qty")


@pytest.mark.parametrize(
    ("code", "shows"),
    [("0.00", ""), ("yyyy-mm-dd", "date"), ("hh:mm", "time"), ("mm:ss.0", "time"), ("d/m/yy h:mm", "datetime"),
     ("[h]:mm", "time"),
     ('0 "days"', ""), ("[Red]0", ""), ("General", ""), ("[$-409]mmm-yy", "date"), ("#,##0 [$EUR]", "")],
)  # fmt: skip
def test_number_formats_tell_dates_from_numbers(code: str, shows: str) -> None:
    assert package.temporal(code) == shows


def test_array_formulas_say_what_they_fill(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="B1"><f t="array" ref="B1:B3">A1:A3*2</f><v>2</v></c></row>'
    assert package.read(books.by_hand(tmp_path / "a.xlsx", rows)).sheets["S"].cells[1, 2].fills == (1, 2, 3, 2)


def test_document_types_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    path = books.by_hand(tmp_path / "a.xlsx", '<row r="1"><c r="A1"><f>&b;</f></c></row>', head=bomb)
    with pytest.raises(FormulasUnreadable, match="document type"):
        package.read(path)


def test_damage_is_told(tmp_path: Path) -> None:
    cut = books.cached(tmp_path / "a.xlsx", {"S": {"A1": ("=1+1", 2)}})
    cut.write_bytes(cut.read_bytes()[:-300])
    with pytest.raises(FormulasUnreadable):
        package.read(cut)
    with pytest.raises(FormulasUnreadable, match="broken"):
        package.read(books.by_hand(tmp_path / "b.xlsx", '<row r="1"><c r="A1"><f>1</v></c></row>'))


def test_an_endless_cell_is_refused(tmp_path: Path) -> None:
    path = books.by_hand(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><f>1{" " * 3_000_000}</f></c></row>')
    with pytest.raises(FormulasUnreadable, match="longer"):
        package.read(path)


def test_other_files_hold_no_formulas_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n=1;2\n")
    assert not package.read(tmp_path / "a.csv").sheets


def test_formulas_of_ods_are_read_as_excel_writes_them(tmp_path: Path) -> None:
    content = (
        '<d xmlns:t="urn:t" xmlns:o="urn:o"><t:table t:name="My S"><t:table-row t:number-rows-repeated="2"/><t:table-row>'
        '<t:table-cell t:number-columns-repeated="2"/>'
        '<t:table-cell t:formula="of:=SUM([.A1:.B2];[$Other.C$3])&amp;&quot;;[.A1]&quot;"'
        ' o:value-type="string"/></t:table-row></t:table></d>'
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as file:
        file.writestr("content.xml", content)
    assert texts(tmp_path / "a.ods", "My S") == {(3, 3): '=SUM(A1:B2,Other!C$3)&";[.A1]"'}
