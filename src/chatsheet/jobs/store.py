"""Jobs as rows of the database, and who works on them: the SQL and nothing else. The rows of a job: ledger.py."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core import loose
from chatsheet.core.identity import Actor
from chatsheet.db import writing
from chatsheet.db.tables import job, job_row, job_worker, route_minute, turn_lease
from chatsheet.jobs import states
from chatsheet.jobs.model import KINDS, ORDERS, Job, JobNotFound, JobProblem, Measured
from chatsheet.jobs.pace import Minute
from chatsheet.jobs.states import State, Verb

LEASE = timedelta(seconds=8)
"""How long a worker may say nothing before what it holds is anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A job as workers need it: the job, its workspace, and on whose behalf it runs."""

    job: Job
    workspace_id: str
    run_by: str
    owner: str
    measured: Measured | None = None
    """What a job without a ledger says of itself."""

    @property
    def actor(self) -> Actor:
        """Who asked for it, not looked up yet."""
        return Actor(self.workspace_id, self.run_by)


async def add(
    connection: AsyncConnection, actor: Actor, new: Job, *, mark: str | None, measured: Measured | None = None
) -> None:
    """Insert a draft; `mark` is what a second one like it would have too."""
    await connection.execute(
        insert(job).values(
            id=new.id,
            workspace_id=actor.workspace_id,
            sheet_id=new.sheet_id,
            kind=new.order.kind,
            mark=mark,
            state=new.state,
            body=new.order.model_dump(mode="json", exclude={"kind"}),
            priority=new.priority,
            run=new.run,
            version=new.version,
            is_counted=new.is_counted,
            is_settled=new.is_settled,
            formula=new.formula,
            measured=None if measured is None else measured.model_dump(mode="json"),
            created_by=actor.user_id,
            created_at=new.created_at,
            run_by=actor.user_id,
        )
    )


async def get(connection: AsyncConnection, actor: Actor, job_id: str) -> Known:
    """Return a job of the actor's workspace; raises JobNotFound."""
    found = await connection.execute(select(job).where(_mine(actor), job.c.id == job_id, job.c.kind.in_(KINDS)))
    if (row := found.mappings().one_or_none()) is None:
        raise JobNotFound(f"there is no job {job_id}.", fix="list the jobs of the sheet.")
    return _known(row)


async def marked(connection: AsyncConnection, actor: Actor, mark: str) -> str | None:
    """Return the job with a mark, if there is one."""
    return (await connection.execute(select(job.c.id).where(_mine(actor), job.c.mark == mark))).scalar_one_or_none()


async def listing(connection: AsyncConnection, actor: Actor, sheet_id: str, *, most: int) -> list[Known]:
    """Return a sheet's jobs, newest first; of all sheets of the workspace where none is named."""
    which = [job.c.kind.in_(KINDS), *([job.c.sheet_id == sheet_id] if sheet_id else [])]
    found = select(job).where(_mine(actor), *which).order_by(job.c.created_at.desc(), job.c.id.desc()).limit(most)
    return [_known(row) for row in (await connection.execute(found)).mappings()]


async def step(
    connection: AsyncConnection, known: Known, verb: Verb, *, at: datetime, problem: JobProblem | None = None
) -> State | None:
    """Take a job a step further where it still stands where it was read; None where it has moved. Raises JobNotSo."""
    after = states.step(known.job.state, verb)
    problem = problem or JobProblem()
    values: dict[str, object] = {"state": after, "code": problem.code, "what": problem.what}
    if verb == "start":
        values["started_at"] = at
    if after in states.ENDED:
        values["ended_at"] = at
    here = (job.c.id == known.job.id) & (job.c.state == known.job.state)
    return after if (await connection.execute(update(job).where(here).values(values))).rowcount else None


async def change(connection: AsyncConnection, job_id: str, **values: object) -> None:
    """Set columns of a job."""
    await connection.execute(update(job).where(job.c.id == job_id).values(values))


async def open_jobs(connection: AsyncConnection) -> list[Known]:
    """Return the jobs of all workspaces that a worker may have something to do for."""
    wanted = or_(job.c.state.in_(states.ACTIVE), job.c.state.in_(("draft", *states.ENDED)) & job.c.is_settled.is_(False))
    known = select(job).where(wanted, job.c.kind.in_(KINDS)).order_by(job.c.id)
    return [_known(row) for row in (await connection.execute(known)).mappings()]


