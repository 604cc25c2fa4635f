"""Versions on disk: whole or absent whatever dies, compacted without anybody noticing, swept when nobody knows them."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import sys
from pathlib import Path

import pytest

from chatsheet.core.errors import StorageUnavailable
from chatsheet.core.identity import LOCAL
from chatsheet.sheets import versions, worker
from chatsheet.sheets.edits import (
    AddColumn,
    CellValue,
    DeleteRows,
    Edit,
    Fill,
    InsertRows,
    RetypeColumn,
    SetCells,
)
from chatsheet.sheets.library import Library
from chatsheet.sheets.query import Engine, WorkerDied
from chatsheet.sheets.windows import Window
from tests.harness import ROOT
from tests.sheets.edited import ask, bring, column, ids, make, rows
from tests.sheets.workers import running

pytestmark = pytest.mark.anyio

NUMBERS = ("Id,Count\n" + "".join(f"{n},{n}\n" for n in range(1_000))).encode()
"""Row ids 2 to 1001."""


def set_count(row: int, value: int) -> SetCells:
    return SetCells(table="prices", cells=(CellValue(row=row, column="count", value=value),))


def folders(folder: Path) -> set[str]:
    return {entry.name for entry in (folder / "data" / "versions").iterdir()}


async def test_a_large_delta_is_compacted_and_says_the_same(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    edits: list[Edit] = [
        InsertRows(table="prices", rows=({"id": -1},), before=2),
        InsertRows(table="prices", rows=({"id": -2}, {"id": -3}), after=500),
        DeleteRows(table="prices", rows=(3, 700)),
        Fill(table="prices", column="count", where="id % 3 = 0", expression="count * 10"),
    ]
    made = (await make(library, opened, *edits)).opened
    folder = tmp_path / "data" / "versions" / made.sheet.version
    old = versions.DELTA in {f.name for f in folder.iterdir()} and worker.Databases().get(str(folder / versions.DELTA))
    before = old.execute("SELECT * FROM prices ORDER BY ALL").fetchall() if old else []
    await library.settled()
    assert versions.location(folder).name == versions.BASE
    new = worker.Databases().get(str(folder / versions.BASE))
    assert new.execute("SELECT * FROM prices ORDER BY ALL").fetchall() == before
    assert (await ids(library, made))[:3] == [1002, 2, 4]


async def test_a_page_at_any_depth_is_the_same_before_and_after_compaction(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    edits: list[Edit] = [
        DeleteRows(table="prices", rows=tuple(range(10, 60))),
        InsertRows(table="prices", rows=tuple({"id": n} for n in range(30)), after=300),
        InsertRows(table="prices", rows=({"id": 7},), before=2),
        set_count(301, 5),
        set_count(1001, 6),
    ]
    made = (await make(library, opened, *edits)).opened
    everything = await rows(library, made)
    assert len(everything) == made.workbook.tables[0].rows == 981
    for offset in (0, 1, 8, 200, 250, 251, 270, 290, 970, 981, 2000):
        window = await library.questions(made).window(Window(table="prices", offset=offset, limit=20))
        assert list(window.rows) == everything[offset : offset + 20]
    await make(library, made, RetypeColumn(table="prices", column="count", type="text"))
    await library.settled()
    assert [row[0] for row in await rows(library, await library.open(LOCAL, made.sheet.id))] == [row[0] for row in everything]


async def test_edits_go_on_from_a_compacted_version(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    opened = (await make(library, opened, Fill(table="prices", column="count", value=1))).opened
    await library.settled()
    opened = (await make(library, opened, set_count(2, 5), AddColumn(table="prices", label="x"))).opened
    assert await ask(library, opened, "SELECT sum(count) AS n, count(x) AS m FROM prices") == [(1004, 0)]
    first = await library.at(LOCAL, opened.sheet.id, (await library.history(LOCAL, opened.sheet.id))[-1].from_version)
    assert await ask(library, first, "SELECT sum(count) AS n FROM prices") == [(499_500,)]


async def test_an_edited_version_is_as_closed_to_queries_as_an_import(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_count(2, 5))).opened
    path = tmp_path / "data" / "versions" / opened.sheet.version / versions.DELTA
    connection = worker.Databases().get(str(path))
    for sql in (
        "DROP VIEW prices", "DELETE FROM _over.prices", "DELETE FROM _base.main.prices", "SET threads = 4",
        "ATTACH '/tmp/x.duckdb'", "COPY prices TO '/tmp/x.csv'", "SELECT * FROM read_text('/etc/passwd')",
    ):  # fmt: skip
        with pytest.raises(Exception, match=r"read-only|disabled|locked|configuration|permission"):
            connection.execute(sql)


async def test_a_worker_killed_in_the_middle_leaves_the_old_head(library: Library, engine: Engine, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    await engine.warm()
    others = running()
    await library.preview(LOCAL, opened.sheet.id, [set_count(2, 7)])  # the edit worker is up
    editing = asyncio.ensure_future(make(library, opened, Fill(table="prices", column="count", expression="count + 1")))
    await asyncio.sleep(0)
    for pid in running() - others:
        os.kill(pid, signal.SIGKILL)
    try:
        head = (await editing).opened  # it was done before the signal came, or a fresh worker did it
    except WorkerDied:
        head = opened
    assert await library.open(LOCAL, opened.sheet.id) == head
    await library.settled()  # a compaction has its own folder there
    assert list((tmp_path / "data" / "incoming").iterdir()) == []
    assert (await column(library, (await make(library, head, set_count(2, 7))).opened, "count"))[0] == 7


async def test_a_worker_killed_at_any_moment_leaves_the_old_head_or_the_new_one(
    library: Library, engine: Engine, tmp_path: Path
) -> None:
    head = await bring(library, tmp_path, NUMBERS)
    await engine.warm()
    others = running()
    for _ in range(6):
        await library.preview(LOCAL, head.sheet.id, [set_count(2, 7)])  # the edit worker is up
        editing = asyncio.ensure_future(make(library, head, Fill(table="prices", column="count", expression="count + 1")))
        await asyncio.wait([editing], timeout=random.uniform(0, 0.4))  # noqa: S311  any moment will do
        for pid in running() - others:
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(WorkerDied):
            head = (await editing).opened
        assert await library.open(LOCAL, head.sheet.id) == head
        await library.settled()
        assert list((tmp_path / "data" / "incoming").iterdir()) == []
    assert len(set(await column(library, head, "count"))) == 1_000


@pytest.mark.parametrize(("room", "has_delta"), [(0, False), (40_000, False), (0, True), (40_000, True)])
async def test_a_full_disk_is_told_and_leaves_the_old_head(
    library: Library, engine: Engine, tmp_path: Path, *, room: int, has_delta: bool
) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    await engine.warm()
    others = running()
    if has_delta:
        opened = (await make(library, opened, set_count(3, 7))).opened
    await library.preview(LOCAL, opened.sheet.id, [set_count(2, 7)])
    (editor,) = running() - others
    resource.prlimit(editor, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    with pytest.raises(StorageUnavailable) as told:
        await make(library, opened, Fill(table="prices", column="count", expression="count + 1"))
    assert told.value.fix
    assert await library.open(LOCAL, opened.sheet.id) == opened
    assert list((tmp_path / "data" / "incoming").iterdir()) == []
    assert len(folders(tmp_path)) == 1 + has_delta
    resource.prlimit(editor, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (await column(library, (await make(library, opened, set_count(2, 7))).opened, "count"))[0] == 7


EDITING = """
import asyncio, sys
from pathlib import Path
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import open_database
from chatsheet.sheets.edits import Fill
from chatsheet.sheets.library import Library
from chatsheet.sheets.query import Engine
from tests.harness import state_in

