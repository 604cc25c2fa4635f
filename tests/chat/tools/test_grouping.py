"""Columns beside aggregates are grouped by, and sorting is by what is there."""

import pytest
import sqlglot

from chatsheet.chat.tools import grouping


@pytest.mark.parametrize(
    ("sql", "grouped"),
    [
        ("SELECT a, SUM(x) FROM t", "SELECT a, SUM(x) FROM t GROUP BY a"),
        ("SELECT a, b, SUM(x) FROM t GROUP BY a", "SELECT a, b, SUM(x) FROM t GROUP BY a, b"),
        ("SELECT SUM(x) - goal FROM t", "SELECT SUM(x) - goal FROM t GROUP BY goal"),
        ("SELECT a, SUM(x) FROM t GROUP BY a ORDER BY x DESC", "SELECT a, SUM(x) FROM t GROUP BY a ORDER BY SUM(x) DESC"),
    ],
)
def test_what_stands_beside_an_aggregate_is_grouped_by(sql: str, grouped: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert grouping.group(tree)
    assert tree.sql(dialect="duckdb") == grouped


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, SUM(x) FROM t GROUP BY a",
        "SELECT YEAR(d) AS y, SUM(x) FROM t GROUP BY y ORDER BY y",
        "SELECT YEAR(d), SUM(x) FROM t GROUP BY YEAR(d)",
        "SELECT YEAR(d), SUM(x) FROM t GROUP BY 1",
        "SELECT a, SUM(x) FROM t GROUP BY ALL",
        "SELECT a, SUM(x) OVER (PARTITION BY a) FROM t",
        "SELECT a FROM t WHERE x = (SELECT MAX(x) FROM t)",
        "SELECT a, SUM(x), MAX(x) FROM t GROUP BY a ORDER BY x",
        "SELECT a FROM t ORDER BY x",
    ],
)
def test_what_is_grouped_already_or_not_at_all_is_left_alone(sql: str) -> None:
    assert not grouping.group(sqlglot.parse_one(sql, read="duckdb"))
