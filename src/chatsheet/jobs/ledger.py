"""The ledger of a job's rows: which are open, who asks them, which are done; a result is written once. SQL and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Integer, RowMapping, bindparam, case, cast, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core import loose
from chatsheet.db import writing
from chatsheet.db.tables import job, job_row
from chatsheet.jobs import states
from chatsheet.jobs.model import SAMPLED, JobProblem, JobProgress, JobRow, RowFilter, RowNotFound, RowState

_SHOWN_ROWS = 100
_MOST_LOSSES = 4
"""So often a row may be lost with its worker: one that kills workers stops nothing."""
_UNSEEN = -1


_FINE = JobProblem()


@dataclass(frozen=True, slots=True)
class New:
    """An input and the rows that have it; `place` is where the first of them stands."""

    input_hash: str
    place: int
    inputs: tuple[str | None, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that a worker asks, under a token."""

    job_id: str
    input_hash: str
    token: int
    inputs: tuple[str | None, ...]
    tries: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a job to ask: whether rows may be taken now, and whether any is open or asked at all."""

    is_ready: bool
    is_any: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking: an answer, a failure, or a row that is open again."""

    taken: Taken
    state: RowState
    value: JsonValue = None
    confidence: float | None = None
    reason: str = ""
    problem: JobProblem = _FINE
    tries: int = 0
    wait_s: float = 0.0
    model: str = ""
    route: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A value and the rows that it goes into."""

    value: JsonValue
    rows: tuple[int, ...]


# counting


async def begin_count(connection: AsyncConnection, job_id: str) -> None:
    """Note that what is in the ledger was not seen yet by the count that begins."""
    await connection.execute(update(job_row).where(job_row.c.job_id == job_id).values(place=_UNSEEN))


async def add(
    connection: AsyncConnection, workspace_id: str, job_id: str, new: Sequence[New], *, run: int, at: datetime, is_sample: bool
) -> None:
    """Add inputs; of those that are known only the rows that have them change. Twice is as good as once."""
    hashes = [one.input_hash for one in new]
    found = select(job_row.c.input_hash, job_row.c.rows).where(job_row.c.job_id == job_id, job_row.c.input_hash.in_(hashes))
    known = {row.input_hash: tuple(row.rows) for row in await connection.execute(found)}
    fresh = [one for one in new if one.input_hash not in known]
    if fresh:
        adding = writing.insert(connection, job_row).on_conflict_do_nothing()
        shared = {"job_id": job_id, "workspace_id": workspace_id, "run": run, "is_sample": is_sample, "state": "open"}
        await connection.execute(
            adding,
            [
                {**shared, "input_hash": one.input_hash, "place": one.place, "inputs": list(one.inputs),
                 "rows": list(one.rows), "copies": len(one.rows), "not_before": at}
                for one in fresh
            ],
        )  # fmt: skip
    if known:
        moved = update(job_row).where(job_row.c.job_id == job_id, job_row.c.input_hash == bindparam("b_hash"))
        same = [{"b_hash": one.input_hash, "place": one.place} for one in new if known.get(one.input_hash) == one.rows]
        if same:
            await connection.execute(moved, same)
        others = [
            {"b_hash": one.input_hash, "place": one.place, "rows": list(one.rows), "copies": len(one.rows), "run": run}
            for one in new
            if one.input_hash in known and known[one.input_hash] != one.rows
        ]
        if others:
            await connection.execute(moved, others)


async def end_count(connection: AsyncConnection, job_id: str) -> None:
    """Drop inputs that no row has any more."""
    await connection.execute(delete(job_row).where(job_row.c.job_id == job_id, job_row.c.place == _UNSEEN))


# asking


async def in_flight(connection: AsyncConnection, jobs: Sequence[str]) -> dict[str, int]:
    """Return how many rows of jobs are asked now, by whichever worker."""
    asked = (job_row.c.job_id.in_(jobs)) & (job_row.c.state == "asked")
    found = select(job_row.c.job_id, func.count().label("n")).where(asked).group_by(job_row.c.job_id)
    return {row.job_id: row.n for row in await connection.execute(found)}


async def left(connection: AsyncConnection, job_id: str, *, is_draft: bool, now: datetime) -> Left:
    """Return what there is to ask of a job; of a draft, its sample."""
    some = _counted(job_id, is_draft=is_draft)
    ready = some & (job_row.c.state == "open") & (job_row.c.not_before <= now)
    if (await connection.execute(select(job_row.c.place).where(ready).limit(1))).first() is not None:
        return Left(is_ready=True, is_any=True)
    pending = some & job_row.c.state.in_(("open", "asked"))
    found = await connection.execute(select(job_row.c.place).where(pending).limit(1))
    return Left(is_ready=False, is_any=found.first() is not None)


async def waiting(connection: AsyncConnection) -> int:
    """Return how many inputs of jobs that were started are not answered yet, of all workspaces."""
    started = select(job.c.id).where(job.c.state.in_(states.ACTIVE))
    some = job_row.c.job_id.in_(started) & (job_row.c.place != _UNSEEN) & job_row.c.state.in_(("open", "asked"))
    return (await connection.execute(select(func.count()).where(some))).scalar_one()


def _counted(job_id: str, *, is_draft: bool) -> ColumnElement[bool]:
    """Return which rows may be asked: not those that a count has not come across again."""
    mine = (job_row.c.job_id == job_id) & (job_row.c.place != _UNSEEN)
    return mine & job_row.c.is_sample if is_draft else mine


async def take(
    connection: AsyncConnection, job_id: str, worker: str, *, most: int, is_draft: bool, now: datetime
) -> list[Taken]:
    """Give open rows to a worker, each under a new token, in the order of the sheet; of a draft, its sample."""
    which = _counted(job_id, is_draft=is_draft) & (job_row.c.state == "open") & (job_row.c.not_before <= now)
    columns = (job_row.c.input_hash, job_row.c.token, job_row.c.inputs, job_row.c.tries)
    found = (await connection.execute(select(*columns).where(which).order_by(job_row.c.place).limit(most))).all()
    if not found:
        return []
    hashes = [row.input_hash for row in found]
    given = update(job_row).where(job_row.c.job_id == job_id, job_row.c.input_hash.in_(hashes))
    await connection.execute(given.values(state="asked", owner=worker, token=job_row.c.token + 1))
    return [Taken(job_id, row.input_hash, row.token + 1, tuple(row.inputs), row.tries) for row in found]


async def put(connection: AsyncConnection, outcomes: Sequence[Outcome], worker: str, *, now: datetime) -> None:
    """Write outcomes of rows that the worker still has under their tokens; the others are somebody else's by now."""
    ours = (
        (job_row.c.job_id == bindparam("b_job"))
        & (job_row.c.input_hash == bindparam("b_hash"))
        & (job_row.c.token == bindparam("b_token"))
        & (job_row.c.owner == worker)
        & (job_row.c.state == "asked")
    )
    writes = [
        {
            "b_job": one.taken.job_id,
            "b_hash": one.taken.input_hash,
            "b_token": one.taken.token,
            "owner": "",
            "state": one.state,
            "value": one.value,
            "confidence": one.confidence,
            "reason": one.reason,
            "code": one.problem.code,
            "what": one.problem.what,
            "tries": one.tries,
            "not_before": now + timedelta(seconds=one.wait_s),
            "model": one.model,
            "route": one.route,
            "input_tokens": one.input_tokens,
            "output_tokens": one.output_tokens,
            "cost": one.cost,
            "milliseconds": one.milliseconds,
            "ended_at": now if one.state in {"done", "failed"} else None,
        }
        for one in outcomes
    ]
    if writes:
        await connection.execute(update(job_row).where(ours), writes)


