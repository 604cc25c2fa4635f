"""The guard lets analysts' SELECTs through and nothing else; what it refuses it names, with a fix."""

import re

import pytest
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from chatsheet.sheets.guard import SqlRefused
from tests.sheets.conftest import Sample

ATTACKS = {
    "files": [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('x.parquet')",
        "SELECT * FROM read_json('x.json')",
        "SELECT * FROM glob('/**')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT read_text('/etc/passwd')",
        "SELECT '/etc/passwd'.read_text()",
        "SELECT system.main.read_text('/etc/passwd')",
        "SELECT * FROM main.read_csv('/etc/passwd')",
        "SELECT (SELECT content FROM read_text('/etc/passwd')) FROM orders",
        "SELECT * FROM orders WHERE order_id IN (SELECT content FROM read_blob('/etc/passwd'))",
        "SELECT * FROM orders JOIN read_csv('x') ON true",
        "SELECT 1 LIMIT (SELECT count(*) FROM read_csv('/etc/passwd'))",
        "SELECT * REPLACE (read_text('/etc/passwd') AS region) FROM orders",
        "SELECT DISTINCT ON (read_text('x')) region FROM orders",
        "SELECT sum(revenue) OVER (ORDER BY (SELECT 1 FROM glob('*'))) FROM orders",
        "WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
    ],
    "files by name": [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'data.csv'",
        'SELECT * FROM "data.csv"',
        "SELECT * FROM 's3://bucket/x.parquet'",
        "SELECT * FROM 'https://example.com/x.csv'",
        'WITH "/etc/passwd.csv" AS (SELECT * FROM "/etc/passwd.csv") SELECT * FROM "/etc/passwd.csv"',
    ],
    "statements": [
        "ATTACH 'x.db' AS x",
        "DETACH x",
        "USE memory",
        "COPY orders TO 'x.csv'",
        "COPY (SELECT 1) TO 'x.csv'",
        "EXPORT DATABASE 'x'",
        "IMPORT DATABASE 'x'",
        "PRAGMA database_list",
        "PRAGMA table_info('orders')",
        "SET memory_limit='10GB'",
        "SET VARIABLE x = 1",
        "RESET memory_limit",
        "INSTALL httpfs",
        "FORCE INSTALL httpfs",
        "LOAD httpfs",
        "CALL pragma_version()",
        "CHECKPOINT",
        "VACUUM",
        "EXPLAIN SELECT * FROM orders",
        "EXPLAIN ANALYZE SELECT * FROM orders",
        "DESCRIBE orders",
        "SUMMARIZE orders",
        "SHOW TABLES",
        "SELECT * FROM (DESCRIBE orders)",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "BEGIN TRANSACTION",
        "COMMIT",
        "GRANT ALL ON orders TO x",
        "VALUES (1, 2)",
        "SELECT * FROM (VALUES (1), (2)) AS t(x)",
    ],
    "several statements": [
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE orders",
        "SELECT 1;;DROP TABLE orders;",
        "SELECT 1 /* ; */ ; /* x */ DROP TABLE orders",
        ";",
        "",
        "-- only a comment",
    ],
    "writing": [
        "INSERT INTO orders SELECT * FROM orders",
        "UPDATE orders SET revenue = 0",
        "DELETE FROM orders",
        "TRUNCATE orders",
        "MERGE INTO orders USING returns ON true WHEN MATCHED THEN DELETE",
        "DROP TABLE orders",
        "ALTER TABLE orders ADD COLUMN x INT",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE MACRO f(a) AS a",
        "CREATE TEMP MACRO f() AS TABLE SELECT 1",
        "CREATE SECRET (TYPE s3)",
        "COMMENT ON TABLE orders IS 'x'",
        "SELECT * INTO x FROM orders",
        "SELECT * FROM orders FOR UPDATE",
        "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
        "WITH x AS (INSERT INTO orders VALUES (1) RETURNING *) SELECT * FROM x",
        "WITH x AS (UPDATE orders SET revenue=0 RETURNING *) SELECT * FROM x",
    ],
    "chained comparisons": [
        "SELECT region FROM orders WHERE 1 < revenue < 5",
        "WITH made AS (SELECT order_id = order_id = order_id AS x FROM orders) SELECT x FROM made",
    ],
    "metadata": [
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_tables()",
        "SELECT * FROM pg_catalog.pg_tables",
        "SELECT * FROM pg_tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM system.main.orders",
        "SELECT current_setting('memory_limit')",
        "SELECT main.current_setting('memory_limit')",
        "SELECT getenv('HOME')",
        "SELECT GetEnv/**/ ('HOME')",
        "SELECT \"getenv\"('HOME')",
        "SELECT CASE WHEN true THEN getenv('HOME') END",
        "SELECT [getenv('HOME')]",
        "SELECT region FROM orders WINDOW w AS (ORDER BY getenv('HOME'))",
        "SELECT version()",
        "SELECT current_user",
        "SELECT current_database()",
        "SELECT typeof(revenue) FROM orders",
        "SELECT rowid FROM orders",
        "SELECT orders FROM orders",
    ],
    "metadata behind a borrowed name": [
        "WITH pg_tables AS (SELECT * FROM pg_tables) SELECT * FROM pg_tables",
        "WITH pragma_database_list AS (SELECT * FROM pragma_database_list) SELECT * FROM pragma_database_list",
        "WITH sqlite_master AS (SELECT * FROM sqlite_master) SELECT * FROM sqlite_master",
        "SELECT * FROM pg_tables, (WITH pg_tables AS (SELECT 1 AS a) SELECT * FROM pg_tables) AS x",
        "WITH b AS (SELECT * FROM pg_tables), pg_tables AS (SELECT 1 AS a) SELECT * FROM b",
    ],
    "bombs": [
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 1000000000, 'y')",
        "SELECT space(1000000000)",
        "SELECT range(1000000000)",
        "SELECT * FROM range(1000000000)",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT unnest(generate_series(1, 1000000000))",
        "SELECT GENERATE_DATE_ARRAY('0001-01-01', '9999-01-01', INTERVAL 1 DAY)",
        "SELECT list_resize([1], 1000000000)",
        "SELECT printf('%1000000000d', 1)",
        "SELECT format('{:1000000000d}', 1)",
        "SELECT region.upper().repeat(100000) FROM orders",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SELECT * FROM t",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n+1 FROM t) SELECT n FROM t",
    ],
    "table functions": [
        "SELECT * FROM test_all_types()",
        "SELECT * FROM pragma_version()",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('orders')",
        "SELECT * FROM histogram(orders, revenue)",
        "SELECT * FROM unnest([1, 2])",
        "SELECT * FROM repeat(1, 1000000)",
    ],
    "syntax beyond a plain SELECT": [
        "SELECT COLUMNS(*) FROM orders",
        "SELECT COLUMNS('r.*') FROM orders",
        "SELECT min(COLUMNS(c -> c LIKE 'r%')) FROM orders",
        "SELECT list_transform([1, 2], x -> x + 1)",
        "SELECT list_transform([1, 2], lambda x: x + 1)",
        "SELECT [x for x in [1, 2, 3]]",
        "SELECT ?",
        "SELECT $1",
        "SELECT * FROM orders WHERE region = $name",
        "SELECT * FROM orders USING SAMPLE 10%",
        "SELECT * FROM orders TABLESAMPLE 10%",
        "PIVOT orders ON region USING sum(revenue)",
        "SELECT * FROM (PIVOT orders ON region USING sum(revenue))",
        "SELECT * FROM orders UNPIVOT (v FOR n IN (revenue))",
        "SELECT * FROM orders, LATERAL (SELECT 1) AS x",
        "SELECT * FROM orders o JOIN LATERAL (SELECT * FROM returns r WHERE r.order_id = o.order_id) x ON true",
        "SELECT * FROM orders AT (VERSION => 1)",
        "SELECT $tag$a; DROP TABLE orders$tag$",
        "SELECT 1 /* no end",
    ],
    "look-alikes": [
        "SELECT * FROM \uff4f\uff52\uff44\uff45\uff52\uff53",
        'SELECT * FROM "\u043erders"',
        "SELECT read\uff3fcsv('x')",
        "SELECT * FROM orders\u200b",
    ],
    "files in odd places": [
        "FROM 'x.csv'",
        "FROM read_text('/etc/passwd')",
        "SELECT * FROM 'x.csv' AS t, orders",
        "SELECT * FROM orders POSITIONAL JOIN read_csv('x.csv')",
        "SELECT unnest(read_text('/etc/passwd'))",
        "SELECT * FROM unnest(['/etc/passwd']) AS t(f), read_text(t.f)",
        "SELECT region[(SELECT count(*) FROM glob('/*'))] FROM orders",
        "SELECT list_sort((SELECT list(content) FROM read_text('/etc/passwd')))",
        "SELECT CASE ((SELECT content FROM read_text('/etc/passwd'))) WHEN 'x' THEN 1 END",
        "WITH a AS MATERIALIZED (SELECT * FROM read_blob('/etc/passwd')) SELECT * FROM a",
        "SELECT * FROM read_duckdb('x.db')",
        "SELECT * FROM parquet_schema('x.parquet')",
        "SELECT U&'\\0061' FROM read_text(U&'/etc/passwd')",
        "SELECT * FROM read_text(e'\\x2fetc\\x2fpasswd')",
        "SELECT * FROM read_/**/text('/etc/passwd')",
        "SELECT 1 --\n; ATTACH 'x.db'",
        "SELECT $$x$$; ATTACH $$x.db$$",
    ],
    "settings and sessions": [
        "SELECT getvariable('x')",
        "SET x TO (SELECT 1)",
        "SELECT set_config('threads', '64', false)",
        "SELECT current_query()",
        "SELECT current_schemas(true)",
        "SELECT txid_current()",
        "SELECT nextval('s')",
        "SELECT pg_sleep(100)",
        "SELECT write_log('x')",
        "SELECT error('x')",
        "SELECT * FROM duckdb_logs",
        "SELECT * FROM duckdb_extensions()",
        "SELECT * FROM duckdb_functions()",
        "SELECT * FROM pragma_storage_info('orders')",
        "SELECT * FROM pg_catalog.pg_settings",
        "SELECT * FROM temp.main.orders",
        "SELECT * FROM _base.main.orders",
        "SELECT * FROM _over.orders",
        "SELECT * FROM made_1",
        "SELECT stats(revenue) FROM orders",
        "SELECT in_search_path('a', 'b')",
        "SELECT random() AS r FROM orders",
        "SELECT uuid() AS u FROM orders",
    ],
    "bombs in disguise": [
        "SELECT rpad('x', 1000000000, 'y')",
        "SELECT bar(1, 0, 1, 1000000000)",
        "SELECT array_resize([1], 1000000000)",
        "SELECT list_aggregate(range(1000000000), 'sum')",
        "SELECT unnest(range(1000000000))",
        "SELECT to_base(1, 2, 1000000000)",
        "SELECT bitstring('1', 1000000000)",
        "SELECT list_reduce([1, 2], (x, y) -> x + y)",
        "SELECT reduce([1, 2], lambda x, y: x + y)",
        "SELECT apply([1], x -> repeat('x', 1000000000))",
        "SELECT list_filter([1], x -> true)",
        "SELECT json_serialize_sql('SELECT 1')",
        "SELECT * FROM json_execute_serialized_sql('{}')",
        "SELECT COLUMNS(* EXCLUDE (region)) FROM orders",
        "SELECT * FROM orders WHERE COLUMNS(*) IS NULL",
        "SELECT *COLUMNS('r.*') FROM orders",
    ],
    "too much": [
        "SELECT '" + "x" * 20_000 + "'",
        "SELECT " + " + ".join(["1"] * 3_000),
        "SELECT " + "(" * 3_000 + "1" + ")" * 3_000,
        "SELECT " + "NOT " * 3_000 + "true",
        "SELECT 1" + "::INT" * 900,
        "SELECT " + "- " * 400 + "1",
        "SELECT 1 FROM orders WHERE " + "revenue BETWEEN 1 AND " * 400 + "2",
        "WITH a AS (" * 100 + "SELECT 1 AS x" + ") SELECT * FROM a" * 100,
        "SELECT 1 FROM orders a0" + "".join(f" JOIN orders a{n} ON a{n}.region = a0.region" for n in range(1, 100)),  # noqa: S608  our own names
    ],
}  # fmt: skip

