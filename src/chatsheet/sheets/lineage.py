"""Where a query's rows, values and literals come from, read from its tree. Pure.

It works on trees that the guard has passed, and what it writes goes through the guard again. A query that it cannot trace
it says so of; it never guesses rows.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from pydantic import JsonValue
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from chatsheet.core.errors import BadInput
from chatsheet.sheets.model import ROW_ID, Compared, Result

# what the parser does not know as aggregates
_AGGREGATES = frozenset({
    "approx_count_distinct", "arg_max", "arg_min", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "count_if",
    "countif", "entropy", "favg", "fsum", "geomean", "group_concat", "histogram", "kahan_sum", "kurtosis", "list",
    "listagg", "mad", "mean", "mode", "product", "quantile", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept",
    "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "sem", "skewness", "sumkahan"
})  # fmt: skip
_AROUND_AGGREGATE = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
_LITERAL_TYPES = re.compile(
    r"VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(\d+,\s?\d+\)|DATE|TIME|TIMESTAMP"
)
_LONGEST_LITERAL = 1_000

Tables = Mapping[str, Sequence[str]]
"""SQL name → column names."""


class NotTraceable(BadInput):
    """The rows behind this row cannot be told."""

    code = "sql.not_traceable"
    status = 422


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value of a result with DuckDB's type."""

    value: JsonValue
    type: str


def handle(version: str, sql: str) -> str:
    """Return the content id of what `sql` says of `version`."""
    return hashlib.sha256(f"{version}\0{sql}".encode()).hexdigest()[:32]


def compared(root: exp.Expr, tables: Tables) -> tuple[Compared, ...]:
    """Return the texts that must be equal to, among, or unlike a column's values: =, <>, IN, LIKE without wildcards."""
    try:
        scopes = traverse_scope(root)
    except SqlglotError:  # two sources of one name: DuckDB will say so
        return ()
    found: dict[Compared, None] = {}
    for scope in scopes:
        for node in scope.find_all(exp.EQ, exp.NEQ, exp.In, exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ):
            for column, text in _comparisons(node):
                if (origin := _origin(scope, column, tables)) is not None:
                    found[Compared(*origin, text)] = None
    return tuple(found)


def _comparisons(node: exp.Expr) -> Iterator[tuple[exp.Column, str]]:
    others: list[exp.Expr] = node.expressions if isinstance(node, exp.In) else [node.args["expression"]]
    pairs = [(node.this, other) for other in others] + [(other, node.this) for other in others]
    for column, text in pairs:
        is_text = isinstance(text, exp.Literal) and text.is_string
        if isinstance(column, exp.Column) and is_text and not (isinstance(node, exp.Like) and re.search(r"[%_\\]", text.name)):
            yield column, text.name


def _origin(scope: Scope | None, column: exp.Column, tables: Tables) -> tuple[str, str] | None:
    """Return the table and column that `column` means, through aliases, WITH and subqueries; None for anything made."""
    while scope is not None:
        for name, source in scope.sources.items():
            if column.table and name.casefold() != column.table.casefold():
                continue
            if isinstance(source, exp.Table):
                if (origin := _stored(source, column.name, tables)) is not None:
                    return origin
            elif (made := _output(source.expression, column.name)) is not None:
                return _origin(source, made, tables) if isinstance(made, exp.Column) else None
        made = None if column.table else _output(scope.expression, column.name)
        if isinstance(made, exp.Column) and made.name.casefold() != column.name.casefold():
            return _origin(scope, made, tables)
        scope = scope.parent
    return None


def _stored(source: exp.Table, column: str, tables: Tables) -> tuple[str, str] | None:
    for table, names in tables.items():
        if table.casefold() == source.name.casefold():
            return next(((table, name) for name in names if name.casefold() == column.casefold()), None)
    return None


def _output(query: exp.Expr, name: str) -> exp.Expr | None:
    """Return what a SELECT gives under `name`: an expression, or the column itself where it gives all."""
    if not isinstance(query, exp.Select):
        return None
    for made in query.expressions:
        if made.alias_or_name.casefold() == name.casefold() and not made.is_star:
            return made.unalias()
    return exp.column(name) if any(made.is_star for made in query.expressions) else None


def identified(root: exp.Expr, tables: Tables) -> tuple[str, tuple[str, ...]]:
    """Return the query with row ids as its last columns and whose they are; empty where rows are made of several."""
    sources = _tables_read(root, tables)
    if not sources or not isinstance(root, exp.Select) or _is_grouped(root):
        return "", ()
    with_ids = root.copy()
    for number, alias in enumerate(sources):
        row_id = exp.column(ROW_ID, table=exp.to_identifier(alias, quoted=True))
        with_ids.select(exp.alias_(row_id, f"{ROW_ID}{number}", quoted=True), copy=False)
    return with_ids.sql(dialect="duckdb"), tuple(sources.values())


