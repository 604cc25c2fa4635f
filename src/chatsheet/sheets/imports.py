"""Imports as tasks: begun from an upload, followed by whoever watches, cancelled without a trace."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from chatsheet.core.clock import Clock
from chatsheet.core.errors import ChatSheetError, NotFound, StorageUnavailable
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.sheets.ingest.progress import Phase, Progress
from chatsheet.sheets.library import Library
from chatsheet.sheets.model import Result, Value
from chatsheet.sheets.uploads import UploadNotFound, Uploads

log = logging.getLogger(__name__)
_KEPT_S = 3600.0
_KEPT = 200


class ImportNotFound(NotFound):
    """No such import in this workspace, or it ended more than an hour ago."""

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


@dataclass(slots=True, kw_only=True, eq=False)
class _Run:
    """One import: what was told of it, and the task that works on it."""

    id: str
    workspace_id: str
    upload_id: str
    told: list[ImportEvent] = field(default_factory=list[ImportEvent])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    is_cancelled: bool = False
    ended_at: float | None = None

    def tell(self, event: ImportEvent) -> None:
        self.told.append(event)
        news, self.news = self.news, asyncio.Event()
        news.set()

    async def events(self) -> AsyncGenerator[ImportEvent, None]:
        """Yield everything from the beginning on; the last event is the outcome."""
        seen = 0
        while True:
            news = self.news
            for event in self.told[seen:]:
                seen += 1
                yield event
                if not isinstance(event, ImportProgress):
                    return
            if seen == len(self.told):
                await news.wait()


class Imports:
    """The imports of this process, running or ended within the hour."""

    def __init__(self, *, library: Library, uploads: Uploads, clock: Clock) -> None:
        self._library = library
        self._uploads = uploads
        self._clock = clock
        self._runs: dict[str, _Run] = {}
        self._tasks = Tasks()

    async def begin(self, actor: Actor, upload_id: str) -> str:
        """Begin the import of an upload, or find the one that was begun; returns its id.

        Raises UploadNotFound, UploadIncomplete.
        """
        self._forget()
        if (known := self._of(actor, upload_id)) is not None:
            return known.id
        path, name = await self._uploads.whole(actor, upload_id)
        if (known := self._of(actor, upload_id)) is not None:  # asked twice at once
            return known.id
        run = _Run(id=new_id("import"), workspace_id=actor.workspace_id, upload_id=upload_id)
        run.tell(ImportProgress(phase="waiting", fraction=0.0))
        self._runs[run.id] = run
        run.task = self._tasks.spawn(self._work(actor, run, path, name), name="import")
        return run.id

    def watch(self, actor: Actor, import_id: str) -> AsyncGenerator[ImportEvent, None]:
        """Return the events of an import from its beginning, the outcome last; raises ImportNotFound."""
        return self._run(actor, import_id).events()

    async def cancel(self, actor: Actor, import_id: str) -> None:
        """Cancel an import, if it still runs, and return when nothing of it is left; raises ImportNotFound."""
        run = self._run(actor, import_id)
        if run.task is not None and run.ended_at is None:
            run.is_cancelled = True
            run.task.cancel()
            await asyncio.wait({run.task})

    async def close(self) -> None:
        """Stop what runs; its uploads stay for another start."""
        await self._tasks.close()

    def _of(self, actor: Actor, upload_id: str) -> _Run | None:
        of_it = (actor.workspace_id, upload_id)
        return next((run for run in self._runs.values() if (run.workspace_id, run.upload_id) == of_it), None)

    def _run(self, actor: Actor, import_id: str) -> _Run:
        run = self._runs.get(import_id)
        if run is None or run.workspace_id != actor.workspace_id:
            raise ImportNotFound(f"there is no import {import_id}.", fix="begin one from an upload.")
        return run

    def _forget(self) -> None:
        ended = [run for run in self._runs.values() if run.ended_at is not None]
        late = [run for run in ended if self._clock.monotonic() - (run.ended_at or 0.0) > _KEPT_S]
        for run in {*late, *ended[: max(0, len(ended) - _KEPT)]}:
            del self._runs[run.id]

    async def _work(self, actor: Actor, run: _Run, path: Path, name: str) -> None:
        def report(progress: Progress) -> None:
            run.tell(ImportProgress(**dict(progress)))

        outcome: ImportEvent | None = None
        try:
            opened = await self._library.bring_in(actor, path, name=name, report=report)
            outcome = Imported(sheet_id=opened.sheet.id, version=opened.sheet.version)
        except ChatSheetError as error:
            outcome = _failed(error)
        except OSError as error:
            log.exception("import failed")
            outcome = _failed(StorageUnavailable(f"the data folder cannot be used: {error.strerror}.", fix="check its space."))
        except asyncio.CancelledError:
            if not run.is_cancelled:  # the server ends; the upload stays for its next start
                raise
            outcome = ImportCancelled()
        finally:
            run.ended_at = self._clock.monotonic()
            if outcome is not None:
                await self._remove(actor, run.upload_id)
            run.tell(outcome or _failed(ChatSheetError("the import broke off.", fix="import the upload again.")))

    async def _remove(self, actor: Actor, upload_id: str) -> None:
        with contextlib.suppress(UploadNotFound):  # its sender gave it up meanwhile
            await self._uploads.remove(actor, upload_id)


def _failed(error: ChatSheetError) -> ImportFailed:
    return ImportFailed(code=error.code, what=error.what, fix=error.fix)
