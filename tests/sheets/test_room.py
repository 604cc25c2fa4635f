"""Room on disk is made of what nothing names, the longest unused first; what is named stays, and that is said."""

import logging
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Rules, TableRule
from chatsheet.db.engine import Database, open_database
from chatsheet.db.tables import chat, chat_event
from chatsheet.sheets import versions
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.query import Engine
from chatsheet.sheets.room import Room

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


def aged(folder: Path, *, days: float) -> Path:
    """Say that a version was last used days ago; one that is not there is made, of a thousand bytes."""
    if not folder.exists():
        folder.mkdir()
        (folder / versions.BASE).write_bytes(b"x" * 1_000)
    at = SystemClock().now().timestamp() - days * 86_400
    os.utime(folder, (at, at))
    return folder


@dataclass(slots=True)
class Shelf:
    """A data folder with one sheet."""

    library: Library
    database: Database
    folder: Path
    opened: OpenSheet

    def room(self, limit: int = 0) -> Room:
        return Room(database=self.database, folder=self.folder, limit=limit, clock=SystemClock())

    def version(self, name: str) -> Path:
        return self.folder / "versions" / name

    def old(self, name: str, *, days: float = 1) -> Path:
        """Say that a version was last used days ago; a folder that is not there is made."""
        return aged(self.version(name), days=days)

    async def edit(self, opened: OpenSheet, value: int) -> OpenSheet:
        column = opened.workbook.tables[0].columns[-1].name
        edit = SetCells(table="orders", cells=(CellValue(row=2, column=column, value=value),))
        version = opened.sheet.version
        return (await self.library.edit(LOCAL, opened.sheet.id, [edit], expected_version=version)).opened


@pytest.fixture
async def shelf(engine: Engine, tmp_path: Path, sales: Path) -> AsyncGenerator[Shelf, None]:
    folder = tmp_path / "data"
    database = await open_database(folder / "chatsheet.sqlite")
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock())
    yield Shelf(library, database, folder, await library.bring_in(LOCAL, sales))
    await library.close()
    await database.close()


async def test_what_heads_and_histories_name_stays_and_that_is_told(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    edited = await shelf.edit(shelf.opened, 5)
    for one in (shelf.opened, edited):
        shelf.old(one.sheet.version)
    with caplog.at_level(logging.WARNING):
        freed = await shelf.room().make()
    assert (freed.bytes, shelf.version(shelf.opened.sheet.version).exists()) == (0, True)
    assert "all are named" in caplog.text
    assert (await shelf.room().state()).is_full


async def test_what_nothing_names_goes_the_longest_unused_first(shelf: Shelf) -> None:
    older, newer, used = shelf.old("a" * 32, days=9), shelf.old("b" * 32, days=2), shelf.old("c" * 32, days=0)
    size = (await shelf.room().state()).bytes
    freed = await shelf.room(size - 500).make()
    assert (freed.versions, freed.bytes, older.exists(), newer.exists()) == (1, 1_000, False, True)
    await shelf.room().make()
    assert (newer.exists(), used.exists()) == (False, True)


async def test_nothing_goes_while_there_is_room(shelf: Shelf) -> None:
    spare = shelf.old("a" * 32)
    assert (await shelf.room(10**9).make()).bytes == 0
    assert ((await shelf.room(10**9).state()).evictable, spare.exists()) == (1_000, True)


async def test_what_a_chat_cites_stays_though_no_sheet_has_it_any_more(shelf: Shelf) -> None:
    cited, at = shelf.old("d" * 32), SystemClock().now()
    async with shelf.database.unit() as connection:
        common = {"workspace_id": "local"}
        await connection.execute(
            insert(chat).values(id="c", sheet_id=shelf.opened.sheet.id, created_by="local", created_at=at, **common)
        )
        body = {"kind": "tool_answered", "version": "d" * 32}
        await connection.execute(insert(chat_event).values(chat_id="c", seq=1, actor_id="local", at=at, body=body, **common))
    await shelf.room().make()
    assert cited.exists()


async def test_a_copy_that_compaction_made_goes_and_the_version_reads_the_same(shelf: Shelf) -> None:
    middle = await shelf.edit(shelf.opened, 5)
    await shelf.library.compactions.compact(middle.sheet.version)
    await shelf.library.undo(LOCAL, middle.sheet.id, expected_version=middle.sheet.version)
    folder = shelf.old(middle.sheet.version)
    questions = shelf.library.questions(middle)
    was = (await questions.run(questions.check("SELECT sum(_row) AS s, count(*) AS n FROM orders"))).rows
    freed = await shelf.room().make()
    assert (freed.copies, (folder / versions.BASE).exists(), (folder / versions.DELTA).exists()) == (1, False, True)
    again = shelf.library.questions(middle)
    assert (await again.run(again.check("SELECT count(*) AS n, sum(_row) AS s FROM orders"))).rows == (was[0][::-1],)


async def test_a_copy_that_later_versions_stand_on_stays(shelf: Shelf) -> None:
    middle = await shelf.edit(shelf.opened, 5)
    await shelf.library.compactions.compact(middle.sheet.version)
    later = await shelf.edit(middle, 6)
    for one in (middle, later):
        shelf.old(one.sheet.version)
    assert (await shelf.room().make()).bytes == 0


async def test_opening_a_sheet_is_a_use_of_its_version(shelf: Shelf) -> None:
    folder = shelf.old(shelf.opened.sheet.version, days=3)
    other = Library(database=shelf.database, folder=shelf.folder, engine=Engine(), clock=SystemClock())
    await other.open(LOCAL, shelf.opened.sheet.id)
    assert SystemClock().now().timestamp() - folder.stat().st_mtime < 60
    await other.close()


async def test_what_is_kept_for_those_under_rules_counts_goes_and_is_made_again(shelf: Shelf) -> None:
    ruled = replace(LOCAL, rules=Rules((TableRule("orders", hidden=("region",)),)))
    size = (await shelf.room().state()).bytes
    opened = await shelf.library.open(ruled, shelf.opened.sheet.id)
    excerpt = shelf.library.questions(opened).database.parent
    assert ((await shelf.room().state()).bytes > size, (await shelf.room().make()).bytes) == (True, 0)
    aged(excerpt, days=1)
    spare = (await shelf.room().state()).evictable
    freed = await shelf.room().make()
    assert (freed.bytes, freed.versions, freed.copies, excerpt.exists()) == (spare, 0, 1, False)
    assert (await shelf.library.open(ruled, shelf.opened.sheet.id)).workbook == opened.workbook
