"""Rows of numbers are data: they name columns, or begin a table, on strong evidence only."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.ingest import regions
from chatsheet.sheets.ingest.grid import Cell, Grid
from chatsheet.sheets.ingest.layout.model import Region
from tests.sheets import numeric_rows
from tests.sheets.numeric_rows import File

NUMBERS = st.lists(st.lists(st.integers(0, 2100), min_size=4, max_size=4), min_size=1, max_size=14)


def read(text: str) -> Region:
    (region,) = regions.find_all(numeric_rows.grid(text))
    return region


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


@given(NUMBERS)
def test_names_over_whole_numbers_are_one_table_from_its_first_row(rows: list[list[Cell]]) -> None:
    (region,) = regions.find_all(Grid("Tab", [["a", "b", "c", "d"], *rows], 1, 1, is_hidden=False, evidence=""))
    assert (region.header_rows, region.first_row, region.labels) == ((1,), 2, ("a", "b", "c", "d"))


def test_names_that_are_years_side_by_side_are_sure() -> None:
    assert read("country,2019,2020\nDE,1,2\nFR,4,5").findings[0].confidence == 0.95


@pytest.mark.parametrize("text", ["2023,2024\n10,11\n20,21", "Chair,1950,2010\nLamp,500,480\nDesk,12,11"])
def test_years_that_may_be_data_say_that_they_are_taken_for_names(text: str) -> None:
    region = read(text)
    assert "the numbers in row 1 are like years, which is taken for names of columns and not for data" in region.evidence
    assert region.confidence == 0.75


def test_numbered_columns_say_that_they_may_be_data() -> None:
    region = read("Name,Price,Stock\n1,2,3\nPen,10.5,4\nInk,20.5,9")
    assert region.evidence.endswith("row 2 counts, which is taken for names of columns and not for data")
    assert (region.labels, region.confidence) == (("Name", "Price", "Stock"), 0.75)


def test_a_counting_row_of_data_says_so_and_ids_that_go_on_are_sure() -> None:
    assert read("a,b,c\n1,2,3\n5,6,7").evidence.endswith("row 2 counts, which is taken for data")
    assert read("a,b,c\n1,2,3\n5,6,7").confidence == 0.85
    assert read("a,b,c\n1,2,3\n2,6,7").confidence == 0.95
