"""Which tables a tab holds: exact to the row and column on the corpus, and each decision in a sentence of its own."""

import gc
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.ingest import regions
from chatsheet.sheets.ingest.grid import Cell, Grid, Span, letter
from chatsheet.sheets.ingest.layout.model import Region
from tests.sheets import corpus, strangers
from tests.sheets.corpus import Expected, Mess, Recipe

CELL = st.one_of(st.none(), st.text(max_size=5), st.integers(0, 9999), st.floats(0, 10), st.dates(), st.booleans())
ROWS = st.lists(st.lists(CELL, max_size=5), max_size=14)


def grid(rows: Sequence[Sequence[Cell]], *, merged: Sequence[Span] = (), row: int = 1, column: int = 1) -> Grid:
    return Grid("Tab", rows, row, column, is_hidden=False, evidence="test", merged=tuple(merged))


def found(rows: Sequence[Sequence[Cell]], *, merged: Sequence[Span] = (), row: int = 1, column: int = 1) -> tuple[Region, ...]:
    return regions.find_all(grid(rows, merged=merged, row=row, column=column))


def one(rows: Sequence[Sequence[Cell]], *, merged: Sequence[Span] = ()) -> Region:
    (region,) = found(rows, merged=merged)
    return region


def drawn(text: str) -> list[list[Cell]]:
    """Return rows from lines of cells between bars; digits are numbers."""
    cells = [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").splitlines()]
    return [[float(c) if c.replace(".", "", 1).isdigit() else (c or None) for c in row] for row in cells]


def differences(mess: Mess) -> list[str]:
    """Say where what was found is not the truth."""
    got = sorted(regions.find_all(mess.grid), key=lambda one: (one.columns[0], one.first_row))
    truth = sorted(mess.expected, key=lambda one: (one.columns[0], one.first_row))
    if len(got) != len(truth):
        return [f"{len(got)} tables of {len(truth)}"]
    notes = sorted(note for region in got for note in region.notes), sorted(note for one in truth for note in one.notes)
    return [line for pair in zip(got, truth, strict=True) for line in _compared(*pair)] + (
        [f"{notes}"] if notes[0] != notes[1] else []
    )


def _compared(region: Region, truth: Expected) -> list[str]:
    pairs = {
        "header_rows": (region.header_rows, truth.header_rows),
        "rows": ((region.first_row, region.last_row), (truth.first_row, truth.last_row)),
        "columns": (region.columns, truth.columns),
        "labels": (region.labels, truth.labels),
        "totals": (region.totals, truth.totals),
        "left_out": (region.left_out, truth.left_out),
        "is_pivoted": (region.is_pivoted, truth.is_pivoted),
        "fill_down": (region.fill_down, truth.fill_down),
    }
    return [f"{name}: found {got}, true {true}" for name, (got, true) in pairs.items() if got != true]


@pytest.mark.parametrize("block", range(10))
def test_every_table_of_the_corpus_is_found_to_the_row_and_column(block: int) -> None:
    wrong = {
        seed: lines for seed in range(block * 50, block * 50 + 50) if (lines := differences(corpus.build(corpus.seeded(seed))))
    }
    assert wrong == {}


@given(corpus.recipes())
def test_any_mixture_of_messes_is_taken_apart(recipe: Recipe) -> None:
    assert differences(corpus.build(recipe)) == []


def test_most_tabs_that_people_drew_are_read_as_a_person_reads_them() -> None:
    read = {
        drawing.name: [(r.range, r.header_rows, r.totals, r.left_out) for r in regions.find_all(strangers.grid(drawing, 0))]
        == [(t.range, t.header_rows, t.totals, t.left_out) for t in drawing.truth]
        for drawing in strangers.drawings()
    }
    # a second table that begins with numbers looks like columns after a blank one; `Founded | 1998` looks like a header
    assert [name for name, is_right in read.items() if not is_right] == [
        "wide table above two small ones",
        "key figures as a form",
    ]
    assert len(read) == 55


@given(ROWS)
def test_no_filled_row_is_ever_lost(rows: Sequence[Sequence[Cell]]) -> None:
    lines = {number for number, row in enumerate(rows, 1) if any(cell is not None and str(cell).strip() for cell in row)}
    for region in found(rows):
        place = set(range(region.first_row, region.last_row + 1))
        assert {*region.totals, *region.header_rows} <= lines
        assert set(region.left_out) <= place
        assert not set(region.totals) & set(region.left_out)
        assert place - set(region.left_out) <= lines


@given(ROWS)
def test_tables_do_not_overlap_and_each_column_has_a_label(rows: Sequence[Sequence[Cell]]) -> None:
    taken: set[tuple[int, int]] = set()
    for region in found(rows):
        cells = {(row, column) for row in range(region.first_row, region.last_row + 1) for column in region.columns}
        assert not cells & taken
        assert len(region.labels) == len(region.columns)
        assert all(region.labels)
        assert 0 < region.confidence <= 1
        taken |= cells


def test_a_header_says_on_what_evidence_it_is_one() -> None:
    region = one([["Name", "Age"], ["Ann", 3], ["Bob", 4]])
    assert (region.header_rows, region.range, region.labels) == ((1,), "A1:B3", ("Name", "Age"))
    assert region.evidence == "row 1 holds only names and the rows below hold values"
    assert region.confidence == 0.95


def test_a_header_over_texts_is_a_guess_and_says_so() -> None:
    region = one([["Name", "City"], ["Ann", "Rome"], ["Bob", "Oslo"]])
    assert (region.header_rows, region.confidence) == ((1,), 0.65)


def test_texts_that_come_again_below_are_no_header() -> None:
    region = one([["Ann", "yes"], ["Bob", "no"], ["Cem", "yes"]])
    assert (region.header_rows, region.first_row, region.labels) == ((), 1, ("Column A", "Column B"))
    assert "'yes' in row 1 comes again below it" in region.evidence


def test_titles_above_become_notes_and_merged_names_are_joined() -> None:
    rows = drawn("""
Sales report | | |

Region | 2024 | | 2025
 | Revenue | Cost | Revenue
North | 10.5 | 4.5 | 11.5
South | 20.5 | 8.5 | 22.5
""")
    region = one(rows, merged=[Span(1, 1, 1, 4), Span(3, 1, 4, 1), Span(3, 2, 3, 3)])
    assert region.labels == ("Region", "2024 Revenue", "2024 Cost", "2025 Revenue")
    assert (region.header_rows, region.range, region.notes) == ((3, 4), "A3:D6", ("Sales report",))


def test_rows_and_columns_count_from_where_the_tab_begins() -> None:
    (region,) = found([["Name", "Age"], ["Ann", 3]], row=6, column=27)
    assert (region.range, region.columns, region.first_row) == ("AA6:AB7", (27, 28), 7)


def test_short_rows_and_rows_with_gaps_are_data() -> None:
    region = one([["Name", "Age", "Town"], ["Ann"], ["Bob", 4]])
    assert (region.first_row, region.last_row, region.left_out) == (2, 3, ())


def test_a_nameless_column_is_called_by_its_letter_and_an_empty_one_is_dropped() -> None:
    region = one([["Name", None, None, "Age"], ["Ann", 7, None, 3]])
    assert (region.labels, region.columns) == (("Name", "Column B", "Age"), (1, 2, 4))


@pytest.mark.parametrize("rows", [[], [[None, " "], []], [["Name", "Age"]], [["Report"], [], ["Name", "Age", "Town"]]])
def test_a_tab_without_a_row_of_data_holds_no_table(rows: Sequence[Sequence[Cell]]) -> None:
    assert found(rows) == ()


def test_a_header_without_rows_does_not_hide_the_table_below() -> None:
    region = one([["Name", "Age"], [], [], ["Item", "Price", "Qty"], ["Pen", 1.5, 3], ["Ink", 2.5, 4]])
    assert (region.range, region.notes) == ("A4:C6", ("Name Age",))


def test_a_sum_without_a_name_is_known_by_arithmetic() -> None:
    region = one([["Item", "Cost"], ["Pen", 1.25], ["Ink", 2.5], ["Pad", 4.0], [None, 7.75]])
    assert (region.totals, region.last_row) == ((5,), 4)
    assert "it has no name and its numbers are the sums of those above" in region.evidence


def test_counting_numbers_are_no_sums() -> None:
    region = one([["Id", "Rank"], [1, 1], [2, 2], [3, 3]])
    assert (region.totals, region.last_row) == ((), 4)


def test_a_company_called_total_is_data() -> None:
    region = one(
        [["Company", "Country", "Revenue"], ["Shell", "UK", 386.2], ["Total", "France", 281.0], ["Eni", "Italy", 132.5]]
    )
    assert region.totals == ()


def test_a_lone_number_like_a_year_does_not_start_a_table() -> None:
    region = one(drawn("Country | City | Visitors\nItaly | Rome | 900\n | Milan | 700\nFrance | Paris | 1900\n | Lyon | 500"))
    assert region.range == "A1:C5"


def test_dates_may_head_columns_of_numbers() -> None:
    region = one(
        [["Plant", date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)], ["Ulm", 1.5, 2.5, 3.5], ["Graz", 4.5, 5.5, 6.5]]
    )
    assert (region.labels[1], region.is_pivoted) == ("2025-01-01", True)


