"""CSV, TSV and other delimited text: we decide encoding and dialect, DuckDB reads, and no line is dropped.

DuckDB's reader is fast and silent: it skips empty lines, cuts cells off long rows and lets one broken quote swallow what
follows. So lines it would misread are mended in a copy (mending.py), and spare columns catch the cells of long rows.
"""

import csv
import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb

from chatsheet.sheets.ingest import dialect as dialects
from chatsheet.sheets.ingest import encoding as encodings
from chatsheet.sheets.ingest import mending
from chatsheet.sheets.ingest.dialect import Dialect
from chatsheet.sheets.ingest.grid import HEAD_ROWS, WHOLE_CELLS, FileNotAWorkbook, FileTooLarge, Grid
from chatsheet.sheets.ingest.tabs import Area, TableTab, large_grid, listed, readable

_MAX_BYTES = 4 * 2**30
_SAMPLE_BYTES = 256 * 1024
_FOREIGN_BYTES = 64 * 1024
_BLOCK = 2**20
_LONGEST_LINE = 2_000_000
_MOST_COLUMNS = 16_384
_SPARE = 2
_TABLE = "_lines"


def read(path: Path, tab: str, folder: Path, database: duckdb.DuckDBPyConnection, *, early: Callable[[Grid], None]) -> TableTab:
    """Return the one tab of a delimited text, loaded as texts; `folder` takes copies. Raises FileNotAWorkbook, FileTooLarge.

    `early` is called with the first rows before all of them are loaded.
    """
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise FileTooLarge(
            f"{path.name} has {size / 2**30:.1f} GiB, more than {_MAX_BYTES / 2**30:.0f}.", fix="split the file."
        )
    encoding = _encoding(path)
    sample = _sample(path, encoding.name)
    try:
        dialect = dialects.choose(sample)
    except csv.Error as error:
        raise FileNotAWorkbook(f"{path.name} is not delimited text: {error}.", fix="export it again as CSV.") from None
    if dialect.width > _MOST_COLUMNS:
        raise FileTooLarge(f"{path.name} has rows of more than {_MOST_COLUMNS} cells.", fix="check its delimiter and quotes.")
    empty = Grid(tab, (), 1, 1, is_hidden=False, evidence=f"{encoding.evidence}, {dialect.evidence}")
    with suppress(csv.Error):  # they cannot be read so simply: then they are shown later
        early(replace(empty, rows=dialect.rows(io.StringIO(sample, newline="").readlines()[:HEAD_ROWS])))
    text = mending.plain(path, encoding.name, folder)
    _refuse_long_lines(text.path, path.name)
    mended = mending.mend(text, dialect, folder)
    _refuse_long_lines(mended.path, path.name)
    width = _load(database, readable(mended.path, folder), dialect, path.name)
    tab_ = TableTab(_grid(database, empty, width), _TABLE, width, warnings=list(mended.warnings))
    if dialect.comment:
        _take_comments_out(database, tab_, dialect.comment)
    tab_.check = lambda connection, area: _ragged(connection, area, dialect.width, width)
    return tab_


def _refuse_long_lines(path: Path, name: str) -> None:
    """Raise FileNotAWorkbook for a line that DuckDB would drop without a word."""
    if mending.has_longer_line(path, _LONGEST_LINE):
        raise FileNotAWorkbook(
            f"{name} is not delimited text: a line has more than {_LONGEST_LINE:,} bytes.", fix="export it again as CSV."
        )


def _encoding(path: Path) -> encodings.Encoding:
    foreign: list[bytes] = []
    held = 0
    is_utf8 = mending.is_utf8(path)
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
        if not is_utf8:
            file.seek(0)
            while held < _FOREIGN_BYTES and (block := file.read(_BLOCK)):
                for line in encodings.foreign_lines(block):
                    foreign.append(line[:1000])
                    held += len(foreign[-1])
    chosen = encodings.choose(start, b"".join(foreign), is_utf8=is_utf8)
    if chosen is None:
        raise FileNotAWorkbook(f"{path.name} holds binary data, not text.", fix="export it again as CSV in UTF-8.")
    return chosen