async def reclaim(connection: AsyncConnection, jobs: Sequence[str], there: Sequence[str], *, now: datetime) -> None:
    """Open the rows of workers that are not there any more; one that was lost too often is given up."""
    lost = (job_row.c.job_id.in_(jobs)) & (job_row.c.state == "asked") & (job_row.c.owner.not_in(there))
    is_poison = job_row.c.losses + 1 >= _MOST_LOSSES
    given_up = {"state": "failed", "code": "job.worker_lost", "what": "the workers that asked it died.", "ended_at": now}
    await connection.execute(update(job_row).where(lost, is_poison).values(owner="", **given_up))
    await connection.execute(update(job_row).where(lost).values(state="open", owner="", losses=job_row.c.losses + 1))


# review and retries


async def move(connection: AsyncConnection, job_id: str, *, run: int, unwritten: int | None) -> None:
    """Make rows part of a run, which puts them into the sheet: open ones, and those of a run that could not be written."""
    moved = (job_row.c.state == "open") if unwritten is None else (job_row.c.state == "open") | (job_row.c.run == unwritten)
    await connection.execute(update(job_row).where(job_row.c.job_id == job_id, moved).values(run=run))


async def retry_failed(connection: AsyncConnection, job_id: str, *, run: int, now: datetime) -> int:
    """Open failed rows again, and return how many."""
    failed = (job_row.c.job_id == job_id) & (job_row.c.state == "failed")
    fresh = {"state": "open", "tries": 0, "losses": 0, "run": run, "not_before": now, "code": "", "what": "", "reviewed_by": ""}
    return (await connection.execute(update(job_row).where(failed).values(fresh))).rowcount


