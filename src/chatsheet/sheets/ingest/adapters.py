"""Types decided cell by cell, behind the shape of types as SQL. Goes when those stand."""

import duckdb

from chatsheet.sheets.ingest import types
from chatsheet.sheets.ingest.layout.model import Region
from chatsheet.sheets.ingest.tabs import RAW, insert
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column


def store(
    database: duckdb.DuckDBPyConnection, table_id: str, region: Region, names: list[str], letters: list[str]
) -> list[Column]:
    """Type the raw table's columns and write them as the table `table_id`."""
    rows = database.execute(f"SELECT * FROM {RAW} ORDER BY _row").fetchall()  # noqa: S608  our own names
    numbers, *cells = [list(column) for column in zip(*rows, strict=True)]
    typed = [types.decide(column) for column in cells]
    columns = [
        Column(name=name, label=label, letter=at, type=column.type, evidence=column.evidence)
        for name, label, at, column in zip(names, region.labels, letters, typed, strict=True)
    ]
    kinds = [SQL_TYPES[column.type] for column in columns]
    declared = ", ".join(f'"{c.name}" {kind}' for c, kind in zip(columns, kinds, strict=True))
    database.execute(f'CREATE TABLE "{table_id}" ({ROW_ID} BIGINT NOT NULL, {declared})')
    insert(database, f'"{table_id}"', ["BIGINT", *kinds], [numbers, *(column.values for column in typed)])
    return columns
