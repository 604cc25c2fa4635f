"""Jobs, for those who want them done: drafted, started, controlled, looked at, corrected; the work itself is worker.py's."""

import asyncio
import contextlib
import csv
import io
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.core import acts, loose
from chatsheet.core.acts import Act
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Conflict
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.jobs import asking, bulk, control, counting, exporting, ledger, pace, settling, states, store
from chatsheet.jobs.files import FileGone, Files
from chatsheet.jobs.ledger import Answer
from chatsheet.jobs.model import AiColumn, BulkEdit, Export, Job, JobEstimate, JobFile, JobProgress, JobRow, Measured, RowFilter
from chatsheet.jobs.states import JobNotSo, Verb
from chatsheet.jobs.store import Known
from chatsheet.sheets.files import is_formula_like
from chatsheet.sheets.library import Library

_MOST_JOBS = 200
_LOOK_EVERY_S = 0.5
_CHECK_EVERY_S = 1.5
_LOOK_SHARE = 4
_RESTING_S = 5.0
_PAGE = 1_000
_SAYS: dict[Verb, acts.Action] = {
    "sample": "job.sample", "start": "job.start", "pause": "job.pause", "resume": "job.resume", "cancel": "job.cancel",
    "retry": "job.retry",
}  # fmt: skip


class JobMoved(Conflict):
    """The job was told something else in the same moment."""

    code = "job.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The jobs of all workspaces; actors are those whom the door let in."""

    database: Database
    access: Access
    library: Library
    clock: Clock
    files: Files
    at_once: int
    """How many calls a worker makes at once, for estimates."""

    async def draft(
        self,
        actor: Actor,
        sheet_id: str,
        order: AiColumn | BulkEdit | Export,
        *,
        priority: int = 0,
        version: str = "",
        mark: str = "",
    ) -> Job:
        """Make a draft, of the head, or of a version for a column that a model fills; the sample of that is asked by a worker.

        With a mark the second one is the first. Raises SheetNotFound, OrderInvalid, EditRefused, SqlRefused.
        """
        drafted, measured = await self._measured(actor, sheet_id, order, version)
        new = Job(
            id=new_id("job"),
            sheet_id=sheet_id,
            state="draft",
            order=order,
            priority=priority,
            version=drafted,
            is_counted=measured is not None,
            is_settled=measured is not None,
            created_by=actor.user_id,
            created_at=self.clock.now(),
        )
        said: dict[str, JsonValue] = {"job": new.id, "kind": order.kind}
        said |= {"prompt": asking.prompt_hash(order)} if isinstance(order, AiColumn) else {}
        async with self.database.unit() as connection:
            await writing.hold(connection, "jobs")
            if mark and (known := await store.marked(connection, actor, mark)) is not None:
                return await self._shown(connection, await store.get(connection, actor, known))
            await store.add(connection, actor, new, mark=mark or None, measured=measured)
            tell(connection, Act.of(actor, "job.draft", sheet_id, said))
            return await self._shown(connection, await store.get(connection, actor, new.id))

    async def _measured(
        self, actor: Actor, sheet_id: str, order: AiColumn | BulkEdit | Export, version: str
    ) -> tuple[str, Measured | None]:
        """Return the version that an order is about, and what it comes to; None where rows are asked to see that."""
        library = self.library
        match order:
            case BulkEdit():
                return await bulk.draft(library, actor, sheet_id, order)
            case Export():
                return await exporting.draft(library, actor, sheet_id, order)
            case AiColumn():
                opened = await (library.at(actor, sheet_id, version) if version else library.open(actor, sheet_id))
                await counting.check(library.questions(opened), order)
                return opened.sheet.version, None

    async def sample(self, actor: Actor, job_id: str) -> Job:
        """Let a worker ask the sample of a draft that nobody asked for yet, of the sheet as it is now, on behalf of the caller.

        Raises JobNotFound, JobNotSo, OrderInvalid, EditRefused, SqlRefused.
        """
        job = await self.get(actor, job_id)
        control.check(job, "sample")
        opened = await self.library.open(actor, job.sheet_id)
        await counting.check(self.library.questions(opened), job.asked)
        return await self._tell(actor, job_id, "sample", head=opened.sheet.version)

    async def get(self, actor: Actor, job_id: str) -> Job:
        """Return a job as it stands; raises JobNotFound."""
        async with self.database.unit() as connection:
            return await self._shown(connection, await store.get(connection, actor, job_id))

    async def listing(self, actor: Actor, sheet_id: str) -> list[Job]:
        """Return a sheet's jobs, newest first."""
        async with self.database.unit() as connection:
            found = await store.listing(connection, actor, sheet_id, most=_MOST_JOBS)
            return [await self._shown(connection, one) for one in found]

    async def waiting(self) -> int:
        """Return how many inputs of jobs that were started are not answered yet, of all workspaces."""
        async with self.database.unit() as connection:
            return await ledger.waiting(connection)

    async def start(self, actor: Actor, job_id: str, *, priority: int | None = None) -> Job:
        """Start a draft; it runs on behalf of who starts it. Raises JobNotFound, JobNotSo."""
        return await self._tell(actor, job_id, "start", priority=priority)

    async def pause(self, actor: Actor, job_id: str) -> Job:
        """Begin nothing new; calls that run may end within a moment. Raises JobNotFound, JobNotSo."""
        return await self._tell(actor, job_id, "pause")

    async def resume(self, actor: Actor, job_id: str) -> Job:
        """Go on, on behalf of who says so. Raises JobNotFound, JobNotSo."""
        return await self._tell(actor, job_id, "resume")

    async def cancel(self, actor: Actor, job_id: str) -> Job:
        """End a job; what is done is put into the sheet all the same, on behalf of who says so. Raises as the others."""
        return await self._tell(actor, job_id, "cancel")

    async def retry(self, actor: Actor, job_id: str, *, changed: bool = False) -> Job:
        """Ask failed rows again, or those that changed in the sheet since; nothing else is asked. Raises as the others."""
        head = (await self.library.open(actor, (await self.get(actor, job_id)).sheet_id)).sheet.version if changed else ""
        return await self._tell(actor, job_id, "retry", head=head)

    async def _tell(self, actor: Actor, job_id: str, verb: Verb, *, priority: int | None = None, head: str = "") -> Job:
        now = self.clock.now()
        async with self.database.unit() as connection:
            await writing.hold(connection, "jobs")
            known = await store.get(connection, actor, job_id)
            job = known.job
            control.check(job, verb, changed=bool(head))
            if await store.step(connection, known, verb, at=now) is None:
                raise JobMoved("the job was told something else in this moment.", fix="look at it again.")
            changed: dict[str, object] = {} if verb == "pause" else {"run_by": actor.user_id}
            if verb == "cancel" and job.started_at is None:
                await store.forget_rows(connection, job_id)
                changed["is_settled"] = True
            elif verb in {"sample", "start", "retry", "cancel"}:
                changed["is_settled"] = False
            if verb == "sample":
                changed["version"] = head
            if priority is not None:
                changed["priority"] = priority
            if verb == "retry":
                changed |= {"run": job.run + 1, "ended_at": None}
                await ledger.move(connection, job_id, run=job.run + 1, unwritten=job.run if job.problem.code else None)
                if head:
                    changed |= {"version": head, "is_counted": False}
                else:
                    await ledger.retry_failed(connection, job_id, run=job.run + 1, now=now)
            if changed:
                await store.change(connection, job_id, **changed)
            tell(connection, Act.of(actor, _SAYS[verb], job.sheet_id, {"job": job_id}))
            return await self._shown(connection, await store.get(connection, actor, job_id))

    # rows

    async def rows(
        self, actor: Actor, job_id: str, which: RowFilter = "all", *, after: int = -1, most: int = 100
    ) -> tuple[list[JobRow], int | None]:
        """Return rows behind a place in the sheet's order, and the place to go on behind; None at the end."""
        async with self.database.unit() as connection:
            order = (await store.get(connection, actor, job_id)).job.asked
            found = await ledger.rows(
                connection, job_id, asking.places(order.template), which, below=order.review_below, after=after, most=most
            )
        return [row for _, row in found], found[-1][0] if len(found) == most else None

    async def accept(self, actor: Actor, job_id: str, row_id: str) -> JobRow:
        """Take a row from the list for review as it is; raises JobNotFound, RowNotFound."""
        async with self.database.unit() as connection:
            job = (await store.get(connection, actor, job_id)).job
            await ledger.get(connection, job_id, row_id)
            await ledger.change(connection, job_id, row_id, reviewed_by=actor.user_id)
            tell(connection, Act.of(actor, "job.row", job.sheet_id, {"job": job_id, "row": row_id, "is_changed": False}))
            return ledger.shown(await ledger.get(connection, job_id, row_id), asking.places(job.asked.template))

    async def correct(self, actor: Actor, job_id: str, row_id: str, value: JsonValue) -> JobRow:
        """Give a row a value of a person's; in the sheet at once where the job has written there.

        Raises JobNotFound, RowNotFound, AnswerInvalid, JobNotSo while the row is asked, and what editing raises.
        """
        async with self.database.unit() as connection:
            job = (await store.get(connection, actor, job_id)).job
            row = await ledger.get(connection, job_id, row_id)
        typed = asking.value(job.asked, value)
        if row["state"] == "asked":
            raise JobNotSo("the row is being asked.", fix="try again in a moment.")
        if job.is_settled and job.column:
            await self._write(actor, job, typed, row["rows"])
        fixed = {"state": "done", "value": typed, "confidence": 1.0, "reason": "", "code": "", "what": ""}
        async with self.database.unit() as connection:
            at, now = self.clock.now(), (await store.get(connection, actor, job_id)).job
            if now.is_settled and not job.is_settled:
                raise JobNotSo("the job has just ended.", fix="correct the row once more: it goes into the sheet now.")
            run = {} if now.is_settled else {"run": now.run}  # what settles next writes the rows of its run
            await ledger.change(connection, job_id, row_id, **fixed, **run, ended_at=at, reviewed_by=actor.user_id)
            tell(connection, Act.of(actor, "job.row", job.sheet_id, {"job": job_id, "row": row_id, "is_changed": True}))
            return ledger.shown(await ledger.get(connection, job_id, row_id), asking.places(job.asked.template))

    async def _write(self, actor: Actor, job: Job, value: JsonValue, rows: list[int]) -> None:
        opened = await self.library.open(actor, job.sheet_id)
        table = opened.workbook.table(job.asked.table)
        if table is None:
            return
        column = settling.column_at(job, table, await self.library.history(actor, job.sheet_id))
        if not column:
            return
        there = await settling.present(self.library, opened, table.id)
        made = list(settling.cells(table.id, column, [Answer(value, tuple(rows))], there, keeps_empty=True))
        if not made:
            return
        reason = f"{job.id}: {job.order.label} corrected"
        await self.library.edit(actor, job.sheet_id, made, expected_version=opened.sheet.version, reason=reason)

    async def export(self, actor: Actor, job_id: str) -> AsyncGenerator[str, None]:
        """Yield a job's rows as CSV, one line for each row of the sheet, with inputs, answer and where it is from."""
        job = await self.get(actor, job_id)
        names = asking.places(job.asked.template)
        async with self.database.unit() as connection:
            tell(connection, Act.of(actor, "job.export", job.sheet_id, {"job": job_id}))
        yield _line(["row", *names, job.order.label, "confidence", "reason", "state", "failure", "model", "route"])
        after = -1
        while True:
            async with self.database.unit() as connection:
                found = await ledger.rows(connection, job_id, names, "all", below=0, after=after, most=_PAGE, whole=True)
            for _, one in found:
                said = [one.value, one.confidence, one.reason, one.state, one.failure.code, one.model, one.route]
                yield "".join(_line([row, *one.inputs.values(), *said]) for row in one.rows)
            if len(found) < _PAGE:
                return
            after = found[-1][0]

    async def file(self, actor: Actor, job_id: str) -> tuple[JobFile, BinaryIO]:
        """Return an export's file, opened, for whoever started it; raises JobNotFound, FileGone, Denied, StorageUnavailable."""
        async with self.database.unit() as connection:
            known = await store.get(connection, actor, job_id)
            job = await self._shown(connection, known)
            if job.file is None:
                raise FileGone("this job has no file, or none any more.", fix="export it again.")
            if known.run_by != actor.user_id:
                raise Denied("only who started an export may download its file.", fix="start one of your own.")
        opened = await self.files.open(job_id)
        async with self.database.unit() as connection:
            tell(connection, Act.of(actor, "job.export", job.sheet_id, {"job": job_id}))
        return job.file, opened

    async def watch(self, actor: Actor, sheet_id: str) -> AsyncGenerator[Job, None]:
        """Yield each job of a sheet as it stands, then each that changes, as long as the actor may read all of the sheet."""
        told: dict[str, Job] = {}
        seen: dict[str, tuple[Known, float]] = {}
        checked_at = None
        while True:
            upcoming, now = self.database.upcoming, self.clock.monotonic()
            if checked_at is None or now - checked_at >= _CHECK_EVERY_S:
                checked_at = now
                try:
                    await self.access.watching(actor, sheet_id, Action.READ_WHOLE)
                except Denied:
                    return
            async with self.database.unit() as connection:
                found = await store.listing(connection, actor, sheet_id, most=_MOST_JOBS)
                moved = [one for one in reversed(found) if _may_differ(one, seen.get(one.job.id), now)]
                jobs = [await self._shown(connection, one) for one in moved]
            seen |= {one.job.id: (one, now) for one in moved}
            took = self.clock.monotonic() - now
            for job in jobs:
                if told.get(job.id) != job:
                    told[job.id] = job
                    yield job
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await upcoming.wait()
            await asyncio.sleep(max(_LOOK_EVERY_S / 5, _LOOK_SHARE * took))  # counting 100,000 rows is not all that is done

    async def follow(self, actor: Actor, job_id: str) -> AsyncGenerator[Job, None]:
        """Yield one job as it changes, until it has ended and its results are in the sheet, or it waits for a person."""
        sheet_id = (await self.get(actor, job_id)).sheet_id
        watched = self.watch(actor, sheet_id)
        async with contextlib.aclosing(watched):
            async for job in watched:
                if job.id != job_id:
                    continue
                yield job
                if job.state == "paused" or (job.is_settled and job.state in {"draft", *states.ENDED}):
                    return

    async def _shown(self, connection: AsyncConnection, known: Known) -> Job:
        """Return a job with its progress, its sample and what it is likely to take."""
        job = known.job
        if not isinstance(job.order, AiColumn):
            return measured(job, known.measured or Measured(), now=self.clock.now())
        tally = await ledger.tally(connection, job.id, below=job.order.review_below, now=self.clock.now())
        if job.state not in states.ACTIVE:
            tally = tally.model_copy(update={"eta_s": None, "per_minute": 0.0})
        sample = await ledger.sample(connection, job.id, asking.places(job.order.template))
        return job.model_copy(
            update={"progress": tally, "sample": tuple(sample), "estimate": estimate(sample, tally, at_once=self.at_once)}
        )


