"""What jobs answered gets into the sheet once, whoever dies and whatever else is done to the sheet, on both databases."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.core.identity import LOCAL
from chatsheet.jobs import store
from tests.jobs.rig import ORDER, Judge, Office, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def names(office: Office) -> list[str]:
    """Return the columns of the sheet's head."""
    opened = await office.services.library.open(LOCAL, office.sheet_id)
    return [column.name for column in opened.workbook.tables[0].columns]


async def test_a_worker_that_dies_before_it_notes_the_version_doubles_no_column(tmp_path: Path) -> None:
    bad = {"c3"}

    def judge(comment: str) -> JsonValue:
        return {"value": "ugly" if comment in bad else "good", "confidence": 1, "reason": ""}

    async with open_office(tmp_path, rows=8, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        async with office.services.database.unit() as connection:
            unnoted = {"state": "running", "is_settled": False, "column_name": "", "result_version": "", "ended_at": None}
            await store.change(connection, job.id, **unnoted)
        settled = await office.ended(job.id)
        assert (settled.column, settled.result_version) == (job.column, job.result_version)
        bad.clear()
        await office.services.jobs.retry(LOCAL, job.id)
        await office.ended(job.id)
        assert (await names(office), await office.column()) == (["id", "comment", "mood"], ["good"] * 8)


async def test_two_jobs_with_one_label_fill_two_columns(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=20, is_held=True) as office, working(office.services.worker()):
        jobs = [await office.begin(), await office.begin(ORDER.model_copy(update={"template": "Other {comment}"}))]
        for job in jobs:
            await office.until(job.id, lambda job: job.is_counted)
        office.judge.is_open.set()
        ended = [await office.ended(job.id) for job in jobs]
        assert [(job.state, bool(job.result_version)) for job in ended] == [("completed", True)] * 2
        assert sorted(job.column for job in ended) == sorted((await names(office))[2:])


async def test_a_correction_while_the_job_runs_again_gets_into_the_sheet(tmp_path: Path) -> None:
    bad = {"c3"}

    def judge(comment: str) -> JsonValue:
        return {"value": "ugly" if comment in bad else "good", "confidence": 1, "reason": ""}

    async with open_office(tmp_path, rows=6, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        jobs, job = office.services.jobs, await office.ended((await office.begin()).id)
        bad.clear()
        office.judge.is_open.clear()
        await jobs.retry(LOCAL, job.id)
        await office.until(job.id, lambda job: job.progress.asked_inputs > 0)
        rows, _ = await jobs.rows(LOCAL, job.id)
        await jobs.correct(LOCAL, job.id, next(one.id for one in rows if one.state == "done"), "bad")
        office.judge.is_open.set()
        await office.ended(job.id)
        assert sorted(map(str, await office.column())) == ["bad"] + ["good"] * 5
