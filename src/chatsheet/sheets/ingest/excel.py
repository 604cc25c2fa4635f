"""XLSX, XLSM, XLSB, XLS and ODS: every tab. Small ones come as cells, large ones as Arrow straight into DuckDB.

The column reader (fastexcel) is fast and forgetful: an error cell, a text among dates and a boolean among numbers would be
lost or changed without a word. So what it gives is checked against the bytes, and read again or said where they differ.
"""

import io
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import fastexcel
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from chatsheet.sheets.ingest import number_formats
from chatsheet.sheets.ingest import package as packages
from chatsheet.sheets.ingest.grid import (
    HEAD_ROWS,
    WHOLE_CELLS,
    Cell,
    FileEncrypted,
    FileNotAWorkbook,
    FileTooLarge,
    Grid,
    Span,
    is_blank,
    letter,
)
from chatsheet.sheets.ingest.package import Part, Scan
from chatsheet.sheets.ingest.tabs import CellsTab, Tab, TableTab, large_grid, listed
from chatsheet.sheets.ingest.types_model import NO_FORMAT

_SMALL_PART_BYTES = 6 * 2**20
"""A worksheet up to this size is read as cells first: it can hardly hold more than `WHOLE_CELLS`."""
_HEAD_BYTES = 2**20
"""Of a large worksheet: as much is looked at for number formats."""
_MOST_CELLS = 20_000_000
_NO_DATE = "1899-12-31"
"""The day that a time without a date comes with."""

FirstData = Callable[[Grid], int]
"""Which row of a grid's head is the first one of data, by which the columns' types are read."""


@dataclass(slots=True)
class _Book:
    """An open workbook with all that is known of it before its cells are read."""

    path: Path
    kind: str
    reader: CalamineWorkbook
    package: zipfile.ZipFile | None = None
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    formats: dict[int, str] = field(default_factory=dict[int, str])
    """The number formats that say something, by the number of the style."""


