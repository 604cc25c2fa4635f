"""What the columns of a result are made of, through aliases, WITH, subqueries, stars and unions."""

import pytest
import sqlglot
from sqlglot import exp

from chatsheet.sheets import origins
from tests.sheets.conftest import Sample
from tests.sheets.test_guard import ANALYSIS

TABLES = {"orders": ["region", "revenue", "cost"], "targets": ["region", "target"]}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT sum(revenue) AS s FROM orders", [["orders.revenue"]]),
        ("SELECT o.region AS r, t.target FROM orders o JOIN targets t USING (region)", [["orders.region"], ["targets.target"]]),
        ("WITH m AS (SELECT region, sum(revenue - cost) AS p FROM orders GROUP BY 1) SELECT p AS profit FROM m",
         [["orders.revenue", "orders.cost"]]),
        ("SELECT s * 2 AS d FROM (SELECT sum(cost) AS s FROM orders) AS x", [["orders.cost"]]),
        ("SELECT revenue * 2 AS d, d + cost AS e FROM orders", [["orders.revenue"], ["orders.revenue", "orders.cost"]]),
        ("SELECT revenue / (SELECT sum(target) FROM targets) AS share FROM orders", [["orders.revenue", "targets.target"]]),
        ("SELECT region FROM orders UNION ALL SELECT region FROM targets", [["orders.region", "targets.region"]]),
        ("SELECT t.* FROM orders o JOIN targets t USING (region)", [[], ["targets.region"], ["targets.target"]]),
    ],
)  # fmt: skip
def test_a_column_leads_to_the_stored_columns_behind_it(sql: str, columns: list[list[str]]) -> None:
    assert [[".".join(column) for column in made.columns] for made in origins.made(sql, TABLES)] == columns


def test_a_count_and_a_constant_come_from_no_column() -> None:
    made = origins.made("SELECT count(*) AS n, 5 AS five FROM orders", TABLES)
    assert [(one.columns, one.is_certain) for one in made] == [((), True), ((), True)]


def test_a_column_from_nowhere_is_not_certain() -> None:
    (made,) = origins.made("SELECT sum(x) AS s FROM orders, elsewhere", TABLES)
    assert (made.columns, made.is_certain) == ((), False)


def test_what_a_query_reads_is_listed_by_table() -> None:
    sql = "WITH m AS (SELECT * FROM targets) SELECT o.region FROM orders o JOIN m USING (region) WHERE o.cost > 1"
    assert origins.read(sql, TABLES) == {"targets": ("region", "target"), "orders": ("region", "cost")}


def test_a_with_query_sees_nothing_of_the_query_around_it() -> None:
    sql = "WITH o AS (SELECT region FROM orders UNION SELECT nowhere FROM targets) SELECT region, nowhere FROM o"
    assert origins.read(sql, TABLES) == {"orders": ("region",), "targets": ()}
    region, nowhere = origins.made(sql, TABLES)
    assert (region.columns, nowhere.columns, nowhere.is_certain) == ((("orders", "region"),), (), False)


@pytest.mark.parametrize("sql", ANALYSIS)
def test_every_query_that_the_guard_passes_can_be_asked(sample: Sample, sql: str) -> None:
    checked = sample.check(sql)
    made = origins.made(checked.sql, sample.columns)
    names = [column.name.casefold() for column in sample.run(checked.sql).columns]
    given = {expression.alias.casefold() for expression in sqlglot.parse_one(checked.sql, read="duckdb").find_all(exp.Alias)}
    if len(made) == len(names):
        assert all(one.name.casefold() == name for one, name in zip(made, names, strict=True) if name in given)
    else:
        assert "*" in checked.sql
    assert set(origins.read(checked.sql, sample.columns)) == set(checked.tables)
