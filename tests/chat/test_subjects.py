"""A number is not cited to a query that keeps to other regions, channels or years than its sentence speaks of."""

import pytest
from pydantic import JsonValue

from chatsheet.chat import basis, grounding
from chatsheet.chat.events import Basis, ToolAnswered
from chatsheet.sheets.model import Column, ColumnType, Profile, Result, ResultColumn, Table, TopValue, Workbook


def column(name: str, kind: ColumnType, *top: str, span: tuple[JsonValue, JsonValue] | None = None) -> Column:
    low, high = span or (None, None)
    profile = Profile(nulls=0, distinct=len(top), top=tuple(TopValue(value=v, rows=9) for v in top), minimum=low, maximum=high)
    return Column(name=name, label=name, letter="A", type=kind, evidence="", profile=profile)


ORDERS = Table(
    id="orders",
    tab="orders",
    range="A1:Z9",
    header_row=1,
    evidence="",
    rows=600,
    columns=(
        column("region", "text", "South", "West", "North", "East"),
        column("channel", "text", "Online", "Store"),
        column("product", "text", "Chair", "Desk"),
        column("order_date", "date", span=("2024-01-02", "2025-12-30")),
        column("revenue", "decimal"),
        column("fiscal_year", "integer", span=(2021, 2025)),
    ),
)
WORKBOOK = Workbook(parser="p", content_sha256="c", tables=(ORDERS,))


def told(sql: str, *names: str) -> Basis:
    return basis.of(sql, WORKBOOK, names=names)


def ran(sql: str, *rows: tuple[JsonValue, ...], names: str = "orders revenue") -> ToolAnswered:
    columns = tuple(ResultColumn(name=name, type="DOUBLE") for name in names.split())
    result = Result(columns=columns, rows=rows, row_count=len(rows), truncated=False)
    basis = told(sql, *names.split())
    return ToolAnswered(turn="t", call_id="c", tool="run_sql", content="", handle="r1", sql=sql, result=result, basis=basis)


def cited(where: str, text: str) -> list[str]:
    """Return the numbers of a text that are cited to a query for 116 orders and a revenue of 9041."""
    sql = f"SELECT count(*) AS orders, sum(revenue) AS revenue FROM orders WHERE {where}"  # noqa: S608  a test's own
    return [number.text for number in grounding.trace(text, [ran(sql, (116, 9041.5))]) if number.handle]


@pytest.mark.parametrize(
    ("where", "wrong", "right"),
    [
        ("region = 'East'", "West has 116 orders.", "East has 116 orders."),
        ("region = 'East'", "There are 116 orders in the West.", "There are 116 orders in the East."),
        ("region = 'East'", "Der Westen hat 116 Bestellungen.", "Der Osten hat 116 Bestellungen."),
        ("region = 'East'", "**West**: 116 orders", "**East**: 116 orders"),
        ("region <> 'South'", "South has 116 orders.", "There are 116 orders outside the South."),
        ("NOT region = 'South'", "There are 116 orders from the South.", "There are 116 orders that are not from the South."),
        ("region IN ('East', 'West')", "East has 116 orders.", "East and West have 116 orders."),
        ("channel = 'Online'", "116 orders came through Store.", "116 orders came through Online."),
        (
            "lower(channel) LIKE 'online%' AND region = 'South'",
            "South had 116 orders in the Store.",
            "South had 116 orders Online.",
        ),
        ("region = 'South' AND product = 'Chair'", "In the North, Chair made 9,041.50.", "In the South, Chair made 9,041.50."),
        ("year(order_date) = 2025", "In 2024 there were 116 orders.", "In 2025 there were 116 orders."),
        ("order_date < '2025-04-01' AND order_date >= DATE '2025-01-01'", "Q4 2025 had 116 orders.", "Q1 2025 had 116 orders."),
        (
            "order_date < DATE '2025-04-01'",
            "In the fourth quarter of 2025, 116 orders came.",
            "116 orders came before April 2025.",
        ),
        ("extract(month FROM order_date) = 12", "In March there were 116 orders.", "In December there were 116 orders."),
        ("date_trunc('quarter', order_date) = '2025-10-01'", "In 2024, 116 orders came.", "In Q4 2025, 116 orders came."),
        ("fiscal_year = 2024", "In 2023 there were 116 orders.", "In 2024 there were 116 orders."),
        ("fiscal_year >= 2024", "In 2022 there were 116 orders.", "In 2024 and 2025 there were 116 orders."),
        ("order_date BETWEEN '2025-03-01' AND '2025-03-31'", "In May 2025 there were 116 orders.", "116 orders came in March."),
    ],
)
def test_a_number_said_of_what_the_query_leaves_out_is_not_cited(where: str, wrong: str, right: str) -> None:
    assert cited(where, wrong) == []
    assert cited(where, right)


