"""The glossary of a sheet: listed, added to, changed, imported. Pinned SQL is checked against the sheet before it is kept."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.context.glossary import imports, store
from chatsheet.context.glossary.imports import Format
from chatsheet.context.glossary.model import MOST, Entry, Kept, Pinned, key, names, states_values
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Conflict
from chatsheet.core.identity import Actor
from chatsheet.db.engine import Database
from chatsheet.sheets import guard
from chatsheet.sheets.guard import SqlRefused
from chatsheet.sheets.library import Library, OpenSheet


class EntryKnown(Conflict):
    """The glossary has an entry for this term or question."""

    code = "glossary.known"


class GlossaryFull(Conflict):
    """The glossary has as many entries as it may."""

    code = "glossary.full"


class Glossary:
    """The glossaries of a workspace's sheets."""

    def __init__(self, *, database: Database, library: Library, clock: Clock) -> None:
        self._database = database
        self._library = library
        self._clock = clock

    async def entries(self, actor: Actor, opened: OpenSheet) -> tuple[Entry, ...]:
        """Return what a sheet's glossary says, for a prompt; without SQL that this version cannot answer any more.

        What names a table or column that rules hide, or may state values of rows that they hide, is left out too.
        """
        columns = tuple((table, tuple(names)) for table, names in opened.columns().items())
        async with self._database.unit() as connection:
            entries = [kept.entry for kept in await store.listing(connection, actor, opened.sheet.id)]
        seen = [one for one in entries if _is_seen(one, opened)]
        return tuple(one for one in seen if not isinstance(one, Pinned) or _runs(one.sql, columns))

    async def listing(self, actor: Actor, sheet_id: str) -> list[Kept]:
        """Return a sheet's entries that say nothing that is hidden, oldest first; raises SheetNotFound."""
        opened = await self._library.open(actor, sheet_id)
        async with self._database.unit() as connection:
            every = await store.listing(connection, actor, sheet_id)
        return [kept for kept in every if _is_seen(kept.entry, opened)]

    async def add(self, actor: Actor, sheet_id: str, entry: Entry) -> Kept:
        """Keep one entry; raises SheetNotFound, SqlRefused, EntryKnown, GlossaryFull."""
        checked = _checked(entry, await self._library.open(actor, sheet_id))
        async with self._database.unit() as connection:
            await self._library.hold(connection, actor, sheet_id)  # others may name the same, or remove the sheet
            known = await store.listing(connection, actor, sheet_id)
            _check_new(checked, known)
            _check_room(len(known) + 1)
            (kept,) = await store.add(connection, actor, sheet_id, [checked], at=self._clock.now())
        return kept

    async def change(self, actor: Actor, sheet_id: str, kept: Kept) -> Kept:
        """Let an entry say something else; raises SheetNotFound, EntryNotFound, SqlRefused, EntryKnown."""
        changed = Kept(id=kept.id, entry=_checked(kept.entry, await self._library.open(actor, sheet_id)))
        async with self._database.unit() as connection:
            await self._library.hold(connection, actor, sheet_id)  # others may name the same, or remove the sheet
            others = [one for one in await store.listing(connection, actor, sheet_id) if one.id != kept.id]
            _check_new(changed.entry, others)
            await store.change(connection, actor, sheet_id, changed)
        return changed

    async def remove(self, actor: Actor, sheet_id: str, entry_id: str) -> None:
        """Delete an entry; raises EntryNotFound."""
        async with self._database.unit() as connection:
            await store.remove(connection, actor, sheet_id, entry_id)

    @staticmethod
    async def forget(connection: AsyncConnection, actor: Actor, sheet_id: str) -> None:
        """Delete all that is said of a sheet that goes, inside the caller's transaction."""
        await store.forget(connection, actor, sheet_id)

    async def bring_in(self, actor: Actor, sheet_id: str, text: str, form: Format, *, is_preview: bool = False) -> list[Kept]:
        """Keep every entry of a CSV or JSON text, or none; what is said of a known term or question replaces it.

        A preview keeps nothing, and new entries have no id in it.

        Raises SheetNotFound, GlossaryInvalid with every line that is wrong, GlossaryFull.
        """
        opened = await self._library.open(actor, sheet_id)
        read, wrong = imports.read(text, form)
        entries: dict[str, Entry] = {}
        for line, entry in read:
            try:
                entries[key(entry)] = _checked(entry, opened)
            except SqlRefused as refused:
                wrong = [*wrong, (line, f"{refused.what} {refused.fix}")]
        imports.check(wrong, form)
        async with self._database.unit() as connection:
            await self._library.hold(connection, actor, sheet_id)  # others may name the same, or remove the sheet
            known = {key(kept.entry): kept for kept in await store.listing(connection, actor, sheet_id)}
            _check_room(len(known.keys() | entries.keys()))
            changed = [Kept(id=known[name].id, entry=entry) for name, entry in entries.items() if name in known]
            new = [entry for name, entry in entries.items() if name not in known]
            if is_preview:
                return [*changed, *(Kept(id="", entry=entry) for entry in new)]
            for kept in changed:
                await store.change(connection, actor, sheet_id, kept)
            return [*changed, *await store.add(connection, actor, sheet_id, new, at=self._clock.now())]


def _is_seen(entry: Entry, opened: OpenSheet) -> bool:
    hides_rows = any(rule.rows for rule in opened.rules.tables)
    return not names(entry, opened.hidden) and not (hides_rows and states_values(entry))


@lru_cache(maxsize=1_024)
def _runs(sql: str, columns: tuple[tuple[str, tuple[str, ...]], ...]) -> bool:
    try:
        guard.check(sql, {table: list(names) for table, names in columns})
    except SqlRefused:
        return False
    return True


def _checked(entry: Entry, opened: OpenSheet) -> Entry:
    """Return an entry as it is kept: pinned SQL in the guard's words; raises SqlRefused."""
    if isinstance(entry, Pinned):
        return Pinned(question=entry.question, sql=guard.check(entry.sql, opened.columns()).sql)
    return entry


def _check_new(entry: Entry, known: Sequence[Kept]) -> None:
    same = next((kept for kept in known if key(kept.entry) == key(entry)), None)
    if same is not None:
        raise EntryKnown(f"entry {same.id} is about the same.", fix="change that one, or remove it first.")


def _check_room(entries: int) -> None:
    if entries > MOST:
        raise GlossaryFull(f"a sheet's glossary has at most {MOST} entries.", fix="remove those that nobody asks for.")
