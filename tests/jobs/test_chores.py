"""Chores that another worker, or a person, was quicker with; settlements that are refused. On both databases."""

import asyncio
from pathlib import Path

import pytest

from chatsheet.core.identity import LOCAL
from chatsheet.jobs import chores, settling, store
from chatsheet.jobs.chores import Means
from chatsheet.sheets.edits import EditRefused
from tests.jobs.rig import colleague, open_office, working

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def test_a_job_that_another_worker_counted_is_not_counted_again(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        services, job = office.services, await office.begin()
        ours = [Means(services.database, services.access, services.library, services.clock, name) for name in ("a", "b")]
        async with services.database.unit() as connection:
            seen = await store.get(connection, LOCAL, job.id)
            for means in ours:
                await store.beat(connection, means.worker, at_once=1, now=services.clock.now())
        await chores.count(ours[0], seen)
        async with services.database.unit() as connection:  # what a second count would find unseen, it would drop
            assert await store.take(connection, job.id, "b", now=services.clock.now())
        await chores.count(ours[1], seen)
        async with services.database.unit() as connection:
            now = await store.get(connection, LOCAL, job.id)
        rows, _ = await services.jobs.rows(LOCAL, job.id)
        assert (now.job.is_counted, now.owner, len(rows)) == (True, "", 12)


async def test_what_a_cancelled_job_did_is_put_into_the_sheet_by_who_cancelled_it(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=20) as office, working(office.services.worker()):
        draft = await office.until((await office.draft()).id, lambda job: job.is_settled)
        office.judge.is_open.clear()
        await office.services.jobs.start(LOCAL, draft.id)
        async with asyncio.timeout(30):
            while not office.judge.in_flight:
                await asyncio.sleep(0.02)
        ben = await colleague(office)
        await office.services.jobs.cancel(ben, draft.id)
        job = await office.ended(draft.id)
        (move, *_) = await office.services.library.history(LOCAL, office.sheet_id)
        assert (move.to_version, move.created_by) == (job.result_version, ben.user_id)


async def test_a_settlement_that_is_refused_fails_the_job_and_a_retry_makes_up_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*given: object, **named: object) -> None:
        del given, named
        raise EditRefused("there is no table comments.", fix="add it again.")

    async with open_office(tmp_path) as office, working(office.services.worker()):
        with monkeypatch.context() as patched:
            patched.setattr(settling, "settle", refuse)
            job = await office.ended((await office.begin()).id)
        assert (job.state, job.problem.code, office.judge.asked.total()) == ("failed", "edit.refused", 12)
        await office.services.jobs.retry(LOCAL, job.id)
        job = await office.ended(job.id)
        assert (job.state, await office.column(), office.judge.asked.total()) == ("completed", ["good"] * 12, 12)
