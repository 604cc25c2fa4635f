"""A backup is of one moment, whole or none, and answers the same questions where it is restored."""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError

from chatsheet.ask import answer
from chatsheet.audit.log import Audit
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db import copying, tables
from chatsheet.db.engine import Database, open_database
from chatsheet.db.errors import DatabaseFilled, DatabaseMissing, DatabaseNewer, DatabaseOlder
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.upkeep import backup, restore
from chatsheet.upkeep.restore import BackupDamaged, BackupUnknown, FolderFilled
from chatsheet.wiring import database_at, open_services
from tests.harness import Wire, azure_settings, runs, says
from tests.postgres import Server

pytestmark = pytest.mark.anyio
CLOCK = SystemClock()
TOTAL = "SELECT round(sum(revenue), 2) AS total FROM orders"


@pytest.fixture(params=["sqlite", "postgres"])
def empty_at(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path | str, None, None]:
    """Where a backup can be restored."""
    if request.param == "sqlite":
        yield tmp_path / "restored" / "chatsheet.sqlite"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database("template0") as url:
        yield url


async def asked(folder: Path, wire: Wire, sales: Path) -> tuple[object, str]:
    """Ask for the total of a workbook; returns it with the version it was asked of."""
    wire.script("gpt-4o", runs(TOTAL), says("That is the total."))
    async with open_services(azure_settings(folder, wire, "gpt-4o"), has_page=False) as services:
        made = await answer(services, LOCAL, sales, "What is the total?")
    return made.result("r1").rows, made.version


async def test_a_restored_copy_gives_the_same_answer_and_keeps_its_history(tmp_path: Path, wire: Wire, sales: Path) -> None:
    before = await asked(tmp_path / "here", wire, sales)
    settings = azure_settings(tmp_path / "here", wire, "gpt-4o")
    backup.write(database_at(settings), settings.data, tmp_path / "b.tar", CLOCK)
    shutil.rmtree(tmp_path / "here")
    restored = tmp_path / "there"
    restore.read(tmp_path / "b.tar", restored / "chatsheet.sqlite", restored)
    assert await asked(restored, wire, sales) == before
    async with open_services(azure_settings(restored, wire, "gpt-4o"), has_page=False) as services:
        (sheet,) = await services.library.listing(LOCAL)
        assert len(await services.chats.listing(LOCAL, sheet.id)) == 2
        assert (await Audit(services.database).verify()).broken is None


async def test_either_database_is_restored_into_either(
    database: Database, database_at: Path | str, empty_at: Path | str, tmp_path: Path
) -> None:
    async with database.unit() as unit:
        for table, row in ROWS:
            await unit.execute(insert(table).values(row))
    backup.write(database_at, tmp_path / "nothing", tmp_path / "b.tar", CLOCK)
    restore.read(tmp_path / "b.tar", empty_at, tmp_path / "restored")
    with copying.reading(database_at) as one, copying.reading(empty_at) as other:
        for table in copying.TABLES.values():
            assert list(copying.rows(other, table)) == list(copying.rows(one, table))


NOW = CLOCK.now()
OWNED = {"workspace_id": "w", "created_by": "u", "created_at": NOW}
SPENT = {"input_tokens": 10**12, "output_tokens": 2, "cost": 1234.567891, "unpriced_calls": 0}
ROWS = (
    (tables.sheet, {"id": "s", "name": "Zürich", "head_version": "v", **OWNED}),
    (tables.sheet_version, {"sheet_id": "s", "id": "v", "content_sha256": "c", "edits": [{"a": None}], **OWNED}),
    (tables.chat, {"id": "c", "sheet_id": "s", **OWNED}),
    (tables.chat_event, {"chat_id": "c", "seq": 1, "workspace_id": "w", "actor_id": "u", "at": NOW, "body": {"x": [1.5]}}),
    (tables.spend_day, {"workspace_id": "w", "day": NOW.date(), "user_id": "u", **SPENT}),
    (tables.user, {"id": "u", "name": "Ada", "is_admin": True, "is_active": False, "created_at": NOW}),
)


async def test_what_is_written_meanwhile_is_not_in_it(database: Database, database_at: Path | str) -> None:
    async with database.unit() as unit:
        await unit.execute(insert(tables.sheet).values(ROWS[0][1]))
    with copying.reading(database_at) as connection:
        assert len(list(copying.rows(connection, tables.sheet))) == 1
        async with database.unit() as unit:
            await unit.execute(insert(tables.chat).values(ROWS[2][1]))
        assert list(copying.rows(connection, tables.chat)) == []


async def test_edits_stand_on_files_that_come_along(tmp_path: Path, wire: Wire, sales: Path) -> None:
    settings = azure_settings(tmp_path / "here", wire, "gpt-4o")
    async with open_services(settings, has_page=False) as services:
        opened = await services.library.bring_in(LOCAL, sales)
        edit = SetCells(table="orders", cells=(CellValue(row=2, column="revenue", value=1.5),))
        edited = await services.library.edit(LOCAL, opened.sheet.id, [edit], expected_version=opened.sheet.version)
        made = backup.write(database_at(settings), settings.data, tmp_path / "b.tar", CLOCK)
    assert made.versions == {opened.sheet.version, edited.opened.sheet.version}
    assert (made.missing, made.damaged) == ((), ())


