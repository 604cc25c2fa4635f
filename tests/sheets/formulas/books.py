"""Workbooks for the tests of formulas: with cached values, without, and with XML written by hand."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import xlsxwriter

from chatsheet.sheets.formulas import pattern
from chatsheet.sheets.formulas.model import Formula, FormulaBook, FormulaSheet

Cached = tuple[str, str | float | bool]
"""A formula and the value stored for it."""

_KIND = "application/vnd.openxmlformats"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cached(
    path: Path, tabs: Mapping[str, Mapping[str, Cached | str | float | bool]], names: Mapping[str, str] | None = None
) -> Path:
    """Write a workbook whose formulas hold the values given."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        for tab, cells in tabs.items():
            sheet = workbook.add_worksheet(tab)
            for name, held in cells.items():
                row, column = (number - 1 for number in pattern.cell(name))
                match held:
                    case (formula, value):
                        sheet.write_formula(row, column, formula, None, value)
                    case bool():
                        sheet.write_boolean(row, column, held)
                    case str():
                        sheet.write_string(row, column, held)
                    case _:
                        sheet.write_number(row, column, held)
        for name, meaning in (names or {}).items():
            workbook.define_name(name, meaning)
    return path


def uncached(path: Path, tabs: Mapping[str, Mapping[str, str | float]]) -> Path:
    """Write a workbook whose formulas hold no values."""
    workbook = openpyxl.Workbook()
    for tab, cells in tabs.items():
        sheet = workbook.create_sheet(tab)
        for name, held in cells.items():
            sheet[name] = held
    workbook.remove(workbook.worksheets[0])
    workbook.save(path)
    return path


def by_hand(path: Path, rows: str, *, head: str = "", root: str = "worksheet", namespace: str = "") -> Path:
    """Write a package of one tab named S whose rows are given as XML."""
    prefix = f"{namespace}:" if namespace else ""
    xmlns = f"xmlns:{namespace}" if namespace else "xmlns"
    sheet = f'{head}<{prefix}{root} {xmlns}="{_MAIN}"><{prefix}sheetData>{rows}</{prefix}sheetData></{prefix}{root}>'
    parts = {  # the least that other readers open
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}">'
        f'<Default Extension="rels" ContentType="{_KIND}-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}-officedocument.spreadsheetml.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}-officedocument.spreadsheetml.worksheet+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def book(tabs: Mapping[str, Mapping[str, str]], names: Mapping[str, str] | None = None) -> FormulaBook:
    """Return formulas as if they had been read."""
    return FormulaBook({tab: FormulaSheet(tab, _cells(cells)) for tab, cells in tabs.items()}, names or {})


def _cells(cells: Mapping[str, str]) -> dict[tuple[int, int], Formula]:
    placed = {pattern.cell(name): text for name, text in cells.items()}
    return {at: Formula(*at, pattern.of(text, *at)) for at, text in placed.items()}
