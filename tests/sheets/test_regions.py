"""Where a tab's table starts: titles become notes, blank rows are skipped, a missing header is said to be missing."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.ingest import regions
from chatsheet.sheets.ingest.grid import Cell, Grid, is_blank, letter
from chatsheet.sheets.ingest.regions import Filled

CELL = st.one_of(st.none(), st.text(max_size=5), st.integers(min_value=0, max_value=9999), st.floats(0, 10))


def find(rows: Sequence[Sequence[Cell]], *, first_row: int = 1, first_column: int = 1) -> Filled | None:
    grid = Grid("Tab", rows, first_row=first_row, first_column=first_column, is_hidden=False, evidence="test")
    return regions.find(grid)


def found(rows: Sequence[Sequence[Cell]], *, first_row: int = 1, first_column: int = 1) -> Filled:
    region = find(rows, first_row=first_row, first_column=first_column)
    assert region is not None
    return region


def test_the_first_row_of_names_is_the_header() -> None:
    region = found([["Name", "Age"], ["Ann", 3], ["Bob", 4]])
    assert region.labels == ("Name", "Age")
    assert region.rows == (("Ann", 3), ("Bob", 4))
    assert (region.header_row, region.row_numbers, region.cells) == (1, (2, 3), "A1:B3")
    assert region.evidence == "test; header in row 1"


def test_title_rows_above_the_header_become_notes() -> None:
    region = found([["Sales  2025"], [], ["as of", None, "May"], ["Name", "Age", "Town", "Pay"], ["Ann", 3, "Rome", 9]])
    assert region.notes == ("Sales 2025", "as of May")
    assert (region.header_row, region.cells) == (4, "A4:D5")
    assert region.evidence == "test; header in row 4, 2 row(s) of notes above"


def test_blank_rows_are_skipped_and_row_numbers_stay_true() -> None:
    region = found([[], ["Name", "Age"], ["Ann", 3], [None, " "], ["Bob", 4]])
    assert region.row_numbers == (3, 5)
    assert region.cells == "A2:B5"


def test_rows_and_columns_count_from_where_the_tab_begins() -> None:
    region = found([["Name", "Age"], ["Ann", 3]], first_row=6, first_column=27)
    assert (region.cells, region.columns, region.row_numbers) == ("AA6:AB7", (27, 28), (7,))


def test_values_in_the_first_row_mean_there_is_no_header() -> None:
    region = found([[1, 2], [3, 4]])
    assert region.labels == ("Column A", "Column B")
    assert region.header_row is None
    assert region.row_numbers == (1, 2)
    assert region.evidence == "test; no header: row 1 already holds values"


def test_a_nameless_column_is_called_by_its_letter_and_an_empty_one_is_dropped() -> None:
    region = found([["Name", None, None, "Age"], ["Ann", 7, None, 3]])
    assert region.labels == ("Name", "Column B", "Age")
    assert region.columns == (1, 2, 4)


def test_short_rows_are_filled_up() -> None:
    assert found([["Name", "Age", "Town"], ["Ann"], ["Bob", 4]]).rows == (("Ann", None, None), ("Bob", 4, None))


def test_a_header_without_rows_is_no_table() -> None:
    assert find([["Name", "Age"]]) is None
    assert find([[], ["Name", "Age"], [None]]) is None


def test_a_tab_without_values_is_no_table() -> None:
    assert find([]) is None
    assert find([[None, " "], []]) is None


def test_two_columns_of_the_same_name_do_not_hide_the_header() -> None:
    region = found([["Name", "Amount", "Amount"], ["Ann", 1, 2], ["Bob", 3, 4]])
    assert region.labels == ("Name", "Amount", "Amount")
    assert region.rows == (("Ann", 1, 2), ("Bob", 3, 4))


def test_no_row_of_data_is_taken_for_a_header_because_two_columns_share_a_name() -> None:
    region = found([["Name", "Name", "City"], ["Ann", "Bob", "Rome"], ["Al", "Bo", "Oslo"]])
    assert ("Ann", "Bob", "Rome") in region.rows


def test_years_may_head_columns_and_are_not_summed_as_data() -> None:
    region = found([["Region", 2024.0, 2025.0], ["North", 10.5, 20.5], ["South", 30.5, 40.5]])
    assert region.labels == ("Region", "2024", "2025")
    assert len(region.rows) == 2


def test_a_title_over_a_header_without_rows_is_no_table() -> None:
    assert find([["Report 2025"], [], ["Name", "Age", "Town"]]) is None


def test_columns_have_the_letters_of_spreadsheets() -> None:
    assert [letter(number) for number in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


@given(st.lists(st.lists(CELL, max_size=4), max_size=8))
def test_no_filled_row_is_ever_lost(rows: Sequence[Sequence[Cell]]) -> None:
    region = find(rows)
    filled = [row for row in rows if not all(is_blank(cell) for cell in row)]
    if region is not None:
        header = region.header_row is not None
        assert len(region.notes) + header + len(region.rows) == len(filled)


@given(st.lists(st.lists(CELL, max_size=4), max_size=8))
def test_every_row_is_as_wide_as_the_labels(rows: Sequence[Sequence[Cell]]) -> None:
    region = find(rows)
    if region is not None:
        assert {len(row) for row in region.rows} == {len(region.labels)} == {len(region.columns)}
        assert all(region.labels)
