"""Columns of a failed query are found in the table that has them, where the joins leave one way."""

import pytest
import sqlglot

from chatsheet.chat.tools import linking
from chatsheet.sheets.model import Column, Join, Table, Workbook


def table(name: str, columns: str, *joins: Join) -> Table:
    """Return a table with these columns, of numbers."""
    made = tuple(Column(name=one, label=one, letter="A", type="integer", evidence="") for one in columns.split())
    return Table(id=name, tab=name, range="A1:B2", header_row=1, evidence="", rows=9, columns=made, joins=joins)


def to(column: str, table: str, to_column: str, overlap: float = 1.0) -> Join:
    """Return a join to a key."""
    return Join(column=column, to_table=table, to_column=to_column, overlap=overlap)


BOOK = Workbook(
    content_sha256="0" * 64,
    parser="1",
    tables=(
        table("orders", "no client item pieces", to("client", "clients", "client"), to("item", "items", "code", 0.9)),
        table("clients", "client city area", to("area", "areas", "area")),
        table("areas", "area goal chief"),
        table("items", "code title"),
        table("visits", "guest host hours", to("guest", "people", "id"), to("host", "people", "id")),
        table("people", "id surname"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "linked"),
    [
        (
            "SELECT city, SUM(pieces) FROM orders WHERE client = 3 GROUP BY 1",
            (
                "SELECT clients.city, SUM(orders.pieces) FROM orders JOIN clients ON orders.client = clients.client"
                " WHERE orders.client = 3 GROUP BY 1"
            ),
        ),
        (
            "SELECT o.chief FROM orders o",
            (
                "SELECT areas.chief FROM orders AS o JOIN clients ON o.client = clients.client"
                " JOIN areas ON clients.area = areas.area"
            ),
        ),
        ("SELECT title FROM orders", "SELECT items.title FROM orders LEFT JOIN items ON orders.item = items.code"),
        (
            "SELECT goal - SUM(pieces) FROM clients JOIN areas ON clients.area = areas.area",
            (
                "SELECT areas.goal - SUM(orders.pieces) FROM clients JOIN orders ON clients.client = orders.client"
                " JOIN areas ON clients.area = areas.area"
            ),
        ),
        (
            "SELECT area FROM clients c JOIN areas a ON c.area = a.area",
            "SELECT c.area FROM clients AS c JOIN areas AS a ON c.area = a.area",
        ),
        (
            "SELECT clients.pieces FROM orders JOIN clients ON orders.client = clients.client",
            "SELECT orders.pieces FROM orders JOIN clients ON orders.client = clients.client",
        ),
        (
            "SELECT a.goal FROM orders o JOIN areas a ON o.area = a.area",
            "SELECT a.goal FROM orders AS o JOIN clients ON o.client = clients.client JOIN areas AS a ON clients.area = a.area",
        ),
        ("SELECT clients.city FROM clients c", "SELECT c.city FROM clients AS c"),
        ("SELECT areas.goal FROM clients", "SELECT areas.goal FROM clients JOIN areas ON clients.area = areas.area"),
    ],
)
def test_a_column_with_one_place_is_put_there(sql: str, linked: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert linking.link(tree, BOOK)
    assert tree.sql(dialect="duckdb") == linked


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT surname FROM visits",
        "SELECT weather FROM orders",
        "SELECT COUNT(*) FROM clients WHERE pieces > 3",
        "SELECT SUM(pieces), COUNT(city) FROM clients",
        "SELECT area FROM clients CROSS JOIN areas",
        "SELECT area FROM clients LEFT JOIN areas ON clients.area = areas.area",
        "SELECT city FROM (SELECT no FROM orders) AS o",
        "SELECT city FROM orders_of_may",
        "SELECT x.city FROM orders",
        "SELECT a.chief FROM orders o JOIN areas a ON o.chief = a.chief",
        "SELECT a.chief FROM orders o JOIN areas a ON x.area = a.area",
        "SELECT (SELECT SUM(pieces) FROM orders WHERE orders.client = c.client AND city = 1) FROM clients AS c",
        "WITH clients AS (SELECT no FROM orders) SELECT city FROM clients",
        "SELECT pieces AS city FROM orders ORDER BY city",
        "SELECT * FROM orders",
        "SELECT 1",
    ],
)
def test_what_has_no_place_or_two_is_left_alone(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert not linking.link(tree, BOOK)
    assert tree == sqlglot.parse_one(sql, read="duckdb")


def test_what_was_done_is_said_once() -> None:
    tree = sqlglot.parse_one("SELECT city, SUM(pieces) FROM orders WHERE city > 1 GROUP BY city", read="duckdb")
    assert linking.link(tree, BOOK) == ["joined clients on orders.client = clients.client"]


def test_a_name_of_another_spelling_is_the_column_beside_it() -> None:
    tree = sqlglot.parse_one('SELECT "Pie ces", "Pieces!" FROM orders', read="duckdb")
    assert linking.link(tree, BOOK) == ["read Pieces! as pieces"]
    assert tree.sql(dialect="duckdb") == 'SELECT "Pie ces", pieces FROM orders'
