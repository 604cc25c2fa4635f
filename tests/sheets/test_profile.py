"""A profile says what a table holds: exact on small tables, and nothing odd where nothing is."""

from collections.abc import Sequence

import duckdb
import pytest

from chatsheet.sheets import profile
from chatsheet.sheets.model import Column, ColumnType, Oddity, Table
from tests.sheets.conftest import Sample

TYPES: dict[str, ColumnType] = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "DOUBLE": "decimal",
    "DATE": "date",
    "BOOLEAN": "boolean",
}


def measured(**tables: str) -> Sequence[Table]:
    with duckdb.connect() as database:
        described: list[Table] = []
        for name, sql in tables.items():
            database.execute(f"CREATE TABLE {name} AS SELECT row_number() OVER () AS _row, * FROM ({sql})")  # noqa: S608  our own names
            listed = database.execute(f"SELECT column_name, column_type FROM (DESCRIBE {name}) OFFSET 1").fetchall()  # noqa: S608  our own names
            rows = database.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]  # noqa: S608  our own names
            columns = tuple(
                Column(name=column, label=column, letter="A", type=TYPES[kind], evidence="") for column, kind in listed
            )
            described.append(Table(id=name, tab=name, range="", header_row=1, evidence="", rows=rows, columns=columns))
        return profile.measure(database, described)


def odd(sql: str) -> dict[str, Oddity]:
    return {one.kind: one for one in measured(t=sql)[0].oddities}


def test_numbers_have_range_mean_and_spread() -> None:
    found = measured(t="SELECT x::DOUBLE AS x FROM unnest([1, 2, 3, 4, NULL]) u(x)")[0].columns[0].profile
    assert (found.nulls, found.distinct, found.minimum, found.median, found.maximum) == (1, 4, 1, 2, 4)
    assert (found.mean, found.stddev) == (2.5, pytest.approx(1.118, abs=0.001))


def test_texts_have_frequent_values_and_shapes() -> None:
    found = measured(t="SELECT 'Ab-' || (i % 20 + 100) AS code FROM range(60) r(i)")[0].columns[0].profile
    assert (found.distinct, found.top[0].value, found.top[0].rows) == (20, "Ab-100", 3)
    assert [(one.value, one.rows) for one in found.patterns] == [("AA-999", 60)]


def test_an_infinite_number_does_not_spoil_the_mean() -> None:
    found = measured(t="SELECT unnest(['inf'::DOUBLE, 'nan', 1, 3]) AS x")[0].columns[0].profile
    assert found.mean == 2


def test_an_empty_column_is_measured() -> None:
    found = measured(t="SELECT NULL::VARCHAR AS a, NULL::DOUBLE AS b, NULL::DATE AS c FROM range(3)")[0]
    assert [(column.profile.nulls, column.profile.distinct) for column in found.columns] == [(3, 0)] * 3


def test_the_sample_has_its_keys_and_joins_and_no_oddities(sample: Sample) -> None:
    tables = {table.id: table for table in sample.workbook.tables}
    assert {name: table.keys for name, table in tables.items()} == {
        "orders": ("order_id",),
        "targets": ("region",),
        "returns": ("order_id",),
    }
    assert [(one.column, one.to_table, one.to_column) for one in tables["orders"].joins] == [("region", "targets", "region")]
    assert [(one.column, one.to_table, one.overlap) for one in tables["returns"].joins] == [("order_id", "orders", 1.0)]
    assert [table.oddities for table in tables.values()] == [(), (), ()]


def test_amounts_that_happen_to_differ_are_no_key() -> None:
    assert measured(t="SELECT i * 977 AS amount, i AS position, i * 977 AS order_no FROM range(50) r(i)")[0].keys == (
        "position",
        "order_no",
    )


