"""Streams of jobs end with what opened the door to them, on both databases."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.auth.access import Access
from chatsheet.auth.policy import Principal
from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import CellValue, DeleteRows, RenameColumn, SetCells
from tests.jobs.rig import colleague, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def test_a_stream_ends_with_the_login_that_opened_it(tmp_path: Path) -> None:
    asked: list[str] = []

    async def ended(credential: str) -> Principal | None:
        asked.append(credential)
        return Principal(ben.user_id) if len(asked) == 1 else None

    async with open_office(tmp_path) as office:
        ben = replace(await colleague(office), credential="session_1")
        job = await office.draft()
        jobs = replace(office.services.jobs, access=Access(office.services.database, is_local=False, again=ended))
        async with asyncio.timeout(15):
            assert [one.id async for one in jobs.watch(ben, office.sheet_id)] == [job.id]


async def test_a_correction_passes_over_rows_that_were_deleted(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=4, distinct=2) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        edit = DeleteRows(table="comments", rows=(2,))
        await office.services.library.edit(LOCAL, office.sheet_id, [edit], expected_version=job.result_version)
        (row, *_), _ = await office.services.jobs.rows(LOCAL, job.id)
        await office.services.jobs.correct(LOCAL, job.id, row.id, "bad")
        assert await office.column() == ["good", "bad", "good"]


async def test_a_column_that_was_renamed_is_still_the_jobs(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=4) as office, working(office.services.worker()):
        library, jobs = office.services.library, office.services.jobs
        job = await office.ended((await office.begin()).id)
        renamed = RenameColumn(table="comments", column="mood", label="Feeling")
        await library.edit(LOCAL, office.sheet_id, [renamed], expected_version=job.result_version)
        (row, *_), _ = await jobs.rows(LOCAL, job.id)
        await jobs.correct(LOCAL, job.id, row.id, "bad")
        assert await office.column("feeling") == ["bad", "good", "good", "good"]
        head = (await library.open(LOCAL, office.sheet_id)).sheet.version
        edit = SetCells(table="comments", cells=(CellValue(row=3, column="comment", value="new"),))
        await library.edit(LOCAL, office.sheet_id, [edit], expected_version=head)
        office.judge.judge = lambda comment: {"value": "bad", "confidence": 0.9, "reason": comment}
        again = await office.ended((await jobs.retry(LOCAL, job.id, changed=True)).id)
        assert again.column == "feeling"
        assert await office.column("feeling") == ["bad", "bad", "good", "good"]
        (table,) = (await library.open(LOCAL, office.sheet_id)).workbook.tables
        assert table.names == ["id", "comment", "feeling"]
