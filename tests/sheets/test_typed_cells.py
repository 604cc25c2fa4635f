"""A column's type is decided by every filled cell, says why, and never loses what was written."""

from collections.abc import Sequence
from datetime import date, datetime, time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatsheet.sheets.ingest.grid import Cell, is_blank
from chatsheet.sheets.ingest.typed_cells import TypedValue, decide, written
from chatsheet.sheets.model import ColumnType

CELLS = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from(["", "  ", "yes", "No", "1,234", "1.5", "1,5", "007", "2025-02-30", "31/12/2025", "12/31/2025"]),
        st.text(max_size=12),
        st.integers(min_value=-(2**53), max_value=2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.times(),
    ),
    max_size=8,
)
DATES = st.lists(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-20", "0"], "integer", [1, -20, 0]),
        ([" 1 ", "+2"], "integer", [1, 2]),
        ([1.0, 2.0, None], "integer", [1, 2, None]),
        ([1, 2.5], "decimal", [1.0, 2.5]),
        (["1.5", "2"], "decimal", [1.5, 2.0]),
        (["1,5", "2"], "decimal", [1.5, 2.0]),
        (["1,234.50", "7"], "decimal", [1234.5, 7.0]),
        (["1.234,50", "7"], "decimal", [1234.5, 7.0]),
        (["1,234", "1.5"], "decimal", [1234.0, 1.5]),
        (["1.234", "1,5"], "decimal", [1234.0, 1.5]),
        (["1,234,567"], "decimal", [1234567.0]),
        (["true", "FALSE", ""], "boolean", [True, False, None]),
        (["Yes", "no"], "boolean", [True, False]),
        ([True, False, None], "boolean", [True, False, None]),
        (["2025-01-31", "", "2024-02-29"], "date", [date(2025, 1, 31), None, date(2024, 2, 29)]),
        ([date(2025, 1, 31), None], "date", [date(2025, 1, 31), None]),
        (["2025-01-31 10:20", "2025-01-31T10:20:30"], "datetime", [datetime(2025, 1, 31, 10, 20), datetime(2025, 1, 31, 10, 20, 30)]),  # noqa: DTZ001, E501  sheets have no zone
        ([date(2025, 1, 31), datetime(2025, 1, 31, 9)], "datetime", [datetime(2025, 1, 31), datetime(2025, 1, 31, 9)]),  # noqa: DTZ001
        ([time(10, 20), None], "time", [time(10, 20), None]),
        (["31/12/2025", "01/02/2025"], "date", [date(2025, 12, 31), date(2025, 2, 1)]),
        (["12/31/2025", "01/02/2025"], "date", [date(2025, 12, 31), date(2025, 1, 2)]),
        (["13-1-2025", "1-2-2025"], "date", [date(2025, 1, 13), date(2025, 2, 1)]),
        (["01.02.2025"], "date", [date(2025, 2, 1)]),
    ],
)  # fmt: skip
def test_a_column_whose_cells_all_fit_gets_that_type(
    cells: Sequence[Cell], kind: ColumnType, values: Sequence[TypedValue]
) -> None:
    typed = decide(cells)
    assert (typed.type, typed.values) == (kind, values)
    assert [type(value) for value in typed.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["1,234", "12"], "could be a thousand"),
        (["1.234"], "could be a thousand"),
        (["007", "12"], "leading zeros"),
        (["-01"], "leading zeros"),
        (["1", 2], "texts beside other values"),
        ([1, True], "mixed types"),
        ([date(2025, 1, 1), 5], "mixed types"),
        (["01/02/2025", "03/04/2025"], "cannot be told apart"),
        (["13/01/2025", "01/13/2025"], "cannot be told apart"),
        (["2025-02-30"], "texts"),
        (["31/02/2025"], "texts"),
        (["31.12.25"], "texts"),
        (["1", "n/a"], "texts"),
        (["yes", "maybe"], "texts"),
        (["12 %"], "texts"),
        (["1'000"], "texts"),
        ([], "no values"),
        ([None, "", " "], "no values"),
    ],
)
def test_a_column_that_fits_no_type_stays_text_and_says_why(cells: Sequence[Cell], reason: str) -> None:
    typed = decide(cells)
    assert typed.type == "text"
    assert reason in typed.evidence
    assert typed.values == [None if is_blank(cell) else written(cell) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "evidence"),
    [
        (["31/12/2025", "01/02/2025"], "31/12/2025 exists, so the day comes first"),
        (["12/31/2025", "01/02/2025"], "12/31/2025 exists, so the month comes first"),
        (["01.02.2025"], "dates written with points have the day first"),
        (["1,5"], "all texts are numbers with a decimal comma"),
        (["1.5"], "all texts are numbers with a decimal point"),
    ],
)
def test_the_evidence_names_what_decided(cells: Sequence[Cell], evidence: str) -> None:
    assert decide(cells).evidence == evidence


@pytest.mark.parametrize("texts", [["12345678901234567890", "12345678901234567891"], ["1234567890123456789"]])
def test_an_identifier_of_many_digits_keeps_every_digit(texts: Sequence[Cell]) -> None:
    assert [str(value) for value in decide(texts).values] == texts


def test_a_code_with_a_leading_zero_keeps_it_before_a_point_too() -> None:
    typed = decide(["01.11", "01.12"])
    assert (typed.type, typed.values) == ("text", ["01.11", "01.12"])


def test_nothing_is_grouped_after_a_zero_so_0_125_reads_one_way() -> None:
    typed = decide(["0.125", "0.250"])
    assert (typed.type, typed.values) == ("decimal", [0.125, 0.25])


def test_a_number_is_written_as_a_person_would() -> None:
    assert [written(cell) for cell in (12.0, 1.5, True, date(2025, 1, 2), 1e300)] == [
        "12",
        "1.5",
        "True",
        "2025-01-02",
        "1e+300",
    ]


@given(CELLS)
def test_every_cell_keeps_its_place_and_only_blank_ones_are_null(cells: Sequence[Cell]) -> None:
    values = decide(cells).values
    assert [value is None for value in values] == [is_blank(cell) for cell in cells]


@given(CELLS)
def test_a_column_has_values_of_one_type_only(cells: Sequence[Cell]) -> None:
    assert len({type(value) for value in decide(cells).values if value is not None}) <= 1


@given(CELLS)
def test_text_is_kept_exactly_as_written(cells: Sequence[Cell]) -> None:
    typed = decide(cells)
    assume(typed.type == "text")
    kept = [
        (cell, value) for cell, value in zip(cells, typed.values, strict=True) if isinstance(cell, str) and value is not None
    ]
    assert all(cell == value for cell, value in kept)


@given(st.lists(st.integers(min_value=1 - 10**15, max_value=10**15 - 1), min_size=1))
def test_whole_numbers_come_back_from_text(numbers: Sequence[int]) -> None:
    typed = decide([str(number) for number in numbers])
    assert (typed.type, typed.values) == ("integer", numbers)


@given(DATES, st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"]))
def test_dates_are_read_in_their_order_or_not_at_all(days: Sequence[date], order: str) -> None:
    typed = decide([day.strftime(order) for day in days])
    assert typed.type == "text" or typed.values == days


@given(DATES)
def test_iso_dates_come_back_from_text(days: Sequence[date]) -> None:
    typed = decide([day.isoformat() for day in days])
    assert (typed.type, typed.values) == ("date", days)
