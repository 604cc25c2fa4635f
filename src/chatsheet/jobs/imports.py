"""Imports of uploads: begun at one server, followed and cancelled at any, gone on with by another where a server dies.

They live as jobs do. A file that comes a second time is found again by its content, so one that was read twice is one sheet.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError, NotFound, StorageUnavailable
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.core.tasks import Tasks, to_the_end
from chatsheet.db import writing
from chatsheet.db.engine import Database
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.jobs import arrivals, states
from chatsheet.jobs.arrivals import Arrival
from chatsheet.jobs.states import State
from chatsheet.sheets.ingest.progress import Phase, Progress
from chatsheet.sheets.library import Library
from chatsheet.sheets.model import Result, Value
from chatsheet.sheets.uploads import UploadNotFound, Uploads

log = logging.getLogger(__name__)
_TELL_S = 0.1
_RENEW_S = 1.0
_LOOK_S = 0.5


class ImportNotFound(NotFound):
    """No such import in this workspace, or it ended more than a day ago."""

    code = "import.not_found"


class ImportProgress(Value):
    """How far an import is: `fraction` between 0 and 1, `rows` typed so far; `first` once, the first rows as read."""

    kind: Literal["progress"] = "progress"
    phase: Phase | Literal["waiting"]
    fraction: float
    rows: int = 0
    tab: str = ""
    first: Result | None = None


class Imported(Value):
    """The file is a sheet now."""

    kind: Literal["imported"] = "imported"
    sheet_id: str
    version: str


class ImportFailed(Value):
    """The file is no sheet, by the code of the reason."""

    kind: Literal["failed"] = "failed"
    code: str
    what: str
    fix: str


class ImportCancelled(Value):
    """The import was cancelled, and nothing of the file is left."""

    kind: Literal["cancelled"] = "cancelled"


ImportEvent = ImportProgress | Imported | ImportFailed | ImportCancelled
_EVENT: TypeAdapter[ImportEvent] = TypeAdapter(ImportEvent)
_ENDS: dict[str, State] = {"imported": "completed", "failed": "failed", "cancelled": "cancelled"}


@dataclass(slots=True)
class _Heard:
    """What the reading of a file last said of itself."""

    progress: JsonObject
    first: JsonObject | None = None

    def hear(self, progress: Progress) -> None:
        said = progress.model_dump(mode="json")
        first = said.pop("first")
        self.progress = {"kind": "progress", **said}
        self.first = first or self.first


@dataclass(slots=True)
class _Run:
    """The work on an import in this process."""

    is_unwanted: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


_WAITING = ImportProgress(phase="waiting", fraction=0.0).model_dump(mode="json", exclude={"first"})


class Imports:
    """The imports of a workspace, and the work on those that this process holds."""

    def __init__(self, *, database: Database, library: Library, uploads: Uploads, clock: Clock) -> None:
        self._database = database
        self._library = library
        self._uploads = uploads
        self._clock = clock
        self._id = new_id("server")
        self._tasks = Tasks()
        self._running: dict[str, _Run] = {}

    async def begin(self, actor: Actor, upload_id: str) -> str:
        """Begin the import of an upload, or find the one that was begun; returns its id.

        Raises UploadNotFound, UploadIncomplete.
        """
        async with self._database.unit() as connection:
            known = await arrivals.of_upload(connection, actor, upload_id)
        if known is None:
            await self._uploads.check_whole(actor, upload_id)
            async with self._database.unit() as connection:
                await writing.hold(connection, "imports")  # asked twice at once it is begun once
                known = await arrivals.of_upload(connection, actor, upload_id)
                if known is None:
                    known = await arrivals.add(connection, actor, upload_id, progress=_WAITING, now=self._clock.now())
        if known.outcome is None:
            self._go_on(known)
        return known.id

    async def watch(self, actor: Actor, import_id: str) -> AsyncGenerator[ImportEvent, None]:
        """Return the events of an import, the outcome last; raises ImportNotFound."""
        await self._get(actor, import_id)
        return self._events(actor, import_id)

    async def cancel(self, actor: Actor, import_id: str) -> None:
        """Cancel an import, if it still runs, and return when nothing of it is left; raises ImportNotFound."""
        await self._get(actor, import_id)
        async with self._database.unit() as connection:
            await arrivals.cancel(connection, actor, import_id)
        if (run := self._running.get(import_id)) is not None:
            run.is_unwanted.set()
        async for _ in self._events(actor, import_id):
            pass

    async def look_after(self) -> None:
        """Go on with what servers left that are gone, and forget what ended long ago."""
        async with self._database.unit() as connection:
            await arrivals.forget(connection, now=self._clock.now())
            left = await arrivals.left(connection, now=self._clock.now())
        for one in left:
            self._go_on(one)

    async def close(self) -> None:
        """Stop what runs; another server goes on with it, or this one's next start."""
        await self._tasks.close()

    async def _get(self, actor: Actor, import_id: str) -> Arrival:
        async with self._database.unit() as connection:
            found = await arrivals.get(connection, actor, import_id)
        if found is None:
            raise ImportNotFound(f"there is no import {import_id}.", fix="begin one from an upload.")
        return found

    async def _events(self, actor: Actor, import_id: str) -> AsyncGenerator[ImportEvent, None]:
        told: JsonObject | None = None
        has_first = False
        while True:
            upcoming = self._database.upcoming
            seen = await self._get(actor, import_id)
            first = None if has_first else seen.first
            if told != seen.progress or first is not None:
                yield _EVENT.validate_python({**seen.progress, "first": first}, strict=False)
                told, has_first = seen.progress, has_first or first is not None
            if seen.outcome is not None:
                yield _EVENT.validate_python(seen.outcome, strict=False)
                return
            if seen.is_left(self._clock.now()):
                self._go_on(seen)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(upcoming.wait(), _LOOK_S)

    # the work

    def _go_on(self, one: Arrival) -> None:
        if one.id not in self._running:
            run = self._running[one.id] = _Run()
            run.task = self._tasks.spawn(self._hold(one, run), name=f"import {one.id}")
            run.task.add_done_callback(lambda _: self._running.pop(one.id, None))

    async def _hold(self, one: Arrival, run: _Run) -> None:
        """Read a file under this process's lease, unless another has it, and say how it ended."""
        async with self._database.unit() as connection:
            held = await arrivals.take(connection, one.id, self._id, now=self._clock.now())
        if held is None:
            return
        actor, heard = Actor(held.workspace_id, held.created_by), _Heard(_WAITING)
        outcome: ImportEvent = ImportCancelled()
        if held.state != "cancelled":
            reading = asyncio.ensure_future(self._read(actor, held.upload_id, heard))
            try:
                state = await self._told_while(reading, held, heard, run.is_unwanted)
                if reading.done():
                    outcome = reading.result()
                elif state != "cancelled":
                    return  # another server has it
            except asyncio.CancelledError:  # this one ends
                await to_the_end(self._let_go(held))
                raise
            finally:
                await _stopped(reading)
        await to_the_end(self._end(actor, held, outcome))

    async def _told_while(
        self, reading: "asyncio.Future[ImportEvent]", held: Arrival, heard: _Heard, is_unwanted: asyncio.Event
    ) -> State | None:
        """Write down how far it is until the file is read, or nobody wants it read here any more; returns the state then."""
        state: State | None = held.state
        said, renewed = held.progress, self._clock.monotonic()
        unwanted = asyncio.ensure_future(is_unwanted.wait())
        try:
            while state in states.ACTIVE and not reading.done():
                await asyncio.wait({reading, unwanted}, timeout=_TELL_S, return_when=asyncio.FIRST_COMPLETED)
                is_due = heard.progress != said or self._clock.monotonic() - renewed >= _RENEW_S or unwanted.done()
                if is_due:
                    said, renewed = heard.progress, self._clock.monotonic()
                    state = await self._told(held, heard, state)
        finally:
            unwanted.cancel()
        return state

    async def _told(self, held: Arrival, heard: _Heard, state: State) -> State | None:
        """Write down how far it is; returns the state, None where it is another server's."""
        now = self._clock.now()
        try:
            async with self._database.unit() as connection:
                return await arrivals.tell(connection, held.id, self._id, progress=heard.progress, first=heard.first, now=now)
        except (SQLAlchemyError, DatabaseUnavailable) as error:  # the lease may lapse: then another reads it too
            log.warning("how far an import is was not written down (%s)", type(error).__name__)
            await asyncio.sleep(_TELL_S)
            return state

    async def _read(self, actor: Actor, upload_id: str, heard: _Heard) -> ImportEvent:
        try:
            path, name = await self._uploads.whole(actor, upload_id)
            opened = await self._library.bring_in(actor, path, name=name, report=heard.hear)
        except ChatSheetError as error:
            return _failed(error)
        except OSError as error:
            log.exception("import failed")
            return _failed(StorageUnavailable(f"the data folder cannot be used: {error.strerror}.", fix="check its space."))
        except Exception:  # boundary: whoever waits is told
            log.exception("import failed")
            return _failed(ChatSheetError("the import broke off.", fix="import the file again."))
        return Imported(sheet_id=opened.sheet.id, version=opened.sheet.version)

    async def _end(self, actor: Actor, held: Arrival, outcome: ImportEvent) -> None:
        with contextlib.suppress(UploadNotFound):  # its sender gave it up meanwhile
            await self._uploads.remove(actor, held.upload_id)
        async with self._database.unit() as connection:
            told, state = outcome.model_dump(mode="json"), _ENDS[outcome.kind]
            await arrivals.end(connection, held.id, self._id, state=state, outcome=told, now=self._clock.now())

    async def _let_go(self, held: Arrival) -> None:
        with contextlib.suppress(SQLAlchemyError, DatabaseUnavailable):  # else its lease lapses
            async with self._database.unit() as connection:
                await arrivals.let_go(connection, held.id, self._id)


async def _stopped(reading: "asyncio.Future[ImportEvent]") -> None:
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading


def _failed(error: ChatSheetError) -> ImportFailed:
    return ImportFailed(code=error.code, what=error.what, fix=error.fix)
