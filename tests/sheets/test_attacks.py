"""Attacks by SQL on a table of a million rows: refused by the guard, or ended by the limits of a worker that is replaced.

Each is sent through the guard and, past it, bare to the engine: a mistake in one wall must not open the other.
"""

import os
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets import guard
from chatsheet.sheets.guard import GuardedSql, SqlRefused
from chatsheet.sheets.model import Result
from chatsheet.sheets.query import Engine, Limits, QueryTimedOut
from tests.sheets import workers

pytestmark = pytest.mark.anyio

SECRET = "sesame-7f1c"
COLUMNS = {"orders": ["id", "region", "amount"]}
TIGHT = Limits(deadline_s=1.0, max_rows=50, max_bytes=50_000)
PATIENT = Limits(deadline_s=60)

FILES = {
    "read_text": "SELECT * FROM read_text('{file}')",
    "read_blob": "SELECT content FROM read_blob('{file}')",
    "read_csv": "SELECT * FROM read_csv('{file}', header=false)",
    "read_csv_auto": "SELECT * FROM read_csv_auto('{file}')",
    "read_json": "SELECT * FROM read_json('{file}')",
    "read_ndjson_objects": "SELECT * FROM read_ndjson_objects('{file}')",
    "read_parquet": "SELECT * FROM read_parquet('{file}')",
    "parquet_metadata": "SELECT * FROM parquet_metadata('{file}')",
    "sniff_csv": "SELECT * FROM sniff_csv('{file}')",
    "glob": "SELECT * FROM glob('{folder}/*')",
    "file by its name": "SELECT * FROM '{file}'",
    "file by a quoted name": 'SELECT * FROM "{file}"',
    "file over the network": "SELECT * FROM 'https://127.0.0.1:9/x.csv'",
    "file behind a WITH name": 'WITH "{file}" AS (SELECT * FROM "{file}") SELECT * FROM "{file}"',
    "scalar subquery": "SELECT (SELECT content FROM read_text('{file}')) AS x FROM orders LIMIT 1",
    "in LIMIT": "SELECT 1 AS x LIMIT (SELECT count(*) FROM read_text('{file}'))",
    "in ORDER BY": "SELECT id FROM orders ORDER BY (SELECT content FROM read_text('{file}')) LIMIT 1",
    "in a window": "SELECT sum(amount) OVER (ORDER BY (SELECT content FROM read_text('{file}'))) AS x FROM orders LIMIT 1",
    "in a lambda": "SELECT list_transform(['{file}'], x -> (SELECT content FROM read_text('{file}')))",
    "function by a quoted name": "SELECT * FROM \"read_text\"('{file}')",
    "function by its schema": "SELECT * FROM main.read_text('{file}')",
    "function after a dot": "SELECT * FROM system.main.read_text('{file}')",
    "function split by a comment": "SELECT * FROM read_text/**/('{file}')",
    "query()": "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
    "query_table()": "SELECT * FROM query_table('{file}')",
    "COPY FROM": "COPY orders FROM '{file}'",
    "COPY TO": "COPY (SELECT 1) TO '{folder}/out.csv'",
    "EXPORT": "EXPORT DATABASE '{folder}/out'",
    "IMPORT": "IMPORT DATABASE '{folder}'",
    "ATTACH": "ATTACH '{folder}/other.duckdb' AS other",
    "ATTACH in memory": "ATTACH ':memory:' AS other",
    "INSTALL": "INSTALL httpfs",
    "LOAD": "LOAD '{folder}/evil.duckdb_extension'",
    "import of a Python object": "SELECT * FROM SECRET_FRAME",
    "environment": "SELECT getenv('CHATSHEET_TEST_SECRET') AS x",
    "a second statement": "SELECT 1; SELECT * FROM read_text('{file}')",
    "a second statement after a comment": "SELECT 1 -- ;\n; COPY orders TO '{folder}/out.csv'",
    "full-width letters": "SELECT * FROM \uff52\uff45\uff41\uff44_text('{file}')",
    "a zero-width space": "SELECT * FROM read_text\u200b('{file}')",
    "dollar quotes": "SELECT * FROM read_text($${file}$$)",
    "prepared": "PREPARE p AS SELECT * FROM read_text('{file}')",
}
CHANGES = {
    "SET": "SET enable_external_access=true",
    "SET GLOBAL": "SET GLOBAL memory_limit='100GB'",
    "RESET": "RESET enable_external_access",
    "PRAGMA setting": "PRAGMA threads=64",
    "PRAGMA call": "PRAGMA database_list",
    "CALL": "CALL pragma_version()",
    "DROP": "DROP TABLE orders",
    "DELETE": "DELETE FROM orders",
    "DELETE in WITH": "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "INSERT in WITH": "WITH x AS (INSERT INTO orders SELECT * FROM orders RETURNING *) SELECT count(*) FROM x",
    "UPDATE": "UPDATE orders SET amount = 0",
    "a macro named sum": "CREATE MACRO sum(x) AS 0",
    "a temporary macro named sum": "CREATE TEMP MACRO sum(x) AS 0",
    "a view of the same name": "CREATE TEMP VIEW orders AS SELECT 1 AS amount",
    "a secret": "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "CHECKPOINT": "CHECKPOINT",
    "DETACH": "DETACH base",
    "USE": "USE memory",
}
METADATA = {
    "duckdb_settings": "SELECT * FROM duckdb_settings()",
    "duckdb_databases": "SELECT path FROM duckdb_databases()",
    "duckdb_secrets": "SELECT * FROM duckdb_secrets()",
    "pragma_database_list": "SELECT * FROM pragma_database_list",
    "information_schema": "SELECT * FROM information_schema.tables",
    "pg_catalog": "SELECT * FROM pg_catalog.pg_class",
    "sqlite_master": "SELECT * FROM sqlite_master",
    "current_setting": "SELECT current_setting('temp_directory') AS x",
    "EXPLAIN": "EXPLAIN SELECT * FROM orders",
    "EXPLAIN ANALYZE": "EXPLAIN ANALYZE SELECT * FROM orders",
    "DESCRIBE": "DESCRIBE orders",
    "SHOW": "SHOW ALL TABLES",
    "SUMMARIZE": "SUMMARIZE orders",
    "PIVOT": "PIVOT orders ON region USING sum(amount)",
    "typeof": "SELECT typeof(amount) AS x FROM orders LIMIT 1",
    "a WITH name over the catalogue": "WITH duckdb_x AS (SELECT 1 AS a) SELECT * FROM duckdb_x",
}
BOMBS = {
    "repeat": "SELECT repeat('x', 2000000000) AS x",
    "lpad": "SELECT lpad('x', 2000000000, 'y') AS x",
    "range list": "SELECT range(2000000000) AS x",
    "range table": "SELECT count(*) AS n FROM range(100000000000) a, range(1000) b",
    "list_resize": "SELECT list_resize([1], 2000000000, 1) AS x",
    "format width": "SELECT printf('%2000000000d', 1) AS x",
    "recursive": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    "recursive list": "WITH RECURSIVE t(l) AS (SELECT [1] UNION ALL SELECT l || l FROM t) SELECT count(*) FROM t",
    "sequence of lambdas": "SELECT list_transform(range(100000000), x -> list_transform(range(1000), y -> x * y)) AS x",
    "json": "SELECT json_object('a', list(id)) AS j FROM orders",
    "struct": "SELECT struct_pack(a := list(id), b := list(region)) AS s FROM orders",
    "odd type": "SELECT id::STRUCT(a INTEGER)[] AS x FROM orders",
    "bit": "SELECT repeat('1', 1000000)::BIT AS x",
}
DOUBLED = "".join(f", c{n} AS (SELECT s || s AS s FROM c{n - 1})" for n in range(1, 31))  # noqa: S608
MANY = ", ".join(f"'{n}'" for n in range(2_900))
HEAVY = {
    "a cross join": "SELECT count(*) AS n FROM orders a, orders b WHERE a.amount + b.amount > 1",
    "a cross join of many": "SELECT sum(a.amount * b.amount) AS n FROM orders a, orders b, orders c, orders d",
    "a join on an expression": "SELECT count(*) AS n FROM orders a JOIN orders b ON abs(a.amount - b.amount) < 0.5",
    "a regular expression": "SELECT count(*) AS n FROM orders a, orders b WHERE regexp_matches(a.id || b.id, '(a*)*(b*)*$')",
    "texts of everything": "SELECT string_agg(a.id || b.region, ',') AS s FROM orders a, orders b",
    "lists of everything": "SELECT list(a.id) AS l FROM orders a, orders b",
    "windows over everything": "SELECT max(median(a.amount) OVER (ORDER BY a.id, b.id)) AS m FROM orders a, orders b",
    "doubling": f"WITH c0 AS (SELECT 'xxxxxxxx' AS s){DOUBLED} SELECT length(s) AS n FROM c30",  # noqa: S608
    "groups by everything": "SELECT a.id, b.id AS i, count(*) AS n FROM orders a, orders b GROUP BY a.id, b.id",
    "distinct everything": "SELECT count(DISTINCT a.id || b.id) AS n FROM orders a, orders b",
    "a correlated subquery": "SELECT sum((SELECT count(*) FROM orders b WHERE b.amount > a.amount + 1)) AS n FROM orders a",
    "a wide sort": "SELECT a.id FROM orders a, orders b ORDER BY b.amount || a.id LIMIT 900000000 OFFSET 900000000",
}
LARGE = {
    "an enormous IN list": f"SELECT id FROM orders WHERE id IN ({MANY})",  # noqa: S608
    "deep parentheses": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "deep subqueries": "SELECT * FROM " + "(SELECT * FROM " * 300 + "orders" + ") AS x" * 300,
    "deep CASE": "SELECT " + "CASE WHEN true THEN " * 600 + "1" + " END" * 600,
    "a very long text": f"SELECT '{'x' * 1_000_000}'",
}


