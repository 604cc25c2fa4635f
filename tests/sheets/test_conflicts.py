"""Two editors at once: other cells are merged, the same cell is a conflict with both values, and no change is ever lost."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import open_database
from chatsheet.sheets.edits import (
    AddColumn,
    CellValue,
    DeleteColumn,
    DeleteRows,
    Edit,
    Fill,
    InsertRows,
    RenameColumn,
    RetypeColumn,
    SetCells,
)
from chatsheet.sheets.library import EditConflict, Library
from chatsheet.sheets.query import Engine
from tests.sheets.edited import bring, column, ids, make, rows

pytestmark = pytest.mark.anyio

ANNA, BEN = Actor(workspace_id="local", user_id="anna"), Actor(workspace_id="local", user_id="ben")


def set_cell(row: int, name: str, value: str | float) -> SetCells:
    return SetCells(table="prices", cells=(CellValue(row=row, column=name, value=value),))


async def test_edits_of_other_cells_are_merged(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    await make(library, first, set_cell(2, "price", 9))
    merged = await make(library, first, set_cell(2, "count", 99), set_cell(3, "price", 8))
    assert [row[1:4] for row in await rows(library, merged.opened)][:2] == [("pen", 9, 99), ("cup", 8, 20)]


async def test_the_same_cell_is_a_conflict_with_both_values_who_and_when(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    base = first.sheet.version
    theirs = await library.edit(ANNA, first.sheet.id, [set_cell(3, "price", 9)], expected_version=base)
    with pytest.raises(EditConflict) as met:
        await library.edit(BEN, first.sheet.id, [set_cell(3, "price", 8)], expected_version=base)
    cell = met.value.cells[0]
    assert (cell.row, cell.column, cell.was, cell.theirs, cell.yours, cell.by) == (3, "price", 2.25, 9, 8, "anna")
    assert cell.at is not None
    assert (met.value.status, theirs.opened.sheet.version in met.value.fix) == (409, True)
    assert await library.open(LOCAL, first.sheet.id) == theirs.opened


@pytest.mark.parametrize(
    ("theirs", "yours"),
    [
        (DeleteRows(table="prices", rows=(3,)), set_cell(3, "price", 1)),
        (set_cell(3, "price", 1), DeleteRows(table="prices", rows=(3,))),
        (set_cell(3, "price", 1), DeleteColumn(table="prices", column="price")),
        (set_cell(3, "price", 1), Fill(table="prices", column="price", value=5)),
        (InsertRows(table="prices", rows=({"price": 4},)), Fill(table="prices", column="price", value=5)),
        (DeleteColumn(table="prices", column="price"), set_cell(3, "price", 1)),
        (RenameColumn(table="prices", column="price", label="Cost"), set_cell(3, "price", 1)),
        (RetypeColumn(table="prices", column="price", type="text"), set_cell(3, "price", 1)),
        (DeleteRows(table="prices", rows=(3,)), InsertRows(table="prices", rows=({},), after=3)),
        (RenameColumn(table="prices", column="price", label="A"), RenameColumn(table="prices", column="price", label="B")),
        (DeleteRows(table="prices", rows=(3,)), DeleteRows(table="prices", rows=(3,))),
    ],
    ids=lambda edit: edit.kind,
)
async def test_an_edit_that_would_undo_anothers_is_a_conflict(
    library: Library, tmp_path: Path, theirs: Edit, yours: Edit
) -> None:
    first = await bring(library, tmp_path)
    head = (await make(library, first, theirs)).opened
    with pytest.raises(EditConflict) as met:
        await make(library, first, yours)
    assert met.value.cells[0].by == "local"
    assert await library.open(LOCAL, first.sheet.id) == head


@pytest.mark.parametrize(
    ("theirs", "yours"),
    [
        (set_cell(3, "price", 1), Fill(table="prices", column="price", value=5, where="price > 20")),
        (set_cell(3, "price", 1), InsertRows(table="prices", rows=({"price": 4},), after=3)),
        (set_cell(3, "price", 1), RenameColumn(table="prices", column="price", label="Cost")),
        (set_cell(3, "price", 1), DeleteRows(table="prices", rows=(4,))),
        (AddColumn(table="prices", label="A"), AddColumn(table="prices", label="A")),
        (AddColumn(table="prices", label="A"), DeleteRows(table="prices", rows=(4,))),
        (InsertRows(table="prices", rows=({},), after=3), InsertRows(table="prices", rows=({},), after=3)),
    ],
    ids=lambda edit: edit.kind,
)
async def test_edits_that_leave_each_other_alone_are_both_kept(
    library: Library, tmp_path: Path, theirs: Edit, yours: Edit
) -> None:
    first = await bring(library, tmp_path)
    await make(library, first, theirs)
    merged = await make(library, first, yours)
    assert len(await library.history(LOCAL, merged.opened.sheet.id)) == 2


@pytest.mark.parametrize("yours", [set_cell(3, "price", 9), Fill(table="prices", column="price", rows=(3,), value=9)])
async def test_the_same_value_written_by_both_is_no_conflict(library: Library, tmp_path: Path, yours: Edit) -> None:
    first = await bring(library, tmp_path)
    theirs = await make(library, first, set_cell(3, "price", 9))
    both = await make(library, first, yours)
    assert both.opened == theirs.opened
    merged = await make(library, first, yours, set_cell(4, "price", 8))
    assert await column(library, merged.opened, "price") == [1.5, 9, 8, 12.5]


async def test_a_cell_emptied_by_both_is_no_conflict_but_one_emptied_by_you_alone_is(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    await make(library, first, set_cell(3, "price", ""), set_cell(4, "price", 5))
    await make(library, first, set_cell(3, "price", ""))
    with pytest.raises(EditConflict):
        await make(library, first, set_cell(4, "price", ""))


async def test_a_change_that_was_undone_is_no_conflict(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    made = await make(library, first, set_cell(3, "price", 9))
    await library.undo(LOCAL, first.sheet.id, expected_version=made.opened.sheet.version)
    again = await make(library, first, set_cell(3, "price", 8))
    assert (await column(library, again.opened, "price"))[1] == 8


async def test_an_edit_of_a_version_that_was_undone_meets_the_undo(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    seen = await make(library, first, set_cell(3, "price", 9))
    await library.undo(LOCAL, first.sheet.id, expected_version=seen.opened.sheet.version)
    with pytest.raises(EditConflict):
        await make(library, seen.opened, set_cell(3, "price", 8))
    merged = await make(library, seen.opened, set_cell(4, "price", 7))
    assert await column(library, merged.opened, "price") == [1.5, 2.25, 7, 12.5]


async def test_conflicts_are_found_across_a_compaction(library: Library, tmp_path: Path) -> None:
    first = await bring(library, tmp_path)
    await make(library, first, RetypeColumn(table="prices", column="count", type="decimal"), set_cell(3, "price", 9))
    await library.settled()
    with pytest.raises(EditConflict):
        await make(library, first, set_cell(3, "price", 8))
    assert (await column(library, (await make(library, first, set_cell(4, "price", 7))).opened, "price")) == [1.5, 9, 7, 12.5]


@pytest.mark.usefixtures("each_database")
async def test_twenty_editors_at_once_lose_nothing(library: Library, tmp_path: Path) -> None:
    content = "Id,Price\n" + "".join(f"{n},0\n" for n in range(20))
    first = await bring(library, tmp_path, content.encode())
    await asyncio.gather(*(make(library, first, set_cell(n + 2, "price", n + 1)) for n in range(20)))
    assert await column(library, await library.open(LOCAL, first.sheet.id), "price") == list(range(1, 21))


Step = tuple[int, tuple[str, int, str], int]
CELLS = st.tuples(st.sampled_from(["set", "delete", "insert"]), st.integers(2, 5), st.sampled_from(["price", "count"]))
STEPS = st.lists(st.tuples(st.integers(0, 2), CELLS, st.integers(100, 999)), min_size=1, max_size=8)


class Model:
    """What the sheet must hold: rows by id in order, and the same as each of three editors last saw it."""

    def __init__(self, head: dict[int, dict[str, object]]) -> None:
        self.head = head
        self.seen = [{row: dict(cells) for row, cells in head.items()} for _ in range(3)]

    def conflicts(self, who: int, kind: str, row: int, name: str, value: int) -> bool:
        if kind == "insert":
            return False
        was, now = self.seen[who].get(row), self.head.get(row)
        if kind == "set" and now is not None and now[name] == value:
            return False
        names = [name] if kind == "set" else ["price", "count"]
        return was is not None and (now is None or any(was[n] != now[n] for n in names))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_random_concurrent_edits_end_as_the_model_says(engine: Engine, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as name:
        database = await open_database(Path(name) / "chatsheet.sqlite")
        library = Library(database=database, folder=Path(name), engine=engine, clock=SystemClock(), quiet_s=0)
        try:
            await follow(library, Path(name), steps)
        finally:
            await library.close()
            await database.close()


async def follow(library: Library, folder: Path, steps: list[Step]) -> None:
    """Let three editors, each at the version it last saw, edit the sheet and the model side by side."""
    first = await bring(library, folder)
    found = await rows(library, first)
    model = Model({int(str(row[0])): {"price": row[2], "count": row[3]} for row in found})
    versions = [first] * 3
    for who, (kind, row, name), value in steps:
        if kind != "insert" and row not in model.seen[who]:
            continue
        edits: dict[str, Edit] = {
            "set": set_cell(row, name, value),
            "delete": DeleteRows(table="prices", rows=(row,)),
            "insert": InsertRows(table="prices", rows=({name: value},)),
        }
        edit = edits[kind]
        if model.conflicts(who, kind, row, name, value):
            with pytest.raises(EditConflict):
                await make(library, versions[who], edit)
        else:  # a success shows the editor the head
            made = await make(library, versions[who], edit)
            versions[who] = made.opened
            if kind == "set":
                model.head[row][name] = value
            elif kind == "delete":
                del model.head[row]
            else:
                new = int(str((await ids(library, made.opened))[-1]))
                assert new not in model.head
                model.head[new] = {"price": None, "count": None, name: value}
            model.seen[who] = {r: dict(cells) for r, cells in model.head.items()}
    now = await rows(library, await library.open(LOCAL, first.sheet.id))
    assert {int(str(r[0])): {"price": r[2], "count": r[3]} for r in now} == model.head
