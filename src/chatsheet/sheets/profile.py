"""What a column holds, measured by DuckDB once per version: nulls, distinct values, the frequent ones, the range."""

from datetime import date, time

import duckdb
from pydantic import JsonValue

from chatsheet.sheets.model import Column, Profile, TopValue

_TOP = 8
_LONGEST = 60


def measure(database: duckdb.DuckDBPyConnection, table_id: str, column: Column) -> Profile:
    """Return the profile of one column; names hold word characters only, so quoting them is enough."""
    name, table = f'"{column.name}"', f'"{table_id}"'
    ordered = column.type not in {"text", "boolean"}
    spread = f"min({name}), quantile_disc({name}, 0.5), max({name})" if ordered else "NULL, NULL, NULL"
    facts = database.execute(
        f"SELECT count(*) - count({name}), count(DISTINCT {name}), {spread} FROM {table}"  # noqa: S608  word characters only
    ).fetchall()[0]
    top: list[TopValue] = []
    if not ordered:
        rows = database.execute(
            f"SELECT {name}::VARCHAR, count(*) AS n FROM {table} WHERE {name} IS NOT NULL "  # noqa: S608  likewise
            f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {_TOP}"
        ).fetchall()
        top = [TopValue(value=str(value)[:_LONGEST], rows=int(count)) for value, count in rows]
    return Profile(
        nulls=int(facts[0]),
        distinct=int(facts[1]),
        top=tuple(top),
        minimum=_scalar(facts[2]),
        median=_scalar(facts[3]),
        maximum=_scalar(facts[4]),
    )


def _scalar(value: object) -> JsonValue:
    if value is None or isinstance(value, int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)
