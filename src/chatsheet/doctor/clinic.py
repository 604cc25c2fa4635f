"""Runs examinations for a server: one at a time, seldom, whoever asks; keeps their reports and tells who watches."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError, NotFound, TooSoon
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.db.engine import Database
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.db.tables import examination
from chatsheet.doctor.model import Choice, PathState, Report, Rung
from chatsheet.doctor.order import OnRung

log = logging.getLogger(__name__)

Examine = Callable[[OnRung, Report | None], Awaitable[Report]]
"""Examines once, telling each rung of a path; it hears of the report before."""

_EVERY_S = 30.0
_KEPT = 50
_MOST_S = 400.0
"""No examination takes longer, also of routes that are slow by nature."""


class ExaminedJustNow(TooSoon):
    """The last examination began only a moment ago."""

    code = "doctor.too_soon"


class ExaminationNotFound(NotFound):
    """No such examination in this workspace."""

    code = "doctor.not_found"


class ExaminationBroken(ChatSheetError):
    """An examination ended without a report."""

    code = "doctor.broken"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PathOutcome(_Frozen):
    """How a path was doing in an examination."""

    name: str
    state: PathState
    cause: str
    """The first broken rung's; empty for none."""


class ExaminationEntry(_Frozen):
    """An examination in a list."""

    id: str
    at: datetime
    choice: Choice
    states: tuple[PathOutcome, ...]


class RungSeen(_Frozen):
    """A rung was looked at, while an examination runs."""

    path: str
    rung: Rung


class Examined(_Frozen):
    """An examination has ended."""

    id: str
    report: Report


@dataclass(slots=True)
class _Run:
    """An examination under way: what was seen so far, and who watches; None tells them that it is over."""

    seen: list[RungSeen] = field(default_factory=list[RungSeen])
    watchers: set[asyncio.Queue[RungSeen | None]] = field(default_factory=set[asyncio.Queue[RungSeen | None]])
    outcome: Examined | ChatSheetError | None = None
    is_over: bool = False

    def tell(self, event: RungSeen | None) -> None:
        for queue in self.watchers:
            queue.put_nowait(event)

    async def events(self) -> AsyncGenerator[RungSeen | Examined, None]:
        """Yield everything from its beginning on, and the report last; raises what ended it without one."""
        queue: asyncio.Queue[RungSeen | None] = asyncio.Queue()
        for event in (*self.seen, *((None,) if self.is_over else ())):
            queue.put_nowait(event)
        self.watchers.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self.watchers.discard(queue)
        if isinstance(self.outcome, Examined):
            yield self.outcome
        else:
            raise self.outcome or ExaminationBroken("the server stopped during the examination.", fix="examine again.")


