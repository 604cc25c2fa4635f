"""Today's decisions behind the shape of tomorrow's: regions without cell values, types as SQL. Goes when those modules stand."""

from dataclasses import dataclass

import duckdb

from chatsheet.sheets.ingest import regions, types
from chatsheet.sheets.ingest.grid import Grid, is_blank
from chatsheet.sheets.ingest.tabs import RAW, insert
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where one table stands in its tab."""

    header_rows: tuple[int, ...]
    first_row: int
    last_row: int
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    totals: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    is_pivoted: bool = False
    fill_down: tuple[int, ...] = ()
    range: str
    evidence: str
    confidence: float = 1.0
    warning: str = ""


def find_all(grid: Grid) -> tuple[Region, ...]:
    """Return the tables of a tab."""
    found = regions.find(grid)
    if found is None:
        return ()
    last = found.row_numbers[-1] if grid.is_whole else grid.last_row
    blank = [n for n, row in grid.numbered() if found.row_numbers[0] < n < last and all(map(is_blank, row))]
    total = regions.last_row_total(found) if grid.is_whole else ""
    return (
        Region(
            header_rows=() if found.header_row is None else (found.header_row,),
            first_row=found.row_numbers[0],
            last_row=last,
            columns=found.columns,
            labels=found.labels,
            left_out=tuple(sorted({*blank, *(n for n in grid.blank_rows if found.row_numbers[0] < n < last)})),
            notes=found.notes,
            range=f"{found.cells.split(':')[0]}:{found.cells.split(':')[1].rstrip('0123456789')}{last}",
            evidence=found.evidence.removeprefix(f"{grid.evidence}; "),
            warning=f"row {last} of {grid.tab!r} looks like a total ({total}) and counts as data" if total else "",
        ),
    )


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
