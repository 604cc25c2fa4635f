"""Results and workbooks are computed once for each version, and what speaks of the present is computed each time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatsheet.cache.cache import Caches, State
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import open_database
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.library import Library, OpenSheet, VersionLost
from chatsheet.sheets.query import Engine, Limits
from chatsheet.sheets.windows import Window
from tests import valkeys

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
SQL = "SELECT count(*) AS n FROM orders"


@dataclass(slots=True)
class Bench:
    """A library, its caches and a sheet."""

    library: Library
    caches: Caches
    opened: OpenSheet

    def state(self, name: str) -> State:
        return next(one for one in self.caches.states() if one.name == name)

    async def run(self, sql: str, opened: OpenSheet | None = None, limits: Limits | None = None) -> object:
        questions = self.library.questions(opened or self.opened)
        return (await questions.run(questions.check(sql), limits)).rows


@pytest.fixture
async def bench(engine: Engine, tmp_path: Path, sales: Path) -> AsyncGenerator[Bench, None]:
    database = await open_database(tmp_path / "data" / "chatsheet.sqlite")
    caches = Caches.open()
    folder = tmp_path / "data"
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock(), caches=caches)
    yield Bench(library, caches, await library.bring_in(LOCAL, sales))
    await library.close()
    await database.close()


async def test_twenty_who_ask_the_same_are_answered_by_one_computation(bench: Bench) -> None:
    assert await asyncio.gather(*(bench.run(SQL) for _ in range(20))) == [((600,),)] * 20
    assert await bench.run(SQL) == ((600,),)
    state = bench.state("query")
    assert (state.computes, state.waits, state.hits) == (1, 19, 1)
    assert state.bytes > 0


async def test_an_edit_is_seen_at_once_and_the_old_version_still_says_what_it_said(bench: Bench) -> None:
    total = "SELECT sum(quantity) AS s FROM orders"
    was = await bench.run(total)
    edit = SetCells(table="orders", cells=(CellValue(row=2, column="quantity", value=99_999),))
    head = bench.opened.sheet.version
    edited = await bench.library.edit(LOCAL, bench.opened.sheet.id, [edit], expected_version=head)
    assert await bench.run(total, edited.opened) != was
    assert await bench.run(total) == was


async def test_what_speaks_of_the_present_is_computed_each_time(bench: Bench) -> None:
    for _ in range(2):
        await bench.run("SELECT count(*) AS n, today() AS d FROM orders")
    assert bench.state("query").entries == 0


async def test_other_limits_and_other_rules_are_other_results(bench: Bench) -> None:
    questions = bench.library.questions(bench.opened)
    assert questions.results is not None
    ruled = replace(questions, results=replace(questions.results, rules="other"))
    for one in (questions, ruled):
        await one.run(one.check(SQL))
        await one.run(one.check(SQL), Limits(max_rows=7))
    assert bench.state("query").computes == 4


async def test_a_page_of_the_grid_is_read_once(bench: Bench) -> None:
    questions = bench.library.questions(bench.opened)
    pages = [await questions.window(Window(table="orders", offset=offset, limit=5)) for offset in (0, 0, 5)]
    assert pages[0] == pages[1] != pages[2]
    assert bench.state("query").computes == 2


async def test_a_workbook_is_read_from_disk_once(bench: Bench) -> None:
    before = bench.state("profile").computes
    opened = [await bench.library.open(LOCAL, bench.opened.sheet.id) for _ in range(3)]
    assert bench.state("profile").computes == before
    assert opened[0].workbook is opened[2].workbook


async def test_a_lost_version_is_told_and_made_again_by_the_same_file(bench: Bench, tmp_path: Path, sales: Path) -> None:
    folder = tmp_path / "data" / "versions" / bench.opened.sheet.version
    folder.rename(tmp_path / "elsewhere")
    other = Library(
        database=bench.library._database,  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001  the next start
        folder=tmp_path / "data", engine=bench.library._engine, clock=SystemClock(),  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    )  # fmt: skip
    with pytest.raises(VersionLost, match="are gone"):
        await other.open(LOCAL, bench.opened.sheet.id)
    assert (await other.bring_in(LOCAL, sales)).sheet == bench.opened.sheet
    assert len(await other.listing(LOCAL)) == 1
    await other.close()


async def test_two_processes_that_bring_in_the_same_file_parse_it_once(engine: Engine, tmp_path: Path, sales: Path) -> None:
    folder = tmp_path / "data"
    async with valkeys.running() as server, AsyncExitStack() as stack:
        database = await open_database(folder / "chatsheet.sqlite")
        stack.push_async_callback(database.close)
        both: list[Caches] = []
        libraries: list[Library] = []
        for _ in range(2):
            both.append(caches := Caches.open(url=server.url))
            stack.push_async_callback(caches.close)
            library = Library(database=database, folder=folder, engine=engine, clock=SystemClock(), caches=caches)
            stack.push_async_callback(library.close)
            libraries.append(library)
        opened = await asyncio.gather(*(library.bring_in(LOCAL, sales) for library in libraries))
    assert opened[0].sheet.version == opened[1].sheet.version
    assert sum(one.computes for caches in both for one in caches.states() if one.name == "parsed") == 1
