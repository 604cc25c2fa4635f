"""The sheets of a workspace: bring a file in, find it again, read its rows, ask it guarded SQL.

On disk a version is one folder named by its id, complete or absent: it is made aside and renamed into place.
"""

import asyncio
import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from chatsheet.core.clock import Clock
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.db.engine import Database
from chatsheet.sheets import guard, store
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.ingest.grid import FileEmpty, FileMissing
from chatsheet.sheets.ingest.load import PARSER
from chatsheet.sheets.ingest.progress import Report
from chatsheet.sheets.model import Result, Workbook
from chatsheet.sheets.query import Engine, Limits
from chatsheet.sheets.questions import Questions
from chatsheet.sheets.store import Sheet

_HASH_BLOCK = 2**20
_LONGEST_NAME = 200
_ABANDONED_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A sheet at one version, with everything that version says of itself."""

    sheet: Sheet
    workbook: Workbook

    def columns(self) -> dict[str, list[str]]:
        """Return the SQL names of the tables and their columns, for the guard."""
        return {table.id: [column.name for column in table.columns] for table in self.workbook.tables}


class Library:
    """Sheets as files, versions as folders, rows through the engine."""

    def __init__(self, *, database: Database, folder: Path, engine: Engine, clock: Clock) -> None:
        self._database = database
        self._versions = folder / "versions"
        self._incoming = folder / "incoming"
        self._engine = engine
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def bring_in(
        self, actor: Actor, path: Path, *, name: str | None = None, report: Report | None = None
    ) -> OpenSheet:
        """Import the file at `path`, or find it again; raises the errors of ingest.grid and leaves nothing behind.

        `report` hears how far the import is; a cancelled one leaves nothing either.
        """
        name = _safe_name(name or path.name)
        content = await asyncio.to_thread(_check_and_hash, path, name)
        # the name is part of it: a delimited file's table is called after its file
        version = hashlib.sha256(f"{PARSER}\0{name}\0{content}".encode()).hexdigest()[:32]
        lock = self._locks.setdefault(version, asyncio.Lock())
        async with lock:  # the same file twice at once is one version and one sheet
            if not (self._versions / version).exists():
                await self._make_version(path, name, version, report)
            workbook = await asyncio.to_thread(self._workbook, version)
            sheet = await self._record(actor, name=name, version=version, content=content)
        return OpenSheet(sheet, workbook)

    async def _record(self, actor: Actor, *, name: str, version: str, content: str) -> Sheet:
        async with self._database.unit() as connection:
            return await store.find(connection, actor, name=name, version=version) or await store.add(
                connection, actor, name=name, version=version, content_sha256=content, at=self._clock.now()
            )

    async def _make_version(self, path: Path, name: str, version: str, report: Report | None) -> None:
        aside = self._incoming / new_id("import")
        await asyncio.to_thread(aside.mkdir, parents=True, mode=0o700)
        try:
            await asyncio.to_thread(shutil.copyfile, path, aside / name)
            workbook = await self._engine.load(aside / name, aside / "base.duckdb", report)
            (aside / "workbook.json").write_text(workbook.model_dump_json(), encoding="utf-8")
            self._versions.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (self._versions / version).exists():
                aside.rename(self._versions / version)
        finally:
            await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)

    def _workbook(self, version: str) -> Workbook:
        return Workbook.model_validate_json((self._versions / version / "workbook.json").read_bytes())

    async def open(self, actor: Actor, sheet_id: str) -> OpenSheet:
        """Return a sheet at its head; raises SheetNotFound."""
        async with self._database.unit() as connection:
            sheet = await store.get(connection, actor, sheet_id)
        return OpenSheet(sheet, await asyncio.to_thread(self._workbook, sheet.version))

    async def listing(self, actor: Actor) -> list[Sheet]:
        """Return the workspace's sheets, newest first."""
        async with self._database.unit() as connection:
            return await store.listing(connection, actor)

    def questions(self, opened: OpenSheet) -> Questions:
        """Return what the version that `opened` holds can be asked."""
        database = self._versions / opened.sheet.version / "base.duckdb"
        return Questions(version=opened.sheet.version, workbook=opened.workbook, database=database, engine=self._engine)

    async def query(self, opened: OpenSheet, guarded: GuardedSql, limits: Limits | None = None) -> Result:
        """Run guarded SQL over the version that `opened` holds."""
        return await self.questions(opened).run(guarded, limits)

    async def rows(self, opened: OpenSheet, table_id: str, *, offset: int, limit: int) -> Result | None:
        """Return a window of a table in its own order, row ids first; None where there is no such table."""
        table = opened.workbook.table(table_id)
        if table is None:
            return None
        names = [column.name for column in table.columns]
        return await self.query(opened, guard.rows_of_table(table.id, names, offset=offset, limit=limit))

    def sweep(self) -> None:
        """Remove what a killed process left half brought in; blocking. For the one server of a data folder, at its start."""
        for left in self._incoming.iterdir() if self._incoming.is_dir() else ():
            if time.time() - left.stat().st_mtime > _ABANDONED_S:  # younger ones may be another command's
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)

    def incoming(self) -> Path:
        """Return a fresh path for an upload; the caller removes it."""
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._incoming / new_id("upload")


def _safe_name(name: str) -> str:
    """Return the last part of a file name, whatever separators it was written with."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "").strip().lstrip(".")
    # file systems count bytes: keep the end, where the suffix is
    return last.encode()[-_LONGEST_NAME:].decode(errors="ignore") or "unnamed"


def _check_and_hash(path: Path, name: str) -> str:
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "does not exist"
        raise FileMissing(f"{path} {reason}.", fix="check the path.")
    if path.stat().st_size == 0:
        raise FileEmpty(f"{name} is empty.", fix="export it again.")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}.", fix="check its permissions.") from None
    return digest.hexdigest()
