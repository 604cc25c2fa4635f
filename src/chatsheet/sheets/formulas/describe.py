"""What an import says of formulas: of the workbook, and of each column of its tables."""

from collections.abc import Collection, Mapping
from pathlib import Path

from chatsheet.sheets.formulas import columns, package, survey
from chatsheet.sheets.formulas.markup import FormulasUnreadable
from chatsheet.sheets.formulas.model import FormulaBook, FormulaSheet
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.model import FormulaColumn, Formulas, Table, Workbook

_LISTED = 50


def describe(workbook: Workbook, source: Path, tabs: Collection[str]) -> Workbook:
    """Return the workbook with what is known of the formulas in `tabs` of the file it was read from."""
    try:
        book = package.read(source, tabs)
    except FormulasUnreadable as error:
        return workbook.model_copy(update={"warnings": (*workbook.warnings, f"formulas were not read: {error.what}")})
    held = {tab: len(sheet.cells) for tab, sheet in book.sheets.items() if sheet.cells}
    if not held:
        return workbook
    special = [told for told in survey.with_traits(book) if told.trait != "array"]
    missing = sum(formula.cached is None for sheet in book.sheets.values() for formula in sheet.cells.values())
    if source.suffix.lower() == ".ods":
        missing = 0  # its texts stand elsewhere, and every program writes values
    formulas = Formulas(
        cells=sum(held.values()),
        tabs=tuple(held),
        is_followed=book.is_complete,
        special=tuple(special[:_LISTED]),
        specials=len(special),
        missing=missing,
    )
    tables = tuple(_table(table, book) for table in workbook.tables)
    warnings = (*workbook.warnings, *_warnings(formulas))
    return workbook.model_copy(update={"tables": tables, "formulas": formulas, "warnings": warnings})


def _warnings(formulas: Formulas) -> list[str]:
    said: list[str] = []
    if formulas.missing:
        said.append(f"{formulas.missing:,} formulas have no value in the file: their cells are empty")
    if not formulas.is_followed:
        said.append(f"there are more than {formulas.cells - 1:,} formulas: edits do not recalculate them")
    return said


def _table(table: Table, book: FormulaBook) -> Table:
    sheet = book.sheets.get(table.tab, FormulaSheet(table.tab))
    labels = {column.letter: column.label for column in table.columns if column.letter}
    found = {one.letter: one for one in columns.of_range(sheet, labels, rows_of(table))}
    return with_formulas(table, found)


def with_formulas(table: Table, found: Mapping[str, FormulaColumn]) -> Table:
    """Return the table whose columns have these formulas, by letter; the others keep theirs."""
    return table.model_copy(update={
        "columns": tuple(c.model_copy(update={"formula": found.get(c.letter, c.formula)}) for c in table.columns)
    })  # fmt: skip


def rows_of(table: Table) -> list[int]:
    """Return the rows of its tab that a table's data stood in when it was imported."""
    first, last = bounds(table)
    apart = {*table.totals, *table.left_out}
    return [row for row in range(first, last + 1) if row not in apart]


def bounds(table: Table) -> tuple[int, int]:
    """Return the first and the last row of a table's data, header apart, as its range says."""
    first, _, last = table.range.partition(":")
    top = cell(first)[0] if table.header_row is None else table.header_row + 1
    return top, cell(last or first)[0]
