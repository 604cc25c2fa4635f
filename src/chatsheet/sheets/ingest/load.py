"""One file into one DuckDB file: reads, decides, loads, profiles. Runs inside the import worker process."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
from pydantic import JsonValue

from chatsheet.core.errors import BadInput
from chatsheet.sheets import profile
from chatsheet.sheets.formulas.describe import describe
from chatsheet.sheets.ingest import (
    columns,
    corrections,
    delimited,
    excel,
    formats,
    leftovers,
    names,
    number_formats,
    parquet,
    regions,
    unpack,
)
from chatsheet.sheets.ingest.corrections import CorrectionInvalid
from chatsheet.sheets.ingest.formats import SUFFIXES, Format
from chatsheet.sheets.ingest.grid import FileHasNoRows, FileTooLarge, FileUnsupported, Grid
from chatsheet.sheets.ingest.layout.model import Finding, Region
from chatsheet.sheets.ingest.progress import Phase, Progress, Report
from chatsheet.sheets.ingest.said import Said, TypeSaid
from chatsheet.sheets.ingest.tabs import Tab, drop, written
from chatsheet.sheets.ingest.types_model import Override
from chatsheet.sheets.model import Column, Result, ResultColumn, Table, Workbook

PARSER = "6"
"""Version of everything in this package that can change a table; part of every version id."""
_FIRST_ROWS = 200
_REMEMBERED = "remembered from another file of this form"
_MEMORY = "768MB"
_MOST_COLUMNS = 2_000

__all__ = ["PARSER", "SUFFIXES", "head", "load"]


class _HeadRead(Exception):
    """The head of the tab that was asked for is here."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid


def head(source: Path, tab: str, aside: Path) -> Grid | None:
    """Return the grid of one tab, of a large one its head; None where the file has no such tab.

    Raises the errors of grid.py. `aside` is a new folder for copies, gone at the end.
    """

    def early(grid: Grid) -> None:
        if grid.tab == tab:
            raise _HeadRead(grid)

    aside.mkdir(mode=0o700, parents=True)
    try:
        with duckdb.connect(config={"memory_limit": _MEMORY, "threads": "2"}) as database:
            work = _Import(source, aside, database, lambda _: None, Said(), early=early, only=tab)
            return next((one.grid for one in work.tabs() if one.grid.tab == tab), None)
    except _HeadRead as read:
        return read.grid
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def load(source: Path, target: Path, report: Report = lambda _: None, said: Said | None = None) -> Workbook:
    """Write the tables of `source` into the new DuckDB file `target`; raises the errors of grid.py.

    What was `said` of tabs of a shape holds; raises CorrectionInvalid and ReadingUnknown for the tab being corrected.
    Copies and spilled rows lie in a folder beside the target, which is gone at the end.
    """
    aside = leftovers.aside(target)
    aside.mkdir(mode=0o700)
    try:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "threads": "2",
            "temp_directory": str(aside),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        with duckdb.connect(target, config=config) as database:
            database.execute("SET enable_progress_bar = false")  # it would be printed between the worker's messages
            work = _Import(source, aside, database, report, said or Said())
            tables = work.run()
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    if not tables:
        raise FileHasNoRows(f"{source.name} holds no row of data under a header.", fix="give a file with at least one row.")
    workbook = Workbook(
        parser=PARSER,
        content_sha256=work.content_sha256,
        tables=tuple(tables),
        warnings=tuple(work.warnings),
        shapes=work.shapes,
        corrections=work.corrections,
    )
    return describe(workbook, source, work.formula_tabs) if work.formula_tabs else workbook