def test_years_down_a_column_are_data() -> None:
    region = one([["Name", "Born"], ["Ann", 1985], ["Bob", 1990]])
    assert (region.first_row, region.is_pivoted) == (2, False)


def test_a_column_filled_once_per_group_is_reported() -> None:
    region = one(drawn("Team | Player | Points\nRed | Ann | 12\n | Bob | 15\n | Eve | 11\nBlue | Cem | 22\n | Dora | 9"))
    assert region.fill_down == (1,)
    assert "column A is filled in the first row of each group only" in region.evidence


def test_a_sparse_remark_beside_a_table_is_a_note_of_it() -> None:
    region = one(drawn("Item | Qty | | please check\nPen | 10 | |\nInk | 4 | | twice\nPad | 7 | |"))
    assert (region.columns, region.notes) == ((1, 2), ("please check", "twice"))


def test_a_text_to_read_is_no_table() -> None:
    prose = ["This workbook holds the figures of all our branches in the country.", "Please do not change the formulas in it."]
    assert found([[line] for line in prose]) == ()


def test_a_list_of_one_column_is_a_table() -> None:
    assert one([["Name"], ["Ann"], ["Bob"], ["Cem"]]).range == "A1:A4"


def test_a_hidden_tab_says_so() -> None:
    hidden = replace(grid([["Name", "Age"], ["Ann", 3]]), is_hidden=True)
    assert regions.find_all(hidden)[0].evidence.endswith("the tab is hidden in the workbook")