async def test_files_that_were_gone_or_damaged_before_are_told(tmp_path: Path, wire: Wire, sales: Path) -> None:
    settings = azure_settings(tmp_path / "here", wire, "gpt-4o")
    async with open_services(settings, has_page=False) as services:
        version = (await services.library.bring_in(LOCAL, sales)).sheet.version
    original = settings.data / "versions" / version / "sales.xlsx"
    original.write_bytes(original.read_bytes()[:-1])
    assert backup.write(database_at(settings), settings.data, tmp_path / "1.tar", CLOCK).damaged == (version,)
    shutil.rmtree(original.parent)
    assert backup.write(database_at(settings), settings.data, tmp_path / "2.tar", CLOCK).missing == (version,)


@pytest.fixture
async def small(tmp_path: Path) -> Path:
    """A backup of a database with one sheet."""
    database = await open_database(tmp_path / "here" / "chatsheet.sqlite")
    async with database.unit() as unit:
        await unit.execute(insert(tables.sheet).values(ROWS[0][1]))
    await database.close()
    backup.write(tmp_path / "here" / "chatsheet.sqlite", tmp_path / "here", tmp_path / "small.tar", CLOCK)
    return tmp_path / "small.tar"


def changed(small: Path, name: str, content: bytes | None) -> Path:
    """Return a copy of a backup in which a file is another, or gone."""
    target = small.with_name("changed.tar")
    with tarfile.open(small) as old, tarfile.open(target, "w") as new:
        for member in old:
            if member.name != name:
                new.addfile(member, old.extractfile(member))
            elif content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


@pytest.mark.parametrize("name", ["rows/sheet.jsonl", "rows/chat.jsonl", "backup.json"])
@pytest.mark.parametrize("content", [None, b'{"id":"another"}\n'])
async def test_a_changed_backup_is_refused_and_leaves_nothing(small: Path, name: str, content: bytes | None) -> None:
    restored = small.parent / "restored"
    with pytest.raises((BackupDamaged, BackupUnknown)):
        restore.read(changed(small, name, content), restored / "chatsheet.sqlite", restored)
    assert not restored.exists()


async def test_a_cut_backup_is_refused_at_every_length(small: Path) -> None:
    whole, cut = small.read_bytes(), small.with_name("cut.tar")
    end = whole.rindex(b"}") + 1
    for length in (0, 100, 512, 1000, end // 2, end - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises((BackupDamaged, BackupUnknown)):
            restore.check(cut)


async def test_nothing_that_is_there_is_written_over(small: Path) -> None:
    here = small.parent / "here"
    with pytest.raises(FolderFilled):
        restore.read(small, here / "chatsheet.sqlite", here)
    with pytest.raises(backup.BackupExists):
        backup.write(here / "chatsheet.sqlite", here, small, CLOCK)
    with pytest.raises(DatabaseFilled):
        restore.read(small, here / "chatsheet.sqlite", small.parent / "empty")
    assert not (small.parent / "empty").exists()


async def test_a_row_that_cannot_be_restored_undoes_all(small: Path, empty_at: Path | str) -> None:
    restored = small.parent / "restored"
    with tarfile.open(small) as tar:
        rows = tar.extractfile("rows/sheet.jsonl")
        assert rows is not None
        line = rows.read()
    assert restore.check(small).rows["sheet"] == 1
    twice = rewritten(small, line * 2)
    with pytest.raises(IntegrityError):
        restore.read(twice, empty_at, restored)
    assert not restored.exists()
    restore.read(small, empty_at, restored)


def rewritten(small: Path, rows: bytes) -> Path:
    """Return a backup that says so itself, with other rows."""
    made = restore.check(small)
    entry = backup.Entry(size=len(rows), sha256=hashlib.sha256(rows).hexdigest())
    listed = made.model_copy(update={"files": {**made.files, "rows/sheet.jsonl": entry}})
    one = changed(small, "rows/sheet.jsonl", rows).rename(small.with_name("rows.tar"))
    return changed(one, "backup.json", listed.model_dump_json().encode())


async def test_only_a_database_of_this_version_is_backed_up(small: Path) -> None:
    at = small.parent / "here" / "chatsheet.sqlite"
    for version, error in (("0001", DatabaseOlder), ("9999", DatabaseNewer)):
        database = await open_database(small.parent / version / "chatsheet.sqlite")
        async with database.unit() as unit:
            await unit.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        await database.close()
        with pytest.raises(error):
            backup.write(small.parent / version / "chatsheet.sqlite", at.parent, small.with_name("2.tar"), CLOCK)
    with pytest.raises(DatabaseMissing):
        backup.write(small.parent / "nowhere.sqlite", at.parent, small.with_name("2.tar"), CLOCK)
    assert not list(small.parent.glob("2.tar*"))


async def test_a_backup_of_an_older_version_is_migrated(small: Path) -> None:
    database = await open_database(small.parent / "here" / "chatsheet.sqlite")
    async with database.unit() as unit:
        await unit.execute(delete(tables.sheet))
    await database.close()
    listed = restore.check(small).model_copy(update={"migration": "0007", "rows": {"sheet": 1}})
    kept = {name: entry for name, entry in listed.files.items() if name == "rows/sheet.jsonl"}
    older = small
    for name in listed.files.keys() - kept.keys():
        older = changed(older, name, None).rename(small.with_name(f"{name.partition('/')[2]}.tar"))
    older = changed(older, "backup.json", listed.model_copy(update={"files": kept}).model_dump_json().encode())
    restored = small.parent / "restored"
    restore.read(older, restored / "chatsheet.sqlite", restored)
    database = await open_database(restored / "chatsheet.sqlite")
    async with database.unit() as unit:
        assert (await unit.execute(select(tables.sheet.c.id))).scalars().all() == ["s"]
    await database.close()
