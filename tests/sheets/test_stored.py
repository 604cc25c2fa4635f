"""Two servers with folders of their own and one object store: what one makes the other has, whole or not at all."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import StorageUnavailable
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.settings import FilesSettings
from chatsheet.db.engine import Database, open_database
from chatsheet.sheets import guard, versions
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.objects import Objects, open_objects
from chatsheet.sheets.query import Engine
from chatsheet.sheets.room import Room
from chatsheet.sheets.stored import Stored, VersionDamaged, VersionLost
from chatsheet.sheets.uploads import UploadDamaged, UploadIncomplete, UploadMisplaced, UploadNotFound, Uploads
from chatsheet.upkeep import backup, restore
from tests.auth.conftest import HandClock
from tests.harness import free_ports
from tests.stores import Store, serving

# Azure's library sends blocks as bytes, on a thread where nothing else waits
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")]


def objects_of(files: FilesSettings) -> Objects:
    objects = open_objects(files)
    assert objects is not None
    return objects


@dataclass(slots=True)
class Two:
    """Two libraries on one database and one store, each with its own folder."""

    here: Library
    there: Library
    objects: Objects
    folder: Path
    database: Database

    def versions(self, which: str) -> set[str]:
        return {one.name for one in (self.folder / which / "versions").iterdir()}


@pytest.fixture
async def two(anyio_backend: str, files: FilesSettings, engine: Engine, tmp_path: Path) -> AsyncGenerator[Two, None]:
    del anyio_backend
    async with AsyncExitStack() as stack:
        database = await open_database(tmp_path / "chatsheet.sqlite")
        stack.push_async_callback(database.close)

        def library(name: str) -> Library:
            made = Library(
                database=database, folder=tmp_path / name, engine=engine, clock=SystemClock(), quiet_s=0,
                stored=Stored(objects_of(files)),
            )  # fmt: skip
            stack.push_async_callback(made.close)
            return made

        yield Two(library("here"), library("there"), objects_of(files), tmp_path, database)


async def total(library: Library, opened: OpenSheet) -> object:
    result = await library.query(opened, guard.check("SELECT sum(revenue), count(*) FROM orders", opened.columns()))
    return result.rows


def setting(value: float, row: int = 2) -> SetCells:
    return SetCells(table="orders", cells=(CellValue(row=row, column="revenue", value=value),))


async def test_what_one_imports_the_other_opens_edits_undoes_and_gives_out(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    seen = await two.there.open(LOCAL, opened.sheet.id)
    assert await total(two.there, seen) == await total(two.here, opened)
    edited = await two.there.edit(LOCAL, opened.sheet.id, [setting(5)], expected_version=opened.sheet.version)
    back = await two.here.open(LOCAL, opened.sheet.id)
    assert back.sheet.version == edited.opened.sheet.version
    assert await total(two.here, back) == await total(two.there, edited.opened)
    assert two.there.original(seen).read_bytes() == sales.read_bytes()
    assert (await two.there.differences(edited.opened)).edits == (await two.here.differences(back)).edits
    undone = await two.here.undo(LOCAL, opened.sheet.id, expected_version=back.sheet.version)
    assert await total(two.here, undone) == await total(two.here, opened)
    assert not list((two.folder / "there" / "incoming").iterdir())


async def test_a_base_that_one_compacted_carries_the_others_edits(two: Two, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("name,n\n" + "".join(f"r{n},{n}\n" for n in range(600)), encoding="utf-8")
    opened = await two.here.bring_in(LOCAL, path)
    table = opened.workbook.tables[0]
    column = table.columns[1].name
    many = SetCells(table=table.id, cells=tuple(CellValue(row=n + 2, column=column, value=-1) for n in range(400)))
    first = await two.here.edit(LOCAL, opened.sheet.id, [many], expected_version=opened.sheet.version)
    await two.there.open(LOCAL, opened.sheet.id)  # the delta, before there is a base
    await two.here.settled()
    compacted = first.opened.sheet.version
    assert (tmp_path / "here" / "versions" / compacted / versions.BASE).exists()
    one = SetCells(table=table.id, cells=(CellValue(row=2, column=column, value=7),))
    second = await two.here.edit(LOCAL, opened.sheet.id, [one], expected_version=compacted)
    manifest = versions.read_manifest(tmp_path / "here" / "versions" / second.opened.sheet.version)
    assert manifest is not None
    assert manifest.base == compacted
    seen = await two.there.open(LOCAL, opened.sheet.id)
    sql = f"SELECT sum({column}) FROM {table.id}"  # noqa: S608  our own names
    result = await two.there.query(seen, guard.check(sql, seen.columns()))
    assert result.rows == (await two.here.query(second.opened, guard.check(sql, seen.columns()))).rows


async def test_the_same_file_brought_in_on_both_is_one_version(two: Two, sales: Path) -> None:
    here, there = await asyncio.gather(two.here.bring_in(LOCAL, sales), two.there.bring_in(LOCAL, sales, name="sales.xlsx"))
    assert here.sheet.version == there.sheet.version
    assert await total(two.here, here) == await total(two.there, there)


async def test_many_who_open_at_once_fetch_once(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    seen = await asyncio.gather(*(two.there.open(LOCAL, opened.sheet.id) for _ in range(5)))
    assert {one.sheet.version for one in seen} == two.versions("there")
    assert not list((two.folder / "there" / "incoming").iterdir())


async def test_a_version_whose_list_was_not_put_is_not_there_and_is_removed_later(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    two.objects.write("files/half/try_1/0", b"what a killed process left")
    stored = Stored(two.objects)
    assert [one.version for one in stored.all()] == [opened.sheet.version]
    with pytest.raises(FileNotFoundError):
        stored.fetch("half", two.folder / "half")
    assert not (two.folder / "half").exists()
    assert stored.sweep(before=SystemClock().now().replace(year=2000)) == 0
    assert stored.sweep(before=SystemClock().now().replace(year=2100)) == 1
    assert await total(two.there, await two.there.open(LOCAL, opened.sheet.id))


async def test_objects_that_are_gone_or_others_are_told_and_leave_nothing(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    name = next(one.name for one in two.objects.listed("files"))
    content = two.objects.read(name)
    two.objects.write(name, b"x")
    with pytest.raises(VersionDamaged):
        await two.there.open(LOCAL, opened.sheet.id)
    two.objects.remove(name)
    with pytest.raises(VersionDamaged):
        await two.there.open(LOCAL, opened.sheet.id)
    two.objects.remove(f"lists/{opened.sheet.version}.json")
    with pytest.raises(VersionLost):
        await two.there.open(LOCAL, opened.sheet.id)
    assert content
    assert not list((two.folder / "there" / "incoming").iterdir())
    assert (await two.there.bring_in(LOCAL, sales)).sheet.version == opened.sheet.version  # the file again mends it
    shutil.rmtree(two.folder / "here")
    assert await total(two.here, await two.here.open(LOCAL, opened.sheet.id))


async def test_nothing_is_lost_while_the_store_cannot_be_reached(tmp_path: Path, engine: Engine, sales: Path) -> None:
    (port,) = free_ports(1)
    database = await open_database(tmp_path / "chatsheet.sqlite")
    with serving("s3", port) as store:
        files = store.settings()
        stored = Stored(objects_of(files))
        library = Library(database=database, folder=tmp_path / "a", engine=engine, clock=SystemClock(), stored=stored)
        opened = await library.bring_in(LOCAL, sales)
    with pytest.raises(StorageUnavailable, match="object store"):
        await library.edit(LOCAL, opened.sheet.id, [setting(5)], expected_version=opened.sheet.version)
    other = Library(database=database, folder=tmp_path / "b", engine=engine, clock=SystemClock(), stored=stored)
    with pytest.raises(StorageUnavailable, match="object store"):
        await other.open(LOCAL, opened.sheet.id)
    again = await library.open(LOCAL, opened.sheet.id)  # from its own disk
    assert again.sheet.version == opened.sheet.version
    await library.close()
    await other.close()
    await database.close()


async def test_a_bucket_that_is_not_there_is_no_lost_version(moto: Store, tmp_path: Path) -> None:
    stored = Stored(objects_of(moto.settings(bucket="never-made")))
    with pytest.raises(StorageUnavailable):
        stored.fetch("0" * 32, tmp_path / "aside")
    with pytest.raises(StorageUnavailable):
        stored.has("0" * 32)


def aged(folder: Path) -> None:
    at = SystemClock().now().timestamp() - 7200
    os.utime(folder, (at, at))


async def test_room_is_made_of_what_the_store_has_and_it_comes_back(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    aged(two.folder / "here" / "versions" / opened.sheet.version)
    room = Room(
        database=two.database, folder=two.folder / "here", limit=0, clock=SystemClock(), stored=Stored(two.objects)
    )  # fmt: skip
    assert (await room.make()).copies == 1
    assert two.versions("here") == set()
    assert await total(two.here, opened)  # whoever holds it open still asks
    assert two.versions("here") == {opened.sheet.version}


async def test_a_removed_sheet_goes_from_the_store_with_retention(two: Two, sales: Path) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    later = HandClock(SystemClock().now() + timedelta(days=2))
    room = Room(database=two.database, folder=two.folder / "there", limit=10**9, clock=later, stored=Stored(two.objects))
    assert (await room.forget(timedelta(days=1))).versions == 0
    async with two.database.unit() as connection:
        await two.here.remove(connection, LOCAL, opened.sheet.id)
    assert (await room.unnamed(timedelta(days=1))).versions == 1
    assert (await room.forget(timedelta(days=1))).versions == 1
    assert two.objects.listed("lists") == two.objects.listed("files") == []


async def test_what_was_made_before_there_was_a_store_is_put_there(two: Two, engine: Engine, sales: Path) -> None:
    alone = Library(database=two.database, folder=two.folder / "here", engine=engine, clock=SystemClock())
    opened = await alone.bring_in(LOCAL, sales)
    with pytest.raises(VersionLost):
        await two.there.open(LOCAL, opened.sheet.id)
    await two.here.put_all()
    assert await total(two.there, await two.there.open(LOCAL, opened.sheet.id))
    await alone.close()


async def test_a_backup_holds_what_only_the_store_has_and_is_restored_into_another(
    two: Two, moto: Store, sales: Path, tmp_path: Path, engine: Engine
) -> None:
    opened = await two.here.bring_in(LOCAL, sales)
    edited = await two.here.edit(LOCAL, opened.sheet.id, [setting(5)], expected_version=opened.sheet.version)
    expected = await total(two.here, edited.opened)
    made = await asyncio.to_thread(
        backup.write, tmp_path / "chatsheet.sqlite", tmp_path / "empty", tmp_path / "b.tar", SystemClock(), Stored(two.objects)
    )
    assert (made.versions, made.missing) == ({opened.sheet.version, edited.opened.sheet.version}, ())
    stored = Stored(objects_of(moto.settings()))
    await asyncio.to_thread(restore.read, tmp_path / "b.tar", tmp_path / "r" / "chatsheet.sqlite", tmp_path / "r", stored)
    database = await open_database(tmp_path / "r" / "chatsheet.sqlite")
    library = Library(database=database, folder=tmp_path / "fresh", engine=engine, clock=SystemClock(), stored=stored)
    assert await total(library, await library.open(LOCAL, opened.sheet.id)) == expected
    await library.close()
    await database.close()


async def sent(*blocks: bytes) -> AsyncGenerator[bytes, None]:
    for block in blocks:
        yield block


async def cut(block: bytes) -> AsyncGenerator[bytes, None]:
    yield block
    raise ConnectionResetError


async def test_parts_of_an_upload_may_reach_any_server(files: FilesSettings, tmp_path: Path) -> None:
    here, there = (Uploads(folder=tmp_path / one, clock=SystemClock(), objects=objects_of(files)) for one in "ab")
    content = b"name,n\n" + b"x,1\n" * 1000
    upload = await here.begin(LOCAL, name="a.csv", size=len(content), sha256=hashlib.sha256(content).hexdigest())
    assert (await there.append(LOCAL, upload.id, 0, sent(content[:100]))).offset == 100
    with pytest.raises(ConnectionResetError):
        await here.append(LOCAL, upload.id, 100, cut(content[100:150]))
    assert (await there.get(LOCAL, upload.id)).offset == 150
    with pytest.raises(UploadMisplaced):
        await there.append(LOCAL, upload.id, 200, sent(b"x"))
    with pytest.raises(UploadIncomplete):
        await here.whole(LOCAL, upload.id)
    await there.append(LOCAL, upload.id, 120, sent(content[120:300]))  # some of it again
    assert (await here.append(LOCAL, upload.id, 300, sent(content[300:]))).offset == len(content)
    path, name = await there.whole(LOCAL, upload.id)
    assert (path.read_bytes(), name) == (content, "a.csv")
    with pytest.raises(UploadNotFound):
        await there.get(Actor(workspace_id="other", user_id="other"), upload.id)
    await there.remove(LOCAL, upload.id)
    with pytest.raises(UploadNotFound):
        await here.get(LOCAL, upload.id)
    assert objects_of(files).listed("uploads") == []


async def test_an_upload_with_other_bytes_than_announced_is_gone_everywhere(files: FilesSettings, tmp_path: Path) -> None:
    here, there = (Uploads(folder=tmp_path / one, clock=SystemClock(), objects=objects_of(files)) for one in "ab")
    upload = await here.begin(LOCAL, name="a.csv", size=4, sha256="0" * 64)
    with pytest.raises(UploadDamaged):
        await there.append(LOCAL, upload.id, 0, sent(b"abcd"))
    with pytest.raises(UploadNotFound):
        await here.get(LOCAL, upload.id)


async def test_uploads_that_were_given_up_go_a_day_later(moto: Store, tmp_path: Path) -> None:
    objects = objects_of(moto.settings())
    upload = await Uploads(folder=tmp_path, clock=SystemClock(), objects=objects).begin(LOCAL, name="a.csv", size=4)
    assert upload.offset == 0
    stored = Stored(objects)
    assert stored.sweep(before=SystemClock().now() - timedelta(days=1)) == 0
    assert stored.sweep(before=SystemClock().now() + timedelta(days=1)) == 1