def _tables_read(query: exp.Expr, tables: Tables) -> dict[str, str]:
    """Return alias → table of a SELECT that reads tables alone, without those that only filter; empty for any other."""
    if not isinstance(query, exp.Select):
        return {}
    try:
        scope = build_scope(query)
    except SqlglotError:
        return {}
    known = {name.casefold(): name for name in tables}
    read: dict[str, str] = {}
    joins: list[exp.Join] = query.args.get("joins") or []
    filters = {id(join.this) for join in joins if join.args.get("kind") in {"SEMI", "ANTI"}}
    for alias, source in scope.sources.items() if scope is not None else ():
        if isinstance(source, Scope):
            if source.is_cte and not any(t.name == alias for t in query.find_all(exp.Table) if t.parent_select is query):
                continue  # defined, and not read here
            return {}
        if source.parent_select is query and id(source) not in filters:
            alias_node = source.args.get("alias")
            if source.name.casefold() not in known or (alias_node is not None and alias_node.columns):
                return {}
            read[alias] = known[source.name.casefold()]
    return read


def _is_grouped(query: exp.Select) -> bool:
    if any(query.args.get(part) for part in ("group", "distinct", "having")):
        return True
    return any(_is_aggregate(node) for node in query.walk() if node.parent_select is query)


def _is_aggregate(node: exp.Expr) -> bool:
    named = isinstance(node, exp.Anonymous) and node.name.casefold() in _AGGREGATES
    if not named and not (isinstance(node, exp.AggFunc) and not isinstance(node, exp.Lag | exp.Lead)):
        return False
    around = node
    while isinstance(around.parent, _AROUND_AGGREGATE):
        around = around.parent
    return not (isinstance(around.parent, exp.Window) and around.parent.this is around)


def behind(sql: str, tables: Tables, result: Result, row: int) -> tuple[tuple[str, str], ...]:
    """Return (table, SQL for the ids of its rows) behind one row of `result`, which `sql` gave; raises NotTraceable."""
    root = sqlglot.parse_one(sql, read="duckdb")
    if not isinstance(root, exp.Select):
        raise _untraceable("it is a UNION, INTERSECT or EXCEPT", fix="run its parts one by one.")
    cells = [_Cell(value, column.type) for value, column in zip(result.rows[row], result.columns, strict=True)]
    names = [made.alias_or_name.casefold() for made in root.expressions]
    if any(made.is_star for made in root.expressions):
        names = [column.name.casefold() for column in result.columns]
    if len(names) != len(cells) or len(set(names)) != len(names):
        raise _untraceable("two of its columns have one name", fix="name each column.")
    return _behind(root, root.args.get("with_"), tables, dict(zip(names, cells, strict=True)))


def _behind(query: exp.Select, with_: exp.With | None, tables: Tables, row: Mapping[str, _Cell]) -> tuple[tuple[str, str], ...]:
    sources = _tables_read(query, tables)
    if not sources:
        return _behind_inner(query, with_, tables, row)
    if not _is_grouped(query):
        raise _untraceable("its rows carry their own row ids", fix="read them from the result.")
    columns = {name.casefold() for table in sources.values() for name in (*tables[table], ROW_ID)}
    made = {e.alias.casefold(): e.unalias() for e in query.expressions if e.alias and e.alias.casefold() not in columns}
    conditions = [_condition(key, name, row) for key, name in _keys(query, columns)]
    parts: list[tuple[str, str]] = []
    for alias, table in sources.items():
        row_id = exp.column(ROW_ID, table=exp.to_identifier(alias, quoted=True))
        select = exp.select(exp.alias_(row_id, ROW_ID)).distinct().order_by(ROW_ID)
        for clause in ("from_", "joins"):
            if query.args.get(clause):
                select.set(clause, query.args[clause])
        where: exp.Where | None = query.args.get("where")
        select = select.copy().where(*([] if where is None else [where.this]), *conditions)
        select = _without_aliases(select, made)
        if with_ is not None:
            select.set("with_", with_.copy())
        parts.append((table, select.sql(dialect="duckdb")))
    return tuple(parts)