def large(tail: Sequence[Sequence[Cell]], *, height: int, blank_rows: tuple[int, ...] = ()) -> Grid:
    head: list[list[Cell]] = [["Name", "Age"], *([f"P{i}", i * 7] for i in range(50))]
    return Grid("Tab", head, 1, 1, is_hidden=False, evidence="", tail=tail, height=height, width=2, blank_rows=blank_rows)


def test_of_a_large_tab_the_rows_between_head_and_tail_are_data() -> None:
    tail: list[list[Cell]] = [*([f"Q{i}", i * 3] for i in range(20)), [None, None], ["Total", 123456]]
    (region,) = regions.find_all(large(tail, height=1_000_000, blank_rows=(500, 999_999)))
    assert (region.range, region.totals, region.left_out) == ("A1:B999998", (1_000_000,), (500,))
    assert "those between taken for rows alike" in region.evidence


def test_a_table_may_start_in_the_tail_of_a_large_tab() -> None:
    tail: list[list[Cell]] = [[None, None], ["Item", "Price"], ["Pen", 1.5], ["Ink", 2.5]]
    first, second = regions.find_all(large(tail, height=5_000, blank_rows=(4_996, 4_997)))
    assert (first.range, second.range) == ("A1:B4995", "A4998:B5000")


def test_time_grows_with_the_cells_seen_and_no_faster() -> None:
    def spent(rows: int) -> float:
        cells: list[list[Cell]] = [["Name", "Note", "City"], *([f"n{i}", "some text", f"c{i % 9}"] for i in range(rows))]
        started = process_time()
        assert one(cells).last_row == rows + 1
        return process_time() - started

    spent(100)
    gc.disable()  # a collection of what other tests left is no part of it
    try:
        few, many = (min(spent(rows) for _ in range(3)) for rows in (4_000, 16_000))
    finally:
        gc.enable()
    assert many < 12 * max(few, 0.01)


def test_columns_have_the_letters_of_spreadsheets() -> None:
    assert [letter(number) for number in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_a_row_of_numbers_that_happens_to_be_a_sum_is_data() -> None:
    """Of 1, 2, 3 the last is the sum of the others: nothing of a table of numbers may be taken for a total."""
    rows = [["Id", "Count"], *([str(n), str(n)] for n in range(200))]
    (region,) = regions.find_all(Grid(tab="numbers", rows=rows, first_row=1, first_column=1, is_hidden=False, evidence=""))
    assert (region.totals, region.first_row, region.last_row) == ((), 2, 201)
