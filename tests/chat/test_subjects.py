"""A number is not cited to a query that keeps to other regions, channels or years than its sentence speaks of."""

import pytest

from chatsheet.chat import basis, grounding
from chatsheet.chat.events import Basis, ToolAnswered
from chatsheet.sheets.model import Column, ColumnType, Profile, Result, ResultColumn, Table, TopValue, Workbook


def column(name: str, kind: ColumnType, *top: str, span: tuple[str, str] | None = None) -> Column:
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
    ),
)
WORKBOOK = Workbook(parser="p", content_sha256="c", tables=(ORDERS,))


def told(sql: str, *names: str) -> Basis:
    return basis.of(sql, WORKBOOK, names=names)


def cited(where: str, text: str) -> list[str]:
    """Return the numbers of a text that are cited to a query for 116 orders and a revenue of 9041."""
    sql = f"SELECT count(*) AS orders, sum(revenue) AS revenue FROM orders WHERE {where}"  # noqa: S608  a test's own
    columns = tuple(ResultColumn(name=name, type="DOUBLE") for name in ("orders", "revenue"))
    result = Result(columns=columns, rows=((116, 9041.5),), row_count=1, truncated=False)
    ran = ToolAnswered(
        turn="t",
        call_id="c",
        tool="run_sql",
        content="",
        handle="r1",
        sql=sql,
        result=result,
        basis=told(sql, "orders", "revenue"),
    )
    return [number.text for number in grounding.trace(text, [ran]) if number.handle]


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
        ("lower(channel) LIKE 'online%'", "South had 116 orders in the Store.", "South had 116 orders Online."),
        ("region = 'South'", "In the North, Chair made 9,041.50.", "In the South, Chair made 9,041.50."),
        ("year(order_date) = 2025", "In 2024 there were 116 orders.", "In 2025 there were 116 orders."),
        ("order_date < '2025-04-01' AND order_date >= DATE '2025-01-01'", "Q4 2025 had 116 orders.", "Q1 2025 had 116 orders."),
        (
            "order_date < DATE '2025-04-01'",
            "In the fourth quarter of 2025, 116 orders came.",
            "116 orders came before April 2025.",
        ),
        ("extract(month FROM order_date) = 12", "In March there were 116 orders.", "In December there were 116 orders."),
        ("date_trunc('quarter', order_date) = '2025-10-01'", "In 2024, 116 orders came.", "In Q4 2025, 116 orders came."),
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
