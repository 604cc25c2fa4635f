"""Numbers in an answer lead to the cell they come from; strangers are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.chat import grounding
from chatsheet.chat.events import Basis, RowsUsed, ToolAnswered
from chatsheet.sheets.model import Result, ResultColumn


def result(*rows: tuple[JsonValue, ...], handle: str = "r1") -> ToolAnswered:
    width = len(rows[0])
    columns = tuple(ResultColumn(name=f"c{i}", type="DOUBLE") for i in range(width))
    return ToolAnswered(
        turn="t",
        call_id=handle,
        tool="run_sql",
        content="",
        handle=handle,
        sql="SELECT 1",
        result=Result(columns=columns, rows=rows, row_count=len(rows), truncated=False),
        basis=Basis(rows=(RowsUsed(table="orders", rows=600, first=2, last=601),)),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It is 42.", 42),
        ("It is 1,234.5 EUR.", 1234.5),
        ("It is 1234.50 EUR.", 1234.5),
        ("about 1,235", 1234.6),
        ("It fell by 12.", -12),
        ("a share of 43.7%", 0.43712),
        ("a share of 44 %", 0.4371),
        ("It is \u22125.", -5),
        ("It is 1\u202f234.", 1234),
        ("It is 110449.40", 110449.40000000001),
    ],
)
def test_a_number_is_traced_as_people_write_it(text: str, value: float) -> None:
    (found,) = grounding.trace(text, [result(("x", value))])
    assert (found.handle, found.row, found.column) == ("r1", 0, "c1")
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize("text", ["It is 43.", "It is 4.2.", "It is 420.", "about 41"])
def test_a_number_that_no_cell_holds_is_a_stranger(text: str) -> None:
    assert [n.handle for n in grounding.trace(text, [result((42,))])] == [None]


def test_row_counts_and_rows_used_are_sources_too() -> None:
    numbers = grounding.trace("2 regions in 600 orders", [result(("a",), ("b",))])
    assert [n.handle for n in numbers] == ["r1", "r1"]


def test_numbers_of_the_question_and_dates_are_not_claims() -> None:
    text = "The top 5 in 2025, from 2025-03-01 on, Q2."
    assert grounding.trace(text, [], question="Show the top 5 of 2025") == ()


def test_a_year_that_the_query_filters_on_is_no_claim_and_one_from_nowhere_is() -> None:
    filtered = result((7,)).model_copy(update={"sql": "SELECT 7 FROM orders WHERE order_date < '2025-01-01' AND y = 2024"})
    found = grounding.trace("7 orders in 2025 and 2024, of 2019 in all", [filtered])
    assert [(number.text, number.handle) for number in found] == [("7", "r1"), ("2019", None)]


def test_a_share_is_a_percentage_only_where_it_is_written_as_one() -> None:
    assert [n.handle for n in grounding.trace("100% of 100", [result((1,))])] == ["r1", None]


def test_the_newest_result_is_looked_at_first() -> None:
    (found,) = grounding.trace("7", [result((7,), handle="r1"), result((7,), handle="r2")])
    assert found.handle == "r2"


def test_a_number_inside_a_name_is_no_number() -> None:
    assert grounding.trace("Model X2000b and A-17", []) == ()


@given(st.text(max_size=200))
def test_any_text_can_be_traced_and_positions_fit(text: str) -> None:
    for number in grounding.trace(text, [result((1, 2.5, "x"))]):
        assert text[number.start : number.end] == number.text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_value_written_with_two_places_is_always_found(value: float) -> None:
    text = f"{value:,.2f}"
    assert all(number.handle == "r1" for number in grounding.trace(text, [result((value,))]))