ANALYSIS = [
    "SELECT CASE (region) WHEN 'North' THEN (1) ELSE (2) END AS x FROM orders",
    "SELECT unnest(string_split(product, ' ')) AS word, product[1:3] AS begin FROM orders",
    "SELECT region, len(list(product)) AS n, array_to_string(list(DISTINCT product), ', ') AS p FROM orders GROUP BY region",
    "SELECT region, list_contains(list(product), 'Desk') AS d, group_concat(product) AS p FROM orders GROUP BY region",
    "SELECT region, channel, sum(revenue) AS s, grouping_id(region, channel) AS g FROM orders GROUP BY CUBE (region, channel)",
    "SELECT age(max(order_date), min(order_date)) AS a, epoch_ms(max(order_date)::TIMESTAMP) AS e FROM orders",
    "SELECT count(*) AS n FROM orders WHERE order_date > now() - INTERVAL 1 YEAR OR prefix(product, 'D')",
    "SELECT time_bucket(INTERVAL '2 weeks', order_date) AS b, sum(revenue) AS s FROM orders GROUP BY b ORDER BY b",
    "WITH a AS MATERIALIZED (SELECT region, sum(revenue) AS s FROM orders GROUP BY region) SELECT region, s FROM a",
    "SELECT levenshtein(product, 'Desk') AS l, translate(product, 'abc', 'xyz') AS t, instr(product, 'e') AS i FROM orders",
    "SELECT regexp_extract_all(order_id, '\\d') AS d, nvl(region, 'x') AS r, char_length(product) AS n FROM orders",
    "SELECT sem(revenue) AS e, regr_count(revenue, quantity) AS n, bit_or(quantity) AS b, isfinite(1.5) AS f FROM orders",
    "SELECT region FROM targets t WHERE target > ALL (SELECT revenue FROM orders o WHERE o.region = t.region)",
    "SELECT DISTINCT ON (region) region, order_id FROM orders ORDER BY region, revenue DESC",
    "SELECT o.* EXCLUDE (region), t.target FROM orders o JOIN targets t USING (region)",
    "FROM orders SELECT region, revenue LIMIT 5",
    "(SELECT region FROM orders LIMIT 1) UNION ALL (SELECT region FROM targets LIMIT 1)",
    "SELECT region FROM orders UNION BY NAME SELECT region, target FROM targets",
    "SELECT region FROM orders EXCEPT ALL SELECT region FROM targets",
    "SELECT {'region': region, 'sum': sum(revenue)} AS s FROM orders GROUP BY region",
    "SELECT sum(revenue) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s FROM orders",
    "SELECT substring(product FROM 2 FOR 3) AS p, position('e' IN product) AS q, revenue // 10 AS r FROM orders",
    "SELECT arg_max(product, revenue) AS best, max_by(product, revenue, 3) AS three FROM orders",
    "SELECT last_value(revenue IGNORE NULLS) OVER (ORDER BY order_date) AS l FROM orders ORDER BY ALL LIMIT 10%",
    "SELECT sum(revenue) AS total FROM orders",
    "SELECT sum(revenue) t FROM orders;",
    "SELECT count(*) AS n, count(DISTINCT region) AS regions FROM orders",
    "SELECT region, sum(revenue) AS total FROM orders GROUP BY region ORDER BY total DESC NULLS LAST LIMIT 3 OFFSET 1",
    "SELECT region, sum(revenue) FILTER (WHERE channel = 'Online') AS online FROM orders GROUP BY region",
    "SELECT round(100.0 * count(*) FILTER (WHERE channel = 'Online') / count(*), 1) AS share FROM orders",
    "SELECT order_id, rank() OVER (PARTITION BY region ORDER BY revenue DESC) AS place FROM orders",
    "SELECT order_date, sum(revenue) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS s FROM orders",
    "SELECT avg(revenue) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW) AS a FROM orders",
    "SELECT order_id, revenue - lag(revenue) OVER (ORDER BY order_date, order_id) AS change FROM orders",
    "SELECT first_value(order_id) OVER w AS f FROM orders WINDOW w AS (PARTITION BY region ORDER BY order_date)",
    "SELECT ntile(4) OVER (ORDER BY revenue) AS q, dense_rank() OVER (ORDER BY revenue) AS d FROM orders",
    "SELECT region, sum(revenue) / sum(sum(revenue)) OVER () AS share FROM orders GROUP BY region",
    "WITH m AS (SELECT month(order_date) AS m, sum(revenue) AS total FROM orders GROUP BY 1) SELECT m, total FROM m ORDER BY m",
    "WITH a(area, total) AS (SELECT region, sum(revenue) FROM orders GROUP BY region) SELECT area, total FROM a",
    "WITH a AS (SELECT region, sum(revenue) AS s FROM orders GROUP BY 1) SELECT s - target FROM a JOIN targets USING (region)",
    "WITH orders AS (SELECT * FROM orders WHERE region = 'North') SELECT sum(revenue) AS total FROM orders",
    "SELECT o.region, t.target, sum(o.revenue) AS s FROM orders o JOIN targets t ON o.region = t.region GROUP BY ALL",
    "SELECT region, target, sum(revenue) AS total FROM orders JOIN targets USING (region) GROUP BY region, target",
    "SELECT count(*) AS n FROM orders LEFT JOIN returns USING (order_id) WHERE pieces IS NULL",
    "SELECT o.order_id FROM orders AS o FULL OUTER JOIN returns AS r ON o.order_id = r.order_id",
    "SELECT a.order_id FROM orders a JOIN orders b ON a.region = b.region AND a.revenue < b.revenue LIMIT 5",
    "SELECT count(*) AS n FROM orders, returns WHERE orders.order_id = returns.order_id",
    "SELECT region FROM orders SEMI JOIN returns USING (order_id)",
    "SELECT region FROM orders ANTI JOIN returns USING (order_id)",
    "SELECT order_id FROM orders WHERE revenue > (SELECT avg(revenue) FROM orders)",
    "SELECT count(*) AS n FROM orders WHERE order_id NOT IN (SELECT order_id FROM returns)",
    "SELECT count(*) AS n FROM orders o WHERE EXISTS (SELECT 1 FROM returns r WHERE r.order_id = o.order_id)",
    "SELECT t.region, (SELECT sum(o.revenue) FROM orders o WHERE o.region = t.region) AS total FROM targets t",
    "SELECT region, total FROM (SELECT region, sum(revenue) AS total FROM orders GROUP BY region) AS x WHERE total > 1000",
    "SELECT area FROM (SELECT region FROM targets) AS t(area)",
    "SELECT CASE WHEN revenue > 1000 THEN 'big' ELSE 'small' END AS size, count(*) AS n FROM orders GROUP BY 1",
    "SELECT if(revenue > 1000, 'big', 'small') AS size, count(*) AS n FROM orders GROUP BY size",
    "SELECT strftime(order_date, '%Y-%m') AS m, sum(revenue) AS s FROM orders GROUP BY m ORDER BY m",
    "SELECT date_trunc('month', order_date) AS m, sum(revenue) AS s FROM orders GROUP BY m ORDER BY m",
    "SELECT date_trunc('week', order_date)::DATE AS w, count(*) AS n FROM orders GROUP BY ALL ORDER BY w",
    "SELECT extract(year FROM order_date) AS y, date_part('week', order_date) AS w, count(*) AS n FROM orders GROUP BY y, w",
    "SELECT year(order_date) AS y, quarter(order_date) AS q, month(order_date) AS m, count(*) AS n FROM orders GROUP BY ALL",
    "SELECT year(order_date) || '-Q' || quarter(order_date) AS q, sum(revenue) AS s FROM orders GROUP BY q",
    "SELECT dayname(order_date) AS d, isodow(order_date) AS i, count(*) AS n FROM orders GROUP BY d, i ORDER BY i",
    "SELECT sum(revenue) AS s FROM orders WHERE order_date >= DATE '2025-01-01' AND order_date < '2025-04-01'::DATE",
    "SELECT sum(revenue) AS s FROM orders WHERE year(order_date) = 2025 AND month(order_date) BETWEEN 1 AND 3",
    "SELECT max(order_date) - INTERVAL '30 days' AS d, max(order_date) - min(order_date) AS days FROM orders",
    "SELECT count(*) AS n FROM orders WHERE order_date > (SELECT max(order_date) - INTERVAL 90 DAY FROM orders)",
    "SELECT date_diff('day', min(order_date), max(order_date)) AS days FROM orders",
    "SELECT CAST(revenue AS INTEGER) AS r, revenue::DECIMAL(12, 2) AS d, TRY_CAST(order_id AS INTEGER) AS n FROM orders",
    "SELECT count(*) AS n FROM orders WHERE product ILIKE '%chair%' AND region NOT LIKE 'S%'",
    "SELECT upper(region) || ' / ' || lower(channel) AS k, length(product) AS n, trim(region) AS t FROM orders",
    "SELECT left(order_id, 2) AS l, substr(order_id, 1, 3) AS s, replace(product, 'a', 'b') AS r FROM orders",
    "SELECT concat_ws('-', region, channel) AS c, starts_with(product, 'C') AS s, greatest(revenue, 1) AS g FROM orders",
    "SELECT split_part(product, 'h', 1) AS p, regexp_matches(product, '^C') AS m FROM orders",
    "SELECT regexp_replace(product, '[aeiou]', '') AS p FROM orders",
    "SELECT string_split(product, 'h') AS parts FROM orders",
    "SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY region ORDER BY revenue DESC) = 1",
    "SELECT region, revenue FROM orders WHERE region = 'North' UNION ALL SELECT region, target FROM targets",
    "SELECT region FROM orders INTERSECT SELECT region FROM targets ORDER BY region",
    "SELECT region, channel, sum(revenue) AS s FROM orders GROUP BY 1, 2 ORDER BY 3 DESC",
    "SELECT region, channel, sum(revenue) AS s FROM orders GROUP BY ROLLUP (region, channel)",
    "SELECT region, channel, sum(revenue) AS s FROM orders GROUP BY GROUPING SETS ((region), (channel), ())",
    "SELECT region, grouping(region) AS is_total, sum(revenue) AS s FROM orders GROUP BY ROLLUP (region)",
    "SELECT region FROM orders GROUP BY region HAVING sum(revenue) > 1000",
    "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY revenue) AS p90, quantile_cont(revenue, [0.25, 0.75]) AS q FROM orders",
    "SELECT median(revenue) AS m, mode(region) AS o, stddev(revenue) AS s, corr(quantity, revenue) AS c FROM orders",
    "SELECT COALESCE(r.pieces, 0) AS p FROM orders o LEFT JOIN returns r ON o.order_id = r.order_id",
    "SELECT sum(revenue) / nullif(sum(quantity), 0) AS price, ROUND(avg(revenue), 2) AS a FROM orders",
    "SELECT list(DISTINCT product ORDER BY product) AS l, string_agg(DISTINCT product, ', ') AS s FROM orders GROUP BY region",
    "SELECT arg_max(product, revenue) AS best, max_by(product, revenue) AS b, any_value(region) AS a FROM orders",
    "SELECT DISTINCT ON (region) region, order_id FROM orders ORDER BY region, revenue DESC",
    "SELECT * EXCLUDE (channel) FROM orders",
    "SELECT * FROM orders LIMIT 2",
    "FROM orders SELECT region",
    'SELECT "region", o."Revenue" FROM "orders" AS o WHERE "region" = \'North\'',
    "SELECT Region, REVENUE FROM ORDERS",
    "SELECT _row, region FROM orders ORDER BY _row FETCH FIRST 2 ROWS ONLY",
    "SELECT revenue * 2 AS doubled FROM orders WHERE doubled > 100",
    "SELECT region AS area FROM orders WHERE area = 'North'",
    "SELECT max(order_date) AS a FROM orders; -- the last day",
    "SELECT /* all of it */ sum(revenue) AS total -- in EUR\nFROM orders",
    "SELECT today() AS n",
    "SELECT region FROM orders WHERE (region, product) IN (('North', 'Chair'))",
    "SELECT 'a;b' AS semicolon, 'it''s' AS quote FROM orders",
]

