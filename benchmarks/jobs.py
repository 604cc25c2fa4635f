"""What a job takes beside its model: rows lost, doubled and asked twice under faults and kills, CPU a row, two workers.

The model is this process: it answers each row after a while, and plays faults at random. Workers are `chatsheet work`.

    python benchmarks/jobs.py [--rows 10000] [--faults 8] [--database sqlite|postgres] [--only PART]
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select

from benchmarks.context import Line
from benchmarks.gateway import processes
from chatsheet.core import loose, settings_file
from chatsheet.core.identity import LOCAL
from chatsheet.db.tables import job_row
from chatsheet.jobs import asking
from chatsheet.jobs.model import Job
from chatsheet.sheets import guard
from chatsheet.simulator.quota import MINUTE_S, Quota
from chatsheet.simulator.state import Mix
from chatsheet.wiring import open_services
from tests import postgres
from tests.harness import Program, gateway_for, program, start_wire, write_settings
from tests.jobs.rig import ORDER, Judge, Office, sheet

RESULTS = Path(__file__).parent / "results" / "jobs.json"
AT_ONCE = 16
TOKENS_A_CALL = 120
"""What a judge says that it took."""
QUIET_S = 3.0
FAULTS = {"429": 2.0, "500": 2.0, "silence": 1.0, "cut": 2.0, "stall": 1.0}
SETTINGS = f"""
data = '{{data}}'
[server]
port = 0
[jobs]
at_once = {AT_ONCE}
[llm]
routes = ["azure"]
first_content_s = 2
idle_s = 2
deadline_s = 6
[llm.route.azure]
kind = "azure"
endpoint = "{{wire}}"
deployment = "gpt-4o"
key = "{{azure}}"
"""


@asynccontextmanager
async def open_place(rows: int, judge: Judge) -> AsyncGenerator[tuple[Office, Path], None]:
    """Open services that do no work themselves over a sheet, and write the settings for workers."""
    judge.is_open.set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with start_wire(model=judge) as wire:
            text = SETTINGS.replace("{data}", str(folder / "data")).replace("{wire}", wire.url)
            config = write_settings(folder, text, {"azure": wire.key})
            settings = settings_file.load(config)
            async with open_services(settings) as services:
                opened = await services.library.bring_in(LOCAL, sheet(folder, rows))
                yield Office(services, opened.sheet.id, judge, wire, settings), config


@asynccontextmanager
async def at_work(config: Path) -> AsyncGenerator[Program, None]:
    """Run a worker."""
    async with program("--config", str(config), "work") as running:
        await running.wait_for("works on jobs")
        yield running


async def until(office: Office, job: Job, is_so: Callable[[Job], bool]) -> Job:
    """Wait until a job is so."""
    while not is_so(seen := await office.services.jobs.get(LOCAL, job.id)):
        await asyncio.sleep(0.5)
    return seen


def has_ended(job: Job) -> bool:
    """Tell whether a job has ended and its results are in the sheet."""
    return job.ended_at is not None and job.is_settled


class Counted(Mix):
    """Faults at random, counted."""

    def __init__(self, percent: float) -> None:
        super().__init__(FAULTS, percent=percent, seed=7)
        self.played: Counter[str] = Counter()

    def draw(self) -> str:
        """Return the fault to play now."""
        name = super().draw()
        self.played[name] += 1
        return name


async def survive(rows: int, percent: float) -> list[Line]:
    """Run a job under faults with two workers, and kill both, one after the other."""
    async with AsyncExitStack() as stack:
        office, config = await stack.enter_async_context(open_place(rows, Judge(seconds=0.05)))
        office.wire.simulator.state.orders["gpt-4o"] = faults = Counted(percent)
        first, second = [await stack.enter_async_context(at_work(config)) for _ in range(2)]
        began, job, killed = time.monotonic(), await office.begin(), 0
        for worker, part in ((first, 0.25), (second, 0.6)):
            await until(office, job, lambda seen, part=part: seen.progress.done_inputs >= part * rows)
            await worker.stop(signal.SIGKILL)
            killed += AT_ONCE
            await stack.enter_async_context(at_work(config))
        seen = await until(office, job, has_ended)
        if seen.progress.failed_inputs:  # three faults in a row: what a person does then is one click
            await office.services.jobs.retry(LOCAL, job.id)
            seen = await until(office, job, has_ended)
        held = await office.services.library.open(LOCAL, office.sheet_id)
        sql = "SELECT count(*) FILTER (mood = 'good') AS a, count(DISTINCT _row) AS b FROM comments"
        good, there = (await office.services.library.query(held, guard.check(sql, held.columns()))).rows[0]
        print(f"  {time.monotonic() - began:.0f} s, {seen.state}, run {seen.run}, played {dict(faults.played)}")
        # a stream that was cut or stood still had been asked for
        again = office.judge.asked.total() - rows - faults.played["cut"] - faults.played["stall"]
        return [
            Line(
                what=f"{rows} rows, {percent:g} % faults, two kills: lost", value=rows - loose.number(good), unit="rows", goal=0
            ),
            Line(what="written twice", value=loose.number(there) - rows, unit="rows", goal=0),
            Line(what="asked twice, but for streams cut by faults", value=again, unit="rows", goal=killed),
        ]


async def cost(rows: int) -> list[Line]:
    """Measure the CPU of a worker for a row, beside that of the gateway alone in a process of its own."""
    async with open_place(rows, Judge()) as (office, config):
        async with at_work(config) as worker:
            job = await office.draft()
            await until(office, job, lambda seen: seen.is_settled)
            before = processes.cpu_ns(worker.process.pid)
            await office.services.jobs.start(LOCAL, job.id)
            await until(office, job, lambda seen: seen.progress.done_inputs == rows)
            spent = processes.cpu_ns(worker.process.pid) - before
            memory = processes.rss_mb(worker.process.pid)
        bare = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--bare", str(config), "--rows", str(rows), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await bare.communicate()
        alone = float(out.split()[-1])
        whole = spent / 1e6 / (rows - 5)
        return [
            Line(what="CPU of a worker", value=whole, unit="ms a row", bare=alone),
            Line(what="of which the engine's", value=whole - alone, unit="ms a row", goal=5),
            Line(what=f"memory of a worker after {rows} rows", value=memory, unit="MB"),
        ]


async def bare(config: Path, rows: int) -> None:
    """Ask the gateway the same, and print the CPU ms of a call."""
    async with gateway_for(settings_file.load(config)) as gateway:
        slots = asyncio.Semaphore(AT_ONCE)

        async def ask(number: int) -> None:
            async with slots:
                await gateway.complete(asking.request(ORDER, {"comment": f"c{number}"}, tenant="local"))

        await ask(0)
        before = time.process_time()
        await asyncio.gather(*(ask(number) for number in range(rows)))
        print(1e3 * (time.process_time() - before) / rows)


async def scale(rows: int) -> list[Line]:
    """Measure rows a second with one worker and with two, where the model takes a second for each."""
    speeds: list[float] = []
    for workers in (1, 2):
        async with AsyncExitStack() as stack:
            office, config = await stack.enter_async_context(open_place(rows, Judge(seconds=1.0)))
            for _ in range(workers):
                await stack.enter_async_context(at_work(config))
            job = await office.begin()
            await until(office, job, lambda seen: seen.progress.done_inputs >= rows // 4)  # slots have opened
            began, done = time.monotonic(), (await office.services.jobs.get(LOCAL, job.id)).progress.done_inputs
            seen = await until(office, job, lambda seen: seen.progress.done_inputs >= rows * 0.9)
            speeds.append((seen.progress.done_inputs - done) / (time.monotonic() - began))
    return [
        Line(what="two workers", value=speeds[1] / speeds[0], unit="x one", goal=1.8, at_least=True),
        Line(what="rows a second with one, the model takes one second", value=speeds[0], unit="rows/s"),
    ]


async def limit(calls: int) -> list[Line]:
    """Measure how much of a provider's minute two workers use that share it: the wire counts so many calls a minute."""
    tokens = calls * TOKENS_A_CALL
    async with AsyncExitStack() as stack:
        office, config = await stack.enter_async_context(open_place(3 * calls, Judge(seconds=0.2)))
        quota = office.wire.simulator.state.quotas["gpt-4o"] = Quota(tokens=tokens)
        for _ in range(2):
            await stack.enter_async_context(at_work(config))
        await office.begin()
        marks: list[float] = []
        for minutes in (0.5, 2.5):
            while quota.total < minutes * tokens:
                await asyncio.sleep(0.05)
            marks.append(time.monotonic())
    used = 2 * MINUTE_S / (marks[1] - marks[0])
    return [
        Line(what=f"of {tokens} tokens a minute, two workers use", value=100 * used, unit="%", goal=95, at_least=True),
        Line(what="the most of any minute", value=100 * quota.peak / tokens, unit="%", goal=102),
        Line(what="refused for want of tokens", value=quota.refused, unit="calls"),
    ]


