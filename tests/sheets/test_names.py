"""SQL names can be written without quotes, tell columns apart and still look like the header."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets import guard
from chatsheet.sheets.ingest import load
from chatsheet.sheets.ingest.names import RESERVED, sql_names
from chatsheet.sheets.model import ROW_ID

LABELS = st.lists(st.one_of(st.text(max_size=70), st.sampled_from(["Order", "select", "Amount", "amount", "_row", "1", ""])))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Order date", "order_date"),
        ("Revenue (EUR)", "revenue_eur"),
        ("  Größe / m² ", "grösse_m²"),
        ("2024", "column_2024"),
        ("Group", "column_group"),
        ("_row", "row"),
        ("???", "column_1"),
        ("", "column_1"),
        ("数量", "数量"),
    ],
)
def test_a_name_looks_like_its_header(label: str, name: str) -> None:
    assert sql_names([label], fallback="column") == [name]


def test_repeats_are_numbered_in_order() -> None:
    assert sql_names(["Amount", "amount", "AMOUNT", "amount 2"], fallback="column") == [
        "amount",
        "amount_2",
        "amount_3",
        "amount_2_2",
    ]


def test_every_word_that_duckdb_reserves_is_known() -> None:
    with duckdb.connect() as database:
        rows = database.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'").fetchall()
    assert {str(row[0]) for row in rows} <= RESERVED


@given(LABELS)
def test_names_are_unique_one_per_label_and_never_the_row_id(labels: Sequence[str]) -> None:
    names = sql_names(labels, fallback="column")
    assert len(names) == len(labels) == len({name.casefold() for name in names})
    assert ROW_ID not in names


@given(LABELS)
def test_names_need_no_quotes(labels: Sequence[str]) -> None:
    for name in sql_names(labels, fallback="column"):
        assert re.fullmatch(r"\w+", name)
        assert not name[0].isdigit()
        assert name not in RESERVED


@pytest.mark.parametrize("name", ["raw", "skipped", "lines", "sample", "values"])
def test_a_file_may_be_called_like_what_an_import_makes_beside_it(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.csv").write_text("a,b\nx,2\ny,3\n\nTotal,5\n")
    (table,) = load.load(tmp_path / f"{name}.csv", tmp_path / "base.duckdb").tables
    with duckdb.connect(tmp_path / "base.duckdb") as database:
        assert database.execute(f'SELECT a, b FROM "{table.id}"').fetchall() == [("x", 2), ("y", 3)]  # noqa: S608  our own names


def test_every_keyword_is_a_name_that_queries_can_use() -> None:
    with duckdb.connect() as database:
        words = database.execute("SELECT DISTINCT keyword_name FROM duckdb_keywords()").fetchall()
        for (word,) in (*words, ("values",), ("now",), ("rlike",), ("current_timestamp",)):
            (table,), (column,) = sql_names([word], fallback="table"), sql_names([word], fallback="column")
            database.execute(f'CREATE OR REPLACE TABLE "{table}" ("{column}" BIGINT)')
            guarded = guard.check(
                f"SELECT max({table}.{column}) AS m FROM {table} WHERE {column} > 1 GROUP BY {column} ORDER BY {column} DESC",  # noqa: S608  our own names
                {table: [column]},
            )
            assert database.execute(guarded.sql).fetchall() == []
