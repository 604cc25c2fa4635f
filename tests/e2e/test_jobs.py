"""Real processes that work on a job, killed, told to end and replaced: no row lost, none written twice."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.identity import LOCAL
from chatsheet.jobs.model import BulkEdit, Export, Job
from chatsheet.wiring import open_services
from tests.harness import Program, program, start_wire, write_settings
from tests.jobs.rig import Judge, Office, sheet

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.usefixtures("each_database")]
AT_ONCE = 8
SETTINGS = f"""
data = '{{data}}'
[server]
port = 0
[jobs]
at_once = {AT_ONCE}
drain_s = 5
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{{wire}}"
deployment = "gpt-4o"
key = "{{azure}}"
"""


@asynccontextmanager
async def open_place(folder: Path, rows: int, judge: Judge) -> AsyncGenerator[tuple[Office, Path], None]:
    """Open services that do no work themselves, and write the settings for programs that do."""
    judge.is_open.set()
    async with start_wire(model=judge) as wire:
        text = SETTINGS.replace("{data}", str(folder / "data")).replace("{wire}", wire.url)
        config = write_settings(folder, text, {"azure": wire.key})
        settings = settings_file.load(config)
        async with open_services(settings) as services:
            opened = await services.library.bring_in(LOCAL, sheet(folder, rows))
            yield Office(services, opened.sheet.id, judge, wire, settings), config


@asynccontextmanager
async def at_work(config: Path) -> AsyncGenerator[Program, None]:
    """Run `chatsheet work`."""
    async with program("--config", str(config), "work") as running:
        await running.wait_for("works on jobs")
        yield running


async def test_two_workers_that_are_killed_lose_no_row_and_write_none_twice(tmp_path: Path) -> None:
    rows = 240
    async with open_place(tmp_path, rows, Judge(seconds=0.2)) as (office, config):
        job = await office.begin()
        async with at_work(config) as first, at_work(config) as second:
            await office.until(job.id, lambda job: job.progress.done_inputs >= 40)
            await first.stop(signal.SIGKILL)
            await office.until(job.id, lambda job: job.progress.done_inputs >= 120)
            async with at_work(config):
                await second.stop(signal.SIGKILL)
                job = await office.ended(job.id)
        assert (job.state, job.progress.done_rows, job.progress.failed_rows) == ("completed", rows, 0)
        assert await office.column() == ["good"] * rows
        assert office.judge.asked.total() - rows <= 2 * AT_ONCE


async def test_a_worker_that_is_told_to_end_finishes_its_calls_and_asks_nothing_twice(tmp_path: Path) -> None:
    async with open_place(tmp_path, 60, Judge(seconds=0.3)) as (office, config):
        job = await office.begin()
        async with at_work(config) as first:
            await office.until(job.id, lambda job: job.progress.done_inputs >= 10)
            began = time.monotonic()
            assert await first.stop() == 0
            assert time.monotonic() - began < 15
        assert (await office.services.jobs.get(LOCAL, job.id)).progress.asked_inputs == 0
        async with at_work(config):
            job = await office.ended(job.id)
        assert (job.state, office.judge.twice) == ("completed", [])


async def test_a_server_that_is_killed_goes_on_with_its_job_once_it_is_started_again(tmp_path: Path) -> None:
    async with open_place(tmp_path, 80, Judge(seconds=0.2)) as (office, config):
        job = await office.begin()
        async with program("--config", str(config), "serve") as server:
            await office.until(job.id, lambda job: job.progress.done_inputs >= 20)
            await server.stop(signal.SIGKILL)
        async with program("--config", str(config), "serve"):
            job = await office.ended(job.id)
        assert (job.state, await office.column()) == ("completed", ["good"] * 80)
        assert len(office.judge.twice) <= AT_ONCE


async def test_workers_in_other_processes_are_paused_and_cancelled_within_moments(tmp_path: Path) -> None:
    async with open_place(tmp_path, 200, Judge(seconds=0.5)) as (office, config), at_work(config):
        job = await office.begin()
        await office.until(job.id, lambda job: job.progress.done_inputs >= 10)
        await office.services.jobs.pause(LOCAL, job.id)
        await asyncio.sleep(3)  # 2 s on a machine of one's own
        asked = office.judge.asked.total()
        await asyncio.sleep(1)
        assert (office.judge.asked.total(), office.judge.in_flight) == (asked, 0)
        await office.services.jobs.resume(LOCAL, job.id)
        await office.until(job.id, lambda job: job.progress.asked_inputs > 0)
        await office.services.jobs.cancel(LOCAL, job.id)
        job = await office.ended(job.id)
        assert job.state == "cancelled"
        assert (await office.column()).count("good") == job.progress.done_rows


LONG = f"replace(replace(comment, 'c', '{'c' * 150}'), 'c', '{'c' * 150}')"
HEAVY = f"upper(comment) || length({LONG})"
"""So much work that a worker is killed in the middle of it."""
QUERY = Export(sql=f"SELECT id, {HEAVY} AS long FROM comments ORDER BY id")  # noqa: S608  guarded
MANY = 60_000


async def killed_and_done(office: Office, config: Path, order: BulkEdit | Export) -> Job:
    """Kill the worker in the middle of a job that asks no model, and let another one do it."""
    jobs = office.services.jobs
    draft = await jobs.draft(LOCAL, office.sheet_id, order)
    async with at_work(config) as worker:
        await jobs.start(LOCAL, draft.id)
        await office.until(draft.id, lambda job: job.state == "running")
        await worker.stop(signal.SIGKILL)
    assert (await jobs.get(LOCAL, draft.id)).state == "running"
    async with at_work(config):
        return await office.ended(draft.id)


async def test_a_bulk_edit_whose_worker_is_killed_is_one_version(tmp_path: Path) -> None:
    async with open_place(tmp_path, MANY, Judge()) as (office, config):
        order = BulkEdit(table="comments", column="comment", expression=HEAVY)
        job = await killed_and_done(office, config, order)
        moves = await office.services.library.history(LOCAL, office.sheet_id)
        assert (job.state, job.progress.done_rows) == ("completed", MANY)
        assert [move.to_version for move in moves] == [job.result_version]


async def test_an_export_whose_worker_is_killed_is_one_whole_file(tmp_path: Path) -> None:
    async with open_place(tmp_path, MANY, Judge()) as (office, config):
        job = await killed_and_done(office, config, QUERY)
        made, content = await office.services.jobs.file(LOCAL, job.id)
        with content:
            assert (job.state, made.rows, len(content.read().splitlines())) == ("completed", MANY, MANY + 1)
        (folder,) = (tmp_path / "data" / "exports").iterdir()
        assert [file.name for file in folder.iterdir()] == ["file"]
