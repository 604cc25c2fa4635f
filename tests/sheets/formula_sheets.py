"""Workbooks with formulas to edit: orders with a total row, and a summary on a tab of its own."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import xlsxwriter
from pydantic import JsonValue

from chatsheet.sheets import export
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.library import Library, OpenSheet

ORDERS: Sequence[tuple[str, float, int]] = (("pen", 1.5, 10), ("cup", 2.25, 20), ("bag", 30.5, 3), ("hat", 12.5, 4))
"""Rows 2 to 5 of the tab."""


def write(path: Path, *, is_cached: bool = True) -> Path:
    """Write orders (D is B times C), their total in row 6, a summary with a volatile formula and one of another workbook."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        orders = workbook.add_worksheet("Orders")
        orders.write_row(0, 0, ["Item", "Price", "Count", "Total"])
        for row, (item, price, count) in enumerate(ORDERS, 1):
            orders.write_row(row, 0, [item, price, count])
            orders.write_formula(row, 3, f"=B{row + 1}*C{row + 1}", None, price * count)
        orders.write(5, 0, "Total")
        orders.write_formula(5, 3, "=SUM(D2:D5)", None, 201.5)
        summary = workbook.add_worksheet("Summary")
        summary.write_row(0, 0, ["What", "Value"])
        lines = (
            ("Twice", "=Orders!D6*2", 403),
            ("Now", "=NOW()+Orders!B2", 46001.5),
            ("Abroad", "=[1]Other!A1+Orders!B2", 9.5),
        )
        for row, (what, formula, value) in enumerate(lines, 1):
            summary.write(row, 0, what)
            summary.write_formula(row, 1, formula, None, value)
    return path if is_cached else _without_values(path)


def _without_values(path: Path) -> Path:
    """Save as a program does that computes nothing."""
    book = openpyxl.load_workbook(path)
    book.save(path)
    return path


def recalculated(impact: Impact) -> dict[str, tuple[JsonValue, JsonValue]]:
    """Return what an impact computes, by `Tab!A1`."""
    return {f"{one.tab}!{one.cell}": (one.before, one.after) for one in impact.recalculated}


def stale(impact: Impact) -> dict[str, str]:
    """Return what an impact leaves stale, with the reasons."""
    return {f"{one.tab}!{one.cell}": one.reason for one in impact.stale}


async def exported(library: Library, opened: OpenSheet, target: Path) -> Path:
    """Write the original workbook with the edits in it."""
    found = await library.differences(opened)
    await export.patch(library.original(opened), found.edits, target)
    return target


def values(path: Path, tab: str) -> dict[str, object]:
    """Return the values stored in the first cells of a tab."""
    return _cells(path, tab, is_values=True)


def formulas(path: Path, tab: str) -> dict[str, object]:
    """Return what stands in the first cells of a tab, formulas as they are written."""
    return _cells(path, tab, is_values=False)


def _cells(path: Path, tab: str, *, is_values: bool) -> dict[str, object]:
    sheet = openpyxl.load_workbook(path, data_only=is_values)[tab]
    names = [f"{letter(column)}{row}" for row in range(1, 10) for column in range(1, 6)]
    held = {name: sheet[name].value for name in names}
    return {name: value for name, value in held.items() if value is not None}


def plain(path: Path) -> Path:
    """Write a table of three columns without a formula."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("Prices")
        for row, cells in enumerate((["Item", "Price", "Twice"], ["pen", 1.5, 0], ["cup", 2, 0])):
            sheet.write_row(row, 0, cells)
    return path
