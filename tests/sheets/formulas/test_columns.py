"""Formula columns: the pattern that rows share, and the cells that break it."""

import pytest

from chatsheet.sheets.formulas import columns
from tests.sheets.formulas import books

ROWS = range(2, 12)
LABELS = {"A": "Item", "B": "Price", "C": "Unit count", "D": "Total"}


def test_a_column_of_one_formula_is_uniform() -> None:
    sheet = books.book({"S": {f"D{n}": f"B{n}*C{n}" for n in ROWS}}).sheets["S"]
    (found,) = columns.of_range(sheet, LABELS, ROWS)
    assert (found.letter, found.formula, found.formulas, found.is_uniform) == ("D", "=B2*C2", 10, True)


def test_cells_that_break_the_pattern_are_told() -> None:
    cells = {f"D{n}": f"B{n}*C{n}" for n in ROWS if n != 7} | {"D4": "B4*1.1"}
    found = columns.of_column(books.book({"S": cells}).sheets["S"], "D", ROWS, LABELS)
    assert found is not None
    assert (found.formula, found.breaks, found.breaking) == ("=B2*C2", ("D4", "D7"), 2)


def test_the_pattern_is_written_for_the_first_row_also_where_that_breaks_it() -> None:
    cells = {f"D{n}": f"D{n - 1}+C{n}" for n in ROWS} | {"D2": "C2"}
    found = columns.of_column(books.book({"S": cells}).sheets["S"], "D", ROWS, LABELS)
    assert found is not None
    assert (found.formula, found.breaks) == ("=D1+C2", ("D2",))


def test_a_few_formulas_among_inputs_are_no_formula_column() -> None:
    found = columns.of_column(books.book({"S": {"B3": "A3*2", "B4": "A4*2"}}).sheets["S"], "B", ROWS, LABELS)
    assert found is not None
    assert (found.formula, found.formulas, found.breaking) == ("", 2, 0)


def test_a_column_without_formulas_is_not_told() -> None:
    assert columns.of_range(books.book({"S": {}}).sheets["S"], LABELS, ROWS) == ()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("B{n}*C{n}", "=[@Price]*[@[Unit count]]"),
        ("$B{n}*2", "=[@Price]*2"),
        ("B{n}*$F$1", ""),
        ("SUM(B{n}:C{n})", ""),
        ("Other!B{n}", ""),
        ("E{n}+1", ""),
    ],
)
def test_a_formula_over_its_own_row_is_told_in_terms_of_columns(written: str, named: str) -> None:
    sheet = books.book({"S": {f"D{n}": written.format(n=n) for n in ROWS}}).sheets["S"]
    found = columns.of_column(sheet, "D", ROWS, LABELS)
    assert found is not None
    assert found.named == named