async def control(rows: int) -> list[Line]:
    """Measure for how long calls go on after a job is paused and cancelled, and until a killed worker's rows are another's."""
    held: list[float] = []
    async with AsyncExitStack() as stack:
        office, config = await stack.enter_async_context(open_place(rows, Judge(seconds=0.2)))
        worker = await stack.enter_async_context(at_work(config))
        job = await office.begin()
        jobs, judge = office.services.jobs, office.judge
        for tell in (jobs.pause, jobs.cancel):
            before = judge.asked.total()
            while judge.asked.total() < before + UNDER_WAY:
                await asyncio.sleep(0.02)
            began = time.monotonic()
            await tell(LOCAL, job.id)
            held.append(await quiet(judge) - began)
            if tell == jobs.pause:
                await jobs.resume(LOCAL, job.id)
        job = await office.begin(ORDER.model_copy(update={"label": "Second"}))
        await until(office, job, lambda seen: seen.progress.done_inputs >= UNDER_WAY)
        while not (first := set(await holders(office, job))):
            await asyncio.sleep(0.02)
        await stack.enter_async_context(at_work(config))
        while not set(await holders(office, job)) - first:
            await asyncio.sleep(0.02)
        began = time.monotonic()
        await worker.stop(signal.SIGKILL)
        held_now = await holders(office, job)
        left = sum(held_now[one] for one in first)
        while first & set(await holders(office, job)):
            await asyncio.sleep(0.02)
        taken = time.monotonic() - began
    return [
        Line(what="last call in flight after a pause", value=max(held[0], 0.0), unit="s", goal=2),
        Line(what="last call in flight after a cancel", value=max(held[1], 0.0), unit="s", goal=2),
        Line(what=f"{left} rows of a killed worker are another's after", value=taken, unit="s", goal=10),
    ]