def _behind_inner(
    query: exp.Select, with_: exp.With | None, tables: Tables, row: Mapping[str, _Cell]
) -> tuple[tuple[str, str], ...]:
    """Trace a SELECT that passes on rows of one WITH query or subquery."""
    scope = build_scope(query) if with_ is None or query.args.get("with_") else build_scope(_with(query, with_))
    read = [] if scope is None else [source for _, source in scope.selected_sources.values()]
    inner = read[0].expression if len(read) == 1 and isinstance(read[0], Scope) else None
    if not isinstance(inner, exp.Select) or _is_grouped(query):
        raise _untraceable("it reads what other parts have made", fix="ask for the inner part by itself.")
    passed: dict[str, _Cell] = {}
    for made in query.expressions:
        if made.is_star:
            passed |= row
        elif isinstance(made.unalias(), exp.Column) and made.alias_or_name.casefold() in row:
            passed[made.unalias().name.casefold()] = row[made.alias_or_name.casefold()]
    return _behind(inner, with_, tables, passed)


def _with(query: exp.Select, with_: exp.With) -> exp.Select:
    copy = query.copy()
    copy.set("with_", with_.copy())
    return copy


def _keys(query: exp.Select, columns: set[str]) -> Iterator[tuple[exp.Expr, str]]:
    """Yield what makes a group of a query: the expression, and its name in the result."""
    group: exp.Group | None = query.args.get("group")
    if group is None and query.args.get("distinct"):
        if any(e.is_star for e in query.expressions) or query.args["distinct"].args.get("on"):
            raise _untraceable("its DISTINCT does not name its columns", fix="name them.")
        yield from ((e.unalias(), e.alias_or_name.casefold()) for e in query.expressions)
        return
    if group is None:
        return
    if group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is not None:
        raise _untraceable("it has subtotals", fix="group by plain columns.")
    plain = [e for e in query.expressions if not any(_is_aggregate(node) or isinstance(node, exp.Window) for node in e.walk())]
    for key in plain if group.args.get("all") else group.expressions:
        expression, name = _named(key, query, columns)
        yield expression, name


def _named(key: exp.Expr, query: exp.Select, columns: set[str]) -> tuple[exp.Expr, str]:
    if isinstance(key, exp.Literal) and not key.is_string and 0 < int(key.name) <= len(query.expressions):
        key = query.expressions[int(key.name) - 1]
    key = key.unalias() if key in query.expressions else key
    for made in query.expressions:
        is_alias = isinstance(key, exp.Column) and not key.table and key.name.casefold() == made.alias.casefold()
        if is_alias and key.name.casefold() not in columns:
            return made.unalias(), made.alias_or_name.casefold()
        if _same(made.unalias(), key):
            return key, made.alias_or_name.casefold()
    raise _untraceable(f"its result does not show {key.sql(dialect='duckdb')}, by which it groups", fix="select it too.")


def _same(one: exp.Expr, other: exp.Expr) -> bool:
    if isinstance(one, exp.Column) and isinstance(other, exp.Column) and not (one.table and other.table):
        return one.name.casefold() == other.name.casefold()
    return one.sql(dialect="duckdb").casefold() == other.sql(dialect="duckdb").casefold()


def _condition(key: exp.Expr, name: str, row: Mapping[str, _Cell]) -> exp.Expr:
    if name not in row:
        raise _untraceable(f"its result does not show {name}, by which it groups", fix="select it too.")
    cell = row[name]
    if cell.value is None:
        return exp.Is(this=exp.paren(key.copy()), expression=exp.Null())
    text = str(cell.value)
    if _LITERAL_TYPES.fullmatch(cell.type) is None or len(text) > _LONGEST_LITERAL:
        raise _untraceable(f"{name} is no plain value", fix="group by a number, a date or a short text.")
    value = exp.cast(exp.Literal.string(text), exp.DataType.build(cell.type, dialect="duckdb"))
    return exp.EQ(this=exp.paren(key.copy()), expression=value)


def _without_aliases(select: exp.Select, made: Mapping[str, exp.Expr]) -> exp.Select:
    """Write out names of the select list, which DuckDB also reads in WHERE."""

    def write_out(node: exp.Expr) -> exp.Expr:
        is_made = isinstance(node, exp.Column) and not node.table and node.name.casefold() in made
        return exp.paren(made[node.name.casefold()].copy()) if is_made else node

    where: exp.Where = select.args.get("where") or exp.Where(this=exp.true())
    select.set("where", where.transform(write_out))
    return select


def _untraceable(why: str, *, fix: str) -> NotTraceable:
    return NotTraceable(f"the rows behind this row of the result cannot be told: {why}.", fix=fix)
