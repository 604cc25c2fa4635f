"""Where rows and literals of a query come from: traced exactly, or said not to be traceable."""

from collections.abc import Mapping

import pytest

from chatsheet.sheets import guard, lineage
from chatsheet.sheets.lineage import NotTraceable
from chatsheet.sheets.model import Result
from tests.sheets.conftest import Sample
from tests.sheets.test_guard import ANALYSIS

ROW_BY_ROW = [
    "SELECT region, revenue FROM orders ORDER BY revenue DESC, order_id LIMIT 5",
    "SELECT * FROM orders WHERE region = 'North' LIMIT 5",
    "SELECT o.order_id, t.target FROM orders o JOIN targets t USING (region) LIMIT 5",
    "SELECT order_id, rank() OVER (ORDER BY revenue) AS place FROM orders QUALIFY place < 4",
    "SELECT sum(revenue) OVER (PARTITION BY region) AS s FROM orders LIMIT 3",
    "SELECT order_id FROM orders ANTI JOIN returns USING (order_id) LIMIT 3",
    "SELECT order_id FROM orders WHERE revenue > (SELECT avg(revenue) FROM orders) LIMIT 3",
    "WITH x AS (SELECT avg(revenue) AS a FROM orders) SELECT order_id FROM orders WHERE revenue > (SELECT a FROM x) LIMIT 3",
]
GROUPED = [
    "SELECT region, sum(revenue) AS s FROM orders GROUP BY region",
    "SELECT region AS area, sum(revenue) AS s FROM orders GROUP BY area ORDER BY s DESC LIMIT 2",
    "SELECT region, channel, sum(revenue) AS s FROM orders GROUP BY 1, 2",
    "SELECT channel, sum(revenue) AS s FROM orders GROUP BY ALL HAVING s > 1",
    "SELECT date_trunc('month', order_date) AS m, sum(revenue) AS s FROM orders GROUP BY m",
    "SELECT year(order_date) AS y, quarter(order_date) AS q, sum(revenue) AS s FROM orders WHERE region <> 'West' GROUP BY ALL",
    "SELECT sum(revenue) AS s FROM orders WHERE channel = 'Online'",
    "SELECT CASE WHEN revenue > 1000 THEN 'big' END AS size, sum(revenue) AS s FROM orders GROUP BY 1",
    "SELECT o.region, sum(o.revenue) AS s FROM orders o SEMI JOIN returns r USING (order_id) GROUP BY o.region",
    "SELECT revenue * 2 AS doubled, sum(revenue) AS s FROM orders WHERE doubled > 900 GROUP BY doubled",
    "WITH m AS (SELECT region, sum(revenue) AS s FROM orders GROUP BY 1) SELECT region AS r, s FROM m ORDER BY s",
    "SELECT * FROM (SELECT region, sum(revenue) AS s FROM orders GROUP BY region) AS x WHERE s > 1",
]
UNTRACEABLE = {
    "SELECT region, revenue FROM orders UNION ALL SELECT region, target FROM targets": "UNION",
    "SELECT sum(revenue) AS s FROM orders GROUP BY region": "does not show region",
    "SELECT region, sum(revenue) AS s FROM orders GROUP BY ROLLUP (region)": "subtotals",
    "SELECT region, sum(revenue) AS s FROM orders, (SELECT 1) AS one GROUP BY region": "other parts",
    "SELECT max(s) AS m FROM (SELECT region, sum(revenue) AS s FROM orders GROUP BY region) AS x": "other parts",
    "SELECT region, region FROM orders GROUP BY region": "one name",
    "SELECT string_split(product, 'h') AS p, sum(revenue) AS s FROM orders GROUP BY p": "no plain value",
}


def behind(sample: Sample, sql: str, row: int) -> tuple[Result, Mapping[str, Result]]:
    checked = sample.check(sql)
    result = sample.run(checked.sql)
    traced = lineage.behind(checked.sql, sample.columns, result, row)
    return result, {table: sample.run(sample.check(ids).sql) for table, ids in traced}


@pytest.mark.parametrize("sql", ROW_BY_ROW)
def test_a_query_that_lists_rows_says_which(sample: Sample, sql: str) -> None:
    checked = sample.check(sql)
    plain, identified = sample.run(checked.sql), sample.run(checked.identified)
    assert checked.identifies
    assert [row[: len(plain.columns)] for row in identified.rows] == list(plain.rows)
    assert all(isinstance(one, int) for row in identified.rows for one in row[len(plain.columns) :])


