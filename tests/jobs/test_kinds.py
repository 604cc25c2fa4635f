"""Jobs that ask no model, from draft to end, on both databases."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from chatsheet.auth.policy import Denied
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.jobs.files import FileGone
from chatsheet.jobs.model import BulkEdit, Export, Job, OrderInvalid
from chatsheet.jobs.states import JobNotSo
from chatsheet.sheets.edits import DeleteColumn, Edit, RenameColumn
from chatsheet.sheets.library import Edited
from tests.jobs.rig import Office, colleague, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
LOUDER = BulkEdit(table="comments", column="comment", expression="upper(comment)", where="id % 2 = 0")
WHOLE = Export(table="comments", format="csv")


async def made(office: Office, order: BulkEdit | Export) -> Job:
    return await office.services.jobs.draft(LOCAL, office.sheet_id, order)


async def started(office: Office, order: BulkEdit | Export) -> Job:
    return await office.services.jobs.start(LOCAL, (await made(office, order)).id)


async def edit(office: Office, *edits: Edit) -> None:
    head = (await office.services.library.open(LOCAL, office.sheet_id)).sheet.version
    await office.services.library.edit(LOCAL, office.sheet_id, edits, expected_version=head)


def text(file: BinaryIO) -> str:
    with file:
        return file.read().decode()


async def test_the_draft_of_a_bulk_edit_shows_how_many_cells_change_and_five_before_and_after(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=40) as office:
        draft = await made(office, LOUDER)
        assert (draft.state, draft.is_settled, draft.progress.rows, len(draft.sample)) == ("draft", True, 20, 5)
        assert (draft.sample[0].inputs, draft.sample[0].value) == ({"comment": "c0"}, "C0")
        assert await office.column("comment") == [f"c{number}" for number in range(40)]


async def test_a_bulk_edit_is_one_version_that_one_undo_takes_back(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=4) as office, working(office.services.worker()):
        before = (await office.services.library.open(LOCAL, office.sheet_id)).sheet.version
        job = await office.ended((await started(office, LOUDER)).id)
        assert (job.state, job.progress.done_rows, job.column) == ("completed", 2, "comment")
        assert await office.column("comment") == ["C0", "c1", "C2", "c3"]
        undone = await office.services.library.undo(LOCAL, office.sheet_id, expected_version=job.result_version)
        assert undone.sheet.version == before
        assert office.judge.asked.total() == 0


async def test_a_bulk_edit_follows_columns_that_were_renamed_since_its_draft(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        draft = await made(office, LOUDER)
        await edit(office, RenameColumn(table="comments", column="comment", label="Said"))
        await edit(office, RenameColumn(table="comments", column="id", label="Number"))
        async with working(office.services.worker()):
            await office.services.jobs.start(LOCAL, draft.id)
            job = await office.ended(draft.id)
        assert (job.state, job.column, await office.column("said")) == ("completed", "said", ["C0", "c1", "C2"])


async def test_a_bulk_edit_whose_column_is_gone_fails_and_writes_nothing(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        draft = await made(office, LOUDER)
        await edit(office, DeleteColumn(table="comments", column="comment"))
        async with working(office.services.worker()):
            await office.services.jobs.start(LOCAL, draft.id)
            job = await office.ended(draft.id)
        assert (job.state, job.problem.code, job.result_version) == ("failed", "edit.refused", "")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (LOUDER.model_copy(update={"expression": "=UPPER(B2)"}), OrderInvalid.code),
        (LOUDER.model_copy(update={"where": "id < 0"}), OrderInvalid.code),
        (LOUDER.model_copy(update={"column": "commend"}), "edit.refused"),
        (LOUDER.model_copy(update={"expression": "read_text('/etc/passwd')"}), "sql.refused"),
        (Export(), OrderInvalid.code),
        (Export(table="comments", sql="SELECT 1"), OrderInvalid.code),
        (Export(table="nothing"), "export.table_missing"),
        (Export(sql="DROP TABLE comments"), "sql.refused"),
    ],
)
async def test_what_cannot_be_done_is_no_draft(order: BulkEdit | Export, code: str, tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        with pytest.raises(ChatSheetError) as refused:
            await made(office, order)
        assert refused.value.code == code
        assert await office.services.jobs.listing(LOCAL, office.sheet_id) == []


async def test_a_bulk_edit_that_waits_is_paused_resumed_and_cancelled_and_leaves_nothing(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        job, jobs = await started(office, LOUDER), office.services.jobs
        assert (await jobs.pause(LOCAL, job.id)).state == "paused"
        async with working(office.services.worker()):
            assert (await jobs.resume(LOCAL, job.id)).state == "queued"
            with pytest.raises(JobNotSo):
                await jobs.resume(LOCAL, job.id)
            await office.ended(job.id)
            other = await made(office, LOUDER.model_copy(update={"expression": "lower(comment)"}))
            await jobs.cancel(LOCAL, other.id)
            assert (await office.ended(other.id)).state == "cancelled"
        assert await office.column("comment") == ["C0", "c1", "C2"]


@asynccontextmanager
async def held(office: Office) -> AsyncGenerator[asyncio.Event]:
    """Let edits wait in the middle; the event says that one does."""
    library, waits = office.services.library, asyncio.Event()
    real = library.edit

    async def waiting(
        actor: Actor, sheet_id: str, edits: Sequence[Edit], *, expected_version: str, reason: str = "", is_once: bool = False
    ) -> Edited:
        del actor, sheet_id, edits, expected_version, reason, is_once
        waits.set()
        await asyncio.Event().wait()
        raise AssertionError("it waits for ever")

    library.edit = waiting
    try:
        yield waits
    finally:
        library.edit = real


async def test_a_bulk_edit_that_is_cancelled_while_it_is_made_leaves_nothing(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office, working(office.services.worker()):
        async with held(office) as waits:
            job = await started(office, LOUDER)
            async with asyncio.timeout(30):
                await waits.wait()
            await office.services.jobs.cancel(LOCAL, job.id)
            job = await office.ended(job.id)
        assert (job.state, job.result_version, job.progress.done_rows) == ("cancelled", "", 0)
        assert await office.column("comment") == ["c0", "c1", "c2"]


async def test_a_bulk_edit_that_is_paused_while_it_is_made_is_made_once_it_goes_on(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office, working(office.services.worker()):
        async with held(office) as waits:
            job = await started(office, LOUDER)
            async with asyncio.timeout(30):
                await waits.wait()
            await office.services.jobs.pause(LOCAL, job.id)
            assert await office.column("comment") == ["c0", "c1", "c2"]
        await office.services.jobs.resume(LOCAL, job.id)
        assert (await office.ended(job.id)).state == "completed"
        assert await office.column("comment") == ["C0", "c1", "C2"]


async def test_what_is_done_is_not_done_again_and_answers_are_for_jobs_that_ask(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office, working(office.services.worker()):
        job = await office.ended((await started(office, LOUDER)).id)
        with pytest.raises(JobNotSo):
            await office.services.jobs.retry(LOCAL, job.id)
        with pytest.raises(JobNotSo):
            await office.services.jobs.rows(LOCAL, job.id)


async def test_an_export_is_a_file_for_who_started_it(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office, working(office.services.worker()):
        jobs = office.services.jobs
        job = await office.ended((await started(office, WHOLE)).id)
        assert (job.state, job.progress.done_rows) == ("completed", 3)
        file, content = await jobs.file(LOCAL, job.id)
        assert (file.name, text(content).split()) == ("comments comments.csv", ["id,comment", "0,c0", "1,c1", "2,c2"])
        with pytest.raises(Denied):
            await jobs.file(await colleague(office), job.id)


async def test_an_export_of_a_query_is_of_the_version_that_was_drafted(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        draft = await made(office, Export(sql="SELECT comment FROM comments WHERE id > 0 ORDER BY id"))
        await edit(office, RenameColumn(table="comments", column="comment", label="Said"))
        async with working(office.services.worker()):
            await office.services.jobs.start(LOCAL, draft.id)
            await office.ended(draft.id)
        assert draft.progress.rows == 2
        _, content = await office.services.jobs.file(LOCAL, draft.id)
        assert text(content).split() == ["comment", "c1", "c2"]


async def test_a_file_that_was_removed_is_said_to_be_gone(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office, working(office.services.worker()):
        jobs = office.services.jobs
        with pytest.raises(FileGone):
            await jobs.file(LOCAL, (await made(office, WHOLE)).id)
        job = await office.ended((await started(office, WHOLE)).id)
        await jobs.files.remove(job.id)
        with pytest.raises(FileGone):
            await jobs.file(LOCAL, job.id)


async def test_a_job_of_somebody_who_may_not_edit_any_more_is_paused(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=3) as office:
        stranger = replace(LOCAL, user_id="user_gone")
        jobs = office.services.jobs
        draft = await jobs.draft(stranger, office.sheet_id, LOUDER)
        await jobs.start(stranger, draft.id)
        async with working(office.services.worker()):
            job = await office.until(draft.id, lambda job: job.state == "paused")
        assert (job.problem.code, await office.column("comment")) == ("access.denied", ["c0", "c1", "c2"])
