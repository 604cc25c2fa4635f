"""A worker: takes rows under its lease, asks them, writes what came of it, and does what else jobs need.

Any number of them may work on one database. One that dies says nothing any more, and what it held is anybody's soon after; one
that is told to end waits for its calls for a while and hands over the rest.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.audit.spending import BudgetExceeded, Spending
from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.core.acts import NOTHING, Act, Spent
from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks, to_the_end
from chatsheet.db import writing
from chatsheet.db.engine import Database, tell
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.jobs import chores, ledger, pace, states, store
from chatsheet.jobs.calling import Called, Caller
from chatsheet.jobs.files import Files
from chatsheet.jobs.ledger import Outcome, Taken
from chatsheet.jobs.model import AiColumn, Job, JobProblem
from chatsheet.jobs.pace import Slots, Waiting
from chatsheet.jobs.states import State
from chatsheet.jobs.steps import Steps
from chatsheet.jobs.store import Known
from chatsheet.llm.gateway import Gateway
from chatsheet.sheets.library import Library

log = logging.getLogger(__name__)

_BEAT_S = 2.0
_LOOK_S = 0.25
"""How often it is asked what people want; a job is paused within a few of these."""
_IDLE_S = 1.0
_GRACE_S = 1.0
"""How long calls of a paused or cancelled job may take to their end."""
_CHECK_S = 1.0
"""How often budgets and access are asked for a job."""
_STREAK = 5
"""After so many failures in a row it is asked whether any route answers at all."""
_PROVED_WITHIN_S = 5.0
_SMOOTH = 0.1
_ENDING = "ending"
_PASSING = (OperationalError, InterfaceError, TimeoutError, DatabaseUnavailable)
"""What another try mends, whatever is to be written."""


@dataclass(slots=True)
class _Checked:
    """Until when a job in a state may be asked about without another look at budgets and access."""

    state: State
    until: float


class Worker:
    """Works on the jobs of all workspaces until it is closed."""

    def __init__(  # noqa: PLR0913  all that it works with, told once
        self, *, database: Database, access: Access, spending: Spending, library: Library, gateway: Gateway, clock: Clock,
        files: Files, at_once: int, drain_s: float, on_beat: Callable[[int], None],
    ) -> None:  # fmt: skip
        """`on_beat` hears every two seconds that the database was told, and how many inputs of all jobs wait."""
        self.id = new_id("worker")
        self._database = database
        self._access = access
        self._spending = spending
        self._gateway = gateway
        self._caller = Caller(gateway)
        self._clock = clock
        self._drain_s = drain_s
        self._on_beat = on_beat
        self._slots = Slots(most=at_once)
        self._asked: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._came: list[tuple[Called, int]] = []
        self._checked: dict[str, _Checked] = {}
        self._chores: set[str] = set()
        self._ready: set[str] = set()
        """Jobs of which nothing is left to ask."""
        self._able: set[str] = set()
        """Jobs whose users may go on with them."""
        self._tokens: dict[str, float] = {}
        """About how many tokens a call of a job takes."""
        self._streak = 0
        self._held_until = 0.0
        self._holds = 0
        self._proved = (0.0, False)
        self._proving = asyncio.Lock()
        self._wake = asyncio.Event()
        self._keeping = asyncio.Event()
        self._is_ending = False
        self._means = chores.Means(database, access, library, clock, self.id)
        self._steps = Steps(self._means, files)
        self._rows = Tasks()
        self._tasks = Tasks()

    def start(self) -> None:
        """Begin to work in the background."""
        self._tasks.spawn(self._beat(), name="beat of the worker")
        self._tasks.spawn(self._keep(), name="keep answers of jobs")
        self._tasks.spawn(self._work(), name="work on jobs")

    async def close(self) -> None:
        """Take nothing new, wait for the calls that run for a while, and hand over what is left."""
        self._is_ending = True
        self._wake.set()
        until = self._clock.monotonic() + self._drain_s
        while self._asked and (left_s := until - self._clock.monotonic()) > 0:
            await asyncio.wait(set(self._asked.values()), timeout=min(left_s, _LOOK_S))
        await self._steps.close(within_s=max(until - self._clock.monotonic(), 0))
        await self._rows.close()
        await self._tasks.close()
        with contextlib.suppress(SQLAlchemyError, DatabaseUnavailable):
            await self._kept(self._came)
            async with self._database.unit() as connection:
                await store.leave(connection, self.id, now=self._clock.now())

    # the loops

    async def _beat(self) -> None:
        while True:
            try:
                async with self._database.unit() as connection:
                    await store.beat(connection, self.id, at_once=self._slots.most, now=self._clock.now())
                    waiting = await ledger.waiting(connection)
                self._on_beat(waiting)
            except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:  # a lease lasts for some beats; a disk may be full
                log.warning("the worker could not say that it is there (%s)", type(error).__name__)
            await asyncio.sleep(_BEAT_S)

    async def _work(self) -> None:
        await asyncio.sleep(0)  # the first beat before the first row
        while not self._is_ending:
            upcoming, self._wake = self._database.upcoming, asyncio.Event()
            jobs: list[Known] = []
            try:
                jobs = await self._look()
            except (SQLAlchemyError, DatabaseUnavailable) as error:
                log.warning("the worker's look at jobs failed (%s)", type(error).__name__)
            except Exception:  # boundary: a job that cannot be looked at stops no other
                log.exception("the worker's look at jobs failed")
            await self._rest(upcoming, _LOOK_S if jobs else _IDLE_S)

    async def _rest(self, upcoming: asyncio.Event, most_s: float) -> None:
        """Wait for a slot or a change, or a little while; at least so long that looking is not all that is done."""
        waiting = [asyncio.ensure_future(one.wait()) for one in (upcoming, self._wake)]
        try:
            await asyncio.wait(waiting, timeout=most_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        await asyncio.sleep(_LOOK_S / 5)

    async def _look(self) -> list[Known]:
        async with self._database.unit() as connection:
            known = await store.open_jobs(connection)
        jobs = [one for one in known if isinstance(one.job.order, AiColumn)]
        self._give_up({one.job.id for one in jobs if one.job.state not in states.ENDED})
        if jobs:
            await self._take(jobs)
        for one in jobs:
            self._begin_chores(one)
        self._steps.look(known, may_begin=not self._is_ending)
        return known

    def _give_up(self, active: Container[str]) -> None:
        """End the calls of jobs that are not to be asked about any more, after a moment in which they may still end."""
        for (job_id, _), task in self._asked.items():
            if job_id not in active and not task.get_name().startswith(_ENDING):
                task.set_name(f"{_ENDING} {task.get_name()}")
                asyncio.get_running_loop().call_later(_GRACE_S, task.cancel)

    # taking rows

    async def _take(self, jobs: Sequence[Known]) -> None:
        """Take as many rows as may be asked now, and begin to ask them; those of workers that are gone are open again."""
        active = [one for one in jobs if one.job.state not in states.ENDED]
        able = [one for one in active if await self._may(one)]
        self._able = {one.job.id for one in able}
        now, moment = self._clock.now(), self._clock.monotonic()
        taken: list[tuple[Taken, int]] = []
        async with self._database.unit() as connection:
            await writing.hold(connection, "jobs")
            there = await store.workers(connection, now=now)
            if self.id not in there or self._is_ending:
                return  # whose lease has lapsed holds nothing
            await ledger.reclaim(connection, [one.job.id for one in jobs], list(there), now=now)
            left = {
                one.job.id: await ledger.left(connection, one.job.id, is_draft=one.job.state == "draft", now=now)
                for one in active
            }
            self._ready = {one.job.id for one in active if one.job.is_counted and not left[one.job.id].is_any}
            ready = [one for one in able if left[one.job.id].is_ready]
            free = self._slots.free(in_flight=len(self._asked), chats=await store.chats(connection, now=now))
            if ready and free and moment >= self._held_until:
                taken = await self._shared(connection, ready, free, now)
        by_id = {one.job.id: one for one in active}
        for one, reserved in taken:
            asking = self._ask(by_id[one.job_id], one, reserved)
            self._asked[one.job_id, one.input_hash] = self._rows.spawn(asking, name=f"row {one.input_hash} of {one.job_id}")

    async def _shared(
        self, connection: AsyncConnection, ready: Sequence[Known], free: int, now: datetime
    ) -> list[tuple[Taken, int]]:
        """Take rows of jobs in fair shares, as far as slots and the tokens of the minute reach; each with what is set aside."""
        by_id = {one.job.id: one for one in ready}
        sizes = {job_id: round(self._size(one.job)) for job_id, one in by_id.items()}
        minute = await store.minute(connection, self._route, now_s=now.timestamp())
        flying = await ledger.in_flight(connection, list(by_id))
        waiting = [
            Waiting(
                job=job_id, user=one.run_by, priority=one.job.priority, in_flight=flying.get(job_id, 0), tokens=sizes[job_id]
            )
            for job_id, one in by_id.items()
        ]
        shares = pace.share(waiting, free, room=minute.room, limit=minute.limit)
        taken: list[tuple[Taken, int]] = []
        for job_id, number in shares.items():
            known = by_id[job_id]
            is_draft = known.job.state == "draft"
            some = await ledger.take(connection, job_id, self.id, most=number, is_draft=is_draft, now=now)
            if known.job.state == "queued" and some:
                await store.step(connection, known, "begin", at=now)
            taken += [(one, sizes[job_id]) for one in some]
        if taken:
            await store.keep_minute(connection, self._route, minute.spend(sum(size for _, size in taken), now.timestamp()))
        return taken

    @property
    def _route(self) -> str:
        routes = self._gateway.plan.routes
        return routes[0].fingerprint if routes else ""

    def _size(self, job: Job) -> float:
        return self._tokens.get(job.id) or len(job.asked.template) / 4 + 200

    async def _may(self, known: Known) -> bool:
        """Tell whether a job may be asked about: its user still may, and budgets allow it; else it is paused."""
        now, job = self._clock.monotonic(), known.job
        checked = self._checked.get(job.id)
        if checked is not None and checked.state == job.state and checked.until > now:
            return True
        try:
            actor = await self._access.behind(known.actor, job.sheet_id, Action.EDIT)
            await self._spending.check(actor, job_id=job.id)
        except (Denied, BudgetExceeded) as error:
            self._checked.pop(job.id, None)
            problem = JobProblem(code="budget" if isinstance(error, BudgetExceeded) else error.code, what=error.what)
            if job.state == "draft" and job.problem == problem:
                return False
            async with self._database.unit() as connection:
                if job.state == "draft":
                    await store.change(connection, job.id, code=problem.code, what=problem.what)
                elif await store.step(connection, known, "pause", at=self._clock.now(), problem=problem):
                    tell(connection, Act.of(known.actor, "job.pause", job.sheet_id, {"job": job.id, "code": problem.code}))
            return False
        if job.state == "draft" and job.problem.code:
            async with self._database.unit() as connection:
                await store.change(connection, job.id, code="", what="")
        self._checked[job.id] = _Checked(job.state, now + _CHECK_S)
        return True

    # asking

    async def _ask(self, known: Known, taken: Taken, reserved: int) -> None:
        began = time.perf_counter()
        called = Called(known, _returned(taken))
        try:
            called = await self._caller.ask(known, taken)
        except asyncio.CancelledError:
            called = replace(called, spent=self._caller.left.pop(id(taken), NOTHING))
        except Exception:  # boundary: a row ends in the list of failures, whatever broke
            log.exception("row %s of job %s failed", taken.input_hash, taken.job_id)
            problem = JobProblem(code=ChatSheetError.code, what="something in ChatSheetAI itself went wrong.")
            called = replace(called, outcome=replace(called.outcome, problem=problem), cause=ChatSheetError.code)
        finally:
            await to_the_end(self._ended(called, time.perf_counter() - began, reserved))

    async def _ended(self, called: Called, seconds: float, reserved: int) -> None:
        """Note what came of a row, and how it went for the pace."""
        if called.is_answer:
            self._streak, self._holds = 0, 0
            self._slots = self._slots.answered(seconds)
            tokens, job = called.spent.tokens, called.known.job.id
            self._tokens[job] = self._tokens.get(job, tokens) * (1 - _SMOOTH) + tokens * _SMOOTH
        elif called.cause:
            self._streak += 1
            is_outage = self._streak >= _STREAK and not called.is_throttled and not await self._any_route_answers()
            if called.is_throttled or is_outage:
                self._hold(called)
            called = called.judged(is_outage=is_outage)
        self._came.append((called, reserved))
        self._keeping.set()

    def _hold(self, called: Called) -> None:
        """Ask nothing for a while; of calls that were refused together the first one counts."""
        now = self._clock.monotonic()
        if now < self._held_until:
            return
        self._holds += 1
        self._held_until = now + pace.hold_s(streak=self._holds, told_s=called.retry_after_s)
        if called.is_throttled:
            self._slots = self._slots.refused()

    async def _any_route_answers(self) -> bool:
        """Find out by a small call whether it is the rows or the routes; many who want to know ask once."""
        async with self._proving:
            at, answers = self._proved
            if self._clock.monotonic() - at > _CHECK_S or not at:
                answers = False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PROVED_WITHIN_S):
                        answers = any([not await self._gateway.prove(route) for route in self._gateway.plan.routes])
                self._proved = self._clock.monotonic(), answers
        if answers:
            self._streak = 0
        return answers

    async def _keep(self) -> None:
        """Write what came, all at once of what came while the last was written."""
        while True:
            await self._keeping.wait()
            self._keeping.clear()
            came, self._came = self._came, []
            again = await to_the_end(self._kept(came))
            for called, _ in came:
                if all(called is not one for one, _ in again):
                    self._asked.pop((called.outcome.taken.job_id, called.outcome.taken.input_hash), None)
            self._wake.set()
            if again:
                self._came = again + self._came
                await asyncio.sleep(_LOOK_S)
                self._keeping.set()

    async def _kept(self, came: list[tuple[Called, int]]) -> list[tuple[Called, int]]:
        """Write what came, and return what is to be written again; one that no database takes fails alone."""
        try:
            await self._write(came)
        except _PASSING as error:
            log.warning("answers of jobs are kept in a moment (%s)", type(error).__name__)
            return came
        except Exception:  # boundary: they are written one by one
            log.exception("an answer of a job cannot be kept")
            return [one for one in came if not await self._is_kept_alone(*one)]
        return []

    async def _is_kept_alone(self, called: Called, reserved: int) -> bool:
        """Write one answer, else that it failed, at worst without what it spent; tell whether any of these was written."""
        problem = JobProblem(code=ChatSheetError.code, what="its answer cannot be kept.")
        taken, tries = called.outcome.taken, called.outcome.tries
        failed = replace(called, outcome=Outcome(taken=taken, state="failed", problem=problem, tries=tries))
        for one in (called, failed, replace(failed, spent=NOTHING, allowance=None)):
            try:
                await self._write([(one, reserved)])
            except _PASSING:
                return False
            except Exception as error:  # noqa: BLE001  boundary: the next one says less
                log.warning("row %s of job %s cannot be kept (%s)", taken.input_hash, taken.job_id, type(error).__name__)
            else:
                return True
        return False

    async def _write(self, came: Sequence[tuple[Called, int]]) -> None:
        if not came:
            return
        now = self._clock.now()
        async with self._database.unit() as connection:
            await writing.hold(connection, "jobs")
            await ledger.put(connection, [called.outcome for called, _ in came], self.id, now=now)
            minute = await store.minute(connection, self._route, now_s=now.timestamp())
            for called, reserved in came:
                minute = minute.spend(called.spent.tokens - reserved, now.timestamp())
                if (told := called.allowance) is not None:
                    minute = minute.told(told.limit_tokens, told.remaining_tokens)
            await store.keep_minute(connection, self._route, minute)
            tell(connection, *_acts([called for called, _ in came]))

    # what else there is to do

    def _begin_chores(self, known: Known) -> None:
        """Count, or settle, where that is to be done; one of these at a time for each job."""
        job = known.job
        if job.id in self._chores or self._is_ending:
            return
        if not job.is_counted and job.id in self._able:
            chore = chores.count
        elif job.id in self._ready or job.state in states.ENDED:
            chore = chores.settle
        else:
            return
        self._chores.add(job.id)
        self._tasks.spawn(self._do(job.id, partial(chore, self._means, known)), name=f"chores of {job.id}")

    async def _do(self, job_id: str, chore: Callable[[], Awaitable[None]]) -> None:
        try:
            await chore()  # begun here: a worker that is closed in this moment leaves none that was never awaited
        except (SQLAlchemyError, ChatSheetError) as error:
            log.warning("job %s: %s", job_id, error.what if isinstance(error, ChatSheetError) else type(error).__name__)
            await asyncio.sleep(_IDLE_S)
        except Exception:  # boundary: chores that break are tried again, and other jobs go on
            log.exception("chores of job %s failed", job_id)
            await asyncio.sleep(_IDLE_S)
        finally:
            self._chores.discard(job_id)


def _returned(taken: Taken) -> Outcome:
    """Return a row as it was before it was taken."""
    return Outcome(taken=taken, state="open", tries=taken.tries)


def _acts(came: Sequence[Called]) -> list[Act]:
    """Return what calls spent, together for each job."""
    by_job: dict[str, tuple[Known, Spent, int]] = {}
    for called in came:
        if called.spent != NOTHING:
            _, spent, calls = by_job.get(called.known.job.id, (called.known, NOTHING, 0))
            by_job[called.known.job.id] = (called.known, spent + called.spent, calls + 1)
    return [
        replace(
            Act.of(
                known.actor,
                "model.call",
                known.job.sheet_id,
                {
                    "job": job_id,
                    "calls": calls,
                    "input_tokens": spent.input_tokens,
                    "output_tokens": spent.output_tokens,
                    "cost": None if spent.unpriced_calls else spent.cost,
                },
                spent=spent,
            ),
            job_id=job_id,
        )
        for job_id, (known, spent, calls) in by_job.items()
    ]
