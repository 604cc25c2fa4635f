"""Undo, redo and history: a pointer that moves both ways, and who moved it, when, why and over which cells."""

from pathlib import Path

import pytest

from chatsheet.core.identity import LOCAL, Actor
from chatsheet.sheets.edits import CellValue, DeleteRows, Fill, SetCells
from chatsheet.sheets.library import HeadMoved, Library, NothingToUndo, OpenSheet
from chatsheet.sheets.store import SheetNotFound, VersionNotFound
from tests.sheets.edited import bring, column, ids, make

pytestmark = pytest.mark.anyio

STRANGER = Actor(workspace_id="elsewhere", user_id="someone")


def count(value: int, row: int = 2) -> SetCells:
    return SetCells(table="prices", cells=(CellValue(row=row, column="count", value=value),))


async def counted(library: Library, folder: Path, *values: int) -> list[OpenSheet]:
    """Return the sheet as imported, and after setting one cell to each value."""
    seen = [await bring(library, folder)]
    for value in values:
        seen.append((await make(library, seen[-1], count(value), reason=f"to {value}")).opened)
    return seen


@pytest.mark.usefixtures("each_database")
async def test_undo_and_redo_go_all_the_way_back_and_forth(library: Library, tmp_path: Path) -> None:
    seen = await counted(library, tmp_path, 11, 12, 13)
    for before in reversed(seen[:-1]):
        now = await library.open(LOCAL, before.sheet.id)
        assert await library.undo(LOCAL, now.sheet.id, expected_version=now.sheet.version) == before
    for after in seen[1:]:
        now = await library.open(LOCAL, after.sheet.id)
        assert await library.redo(LOCAL, now.sheet.id, expected_version=now.sheet.version) == after


async def test_there_is_nothing_before_the_import_and_nothing_after_the_last_edit(library: Library, tmp_path: Path) -> None:
    first, last = await counted(library, tmp_path, 11)
    with pytest.raises(NothingToUndo):
        await library.redo(LOCAL, last.sheet.id, expected_version=last.sheet.version)
    await library.undo(LOCAL, last.sheet.id, expected_version=last.sheet.version)
    with pytest.raises(NothingToUndo):
        await library.undo(LOCAL, first.sheet.id, expected_version=first.sheet.version)


async def test_an_edit_after_undo_starts_a_branch_and_the_old_one_stays(library: Library, tmp_path: Path) -> None:
    _, kept, left = await counted(library, tmp_path, 11, 12)
    await library.undo(LOCAL, left.sheet.id, expected_version=left.sheet.version)
    branch = (await make(library, kept, count(99))).opened
    old = await library.at(LOCAL, left.sheet.id, left.sheet.version)
    assert (await column(library, branch, "count"))[0] == 99
    assert (await column(library, old, "count"))[0] == 12
    with pytest.raises(NothingToUndo):
        await library.redo(LOCAL, branch.sheet.id, expected_version=branch.sheet.version)


@pytest.mark.usefixtures("each_database")
async def test_redo_goes_where_the_head_was_last(library: Library, tmp_path: Path) -> None:
    _, kept, left = await counted(library, tmp_path, 11, 12)
    await library.undo(LOCAL, left.sheet.id, expected_version=left.sheet.version)
    branch = (await make(library, kept, count(99))).opened
    await library.undo(LOCAL, left.sheet.id, expected_version=branch.sheet.version)
    assert await library.redo(LOCAL, left.sheet.id, expected_version=kept.sheet.version) == branch


@pytest.mark.usefixtures("each_database")
async def test_the_same_edit_again_after_undo_is_the_same_version(library: Library, tmp_path: Path) -> None:
    first, made = await counted(library, tmp_path, 11)
    await library.undo(LOCAL, first.sheet.id, expected_version=made.sheet.version)
    assert (await make(library, first, count(11))).opened == made


async def test_undo_from_a_version_that_is_no_longer_the_head_is_refused(library: Library, tmp_path: Path) -> None:
    _, seen, head = await counted(library, tmp_path, 11, 12)
    with pytest.raises(HeadMoved, match=head.sheet.version):
        await library.undo(LOCAL, head.sheet.id, expected_version=seen.sheet.version)
    assert await library.open(LOCAL, head.sheet.id) == head


@pytest.mark.usefixtures("each_database")
async def test_history_says_who_when_why_and_which_cells(library: Library, tmp_path: Path) -> None:
    first, made = await counted(library, tmp_path, 11)
    await library.undo(LOCAL, first.sheet.id, expected_version=made.sheet.version, reason="wrong")
    undone, edited = await library.history(LOCAL, first.sheet.id)
    assert (edited.kind, edited.created_by, edited.reason) == ("edit", "local", "to 11")
    assert edited.created_at.utcoffset() is not None
    cell = edited.changes[0].sample[0]
    assert (cell.row, cell.column, cell.before, cell.after) == (2, "count", 10, 11)
    assert (undone.kind, undone.reason, undone.version) == ("undo", "wrong", made.sheet.version)


async def test_history_of_a_cell_holds_only_what_changed_it(library: Library, tmp_path: Path) -> None:
    opened = (await counted(library, tmp_path, 11))[-1]
    opened = (await make(library, opened, count(7, row=3), reason="other row")).opened
    opened = (await make(library, opened, DeleteRows(table="prices", rows=(2,)), reason="gone")).opened
    moves = await library.history(LOCAL, opened.sheet.id, table="prices", row=2, column="count")
    assert [move.reason for move in moves] == ["gone", "to 11"]


async def test_history_of_a_cell_is_exact_where_a_large_edit_is_a_summary(library: Library, tmp_path: Path) -> None:
    content = "Id,Count\n" + "".join(f"{n},{n}\n" for n in range(600))
    opened = await bring(library, tmp_path, content.encode())
    made = await make(library, opened, Fill(table="prices", column="count", where="id % 2 = 0", value=-1))
    assert (made.changes[0].cells, len(made.changes[0].sample), made.changes[0].is_complete) == (300, 200, False)
    for row, moves in ((592, 1), (593, 0)):
        assert len(await library.history(LOCAL, opened.sheet.id, table="prices", row=row, column="count")) == moves


async def test_another_workspace_sees_neither_versions_nor_history(library: Library, tmp_path: Path) -> None:
    _, made = await counted(library, tmp_path, 11)
    for asked in (
        library.history(STRANGER, made.sheet.id),
        library.at(STRANGER, made.sheet.id, made.sheet.version),
        library.edit(STRANGER, made.sheet.id, [count(1)], expected_version=made.sheet.version),
    ):
        with pytest.raises(SheetNotFound):
            await asked
    for refused in (library.undo, library.redo):
        with pytest.raises((SheetNotFound, VersionNotFound, NothingToUndo)):
            await refused(STRANGER, made.sheet.id, expected_version=made.sheet.version)
    assert await ids(library, await library.open(LOCAL, made.sheet.id)) == [2, 3, 4, 5]


async def test_a_version_that_never_was_is_not_found(library: Library, tmp_path: Path) -> None:
    opened = await bring(library, tmp_path)
    with pytest.raises(VersionNotFound):
        await library.at(LOCAL, opened.sheet.id, "0" * 32)
