"""Numbers in an answer lead to the cell they come from; strangers are marked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from chatsheet.chat import grounding
from chatsheet.chat.events import Basis, NumberFound, Output, RowsUsed, ToolAnswered
from chatsheet.sheets.model import Result, ResultColumn, Unit
from chatsheet.sheets.origins import Kind
from tests.chat.answers_corpus import ANSWERS, BLIND_4, BLIND_5, BLIND_6, Said


def result(*rows: tuple[JsonValue, ...], handle: str = "r1", names: str = "c0 c1 c2", sql: str = "SELECT 1") -> ToolAnswered:
    columns = tuple(ResultColumn(name=name, type="DOUBLE") for name in names.split()[: len(rows[0])])
    return ToolAnswered(
        turn="t",
        call_id=handle,
        tool="run_sql",
        content="",
        handle=handle,
        sql=sql,
        result=Result(columns=columns, rows=rows, row_count=len(rows), truncated=False),
        basis=Basis(rows=(RowsUsed(table="orders", rows=600, first=2, last=601),)),
    )


def source(found: NumberFound) -> str:
    return ".".join(str(part) for part in (found.handle, found.row, found.column) if part is not None)


@pytest.mark.parametrize("said", ANSWERS, ids=lambda said: said.text[:60])
def test_every_number_of_the_corpus_is_traced_to_its_cell_or_to_none(said: Said) -> None:
    found = grounding.trace(said.text, said.answers, question=said.question, locale=said.locale)
    assert {(one.start, one.end): source(one) for one in found} == said.expected


@pytest.mark.parametrize(
    ("answers", "true", "planted", "right", "wrong"),
    [(BLIND_4, 159, 108, 144, 1), (BLIND_5, 48, 26, 45, 0), (BLIND_6, 39, 23, 37, 1)],
    ids=["4", "5", "6"],
)
def test_of_answers_written_blind_most_true_numbers_are_cited_and_hardly_a_planted_one(
    answers: list[Said], true: int, planted: int, right: int, wrong: int
) -> None:
    pairs: list[tuple[str, str]] = []
    for said in answers:
        traced = grounding.trace(said.text, said.answers, question=said.question, locale=said.locale)
        found = {(one.start, one.end): source(one) for one in traced}
        assert found.keys() == said.expected.keys()
        pairs += [(meant, found[place]) for place, meant in said.expected.items()]
    assert (sum(bool(meant) for meant, _ in pairs), sum(not meant for meant, _ in pairs)) == (true, planted)
    assert sum(meant == cited for meant, cited in pairs if meant) >= right
    assert sum(cited not in {"", meant} for meant, cited in pairs) <= wrong


def test_the_corpus_is_large_and_half_of_it_is_wrong_on_purpose() -> None:
    numbers = [source for said in ANSWERS for source in said.expected.values()]
    assert len(ANSWERS) >= 750
    assert sum(not source for source in numbers) >= 450


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
    numbers = grounding.trace("2 regions in 600 orders", [result(("a",), ("b",), names="region")])
    assert [n.handle for n in numbers] == ["r1", "r1"]


def test_numbers_of_the_question_and_dates_are_not_claims() -> None:
    text = "The top 5 in 2025, from 2025-03-01 on, Q2."
    assert grounding.trace(text, [], question="Show the top 5 of 2025") == ()


def test_a_year_that_the_query_filters_on_is_no_claim_and_one_from_nowhere_is() -> None:
    filtered = result((7,), names="orders", sql="SELECT 7 AS orders FROM orders WHERE order_date < '2025-01-01' AND y = 2024")
    found = grounding.trace("7 orders in 2025 and 2024, of 2019 in all", [filtered])
    assert [(number.text, number.handle) for number in found] == [("7", "r1"), ("2019", None)]


def test_a_limit_that_the_query_sets_is_no_claim_where_the_answer_compares_with_it() -> None:
    ran = result((7,), names="orders", sql="SELECT count(*) AS orders FROM orders WHERE revenue > 1000")
    found = grounding.trace("7 orders lie above 1,000 EUR, and 1,000 EUR was earned.", [ran])
    assert [(number.text, number.handle) for number in found] == [("7", "r1"), ("1,000", None)]


def test_a_share_is_a_percentage_only_where_it_is_written_as_one() -> None:
    assert [n.handle for n in grounding.trace("100% of 100", [result((1,))])] == ["r1", None]


def test_the_newest_result_is_looked_at_first() -> None:
    (found,) = grounding.trace("7", [result((7,), handle="r1"), result((7,), handle="r2")])
    assert found.handle == "r2"


def test_a_result_whose_column_is_named_goes_before_a_newer_one() -> None:
    results = [result((7,), handle="r1", names="orders"), result((7,), handle="r2", names="stores")]
    assert [n.handle for n in grounding.trace("There are 7 orders.", results)] == ["r1"]


def test_a_difference_that_the_model_made_up_itself_is_not_traced() -> None:
    cells = result(("South", 70), ("North", 30), names="region revenue")
    found = grounding.trace("South has 70, North 30: 40 more.", [cells])
    assert [number.handle for number in found] == ["r1", "r1", None]


REGIONS = result(("South", 196), ("West", 155), names="region orders", sql="SELECT region, count(*) AS orders FROM orders")


@pytest.mark.parametrize("text", ["South 196 [r1].", "South (196 [r1]), then West.", "196 [r1] orders are from South (r1)."])
def test_a_reference_to_a_result_is_no_word_of_the_sentence(text: str) -> None:
    assert [source(number) for number in grounding.trace(text, [REGIONS])] == ["r1.0.orders"]


def test_a_reference_to_a_result_that_cannot_be_is_marked() -> None:
    found = grounding.trace("South has 196 orders [r99].", [REGIONS])
    assert [(number.text, number.handle) for number in found] == [("196", "r1"), ("r99", None)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("[r1 has 999 orders]", [("999", None)]),
        ("South has 196 orders [r1, row 1].", [("196", "r1")]),
        ("South has 196 orders [r1 rows 1-2, r1.0.orders].", [("196", "r1")]),
        ("South has 196 orders [r0].", [("196", "r1"), ("r0", None)]),
    ],
)
def test_a_sentence_in_brackets_is_read_and_a_pointer_is_not(text: str, numbers: list[tuple[str, str | None]]) -> None:
    assert [(number.text, number.handle) for number in grounding.trace(text, [REGIONS])] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "Lakeside has 196 orders.",
        "There are 196 orders.",
        "Our best month had 196 orders.",
        "South leads.\n\nThere are 196 orders.",
        "South and West lead. There are 196 orders.",
        "South leads. West is behind, with 196 of them.",
    ],
)
def test_a_cell_whose_row_nothing_tells_is_not_cited(text: str) -> None:
    assert [number.handle for number in grounding.trace(text, [REGIONS])] == [None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("South leads. There are 196 orders.", ["r1.0.orders"]),
        ("St. South leads. It has 196 orders.", ["r1.0.orders"]),
        ("Dr. South leads. It has 196 orders.", ["r1.0.orders"]),
        ("- South: 196 (avg. 2.5 days)", ["r1.0.orders", ""]),
        ("The highest number of orders is 196.", ["r1.0.orders"]),
        ("The number of orders ranges from 155 to 196.", ["r1.1.orders", "r1.0.orders"]),
        ("There are 196 and 155 orders.", ["r1.0.orders", "r1.1.orders"]),
        ("There are 155 and 196 orders.", ["", ""]),
        ("The lowest number of orders is 196.", [""]),
    ],
)
def test_a_row_is_told_by_an_end_a_list_or_the_sentence_before(text: str, found: list[str]) -> None:
    assert [source(number) for number in grounding.trace(text, [REGIONS])] == found


@pytest.mark.parametrize("text", ["South has 9,041 nurses.", "Im Süden arbeiten 9.041 Ärzte.", "South sold 9,041 catalogues."])
def test_a_number_of_things_that_no_column_is_called_is_not_cited_whatever_its_size(text: str) -> None:
    cells = result(("South", 9041, 77.25), ("West", 155, 12.5), names="region beds income")
    assert [number.handle for number in grounding.trace(text, [cells])] == [None]


def test_what_is_said_of_things_right_behind_them_tells_the_column() -> None:
    cells = result(("Soup", 9041, 77.25), ("Ribs", 155, 12.5), names="dish sold income")
    assert [source(number) for number in grounding.trace("Soup leads with 9,041 bowls sold.", [cells])] == ["r1.0.sold"]


def test_the_lowest_of_the_first_rows_alone_is_not_the_lowest() -> None:
    first = REGIONS.model_copy(
        update={"sql": "SELECT region, count(*) AS orders FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 2"}
    )
    text = "The number of orders is highest with 196 and lowest with 155."
    assert [source(number) for number in grounding.trace(text, [first])] == ["r1.0.orders", ""]


QUARTERS = result(
    ("2024-10-01", 949), ("2025-01-01", 899), names="quarter seats", sql="SELECT quarter, sum(seats) AS seats FROM t"
)
MONTHS = result(("2024-01-01", 949), ("2024-02-01", 899), names="month seats", sql="SELECT month, sum(seats) AS seats FROM t")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In Q4 2024 there were 949 seats.", ["r1.0.seats"]),
        ("In the fourth quarter of 2024 there were 949 seats.", ["r1.0.seats"]),
        ("Im 1. Quartal 2025 waren es 899.", ["r1.1.seats"]),
        ("From October to December 2024 it was 949.", ["r1.0.seats"]),
        ("In Q4 2023 there were 949 seats.", [""]),
        ("In October there were 949 seats.", [""]),
    ],
)
def test_a_quarter_is_named_with_its_own_year_and_is_no_month(text: str, found: list[str]) -> None:
    assert [source(number) for number in grounding.trace(text, [QUARTERS])] == found


def test_a_month_of_another_year_is_another_month() -> None:
    assert [source(n) for n in grounding.trace("January 2024 had 949 seats.", [MONTHS])] == ["r1.0.seats"]
    assert [source(n) for n in grounding.trace("January 2023 had 949 seats.", [MONTHS])] == [""]


def test_numbers_in_a_pair_belong_to_the_labels_in_theirs() -> None:
    text = "South has more orders than West: 196 against 155."
    assert [source(number) for number in grounding.trace(text, [REGIONS])] == ["r1.0.orders", "r1.1.orders"]
    wrong = "South has fewer orders than West: 155 against 196."
    assert [source(number) for number in grounding.trace(wrong, [REGIONS])] == ["", ""]


def test_a_number_before_a_conjunction_is_not_of_the_label_behind_it() -> None:
    assert [source(n) for n in grounding.trace("In South there are 155 orders and in West 196.", [REGIONS])] == ["", ""]
    assert [source(n) for n in grounding.trace("In South there are 196 and in West 155.", [REGIONS])] == [
        "r1.0.orders",
        "r1.1.orders",
    ]


def test_a_multiple_is_a_ratio_and_not_of_another_row() -> None:
    ratio = Output(name="ratio", kind="ratio")
    cells = result(("South", 1.8, 36.6), ("West", 0.7, 1.8), names="region ratio tonnes")
    cells = cells.model_copy(
        update={"basis": cells.basis.model_copy(update={"outputs": (Output(name="region"), ratio, Output(name="tonnes"))})}
    )
    assert [source(n) for n in grounding.trace("South has 1.8 times as much as before.", [cells])] == ["r1.0.ratio"]
    assert [source(n) for n in grounding.trace("South has 1.8 times as much as West.", [cells])] == [""]
    assert [source(n) for n in grounding.trace("West has 1.8 times as much as before.", [cells])] == [""]


def made(name: str, kind: Kind, unit: Unit | None = None) -> Output:
    return Output(name=name, kind=kind, unit=unit or Unit(), columns=(("t", name),))


STAYS = result(("South", 196000.4, 3.16, 18433), names="garage paid hours stays").model_copy(
    update={
        "basis": Basis(
            outputs=(
                made("garage", "value"),
                made("paid", "sum", Unit(currency="EUR", symbol="€")),
                made("hours", "average"),
                made("stays", "count"),
            )
        )
    }
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("South had a total of about EUR 200k.", ["r1.0.paid"]),
        ("A visit to South is €3.16.", [""]),
        ("South was open for 196,000 hours.", [""]),
    ],
)
def test_a_currency_tells_the_column_and_keeps_measures_out(text: str, found: list[str]) -> None:
    assert [source(number) for number in grounding.trace(text, [STAYS])] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("two hundred orders", 200),
        ("2 hundred orders", 200),
        ("2 dozen orders", 24),
        ("two dozen orders", 24),
        ("2 grand of orders", 2000),
        ("minus 2 orders", -2),
        ("2 lakh orders", 200_000),
        ("two hundred and fifty-five thousand orders", 255_000),
    ],
)
def test_what_multiplies_a_number_and_its_sign_are_read(text: str, said: int) -> None:
    two, meant = (result(("East", value), names="region orders") for value in (2, said))
    assert [number.handle for number in grounding.trace(f"East has {text}.", [two])] == [None]
    assert [number.handle for number in grounding.trace(f"East has {text}.", [meant])] == ["r1"]


def test_a_permille_is_a_tenth_of_a_percent() -> None:
    cells = result(("East", 0.012), ("West", 12), names="region share")
    assert [source(number) for number in grounding.trace("East has 12\u2030 of it, West 12\u2030.", [cells])] == ["", ""]
    shares = result(("East", 0.012), ("West", 0.5), names="region share")
    assert [source(number) for number in grounding.trace("East has a share of 12\u2030.", [shares])] == ["r1.0.share"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is it true that South has 999 orders?", "Yes, South has 999 orders."),
        ("Does South have 999 orders?", "South, with 999 orders, is ahead."),
        ("Did revenue rise by 12 %?", "Yes, South has 12 %."),
    ],
)
def test_a_number_of_the_question_is_marked_where_the_answer_asserts_it(question: str, text: str) -> None:
    assert [number.handle for number in grounding.trace(text, [REGIONS], question=question)] == [None]
    assert [number.handle for number in grounding.trace(text, [], question=question)] == [None]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which regions have more than 999 orders?", "None has more than 999 orders."),
        ("Show the top 5 of 2024", "The top 5 of 2024 are below."),
        ("What if prices rise by 10 %?", "If prices rise by 10 %, revenue does too."),
        ("Does South have 999 orders?", "No, South does not have 999 orders."),
    ],
)
def test_a_condition_of_the_question_repeated_as_such_is_no_claim(question: str, text: str) -> None:
    assert grounding.trace(text, [REGIONS], question=question) == ()


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT region, count(*) AS orders FROM orders GROUP BY 1 LIMIT 250", "South has more than 250 orders."),
        ("SELECT region, count(*) AS orders FROM orders WHERE revenue > 1000", "Each region has at least 1000 orders."),
        ("SELECT region, count(*) AS orders FROM orders GROUP BY 1", "All of the 12 orders are from South."),
        ("SELECT region, count(*) AS orders FROM orders GROUP BY 1", "It is about the 15 regions."),
        ("SELECT region, count(*) AS orders FROM orders GROUP BY 1", "Die 12 Bestellungen sind aus dem Süden."),
    ],
)
def test_a_literal_of_another_column_and_an_article_make_no_claim_none(sql: str, text: str) -> None:
    cells = result(("South", 196), ("West", 155), names="region orders", sql=sql)
    assert [number.handle for number in grounding.trace(text, [cells])] == [None]


def test_the_things_that_the_answer_has_just_named_are_no_claim() -> None:
    assert [n.text for n in grounding.trace("South has 196, West 155: the two regions lead.", [REGIONS])] == ["196", "155"]


@given(st.text(max_size=200))
def test_any_text_can_be_traced_and_positions_fit(text: str) -> None:
    for number in grounding.trace(text, [result((1, 2.5, "x"))]):
        assert text[number.start : number.end] == number.text


VALUES = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)
MARKS = st.sampled_from(
    [("en", ",", "."), ("de", ".", ","), ("fr", "\u202f", ","), ("fr", " ", ","), ("de-CH", "'", "."), ("sv", "\u00a0", ",")]
)


def written(value: Decimal, marks: tuple[str, str, str], places: int = 2) -> str:
    return f"{value:,.{places}f}".replace(",", "\0").replace(".", marks[2]).replace("\0", marks[1])


@given(VALUES, MARKS)
def test_a_cell_written_by_any_locale_is_found(value: Decimal, marks: tuple[str, str, str]) -> None:
    text = f"South: {written(value, marks)}"
    cells = result(("South", float(value)), ("North", 0.5), names="region amount")
    assert [number.handle for number in grounding.trace(text, [cells], locale=marks[0])] == ["r1"]


@given(VALUES, MARKS, st.integers(min_value=0), st.integers(min_value=1, max_value=9))
def test_a_cell_with_another_digit_is_not(value: Decimal, marks: tuple[str, str, str], place: int, by: int) -> None:
    text = written(value, marks)
    digits = [position for position, sign in enumerate(text) if sign.isdecimal()]
    at = digits[place % len(digits)]
    wrong = f"{text[:at]}{(int(text[at]) + by) % 10}{text[at + 1 :]}"
    cells = result(("South", float(value)), ("North", float(value)), names="region amount")
    found = grounding.trace(f"South: {wrong}", [cells], locale=marks[0])
    assert all(number.handle is None for number in found)


@given(st.decimals(min_value=100, max_value=10**9, places=2), st.sampled_from([("k", 3), ("m", 6)]))
def test_a_cell_written_in_thousands_or_millions_is_found(value: Decimal, scale: tuple[str, int]) -> None:
    word, exponent = scale
    text = f"South made €{value:,.2f}{word}."
    cells = result(("South", int(value.scaleb(exponent))), ("North", 1), names="region amount")
    assert [number.handle for number in grounding.trace(text, [cells])] == ["r1"]


@given(st.decimals(min_value=0, max_value=1, places=5))
def test_a_share_is_found_as_a_percentage_and_not_as_itself_with_a_percent_sign(share: Decimal) -> None:
    cells = result(("South", float(share)), ("North", 0.0), names="region share")
    share = cells.basis.model_copy(update={"outputs": (Output(name="region"), Output(name="share", kind="ratio"))}) and share
    assert [n.handle for n in grounding.trace(f"South has {share * 100:.3f}%.", [cells])] == ["r1"]
    if share:
        assert [n.handle for n in grounding.trace(f"South has {share:.5f}%.", [cells])] == [None]
