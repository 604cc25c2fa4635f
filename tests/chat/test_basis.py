"""What a query stands on is told by code: filters, rows, empty cells, units, and what each column is made of."""

from pathlib import Path

import pytest

from chatsheet.chat import answers, basis
from chatsheet.chat.events import Basis, ColumnUsed
from chatsheet.sheets import worker
from chatsheet.sheets.ingest import load
from chatsheet.sheets.model import Result
from tests.sheets.conftest import Sample


def told(sample: Sample, sql: str) -> Basis:
    """Guard, count and tell, as the tool does."""
    guarded = sample.check(sql)
    counting = basis.counting(guarded, sample.workbook)
    counted: Result | None = None if counting is None else sample.run(sample.check(counting).sql)
    names = [column.name for column in sample.run(guarded.sql).columns]
    return basis.of(guarded.sql, sample.workbook, names=names, counted=counted)


def test_filters_are_told_as_they_are_written_those_of_a_with_query_too(sample: Sample) -> None:
    sql = (
        "WITH north AS (SELECT * FROM orders WHERE region = 'North' AND revenue > 5) "
        "SELECT channel, sum(n.revenue) AS s FROM north n JOIN targets t ON n.region = t.region GROUP BY 1 HAVING s > 1 LIMIT 3"
    )
    assert set(told(sample, sql).filters) == {"region = 'North'", "revenue > 5", "n.region = t.region", "s > 1", "LIMIT 3"}


@pytest.mark.parametrize("counted", ["sum(CASE WHEN region = 'North' THEN revenue END)", "count_if(region = 'North')"])
def test_a_condition_inside_an_aggregate_is_a_filter_too(sample: Sample, counted: str) -> None:
    assert told(sample, f"SELECT {counted} AS x FROM orders").filters == ("region = 'North'",)  # noqa: S608  a test's own


def test_a_case_that_only_renames_is_no_filter(sample: Sample) -> None:
    sql = "SELECT CASE WHEN revenue > 5 THEN 'big' ELSE 'small' END AS size, count(*) AS n FROM orders GROUP BY 1"
    assert told(sample, sql).filters == ()


def test_the_rows_used_are_counted_and_among_them_those_without_a_value(sample: Sample) -> None:
    sql = "SELECT sum(CASE WHEN channel = 'Online' THEN revenue END) AS s FROM orders WHERE region = 'North'"
    found = told(sample, sql)
    ((rows,),) = sample.run("SELECT count(*) AS n FROM orders WHERE region = 'North'").rows
    assert [(used.table, used.rows) for used in found.rows] == [("orders", rows)]
    assert {used.column: used.nulls for used in found.columns} == {"region": None, "channel": 0, "revenue": 0}


def test_empty_cells_are_counted_in_the_rows_that_the_conditions_leave(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("region,amount\nNorth,1\nNorth,\nSouth,3\nNorth,\nSouth,\n", encoding="utf-8")
    workbook = load.load(tmp_path / "sales.csv", tmp_path / "base.duckdb")
    few = Sample(tmp_path / "base.duckdb", workbook, worker.Databases())
    assert told(few, "SELECT sum(amount) AS s FROM sales WHERE region = 'North'").columns[-1].nulls == 2
    assert told(few, "SELECT sum(amount) AS s FROM sales").columns[-1].nulls == 3
    nested = "WITH x AS (SELECT * FROM sales) SELECT sum(amount) AS s FROM x"
    assert told(few, nested).columns[-1].nulls == 3


def test_rows_of_joined_tables_are_told_for_each(sample: Sample) -> None:
    found = told(sample, "SELECT sum(o.revenue) AS s, max(t.target) AS m FROM orders o JOIN targets t USING (region)")
    assert [used.table for used in found.rows] == ["orders", "targets"]
    assert {(used.table, used.column) for used in found.columns} >= {("orders", "revenue"), ("targets", "target")}


def test_of_a_nested_query_all_rows_of_its_tables_are_told_and_no_empty_cells(sample: Sample) -> None:
    found = told(
        sample, "SELECT max(s) AS m FROM (SELECT region, sum(revenue) AS s FROM orders WHERE revenue > 1 GROUP BY 1) x"
    )
    assert [(used.rows, used.first) for used in found.rows] == [(600, None)]
    assert all(used.nulls is None for used in found.columns)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("sum(revenue)", "sum"),
        ("round(avg(revenue), 2)", "average"),
        ("count(*)", "count"),
        ("count(DISTINCT region)", "distinct"),
        ("100.0 * sum(revenue) / 5", "percent"),
        ("sum(revenue) / count(*)", "ratio"),
        ("max(revenue) - min(revenue)", "difference"),
        ("sum(CASE WHEN region = 'North' THEN 1 ELSE 0 END)", "count"),
        ("median(revenue)", "median"),
        ("concat(region, channel)", ""),
    ],
)
def test_how_a_column_is_made_is_told(sample: Sample, expression: str, kind: str) -> None:
    (output,) = told(sample, f"SELECT {expression} AS x FROM orders").outputs  # noqa: S608  a test's own
    assert output.kind == kind


def test_values_that_formulas_would_change_are_told_as_out_of_date() -> None:
    used = ColumnUsed(table="orders", column="total", stale=3)
    assert "3 values of total are out of date" in answers.told(Basis(columns=(used,)))