@dataclass(slots=True)
class _Import:
    source: Path
    folder: Path
    database: duckdb.DuckDBPyConnection
    report: Report
    said: Said
    early: Callable[[Grid], None] | None = None
    """What is called with the head of a large tab before the rest is read; else it is shown."""
    only: str = ""
    """The one tab to read of a workbook; empty for all."""
    shapes: dict[str, str] = field(default_factory=dict[str, str])
    corrections: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    warnings: list[str] = field(default_factory=list[str])
    rows: int = 0
    fraction: float = 0.0
    has_shown: bool = False
    labels: list[str] = field(default_factory=list[str])
    content_sha256: str = ""
    looked_at: tuple[Grid, tuple[Region, ...]] | None = None
    """The grid whose tables were found last."""
    formula_tabs: list[str] = field(default_factory=list[str])

    def run(self) -> list[Table]:
        self._tell("reading", 0.01)
        tables: list[Table] = []
        for tab in self.tabs():
            if tab.has_formulas:
                self.formula_tabs.append(tab.grid.tab)
            found, types = self._found(tab.grid)
            self._show(tab.grid)
            if not found:
                self.warnings.append(f"tab {tab.grid.tab!r} holds no table")
                continue
            if tab.grid.is_hidden:
                self.warnings.append(f"tab {tab.grid.tab!r} is hidden in the workbook")
            for region in found:
                self._tell("typing", 0.6, tab=tab.grid.tab)
                tables.append(self._store(tab, region, types, is_only=len(found) == 1))
            self.warnings += tab.warnings
        self._tell("profiling", 0.85)
        with ThreadPoolExecutor(1) as beside:
            digest = beside.submit(_sha256, self.source)
            measured = list(profile.measure(self.database, tables))
            self.content_sha256 = digest.result()
        self._tell("profiling", 1)
        return measured

    def _found(self, grid: Grid) -> tuple[tuple[Region, ...], tuple[TypeSaid, ...]]:
        """Return the tables of a tab and what was said of their columns."""
        shape = self.shapes[grid.tab] = corrections.shape(grid)
        said = self.said.shapes.get(shape)
        if said is None:
            return self._regions(grid), ()
        is_now = grid.tab == self.said.tab
        try:
            found = corrections.correct(grid, *said.tables)
        except CorrectionInvalid as error:
            self._complaint(grid)(error)
            return self._regions(grid), ()
        if is_now:
            said = said.model_copy(update={"tables": tuple(corrections.for_next(grid, one) for one in said.tables)})
        elif said.tables:
            again = Finding(_REMEMBERED)
            found = tuple(replace(one, findings=(*one.findings, again)) for one in found)
        self.corrections[shape] = said.model_dump(mode="json")
        return found, said.types

    def _regions(self, grid: Grid) -> tuple[Region, ...]:
        if self.looked_at is None or self.looked_at[0] is not grid:
            self.looked_at = grid, regions.find_all(grid)
        return self.looked_at[1]

    def _complaint(self, grid: Grid) -> Callable[[BadInput], None]:
        """Return what takes an error of something said: raised for the tab being corrected, else a warning."""

        def complain(error: BadInput) -> None:
            if grid.tab == self.said.tab:
                raise error
            self.warnings.append(f"what you said of another file of this form does not fit tab {grid.tab!r}: {error.what}")

        return complain

    def tabs(self) -> Iterator[Tab]:
        """Yield the tabs of the file, whatever its format."""
        path, kind, name = self._unpacked()
        early = self.early or self._show
        if kind == "parquet":
            yield parquet.read(path, name, self.folder, self.database)
        elif kind == "text":
            yield delimited.read(path, name, self.folder, self.database, early=early)
        else:
            yield from excel.read(path, kind, self.database, first_data=self._first_data, early=early, only=self.only)

    def _unpacked(self) -> tuple[Path, Format, str]:
        """Return the file to read, its format and what a table without a tab is called."""
        path, name = self.source, self.source
        kind = formats.detect(path)
        self._say_name(name, kind)
        if kind in {"gz", "bz2", "xz", "zst", "zip"}:
            path = unpack.unpack(path, kind, self.folder)
            name = Path(path.name.removeprefix("unpacked-"))
            kind = formats.detect(path)
            if kind in {"gz", "bz2", "xz", "zst", "zip"}:
                raise FileUnsupported(f"{self.source.name} is packed twice.", fix="unpack it first.")
        return path, kind, name.stem

    def _say_name(self, name: Path, kind: Format) -> None:
        if (said := formats.mismatch(name, kind)) is not None:
            self.warnings.append(said)

    def _store(self, tab: Tab, region: Region, types: Sequence[TypeSaid], *, is_only: bool) -> Table:
        if len(region.columns) > _MOST_COLUMNS:
            raise FileTooLarge(
                f"the table {region.range} of {tab.grid.tab!r} has {len(region.columns)} columns, more than {_MOST_COLUMNS}.",
                fix="keep fewer columns, or give it with its columns as rows.",
            )
        self.labels.append(tab.grid.tab)
        table_id = names.sql_names(self.labels, fallback="table")[-1]
        tab.load(self.database, region, is_only=is_only)
        overrides = {one.column: Override(one.type, one.reading) for one in types}
        stored = columns.store(
            self.database, table_id, region, number_formats.of_columns(tab.grid, region), overrides, self._complaint(tab.grid)
        )
        if tab.grid.tab != self.said.tab:
            stored = [_remembered(one) if one.label in overrides else one for one in stored]
        drop(self.database)
        rows = int(self.database.execute(f'SELECT count(*) FROM "{table_id}"').fetchall()[0][0])  # noqa: S608  word characters only
        self.rows += rows
        return Table(
            id=table_id,
            tab=tab.grid.tab,
            range=region.range,
            header_row=region.header_rows[-1] if region.header_rows else None,
            header_rows=region.header_rows,
            evidence=f"{tab.grid.evidence}; {region.evidence}",
            confidence=region.confidence,
            rows=rows,
            is_hidden=tab.grid.is_hidden,
            is_pivoted=region.is_pivoted,
            notes=region.notes,
            totals=region.totals,
            left_out=region.left_out,
            columns=tuple(stored),
        )

    def _tell(self, phase: Phase, fraction: float, *, tab: str = "", first: Result | None = None) -> None:
        self.fraction = max(self.fraction, fraction)  # of the tab that is furthest
        self.report(Progress(phase=phase, fraction=self.fraction, rows=self.rows, tab=tab, first=first))

    def _show(self, grid: Grid) -> None:
        """Tell the first rows of the first table, once, as soon as its head is known."""
        if self.has_shown or not (found := self._regions(grid)):
            return
        self.has_shown = True
        region = found[0]
        at = [column - grid.first_column for column in region.columns]
        rows = [
            tuple(None if (cell := row[i] if i < len(row) else None) is None else written(cell) for i in at)
            for number, row in grid.numbered()
            if region.first_row <= number <= region.last_row and number not in region.left_out
        ][:_FIRST_ROWS]
        columns = tuple(ResultColumn(name=name, type="VARCHAR") for name in names.sql_names(region.labels, fallback="column"))
        first = Result(columns=columns, rows=tuple(rows), row_count=len(rows), truncated=True)
        self._tell("finding tables", 0.05, tab=grid.tab, first=first)

    def _first_data(self, head: Grid) -> int:
        """Return the row with which the data of a large tab begin: the first of the tables that reach the end of its head."""
        end = head.first_row + len(head.rows) - 1
        return min((region.first_row for region in self._regions(head) if region.last_row >= end - 1), default=1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remembered(column: Column) -> Column:
    return column.model_copy(update={"evidence": f"{column.evidence}; {_REMEMBERED}"})
