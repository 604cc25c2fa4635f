"""A tab that loads a table's rows into DuckDB: from its cells, or from a temporary table of the whole tab."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

import duckdb

from chatsheet.sheets.ingest.grid import HEAD_ROWS, TAIL_ROWS, Cell, Grid, is_blank, number

RAW = "_raw"
"""The temporary table that `Tab.load` makes: `_row BIGINT`, then `c1` to `cn`. No table of a file is called `_…`."""
_ROWS_PER_INSERT = 20_000
_LISTED = 5


class Area(Protocol):
    """What of a region a tab needs to load it."""

    @property
    def first_row(self) -> int: ...
    @property
    def last_row(self) -> int: ...
    @property
    def columns(self) -> tuple[int, ...]: ...
    @property
    def totals(self) -> tuple[int, ...]: ...
    @property
    def left_out(self) -> tuple[int, ...]: ...
    @property
    def fill_down(self) -> tuple[int, ...]: ...


class Tab(Protocol):
    """One tab of a file, whatever its format."""

    grid: Grid
    warnings: list[str]
    has_formulas: bool

    def load(self, database: duckdb.DuckDBPyConnection, area: Area, *, is_only: bool) -> None:
        """Make `RAW` of the area's rows; a former one is replaced. An only area may use the tab up."""
        ...


@dataclass(slots=True)
class CellsTab:
    """A tab whose cells are all in its grid: each column keeps its native type where all its cells have one."""

    grid: Grid
    warnings: list[str] = field(default_factory=list[str])
    has_formulas: bool = False

    def load(self, database: duckdb.DuckDBPyConnection, area: Area, *, is_only: bool) -> None:
        del is_only
        drop(database)
        skipped = {*area.totals, *area.left_out}
        rows = [(n, row) for n, row in self.grid.numbered() if area.first_row <= n <= area.last_row and n not in skipped]
        at = [column - self.grid.first_column for column in area.columns]
        columns = [[_cell(row, i) for _, row in rows] for i in at]
        for position, column in enumerate(area.columns):
            if column in area.fill_down:
                columns[position] = _filled_down(columns[position])
        natives = [native(cells) for cells in columns]
        listed = ", ".join(f"c{i} {kind}" for i, (kind, _) in enumerate(natives, 1))
        database.execute(f"CREATE TEMP TABLE {RAW} (_row BIGINT, {listed})")
        insert(database, RAW, ["BIGINT", *(kind for kind, _ in natives)], [[n for n, _ in rows], *(v for _, v in natives)])


@dataclass(slots=True)
class TableTab:
    """A tab that stands in a temporary table: `_row`, and for every used column number n a column `cn`."""

    grid: Grid
    table: str
    width: int
    expressions: dict[int, str] = field(default_factory=dict[int, str])
    """SQL for the columns whose native value differs from what is stored."""
    warnings: list[str] = field(default_factory=list[str])
    has_formulas: bool = False
    check: Callable[[duckdb.DuckDBPyConnection, Area], Iterable[str]] | None = None

    def load(self, database: duckdb.DuckDBPyConnection, area: Area, *, is_only: bool) -> None:
        head_end = self.grid.first_row + len(self.grid.rows) - 1
        loaded = database.execute(f"SELECT coalesce(min(_row), 0) FROM {self.table}").fetchall()[0][0]  # noqa: S608  our own names
        if area.first_row < loaded and area.last_row <= head_end:
            CellsTab(replace(self.grid, tail=())).load(database, area, is_only=False)  # a small table above the large one
            return
        drop(database)
        if self.check is not None:
            self.warnings += self.check(database, area)
        skipped = [*area.totals, *area.left_out]
        database.execute("CREATE OR REPLACE TEMP TABLE _skipped AS SELECT unnest(?::BIGINT[]) AS n", [skipped])
        where = f"_row BETWEEN {area.first_row} AND {area.last_row}"
        if skipped:
            where += " AND _row NOT IN (SELECT n FROM _skipped)"
        if is_only and not area.fill_down and not self.expressions and max(area.columns) <= self.width:
            self._give(database, area, where)
            return
        listed = [self._column(column, position, area) for position, column in enumerate(area.columns, 1)]
        database.execute(f"CREATE TEMP TABLE {RAW} AS SELECT _row, {', '.join(listed)} FROM {self.table} WHERE {where}")  # noqa: S608  our own names

    def _give(self, database: duckdb.DuckDBPyConnection, area: Area, where: str) -> None:
        """Make the tab's own table the raw one: a copy of a million rows costs as much as reading them."""
        if not (area.first_row <= 1 and area.last_row >= self.grid.last_row and not area.totals and not area.left_out):
            database.execute(f"DELETE FROM {self.table} WHERE NOT ({where})")  # noqa: S608  our own names
        database.execute(f"ALTER TABLE {self.table} RENAME TO {RAW}")
        wanted = {column: f"c{position}" for position, column in enumerate(area.columns, 1)}
        present = database.execute(f"DESCRIBE {RAW}").fetchall()
        for name, *_ in present[1:]:
            column = int(str(name)[1:])
            if column not in wanted:
                database.execute(f"ALTER TABLE {RAW} DROP COLUMN {name}")
            elif wanted[column] != name:
                database.execute(f"ALTER TABLE {RAW} RENAME COLUMN {name} TO to_{wanted[column]}")
        for column, name in wanted.items():
            if name != f"c{column}":
                database.execute(f"ALTER TABLE {RAW} RENAME COLUMN to_{name} TO {name}")

    def _column(self, column: int, position: int, area: Area) -> str:
        value = self.expressions.get(column, f"c{column}") if column <= self.width else "NULL::VARCHAR"
        if column in area.fill_down:
            value = f"last_value({value} IGNORE NULLS) OVER (ORDER BY _row)"
        return f"{value} AS c{position}"