def _may_differ(known: Known, seen: tuple[Known, float] | None, now: float) -> bool:
    """Tell whether rows of a job may be others than when it was seen: of one that rests they seldom are."""
    is_at_rest = known.job.state == "paused" or known.job.is_settled
    return seen is None or seen[0] != known or now - seen[1] >= (_RESTING_S if is_at_rest else 0)


def measured(job: Job, said: Measured, *, now: datetime) -> Job:
    """Return a job without a ledger with what it says of itself. Pure."""
    file = said.file if said.file is not None and said.file.until > now else None
    progress = JobProgress(rows=said.rows, done_rows=said.done)
    return job.model_copy(update={"progress": progress, "sample": said.sample, "file": file})


def estimate(sample: list[JobRow], tally: JobProgress, *, at_once: int) -> JobEstimate:
    """Return what a job is likely to take, from the answers to its sample. Pure."""
    answered = [one for one in sample if one.tokens]
    if not answered or not tally.inputs:
        return JobEstimate()
    tokens = [one.tokens for one in answered]
    costs = [one.cost for one in answered if one.cost is not None]
    mean = sum(tokens) / len(tokens)
    seconds = pace.percentile([one.milliseconds / 1000 for one in answered], 0.5)
    return JobEstimate(
        sampled=len(answered),
        tokens_p50=round(pace.percentile(tokens, 0.5)),
        tokens_p95=round(pace.percentile(tokens, 0.95)),
        cost=tally.inputs * sum(costs) / len(costs) if len(costs) == len(answered) else None,
        minutes=pace.minutes(calls=tally.inputs, seconds_per_call=seconds, tokens_per_call=mean, at_once=at_once, limit=0),
    )


def _line(values: list[object]) -> str:
    made = io.StringIO()
    csv.writer(made).writerow([_cell(value) for value in values])
    return made.getvalue()


def _cell(value: object) -> object:
    """Return a value for CSV: a text that a spreadsheet program would take for a formula gets an apostrophe in front."""
    if isinstance(value, str):
        return f"'{value}" if is_formula_like(value) else value
    return loose.dumps(value) if isinstance(value, bool) else value
