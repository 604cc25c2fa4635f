"""Files that leave: a table or a query's rows as CSV, XLSX or Parquet, or the original workbook with the edits in it.

A worker process writes beside the target; the file takes its name when it is complete, so nobody ever reads half of one.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp

from chatsheet.core import loose
from chatsheet.core.errors import BadInput, NotFound
from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.sheets import versions
from chatsheet.sheets.files import Heading, Options, Written
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import Column, Unit, Workbook
from chatsheet.sheets.package.patch import Edits, Patched
from chatsheet.sheets.query import QueryTimedOut, Worker

log = logging.getLogger(__name__)
_DEADLINE_S = 300.0


class TargetUnwritable(BadInput):
    """The file cannot be written where it was asked for."""

    code = "export.target"


class TableMissing(NotFound):
    """The sheet has no such table."""

    code = "export.table_missing"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write: guarded SQL, and the headings of those of its columns that are columns of a table, by SQL name.

    With `table` its rows are those of that table, and stand in the table's own order.
    """

    guarded: GuardedSql
    headings: Mapping[str, Heading]
    tab: str
    table: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A complete file.

    Where it is the original workbook with edits: `cells` that were changed, `rows` that were appended, `parts` that differ.
    """

    path: Path
    rows: int
    bytes: int
    notes: tuple[str, ...]
    parts: tuple[str, ...] = ()
    cells: int = 0


def of_table(workbook: Workbook, table_id: str) -> Plan:
    """Return the plan for a whole table in its own order; cells that did not parse stand as written in a column beside it."""
    table = workbook.table(table_id)
    if table is None:
        raise TableMissing(f"there is no table {table_id}.", fix=f"use one of {', '.join(t.id for t in workbook.tables)}.")
    headings: dict[str, Heading] = {}
    for column in table.columns:
        headings[column.name] = _heading(column)
        if column.raw:
            headings[column.raw] = Heading(label=f"{column.label} (as written)")
    listed = ", ".join(f'"{name}"' for name in headings)
    sql = f'SELECT {listed} FROM "{table.id}"'  # noqa: S608  our own names
    return Plan(GuardedSql(sql, (table.id,), None), headings, table.tab, table.id, _stale(workbook, (table.id,)))


def of_query(workbook: Workbook, guarded: GuardedSql) -> Plan:
    """Return the plan for a query's rows; columns that it takes from a table as they are keep their label and unit."""
    columns: dict[str, Column] = {}
    for column in (c for t in workbook.tables if t.id in guarded.tables for c in t.columns):
        known = columns.setdefault(column.name, column)
        if (known.label, known.unit) != (column.label, column.unit):
            columns[column.name] = column.model_copy(update={"label": column.name, "unit": Unit()})
    taken = _taken(guarded.sql, columns)
    headings = {name: _heading(column) for name, column in columns.items() if name in taken}
    return Plan(guarded, headings, "Result", notes=_stale(workbook, guarded.tables))


def _stale(workbook: Workbook, tables: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be said of values in these tables that edits made out of date."""
    return tuple(
        f"{column.formula.stale:,} values of {table.id}.{column.name} are stale: its formulas were not recalculated"
        for table in workbook.tables
        for column in table.columns
        if table.id in tables and column.formula is not None and column.formula.stale
    )


async def write(database: Path, plan: Plan, target: Path, options: Options, *, deadline_s: float = _DEADLINE_S) -> Exported:
    """Write the rows of `plan` over the DuckDB file `database` to `target`, in place of what is there.

    Raises ExportTooLarge, ExportFailed, TargetUnwritable, QueryTimedOut, WorkerDied; on any of them `target` is as it was.
    """
    sql = plan.guarded.sql
    if plan.table:
        sql = await asyncio.to_thread(versions.ordered, database, plan.table, list(plan.headings))
    request: JsonObject = {
        "op": "export",
        "path": str(database),
        "sql": sql,
        "headings": {name: heading.model_dump(mode="json") for name, heading in plan.headings.items()},
        "options": options.model_copy(update={"tab": plan.tab}).model_dump(mode="json"),
    }
    answer, size = await _call(request, target, deadline_s)
    written = Written.model_validate(answer)
    if options.keeps_formulas and written.notes:
        log.warning("formula-like texts were exported as they are, as asked")
    return Exported(path=target, rows=written.rows, bytes=size, notes=(*plan.notes, *written.notes))


async def patch(
    source: Path, edits: Edits, target: Path, *, has_consent: bool = False, deadline_s: float = _DEADLINE_S
) -> Exported:
    """Write the original workbook `source` with `edits` in it to `target`; every part they do not touch stays as it is.

    Raises the errors of package.patch, TargetUnwritable, QueryTimedOut, WorkerDied; on any of them `target` is as it was.
    """
    request: JsonObject = {
        "op": "patch",
        "source": str(source),
        "edits": loose.parse(edits.model_dump_json()),
        "has_consent": has_consent,
    }
    answer, size = await _call(request, target, deadline_s)
    patched = Patched.model_validate(answer)
    cells, rows = len({(c.tab, c.cell) for c in edits.changes}), sum(len(a.rows) for a in edits.appended)
    return Exported(path=target, rows=rows, bytes=size, notes=patched.notes, parts=patched.parts, cells=cells)


async def _call(request: JsonObject, target: Path, deadline_s: float) -> tuple[object, int]:
    """Let a worker of its own write beside `target`, then give the file its name; return the answer and the file's size."""
    aside = await asyncio.to_thread(_aside, target)
    one = await Worker.start("export")
    try:
        async with asyncio.timeout(deadline_s):
            answer = await one.call({**request, "target": str(aside)})
        return answer, await asyncio.to_thread(_name, aside, target)
    except TimeoutError:
        raise QueryTimedOut(f"the export was stopped after {deadline_s:g} s.", fix="filter the rows.") from None
    finally:
        await one.kill()
        await asyncio.to_thread(_clear, aside)


def _aside(target: Path) -> Path:
    aside = target.absolute().with_name(f".{new_id('export')}.part")
    try:
        aside.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise TargetUnwritable(f"{target} cannot be written: {error.strerror}.", fix="choose another folder.") from None
    return aside


def _name(aside: Path, target: Path) -> int:
    try:
        aside.replace(target)
    except OSError as error:
        raise TargetUnwritable(f"{target} cannot be written: {error.strerror}.", fix="name a file.") from None
    return target.stat().st_size


def _clear(aside: Path) -> None:
    for left in (aside, aside.with_name(f"{aside.name}.body")):
        left.unlink(missing_ok=True)


def _heading(column: Column) -> Heading:
    return Heading(label=column.label or column.name, unit=column.unit)


def _taken(sql: str, columns: Mapping[str, Column]) -> set[str]:
    """Return the result columns that are a table's own: plain names and stars over tables, without any query in between."""
    root = sqlglot.parse_one(sql, read="duckdb")
    if not isinstance(root, exp.Select) or root.args.get("with_") or root.find(exp.Subquery):
        return set()
    if any(isinstance(one, exp.Star) or one.is_star for one in root.expressions):
        made = {one.alias for one in root.expressions if isinstance(one, exp.Alias)}
        return set(columns) - made
    return {one.name for one in root.expressions if isinstance(one, exp.Column)}