async def holders(office: Office, job: Job) -> Counter[str]:
    """Return how many rows of a job each worker holds."""
    asked = select(job_row.c.owner, func.count()).where(job_row.c.job_id == job.id, job_row.c.state == "asked")
    async with office.services.database.unit() as connection:
        found = (await connection.execute(asked.group_by(job_row.c.owner))).all()
    return Counter({loose.text(owner): int(loose.number(count)) for owner, count in found})


async def quiet(judge: Judge) -> float:
    """Return when the last call ended, once none has been in flight for three seconds."""
    last = time.monotonic()
    while time.monotonic() - last < QUIET_S:
        await asyncio.sleep(0.02)
        if judge.in_flight:
            last = time.monotonic()
    return last


UNDER_WAY = 50
"""Rows after which a job is on its way."""
PARTS = ("faults", "cost", "scale", "limit", "control")


async def measure(rows: int, percent: float, database: str, only: str) -> list[Line]:
    """Measure everything, or one part."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgres.serving()) if database == "postgres" else None
        lines: list[Line] = []
        parts: dict[str, Callable[[], Awaitable[list[Line]]]] = {
            "faults": partial(survive, rows, percent),
            "cost": partial(cost, min(rows, 2_000)),
            "scale": partial(scale, min(rows, 480)),
            "limit": partial(limit, 100),
            "control": partial(control, 2_000),
        }
        for part in [parts[only]] if only else parts.values():
            if server is not None:
                os.environ["BENCH_DATABASE"] = stack.enter_context(server.database())
                os.environ["CHATSHEET_DATABASE_URL"] = "env:BENCH_DATABASE"
            found = await part()
            for line in found:
                print(f"{line.what:58} {line.value:10.2f} {line.unit:10} {line.verdict}", flush=True)
            lines += found
        return lines


def main() -> None:
    """Measure, print and keep the lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--faults", type=float, default=8.0)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--only", choices=PARTS, default="", help="one part, whose lines replace what is kept of it")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        asyncio.run(bare(given.bare, given.rows))
        return
    lines = asyncio.run(measure(given.rows, given.faults, given.database, given.only))
    known = dict(loose.obj(loose.parse(RESULTS.read_text()) if RESULTS.is_file() else None))
    said = {line.what: asdict(line) | {"verdict": line.verdict} for line in lines}
    before = {loose.text(loose.obj(one).get("what")): one for one in loose.array(known.get(given.database))}
    known[given.database] = [*((before if given.only else {}) | said).values()]
    RESULTS.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