async def main(folder):
    database = await open_database(state_in(folder))
    library = Library(database=database, folder=folder, engine=Engine(), clock=SystemClock(), quiet_s=0)
    (sheet,) = await library.listing(LOCAL)
    version = sheet.version
    for _ in range(1000):
        fill = Fill(table="prices", column="count", expression="count + 1")
        version = (await library.edit(LOCAL, sheet.id, [fill], expected_version=version)).opened.sheet.version
        print(version, flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_server_killed_in_the_middle_leaves_the_old_head_or_the_new_one(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path, NUMBERS)
    argv = [sys.executable, "-c", EDITING, str(tmp_path / "data")]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    server = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, env=environment)
    assert server.stdout is not None
    told = [await server.stdout.readline() for _ in range(3)]
    server.kill()
    told += (await server.stdout.read()).splitlines()
    await server.wait()
    head = await library.open(LOCAL, opened.sheet.id)
    counts = await column(library, head, "count")
    done = int(str(counts[0]))
    assert counts == list(range(done, done + 1_000))
    assert done in {len(told), len(told) + 1}  # the last was recorded, and perhaps not yet told
    assert len(await library.history(LOCAL, head.sheet.id)) == done


async def test_what_was_never_recorded_is_swept_and_nothing_else(library: Library, tmp_path: Path) -> None:
    opened = (await make(library, await bring(library, tmp_path), set_count(2, 5))).opened
    data = tmp_path / "data"
    for left in ("incoming/edit_old", "versions/orphan"):
        (data / left).mkdir()
        os.utime(data / left, (0, 0))
    (data / "versions" / "young").mkdir()
    for kept in (data / "versions").iterdir():
        if kept.name != "young":
            os.utime(kept, (0, 0))
    await library.sweep()
    assert len(folders(tmp_path)) == 3
    assert list((data / "incoming").iterdir()) == []
    assert (await column(library, opened, "count"))[0] == 5
