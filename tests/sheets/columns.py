"""Reads a column of texts the way an import does: into DuckDB, measured, decided, and made values by SQL."""

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache

import duckdb

from chatsheet.sheets.ingest import facts
from chatsheet.sheets.ingest.types import decide
from chatsheet.sheets.ingest.types_model import Decision, Override

Plain = str | int | float | bool | None


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def load(cells: Sequence[str | None]) -> duckdb.DuckDBPyConnection:
    """Return a database whose table raw has these texts in its column c1."""
    rows = "SELECT unnest($1::VARCHAR[]) AS t, unnest(range(len($1))) AS i"
    _database().execute(f"CREATE OR REPLACE TABLE raw AS SELECT i AS _row, t AS c1 FROM ({rows})", [cells])  # noqa: S608  our own
    return _database()


def values(database: duckdb.DuckDBPyConnection, decision: Decision) -> tuple[Plain, ...]:
    """Return the typed values in row order; dates and times as ISO texts."""
    rows = database.execute(f"SELECT {decision.expression('c1')} FROM raw ORDER BY _row").fetchall()  # noqa: S608  our own
    return tuple(v.isoformat() if isinstance(v, date | datetime | time) else v for (v,) in rows)


def read(
    cells: Sequence[str | None], label: str = "x", captions: Sequence[str] = (), override: Override | None = None
) -> tuple[Decision, tuple[Plain, ...]]:
    """Return what is decided about a column of texts, and the values that DuckDB makes of it."""
    database = load(cells)
    decision = decide(*facts.measure(database, "raw", "c1"), label=label, captions=captions, override=override)
    return decision, values(database, decision)


def read_native(
    sql: str, label: str = "x", captions: Sequence[str] = (), override: Override | None = None
) -> tuple[Decision, tuple[Plain, ...]]:
    """Return the same of a column that a query gives, which may have a type already."""
    database = _database()
    database.execute(f"CREATE OR REPLACE TABLE raw AS SELECT row_number() OVER () AS _row, c1 FROM ({sql}) t(c1)")  # noqa: S608  our own
    decision = decide(*facts.measure(database, "raw", "c1"), label=label, captions=captions, override=override)
    return decision, values(database, decision)