@pytest.mark.parametrize(
    "text",
    [
        "East has 116 orders, fewer than West.",
        "East has 116 orders; West has more.",
        "Unlike West, East has 116 orders.",
        "Compared with South, 116 orders in the East is little.",
        "There are 116 orders.",
        "Compared with 2024, there were 116 orders in the East.",
    ],
)
def test_another_value_that_the_number_is_only_compared_with_is_no_subject(text: str) -> None:
    assert cited("region = 'East'", text) == ["116"]


OWN = (
    "count(*) FILTER (WHERE region = 'East') AS a, count(CASE WHEN region = 'West' THEN 1 END) AS b",
    "sum(CASE WHEN region = 'East' THEN 1 ELSE 0 END) AS a, count_if(region = 'West') AS b",
)


@pytest.mark.parametrize("made", OWN)
@pytest.mark.parametrize("sql", ["SELECT {} FROM orders", "WITH o AS (SELECT {} FROM orders) SELECT a, b FROM o"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("East has 116 orders.", ["a"]),
        ("West has 97 orders.", ["b"]),
        ("East has 116 orders and West has 97.", ["a", "b"]),
        ("West has 116 orders.", [None]),
        ("North has 116 orders.", [None]),
        ("East has 97 orders and West has 116.", [None, None]),
        ("There are 116 orders.", [None]),
        ("Leipzig has 97 orders.", [None]),
    ],
)
def test_the_condition_of_one_output_holds_for_its_numbers(made: str, sql: str, text: str, found: list[str | None]) -> None:
    results = [ran(sql.format(made), (116, 97), names="a b")]
    assert [number.column for number in grounding.trace(text, results)] == found


def test_a_period_that_only_one_output_keeps_is_held_against_its_year() -> None:
    sql = "SELECT sum(revenue) FILTER (WHERE year(order_date) = 2024) AS a, sum(revenue) AS b FROM orders"
    results = [ran(sql, (9041.5, 16000.25), names="a b")]
    assert [n.column for n in grounding.trace("In 2024 revenue was 9,041.50.", results)] == ["a"]
    assert [n.column for n in grounding.trace("In 2025 revenue was 9,041.50.", results)] == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "Leipzig has 116 orders.",
        "There are 116 orders in Leipzig.",
        "In Leipzig there are 116 orders.",
        "Leipzig's 116 orders lead.",
        "In der Tat: in Leipzig gibt es 116 Bestellungen.",
        "Il y a 116 commandes à Leipzig.",
        "At Leipzig, Online has 116 orders.",
        "Kenya has 116 orders.",
        "In 2019 there were 116 orders.",
        "116 orders came in 2019.",
    ],
)
def test_a_name_or_a_year_that_no_result_knows_takes_its_number_along(text: str) -> None:
    assert cited("channel = 'Online'", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Online has 116 orders, more than Leipzig.",
        "Unlike Leipzig, Online has 116 orders.",
        "We have 116 orders in total.",
        "Customers made 116 orders for EUR 9,041.50.",
        "Since 2019 there were 116 orders.",
        "**Online** received 116 orders so far.",
    ],
)
def test_names_that_are_only_compared_with_and_common_words_take_nothing_along(text: str) -> None:
    assert "116" in cited("channel = 'Online'", text)


def test_a_name_that_only_the_question_has_is_not_what_the_query_asked_for() -> None:
    results = [ran("SELECT count(*) AS orders, sum(revenue) AS revenue FROM orders", (116, 9041.5))]
    found = grounding.trace("Leipzig has 116 orders.", results, question="How many orders has Leipzig?")
    assert [number.handle for number in found] == [None]


def test_a_condition_that_cannot_be_tried_says_nothing() -> None:
    for condition in (
        "length(region) = 4",
        "region = product",
        "revenue > 5",
        "region SIMILAR TO 'E.*'",
        "region = 'x' OR revenue > 5",
    ):
        assert told(f"SELECT count(*) AS n FROM orders WHERE {condition}", "n").kept == ()  # noqa: S608  a test's own


def test_conditions_of_the_queries_that_rows_are_taken_from_hold_for_every_row() -> None:
    sql = "WITH e AS (SELECT * FROM orders WHERE region = 'East') SELECT count(*) AS n FROM e WHERE channel ILIKE 'on%'"
    kept = {one.column: one.wanted for one in told(sql, "n").kept}
    assert kept == {"channel": ("Online",), "region": ("East",)}


def test_months_kept_go_from_the_first_to_the_last_that_the_column_or_the_condition_has() -> None:
    (kept,) = told("SELECT count(*) AS n FROM orders WHERE order_date >= '2025-11-15'", "n").kept
    assert kept.wanted == ("2025-11", "2025-12")
    (none,) = told("SELECT count(*) AS n FROM orders WHERE year(order_date) = 2023", "n").kept
    assert (none.wanted[0], none.wanted[-1]) == ("2023-01", "2023-12")
