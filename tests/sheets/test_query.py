"""The engine: a late, cancelled or dead query costs its own process and nothing else; results are JSON and capped."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.sheets import worker
from chatsheet.sheets.complaints import QueryFailed
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.query import Engine, Limits, QueryTimedOut, WorkerDied
from tests.harness import ROOT
from tests.sheets import workers
from tests.sheets.conftest import Sample

pytestmark = pytest.mark.anyio

ENDLESS = (
    "SELECT count(*) AS n FROM orders a CROSS JOIN orders b CROSS JOIN orders c CROSS JOIN orders d "
    "WHERE a.revenue + b.revenue + c.revenue + d.revenue > 1"
)
PATIENT = Limits(deadline_s=60)


def bare(sql: str) -> GuardedSql:
    """Hand the engine what the guard might let through one day."""
    return GuardedSql(sql, (), None)


async def revenue(engine: Engine, sample: Sample) -> JsonValue:
    return (await engine.run(sample.path, sample.check("SELECT sum(revenue)::BIGINT AS s FROM orders"))).rows[0][0]


async def values(engine: Engine, sample: Sample, listed: str) -> tuple[JsonValue, ...]:
    result = await engine.run(sample.path, bare(f"SELECT {listed}"))
    assert loose.parse(loose.dumps(list(result.rows[0]))) == list(result.rows[0])
    return result.rows[0]


async def test_a_query_past_its_deadline_is_killed_and_the_next_one_works(engine: Engine, sample: Sample) -> None:
    with pytest.raises(QueryTimedOut) as late:
        await engine.run(sample.path, sample.check(ENDLESS), Limits(deadline_s=0.5))
    assert late.value.code == "sql.deadline"
    assert await revenue(engine, sample) == 491411


async def test_a_worker_that_is_killed_while_it_works_is_replaced(engine: Engine, sample: Sample) -> None:
    await engine.warm()
    (pid,) = workers.running()
    asyncio.get_running_loop().call_later(0.2, os.kill, pid, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await engine.run(sample.path, sample.check(ENDLESS), PATIENT)
    assert await revenue(engine, sample) == 491411
    assert pid not in workers.running()


async def test_a_worker_that_died_while_idle_costs_nobody_a_query(engine: Engine, sample: Sample) -> None:
    await engine.warm()
    (pid,) = workers.running()
    os.kill(pid, signal.SIGKILL)
    await workers.ended({pid})
    assert await revenue(engine, sample) == 491411


async def test_a_cancelled_query_leaves_no_process_behind(engine: Engine, sample: Sample) -> None:
    await engine.warm()
    before = workers.running()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine.run(sample.path, sample.check(ENDLESS), PATIENT), 0.2)
    await workers.ended(before)
    assert await revenue(engine, sample) == 491411


async def test_closing_right_after_a_cancelled_query_leaves_no_process(sample: Sample) -> None:
    engine = Engine()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine.run(sample.path, sample.check(ENDLESS), PATIENT), 1)
    await engine.close()
    await workers.ended(workers.running())
    assert workers.running() == set()


async def test_queries_run_side_by_side_and_each_gets_its_own_answer(engine: Engine, sample: Sample) -> None:
    asked = [bare(f"SELECT {number} AS n") for number in range(12)]
    answers = await asyncio.gather(*(engine.run(sample.path, one) for one in asked))
    assert [answer.rows for answer in answers] == [((number,),) for number in range(12)]
    assert len(workers.running()) <= 3


async def test_the_pool_stays_at_its_size_after_queries_were_killed(engine: Engine, sample: Sample) -> None:
    late = [engine.run(sample.path, sample.check(ENDLESS), Limits(deadline_s=0.5)) for _ in range(2)]
    assert all(isinstance(end, QueryTimedOut) for end in await asyncio.gather(*late, return_exceptions=True))
    for _ in range(5):
        await asyncio.gather(revenue(engine, sample), revenue(engine, sample))
    assert len(workers.running()) <= 3


async def test_rows_are_capped_and_counted_in_full(engine: Engine, sample: Sample) -> None:
    result = await engine.run(sample.path, sample.check("SELECT order_id FROM orders"), Limits(max_rows=7))
    assert (len(result.rows), result.row_count, result.truncated) == (7, 600, True)


async def test_nothing_is_called_cut_that_fits(engine: Engine, sample: Sample) -> None:
    result = await engine.run(sample.path, sample.check("SELECT order_id FROM returns"), Limits(max_rows=45))
    assert (len(result.rows), result.row_count, result.truncated) == (45, 45, False)


async def test_bytes_are_capped_and_rows_counted_in_full(engine: Engine, sample: Sample) -> None:
    result = await engine.run(sample.path, sample.check("SELECT * FROM orders"), Limits(max_bytes=2_000))
    assert result.row_count == 600
    assert len(loose.dumps(result.rows)) < 2_500
    assert result.truncated


async def test_one_enormous_cell_does_not_pass_the_byte_cap(engine: Engine, sample: Sample) -> None:
    grown = sample.check("SELECT string_agg(a.product || b.product, ',') AS s FROM orders a CROSS JOIN orders b")
    result = await engine.run(sample.path, grown, Limits(deadline_s=20, max_bytes=100_000))
    assert len(loose.dumps(result.rows)) < 200_000


async def test_a_query_that_needs_too_much_memory_fails_by_a_code_and_the_next_one_works(
    engine: Engine, sample: Sample
) -> None:
    doubled = "".join(f", c{n} AS (SELECT s || s AS s FROM c{n - 1})" for n in range(1, 31))  # noqa: S608  our own names
    grown = f"WITH c0 AS (SELECT 'xxxxxxxx' AS s){doubled} SELECT s FROM c30"  # noqa: S608  our own names
    with pytest.raises((QueryFailed, WorkerDied)):
        await engine.run(sample.path, sample.check(grown), PATIENT)
    assert await revenue(engine, sample) == 491411


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing FROM orders",
        "SELECT 'x'::INTEGER AS n",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH 'x.db' AS x",
    ],
)
async def test_what_duckdb_says_no_to_fails_by_its_code_and_spares_the_worker(engine: Engine, sample: Sample, sql: str) -> None:
    await engine.warm()
    before = workers.running()
    with pytest.raises(QueryFailed) as failed:
        await engine.run(sample.path, bare(sql))
    assert failed.value.code in {"sql.failed", "sql.conversion"}
    assert failed.value.what
    assert before <= workers.running()


@pytest.mark.parametrize(
    "sql", ["SELECT now() AS n", "SELECT INTERVAL 100000000 YEAR AS d", "SELECT make_date(20000, 1, 1) AS d"]
)
async def test_no_value_of_duckdb_costs_the_worker_or_shows_our_code(engine: Engine, sample: Sample, sql: str) -> None:
    await engine.warm()
    before = workers.running()
    try:
        said = str((await engine.run(sample.path, bare(sql))).rows)
    except QueryFailed as failed:
        said = failed.what
    assert before <= workers.running()
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "listed",
    ["now()", "current_timestamp", "'2025-01-31 10:20:30+00'::TIMESTAMPTZ", "CAST(order_date AS TIMESTAMP WITH TIME ZONE)"],
)
async def test_a_moment_with_a_time_zone_is_one_in_utc(engine: Engine, sample: Sample, listed: str) -> None:
    result = await engine.run(sample.path, sample.check(f"SELECT {listed} AS t FROM orders LIMIT 1"))  # noqa: S608  ours
    assert result.columns[0].type == "TIMESTAMP"
    assert str(result.rows[0][0]).startswith("20")


async def test_what_json_has_no_number_for_comes_as_text(engine: Engine, sample: Sample) -> None:
    assert await values(engine, sample, "'nan'::DOUBLE, 'inf'::DOUBLE, '-inf'::FLOAT") == ("nan", "inf", "-inf")


async def test_numbers_come_as_numbers(engine: Engine, sample: Sample) -> None:
    got = await values(engine, sample, "1, 1.50::DECIMAL(9, 2), 2.00::DECIMAL(9, 2), 2.5::DOUBLE, 10::HUGEINT, true, NULL")
    assert got == (1, 1.5, 2, 2.5, 10, True, None)


async def test_dates_and_times_come_in_iso_form(engine: Engine, sample: Sample) -> None:
    got = await values(engine, sample, "DATE '2025-01-31', TIMESTAMP '2025-01-31 10:20:30', TIME '10:20:30', INTERVAL 1 DAY")
    assert got == ("2025-01-31", "2025-01-31T10:20:30", "10:20:30", "1 day, 0:00:00")


async def test_lists_show_values_and_not_our_language(engine: Engine, sample: Sample) -> None:
    (dates, decimals) = await values(engine, sample, "[DATE '2025-01-31'], [1.5::DECIMAL(9, 2)]")
    assert "datetime" not in str(dates)
    assert "Decimal" not in str(decimals)


@pytest.mark.parametrize(
    ("sql", "used"),
    [
        ("SELECT sum(revenue) AS s FROM orders", {("orders", 600, 2, 601)}),
        ("SELECT sum(revenue) AS s FROM orders WHERE order_id IN ('00001', '00003')", {("orders", 2, 2, 4)}),
        ("SELECT sum(revenue) AS s FROM orders WHERE region = 'Nowhere'", {("orders", 0, None, None)}),
        ("SELECT o.region FROM orders o JOIN returns r USING (order_id)", {("orders", 45, 4, 594), ("returns", 45, 2, 46)}),
        (
            "SELECT o.region FROM orders o JOIN returns r ON o.order_id = r.order_id WHERE r.order_id = '00003'",
            {("orders", 1, 4, 4), ("returns", 1, 2, 2)},
        ),
        ("SELECT region, sum(target) AS s FROM targets GROUP BY region HAVING s > 1 LIMIT 1", {("targets", 4, 4, 7)}),
    ],
)
async def test_the_rows_that_an_answer_stands_on_are_counted(
    engine: Engine, sample: Sample, sql: str, used: set[tuple[str, int, int | None, int | None]]
) -> None:
    guarded = sample.check(sql)
    assert guarded.rows_sql is not None
    assert set((await engine.run(sample.path, bare(guarded.rows_sql))).rows) == used


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT region FROM orders WHERE revenue > (SELECT avg(revenue) FROM orders)",
        "SELECT s FROM (SELECT sum(revenue) AS s FROM orders) AS x",
        "WITH x AS (SELECT revenue FROM orders) SELECT sum(revenue) AS s FROM x",
        "SELECT region FROM orders UNION ALL SELECT region FROM targets",
    ],
)
async def test_a_nested_query_does_not_claim_to_know_its_rows(sample: Sample, sql: str) -> None:
    assert sample.check(sql).rows_sql is None


def test_a_query_worker_starts_with_no_more_than_it_needs() -> None:
    listed = "import sys, chatsheet.sheets.worker; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    argv = [sys.executable, "-c", listed]
    loaded = subprocess.check_output(argv, env=environment, text=True).split()  # noqa: S603  our own
    assert not {"sqlglot", "asyncio", "fastexcel", "clevercsv", "rustpy_xlsxwriter", "sqlalchemy"} & set(loaded)


class Crowded(worker.Databases):
    """Has no memory left for a query until it forgets what it keeps."""

    is_crowded = True

    def get(self, path: str) -> duckdb.DuckDBPyConnection:
        if self.is_crowded:
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate block")
        return super().get(path)

    def forget(self) -> bool:
        was_crowded, self.is_crowded = self.is_crowded, False
        return super().forget() or was_crowded


def alone(sample: Sample, folder: Path) -> str:
    """Return a copy: DuckDB shares what is open of a file in a process, and its settings are locked."""
    return str(shutil.copy(sample.path, folder / "alone.duckdb"))


def test_what_a_worker_keeps_of_other_questions_costs_no_query_its_memory(sample: Sample, tmp_path: Path) -> None:
    request: JsonObject = {
        "op": "query",
        "path": alone(sample, tmp_path),
        "sql": "SELECT count(*) FROM orders",
        "cpu_s": 1_000_000,
    }
    request |= {"max_rows": 1, "max_bytes": 100, "identified": "", "identifies": [], "compared": []}
    answer = loose.obj(worker.respond(Crowded(), loose.dumps(request).encode())["ok"])
    assert answer["rows"] == [[600]]


def test_a_worker_that_finds_no_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crowded(*_: object) -> object:
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate block")

    monkeypatch.setattr(worker, "_import", crowded)
    request: JsonObject = {"op": "import", "source": str(tmp_path), "target": str(tmp_path), "said": {}}
    assert worker.respond(worker.Databases(), loose.dumps(request).encode())["code"] == "worker.memory"


def test_a_fresh_worker_has_nothing_to_forget(sample: Sample, tmp_path: Path) -> None:
    databases, path = worker.Databases(), alone(sample, tmp_path)
    databases.get(path)
    assert not databases.forget()
    databases.lookup(path)
    assert databases.forget()


def test_a_version_that_was_closed_for_others_is_opened_again_whatever_was_kept_of_it(sample: Sample, tmp_path: Path) -> None:
    databases = worker.Databases()
    paths = [str(shutil.copy(sample.path, tmp_path / f"{number}.duckdb")) for number in range(12)]
    databases.lookup(paths[0])
    for path in (*paths, *paths):
        databases.get(path)
    assert databases.forget()