@dataclass(frozen=True, slots=True)
class Fortress:
    """An engine over a million rows, beside a file that nobody may read."""

    engine: Engine
    folder: Path

    async def send(self, sql: str, limits: Limits = TIGHT) -> str:
        """Run SQL past the guard; return everything that came back."""
        try:
            result = await self.engine.run(self.folder / "base.duckdb", GuardedSql(self._filled(sql), (), None), limits)
        except ChatSheetError as error:
            return error.line()
        assert len(result.rows) <= limits.max_rows
        return loose.dumps(result.model_dump(mode="json"))

    async def send_guarded(self, sql: str) -> Result:
        return await self.engine.run(self.folder / "base.duckdb", guard.check(self._filled(sql), COLUMNS), TIGHT)

    async def is_whole(self) -> bool:
        """Tell whether the next query answers, with every row there."""
        checked = guard.check("SELECT count(*) AS n, sum(amount) > 0 AS s FROM orders", COLUMNS)
        result = await self.engine.run(self.folder / "base.duckdb", checked, PATIENT)
        return result.rows == ((1_000_000, True),)

    def _filled(self, sql: str) -> str:
        return sql.replace("{file}", str(self.folder / "secret.csv")).replace("{folder}", str(self.folder))


@pytest.fixture(scope="module")
async def fortress(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Fortress, None]:
    """One million rows, and two workers with one to spare."""
    del anyio_backend
    folder = tmp_path_factory.mktemp("fortress")
    (folder / "secret.csv").write_text(f"word\n{SECRET}\n", encoding="utf-8")
    with duckdb.connect(folder / "base.duckdb") as database:
        database.execute(
            "CREATE TABLE orders AS SELECT i + 2 AS _row, 'C' || i AS id, ['North', 'South'][1 + i % 2] AS region, "
            "(i % 1000)::DOUBLE AS amount FROM range(1000000) t(i)"
        )
    engine = Engine()
    await engine.warm()
    yield Fortress(engine, folder)
    await engine.close()


