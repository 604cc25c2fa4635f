"""One file into one DuckDB file: reads, decides, loads, profiles. Runs inside the import worker process."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from chatsheet.sheets import profile
from chatsheet.sheets.ingest import delimited, names, regions, types, xlsx
from chatsheet.sheets.ingest.grid import FileHasNoRows, FileUnsupported, Grid, letter
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column, Table, Workbook

PARSER = "1"
"""Version of everything in this package that can change a table; part of every version id."""

_READERS: dict[str, Callable[[Path], Iterator[Grid]]] = {
    ".xlsx": xlsx.read,
    ".xlsm": xlsx.read,
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".txt": delimited.read,
}
SUFFIXES = tuple(_READERS)
_ROWS_PER_INSERT = 50_000


def load(source: Path, target: Path) -> Workbook:
    """Write the tables of `source` into the new DuckDB file `target`; raises the errors of grid.py."""
    reader = _READERS.get(source.suffix.lower())
    if reader is None:
        raise FileUnsupported(f"{source.name} is of a kind that cannot be read yet.", fix=f"give one of {', '.join(SUFFIXES)}.")
    warnings: list[str] = []
    tables: list[Table] = []
    with duckdb.connect(target) as database:
        found = [(grid, regions.find(grid)) for grid in reader(source)]
        ids = names.sql_names([grid.tab for grid, _ in found], fallback="table")
        for (grid, region), table_id in zip(found, ids, strict=True):
            if region is None:
                warnings.append(f"tab {grid.tab!r} holds no table")
                continue
            if grid.is_hidden:
                warnings.append(f"tab {grid.tab!r} is hidden in the workbook")
            tables.append(_store(database, table_id, grid, region))
            if total := regions.last_row_total(region):
                warnings.append(f"row {region.row_numbers[-1]} of {grid.tab!r} looks like a total ({total}) and counts as data")
        tables = list(profile.measure(database, tables))
    if not tables:
        raise FileHasNoRows(f"{source.name} holds no row of data under a header.", fix="give a file with at least one row.")
    content = hashlib.sha256(source.read_bytes()).hexdigest()
    return Workbook(parser=PARSER, content_sha256=content, tables=tuple(tables), warnings=tuple(warnings))


def _store(database: duckdb.DuckDBPyConnection, table_id: str, grid: Grid, region: regions.Region) -> Table:
    typed = [types.decide(cells) for cells in zip(*region.rows, strict=True)]
    columns = [
        Column(name=name, label=label, letter=letter(number), type=column.type, evidence=column.evidence)
        for name, label, number, column in zip(
            names.sql_names(region.labels, fallback="column"), region.labels, region.columns, typed, strict=True
        )
    ]
    _insert(database, table_id, columns, region.row_numbers, [column.values for column in typed])
    return Table(
        id=table_id,
        tab=grid.tab,
        range=region.cells,
        header_row=region.header_row,
        evidence=region.evidence,
        rows=len(region.rows),
        notes=region.notes,
        columns=tuple(columns),
    )


def _insert(
    database: duckdb.DuckDBPyConnection,
    table_id: str,
    columns: Sequence[Column],
    row_numbers: Sequence[int],
    values: Sequence[Sequence[types.TypedValue]],
) -> None:
    declared = ", ".join(f'"{c.name}" {SQL_TYPES[c.type]}' for c in columns)
    database.execute(f'CREATE TABLE "{table_id}" ({ROW_ID} BIGINT NOT NULL, {declared})')
    lists = ", ".join(["unnest(?::BIGINT[])", *(f"unnest(?::{SQL_TYPES[c.type]}[])" for c in columns)])
    for start in range(0, len(row_numbers), _ROWS_PER_INSERT):
        part = slice(start, start + _ROWS_PER_INSERT)
        database.execute(
            f'INSERT INTO "{table_id}" SELECT {lists}',
            [list(row_numbers[part]), *(list(column[part]) for column in values)],
        )
