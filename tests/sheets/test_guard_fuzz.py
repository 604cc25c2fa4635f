"""SQL from a grammar of honest and hostile parts: what the guard passes is one SELECT over known tables for DuckDB too."""

from collections.abc import Iterator, Mapping

import duckdb
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.sheets import guard
from chatsheet.sheets.guard import SqlRefused

TABLES = {"orders": ["id", "region", "amount"], "targets": ["region", "target"]}
NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"}
SOURCES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY"}
HOSTILE = (
    "read_",
    "pragma_",
    "duckdb_",
    "pg_",
    "sqlite_",
    "glob",
    "query",
    "getenv",
    "repeat",
    "range",
    "generate_",
    "current_",
)


def _mixed(honest: str, hostile: str) -> st.SearchStrategy[str]:
    """Choose one of the parts between bars, mostly an honest one."""
    good, bad = (st.sampled_from(parts.split(" | ")) for parts in (honest, hostile))
    return st.integers(0, 19).flatmap(lambda drawn: bad if drawn == 7 else good)


tables = _mixed(
    """orders | targets | Orders | "orders" | orders AS o | made | (SELECT id, region FROM orders) AS s""",
    """x | pg_tables | information_schema.tables | main.orders | 'x.csv' | "x.csv" | read_text('x') | range(9)"""
    """ | duckdb_settings() | query('SELECT 1') | unnest([1]) | (VALUES (1)) AS v | orders TABLESAMPLE 5%""",
)
columns = _mixed(
    """id | region | "amount" | target | _row""", """* | o.id | rowid | orders.* | COLUMNS(*) | orders | pg_tables.x"""
)
literals = _mixed("1 | 'a' | NULL | INTERVAL 1 DAY | DATE '2025-01-01' | [1, 2]", "'/etc/passwd' | $1 | ? | {'a': 1} | $$a$$")
functions = _mixed(
    """sum | count | upper | max | list | "sum" | coalesce | year | if""",
    "main.sum | read_text | getenv | repeat | range | unnest | GenErate_Series | current_setting | list_transform | date",
)
signs = _mixed(
    "+ | = | <> | || | AND | LIKE | / | IS NOT DISTINCT FROM | , ", "IN | -> | :: | . | ~ | ** | /* x */ | --\n | ; | => "
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}({})".format, functions, inner),
        st.builds("{} {} {}".format, inner, signs, inner),
        st.builds("({})".format, inner),
        st.builds("(SELECT {} FROM {})".format, inner, tables),
        st.builds("CASE WHEN {} THEN {} END".format, inner, inner),
        st.builds("{} OVER (PARTITION BY {} ORDER BY {})".format, inner, inner, inner),
        st.builds("EXISTS (SELECT 1 FROM {} WHERE {})".format, tables, inner),
        st.builds("{}::{}".format, inner, _mixed("INT | VARCHAR | DATE", "JSON | STRUCT(a INT) | orders | INT[]")),
    )


expressions = st.recursive(columns | literals, _grown, max_leaves=6)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Build a query of honest and hostile parts."""
    parts = [f"SELECT {', '.join(draw(st.lists(expressions, min_size=1, max_size=3)))}"]
    sources = [draw(st.sampled_from(["orders", "orders AS o", "targets, orders"])), *draw(st.lists(tables, max_size=2))]
    join = draw(_mixed(" JOIN | , ", " LEFT JOIN LATERAL | NATURAL JOIN | POSITIONAL JOIN | ASOF JOIN "))
    parts += [f"FROM {f' {join} '.join(sources)}" + " ON true" * (join.endswith("JOIN") * (len(sources) - 1))]
    clauses = st.builds("{} {}".format, st.sampled_from(["WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT"]), expressions)
    parts += draw(st.lists(clauses, max_size=2))
    made = st.builds(
        "{} {} AS ({} {} FROM {})".format,
        _mixed("WITH", "WITH RECURSIVE | WITH t AS (DELETE FROM orders RETURNING *),"),
        _mixed("made | orders", """pg_tables | "x.csv" | sum"""),
        _mixed("SELECT", "FROM orders SELECT | INSERT INTO orders SELECT"),
        expressions,
        tables,
    )
    head = draw(st.just("") | made)
    tail = draw(_mixed("; | UNION ALL SELECT 1 | -- x", "; DROP TABLE orders | FOR UPDATE | INTO x | ;;"))
    return f"{head} {' '.join(parts)} {tail}"


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    known = loose.obj(value)
    if known:
        yield known
    for inner in known.values() or loose.array(value):
        yield from _objects(inner)


def _faults(sql: str) -> list[str]:
    """Return what DuckDB's own parser sees in `sql` that must not be there."""
    with duckdb.connect() as database:
        tree = database.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0]
    read = loose.obj(loose.parse(str(tree)))
    found = list(_objects(read))
    made = {loose.text(one.get("key")).casefold() for one in found if "value" in one}
    if read.get("error"):
        return [] if "syntax" in str(read) else [str(read)]  # what DuckDB cannot read it does not run
    faults = ["not one statement"] if len(loose.array(read.get("statements"))) != 1 else []
    for one in found:
        name = loose.text(one.get("table_name")).casefold()
        if one.get("type") == "BASE_TABLE" and (name not in {*TABLES, *made} or one["schema_name"] or one["catalog_name"]):
            faults.append(f"table {name}")
        called = loose.text(one.get("function_name"))
        if one.get("type") == "TABLE_FUNCTION" or called.startswith(HOSTILE) or one.get("schema"):
            faults.append(f"function {called}")
        if "cte_map" in one and one["type"] not in NODES:
            faults.append(f"node {one['type']}")
        if "sample" in one and "cte_map" not in one and one["type"] not in SOURCES:
            faults.append(f"source {one['type']}")
    return faults


@settings(max_examples=200)
@given(statements())
def test_what_passes_is_one_select_over_known_tables_for_duckdb_too(sql: str) -> None:
    try:
        guarded = guard.check(sql, TABLES)
    except SqlRefused:
        event("refused")
        return
    event("passed")
    for written in filter(None, (guarded.sql, guarded.identified, guarded.rows_sql)):
        assert _faults(written) == [], written


def test_the_check_itself_sees_what_must_not_be_there() -> None:
    assert _faults("SELECT * FROM read_text('x')")
    assert _faults("SELECT getenv('HOME') FROM pg_tables")
    assert _faults("SELECT 1; SELECT 2")
    assert _faults("SELECT 1; DROP TABLE orders")
    assert _faults("SELECT * FROM main.orders")
    assert not _faults("WITH made AS (SELECT id FROM orders) SELECT upper(id) FROM made JOIN targets ON true")
