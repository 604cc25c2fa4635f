"""Dates that a failed query compares with texts are compared as dates, by their month or by their year."""

import pytest
import sqlglot

from chatsheet.chat.tools import dating
from chatsheet.sheets.model import Column, Table

DAY = Column(name="d", label="d", letter="A", type="date", evidence="")
NAME = Column(name="name", label="name", letter="B", type="text", evidence="")
TABLE = Table(id="t", tab="t", range="A1:B2", header_row=1, evidence="", rows=1, columns=(DAY, NAME))


@pytest.mark.parametrize(
    ("sql", "dated"),
    [
        ("d LIKE '2025-03%'", "CAST(d AS TEXT) LIKE '2025-03%'"),
        ("d = '2025-03'", "STRFTIME(d, '%Y-%m') = '2025-03'"),
        ("d >= 2025", "STRFTIME(d, '%Y') >= '2025'"),
        ("d BETWEEN '2025-01' AND '2025-03'", "STRFTIME(d, '%Y-%m') BETWEEN '2025-01' AND '2025-03'"),
        ("d IN ('2024', '2025')", "STRFTIME(d, '%Y') IN ('2024', '2025')"),
        ("date_trunc('month', d) = '2025-03'", "DATE_TRUNC('MONTH', d) = CAST('2025-03-01' AS DATE)"),
        ("d = date_trunc('year', '2025')", "DATE_TRUNC('YEAR', d) = DATE_TRUNC('YEAR', CAST('2025-01-01' AS DATE))"),
        ("d < date_trunc('month', '2025-03-09')", "d < DATE_TRUNC('MONTH', CAST('2025-03-09' AS DATE))"),
        ("month(d) = 'March'", "MONTH(d) = 3"),
        ("EXTRACT(month FROM d) <> 'december'", "EXTRACT(MONTH FROM d) <> 12"),
    ],
)
def test_a_date_is_compared_as_what_it_is_compared_with(sql: str, dated: str) -> None:
    tree = sqlglot.parse_one(f"SELECT 1 WHERE {sql}", read="duckdb")
    assert dating.date(tree, [TABLE])
    assert tree.sql(dialect="duckdb") == f"SELECT 1 WHERE {dated}"


@pytest.mark.parametrize(
    "where",
    [
        "d = '2025-03-01'",
        "name LIKE '2025%'",
        "name = '2025'",
        "month(d) = 'x'",
        "month(d) = '3'",
        "d = name",
        "d IN ('2024', '2025-03')",
    ],
)
def test_what_compares_rightly_or_cannot_be_read_is_left_alone(where: str) -> None:
    sql = f"SELECT 1 WHERE {where}"
    assert not dating.date(sqlglot.parse_one(sql, read="duckdb"), [TABLE])