async def standing(connection: AsyncConnection, jobs: Collection[str]) -> dict[str, State]:
    """Return the states of jobs; those that are gone are left out."""
    found = select(job.c.id, job.c.state).where(job.c.id.in_(jobs))
    return {row.id: row.state for row in await connection.execute(found)}


# workers


async def beat(connection: AsyncConnection, worker: str, *, at_once: int, now: datetime) -> None:
    """Say that a worker is there."""
    said = {"until": now + LEASE, "at_once": at_once}
    adding = writing.insert(connection, job_worker).values(id=worker, **said)
    await connection.execute(adding.on_conflict_do_update(index_elements=[job_worker.c.id], set_=said))


async def leave(connection: AsyncConnection, worker: str, *, now: datetime) -> None:
    """Say that a worker is gone, and let go of jobs that it counted or settled."""
    await connection.execute(delete(job_worker).where((job_worker.c.id == worker) | (job_worker.c.until < now - LEASE)))
    await connection.execute(update(job).where(job.c.owner == worker).values(owner=""))


async def workers(connection: AsyncConnection, *, now: datetime) -> dict[str, int]:
    """Return the workers that are there, and how many calls each makes at once."""
    found = select(job_worker.c.id, job_worker.c.at_once).where(job_worker.c.until >= now)
    return {row.id: row.at_once for row in await connection.execute(found)}


async def take(connection: AsyncConnection, job_id: str, worker: str, *, now: datetime) -> bool:
    """Take a job to count or settle it, where no other worker that is there has it; tell whether it is ours."""
    there = select(job_worker.c.id).where(job_worker.c.until >= now, job_worker.c.id != worker)
    free = (job.c.id == job_id) & (job.c.owner.not_in(there))
    return bool((await connection.execute(update(job).where(free).values(owner=worker))).rowcount)


async def holds(connection: AsyncConnection, job_id: str, worker: str) -> bool:
    """Tell whether a worker still has a job, and keep it from others until this transaction ends."""
    ours = (job.c.id == job_id) & (job.c.owner == worker)
    return bool((await connection.execute(update(job).where(ours).values(owner=worker))).rowcount)


# the pace


async def minute(connection: AsyncConnection, route: str, *, now_s: float) -> Minute:
    """Return the last minute of a route."""
    found = await connection.execute(select(route_minute.c.body).where(route_minute.c.route == route))
    body = loose.obj(found.scalar_one_or_none())
    spent = tuple(
        (loose.number(loose.array(one)[0]), loose.number(loose.array(one)[1])) for one in loose.array(body.get("spent"))
    )
    return Minute(loose.number(body.get("limit")), loose.number(body.get("remaining")), spent).at(now_s)


async def keep_minute(connection: AsyncConnection, route: str, kept: Minute) -> None:
    """Keep the last minute of a route, in place of the one that there was."""
    adding = writing.insert(connection, route_minute).values(route=route, body=asdict(kept))
    await connection.execute(
        adding.on_conflict_do_update(index_elements=[route_minute.c.route], set_={"body": adding.excluded.body})
    )


async def chats(connection: AsyncConnection, *, now: datetime) -> int:
    """Return how many questions of chats are being answered, in whichever process."""
    return (await connection.execute(select(func.count()).where(turn_lease.c.until >= now))).scalar_one()


async def forget_rows(connection: AsyncConnection, job_id: str) -> None:
    """Drop the ledger of a job that was never started."""
    await connection.execute(delete(job_row).where(job_row.c.job_id == job_id))


def _mine(actor: Actor) -> ColumnElement[bool]:
    return job.c.workspace_id == actor.workspace_id


def _known(row: RowMapping) -> Known:
    return Known(
        job=Job(
            id=row["id"],
            sheet_id=row["sheet_id"],
            state=row["state"],
            order=ORDERS.validate_python({**row["body"], "kind": row["kind"]}, strict=False),
            priority=row["priority"],
            run=row["run"],
            version=row["version"],
            result_version=row["result_version"],
            column=row["column_name"],
            formula=row["formula"],
            is_counted=row["is_counted"],
            is_settled=row["is_settled"],
            problem=JobProblem(code=row["code"], what=row["what"]),
            created_by=row["created_by"],
            created_at=row["created_at"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
        ),
        workspace_id=row["workspace_id"],
        run_by=row["run_by"],
        owner=row["owner"],
        measured=None if row["measured"] is None else Measured.model_validate(row["measured"], strict=False),
    )
