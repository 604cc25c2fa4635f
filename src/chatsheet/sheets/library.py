"""The sheets of a workspace: bring a file in, find it again, read its rows, ask it guarded SQL.

On disk a version is one folder named by its id, complete or absent: it is made aside and renamed into place. Edits make new
versions; a sheet's head is set by compare-and-swap in the same transaction that records the version, so a process that dies
leaves the old head or the new one.
"""

import asyncio
import contextlib
import hashlib
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.cache import keys
from chatsheet.cache.cache import Caches, Kind
from chatsheet.core.acts import Act, Action
from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Conflict, NotFound, Refused
from chatsheet.core.identity import UNRULED, Actor, Rules
from chatsheet.db.engine import Database, tell
from chatsheet.sheets import authors, following, kept, store, versions
from chatsheet.sheets import rules as ruling
from chatsheet.sheets.asides import is_orphan, owned
from chatsheet.sheets.compaction import Compactions
from chatsheet.sheets.conflicts import ConflictCell
from chatsheet.sheets.differences import Differences
from chatsheet.sheets.edits import EDITS, Change, Edit, EditPreview
from chatsheet.sheets.excerpts import Excerpts
from chatsheet.sheets.folders import Folders
from chatsheet.sheets.follower import Follower, ShownCell, calculated, first
from chatsheet.sheets.following import Followed
from chatsheet.sheets.formulas.engine import Recalculator
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.ingest.corrections import CorrectionInvalid
from chatsheet.sheets.ingest.grid import FileEmpty, FileMissing
from chatsheet.sheets.ingest.load import PARSER
from chatsheet.sheets.ingest.progress import Report
from chatsheet.sheets.ingest.raw import RawCells
from chatsheet.sheets.ingest.said import Said, TabSaid
from chatsheet.sheets.model import ROW_ID, Result, Workbook
from chatsheet.sheets.query import Engine, Limits
from chatsheet.sheets.questions import Questions
from chatsheet.sheets.store import HeadMove, Move, MoveKind, Sheet, Version, VersionNotFound
from chatsheet.sheets.stored import Stored, VersionDamaged, VersionLost
from chatsheet.sheets.writer import Made, Order

_HASH_BLOCK = 2**20
_LONGEST_NAME = 200
_ABANDONED_S = 24 * 3600.0
_MOST_TRIES = 10
_MOST_NAMED = 30
_LONGEST_PARSE_S = 120.0


class EditConflict(Conflict):
    """Somebody else changed the same cells since the version that the edit was made on; nothing was written."""

    code = "edit.conflict"

    cells: tuple[ConflictCell, ...] = ()


class EditRepeated(Conflict):
    """Edits that are made once at most were made already; nothing was written."""

    code = "edit.repeated"


class HeadMoved(Conflict):
    """The sheet is at another version than the one named."""

    code = "sheet.head_moved"


class SheetEdited(Conflict):
    """A sheet is read again only as it was imported: edits name cells that might not be there any more."""

    code = "sheet.edited"


class TabNotFound(NotFound):
    """No such tab in this sheet."""

    code = "sheet.tab_not_found"


class SeenInPart(Refused):
    """Row and column rules cannot be applied to what was asked for."""

    code = "sheet.seen_in_part"


class NothingToUndo(Conflict):
    """There is no version to go back, or forward, to."""

    code = "sheet.nothing_to_undo"


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A sheet at one version, with everything that version says of itself to those under `rules`."""

    sheet: Sheet
    workbook: Workbook
    rules: Rules = UNRULED
    hidden: frozenset[str] = frozenset()
    """The names and labels, casefolded, of what the rules hide."""

    @property
    def is_whole(self) -> bool:
        """Whether all of the sheet is seen."""
        return not self.rules.tables

    def columns(self) -> dict[str, list[str]]:
        """Return the SQL names of the tables and their columns, for the guard."""
        return {table.id: table.names for table in self.workbook.tables}


@dataclass(frozen=True, slots=True)
class Edited:
    """A sheet at the version that edits made, and what they changed."""

    opened: OpenSheet
    changes: tuple[Change, ...]
    formulas: Impact = field(default_factory=Impact)
    """What they did to formulas: the first cells, and counts of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a sheet's head stands, by which move, and the mark of the list of sheets."""

    version: str
    seq: int
    sheets: str