async def get(connection: AsyncConnection, job_id: str, input_hash: str) -> RowMapping:
    """Return a row; raises RowNotFound."""
    found = await connection.execute(select(job_row).where(job_row.c.job_id == job_id, job_row.c.input_hash == input_hash))
    if (row := found.mappings().one_or_none()) is None:
        raise RowNotFound(f"the job has no row {input_hash}.", fix="take the id from its list of rows.")
    return row


async def change(connection: AsyncConnection, job_id: str, input_hash: str, **values: object) -> None:
    """Set columns of a row."""
    mine = (job_row.c.job_id == job_id) & (job_row.c.input_hash == input_hash)
    await connection.execute(update(job_row).where(mine).values(values))


async def rows(
    connection: AsyncConnection,
    job_id: str,
    names: Sequence[str],
    which: RowFilter,
    *,
    below: float,
    after: int,
    most: int,
    whole: bool = False,
) -> list[tuple[int, JobRow]]:
    """Return rows behind a place, in the sheet's order, each with its place; `whole`: with all ids of those that have it."""
    wanted = (job_row.c.job_id == job_id) & (job_row.c.place > after) & _filtered(which, below)
    found = select(job_row).where(wanted).order_by(job_row.c.place).limit(most)
    return [(row["place"], shown(row, names, whole=whole)) for row in (await connection.execute(found)).mappings()]


async def sample(connection: AsyncConnection, job_id: str, names: Sequence[str]) -> list[JobRow]:
    """Return the sampled rows, in the sheet's order."""
    wanted = (job_row.c.job_id == job_id) & job_row.c.is_sample
    found = select(job_row).where(wanted).order_by(job_row.c.place).limit(SAMPLED)
    return [shown(row, names) for row in (await connection.execute(found)).mappings()]


async def answers(connection: AsyncConnection, job_id: str, *, run: int | None) -> list[Answer]:
    """Return what was answered, or in one run only, with the rows that it goes into."""
    mine = (job_row.c.job_id == job_id) & (job_row.c.state == "done")
    which = mine if run is None else mine & (job_row.c.run == run)
    found = await connection.execute(select(job_row.c.value, job_row.c.rows).where(which).order_by(job_row.c.place))
    return [Answer(row.value, tuple(row.rows)) for row in found]


async def sources(connection: AsyncConnection, job_id: str) -> list[tuple[str, str]]:
    """Return the models and routes that answered."""
    mine = (job_row.c.job_id == job_id) & (job_row.c.state == "done") & (job_row.c.model != "")
    found = await connection.execute(select(job_row.c.model, job_row.c.route).where(mine).distinct())
    return sorted((row.model, row.route) for row in found)