def drop(database: duckdb.DuckDBPyConnection) -> None:
    """Remove `RAW`."""
    database.execute(f"DROP TABLE IF EXISTS {RAW}")


def insert(database: duckdb.DuckDBPyConnection, table: str, kinds: Sequence[str], columns: Sequence[Sequence[object]]) -> None:
    """Append columns of Python values, for tables of a size that a person could have typed."""
    lists = ", ".join(f"unnest(?::{kind}[])" for kind in kinds)
    for start in range(0, len(columns[0]), _ROWS_PER_INSERT):
        part = [list(column[start : start + _ROWS_PER_INSERT]) for column in columns]
        database.execute(f"INSERT INTO {table} SELECT {lists}", part)


def native(cells: Sequence[Cell]) -> tuple[str, list[Cell]]:
    """Return the SQL type that all filled cells share and the values as that type; cells of several kinds become texts."""
    kinds = {type(cell) for cell in cells if not is_blank(cell)}
    match kinds:
        case _ if kinds == {bool}:
            kind = "BOOLEAN"
        case _ if kinds == {int} and all(abs(c) < 2**63 for c in cells if isinstance(c, int)):
            kind = "BIGINT"
        case _ if kinds and kinds <= {int, float}:
            kind = "DOUBLE"
        case _ if kinds == {date}:
            kind = "DATE"
        case _ if kinds and kinds <= {date, datetime}:
            kind = "TIMESTAMP"
        case _ if kinds == {time}:
            kind = "TIME"
        case _:
            return "VARCHAR", [None if is_blank(cell) else written(cell) for cell in cells]
    return kind, [None if is_blank(cell) else cell for cell in cells]


def written(cell: Cell) -> str:
    """Return a cell as a person would write it: 12.0 as 12, numbers plain with a point, dates in ISO form."""
    match cell:
        case bool():
            return str(cell).lower()
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else _plain_number(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case _:
            return str(cell)


def _plain_number(value: float) -> str:
    text = repr(value)
    return format(value, "f") if "e" in text and abs(value) >= 1 else text


def _filled_down(cells: Sequence[Cell]) -> list[Cell]:
    last: Cell = None
    filled: list[Cell] = []
    for cell in cells:
        last = last if is_blank(cell) else cell
        filled.append(last)
    return filled


def _cell(row: Sequence[Cell], index: int) -> Cell:
    return row[index] if 0 <= index < len(row) else None


def large_grid(database: duckdb.DuckDBPyConnection, head: Grid, table: str, width: int, expressions: dict[int, str]) -> Grid:
    """Return the grid of a tab whose head is known and whose rest stands in a temporary table."""
    last = database.execute(f"SELECT coalesce(max(_row), 0) FROM {table}").fetchall()[0][0]  # noqa: S608  our own names
    columns = [expressions.get(n, f"c{n}") for n in range(head.first_column, width + 1)]
    tail = database.execute(
        f"SELECT {', '.join(columns)} FROM {table} WHERE _row > {int(last) - TAIL_ROWS} ORDER BY _row"  # noqa: S608  likewise
    ).fetchall()
    blank = " AND ".join(
        f"(c{n} IS NULL OR (c{n}::VARCHAR < '!' AND trim(c{n}::VARCHAR) = ''))" for n in range(head.first_column, width + 1)
    )
    blanks = database.execute(f"SELECT _row FROM {table} WHERE {blank} ORDER BY _row").fetchall()  # noqa: S608  likewise
    above = [n for n, row in enumerate(head.rows, head.first_row) if all(map(is_blank, row))]
    rows = head.rows[:HEAD_ROWS]
    height = max(int(last) - head.first_row + 1, len(rows))
    return replace(
        head,
        rows=rows,
        tail=tail[len(tail) - max(0, min(len(tail), height - len(rows))) :],
        height=height,
        width=width - head.first_column + 1,
        blank_rows=tuple(sorted({*above, *(int(n) for (n,) in blanks)})),
    )


def readable(path: Path, folder: Path) -> str:
    """Return a SQL text literal for a file under a name that DuckDB cannot take for a pattern, as `*` and `[` would be."""
    link = folder / "readable"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return "'" + str(link).replace("'", "''") + "'"


def listed(numbers: Sequence[object]) -> str:
    """Return a few numbers and how many more there are."""
    rest = len(numbers) - _LISTED
    return ", ".join(map(str, numbers[:_LISTED])) + (f" and {rest} more" if rest > 0 else "")


def column_number(cell: str) -> int:
    """Return the column number of a cell such as `AB12`."""
    return number(re.sub(r"\d", "", cell))
