"""What jobs need besides answers: their rows counted before, and what was answered put into the sheet after. May run twice."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError, Unavailable
from chatsheet.db.engine import Database, tell
from chatsheet.jobs import counting, ledger, settling, states, store
from chatsheet.jobs.model import JobProblem, JobProgress
from chatsheet.jobs.store import Known
from chatsheet.sheets.library import HeadMoved, Library

_NONE = JobProblem()
_PASSING = (Unavailable, HeadMoved)
"""What another try mends."""


@dataclass(frozen=True, slots=True)
class Means:
    """What chores are done with, and by which worker."""

    database: Database
    access: Access
    library: Library
    clock: Clock
    worker: str


async def count(means: Means, known: Known) -> None:
    """Put all inputs of a job into its ledger, a few from all over the sheet first."""
    if (taken := await _take(means, known)) is None:
        return
    known, job, now = taken, taken.job, means.clock.now()
    try:
        actor = await means.access.behind(known.actor, job.sheet_id, Action.EDIT)
        questions = means.library.questions(await means.library.at(actor, job.sheet_id, job.version))
        async with means.database.unit() as connection:
            if not await store.holds(connection, job.id, means.worker):
                return
            if job.is_counted or job.state in states.ENDED:  # another worker was first, or people were
                await store.change(connection, job.id, owner="")
                return
            await ledger.begin_count(connection, job.id)
        if job.run == 1 and not await _add(means, known, await counting.sample(questions, job.asked), is_sample=True):
            return
        async for page in counting.pages(questions, job.asked):
            if not await _add(means, known, page, is_sample=False):
                return
        async with means.database.unit() as connection:
            if await store.holds(connection, job.id, means.worker):
                await ledger.end_count(connection, job.id)
                await store.change(connection, job.id, is_counted=True, owner="")
    except _PASSING:
        raise
    except ChatSheetError as error:
        problem = JobProblem(code=error.code, what=error.what)
        async with means.database.unit() as connection:
            seen = await store.get(connection, known.actor, job.id)
            if not isinstance(error, Denied):
                await store.step(connection, seen, "fail", at=now, problem=problem)
                await store.change(connection, job.id, is_settled=True, owner="")
            elif seen.job.state in states.ACTIVE:
                await pause(means, connection, seen, problem)
            else:  # a draft waits for its user
                await store.change(connection, job.id, owner="")


async def _add(means: Means, known: Known, page: list[ledger.New], *, is_sample: bool) -> bool:
    """Add a page where the job is still ours to count, and tell whether it is."""
    job = known.job
    async with means.database.unit() as connection:
        if not await store.holds(connection, job.id, means.worker):
            return False
        await ledger.add(connection, known.workspace_id, job.id, page, run=job.run, at=means.clock.now(), is_sample=is_sample)
    return True


async def settle(means: Means, known: Known) -> None:
    """Put what a job answered into its sheet, once nothing of it is asked any more, and end it; a draft only rests."""
    async with means.database.unit() as connection:
        if (await ledger.in_flight(connection, [known.job.id])).get(known.job.id):
            return
    if (taken := await _as_seen(means, known)) is None:
        return
    known, job = taken, taken.job
    problem, settled, is_denied = _NONE, None, False
    if job.started_at is not None:
        try:
            settled = await _settled(means, known)
        except _PASSING:
            raise
        except ChatSheetError as error:
            problem, is_denied = JobProblem(code=error.code, what=error.what), isinstance(error, Denied)
    async with means.database.unit() as connection:
        if not await store.holds(connection, job.id, means.worker):
            return
        now = await store.get(connection, known.actor, job.id)
        left = await ledger.left(connection, job.id, is_draft=now.job.state == "draft", now=means.clock.now())
        has_moved = (now.job.state, now.job.run) != (job.state, job.run)  # it was told something meanwhile
        if has_moved or (left.is_any and job.state not in states.ENDED):
            await store.change(connection, job.id, owner="")
            return
        tally = await ledger.tally(connection, job.id, below=job.asked.review_below, now=means.clock.now())
        if now.job.state == "queued":  # its sample was all there was to ask
            await store.step(connection, now, "begin", at=means.clock.now())
            now = await store.get(connection, known.actor, job.id)
        if now.job.state == "running" and is_denied:
            await pause(means, connection, now, problem)
            return
        await _end(means, connection, now, tally, problem)
        if settled is not None:
            await store.change(connection, job.id, result_version=settled.version, column_name=settled.column)
        await store.change(connection, job.id, is_settled=True, owner="")


async def pause(means: Means, connection: AsyncConnection, now: Known, problem: JobProblem) -> None:
    """Pause a job whose user may not go on; somebody else may."""
    await store.step(connection, now, "pause", at=means.clock.now(), problem=problem)
    await store.change(connection, now.job.id, owner="")
    tell(connection, Act.of(now.actor, "job.pause", now.job.sheet_id, {"job": now.job.id, "code": problem.code}))


async def _end(means: Means, connection: AsyncConnection, now: Known, tally: JobProgress, problem: JobProblem) -> None:
    """End a job that runs, and note what was wrong with its settlement."""
    job = now.job
    if job.state == "running":
        verb = "fail" if problem.code else states.ending(done=tally.done_inputs, failed=tally.failed_inputs)
        after = await store.step(connection, now, verb, at=means.clock.now(), problem=problem)
        said = {"job": job.id, "state": after, "done": tally.done_inputs, "failed": tally.failed_inputs}
        tell(connection, Act.of(now.actor, "job.end", job.sheet_id, said))
    elif problem.code:
        await store.change(connection, job.id, code=problem.code, what=problem.what)


async def _as_seen(means: Means, seen: Known) -> Known | None:
    """Take a job to settle it; None where another worker has it, or it was told something since it was seen."""
    taken = await _take(means, seen)
    if taken is not None and (taken.job.is_settled or (taken.job.state, taken.job.run) != (seen.job.state, seen.job.run)):
        async with means.database.unit() as connection:
            await store.change(connection, taken.job.id, owner="")
        return None
    return taken


async def _settled(means: Means, known: Known) -> settling.Settled | None:
    job = known.job
    actor = await means.access.behind(known.actor, job.sheet_id, Action.EDIT)
    async with means.database.unit() as connection:
        everything = await ledger.answers(connection, job.id, run=None)
        news = await ledger.answers(connection, job.id, run=job.run)
        sources = await ledger.sources(connection, job.id)
    return await settling.settle(means.library, actor, job, everything, news, why=settling.reason(job, sources))


async def _take(means: Means, known: Known) -> Known | None:
    """Take a job, and return it as it stands now; None where another worker has it."""
    async with means.database.unit() as connection:
        if not await store.take(connection, known.job.id, means.worker, now=means.clock.now()):
            return None
        return await store.get(connection, known.actor, known.job.id)
