"""What a retry asks again reaches the sheet, on both databases."""

import asyncio
from pathlib import Path

import pytest

from chatsheet.core.identity import LOCAL
from chatsheet.jobs.states import JobNotSo
from tests.jobs.rig import Judge, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@pytest.mark.parametrize("changed", [False, True])
async def test_a_cancelled_job_that_is_retried_puts_all_its_answers_into_the_sheet(tmp_path: Path, *, changed: bool) -> None:
    judge = Judge()
    async with open_office(tmp_path, rows=20, judge=judge) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        judge.is_open.clear()
        await office.services.jobs.start(LOCAL, draft.id)
        async with asyncio.timeout(30):
            while not judge.in_flight:
                await asyncio.sleep(0.02)
        await office.services.jobs.cancel(LOCAL, draft.id)
        await office.ended(draft.id)
        judge.is_open.set()
        await office.services.jobs.retry(LOCAL, draft.id, changed=changed)
        job = await office.ended(draft.id)
        assert (job.state, await office.column()) == ("completed", ["good"] * 20)


@pytest.mark.parametrize("changed", [False, True])
async def test_a_draft_that_was_cancelled_is_not_retried(tmp_path: Path, *, changed: bool) -> None:
    async with open_office(tmp_path) as office:
        draft = await office.draft()
        await office.services.jobs.cancel(LOCAL, draft.id)
        with pytest.raises(JobNotSo):
            await office.services.jobs.retry(LOCAL, draft.id, changed=changed)
        assert (await office.services.jobs.get(LOCAL, draft.id)).state == "cancelled"
