"""Facts and types of 10 columns x 1,000,000 rows of text, beside DuckDB's SUMMARIZE of the same table, in processor time."""

import time
from collections.abc import Callable

import duckdb

from chatsheet.sheets.ingest import facts, types

ROWS = 1_000_000
ROUNDS = 3
COLUMNS = {
    "Number": "i::VARCHAR",
    "Price": "(hash(i) % 1000000 / 100.0)::DOUBLE::VARCHAR",
    "Date": "strftime(DATE '2020-01-01' + (hash(i) % 1500)::INTEGER, '%d/%m/%Y')",
    "Betrag": "translate(format('{:,.2f}', (hash(i + 1) % 100000000) / 100.0), ',.', '.,') || ' €'",
    "Customer": "'Customer ' || (hash(i) % 50000)",
    "City": "['Berlin', 'Paris', 'Rome', 'Madrid'][(1 + hash(i) % 4)::INT]",
    "Share": "(hash(i) % 101) || ' %'",
    "Key": "md5(i::VARCHAR)",
    "Score": "CASE WHEN i % 10 = 0 THEN 'n/a' ELSE (hash(i) % 5000)::VARCHAR END",
    "Paid": "['yes', 'no'][(1 + hash(i) % 2)::INT]",
}


def main() -> None:
    """Print the best of some rounds each, and their ratio."""
    with duckdb.connect(config={"threads": "2"}) as database:
        selected = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(COLUMNS.values(), 1))
        database.execute(f"CREATE TABLE raw AS SELECT i AS _row, {selected} FROM range(1, {ROWS + 1}) t(i)")
        ours, theirs = _best(lambda: _decide(database)), _best(lambda: database.execute("SUMMARIZE raw").fetchall())
        print(f"facts and types {ours:.2f} s, SUMMARIZE {theirs:.2f} s: {ours / theirs:.2f} x")


def _decide(database: duckdb.DuckDBPyConnection) -> object:
    decided = [types.decide(facts.measure(database, "raw", f"c{i}"), label=label) for i, label in enumerate(COLUMNS, 1)]
    return types.settle(decided)


def _best(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()  # of all threads, so that a busy machine does not count
        work()
        times.append(time.process_time() - begun)
    return min(times)


if __name__ == "__main__":
    main()