@pytest.mark.parametrize("sql", ANALYSIS)
def test_no_query_breaks_by_asking_for_its_row_ids(sample: Sample, sql: str) -> None:
    checked = sample.check(sql)
    if checked.identified:
        assert sample.run(checked.identified).row_count == sample.run(checked.sql).row_count


@pytest.mark.parametrize("sql", [*GROUPED[:8], "SELECT DISTINCT region FROM orders", "SELECT fsum(revenue) AS s FROM orders"])
def test_a_query_that_joins_rows_into_one_claims_no_row_ids(sample: Sample, sql: str) -> None:
    assert sample.check(sql).identifies == ()


def test_every_aggregate_that_may_be_called_is_known_as_one(sample: Sample) -> None:
    listed = sample.run("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
    for (name,) in listed.rows:
        try:
            checked = sample.check(f"SELECT {name}(revenue) AS x FROM orders")  # noqa: S608  it is never run
        except guard.SqlRefused:
            continue
        assert checked.identifies == (), name


@pytest.mark.parametrize("sql", GROUPED)
def test_the_rows_behind_each_group_add_up_to_its_figure(sample: Sample, sql: str) -> None:
    for row in range(sample.run(sample.check(sql).sql).row_count):
        result, rows = behind(sample, sql, row)
        ids = ", ".join(str(one) for (one,) in rows["orders"].rows)
        total = sample.run(f"SELECT sum(revenue) FROM orders WHERE _row IN ({ids})").rows[0][0]  # noqa: S608  numbers
        assert total == pytest.approx(result.rows[row][-1])


def test_the_rows_of_every_table_of_a_join_are_named(sample: Sample) -> None:
    sql = (
        "SELECT t.region, sum(o.revenue) AS s FROM orders o JOIN targets t ON o.region = t.region GROUP BY t.region ORDER BY 1"
    )
    _, rows = behind(sample, sql, 1)
    assert (rows["orders"].row_count, rows["targets"].row_count) == (133, 1)


def test_a_group_of_empty_cells_has_its_rows(sample: Sample) -> None:
    _, rows = behind(sample, "SELECT CASE WHEN region = 'x' THEN 1 END AS k, count(*) AS n FROM orders GROUP BY 1", 0)
    assert rows["orders"].row_count == 600


@pytest.mark.parametrize(("sql", "why"), UNTRACEABLE.items())
def test_what_cannot_be_traced_says_why(sample: Sample, sql: str, why: str) -> None:
    with pytest.raises(NotTraceable, match=why) as said:
        behind(sample, sql, 0)
    assert said.value.fix


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1 AS x FROM orders WHERE region = 'A' AND 'B' = product", ["orders.region A", "orders.product B"]),
        ("SELECT 1 AS x FROM orders o WHERE o.region NOT IN ('A', 'B')", ["orders.region A", "orders.region B"]),
        (
            "SELECT 1 AS x FROM orders WHERE region <> 'A' AND region LIKE 'B' AND region LIKE 'C%'",
            ["orders.region A", "orders.region B"],
        ),
        ("SELECT r AS x FROM (SELECT region AS r FROM orders) AS q WHERE r = 'A'", ["orders.region A"]),
        ("WITH m AS (SELECT * FROM targets) SELECT region FROM m WHERE region = 'A'", ["targets.region A"]),
        ("SELECT region AS a FROM orders WHERE a = 'A'", ["orders.region A"]),
        ("SELECT 1 AS x FROM targets t WHERE EXISTS (SELECT 1 FROM orders WHERE t.region = 'A')", ["targets.region A"]),
        ("SELECT sum(revenue) FILTER (WHERE channel = 'A') AS x FROM orders", ["orders.channel A"]),
        ("SELECT upper(region) AS u FROM orders WHERE u = 'A' OR lower(region) = 'b'", []),
    ],
)
def test_literals_compared_with_columns_are_found(sample: Sample, sql: str, found: list[str]) -> None:
    assert [f"{one.table}.{one.column} {one.text}" for one in sample.check(sql).compared] == found


def test_a_handle_names_version_and_query() -> None:
    assert lineage.handle("a", "SELECT 1") == lineage.handle("a", "SELECT 1")
    assert len({lineage.handle(version, sql) for version in "ab" for sql in ("SELECT 1", "SELECT 2")}) == 4
