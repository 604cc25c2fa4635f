"""What a job answered becomes one version of its sheet: plain values, one undo, and a reason that says where they are from."""

import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.identity import Actor
from chatsheet.jobs import asking
from chatsheet.jobs.ledger import Answer
from chatsheet.jobs.model import Job
from chatsheet.sheets import edits
from chatsheet.sheets.edits import MOST_CELLS, AddColumn, CellValue, Edit, EditRefused, SetCells
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.library import EditConflict, EditRepeated, Library, Move, OpenSheet
from chatsheet.sheets.model import ROW_ID, Table
from chatsheet.sheets.query import Limits

log = logging.getLogger(__name__)
_MOST_TRIES = 3
_ALL = Limits(deadline_s=60, max_rows=50_000_000, max_bytes=2**30, wait_s=60)


@dataclass(frozen=True, slots=True)
class Settled:
    """The version that holds a job's answers, and the column that they are in."""

    version: str
    column: str


def reason(job: Job, sources: Sequence[tuple[str, str]]) -> str:
    """Return where values are from: job and run, column, model and route, and the prompt's hash."""
    by = ", ".join(f"{model} over {route}" for model, route in sources) or "a person"
    return f"{mark(job)}: {job.asked.label} by {by}, prompt {asking.prompt_hash(job.asked)}"


def mark(job: Job) -> str:
    """Return how the reason of the version begins that a run of a job makes; no other version's reason does."""
    return f"{job.id} run {job.run}"


def column_at(job: Job, table: Table, moves: Sequence[Move]) -> str:
    """Return the column of a table that the job filled before, by its name of today, or nothing where it is gone.

    `moves` are the sheet's, newest first.
    """
    name = job.column
    since = itertools.takewhile(lambda move: not move.reason.startswith(f"{job.id} run "), moves)
    for move in reversed(list(since)):
        for change in move.changes:
            if change.kind == "rename_column" and change.table == table.id:
                before, after = reversed(change.columns) if move.kind == "undo" else change.columns
                name = after if name == before else name
    found = next((one for one in table.columns if one.name == name), None)
    return found.name if found is not None and found.type == job.asked.output else ""


async def settle(
    library: Library, actor: Actor, job: Job, everything: Sequence[Answer], news: Sequence[Answer], *, why: str
) -> Settled | None:
    """Write answers into the sheet: all of them into a new column, or the news into the one that is there.

    None where there is nothing to write. Once for each run, whoever does it again. Raises the errors of the library.
    """
    for left in reversed(range(_MOST_TRIES)):
        opened = await library.open(actor, job.sheet_id)
        moves = await library.history(actor, job.sheet_id)
        if (before := _before(job, moves)) is not None:
            return before
        table = edits.table_of(opened.workbook, job.asked.table)
        known = column_at(job, table, moves)
        answers = news if known else everything
        if not answers:
            return None
        column = known or edits.named(table, job.asked.label)
        there = await present(library, opened, table.id)
        added: list[Edit] = [] if known else [AddColumn(table=table.id, label=job.asked.label, type=job.asked.output)]
        made = [*added, *cells(table.id, column, answers, there, keeps_empty=bool(known))]
        if not made:
            return None
        try:
            done = await library.edit(
                actor, job.sheet_id, made, expected_version=opened.sheet.version, reason=why, is_once=True
            )
        except (EditRepeated, EditRefused, EditConflict):  # rows or the column were taken away, or added, in this moment
            if not left:
                raise
            log.info("job %s: the sheet changed while its results were written", job.id)
            continue
        return Settled(done.opened.sheet.version, column)
    raise AssertionError("the last try returns or raises")


def _before(job: Job, moves: Iterable[Move]) -> Settled | None:
    """Return what this run made before; the job may not know of it, where a worker died in between."""
    made = next((move for move in moves if move.reason.startswith(f"{mark(job)}:")), None)
    if made is None:
        return None
    added = (change.columns[-1] for change in made.changes if change.kind == "add_column")
    return Settled(made.to_version, next(added, job.column))


async def present(library: Library, opened: OpenSheet, table: str) -> set[int]:
    """Return the ids of the rows that are there: those that were deleted since are passed over."""
    questions = library.questions(opened)
    found = await questions.engine.run(
        await questions.located(),
        GuardedSql(f'SELECT {ROW_ID} FROM "{table}"', (table,), None),  # noqa: S608  our own name
        _ALL,
    )
    return {loose.number(row) for (row,) in found.rows}


def cells(table: str, column: str, answers: Iterable[Answer], there: set[int], *, keeps_empty: bool) -> Iterable[SetCells]:
    """Yield edits of as many cells as one may have, for the rows that are there."""
    values: Iterable[tuple[int, JsonValue]] = (
        (row, answer.value)
        for answer in answers
        if keeps_empty or answer.value is not None
        for row in answer.rows
        if row in there
    )
    single = (CellValue(row=row, column=column, value=value) for row, value in values)
    while page := tuple(itertools.islice(single, MOST_CELLS)):
        yield SetCells(table=table, cells=page)
