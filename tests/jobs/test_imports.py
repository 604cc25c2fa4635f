"""Imports on two servers with one database: followed and cancelled at either, and gone on with where one dies."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import Database, open_database
from chatsheet.db.tables import import_job
from chatsheet.jobs import arrivals
from chatsheet.jobs.imports import ImportCancelled, Imported, ImportFailed, ImportNotFound, ImportProgress, Imports
from chatsheet.sheets.library import Library
from chatsheet.sheets.query import Engine
from chatsheet.sheets.uploads import Uploads
from tests.harness import state_in

pytestmark = pytest.mark.anyio
SMALL = b"city,people\nUlm,120\nJena,110\n"
LARGE = b"a,b,c\n" + b"1.5,x,2026-01-01\n" * 400_000


@dataclass(slots=True)
class Server:
    """What a server has of imports."""

    imports: Imports
    uploads: Uploads
    database: Database
    library: Library

    async def sent(self, content: bytes) -> str:
        """Upload a file."""

        async def blocks() -> AsyncGenerator[bytes, None]:
            yield content

        upload = await self.uploads.begin(LOCAL, name="towns.csv", size=len(content))
        await self.uploads.append(LOCAL, upload.id, 0, blocks())
        return upload.id

    async def told(self, import_id: str) -> list[object]:
        """Follow an import to its end."""
        async with asyncio.timeout(60):
            return [event async for event in await self.imports.watch(LOCAL, import_id)]


@pytest.fixture
async def two(anyio_backend: str, each_database: None, tmp_path: Path) -> AsyncGenerator[tuple[Server, Server], None]:
    del anyio_backend, each_database
    async with AsyncExitStack() as stack:
        engine = Engine()
        stack.push_async_callback(engine.close)

        async def server() -> Server:
            database = await open_database(state_in(tmp_path))
            stack.push_async_callback(database.close)
            library = Library(database=database, folder=tmp_path, engine=engine, clock=SystemClock())
            stack.push_async_callback(library.close)
            uploads = Uploads(folder=tmp_path, clock=SystemClock())
            imports = Imports(database=database, library=library, uploads=uploads, clock=SystemClock())
            stack.push_async_callback(imports.close)
            return Server(imports, uploads, database, library)

        yield await server(), await server()


async def test_what_one_server_reads_is_followed_at_the_other(two: tuple[Server, Server]) -> None:
    here, there = two
    begun = await here.imports.begin(LOCAL, await here.sent(LARGE))
    told = await there.told(begun)
    assert isinstance(told[-1], Imported)
    progress = [one for one in told if isinstance(one, ImportProgress)]
    assert [one.fraction for one in progress] == sorted(one.fraction for one in progress)
    assert sum(one.first is not None for one in progress) == 1
    assert (await there.library.open(LOCAL, told[-1].sheet_id)).sheet.version == told[-1].version


async def test_an_import_that_both_are_asked_for_is_one(two: tuple[Server, Server]) -> None:
    here, there = two
    upload = await here.sent(SMALL)
    begun = await asyncio.gather(here.imports.begin(LOCAL, upload), there.imports.begin(LOCAL, upload))
    assert len(set(begun)) == 1
    assert isinstance((await there.told(begun[0]))[-1], Imported)
    assert await there.imports.begin(LOCAL, upload) == begun[0]  # though the upload is gone


async def test_an_import_is_cancelled_from_the_other_server(two: tuple[Server, Server], tmp_path: Path) -> None:
    here, there = two
    begun = await here.imports.begin(LOCAL, await here.sent(LARGE))
    async with asyncio.timeout(30):
        await there.imports.cancel(LOCAL, begun)
    assert isinstance((await here.told(begun))[-1], ImportCancelled)
    assert [*(tmp_path / "incoming").iterdir()] == []
    await there.imports.cancel(LOCAL, begun)  # once more is no harm


async def test_what_a_server_that_ends_was_reading_another_goes_on_with(two: tuple[Server, Server]) -> None:
    here, there = two
    begun = await here.imports.begin(LOCAL, await here.sent(LARGE))
    await here.imports.close()
    assert isinstance((await there.told(begun))[-1], Imported)


async def test_what_a_server_that_was_killed_left_is_gone_on_with(two: tuple[Server, Server]) -> None:
    here, there = two
    upload, now = await here.sent(SMALL), SystemClock().now()
    async with here.database.unit() as connection:
        left = await arrivals.add(connection, LOCAL, upload, progress={"phase": "reading", "fraction": 0.1}, now=now)
        await connection.execute(update(import_job).values(owner="server_gone", state="running", until=now))
    await there.imports.look_after()
    assert isinstance((await there.told(left.id))[-1], Imported)


async def test_a_file_that_is_no_workbook_is_told_as_such_at_both(two: tuple[Server, Server]) -> None:
    here, there = two
    begun = await here.imports.begin(LOCAL, await here.sent(b"\x00\x01\x02\x03"))
    for one in two:
        last = (await one.told(begun))[-1]
        assert isinstance(last, ImportFailed), last
    with pytest.raises(ImportNotFound):
        await there.imports.watch(Actor(workspace_id="other", user_id="other"), begun)