def _sample(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        text = file.read(_SAMPLE_BYTES)
    whole = max(text.rfind("\n"), text.rfind("\r"))
    return text if len(text) < _SAMPLE_BYTES or whole < 0 else text[: whole + 1]


def _load(database: duckdb.DuckDBPyConnection, file: str, dialect: Dialect, name: str) -> int:
    """Read the file into the temporary table, with as many columns as its longest row has, and return how many."""
    spare = _SPARE
    while True:
        columns = min(dialect.width + spare, _MOST_COLUMNS + 1)
        declared = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(1, columns + 1))
        quote, escape = (mark.replace("'", "''") for mark in (dialect.quote, dialect.escape))
        try:
            database.execute(
                f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT (row_number() OVER ())::BIGINT AS _row, * "  # noqa: S608  escaped
                f"FROM read_csv({file}, auto_detect = false, header = false, delim = '{dialect.delimiter}', quote = '{quote}', "
                f"escape = '{escape}', columns = {{{declared}}}, null_padding = true, strict_mode = false, parallel = false, "
                f"nullstr = '\x01\x02', max_line_size = {_LONGEST_LINE})"
            )
        except (duckdb.Error, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise FileNotAWorkbook(f"{name} is not delimited text: {reason}", fix="export it again as CSV.") from None
        width = _used(database, range(dialect.width, columns + 1)) or _used(database, range(1, dialect.width)) or 1
        if width < columns:
            return width
        if columns > _MOST_COLUMNS:
            raise FileTooLarge(f"{name} has rows of more than {_MOST_COLUMNS} cells.", fix="check its delimiter and quotes.")
        spare *= 8


def _used(database: duckdb.DuckDBPyConnection, columns: range) -> int:
    """Return the last of these columns that holds something; 0 for none."""
    counted = ", ".join(f"count(c{n})" for n in columns) or "0"
    filled = database.execute(f"SELECT {counted} FROM {_TABLE}").fetchall()[0]  # noqa: S608  our own names
    return max((n for n, cells in zip(columns, filled, strict=False) if cells), default=0)


def _grid(database: duckdb.DuckDBPyConnection, empty: Grid, width: int) -> Grid:
    height = database.execute(f"SELECT count(*) FROM {_TABLE}").fetchall()[0][0]  # noqa: S608  our own names
    columns = ", ".join(f"nullif(c{n}, '')" for n in range(1, width + 1))
    rows = HEAD_ROWS if height * width > WHOLE_CELLS else height
    first = database.execute(f"SELECT {columns} FROM {_TABLE} ORDER BY _row LIMIT {rows}").fetchall()  # noqa: S608  likewise
    grid = replace(empty, rows=first, height=height, width=width)
    return (
        grid
        if rows == height
        else large_grid(database, grid, _TABLE, width, {n: f"nullif(c{n}, '')" for n in range(1, width + 1)})
    )


def _take_comments_out(database: duckdb.DuckDBPyConnection, tab: TableTab, mark: str) -> None:
    """Blank comment lines below the first data; those above stay in the grid, as notes."""
    found = database.execute(
        f"SELECT _row FROM {_TABLE} WHERE starts_with(ltrim(c1), ?) ORDER BY _row",  # noqa: S608  our own names
        [mark],
    ).fetchall()
    above = 0
    numbers = [int(n) for (n,) in found]
    while above < len(numbers) and numbers[above] == above + 1:
        above += 1
    inside = numbers[above:]
    if not inside:
        return
    sets = ", ".join(f"c{n} = NULL" for n in range(1, tab.width + 1))
    database.execute(f"UPDATE {_TABLE} SET {sets} WHERE _row > {above} AND starts_with(ltrim(c1), ?)", [mark])  # noqa: S608  our own names
    blank = set(inside)
    grid = tab.grid
    rows = [() if n in blank else row for n, row in enumerate(grid.rows, 1)]
    start = grid.last_row - len(grid.tail) + 1
    tail = [() if n in blank else row for n, row in enumerate(grid.tail, start)]
    blanks = grid.blank_rows if grid.is_whole else tuple(sorted({*grid.blank_rows, *blank}))
    tab.grid = replace(grid, rows=rows, tail=tail, blank_rows=blanks)
    tab.warnings.append(f"{len(inside)} comment lines among the rows are left out: rows {listed(inside)}")


def _ragged(database: duckdb.DuckDBPyConnection, area: Area, usual: int, width: int) -> Iterable[str]:
    """Say which rows have fewer or more cells than most; a cell that is missing is NULL, an empty one an empty text."""
    here = f"FROM {_TABLE} WHERE _row BETWEEN {area.first_row} AND {area.last_row} AND c1 IS NOT NULL"
    filled = " OR ".join(f"nullif(c{n}, '') IS NOT NULL" for n in range(1, usual + 1))
    for reads, condition in (("fewer", f"c{usual} IS NULL AND ({filled})"), ("more", f"c{usual + 1} IS NOT NULL")):
        if reads == "more" and usual >= width:
            continue
        rows = [int(n) for (n,) in database.execute(f"SELECT _row {here} AND {condition} ORDER BY _row").fetchall()]
        if rows:
            yield f"{len(rows)} rows have {reads} cells than the usual {usual}: rows {listed(rows)}"
