"""What DuckDB complains of becomes a typed error with the thing to do."""

import pytest

from chatsheet.sheets.complaints import QueryFailed, QueryTooLarge, explain
from tests.sheets.conftest import Sample


@pytest.mark.parametrize(
    ("sql", "code", "fix"),
    [
        ("SELECT product::INTEGER FROM orders", "sql.conversion", "TRY_CAST(product AS"),
        ("SELECT 'x'::INTEGER", "sql.conversion", "TRY_CAST"),
        ("SELECT order_date > 'gestern' FROM orders", "sql.conversion", "YYYY-MM-DD; gestern is none"),
        ("SELECT strptime(product, '%Y') FROM orders", "sql.conversion", "try_strptime"),
        ("SELECT sum(region) FROM orders", "sql.types", "convert the argument of sum first"),
        ("SELECT order_date + 'x' FROM orders", "sql.types", "convert one side"),
        (
            "SELECT 1 FROM orders WHERE order_date = date_trunc('month', '2025-03-01')",
            "sql.types",
            "year(d) = 2025 AND month(d) = 3",
        ),
        ("SELECT region, sum(revenue) FROM orders", "sql.failed", "add region to GROUP BY, or take any_value(region); to sort"),
        (
            "SELECT region, sum(revenue) FROM orders GROUP BY region ORDER BY revenue",
            "sql.failed",
            "ORDER BY the aggregate, such as sum(revenue).",
        ),
        ("SELECT 1 FROM orders WHERE sum(revenue) > 1", "sql.failed", "HAVING"),
        ("SELECT region FROM orders a JOIN targets b ON true", "sql.failed", "say which: 'a.region' or 'b.region'"),
        ("SELECT revenu FROM orders", "sql.failed", "nearest columns: revenue"),
        ("SELECT medain(revenue) FROM orders", "sql.failed", "use median."),
        ("SELECT 9223372036854775807 + quantity FROM orders", "sql.failed", "DOUBLE"),
        ("SELECT (SELECT region FROM orders)", "sql.failed", "one value"),
        ("SELECT date_trunc('mth', order_date) FROM orders", "sql.failed", "mth is no part of a date"),
        ("SELECT region FROM orders UNION SELECT 1, 2", "sql.failed", "as many columns"),
        ("SELECT regexp_matches(region, '(') FROM orders", "sql.failed", "correct the query."),
    ],
)
def test_the_fix_says_what_to_write_instead(sample: Sample, sql: str, code: str, fix: str) -> None:
    with pytest.raises(QueryFailed) as failed:
        sample.run(sql)
    assert failed.value.code == code
    assert fix in failed.value.fix
    assert "Error:" not in failed.value.what


def test_a_query_that_would_spill_needs_too_much_memory_and_no_path_is_told() -> None:
    said = explain('IO Error: Could not write file "/home/a/data/versions/x/base.duckdb.tmp/t.tmp": File too large')
    assert isinstance(said, QueryTooLarge)
    assert "/" not in said.what


def test_a_query_leaves_no_folder_for_spilled_rows(sample: Sample) -> None:
    rows = "SELECT a.product || b.product || c.product AS p FROM orders a, orders b, orders c ORDER BY p DESC"
    with pytest.raises(QueryTooLarge):
        sample.run(rows)
    assert [entry.name for entry in sample.path.parent.iterdir()] == [sample.path.name]
