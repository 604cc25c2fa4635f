"""A sheet of comments, a model that judges them, and jobs over both."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from chatsheet.auth.members import NewUser, adopt_local
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.settings import JobsSettings, Settings
from chatsheet.jobs.model import AiColumn, Job
from chatsheet.jobs.worker import Worker
from chatsheet.simulator.brain import Counted, Piece, Say
from chatsheet.wiring import Services, open_services
from tests.harness import Wire, azure_settings, start_wire

ORDER = AiColumn(table="comments", label="Mood", template="What mood is this? {comment}", choices=("good", "bad"))
_WITHIN_S = 60


def sheet(folder: Path, rows: int, *, distinct: int = 0) -> Path:
    """Write a sheet of comments, `c0`, `c1` and so on; of these only so many differ."""
    path = folder / "comments.csv"
    lines = (f"{number},c{number % (distinct or rows)}\n" for number in range(rows))
    path.write_text("id,comment\n" + "".join(lines), encoding="utf-8")
    return path


def good(comment: str) -> JsonValue:
    """Judge a comment."""
    del comment
    return {"value": "good", "confidence": 0.9, "reason": "it says so"}


@dataclass(slots=True)
class Judge:
    """A model that judges comments, counts how often it was asked about each, and waits as long as it is told to."""

    judge: Callable[[str], JsonValue] = good
    seconds: float = 0.0
    asked: Counter[str] = field(default_factory=Counter[str])
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: int = 0
    held: Counter[str] = field(default_factory=Counter[str])
    """Comments that wait for an answer now."""
    name: str = "judge"

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Say what the comment is."""
        del deployment
        text = loose.text(loose.obj(loose.array(body.get("messages"))[-1]).get("content"))
        comment = text.rsplit('"', 2)[-2] if '"' in text else text
        self.asked[comment] += 1
        self.in_flight += 1
        self.held[comment] += 1
        try:
            await self.is_open.wait()
            await asyncio.sleep(self.seconds)
            yield Say(loose.dumps(self.judge(comment)))
            yield Counted(100, 20)
        finally:
            self.in_flight -= 1
            self.held -= Counter([comment])

    @property
    def twice(self) -> list[str]:
        """Comments that were asked more than once."""
        return [comment for comment, times in self.asked.items() if times > 1]


@dataclass(frozen=True, slots=True)
class Office:
    """Services over a sheet of comments, and who judges them."""

    services: Services
    sheet_id: str
    judge: Judge
    wire: Wire
    settings: Settings

    async def draft(self, order: AiColumn = ORDER) -> Job:
        """Make a draft."""
        return await self.services.jobs.draft(LOCAL, self.sheet_id, order)

    async def begin(self, order: AiColumn = ORDER) -> Job:
        """Draft and start a job."""
        return await self.services.jobs.start(LOCAL, (await self.draft(order)).id)

    async def until(self, job_id: str, is_so: Callable[[Job], bool]) -> Job:
        """Wait until a job is so."""
        async with asyncio.timeout(_WITHIN_S):
            while True:
                upcoming = self.services.database.upcoming
                job = await self.services.jobs.get(LOCAL, job_id)
                if is_so(job):
                    return job
                try:
                    async with asyncio.timeout(0.5):
                        await upcoming.wait()
                except TimeoutError:
                    continue

    async def ended(self, job_id: str) -> Job:
        """Wait until a job has ended and its results are in the sheet."""
        return await self.until(job_id, lambda job: job.ended_at is not None and job.is_settled)

    async def column(self, name: str = "mood") -> list[JsonValue]:
        """Return a column of the sheet's head."""
        from tests.sheets import edited  # noqa: PLC0415

        opened = await self.services.library.open(LOCAL, self.sheet_id)
        return await edited.column(self.services.library, opened, name, "comments")


async def colleague(office: Office) -> Actor:
    """Add somebody who may do everything with what local mode has."""
    now = office.services.clock.now()
    ben = await office.services.accounts.create(NewUser(name="Ben", email="ben@x.org"))
    async with office.services.database.unit() as connection:
        await adopt_local(connection, ben.id, now=now)
    return Actor(LOCAL.workspace_id, ben.id)


@asynccontextmanager
async def working(worker: Worker) -> AsyncGenerator[Worker, None]:
    """Let a worker work while the body runs."""
    worker.start()
    try:
        yield worker
    finally:
        await worker.close()


@asynccontextmanager
async def open_office(
    folder: Path, *, rows: int = 12, distinct: int = 0, judge: Judge | None = None, at_once: int = 8, is_held: bool = False
) -> AsyncGenerator[Office, None]:
    """Open services over a sheet; the judge answers at once, unless it is held."""
    judge = judge or Judge()
    if not is_held:
        judge.is_open.set()
    async with start_wire(model=judge) as wire:
        settings = azure_settings(folder, wire, "gpt-4o")
        settings = settings.model_copy(update={"jobs": JobsSettings(at_once=at_once, drain_s=2)})
        async with open_services(settings) as services:
            opened = await services.library.bring_in(LOCAL, sheet(folder, rows, distinct=distinct))
            yield Office(services, opened.sheet.id, judge, wire, settings)
