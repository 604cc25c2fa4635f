"""The history of calls: counted without a database, written as sums, read over days, and lost by nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from chatsheet.db.engine import Database, open_database
from chatsheet.db.tables import route_day
from chatsheet.llm import breaker
from chatsheet.telemetry import history as histories
from chatsheet.telemetry.history import History, RouteCounts
from chatsheet.telemetry.model_calls import ModelCalls
from tests.harness import state_in
from tests.llm.rig import ROUTE, WHOLE, answers, gateway_over, hear, raw_server
from tests.llm.stage import refuses
from tests.telemetry.rig import Seen, end, fail, start

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]

KEY_WRONG = refuses(401, "Access denied due to invalid subscription key")


@dataclass(slots=True)
class Calendar:
    """A clock that is set to a day."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))

    def now(self) -> datetime:
        """Return noon of that day."""
        return self.at

    def monotonic(self) -> float:
        """Return the same as seconds."""
        return self.at.timestamp()


@asynccontextmanager
async def opened(folder: Path, clock: Calendar | None = None) -> AsyncGenerator[tuple[History, Database], None]:
    """Open a history over a SQLite file while the body runs; nothing is written by itself."""
    database = await open_database(state_in(folder))
    try:
        yield History(database=database, clock=clock or Calendar(), workspace_id="w"), database
    finally:
        await database.close()


async def rows(database: Database) -> list[tuple[date, str, str, str, int]]:
    async with database.unit() as connection:
        columns = (route_day.c.day, route_day.c.route, route_day.c.to_route, route_day.c.outcome, route_day.c["count"])
        return [(row[0], row[1], row[2], row[3], row[4]) for row in await connection.execute(select(*columns))]


async def test_what_is_counted_is_read_before_and_after_it_is_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as (history, _):
        for outcome in ("answered", "answered", "azure.key_wrong"):
            history.attempted(route="azure", outcome=outcome)
        history.fell_back(route="azure", to="openai", cause="azure.key_wrong")
        expected = (RouteCounts(route="azure", attempts=3, fell_back=1, causes=(("azure.key_wrong", 1),)),)
        assert await history.read() == expected
        await history.write()
        assert await history.read() == expected


async def test_processes_add_to_the_same_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as (one, database), opened(tmp_path) as (other, _):
        for history in (one, other, one):
            history.attempted(route="azure", outcome="answered")
            await history.write()
        assert await rows(database) == [(date(2026, 11, 23), "azure", "", "answered", 3)]


async def test_only_the_last_days_are_read_and_old_ones_are_swept(tmp_path: Path) -> None:
    clock = Calendar()
    async with opened(tmp_path, clock) as (history, database):
        for days in (0, 29, 1, 61):  # then 91 days after the first
            clock.at += timedelta(days=days)
            history.attempted(route="azure", outcome="answered")
            await history.write()
        assert [one.attempts for one in await history.read(days=30)] == [1]
        assert [one.attempts for one in await history.read(days=62)] == [2]
        assert min(day for day, *_ in await rows(database)) > date(2026, 11, 23)


async def test_other_workspaces_are_not_read(tmp_path: Path) -> None:
    async with opened(tmp_path) as (history, database):
        history.attempted(route="azure", outcome="answered")
        await history.write()
        assert await History(database=database, clock=Calendar(), workspace_id="other").read() == ()


async def test_a_database_that_cannot_be_written_keeps_the_counts_of_their_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Calendar()
    async with opened(tmp_path, clock) as (history, database):
        async with database.unit() as connection:
            await connection.execute(text("ALTER TABLE route_day RENAME TO away"))
        for _ in range(2):
            history.attempted(route="azure", outcome="answered")
            await history.write()
        assert [one.attempts for one in await history.read()] == [2]
        assert sum("cannot be written" in record.message for record in caplog.records) == 1
        async with database.unit() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO route_day"))
        clock.at += timedelta(days=1)
        await history.write()
        assert await rows(database) == [(date(2026, 11, 23), "azure", "", "answered", 2)]


async def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_MOST_COUNTS", 2)
    async with opened(tmp_path) as (history, database):
        for number in range(5):
            history.attempted(route=f"route {number}", outcome="answered")
        await history.write()
        assert len(await rows(database)) == 2


async def test_it_is_written_from_time_to_time_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_EVERY_S", 0.01)
    async with opened(tmp_path) as (history, database):
        history.open()
        history.attempted(route="azure", outcome="answered")
        async with asyncio.timeout(10):
            while not await rows(database):
                await asyncio.sleep(0)
        history.attempted(route="azure", outcome="answered")
        await history.close()
        assert [row[-1] for row in await rows(database)] == [2]


@pytest.mark.parametrize("is_off", [False, True])
async def test_the_calls_of_callers_are_counted_and_probes_are_not(tmp_path: Path, is_off: bool) -> None:  # noqa: FBT001
    async with opened(tmp_path) as (history, _):
        seen = Seen(history)
        calls = ModelCalls.off(history) if is_off else seen.calls
        good = start(calls)
        end(good)
        end(good)  # counts once
        fail(start(calls), cause="net.refused", seconds=1, proof="direct")
        end(start(calls, is_probe=True))
        calls.fallback(route="azure", to="openai", cause="net.refused")
        expected = RouteCounts(route="azure", attempts=2, fell_back=1, causes=(("net.refused", 1),))
        assert await history.read() == (expected,)


async def test_a_call_that_goes_past_an_ill_route_counts_as_one_that_failed_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as (history, _), raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        routes = replace(ROUTE, url=dead.url), replace(ROUTE, name="second", url=good.url)
        async with gateway_over(*routes, telemetry=ModelCalls.off(history)) as gateway:
            for _ in range(3):
                await hear(gateway)
            assert dead.connections == 1
        counts = {one.route: one for one in await history.read()}
    assert counts["first"].causes == (("azure.key_wrong", 3),)
    assert (counts["first"].fell_back, counts["second"].attempts, counts["second"].fell_back) == (3, 3, 0)


async def test_the_gateways_own_probes_are_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PERMANENT_EVERY_S", 0.01)
    async with opened(tmp_path) as (history, _), raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        routes = replace(ROUTE, url=dead.url), replace(ROUTE, name="second", url=good.url)
        calls = 0
        async with gateway_over(*routes, telemetry=ModelCalls.off(history)) as gateway, asyncio.timeout(10):
            while dead.connections < 2:
                await hear(gateway)
                calls += 1
        assert {one.attempts for one in await history.read()} == {calls}
