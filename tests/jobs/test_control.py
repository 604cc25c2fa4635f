"""What people tell jobs, and what happens to those whose workers die: on both databases, over real services."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy import update

from chatsheet.audit.budgets import Budget, Limits
from chatsheet.chat.events import AiColumnProposal
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.tables import user
from chatsheet.jobs import ledger, store
from chatsheet.jobs.asking import AnswerInvalid
from chatsheet.jobs.ledger import Outcome
from chatsheet.jobs.model import AiColumn, JobNotFound, OrderInvalid
from chatsheet.jobs.states import JobNotSo
from chatsheet.sheets.edits import CellValue, EditRefused, SetCells
from chatsheet.wiring import AiColumns
from tests.jobs.rig import ORDER, Judge, Office, colleague, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def until_asked(office: Office, number: int) -> None:
    """Wait until the model is asked so many rows at once."""
    async with asyncio.timeout(30):
        while office.judge.in_flight < number:
            await asyncio.sleep(0.02)


async def until_quiet(office: Office) -> float:
    """Return how many seconds it takes until the model is asked nothing any more."""
    began = time.monotonic()
    async with asyncio.timeout(30):
        while office.judge.in_flight:
            await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_a_paused_job_asks_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=20, is_held=True) as office, working(office.services.worker()):
        job = await office.begin()
        await until_asked(office, 2)
        await office.services.jobs.pause(LOCAL, job.id)
        assert await until_quiet(office) < 4  # 2 s on a machine of one's own
        office.judge.is_open.set()
        await office.services.jobs.resume(LOCAL, job.id)
        job = await office.ended(job.id)
        assert (job.state, await office.column()) == ("completed", ["good"] * 20)


async def test_a_cancelled_job_keeps_what_is_done(tmp_path: Path) -> None:
    judge = Judge()
    async with open_office(tmp_path, rows=20, judge=judge) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        judge.is_open.clear()
        await office.services.jobs.start(LOCAL, draft.id)
        await until_asked(office, 1)
        await office.services.jobs.cancel(LOCAL, draft.id)
        job = await office.ended(draft.id)
        assert (job.state, job.progress.done_rows, (await office.column()).count("good")) == ("cancelled", 5, 5)


async def test_a_cancelled_draft_leaves_nothing(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        await office.services.jobs.cancel(LOCAL, draft.id)
        job = await office.ended(draft.id)
        assert (job.progress.rows, job.result_version) == (0, "")


async def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        draft = await office.draft()
        for tell in (office.services.jobs.pause, office.services.jobs.resume, office.services.jobs.retry):
            with pytest.raises(JobNotSo):
                await tell(LOCAL, draft.id)


@pytest.mark.parametrize(
    "change",
    [{"template": "no column"}, {"where": "id > 1000"}, {"output": "integer"}],
)
async def test_an_order_that_does_not_fit_makes_no_draft(tmp_path: Path, change: dict[str, str]) -> None:
    async with open_office(tmp_path) as office:
        with pytest.raises((OrderInvalid, EditRefused)):
            await office.draft(ORDER.model_copy(update=change))
        assert await office.services.jobs.listing(LOCAL, office.sheet_id) == []


async def test_a_draft_of_a_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        with pytest.raises(EditRefused) as refused:
            await office.draft(AiColumn(table="comments", label="Mood", template="{coment}"))
        assert refused.value.fix == "did you mean comment?"


async def test_rows_that_always_fail_end_in_the_list_and_stop_nothing(tmp_path: Path) -> None:
    def judge(comment: str) -> JsonValue:
        return {"value": "ugly" if comment in {"c3", "c7"} else "good", "confidence": 1, "reason": ""}

    async with open_office(tmp_path, rows=12, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        failed, _ = await office.services.jobs.rows(LOCAL, job.id, "failed")
        assert (job.state, job.progress.done_rows) == ("completed_with_failures", 10)
        assert [(row.inputs["comment"], row.tries, row.failure.code) for row in failed] == [
            ("c3", 3, "job.answer_invalid"),
            ("c7", 3, "job.answer_invalid"),
        ]
        assert office.judge.asked["c3"] == 3


async def test_a_retry_asks_failed_rows_and_nothing_else(tmp_path: Path) -> None:
    bad = {"c3"}

    def judge(comment: str) -> JsonValue:
        return {"value": "ugly" if comment in bad else "good", "confidence": 1, "reason": ""}

    async with open_office(tmp_path, rows=12, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        bad.clear()
        asked = office.judge.asked.total()
        await office.services.jobs.retry(LOCAL, job.id)
        job = await office.ended(job.id)
        assert (job.state, job.run, office.judge.asked.total() - asked) == ("completed", 2, 1)
        assert await office.column() == ["good"] * 12


async def test_a_retry_of_what_changed_asks_changed_rows_and_nothing_else(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=12) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        head = (await office.services.library.open(LOCAL, office.sheet_id)).sheet.version
        cells = (CellValue(row=4, column="comment", value="changed"),)
        edit = SetCells(table="comments", cells=cells)
        await office.services.library.edit(LOCAL, office.sheet_id, [edit], expected_version=head)
        await office.services.jobs.retry(LOCAL, job.id, changed=True)
        job = await office.ended(job.id)
        assert (job.state, job.progress.rows, office.judge.asked["changed"]) == ("completed", 12, 1)
        assert office.judge.twice == []


async def test_unsure_answers_are_put_before_a_person_who_accepts_or_corrects_them(tmp_path: Path) -> None:
    def judge(comment: str) -> JsonValue:
        return {"value": "good", "confidence": 0.2 if comment in {"c1", "c2"} else 0.9, "reason": "perhaps"}

    async with open_office(tmp_path, rows=6, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin()).id)
        jobs = office.services.jobs
        one, two = (await jobs.rows(LOCAL, job.id, "review"))[0]
        await jobs.accept(LOCAL, job.id, one.id)
        with pytest.raises(AnswerInvalid):
            await jobs.correct(LOCAL, job.id, two.id, "ugly")
        await jobs.correct(LOCAL, job.id, two.id, "bad")
        assert (await jobs.rows(LOCAL, job.id, "review"))[0] == []
        assert await office.column() == ["good", "good", "bad", "good", "good", "good"]


async def test_a_budget_that_is_used_up_pauses_a_job_and_says_so(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=12) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        limits = Limits(period="day", tokens=1)
        await office.services.spending.set(LOCAL, Budget(kind="job", subject=draft.id, limits=limits))
        await office.services.jobs.start(LOCAL, draft.id)
        job = await office.until(draft.id, lambda job: job.state == "paused")
        assert (job.problem.code, job.progress.done_rows) == ("budget", 5)
        await office.services.spending.remove(LOCAL, "job", draft.id)
        await office.services.jobs.resume(LOCAL, draft.id)
        assert (await office.ended(draft.id)).state == "completed"


async def test_rows_of_a_worker_that_died_are_taken_over_and_it_writes_nothing_any_more(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=10) as office:
        async with working(office.services.worker()):
            draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        await office.services.jobs.start(LOCAL, draft.id)
        now, database = office.services.clock.now(), office.services.database
        async with database.unit() as connection:
            await store.beat(connection, "worker_gone", at_once=8, now=now - store.LEASE - timedelta(seconds=1))
            lost = await ledger.take(connection, draft.id, "worker_gone", most=3, is_draft=False, now=now)
        async with working(office.services.worker()):
            job = await office.ended(draft.id)
        late = [Outcome(taken=one, state="done", value="bad", confidence=1.0) for one in lost]
        async with database.unit() as connection:
            await ledger.put(connection, late, "worker_gone", now=now)
        rows, _ = await office.services.jobs.rows(LOCAL, job.id)
        assert (job.state, [row.value for row in rows], len(lost)) == ("completed", ["good"] * 10, 3)


async def test_a_row_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=6) as office:
        async with working(office.services.worker()):
            draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        await office.services.jobs.start(LOCAL, draft.id)
        now = office.services.clock.now()
        async with office.services.database.unit() as connection:
            for _ in range(4):
                await ledger.take(connection, draft.id, "worker_gone", most=1, is_draft=False, now=now)
                await ledger.reclaim(connection, [draft.id], ["worker_there"], now=now)
        async with working(office.services.worker()):
            job = await office.ended(draft.id)
        (row,), _ = await office.services.jobs.rows(LOCAL, job.id, "failed")
        assert (job.state, row.failure.code) == ("completed_with_failures", "job.worker_lost")


async def test_a_worker_that_is_told_to_end_hands_its_rows_over_at_once(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=10, is_held=True) as office:
        leaving = office.services.worker()
        leaving.start()
        job = await office.begin()
        await until_asked(office, 4)
        await leaving.close()
        assert (await office.services.jobs.get(LOCAL, job.id)).progress.asked_inputs == 0
        office.judge.is_open.set()
        async with working(office.services.worker()):
            assert (await office.ended(job.id)).state == "completed"


async def test_two_users_jobs_go_on_side_by_side(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=40, is_held=True) as office, working(office.services.worker()):
        ben = await colleague(office)
        jobs, first = office.services.jobs, await office.begin()
        second = await jobs.draft(ben, office.sheet_id, ORDER.model_copy(update={"label": "Tone"}))
        await jobs.start(ben, second.id)
        for one in (first, second):
            await office.until(one.id, lambda job: job.is_counted)
        office.judge.seconds = 0.1
        office.judge.is_open.set()
        await office.until(second.id, lambda job: job.progress.done_inputs >= 10)
        assert (await jobs.get(LOCAL, first.id)).progress.done_inputs < 40


async def test_a_limit_of_the_provider_costs_no_row(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=8) as office, working(office.services.worker()):
        office.wire.fault("gpt-4o", "C1", times=3)
        job = await office.ended((await office.begin()).id)
        assert (job.state, job.progress.done_rows) == ("completed", 8)


async def test_the_csv_holds_a_line_for_each_row_and_no_formula(tmp_path: Path) -> None:
    def judge(comment: str) -> JsonValue:
        return {"value": f"={comment}", "confidence": 1, "reason": "+x"}

    order = ORDER.model_copy(update={"choices": ()})
    async with open_office(tmp_path, rows=4, distinct=2, judge=Judge(judge=judge)) as office, working(office.services.worker()):
        job = await office.ended((await office.begin(order)).id)
        lines = "".join([text async for text in office.services.jobs.export(LOCAL, job.id)]).splitlines()
        assert lines[0] == "row,comment,Mood,confidence,reason,state,failure,model,route"
        assert [line.split(",")[:5] for line in lines[1:]] == [
            [row, comment, f"'={comment}", "1.0", "'+x"]
            for comment, row in (("c0", "2"), ("c0", "4"), ("c1", "3"), ("c1", "5"))
        ]


async def test_a_job_whose_user_may_not_edit_the_sheet_any_more_is_paused(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=10, is_held=True) as office, working(office.services.worker()):
        ben, jobs = await colleague(office), office.services.jobs
        job = await jobs.start(ben, (await jobs.draft(ben, office.sheet_id, ORDER)).id)
        await until_asked(office, 1)
        async with office.services.database.unit() as connection:
            await connection.execute(update(user).where(user.c.id == ben.user_id).values(is_active=False))
        job = await office.until(job.id, lambda job: job.state == "paused")
        office.judge.is_open.set()
        assert job.problem.code == "access.denied"


async def test_a_job_that_a_command_began_goes_on_beside_a_server_with_logins(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        office.services.access.is_local = False
        async with working(office.services.worker()):
            job = await office.ended((await office.begin()).id)
        assert (job.state, await office.column()) == ("completed", ["good"] * 12)


async def test_the_worker_of_a_command_asks_nothing_for_a_user_who_is_not_there(tmp_path: Path) -> None:
    gone = Actor(LOCAL.workspace_id, "usr_gone")
    async with open_office(tmp_path) as office, working(office.services.worker()):
        jobs = office.services.jobs
        job = await jobs.start(gone, (await jobs.draft(gone, office.sheet_id, ORDER)).id)
        job = await office.until(job.id, lambda job: job.state == "paused")
        assert (job.problem.code, office.judge.asked.total()) == ("access.denied", 0)


async def test_a_sheet_that_is_removed_takes_its_jobs_along(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=10, is_held=True) as office, working(office.services.worker()):
        job = await office.begin()
        await until_asked(office, 1)
        await office.services.chats.remove_sheet(LOCAL, office.sheet_id)
        await until_quiet(office)
        with pytest.raises(JobNotFound):
            await office.services.jobs.get(LOCAL, job.id)


async def test_what_a_chat_proposed_becomes_one_draft_however_often_it_is_applied(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=10) as office:
        version = (await office.services.library.open(LOCAL, office.sheet_id)).sheet.version
        said = ORDER.model_dump(include={"table", "label", "template", "output", "choices"})
        proposal = AiColumnProposal(id="p1", version=version, rows=10, distinct=10, tokens=1_000, **said)
        columns = AiColumns(office.services.jobs)
        made = [await columns.start(LOCAL, office.sheet_id, proposal, key="p1 of chat_1: ") for _ in range(2)]
        (draft,) = await office.services.jobs.listing(LOCAL, office.sheet_id)
        assert (made, draft.state, draft.asked.template) == ([draft.id] * 2, "draft", ORDER.template)


async def test_an_outage_costs_no_row_and_the_job_goes_on_when_it_is_over(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=12) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        office.wire.fault("gpt-4o", "503", times=25)
        await office.services.jobs.start(LOCAL, draft.id)
        job = await office.ended(draft.id)
        assert (job.progress.done_rows + job.progress.failed_rows, job.progress.asked_inputs) == (12, 0)
        assert job.progress.failed_rows <= 4
