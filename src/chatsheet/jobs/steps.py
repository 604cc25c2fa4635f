"""Jobs that ask no model, done by a worker that has taken them: each as one piece of work that may be begun again.

Whoever pauses or cancels a job ends the work in hand. What was written in that very moment is found in the sheet's history, so
that it is done once; what was not leaves nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.policy import Action, Denied
from chatsheet.core.acts import Act
from chatsheet.core.errors import ChatSheetError, Unavailable
from chatsheet.core.tasks import Tasks, to_the_end
from chatsheet.db.engine import tell
from chatsheet.jobs import bulk, chores, exporting, states, store
from chatsheet.jobs.chores import Means
from chatsheet.jobs.files import Files
from chatsheet.jobs.model import AiColumn, BulkEdit, Export, Job, JobProblem, Measured
from chatsheet.jobs.store import Known
from chatsheet.sheets.library import HeadMoved

log = logging.getLogger(__name__)
_AT_ONCE = 2
"""A piece of work has a process of its own, which takes memory."""
_AGAIN_S = 1.0
_PASSING = (Unavailable, HeadMoved)
"""What another try mends."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What a piece of work came to."""

    measured: Measured
    version: str = ""
    column: str = ""


@dataclass(slots=True)
class Steps:
    """The work in hand of one worker."""

    means: Means
    files: Files
    _tasks: Tasks = field(default_factory=Tasks)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    _ending: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    def look(self, jobs: Sequence[Known], *, may_begin: bool) -> None:
        """Stop what is not to go on, and begin what waits."""
        active = {known.job.id for known in jobs if known.job.state in states.ACTIVE}
        for job_id, task in self._running.items():
            if job_id not in active:
                task.cancel()
        for known in jobs:
            job = known.job
            if not may_begin or isinstance(job.order, AiColumn) or job.id in self._running or job.id in self._ending:
                continue
            if job.state in states.ENDED:
                self._ending[job.id] = self._tasks.spawn(self._kept(known, self._ending), name=f"end {job.id}")
            elif job.state in states.ACTIVE and len(self._running) < _AT_ONCE:
                self._running[job.id] = self._tasks.spawn(self._kept(known, self._running), name=f"do {job.id}")

    async def close(self, *, within_s: float) -> None:
        """Let what runs come to its end for a while; what does not is begun again by another worker."""
        if running := {*self._running.values(), *self._ending.values()}:
            await asyncio.wait(running, timeout=within_s)
        await self._tasks.close()

    async def _kept(self, known: Known, among: dict[str, asyncio.Task[None]]) -> None:
        try:
            await (self._end(known) if among is self._ending else self._do(known))
        except (SQLAlchemyError, *_PASSING) as error:
            log.warning("job %s: %s", known.job.id, error.what if isinstance(error, ChatSheetError) else type(error).__name__)
            await asyncio.sleep(_AGAIN_S)
        except Exception:  # boundary: what breaks is tried again, and other jobs go on
            log.exception("job %s broke", known.job.id)
            await asyncio.sleep(_AGAIN_S)
        finally:
            among.pop(known.job.id, None)

    async def _do(self, seen: Known) -> None:
        """Do a job under this worker's hold, and end it."""
        if (known := await self._begun(seen)) is None:
            return
        try:
            try:
                done = await self._work(known)
            except _PASSING:
                raise
            except Denied as error:
                await self._paused(known, error)
            except ChatSheetError as error:
                await self._ended(known, None, JobProblem(code=error.code, what=error.what))
            else:
                await self._ended(known, done, JobProblem())
        except asyncio.CancelledError:
            await to_the_end(self._released(known))
            raise

    async def _begun(self, seen: Known) -> Known | None:
        """Take a job and let it run; None where another worker has it, or it was told something since it was seen."""
        means, job_id = self.means, seen.job.id
        async with means.database.unit() as connection:
            if not await store.take(connection, job_id, means.worker, now=means.clock.now()):
                return None
            known = await store.get(connection, seen.actor, job_id)
            if known.job.state == "queued":
                await store.step(connection, known, "begin", at=means.clock.now())
                known = await store.get(connection, seen.actor, job_id)
            if known.job.state != "running":
                await store.change(connection, job_id, owner="")
                return None
            return known

    async def _work(self, known: Known) -> _Done:
        means, job, measured = self.means, known.job, known.measured or Measured()
        actor = await means.access.behind(known.actor, job.sheet_id, Action.EDIT)
        match job.order:
            case BulkEdit():
                settled, cells = await bulk.run(means.library, actor, job, job.order)
                measured = measured.model_copy(update={"rows": cells, "done": cells})
                return _Done(measured, *(("", "") if settled is None else (settled.version, settled.column)))
            case Export():
                file = await exporting.run(means.library, self.files, actor, job, job.order)
                return _Done(measured.model_copy(update={"rows": file.rows, "done": file.rows, "file": file}))
            case AiColumn():
                raise AssertionError("rows of these are asked one by one")

    async def _ended(self, known: Known, done: _Done | None, problem: JobProblem) -> None:
        """Note what came of a job; one that was told something meanwhile comes by again."""
        means, job = self.means, known.job
        async with means.database.unit() as connection:
            if not await store.holds(connection, job.id, means.worker):
                return
            now = await store.get(connection, known.actor, job.id)
            if (now.job.state, now.job.run) == ("running", job.run):
                verb = "complete" if done is not None else "fail"
                after = await store.step(connection, now, verb, at=means.clock.now(), problem=problem)
                rows = done.measured.done if done is not None else 0
                tell(connection, Act.of(now.actor, "job.end", job.sheet_id, {"job": job.id, "state": after, "done": rows}))
                await self._noted(connection, job, done)
            await store.change(connection, job.id, owner="")

    async def _noted(self, connection: AsyncConnection, job: Job, done: _Done | None) -> None:
        values: dict[str, object] = {"is_settled": True}
        if done is not None:
            values["measured"] = done.measured.model_dump(mode="json")
            values |= {"result_version": done.version, "column_name": done.column}
        await store.change(connection, job.id, **values)

    async def _paused(self, known: Known, error: Denied) -> None:
        """Pause a job whose user may not go on; somebody else may."""
        async with self.means.database.unit() as connection:
            if await store.holds(connection, known.job.id, self.means.worker):
                now = await store.get(connection, known.actor, known.job.id)
                if now.job.state in states.ACTIVE:
                    await chores.pause(self.means, connection, now, JobProblem(code=error.code, what=error.what))

    async def _released(self, known: Known) -> None:
        async with self.means.database.unit() as connection:
            if await store.holds(connection, known.job.id, self.means.worker):
                await store.change(connection, known.job.id, owner="")

    async def _end(self, seen: Known) -> None:
        """See what there is of a job that was cancelled: an edit that was written in that moment, or nothing."""
        means, job_id = self.means, seen.job.id
        async with means.database.unit() as connection:
            if not await store.take(connection, job_id, means.worker, now=means.clock.now()):
                return
            known = await store.get(connection, seen.actor, job_id)
        job, done = known.job, None
        if isinstance(job.order, Export):
            await self.files.remove(job_id)
        else:
            try:
                actor = await means.access.behind(known.actor, job.sheet_id, Action.EDIT)
                made = bulk.before(job, await means.library.history(actor, job.sheet_id))
            except _PASSING:
                raise
            except ChatSheetError:  # who cancelled may not look any more: it is cancelled all the same
                made = None
            if made is not None:
                measured = (known.measured or Measured()).model_copy(update={"rows": made[1], "done": made[1]})
                done = _Done(measured, made[0].version, made[0].column)
        async with means.database.unit() as connection:
            if await store.holds(connection, job_id, means.worker):
                now = await store.get(connection, known.actor, job_id)
                if (now.job.state, now.job.run) == (job.state, job.run) and job.state in states.ENDED:
                    await self._noted(connection, job, done)
                await store.change(connection, job_id, owner="")
