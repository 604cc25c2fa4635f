"""Rows of numbers are data: they name columns, or begin a table, on strong evidence only."""

from dataclasses import replace

import pytest

from chatsheet.sheets.ingest import regions
from chatsheet.sheets.ingest.grid import Cell, Grid
from tests.sheets import numeric_rows
from tests.sheets.numeric_rows import File


def as_numbers(grid: Grid) -> Grid:
    """Return the file as a workbook holds it: numbers where a text is one."""

    def typed(cell: Cell) -> Cell:
        return float(cell) if isinstance(cell, str) and cell.replace(".", "", 1).isdigit() else cell

    return replace(grid, rows=[[typed(cell) for cell in row] for row in grid.rows])


@pytest.mark.parametrize("is_workbook", [False, True], ids=["texts", "numbers"])
@pytest.mark.parametrize("file", numeric_rows.files(), ids=lambda file: file.name)
def test_rows_of_numbers_are_read_as_a_person_reads_them(file: File, *, is_workbook: bool) -> None:
    grid = as_numbers(file.grid) if is_workbook else file.grid
    assert tuple((one.header_rows, one.first_row, one.last_row) for one in regions.find_all(grid)) == file.truth
