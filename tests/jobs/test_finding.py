"""Columns that another program's model was to fill come in as drafts, which cost nothing before a person wants it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy.exc import OperationalError

from chatsheet.core.identity import LOCAL
from chatsheet.jobs import store
from chatsheet.jobs.imports import Imported
from chatsheet.jobs.model import Job
from chatsheet.jobs.states import JobNotSo
from chatsheet.sheets.edits import CellValue, SetCells
from tests.jobs.rig import Office, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


def reviews(folder: Path, rows: int = 12) -> Path:
    """Write a workbook whose column Mood holds formulas that another program's model was to answer."""
    path = folder / "reviews.xlsx"
    if path.exists():  # the same bytes: a workbook holds the time at which it was made
        return path
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Reviews")
        sheet.write_row(0, 0, ["Id", "Comment", "Mood"])
        for row in range(1, rows + 1):
            sheet.write_number(row, 0, row)
            sheet.write_string(row, 1, f"c{row}")
            sheet.write_formula(row, 2, f'=_xlfn.COPILOT("What mood is this?",B{row + 1})', None, "#BUSY!")
    return path


@asynccontextmanager
async def found(folder: Path) -> AsyncGenerator[tuple[Office, Job]]:
    """Bring the workbook in, and yield the draft that came with it."""
    async with open_office(folder) as office:
        opened = await office.services.library.bring_in(LOCAL, reviews(folder))
        (draft,) = await office.services.jobs.listing(LOCAL, opened.sheet.id)
        yield Office(office.services, opened.sheet.id, office.judge, office.wire, office.settings), draft


async def test_such_a_column_is_a_draft_once_and_no_model_is_called_for_it(tmp_path: Path) -> None:
    async with found(tmp_path) as (office, draft), working(office.services.worker()):
        assert (draft.asked.label, draft.asked.template) == ("Mood", "What mood is this? {comment}")
        assert (draft.state, draft.is_unasked, "COPILOT" in draft.formula) == ("draft", True, True)
        await office.services.library.bring_in(LOCAL, reviews(tmp_path))
        other = await office.services.jobs.draft(LOCAL, office.sheet_id, draft.asked)
        await office.until(other.id, lambda job: job.is_settled)  # the worker has looked at all there is
        (_, same) = await office.services.jobs.listing(LOCAL, office.sheet_id)
        assert (same.id, same.is_unasked, office.judge.asked.total()) == (draft.id, True, 5)


async def test_its_sample_is_asked_when_a_person_wants_it_of_the_sheet_as_it_is_then(tmp_path: Path) -> None:
    async with found(tmp_path) as (office, draft), working(office.services.worker()):
        jobs, library = office.services.jobs, office.services.library
        with pytest.raises(JobNotSo):
            await jobs.start(LOCAL, draft.id)
        edit = SetCells(table=draft.asked.table, cells=(CellValue(row=2, column="comment", value="changed"),))
        await library.edit(LOCAL, office.sheet_id, [edit], expected_version=draft.version)
        await jobs.sample(LOCAL, draft.id)
        with pytest.raises(JobNotSo):
            await jobs.sample(LOCAL, draft.id)
        sampled = await office.until(draft.id, lambda job: job.is_settled and job.is_counted)
        assert [row.value for row in sampled.sample] == ["good"] * 5
        await jobs.start(LOCAL, draft.id)
        assert (await office.ended(draft.id)).progress.done_rows == 12
        assert "changed" in office.judge.asked


async def test_a_draft_that_was_discarded_does_not_come_again(tmp_path: Path) -> None:
    async with found(tmp_path) as (office, draft):
        assert (await office.services.jobs.cancel(LOCAL, draft.id)).state == "cancelled"
        await office.services.library.bring_in(LOCAL, reviews(tmp_path))
        assert [job.id for job in await office.services.jobs.listing(LOCAL, office.sheet_id)] == [draft.id]


async def test_an_import_that_is_followed_has_drafts_when_it_says_that_it_is_done(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        services, content = office.services, reviews(tmp_path).read_bytes()

        async def blocks() -> AsyncGenerator[bytes]:
            yield content

        upload = await services.uploads.begin(LOCAL, name="reviews.xlsx", size=len(content))
        await services.uploads.append(LOCAL, upload.id, 0, blocks())
        begun = await services.imports.begin(LOCAL, upload.id)
        (done,) = [event async for event in await services.imports.watch(LOCAL, begun) if isinstance(event, Imported)]
        (draft,) = await services.jobs.listing(LOCAL, done.sheet_id)
        assert draft.is_unasked


async def test_a_file_is_a_sheet_all_the_same_where_its_drafts_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    async with open_office(tmp_path) as office:
        with monkeypatch.context() as patch:
            patch.setattr(store, "add", broken)
            opened = await office.services.library.bring_in(LOCAL, reviews(tmp_path))
        assert await office.services.jobs.listing(LOCAL, opened.sheet.id) == []
        await office.services.library.bring_in(LOCAL, reviews(tmp_path))
        assert len(await office.services.jobs.listing(LOCAL, opened.sheet.id)) == 1
