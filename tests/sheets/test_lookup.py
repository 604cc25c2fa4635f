"""Large columns: values are found by one slip in any place, orders are kept and dropped, nothing is left in the database."""

import duckdb
import pytest

from chatsheet.sheets.lookup import Lookup


@pytest.fixture(scope="module")
def lookup() -> Lookup:
    """A column of 150,000 different texts."""
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE big AS SELECT i AS _row, printf('C%07d', i * 7) AS value, i % 5 AS n FROM range(150000) t(i)"
    )
    return Lookup(database)


@pytest.mark.parametrize(
    "text", ["C0123459", "c0123459", "C012345", "C01234599", "X0123459", "C0123495", "C0 23459", "0123459"]
)
def test_one_slip_in_any_place_of_a_large_column_is_found(lookup: Lookup, text: str) -> None:
    assert "C0123459" in {one.value for one in lookup.find([("big", "value")], text, 10)}


def test_a_part_of_a_text_finds_those_that_hold_it(lookup: Lookup) -> None:
    found = lookup.find([("big", "value")], "0999", 5)
    assert len(found) == 5
    assert all("0999" in one.value for one in found)


def test_the_same_text_comes_first(lookup: Lookup) -> None:
    first = lookup.find([("big", "value")], "c0700007", 5)[0]
    assert (first.value, first.score, first.rows) == ("C0700007", 100, 1)


def test_an_order_is_kept_while_it_is_used(lookup: Lookup) -> None:
    ordered = "SELECT _row FROM big WHERE n = ? ORDER BY value DESC"
    kept = [lookup.order(ordered, [number % 5]) for number in range(10)]
    assert kept[:5] == kept[5:]
    assert {rows for _, rows in kept} == {30_000}


def test_the_oldest_orders_go_when_there_are_many() -> None:
    database = duckdb.connect()
    database.execute("CREATE TABLE big AS SELECT i AS _row FROM range(1500000) t(i)")
    lookup = Lookup(database)
    first, second, third = (lookup.order(f"SELECT _row FROM big ORDER BY _row % {n}", [])[0] for n in (2, 3, 4))  # noqa: S608  our own names
    left = {name for (name,) in lookup.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()}
    assert first not in left
    assert {second, third} <= left


def test_what_is_kept_is_not_seen_by_queries(lookup: Lookup) -> None:
    name, _ = lookup.order("SELECT _row FROM big ORDER BY value", [])
    with pytest.raises(duckdb.CatalogException):
        lookup.connection.cursor().execute(f"SELECT * FROM {name}")  # noqa: S608  our own names