def test_numbers_from_one_on_join_only_by_their_name() -> None:
    customers = "SELECT i AS id, 'Name ' || i AS name FROM range(100) r(i)"
    orders = "SELECT i AS n, i % 90 AS customers_id, i % 9 AS quantity FROM range(200) r(i)"
    joins = measured(customers=customers, orders=orders)[1].joins
    assert [(one.column, one.to_table, one.to_column) for one in joins] == [("customers_id", "customers", "id")]


def test_values_written_in_several_ways_are_shown() -> None:
    found = odd("SELECT unnest(['North', 'North', 'north ', 'NORTH', 'South', 'Zürich', 'Zurich']) AS region")[
        "near_duplicates"
    ]
    assert found.rows == 3
    assert found.examples == ("'North' / 'NORTH' / 'north '", "'Zurich' / 'Zürich'")


def test_rows_that_repeat_are_counted() -> None:
    assert odd("SELECT unnest(['a', 'a', 'b']) AS x, 1.5::DOUBLE AS y")["duplicate_rows"].rows == 1
    assert "duplicate_rows" not in odd("SELECT unnest(['a', 'b']) AS x")


def test_a_figure_far_from_the_others_is_an_outlier() -> None:
    found = odd("SELECT (i % 10)::DOUBLE AS x FROM range(100) r(i) UNION ALL SELECT 99999")["outliers"]
    assert (found.column, found.rows, found.examples) == ("x", 1, ("99999",))
    assert "outliers" not in odd("SELECT (i % 10)::DOUBLE AS x FROM range(100) r(i)")


def test_numbers_among_texts_are_noticed() -> None:
    assert odd("SELECT CASE WHEN i % 3 = 0 THEN 'n/a' ELSE i::VARCHAR END AS x FROM range(60) r(i)")["mixed_types"].rows == 40


def test_what_did_not_parse_is_repeated_from_the_import() -> None:
    with duckdb.connect() as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS _row, 2.0::DOUBLE AS x")
        column = Column(
            name="x", label="X", letter="A", type="decimal", evidence="", unparsed=2, unparsed_examples=("?", "tbd")
        )
        table = Table(id="t", tab="t", range="", header_row=1, evidence="", rows=1, columns=(column,))
        (found,) = profile.measure(database, [table])[0].oddities
    assert (found.kind, found.rows, found.examples) == ("unparsed", 2, ("?", "tbd"))


def test_a_large_table_is_estimated_but_its_keys_are_counted() -> None:
    rows = "SELECT 'K' || i AS code, i // 2 AS pair, i % 7 AS seventh FROM range(120000) r(i)"
    table = measured(t=rows)[0]
    code, pair, seventh = (column.profile for column in table.columns)
    assert table.keys == ("code",)
    assert (code.distinct, len(code.top), code.is_estimated) == (120_000, 8, True)
    assert pair.distinct == pytest.approx(60_000, rel=0.15)
    assert (pair.minimum, pair.maximum, pair.is_estimated) == (0, 59_999, True)
    assert (seventh.distinct, seventh.median) == (7, 3)


def test_a_wide_table_of_numbers_is_measured_in_little_memory() -> None:
    listed = ", ".join(f"(i * {n})::DOUBLE AS c{n}" for n in range(1, 301))
    with duckdb.connect(config={"memory_limit": "192MB", "threads": "2", "temp_directory": ""}) as database:
        database.execute(f"CREATE TABLE t AS SELECT i AS _row, {listed} FROM range(20) r(i)")  # noqa: S608  our own names
        columns = tuple(Column(name=f"c{n}", label=f"c{n}", letter="A", type="decimal", evidence="") for n in range(1, 301))
        table = Table(id="t", tab="t", range="", header_row=1, evidence="", rows=20, columns=columns)
        found = profile.measure(database, [table])[0].columns
    assert [(column.profile.maximum, column.profile.distinct) for column in found] == [(19.0 * n, 20) for n in range(1, 301)]


def test_a_table_without_rows_is_measured() -> None:
    found = measured(t="SELECT 1::BIGINT AS n, 'a' AS v WHERE false")[0]
    assert [column.profile.nulls for column in found.columns] == [0, 0]
