"""Parquet: one table with its own names and types; what has no type here becomes text, exactly written."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from chatsheet.sheets.ingest.grid import HEAD_ROWS, FileNotAWorkbook, FileTooLarge, Grid
from chatsheet.sheets.ingest.tabs import RAW, Area, drop, readable

_MOST_COLUMNS = 16_384
_PLAIN = ("VARCHAR", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "DOUBLE", "BIGINT")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER")


@dataclass(slots=True)
class ParquetTab:
    """The table of a Parquet file: row 1 holds the names, data start in row 2."""

    grid: Grid
    labels: tuple[str, ...]
    rows: int
    scan: str
    expressions: tuple[str, ...]
    warnings: list[str] = field(default_factory=list[str])
    has_formulas: bool = False

    def load(self, database: duckdb.DuckDBPyConnection, area: Area, *, is_only: bool) -> None:
        del is_only
        drop(database)
        listed = ", ".join(f"{self.expressions[column - 1]} AS c{i}" for i, column in enumerate(area.columns, 1))
        database.execute(
            f"CREATE TEMP TABLE {RAW} AS SELECT (file_row_number + 2)::BIGINT AS _row, {listed} FROM {self.scan}"  # noqa: S608  our own names
        )


def read(path: Path, tab: str, folder: Path, database: duckdb.DuckDBPyConnection) -> ParquetTab:
    """Return the table of a Parquet file, unread but for its head; raises FileNotAWorkbook, FileTooLarge."""
    scan = f"read_parquet({readable(path, folder)}, file_row_number = true)"
    try:
        described = database.execute(f"DESCRIBE SELECT * EXCLUDE file_row_number FROM {scan}").fetchall()  # noqa: S608  escaped
        rows = database.execute(f"SELECT count(*) FROM {scan}").fetchall()[0][0]  # noqa: S608  likewise
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise FileNotAWorkbook(
            f"{path.name} is not a Parquet file that can be read: {_reason(error, folder)}.", fix="write it again."
        ) from None
    if len(described) > _MOST_COLUMNS:
        raise FileTooLarge(f"{path.name} has {len(described)} columns, more than {_MOST_COLUMNS}.", fix="keep fewer columns.")
    labels = tuple(str(row[0]) for row in described)
    expressions = tuple(_expression(label, str(row[1])) for label, row in zip(labels, described, strict=True))
    try:
        head = database.execute(f"SELECT {', '.join(expressions)} FROM {scan} LIMIT {HEAD_ROWS}").fetchall()  # noqa: S608  our own names
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise FileNotAWorkbook(f"{path.name} holds damaged data: {_reason(error, folder)}.", fix="write it again.") from None
    grid = Grid(tab, [labels, *head], 1, 1, is_hidden=False, evidence="Parquet", height=rows + 1, width=len(labels))
    return ParquetTab(grid, labels, rows, scan, expressions)


def _reason(error: Exception, folder: Path) -> str:
    """Return the first line of an error, the name of our link to the file left out."""
    return str(error).splitlines()[0].replace(str(folder / "readable"), "the file")


def _expression(label: str, kind: str) -> str:
    name = '"' + label.replace('"', '""') + '"'
    if kind in _PLAIN:
        return name
    if kind in _INTEGERS:
        return f"{name}::BIGINT"
    if kind == "FLOAT":
        return f"{name}::VARCHAR::DOUBLE"  # 0.1 stays 0.1
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({name} AT TIME ZONE 'UTC')"
    if kind.startswith("TIMESTAMP"):
        return f"{name}::TIMESTAMP"
    return f"{name}::VARCHAR"
