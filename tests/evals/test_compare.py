"""Results are compared as values, whatever their columns are called; texts are read as people write numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.evals import compare
from chatsheet.evals.model import Known
from chatsheet.sheets.model import Result
from tests.evals.examples import SUM, result

ORDERED = Known(sql="", is_ordered=True)
SHARE = Known(sql="", is_share=True)
FREE = Known(sql="", is_sign_free=True)
Row = tuple[JsonValue, ...]


def _with_permutation(rows: list[tuple[int, str]]) -> st.SearchStrategy[tuple[list[tuple[int, str]], list[tuple[int, str]]]]:
    return st.tuples(st.just(rows), st.permutations(rows))


@pytest.mark.parametrize(
    ("known", "right", "got"),
    [
        (SUM, result((1.0,)), result((1,))),
        (SUM, result(("a", 1), ("b", 2)), result((2, "b"), (1, "a"))),
        (ORDERED, result(("a",), ("b",)), result(("a",), ("b",))),
        (SUM, result(("2025-03-01T00:00:00",)), result(("2025-03-01",))),
        (SUM, result(), result()),
        (SUM, result((None,)), result((None,))),
    ],
)
def test_the_same_result_in_another_form_is_right_to_the_last_digit(known: Known, right: Result, got: Result) -> None:
    assert compare.is_strict(known, right, got)
    assert compare.is_tolerant(known, right, got)


@pytest.mark.parametrize(
    ("known", "right", "got"),
    [
        (SUM, result(("a",)), result(("a", 12.5))),
        (SUM, result((1234.567,)), result((1234.57,))),
        (SUM, result(("Emea",)), result(("EMEA ",))),
        (ORDERED, result(("a",)), result(("a", 3), ("b", 2), ("c", 1))),
        (SHARE, result((0.35,)), result((35.0,))),
        (FREE, result((-12,)), result((12,))),
    ],
)
def test_helper_columns_rounding_and_a_longer_ranking_are_right_but_not_strictly(
    known: Known, right: Result, got: Result
) -> None:
    assert compare.is_tolerant(known, right, got)
    assert not compare.is_strict(known, right, got)


@pytest.mark.parametrize(
    ("known", "right", "got"),
    [
        (SUM, result((100,)), result((101,))),
        (SUM, result((35.0,)), result((0.35,))),
        (SUM, result((-12,)), result((12,))),
        (SUM, result((0.037,)), result((0.04,))),
        (SUM, result(("a",), ("b",)), result(("a",))),
        (SUM, result(("a",)), result(("a",), ("b",))),
        (SUM, result(("a", 1), ("b", 2)), result(("a", 2), ("b", 1))),
        (ORDERED, result(("a",), ("b",)), result(("b",), ("a",))),
        (SUM, result((1,)), result()),
        (SUM, result((True,)), result((1,))),
        (SUM, result((5,)), result(("5",))),
    ],
)
def test_another_result_is_wrong(known: Known, right: Result, got: Result) -> None:
    assert not compare.is_tolerant(known, right, got)


def test_rows_beyond_those_listed_count() -> None:
    assert not compare.is_strict(SUM, result((1,)), result((1,), row_count=2))


@given(st.lists(st.tuples(st.integers(), st.text()), min_size=1, max_size=6).flatmap(_with_permutation))
def test_the_order_of_rows_never_matters_unless_it_was_asked_for(both: tuple[list[Row], list[Row]]) -> None:
    rows, shuffled = both
    assert compare.is_tolerant(SUM, result(*rows), result(*shuffled))


@pytest.mark.parametrize(
    ("known", "cell", "text"),
    [
        (SUM, 155288.7, "South sold 155,288.70."),
        (SUM, 155288.7, "Süd: 155.288,70 EUR"),
        (SUM, 155288.7, "Sud : 155 288,7"),
        (SUM, 155288.7, "about 155,289"),
        (SHARE, 0.35, "35 % of them"),
        (SHARE, 0.3181818, "31.8%"),
        (FREE, -22000, "a rent of 22,000"),
        (SUM, -22000, "\u221222,000"),
        (SUM, "Rivet 4", "only rivet 4"),
        (SUM, "2025-03-01T00:00:00", "on 2025-03-01"),
    ],
)
def test_a_text_names_a_value_in_any_notation(known: Known, cell: JsonValue, text: str) -> None:
    assert compare.is_named(known, result((cell,)), text) is True


@pytest.mark.parametrize(
    ("cell", "text"), [(0.506, "1 of them"), (320, "3200"), (320, "r320"), (12, "120"), ("Pump", "Valve"), (5, "none")]
)
def test_a_text_without_the_value_does_not_name_it(cell: JsonValue, text: str) -> None:
    assert compare.is_named(SUM, result((cell,)), text) is False


def test_a_long_list_need_not_be_named() -> None:
    assert compare.is_named(SUM, result(*((number,) for number in range(30))), "see the table") is None


@pytest.mark.parametrize(
    ("cell", "written", "holds"),
    [(0.35, "35", True), ("12.5", "12,5", True), (7.004, "7", True), (8, "7", False), ("a", "7", False), (None, "7", False)],
)
def test_a_cell_holds_a_written_number_or_not(cell: JsonValue, written: str, *, holds: bool) -> None:
    assert compare.holds(cell, written) is holds


def test_a_cell_of_zero_holds_a_written_zero() -> None:
    assert compare.holds(0, "0")
    assert not compare.holds(3, "0")