def read(
    path: Path,
    kind: str,
    database: duckdb.DuckDBPyConnection,
    *,
    first_data: FirstData,
    early: Callable[[Grid], None],
    only: str = "",
) -> Iterator[Tab]:
    """Yield each worksheet, or the `only` one of that name; raises FileEncrypted, FileNotAWorkbook, FileTooLarge.

    `early` is called with the head of a large tab before the tab is read.
    """
    package = packages.check(path) if kind in {"xlsx", "xlsb", "ods"} else None
    try:
        if package is not None and any(part.flag_bits & 1 for part in package.infolist()):
            raise FileEncrypted(f"{path.name} is protected by a password.", fix="save it without a password.")
        with _read_errors(path):
            parts = packages.worksheets(package, path) if package is not None and kind == "xlsx" else {}
            book = _Book(path, kind, CalamineWorkbook.from_path(str(path)), package, parts, _number_formats(package, parts))  # pyright: ignore[reportUnknownMemberType]  its stub leaves PathLike open
            metas = [meta for meta in book.reader.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
        if len(metas) > packages.MAX_TABS:
            raise FileTooLarge(f"{path.name} has {len(metas)} tabs, more than {packages.MAX_TABS}.", fix="split the workbook.")
        for number, meta in enumerate(meta for meta in metas if only in {"", meta.name}):
            with _read_errors(path):
                tab = _tab(book, meta, number, database, first_data, early)
            yield tab
    finally:
        if package is not None:
            package.close()


def _number_formats(package: zipfile.ZipFile | None, parts: Mapping[str, Part]) -> dict[int, str]:
    codes = packages.number_formats(package) if package is not None and parts else []
    named = [number_formats.BUILT_IN.get(code, "") if isinstance(code, int) else code for code in codes]
    return {style: code for style, code in enumerate(named) if number_formats.read(code) != NO_FORMAT}


@contextmanager
def _read_errors(path: Path) -> Generator[None]:
    try:
        yield
    except PasswordError:
        raise FileEncrypted(f"{path.name} is protected by a password.", fix="save it without a password.") from None
    except (CalamineError, XmlError, ZipError, fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error) as error:
        raise packages.damaged(path, f"its parts cannot be read ({str(error).splitlines()[0]})") from None
    except (EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise packages.damaged(path, f"its parts are damaged ({type(error).__name__})") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the Rust reader met what it thought impossible
            raise packages.damaged(path, "its cells are damaged") from None
        raise


def _tab(
    book: _Book,
    meta: SheetMetadata,
    number: int,
    database: duckdb.DuckDBPyConnection,
    first_data: FirstData,
    early: Callable[[Grid], None],
) -> Tab:
    part = book.parts.get(meta.name)
    empty = Grid(meta.name, (), 1, 1, meta.visible != SheetVisibleEnum.Visible, "Excel worksheet")
    if book.formats and book.package is not None and part is not None:
        limit = _SMALL_PART_BYTES if part.bytes_unpacked <= _SMALL_PART_BYTES else _HEAD_BYTES
        formats, known_to = packages.styled(book.package, part, book.formats, limit=limit)
        empty = replace(empty, formats=formats, formats_to=known_to)
    if book.kind == "ods":
        empty = replace(empty, evidence="OpenDocument sheet")
    if part is None or part.bytes_unpacked <= _SMALL_PART_BYTES:
        if part is not None:
            _check_extent(book, part)
        sheet = book.reader.get_sheet_by_name(meta.name)
        if sheet.height * sheet.width <= WHOLE_CELLS:
            return _small(book, empty, sheet, part)
        head = _grid(empty, sheet, sheet.to_python(skip_empty_area=True, nrows=HEAD_ROWS))
        del sheet
    else:
        head = _head(book, empty, part)
    if head is not None:
        early(head)
    return _large(book, empty, head, part, f"_tab_{number}", database, first_data)


def _check_extent(book: _Book, part: Part) -> None:
    if book.package is None:
        return
    rows, columns = packages.extent(book.package, part)
    if rows * columns > _MOST_CELLS:
        raise FileTooLarge(
            f"tab {part.tab!r} of {book.path.name} reaches to {letter(columns)}{rows}: {rows * columns:,} cells.",
            fix="delete what stands far outside of the tables, or save the table you need as CSV.",
        )


def _small(book: _Book, empty: Grid, sheet: CalamineSheet, part: Part | None) -> Tab:
    tab = CellsTab(_grid(empty, sheet, sheet.to_python(skip_empty_area=True)), has_formulas=book.kind == "ods")
    if part is not None:
        scan = packages.scan(book.path, part)
        tab.has_formulas = scan.has_formulas
        _say_errors(tab, scan)
    return tab


def _grid(empty: Grid, sheet: CalamineSheet, rows: Sequence[Sequence[Cell]]) -> Grid:
    row, column = sheet.start or (0, 0)
    merged = [Span(r1 + 1, c1 + 1, r2 + 1, c2 + 1) for (r1, c1), (r2, c2) in sheet.merged_cell_ranges or ()]
    return replace(
        empty,
        rows=[[None if cell == "" else cell for cell in cells] for cells in rows],
        first_row=row + 1,
        first_column=column + 1,
        height=sheet.height,
        width=sheet.width,
        merged=tuple(merged),
    )


def _head(book: _Book, empty: Grid, part: Part) -> Grid | None:
    """Return the first rows of a large XLSX tab, long before the tab is read; None where they cannot be cut out."""
    if book.package is None:
        return None
    small = packages.head(book.package, part, HEAD_ROWS)
    if small is None:
        return None
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(small)).get_sheet_by_name(part.tab)
    if sheet.height == 0 or sheet.height * sheet.width > _MOST_CELLS:
        return None
    return replace(_grid(empty, sheet, sheet.to_python(skip_empty_area=True)), height=0, width=0)


def _large(
    book: _Book,
    empty: Grid,
    head: Grid | None,
    part: Part | None,
    table: str,
    database: duckdb.DuckDBPyConnection,
    first_data: FirstData,
) -> Tab:
    found: list[Scan] = []
    beside = threading.Thread(target=lambda: found.append(packages.scan(book.path, part)) if part is not None else None)
    beside.start()
    try:
        skip = 0 if head is None else first_data(head) - 1
        columns = _Columns(book.path, empty.tab, skip, _never_guess(head, skip))
        columns.store(database, table)
    finally:
        beside.join()
    head = head or _head_from(database, empty, table, columns)
    grid = large_grid(database, head, table, columns.width, columns.expressions)
    scan = found[0] if found else Scan()
    if scan.is_damaged:
        raise packages.damaged(book.path, "the sizes or checksums of its parts are wrong")
    tab = TableTab(replace(grid, merged=scan.merged or grid.merged), table, columns.width, columns.expressions)
    tab.has_formulas = scan.has_formulas or book.kind == "ods"
    _say_errors(tab, scan)
    if scan.booleans and columns.numbers and scan.booleans > columns.booleans:
        extra = scan.booleans - columns.booleans
        tab.warnings.append(
            f"tab {empty.tab!r}: up to {extra} true/false cells among numbers count as 1 and 0, or stand as texts"
        )
    return tab


def _never_guess(head: Grid | None, skip: int) -> frozenset[int]:
    """Return the columns (from 0) to read as texts: the reader would drop texts among dates, or fail on durations."""
    if head is None:
        return frozenset()
    texts: set[int] = set()
    body = [row for number, row in head.numbered() if number > skip]
    for index in range(max(map(len, body), default=0)):
        cells = [row[index] for row in body if index < len(row)]
        kinds = {type(cell) for cell in cells if not is_blank(cell)}
        is_mixed = len(kinds - {date, datetime, time}) > 0 or any(map(is_blank, cells))
        if timedelta in kinds or (kinds & {date, datetime, time} and is_mixed) or (bool in kinds and kinds != {bool}):
            texts.add(head.first_column - 1 + index)
    return frozenset(texts)


class _Columns:
    """A tab's columns as the Arrow reader gives them, from row `skip` + 1 on."""

    def __init__(self, path: Path, tab: str, skip: int, texts: frozenset[int]) -> None:
        self._reader = fastexcel.read_excel(path)
        self._tab = tab
        self._skip = skip
        self._texts = texts
        self.width = 0
        self.booleans = 0
        self.numbers = False
        self.expressions: dict[int, str] = {}

    def store(self, database: duckdb.DuckDBPyConnection, table: str) -> None:
        """Create the temporary table; reads again what a first look shows to be lossy."""
        kinds = self._read(database, table, self._texts)
        dates = [n for n, kind in kinds.items() if kind in {"datetime", "date"}]
        lossy = {n - 1 for n in dates if self._has_blanks(database, table, n)}
        if lossy:  # blank, or a text that was dropped: only reading it as text tells
            self._texts |= lossy
            kinds = self._read(database, table, self._texts)
        self._exact(database, table, kinds)
        self.numbers = any(kind in {"int", "float"} for kind in kinds.values())
        booleans = [n for n, kind in kinds.items() if kind == "boolean"]
        if booleans:
            counted = "+".join(f"count(c{n})" for n in booleans)
            self.booleans = database.execute(f"SELECT {counted} FROM {table}").fetchall()[0][0]  # noqa: S608  our own names
        self._native_dates(database, table, kinds)

    def _read(self, database: duckdb.DuckDBPyConnection, table: str, texts: frozenset[int]) -> dict[int, str]:
        try:
            sheet = self._load(texts)
        except fastexcel.UnsupportedColumnTypeCombinationError:
            sheet = self._reader.load_sheet(self._tab, header_row=None, skip_rows=self._skip, dtypes="string")  # pyright: ignore[reportUnknownMemberType]  pyarrow is not here
        kinds = {column.absolute_index + 1: str(column.dtype) for column in sheet.selected_columns}
        self.width = max(kinds, default=0)
        first = min(kinds, default=1)
        blank = [f"NULL::VARCHAR AS c{n}" for n in range(1, first)]
        listed = [f'"{column.name}" AS c{column.absolute_index + 1}' for column in sheet.selected_columns]
        _body = sheet  # DuckDB finds it by this name
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS "  # noqa: S608  our own names
            f"SELECT (row_number() OVER () + {self._skip})::BIGINT AS _row, {', '.join([*blank, *listed])} FROM _body"
        )
        del _body, sheet
        return kinds

    def _load(self, texts: frozenset[int]) -> fastexcel.ExcelSheet:
        forced: fastexcel.DTypeMap = dict.fromkeys(texts, "string")
        return self._reader.load_sheet(  # pyright: ignore[reportUnknownMemberType]  pyarrow is not here
            self._tab, header_row=None, skip_rows=self._skip, schema_sample_rows=None, dtypes=forced or None
        )

    @staticmethod
    def _has_blanks(database: duckdb.DuckDBPyConnection, table: str, column: int) -> bool:
        found = database.execute(f"SELECT 1 FROM {table} WHERE c{column} IS NULL LIMIT 1").fetchall()  # noqa: S608  our own names
        return bool(found)

    @staticmethod
    def _has_days(database: duckdb.DuckDBPyConnection, table: str, column: int) -> bool:
        """Tell whether dates stand among texts: they come with the time of midnight."""
        days = f"SELECT 1 FROM {table} WHERE ends_with(c{column}, ' 00:00:00') LIMIT 1"  # noqa: S608  our own names
        return bool(database.execute(days).fetchall())

    def _exact(self, database: duckdb.DuckDBPyConnection, table: str, kinds: dict[int, str]) -> None:
        """Give numbers in mixed columns their digits back: as texts they come with nine decimals at most."""
        cut = r"^-?\d+\.\d{9}$"
        mixed = [
            n
            for n, kind in kinds.items()
            if kind == "string"
            and database.execute(f"SELECT 1 FROM {table} WHERE regexp_matches(c{n}, ?) LIMIT 1", [cut]).fetchall()  # noqa: S608  our own names
        ]
        if not mixed:
            return
        numbers = self._reader.load_sheet(  # pyright: ignore[reportUnknownMemberType]  pyarrow is not here
            self._tab,
            header_row=None,
            skip_rows=self._skip,
            use_columns=[n - 1 for n in mixed],
            dtypes=dict.fromkeys((n - 1 for n in mixed), "float"),
        )
        names = {c.absolute_index + 1: c.name for c in numbers.selected_columns}
        values = ", ".join(f'"{name}" AS v{n}' for n, name in names.items())
        sets = ", ".join(
            f"c{n} = CASE WHEN regexp_matches(c{n}, '{cut}') THEN coalesce(v{n}::VARCHAR, c{n}) ELSE c{n} END" for n in names
        )
        database.execute(
            f"UPDATE {table} SET {sets} FROM "  # noqa: S608  our own names
            f"(SELECT row_number() OVER () + {self._skip} AS n, {values} FROM numbers) AS exact WHERE exact.n = {table}._row"
        )
        del numbers

    def _native_dates(self, database: duckdb.DuckDBPyConnection, table: str, kinds: dict[int, str]) -> None:
        """Name each column's native value: a date where no cell has a time, a time where none has a date."""
        for n, kind in kinds.items():
            if kind == "duration":
                self.expressions[n] = f"c{n}::VARCHAR"
            is_text = kind == "string" and (n - 1 in self._texts or self._has_days(database, table, n))
            if kind not in {"datetime", "date"} and not is_text:
                continue
            stamp = f"try_cast(c{n} AS TIMESTAMP)" if is_text else f"c{n}::TIMESTAMP"
            facts = database.execute(
                f"SELECT count(c{n}), count(s), bool_and(s = date_trunc('day', s)), "  # noqa: S608  our own names
                f"bool_and(s::DATE = DATE '{_NO_DATE}') FROM (SELECT c{n}, {stamp} AS s FROM {table})"
            ).fetchall()[0]
            filled, dated, is_date, is_time = facts
            if not filled or dated < filled:  # a mixed column stays text, its days written as days
                if is_date:
                    self.expressions[n] = f"regexp_replace(c{n}::VARCHAR, ' 00:00:00$', '')"
                continue
            if is_time or is_text:  # plain timestamps are told from dates later
                self.expressions[n] = f"({stamp})::{'TIME' if is_time else 'DATE' if is_date else 'TIMESTAMP'}"


def _head_from(database: duckdb.DuckDBPyConnection, empty: Grid, table: str, columns: _Columns) -> Grid:
    names = ", ".join(columns.expressions.get(n, f"c{n}") for n in range(1, columns.width + 1))
    rows = database.execute(f"SELECT {names} FROM {table} ORDER BY _row LIMIT {HEAD_ROWS}").fetchall()  # noqa: S608  our own names
    return replace(empty, rows=rows)


def _say_errors(tab: Tab, scan: Scan) -> None:
    if scan.errors:
        tab.warnings.append(
            f"tab {tab.grid.tab!r}: {scan.errors} cells hold an error such as #DIV/0! and are empty here: "
            f"{listed(scan.error_cells)}"
        )


def compound_error(path: Path) -> FileEncrypted | FileNotAWorkbook | None:
    """Return why an old binary container cannot be read as a workbook, or None where it can be tried."""
    data = path.read_bytes()[: 64 * 2**20]
    if "EncryptedPackage".encode("utf-16-le") in data:  # MS-OFFCRYPTO 2.3.4.4
        return FileEncrypted(f"{path.name} is protected by a password.", fix="save it without a password.")
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        return packages.damaged(path, "it is an old Office file without a workbook inside")
    return None