async def _nothing(actor: Actor, opened: OpenSheet) -> None:
    del actor, opened


class Library:
    """Sheets as files, versions as folders, rows through the engine."""

    def __init__(
        self,
        *,
        database: Database,
        folder: Path,
        engine: Engine,
        clock: Clock,
        recalculator: Recalculator | None = None,
        quiet_s: float = 0.5,
        caches: Caches | None = None,
        stored: Stored | None = None,
    ) -> None:
        """`quiet_s` without an edit count as a quiet moment, in which a version is compacted.

        Where versions are `stored`, the folder is a cache of them.
        """
        self._database = database
        self._versions = folder / "versions"
        self._incoming = folder / "incoming"
        self._engine = engine
        self._recalculator = recalculator or Recalculator()
        self._follower = Follower(engine, self._recalculator, self._versions)
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._excerpts = Excerpts(folder=folder / "excerpts", versions=self._versions, incoming=self._incoming, engine=engine)
        caches = caches or Caches.open(clock=clock)
        self._results = caches.of(kept.RESULTS)
        self._workbooks = caches.of(kept.WORKBOOKS)
        self._parsed = caches.of(
            Kind[str](
                name=keys.ParsedFile.kind,
                encode=str.encode,
                decode=self._present,
                is_kept_here=False,
                patience_s=_LONGEST_PARSE_S,
            )
        )
        self._folders = Folders(folder, stored)
        self.on_import: Callable[[Actor, OpenSheet], Awaitable[None]] = _nothing
        """Hears of each file that was brought in, or found again, before its sender does."""
        self.compactions = Compactions(folders=self._folders, engine=engine, quiet_s=quiet_s)

    async def bring_in(
        self, actor: Actor, path: Path, *, name: str | None = None, report: Report = lambda _: None
    ) -> OpenSheet:
        """Import the file at `path`, or find it again; raises the errors of ingest.grid and leaves nothing behind.

        `report` hears how far the import is; a cancelled one leaves nothing either.
        """
        opened = await self._brought_in(actor, path, name, report)
        await self.on_import(actor, opened)
        return opened

    async def _brought_in(self, actor: Actor, path: Path, name: str | None, report: Report) -> OpenSheet:
        name = _safe_name(name or path.name)
        content = await asyncio.to_thread(_check_and_hash, path, name)
        lock = self._locks.setdefault(f"{actor.workspace_id}\0{name}\0{content}", asyncio.Lock())
        async with lock:  # the same file twice at once is one version and one sheet
            if (known := await self._known(actor, name, content)) is not None:
                return known
            async with self._database.unit() as connection:
                said = Said.model_validate({"shapes": await store.remembered(connection, actor)})
            version = await self._make_version(path, name, content, said, report)
            if (known := await self._known(actor, name, content)) is not None:
                return known  # its files were lost, and are there again
            async with self._database.unit() as connection:
                at = self._clock.now()
                sheet = await store.add(connection, actor, name=name, version=version, content_sha256=content, at=at)
        return await self._opened(actor, sheet)

    async def _known(self, actor: Actor, name: str, content: str) -> OpenSheet | None:
        """Return the sheet that was imported from this file, at its head, unless another parser read it."""
        async with self._database.unit() as connection:
            sheet = await store.find(connection, actor, name=name, content_sha256=content)
        try:
            opened = None if sheet is None else await self._opened(actor, sheet)
        except VersionLost:
            return None
        return opened if opened is not None and opened.workbook.parser == PARSER else None

    async def _make_version(self, path: Path, name: str, content: str, said: Said, report: Report = lambda _: None) -> str:
        """Import a file into a version of its own and return its id."""
        # the name is part of it: a delimited file's table is called after its file
        named = f"{PARSER}\0{name}\0{content}" + (f"\0{said.model_dump_json()}" if said.shapes else "")
        version = hashlib.sha256(named.encode()).hexdigest()[:32]
        with contextlib.suppress(FileNotFoundError, VersionDamaged):
            await self._folders.ready(version)
            await self._folders.keep(version)
            self._parsed.counts.hits += 1
            return version
        key = keys.ParsedFile(parser=PARSER, name=name, content=content, said=said.model_dump_json())
        try:
            await self._parsed.fetch(key, partial(self._parse, version, path, name, said, report))
            await self._folders.ready(version)  # another process with another folder may have made it
        except (FileNotFoundError, VersionDamaged):  # or of somebody's copy of the file, who left before it was read
            await self._parse(version, path, name, said, report)
        return version

    def _present(self, version: bytes) -> str:
        """Return the version that another process made, if it is in this folder too, or in the store that both have."""
        if self._folders.stored is None and not (self._versions / version.decode()).exists():
            raise ValueError("another process has another folder")
        return version.decode()

    async def _parse(self, version: str, path: Path, name: str, said: Said, report: Report) -> str:
        aside = self._incoming / owned("import")
        await asyncio.to_thread(aside.mkdir, parents=True, mode=0o700)
        try:
            await asyncio.to_thread(shutil.copyfile, path, aside / name)
            workbook = await self._engine.load(aside / name, aside / versions.BASE, report, said)
            copy = aside / "calculated" / name
            copy.parent.mkdir()
            if (cells := await self._follower.completed(aside / name, copy, workbook)) is not None:
                (aside / versions.BASE).unlink()
                workbook = calculated(await self._engine.load(copy, aside / versions.BASE, report, said), workbook)
                following.write(aside, cells)
            await asyncio.to_thread(shutil.rmtree, copy.parent)
            (aside / versions.WORKBOOK).write_text(workbook.model_dump_json(), encoding="utf-8")
            self._versions.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                aside.rename(self._versions / version)
            except OSError:
                if not (self._versions / version).exists():  # else another process made the same
                    raise
            await self._folders.keep(version, anew=True)
        finally:
            await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
        return version

    def original(self, opened: OpenSheet) -> Path:
        """Return the file that a sheet was imported from; raises SeenInPart."""
        _check_whole(opened.rules)
        folder = self._versions / opened.sheet.version
        manifest = versions.read_manifest(folder)
        return (self._versions / manifest.origin if manifest else folder) / opened.sheet.name

    async def cells(self, opened: OpenSheet, tab: str, *, top: int, left: int) -> RawCells:
        """Return a window of a tab as the imported file has it, before any edit; raises TabNotFound."""
        aside = self._incoming / owned("cells")
        found = await self._engine.cells(self.original(opened), tab, aside, top=top, left=left)
        if found is None:
            raise TabNotFound(f"there is no tab {tab}.", fix=f"the tabs are {', '.join(opened.workbook.shapes)}.")
        return found

    async def differences(self, opened: OpenSheet) -> Differences:
        """Return what edits made of the workbook that a sheet was imported from; raises SeenInPart."""
        _check_whole(opened.rules)
        head = opened.sheet.version
        manifest = versions.read_manifest(self._versions / head)
        return await self._engine.differences(self._versions, manifest.origin if manifest else head, head)

    async def correct(
        self, actor: Actor, sheet_id: str, tab: str, said: TabSaid, *, expected_version: str, reason: str = ""
    ) -> OpenSheet:
        """Read a tab again as the user says, as a new version, and remember it for files whose tab has the same shape.

        Raises HeadMoved, TabNotFound, SheetEdited, CorrectionInvalid, ReadingUnknown, SeenInPart.
        """
        _check_whole(actor.rules)
        opened = await self.open(actor, sheet_id)
        head, workbook = opened.sheet.version, opened.workbook
        if head != expected_version:
            raise _moved(head, expected_version)
        if (shape := workbook.shapes.get(tab)) is None:
            raise TabNotFound(f"there is no tab {tab}.", fix=f"the tabs are {', '.join(workbook.shapes)}.")
        if versions.read_manifest(self._versions / head) is not None:
            raise SheetEdited("the sheet was edited since its import.", fix="undo the edits, correct it, and edit it again.")
        if said == TabSaid():
            raise CorrectionInvalid(f"nothing was said of {tab}.", fix="say where a table stands, or what a column is.")
        known = Said.model_validate({"shapes": workbook.corrections, "tab": tab})
        whole = known.model_copy(update={"shapes": known.shapes | {shape: known.shapes.get(shape, TabSaid()).then(said)}})
        path, content = self.original(opened), workbook.content_sha256
        version = await self._make_version(path, opened.sheet.name, content, whole)
        corrected = await asyncio.to_thread(versions.read_workbook, self._versions / version)
        _check_columns(corrected, tab, said)
        at = self._clock.now()
        async with self._database.unit() as connection:
            if version != head:
                moved = await store.move(
                    connection, actor, sheet_id, kind="correction", old=head, new=version, reason=reason, at=at
                )
                if not moved:
                    raise _moved("another", head)
                parent = await store.version(connection, actor, sheet_id, head)
                edits = whole.shapes[shape].model_dump(mode="json")
                await store.add_version(
                    connection, actor, sheet_id, version_id=version, parent=parent, edits=edits, changes=(), next_row=1, at=at
                )
            await store.remember(connection, actor, shape, corrected.corrections[shape], at=at)  # last, as an undo does
        return OpenSheet(replace(opened.sheet, version=version), corrected)

    async def open(self, actor: Actor, sheet_id: str) -> OpenSheet:
        """Return a sheet at its head, as the actor sees it; raises SheetNotFound."""
        async with self._database.unit() as connection:
            sheet = await store.get(connection, actor, sheet_id)
        return await self._opened(actor, sheet)

    async def at(self, actor: Actor, sheet_id: str, version: str, *, is_cited: bool = False) -> OpenSheet:
        """Return a sheet at a version it had, as the actor sees it; raises SheetNotFound and VersionNotFound.

        Whoever is under rules sees the head, and versions that they asked under the same rules, or that a chat they see cites;
        of those without what they do not see of the head.
        """
        async with self._database.unit() as connection:
            sheet = await store.get(connection, actor, sheet_id)
            is_past = bool(actor.rules.tables) and version != sheet.version
            if is_past and not is_cited and not await store.was_asked(connection, actor, sheet_id, version):
                raise VersionNotFound(
                    f"you see this sheet only as it is now, at version {sheet.version}.", fix="open it again."
                )
            await store.version(connection, actor, sheet_id, version)
        if is_past:
            then = await self._opened(replace(actor, rules=UNRULED), replace(sheet, version=version))
            head = await self._opened(actor, sheet)
            actor = replace(actor, rules=ruling.as_now(actor.rules, then.workbook, head.workbook))
        return await self._opened(actor, replace(sheet, version=version))

    async def _opened(self, actor: Actor, sheet: Sheet) -> OpenSheet:
        key = keys.Profile(profile=f"{PARSER} {kept.ENGINE}", sheet=sheet.id, version=sheet.version, rules="")

        async def read() -> Workbook:
            return await asyncio.to_thread(versions.read_workbook, self._versions / sheet.version)

        try:
            await self._ready(sheet.version, sheet.name)
            whole = await self._workbooks.fetch(key, read, is_cheap=True)
            if not actor.rules.tables:
                return OpenSheet(sheet, whole)
            excerpt = await self._excerpts.of(sheet.version, actor.rules)
            shown = await asyncio.to_thread(versions.read_workbook, excerpt)
        except FileNotFoundError:
            raise _lost(sheet.version, sheet.name) from None
        return OpenSheet(sheet, shown, actor.rules, ruling.hidden(whole, shown))

    async def _ready(self, version: str, name: str) -> None:
        """See that a version can be read here; raises VersionLost, StorageUnavailable."""
        try:
            await self._folders.ready(version)
        except FileNotFoundError:
            raise _lost(version, name) from None

    async def tried(self, opened: OpenSheet, rules: Rules) -> Workbook:
        """Return what would be seen of the version that `opened` holds under rules; raises SeenInPart."""
        _check_whole(opened.rules)
        return await self._excerpts.tried(opened.sheet.version, rules)

    async def standing(self, actor: Actor, sheet_id: str) -> Standing:
        """Return where a sheet's head stands; raises SheetNotFound."""
        async with self._database.unit() as connection:
            seq = await store.last_move(connection, actor, sheet_id)  # first: it must not be newer than the version
            sheet = await store.get(connection, actor, sheet_id)
            return Standing(version=sheet.version, seq=seq, sheets=await store.mark(connection, actor))

    async def moves_after(self, actor: Actor, sheet_id: str, seq: int, *, most: int) -> list[HeadMove]:
        """Return the first moves of a sheet's head after a number, in order."""
        async with self._database.unit() as connection:
            return await store.moves_after(connection, actor, sheet_id, seq, most=most)

    async def listing(self, actor: Actor, shared: Collection[str] = ()) -> list[Sheet]:
        """Return the workspace's sheets, and those of others that were shared with the actor, newest first."""
        async with self._database.unit() as connection:
            return await store.listing(connection, actor, shared)

    @staticmethod
    async def hold(connection: AsyncConnection, actor: Actor, sheet_id: str) -> None:
        """Let nobody remove a sheet until the caller's transaction ends, which this begins; raises SheetNotFound."""
        await store.hold(connection, actor, sheet_id)

    @staticmethod
    async def remove(connection: AsyncConnection, actor: Actor, sheet_id: str) -> set[str]:
        """Remove a sheet with its history, inside the caller's transaction; what else names it goes before.

        Returns the versions it had, for `forget`.
        """
        return await store.remove(connection, actor, sheet_id)

    async def forget(self, versions: Collection[str]) -> None:
        """Remove what was kept of versions for those under rules; their files are left to the sweep, others may name them."""
        await asyncio.to_thread(self._excerpts.forget, versions)

    def questions(self, opened: OpenSheet) -> Questions:
        """Return what the version that `opened` holds can be asked."""
        sheet, version = opened.sheet.id, opened.sheet.version
        folder = self._versions / version if opened.is_whole else self._excerpts.place(version, opened.rules)
        is_cached = self._folders.stored is not None and opened.is_whole
        more = {"ready": partial(self._ready, version, opened.sheet.name)} if is_cached else {}
        return Questions(
            **more,
            version=version,
            rules=opened.rules.key,
            workbook=opened.workbook,
            database=versions.location(folder),
            engine=self._engine,
            results=kept.Results(cache=self._results, sheet=sheet, version=version, rules=opened.rules.key),
        )

    async def note(self, actor: Actor, opened: OpenSheet, action: Action, said: Mapping[str, JsonValue]) -> None:
        """Tell the audit log what was done with a version and changed nothing, such as an export."""
        async with self._database.unit() as connection:
            tell(connection, Act.of(actor, action, opened.sheet.id, {"version": opened.sheet.version, **said}))

    async def query(self, opened: OpenSheet, guarded: GuardedSql, limits: Limits | None = None) -> Result:
        """Run guarded SQL over the version that `opened` holds."""
        return await self.questions(opened).run(guarded, limits)

    async def preview(
        self, actor: Actor, sheet_id: str, edits: Sequence[Edit], *, expected_version: str | None = None
    ) -> EditPreview:
        """Return what edits of `expected_version`, or of the head, would change now; raises what `edit` raises."""
        sheet, made, followed, aside = await self._make(actor, sheet_id, edits, since=expected_version, is_preview=True)
        await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
        return EditPreview(version=sheet.version, changes=made.changes, formulas=first(followed.impact))

    async def edit(
        self,
        actor: Actor,
        sheet_id: str,
        edits: Sequence[Edit],
        *,
        expected_version: str,
        reason: str = "",
        is_once: bool = False,
    ) -> Edited:
        """Make edits of `expected_version` a new version, on top of what others did to other cells meanwhile.

        Raises EditConflict where they changed the same; EditRefused, SqlRefused, SheetNotFound, VersionNotFound. Edits that
        change nothing make no version. With `is_once`, edits with a reason that the history knows raise EditRepeated.
        """
        lock = self._locks.setdefault(sheet_id, asyncio.Lock())
        async with lock:  # the swap below is what keeps processes apart; this saves work in one
            for _ in range(_MOST_TRIES):
                sheet, made, followed, aside = await self._make(actor, sheet_id, edits, since=expected_version)
                try:
                    # after the head was read: one who makes the same now moves it, and this one comes by again
                    if is_once and any(move.reason == reason for move in await self.history(actor, sheet_id)):
                        raise EditRepeated("this was done already.", fix="look at the sheet's history.")
                    if all(change.cells == 0 and not change.rows and not change.notes for change in made.changes):
                        return Edited(await self._opened(actor, sheet), made.changes)
                    version = await self._record_edit(actor, sheet, edits, made, aside, reason)
                finally:
                    await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
                if version is not None:
                    opened = await self._opened(actor, replace(sheet, version=version))
                    self.compactions.begin(sheet_id, partial(self._head, actor, sheet_id), lock)
                    return Edited(opened, made.changes, first(followed.impact))
        raise HeadMoved("others keep changing this sheet.", fix="try again.")

    async def _make(
        self, actor: Actor, sheet_id: str, edits: Sequence[Edit], *, since: str | None, is_preview: bool = False
    ) -> tuple[Sheet, Made, Followed, Path]:
        """Make edits into a folder of their own, on top of the head; raises EditConflict and removes the folder.

        Where formulas may read what they change, they are made twice: to see what changes, and with what follows from it.
        """
        _check_whole(actor.rules)
        edits = EDITS.validate_python(tuple(edits))
        async with self._database.unit() as connection:
            sheet = await store.get(connection, actor, sheet_id)
            if since is not None:
                await store.version(connection, actor, sheet_id, since)
            next_row = await store.next_row(connection, actor, sheet_id)
        for one in {sheet.version, since or sheet.version}:
            await self._ready(one, sheet.name)
        aside = self._incoming / owned("edit")
        await asyncio.to_thread(aside.mkdir, parents=True, mode=0o700)
        order = Order(
            versions=str(self._versions), head=sheet.version, aside=str(aside), edits=edits, next_row=next_row,
            since=None if since == sheet.version else since, is_preview=is_preview,
        )  # fmt: skip
        workbook = await asyncio.to_thread(versions.read_workbook, self._versions / sheet.version)
        is_followed = self._follower.concerns(workbook, sheet.name, edits)
        followed = Followed()
        is_made = False
        try:
            if is_followed:
                order = order.model_copy(update={"is_logged": True})
                seen = await self._engine.edit(order.model_copy(update={"is_preview": True}))
                if not seen.conflicts:
                    followed = await self._follower.follow(sheet.name, sheet.version, workbook, seen.touched)
                    order = order.model_copy(update={"followed": followed})
            made = await self._engine.edit(order)
            is_made = not made.conflicts
        finally:
            if not is_made:
                await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
        if made.conflicts:
            raise await self._conflict(actor, sheet, since or sheet.version, made.conflicts)
        return sheet, made, followed, aside

    async def formula_cells(self, opened: OpenSheet, tab: str, area: str) -> tuple[ShownCell, ...]:
        """Return the cells of a tab's area such as `B2:D9` that hold formulas, with what they hold.

        Raises AreaRefused, SeenInPart.
        """
        _check_whole(opened.rules)
        return await self._follower.shown(opened.sheet.name, opened.sheet.version, opened.workbook, tab, area)

    async def _record_edit(
        self, actor: Actor, sheet: Sheet, edits: Sequence[Edit], made: Made, aside: Path, reason: str
    ) -> str | None:
        """Put the version in place and move the head to it; None where the head moved meanwhile."""
        written = EDITS.dump_python(tuple(edits), mode="json")
        delta = EDITS.dump_json(tuple(edits)).decode()
        version = hashlib.sha256(f"{sheet.id}\0{sheet.version}\0{delta}\0{made.digest}".encode()).hexdigest()[:32]
        if not (self._versions / version).exists():
            await asyncio.to_thread(aside.rename, self._versions / version)
        await self._folders.keep(version)
        at = self._clock.now()
        async with self._database.unit() as connection:
            moved = await store.move(
                connection, actor, sheet.id, kind="edit", old=sheet.version, new=version, reason=reason, at=at,
                changes=made.changes,
            )  # fmt: skip
            if moved:
                parent = await store.version(connection, actor, sheet.id, sheet.version)
                await store.add_version(
                    connection, actor, sheet.id, version_id=version, parent=parent, edits=written, changes=made.changes,
                    next_row=made.next_row, at=at,
                )  # fmt: skip
        return version if moved else None

    async def _conflict(self, actor: Actor, sheet: Sheet, since: str, cells: Sequence[ConflictCell]) -> EditConflict:
        """Return the conflict with who changed each cell last, and when."""
        async with self._database.unit() as connection:
            here = await store.parents(connection, actor, sheet.id, sheet.version)
            there = await store.parents(connection, actor, sheet.id, since)
            moves = await store.moves(connection, actor, sheet.id)
        between = set(here) ^ set(there)
        told = tuple(authors.with_author(cell, [move for move in moves if move.version in between]) for cell in cells)
        error = EditConflict(
            f"somebody else changed {len(told)} of these cells: {'; '.join(authors.line(cell) for cell in told[:3])}.",
            fix=f"look at version {sheet.version}, then edit that one.",
        )
        error.cells = told
        return error

    async def undo(self, actor: Actor, sheet_id: str, *, expected_version: str, reason: str = "") -> OpenSheet:
        """Move the head back to the parent of `expected_version`; raises HeadMoved and NothingToUndo."""
        async with self._database.unit() as connection:
            version = await store.version(connection, actor, sheet_id, expected_version)
        if version.parent_id is None:
            raise NothingToUndo("this is the sheet as it was imported.", fix="there is nothing before it.")
        return await self._move(actor, sheet_id, "undo", old=expected_version, new=version.parent_id, reason=reason)

    async def redo(self, actor: Actor, sheet_id: str, *, expected_version: str, reason: str = "") -> OpenSheet:
        """Move the head forward to where it was last; raises HeadMoved and NothingToUndo."""
        async with self._database.unit() as connection:
            new = await store.child(connection, actor, sheet_id, expected_version)
        if new is None:
            raise NothingToUndo("nothing was undone here.", fix="edit the sheet to go on.")
        return await self._move(actor, sheet_id, "redo", old=expected_version, new=new, reason=reason)

    async def _move(self, actor: Actor, sheet_id: str, kind: MoveKind, *, old: str, new: str, reason: str) -> OpenSheet:
        _check_whole(actor.rules)
        async with self._database.unit() as connection:
            sheet = await store.get(connection, actor, sheet_id)
        for one in (old, new):
            await self._ready(one, sheet.name)
        async with self._database.unit() as connection:
            at = self._clock.now()
            moved = await store.move(connection, actor, sheet_id, kind=kind, old=old, new=new, reason=reason, at=at)
            sheet = await store.get(connection, actor, sheet_id)
            if moved:
                for shape, body in sorted((await asyncio.to_thread(self._said_otherwise, old, new)).items()):
                    await store.remember(connection, actor, shape, body, at=at)
        if not moved:
            raise _moved(sheet.version, old)
        return await self._opened(actor, sheet)

    def _said_otherwise(self, old: str, new: str) -> dict[str, JsonValue]:
        """Return what `new` says of the shapes that `old` reads in another way; None where it says nothing."""
        before, after = (versions.read_workbook(self._versions / one).corrections for one in (old, new))
        return {shape: after.get(shape) for shape in before.keys() | after.keys() if before.get(shape) != after.get(shape)}

    async def history(
        self, actor: Actor, sheet_id: str, *, table: str | None = None, row: int | None = None, column: str | None = None
    ) -> list[Move]:
        """Return who moved the head, when and why, newest first; with table, row and column, only what changed that cell.

        Raises SeenInPart, and BadInput for a row without its column, or a column without its table.
        """
        _check_whole(actor.rules)
        if (row is not None and column is None) or (column is not None and table is None):
            raise BadInput("a row is named without its column, or a column without its table.", fix="name them too.")
        async with self._database.unit() as connection:
            await store.get(connection, actor, sheet_id)
            moves = await store.moves(connection, actor, sheet_id)
            if table is None:
                return moves
            known = {m.version: await store.version(connection, actor, sheet_id, m.version) for m in moves}
        kept: list[Move] = []
        for move in moves:
            told = [authors.touches(change, table, row, column) for change in move.changes]
            if True in told or (None in told and await self._differs(actor, sheet_id, known[move.version], table, row, column)):
                kept.append(move)
        return kept

    async def _differs(
        self, actor: Actor, sheet_id: str, version: Version, table: str, row: int | None, column: str | None
    ) -> bool:
        """Tell whether a cell differs between a version and its parent, where the record of a large edit is a summary."""
        seen: list[tuple[JsonValue, ...]] = []
        for one in (version.id, version.parent_id or version.id):
            opened = await self.at(actor, sheet_id, one)
            found = opened.workbook.table(table)
            names = {c.name for c in found.columns} if found else set[str]()
            listed = f'"{column}"' if column in names else "NULL"
            sql = f'SELECT {listed} FROM "{table}" WHERE {ROW_ID} = {row or 0:d}'  # noqa: S608  names of the workbook
            result = await self.query(opened, GuardedSql(sql, (table,), None)) if found else None
            seen.append(result.rows[0] if result and result.rows else ())
        return seen[0] != seen[1]

    async def _head(self, actor: Actor, sheet_id: str) -> str:
        async with self._database.unit() as connection:
            return (await store.get(connection, actor, sheet_id)).version

    async def settled(self) -> None:
        """Wait until nothing is compacted any more."""
        await self.compactions.settled()

    async def close(self) -> None:
        """Give up compactions that still run; what they began is removed."""
        await self.compactions.close()
        await self._recalculator.close()

    async def put_all(self) -> None:
        """Put the versions into the object store that were made here before there was one; raises StorageUnavailable."""
        async with self._database.unit() as connection:
            known = await store.known_versions(connection)
        await self._folders.put_all(known)

    async def sweep(self) -> None:
        """Remove what a killed process left half done. For the one server of a data folder, at its start."""
        async with self._database.unit() as connection:
            known = await store.known_versions(connection)
        await asyncio.to_thread(self._sweep, known)

    def _sweep(self, known: set[str]) -> None:
        left = list(self._incoming.iterdir()) if self._incoming.is_dir() else []
        if self._versions.is_dir():  # made, and its process killed before it was recorded
            left += [entry for entry in self._versions.iterdir() if entry.name not in known]
        self._excerpts.sweep(known)
        for entry in left:
            is_old = time.time() - entry.stat().st_mtime > _ABANDONED_S  # younger ones may be another command's
            if is_old or is_orphan(entry.name):
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)

    def incoming(self) -> Path:
        """Return a fresh path for an upload; the caller removes it."""
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._incoming / owned("upload")


def _moved(here: str, expected: str) -> HeadMoved:
    return HeadMoved(f"the sheet is at version {here}, not {expected}.", fix="look at it, then try again.")


def _lost(version: str, name: str) -> VersionLost:
    lost = f"the files of version {version} of {name} are gone."
    return VersionLost(lost, fix="restore them from a backup, or import the file again.")


def _check_whole(rules: Rules) -> None:
    if rules.tables:
        raise SeenInPart("you see only part of this sheet.", fix="ask one of its owners to do this.")


def _check_columns(corrected: Workbook, tab: str, said: TabSaid) -> None:
    labels = list(dict.fromkeys(c.label for table in corrected.tables if table.tab == tab for c in table.columns))
    for one in said.types:
        if one.column not in labels:
            named = ", ".join(labels[:_MOST_NAMED]) or "none"
            raise CorrectionInvalid(f"no column of {tab} has the header {one.column!r}.", fix=f"the columns are {named}.")


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