@pytest.mark.parametrize(
    "sql", {**FILES, **CHANGES, **METADATA, **BOMBS}.values(), ids={**FILES, **CHANGES, **METADATA, **BOMBS}
)
def test_the_guard_refuses_it_with_a_fix(sql: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        guard.check(sql, COLUMNS)
    assert refused.value.fix


@pytest.mark.parametrize("sql", {**FILES, **CHANGES}.values(), ids={**FILES, **CHANGES})
async def test_past_the_guard_it_still_reads_no_file_and_changes_nothing(fortress: Fortress, sql: str) -> None:
    files = sorted(fortress.folder.rglob("*"))
    told = await fortress.send(sql)
    assert SECRET not in told
    assert "error[internal]" not in told
    assert sorted(fortress.folder.rglob("*")) == files
    assert await fortress.is_whole()


@pytest.mark.parametrize("sql", {**BOMBS, **HEAVY}.values(), ids={**BOMBS, **HEAVY})
@pytest.mark.flaky(reruns=3)
async def test_a_bomb_ends_by_a_limit_and_the_next_query_answers(fortress: Fortress, sql: str) -> None:
    begun = time.monotonic()
    assert "error[internal]" not in await fortress.send(sql)
    assert time.monotonic() - begun < 20  # the deadline is 1 s; the rest is for a busy machine
    assert await fortress.is_whole()


@pytest.mark.parametrize("sql", HEAVY.values(), ids=HEAVY)
async def test_what_is_only_heavy_passes_the_guard_and_ends_by_a_typed_error(fortress: Fortress, sql: str) -> None:
    with pytest.raises(ChatSheetError) as ended:
        await fortress.send_guarded(sql)
    assert ended.value.code in {"sql.deadline", "sql.memory", "worker.memory", "worker.died", "sql.failed"}
    assert ended.value.fix


@pytest.mark.parametrize("sql", LARGE.values(), ids=LARGE)
async def test_a_query_too_large_to_read_ends_by_a_typed_error(fortress: Fortress, sql: str) -> None:
    with pytest.raises(ChatSheetError) as ended:
        await fortress.send_guarded(sql)
    assert ended.value.code in {"sql.refused", "sql.failed", "sql.deadline"}
    assert await fortress.is_whole()


async def test_a_function_set_over_another_is_gone_for_the_next_query(fortress: Fortress) -> None:
    await fortress.send("CREATE TEMP MACRO count(x) AS 42")
    assert await fortress.is_whole()


async def test_no_secret_of_the_server_is_in_the_environment_of_a_worker(
    fortress: Fortress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATSHEET_TEST_SECRET", SECRET)
    fresh = Engine(size=1)
    database = fortress.folder / "base.duckdb"
    told = await Fortress(fresh, fortress.folder).send("SELECT getenv('CHATSHEET_TEST_SECRET') AS x")
    await fresh.close()
    assert database.exists()
    assert SECRET not in told


@pytest.mark.flaky(reruns=3)
async def test_a_killed_worker_is_replaced_within_half_a_second(fortress: Fortress) -> None:
    assert await fortress.is_whole()
    await fortress.engine.settled()  # the spare one is there
    before = workers.running()
    with pytest.raises(QueryTimedOut):
        await fortress.send_guarded(HEAVY["a cross join"])
    begun = time.monotonic()
    assert await fortress.is_whole()
    assert time.monotonic() - begun < 0.5
    await fortress.engine.settled()
    assert len(before - workers.running()) == 1
    assert os.getpid() not in before