class Clinic:
    """The examinations of this installation."""

    def __init__(self, *, examine: Examine, database: Database, clock: Clock) -> None:
        self._examine = examine
        self._database = database
        self._clock = clock
        self._running: _Run | None = None
        self._latest: dict[str, Examined] = {}
        self._not_before = float("-inf")
        self._tasks = Tasks()

    def examine(self, actor: Actor) -> AsyncGenerator[RungSeen | Examined, None]:
        """Begin an examination or join the one that runs, and return its events; raises ExaminedJustNow.

        It goes on, whoever leaves. The events end with the report; they raise ChatSheetError where there is none.
        """
        if self._running is None:
            wait_s = self._not_before - self._clock.monotonic()
            if wait_s > 0:
                error = ExaminedJustNow("the last examination has only just begun.", fix=f"ask again in {wait_s:.0f} s.")
                error.retry_after_s = wait_s
                raise error
            self._not_before = self._clock.monotonic() + _EVERY_S
            self._running = run = _Run()
            self._tasks.spawn(self._run(actor, run), name="examination")
        return self._running.events()

    async def latest(self, actor: Actor) -> Examined | None:
        """Return the latest examination, also another process's; None before the first, or where none can be read."""
        made, stored = self._latest.get(actor.workspace_id), None
        try:
            async with self._database.unit() as connection:
                stored = next(iter(await _stored(connection, actor, most=1)), None)
        except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:
            log.warning("the last report could not be read (%s).", type(error).__name__)
        return max((one for one in (made, stored) if one is not None), key=lambda one: one.id, default=None)

    async def listing(self, actor: Actor) -> list[ExaminationEntry]:
        """Return the examinations that are kept, newest first."""
        async with self._database.unit() as connection:
            return [_entry(one) for one in await _stored(connection, actor, most=_KEPT)]

    async def get(self, actor: Actor, examination_id: str) -> Examined:
        """Return one examination; raises ExaminationNotFound."""
        async with self._database.unit() as connection:
            found = await _stored(connection, actor, most=1, only=examination_id)
        if not found:
            raise ExaminationNotFound(f"there is no examination {examination_id}.", fix="look at the list of them.")
        return found[0]

    async def keep(self, actor: Actor, report: Report) -> None:
        """Keep a report that was made by another process of this installation."""
        await self._keep(actor, Examined(id=new_id("exam"), report=report))

    async def close(self) -> None:
        """Break off what runs."""
        await self._tasks.close()

    async def _run(self, actor: Actor, run: _Run) -> None:
        def on_rung(path: str, rung: Rung) -> None:
            event = RungSeen(path=path, rung=rung)
            run.seen.append(event)
            run.tell(event)

        try:
            before = await self.latest(actor)
            async with asyncio.timeout(_MOST_S):
                report = await self._examine(on_rung, before.report if before else None)
            run.outcome = examined = Examined(id=new_id("exam"), report=report)
            self._latest[actor.workspace_id] = examined
            await self._keep(actor, examined)
        except ChatSheetError as error:
            run.outcome = error
        except TimeoutError:
            what = f"the examination did not end within {_MOST_S:g} s."
            run.outcome = ExaminationBroken(what, fix="examine again, or report it.")
        except Exception:  # boundary: whoever watches must hear of an end, whatever broke
            log.exception("the examination failed")
            what = "something in ChatSheetAI itself went wrong; the log says where."
            run.outcome = ExaminationBroken(what, fix="examine again, or report it.")
        finally:
            self._running, run.is_over = None, True
            run.tell(None)

    async def _keep(self, actor: Actor, examined: Examined) -> None:
        """Store a report; one that cannot be stored was made all the same."""
        mine = examination.c.workspace_id == actor.workspace_id
        newest = select(examination.c.id).where(mine).order_by(examination.c.id.desc()).limit(_KEPT)
        row = {"at": examined.report.at, "body": examined.report.model_dump(mode="json")}
        try:
            async with self._database.unit() as connection:
                await connection.execute(insert(examination).values(id=examined.id, workspace_id=actor.workspace_id, **row))
                await connection.execute(delete(examination).where(mine, examination.c.id.not_in(newest)))
        except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:
            log.warning("the report could not be stored (%s).", type(error).__name__)


async def _stored(connection: AsyncConnection, actor: Actor, *, most: int, only: str = "") -> list[Examined]:
    """Return the newest examinations; one of another version of this program, which cannot be read, is left out."""
    mine = examination.c.workspace_id == actor.workspace_id
    wanted = select(examination.c.id, examination.c.body).where(mine & (examination.c.id == only) if only else mine)
    found: list[Examined] = []
    for row_id, body in await connection.execute(wanted.order_by(examination.c.id.desc()).limit(most)):
        try:
            found.append(Examined(id=row_id, report=Report.model_validate(body)))
        except ValidationError:
            continue
    return found


def _entry(examined: Examined) -> ExaminationEntry:
    report = examined.report
    return ExaminationEntry(
        id=examined.id,
        at=report.at,
        choice=report.decision.choice if report.decision else "undecided",
        states=tuple(PathOutcome(name=path.name, state=path.state, cause=path.cause) for path in report.paths),
    )
