"""A bulk edit: planned as one fill of a column, seen before it is made, made as one version, once for each run."""

import itertools
import logging
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.core import loose
from chatsheet.core.identity import Actor
from chatsheet.jobs.model import SAMPLED, BulkEdit, Job, JobRow, Measured, OrderInvalid
from chatsheet.jobs.settling import Settled, mark
from chatsheet.sheets import edits
from chatsheet.sheets.edits import CellChange, Change, Fill
from chatsheet.sheets.library import EditConflict, EditRepeated, Library, Move

log = logging.getLogger(__name__)
_MOST_TRIES = 3


async def draft(library: Library, actor: Actor, sheet_id: str, order: BulkEdit) -> tuple[str, Measured]:
    """Return the head's version and what the edit would do to it; raises OrderInvalid and what editing raises."""
    fill = planned(order)
    preview = await library.preview(actor, sheet_id, [fill])
    opened = await library.at(actor, sheet_id, preview.version)
    column = edits.column_of(edits.table_of(opened.workbook, order.table), order.column)
    rows = written(preview.changes)
    if not rows:
        raise OrderInvalid("no cell would change.", fix="correct the expression or the condition.")
    return preview.version, Measured(rows=rows, sample=sample(preview.changes, column.label or column.name))


async def run(library: Library, actor: Actor, job: Job, order: BulkEdit) -> tuple[Settled | None, int]:
    """Make the edit on the sheet as it is now, and return its version with the cells that it changed.

    None where it changed nothing. Once for each run, whoever does it again. Raises the errors of the library.
    """
    for left in reversed(range(_MOST_TRIES)):
        opened = await library.open(actor, job.sheet_id)
        moves = await library.history(actor, job.sheet_id)
        if (made := before(job, moves)) is not None:
            return made
        now = followed(order, job.version, moves)
        reason = f"{mark(job)}: {now.column} = {now.expression}" + (f" where {now.where}" if now.where else "")
        try:
            done = await library.edit(
                actor, job.sheet_id, [planned(now)], expected_version=opened.sheet.version, reason=reason, is_once=True
            )
        except (EditRepeated, EditConflict):
            if not left:
                raise
            log.info("job %s: the sheet changed while it was edited", job.id)
            continue
        version = done.opened.sheet.version
        return (None if version == opened.sheet.version else Settled(version, now.column)), written(done.changes)
    raise AssertionError("the last try returns or raises")


def before(job: Job, moves: Sequence[Move]) -> tuple[Settled, int] | None:
    """Return what this run made before; the job may not know of it, where its worker died just then."""
    made = next((move for move in moves if move.reason.startswith(f"{mark(job)}:")), None)
    if made is None:
        return None
    filled = next(change for change in made.changes if change.kind == "fill")
    return Settled(made.to_version, filled.columns[0]), written(made.changes)


# pure


def planned(order: BulkEdit) -> Fill:
    """Return the edit that an order stands for; raises OrderInvalid for a formula, which is no plain value."""
    if order.expression.lstrip().startswith("="):
        raise OrderInvalid(
            f"{order.expression!r} is a formula: a bulk edit writes plain values.", fix="give an SQL expression over columns."
        )
    return Fill(table=order.table, column=order.column, expression=order.expression, where=order.where)


def written(changes: Sequence[Change]) -> int:
    """Return how many cells the edit itself changes, without those that formulas change after it."""
    return sum(change.cells for change in changes if change.kind == "fill")


def sample(changes: Sequence[Change], label: str) -> tuple[JobRow, ...]:
    """Return a few of the cells that are known, from all over them, as they are before and after."""
    cells = [cell for change in changes if change.kind == "fill" for cell in change.sample]
    places = sorted({number * max(len(cells) - 1, 0) // (SAMPLED - 1) for number in range(SAMPLED)}) if cells else []
    return tuple(_row(cells[place], label) for place in places)


def _row(cell: CellChange, label: str) -> JobRow:
    said = "" if cell.before is None else cell.before if isinstance(cell.before, str) else loose.dumps(cell.before)
    return JobRow(id=str(cell.row), rows=(cell.row,), copies=1, inputs={label: said}, state="done", value=cell.after)


def followed(order: BulkEdit, version: str, moves: Sequence[Move]) -> BulkEdit:
    """Return the order by the names that columns have now; `moves` are the sheet's, newest first."""
    since = itertools.takewhile(lambda move: move.to_version != version, moves)
    for move in reversed(list(since)):
        for change in move.changes:
            if change.kind == "rename_column" and change.table == order.table:
                was, name = reversed(change.columns) if move.kind == "undo" else change.columns
                order = order.model_copy(
                    update={
                        "column": name if order.column == was else order.column,
                        "expression": _renamed(order.expression, was, name),
                        "where": _renamed(order.where, was, name),
                    }
                )
    return order


def _renamed(sql: str, was: str, name: str) -> str:
    """Return an expression with a column called otherwise; as it was written where it does not name that column."""
    try:
        root = sqlglot.parse_one(sql, read="duckdb") if sql else None
    except SqlglotError:
        return sql
    named = [one for one in root.find_all(exp.Column) if one.name.casefold() == was.casefold()] if root else []
    for one in named:
        one.set("this", exp.to_identifier(name, quoted=True))
    return root.sql(dialect="duckdb") if root is not None and named else sql