BOMBS = {"generate_series", "getenv", "list_resize", "lpad", "range", "random", "repeat", "rpad"}
ARGUMENTS = [
    "",
    "region",
    "order_date",
    "region, 'a'",
    "revenue, 2",
    "'x', 1, 2",
    "order_date, order_date, INTERVAL 1 DAY",
    "region, region, region, region",
]


@pytest.mark.parametrize("sql", [sql for attacks in ATTACKS.values() for sql in attacks], ids=lambda sql: str(sql)[:70])
def test_what_is_not_one_select_over_the_workbook_is_refused_with_a_fix(sample: Sample, sql: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        sample.check(sql)
    assert refused.value.code == "sql.refused"
    assert refused.value.what
    assert refused.value.fix


@pytest.mark.parametrize("sql", ANALYSIS)
def test_what_an_analyst_writes_passes_and_runs(sample: Sample, sql: str) -> None:
    assert sample.run(sample.check(sql).sql).row_count > 0


@pytest.mark.parametrize("sql", ANALYSIS)
def test_the_rows_that_an_analysts_query_reads_can_be_counted(sample: Sample, sql: str) -> None:
    guarded = sample.check(sql)
    if guarded.rows_sql is not None:
        assert {str(row[0]) for row in sample.run(guarded.rows_sql).rows} == set(guarded.tables)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1 AS x FROM ordrs", "did you mean orders?"),
        ("SELECT 1 AS x FROM zzz", "the tables are orders, targets, returns."),
        ("SELECT revenu FROM orders", "nearest columns: revenue"),
        ("SELECT target FROM orders", "table targets has it."),
        ("SELECT medain(revenue) FROM orders", "use median."),
        ("DROP TABLE orders", "give one SELECT that only reads."),
        ("SELECT 1; SELECT 2", "give one SELECT."),
        ("SELECT sum(revenue FROM orders", "correct the syntax."),
    ],
)
def test_the_fix_names_what_is_nearest(sample: Sample, sql: str, said: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        sample.check(sql)
    assert said in refused.value.fix


def test_what_runs_is_written_back_from_the_checked_tree(sample: Sample) -> None:
    guarded = sample.check("select  REGION /* x */ from ORDERS -- y")
    assert guarded.sql.startswith("SELECT REGION")
    assert "--" not in guarded.sql


def test_the_tables_read_are_named_as_the_workbook_names_them(sample: Sample) -> None:
    guarded = sample.check("SELECT count(*) AS n FROM RETURNS JOIN Orders USING (order_id)")
    assert set(guarded.tables) == {"returns", "orders"}


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_no_function_is_rewritten_into_one_that_is_not_allowed(sample: Sample, arguments: str) -> None:
    leaks: list[str] = []
    for name in sorted(
        {*exp.FUNCTION_BY_NAME, *DuckDB.Parser.FUNCTIONS}  # pyright: ignore[reportUnknownMemberType]
    ):
        try:
            sql = sample.check(f"SELECT {name}({arguments}) AS x FROM orders").sql  # noqa: S608  it is never run
        except SqlRefused:
            continue
        except Exception as error:  # noqa: BLE001  whatever else it raises is the finding
            leaks.append(f"{name}: {type(error).__name__}")
            continue
        if BOMBS & {call.casefold() for call in re.findall(r"(\w+)\(", sql)}:
            leaks.append(f"{name}: {sql}")
    assert leaks == []


@pytest.mark.parametrize(
    ("called", "fix"), [("lpad(region, 3, 'x')", "ordinary"), ("range(3)", "ordinary"), ("medain(quantity)", "use median.")]
)
def test_a_function_is_suggested_only_for_a_slip(sample: Sample, called: str, fix: str) -> None:
    with pytest.raises(SqlRefused) as refused:
        sample.check(f"SELECT {called} AS x FROM orders")  # noqa: S608  ours
    assert fix in refused.value.fix
