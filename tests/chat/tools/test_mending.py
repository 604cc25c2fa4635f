"""Slips with one reading are put right; what stands in texts, names and comments is never touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.chat.tools import mending

NAMES = ["orders", "region", "Targets 2024"]


@pytest.mark.parametrize(
    ("sql", "mended"),
    [
        ("```sql\nSELECT 1;\n```", "SELECT 1"),
        ("```SELECT 1```", "SELECT 1"),
        ("SELECT 1 ; ;", "SELECT 1"),
        ("SELECT `region` FROM `orders`", 'SELECT "region" FROM "orders"'),
        ("SELECT [Region] FROM [Targets 2024]", 'SELECT "Region" FROM "Targets 2024"'),
        ("SELECT top 3 * FROM orders", "SELECT * FROM orders LIMIT 3"),
        ("SELECT DISTINCT TOP (5) region FROM orders", "SELECT DISTINCT region FROM orders LIMIT 5"),
        ("SELECT 1 WHERE 2 &gt; 1 AND 1 &lt;= 2", "SELECT 1 WHERE 2 > 1 AND 1 <= 2"),
        ("SELECT 1\\nFROM orders", "SELECT 1 FROM orders"),
        ("SELECT\u00a01\u200b", "SELECT 1"),
        ("SELECT 1 WHERE region = \u2018x\u2019", "SELECT 1 WHERE region = 'x'"),
    ],
)
def test_slips_with_one_reading_are_put_right(sql: str, mended: str) -> None:
    assert " ".join(mending.mend(sql, NAMES).sql.split()) == mended


def test_a_limit_does_not_end_up_in_a_comment() -> None:
    assert mending.mend("SELECT TOP 2 region FROM orders -- the best", NAMES).sql.endswith("-- the best\nLIMIT 2")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list[1], [1, 2], x[region] FROM orders",
        "SELECT '`a` [region] &lt; \\n \u2018', \"[region]\" /* `b` */ FROM orders -- `c`",
        "SELECT TOP 5 PERCENT region FROM orders",
        "SELECT TOP 5 WITH TIES region FROM orders ORDER BY 1",
        "SELECT TOP 5 region FROM orders UNION SELECT TOP 2 region FROM targets",
        "SELECT TOP 5 region FROM orders LIMIT 2",
        "SELECT top FROM orders",
    ],
)
def test_what_has_another_reading_is_left_alone(sql: str) -> None:
    assert mending.mend(sql, NAMES) == mending.Mended(sql)


def test_what_was_done_is_said() -> None:
    mended = mending.mend("```sql\nSELECT TOP 3 `region` FROM orders\n```", NAMES)
    assert mended.notes == ("took the code fence away", 'read `name` as "name"', "wrote TOP n as LIMIT n")


@given(st.text(max_size=80))
def test_whatever_is_given_mending_twice_is_mending_once(sql: str) -> None:
    once = mending.mend(f"SELECT '{sql.replace(chr(39), '')}' AS a", NAMES).sql
    assert once == f"SELECT '{sql.replace(chr(39), '')}' AS a"
    assert mending.mend(once, NAMES).notes == ()