async def tally(connection: AsyncConnection, job_id: str, *, below: float, now: datetime) -> JobProgress:
    """Return where a job stands, counted from its rows; without an estimate of its end."""

    def summed(column: ColumnElement[int] | int, when: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((when, column), else_=0)), 0)

    is_done, is_failed = job_row.c.state == "done", job_row.c.state == "failed"
    is_recent = (is_done | is_failed) & (job_row.c.ended_at >= now - timedelta(minutes=1))
    is_unpriced = is_done & job_row.c.cost.is_(None) & (job_row.c.model != "")
    counted = select(
        func.count().label("inputs"),
        func.coalesce(func.sum(job_row.c.copies), 0).label("rows"),
        summed(1, is_done).label("done_inputs"),
        summed(job_row.c.copies, is_done).label("done_rows"),
        summed(1, is_failed).label("failed_inputs"),
        summed(job_row.c.copies, is_failed).label("failed_rows"),
        summed(1, job_row.c.state == "asked").label("asked_inputs"),
        summed(1, _filtered("review", below)).label("review_inputs"),
        summed(job_row.c.copies, is_recent).label("recent"),
        summed(1, is_recent).label("recent_inputs"),
        func.min(case((is_recent, job_row.c.ended_at))).label("since"),
        cast(func.coalesce(func.sum(job_row.c.input_tokens + job_row.c.output_tokens), 0), Integer).label("tokens"),
        func.coalesce(func.sum(job_row.c.cost), 0).label("cost"),
        summed(1, is_unpriced).label("unpriced"),
    ).where(job_row.c.job_id == job_id)
    row = (await connection.execute(counted)).mappings().one()
    fields = {name: int(row[name]) for name in _COUNTED}
    minutes = max((now - row["since"]).total_seconds() / 60, 1 / 60) if row["since"] is not None else 1.0
    open_inputs = fields["inputs"] - fields["done_inputs"] - fields["failed_inputs"]
    per_minute = int(row["recent_inputs"]) / minutes
    return JobProgress(
        **fields,
        per_minute=round(int(row["recent"]) / minutes, 1),
        eta_s=round(60 * open_inputs / per_minute, 1) if per_minute else None,
        cost=None if int(row["unpriced"]) else float(row["cost"]),
    )


_COUNTED = (
    "rows", "inputs", "done_rows", "done_inputs", "failed_rows", "failed_inputs", "asked_inputs", "review_inputs", "tokens",
)  # fmt: skip


def shown(row: RowMapping, names: Sequence[str], *, whole: bool = False) -> JobRow:
    """Return a row as people see it: with the first ids of those that have it, or all."""
    inputs: Mapping[str, str] = {name: loose.text(text) for name, text in zip(names, row["inputs"], strict=False)}
    return JobRow(
        id=row["input_hash"],
        rows=tuple(row["rows"] if whole else row["rows"][:_SHOWN_ROWS]),
        copies=row["copies"],
        inputs=dict(inputs),
        state=row["state"],
        value=row["value"],
        confidence=row["confidence"],
        reason=row["reason"],
        failure=JobProblem(code=row["code"], what=row["what"]),
        tries=row["tries"],
        is_reviewed=bool(row["reviewed_by"]),
        model=row["model"],
        route=row["route"],
        tokens=row["input_tokens"] + row["output_tokens"],
        cost=row["cost"],
        milliseconds=row["milliseconds"],
    )


def _filtered(which: RowFilter, below: float) -> ColumnElement[bool]:
    is_unsure = (job_row.c.state == "done") & (job_row.c.confidence < below)
    match which:
        case "all":
            return job_row.c.place >= 0
        case "failed" | "done":
            return job_row.c.state == which
        case "low_confidence":
            return is_unsure
        case "review":
            return (is_unsure | (job_row.c.state == "failed")) & (job_row.c.reviewed_by == "")
