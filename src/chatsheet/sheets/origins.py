"""What a query's result is made of: the stored columns behind each of its columns, its conditions, what it reads. Pure.

It works on SQL that the guard has passed. Where a column cannot be followed it says so and names none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from chatsheet.sheets.model import ROW_ID

Tables = Mapping[str, Sequence[str]]
"""SQL name → column names."""

Kind = Literal[
    "", "value", "count", "distinct", "sum", "average", "median", "minimum", "maximum", "difference", "ratio", "percent"
]
"""How a column was made: `ratio` by a division, `percent` where 100 is a factor of it, empty for any other way."""

_ROUNDS = (exp.Round, exp.Cast, exp.TryCast, exp.Paren, exp.Alias, exp.Coalesce, exp.Abs, exp.Ceil, exp.Floor, exp.Filter)
_KINDS: tuple[tuple[tuple[type[exp.Expr], ...], Kind], ...] = (
    ((exp.CountIf,), "count"),
    ((exp.Avg,), "average"),
    ((exp.Median, exp.PercentileCont, exp.Quantile), "median"),
    ((exp.Min,), "minimum"),
    ((exp.Max,), "maximum"),
    ((exp.Sub,), "difference"),
)
_LONGEST_CONDITION = 160
_MOST_CONDITIONS = 12


@dataclass(frozen=True, slots=True)
class Made:
    """A column of a result: its name, the stored (table, column) it was computed from, and how."""

    name: str
    columns: tuple[tuple[str, str], ...]
    kind: Kind
    is_certain: bool = True
    """Whether `columns` are all there are."""
    texts: tuple[str, ...] = ()
    """Texts that its own condition compares with, such as `open` in `count(*) FILTER (status = 'open')`."""


def made(sql: str, tables: Tables) -> tuple[Made, ...]:
    """Return how each column of the result is made, in order; empty where the query cannot be followed."""
    try:
        scope = build_scope(sqlglot.parse_one(sql, read="duckdb"))
        return () if scope is None else tuple(_outputs(scope, tables))
    except (SqlglotError, RecursionError):
        return ()


def read(sql: str, tables: Tables) -> dict[str, tuple[str, ...]]:
    """Return the tables that a query reads with the columns it names of each; all columns for a star."""
    try:
        return _read(traverse_scope(sqlglot.parse_one(sql, read="duckdb")), tables)
    except (SqlglotError, RecursionError):
        return {}


def _read(scopes: Iterable[Scope], tables: Tables) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for scope in scopes:
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and (table := _table(source, tables)) is not None:
                found.setdefault(table, {})
        for column in scope.find_all(exp.Column):
            for table, name in _stored(scope, column, tables)[0]:
                found.setdefault(table, {})[name] = None
        if any(isinstance(one, exp.Star) or one.is_star for one in scope.expression.expressions):
            for table in [t for s in scope.sources.values() if isinstance(s, exp.Table) and (t := _table(s, tables))]:
                found[table] |= dict.fromkeys(tables[table])
    return {table: tuple(name for name in tables[table] if name in names) for table, names in found.items()}


def conditions(sql: str) -> tuple[str, ...]:
    """Return the conditions of a query as short SQL, those of WITH, subqueries and aggregates too, in the order written."""
    try:
        root = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return ()
    found: dict[str, None] = {}
    for node in root.find_all(exp.Where, exp.Having, exp.Qualify, exp.Join, exp.Filter, exp.CountIf, exp.Case, bfs=False):
        for condition in _parts(node):
            written = condition.unnest().sql(dialect="duckdb")
            short = written if len(written) <= _LONGEST_CONDITION else written[: _LONGEST_CONDITION - 1] + "…"
            found[short] = None
    for limit in root.find_all(exp.Limit):
        if isinstance(limit.expression, exp.Literal):
            found[f"LIMIT {limit.expression.name}"] = None
    return tuple(found)[:_MOST_CONDITIONS]


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Join):
        if isinstance(on := node.args.get("on"), exp.Expr):
            yield from on.flatten() if isinstance(on, exp.And) else (on,)
        return
    if isinstance(node, exp.Case):  # sum(CASE WHEN …) leaves rows out as FILTER does
        branches: list[exp.If] = node.args.get("ifs") or []
        yield from (one.this for one in branches if node.this is None and node.find_ancestor(exp.AggFunc) is not None)
        return
    condition = node.args["expression"].this if isinstance(node, exp.Filter) else node.this
    yield from condition.flatten() if isinstance(condition, exp.And) else (condition,)


def _outputs(scope: Scope, tables: Tables) -> Iterator[Made]:
    if isinstance(scope.expression, exp.SetOperation):
        branches = [list(_outputs(branch, tables)) for branch in scope.set_operation_scopes]
        if scope.expression.args.get("by_name"):
            names = dict.fromkeys(one.name.casefold() for branch in branches for one in branch)
            places = [tuple(one for branch in branches for one in branch if one.name.casefold() == name) for name in names]
        else:
            places = [tuple(each) for each in zip(*branches, strict=False)]
        for of_place in places:
            columns = tuple(dict.fromkeys(column for one in of_place for column in one.columns))
            kinds: set[Kind] = {one.kind for one in of_place}
            is_certain = all(one.is_certain for one in of_place)
            yield Made(of_place[0].name, columns, kinds.pop() if len(kinds) == 1 else "", is_certain)
        return
    for made_here in scope.expression.expressions:
        if made_here.is_star:
            yield from _starred(scope, made_here, tables)
        else:
            yield _made(scope, made_here, tables)


def _starred(scope: Scope, star: exp.Expr, tables: Tables) -> Iterator[Made]:
    wanted = star.table.casefold() if isinstance(star, exp.Column) and star.table else ""
    for alias, (_, source) in scope.selected_sources.items():
        if wanted and alias.casefold() != wanted:
            continue
        if isinstance(source, Scope):
            yield from _outputs(source, tables)
        elif (table := _table(source, tables)) is not None:
            yield Made(ROW_ID, (), "value")
            yield from (Made(name, ((table, name),), "value") for name in tables[table])


def _made(scope: Scope, expression: exp.Expr, tables: Tables) -> Made:
    columns: dict[tuple[str, str], None] = {}
    is_certain = True
    for column in expression.find_all(exp.Column):
        if isinstance(column.this, exp.Star):
            continue
        stored, is_known = _stored(_scope_of(scope, column), column, tables)
        columns |= dict.fromkeys(stored)
        is_certain = is_certain and is_known
    texts = tuple(literal.name for literal in expression.find_all(exp.Literal) if literal.is_string)
    kind = _kind(scope, expression, tables)
    return Made(expression.alias_or_name or expression.sql(dialect="duckdb"), tuple(columns), kind, is_certain, texts)


def _scope_of(scope: Scope, column: exp.Column) -> Scope:
    select = column.parent_select
    return next((inner for inner in scope.traverse() if inner.expression is select), scope)


def _stored(scope: Scope | None, column: exp.Column, tables: Tables) -> tuple[list[tuple[str, str]], bool]:
    """Return the stored columns that a column means, and whether these are all."""
    if column.name.casefold() == ROW_ID:
        return [], True
    while scope is not None:
        if (found := _in_sources(scope, column, tables)) is not None:
            return found
        alias = next((e for e in scope.expression.expressions if e.alias.casefold() == column.name.casefold()), None)
        if alias is not None and not column.table and column not in alias.find_all(exp.Column):
            one = _made(scope, alias, tables)
            return list(one.columns), one.is_certain
        scope = None if scope.is_cte or scope.is_derived_table else scope.parent  # these see nothing of the query around them
    return [], False


def _in_sources(scope: Scope, column: exp.Column, tables: Tables) -> tuple[list[tuple[str, str]], bool] | None:
    for alias, source in scope.sources.items():
        if column.table and alias.casefold() != column.table.casefold():
            continue
        if isinstance(source, Scope):
            for one in _outputs(source, tables):
                if one.name.casefold() == column.name.casefold():
                    return list(one.columns), one.is_certain
        elif (table := _table(source, tables)) is not None:
            for name in tables[table]:
                if name.casefold() == column.name.casefold():
                    return [(table, name)], True
    return None


def _table(source: exp.Expr, tables: Tables) -> str | None:
    return next((table for table in tables if table.casefold() == source.name.casefold()), None)


def _kind(scope: Scope, expression: exp.Expr, tables: Tables) -> Kind:
    node = expression.unalias()
    while isinstance(node, _ROUNDS):
        node = node.this
    if isinstance(node, exp.Mul | exp.Div):
        return _kind_of_product(node)
    if isinstance(node, exp.Window):
        node = node.this
    if isinstance(node, exp.Count):
        return "distinct" if isinstance(node.this, exp.Distinct) else "count"
    if isinstance(node, exp.Sum):
        return "sum" if node.find(exp.Column) is not None and not _counts(node) else "count"
    if isinstance(node, exp.Column):
        return _kind_of_column(scope, node, tables)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and len(node.this.expressions) == 1:
        return _kind(scope, node.this.expressions[0], tables)
    found: list[Kind] = [kind for types, kind in _KINDS if isinstance(node, types)]
    return found[0] if found else ""


def _kind_of_product(node: exp.Mul | exp.Div) -> Kind:
    factors = {literal.name for literal in node.find_all(exp.Literal) if not literal.is_string}
    if factors & {"100", "100.0", "1e2"}:
        return "percent"
    return "ratio" if isinstance(node, exp.Div) else ""


def _counts(node: exp.Sum) -> bool:
    """Return whether a sum adds ones: sum(CASE WHEN … THEN 1 ELSE 0 END)."""
    case = node.this
    if not isinstance(case, exp.Case):
        return False
    ones: list[exp.If] = case.args.get("ifs") or []
    return all(isinstance(one.args["true"], exp.Literal) and one.args["true"].name == "1" for one in ones)


def _kind_of_column(scope: Scope, column: exp.Column, tables: Tables) -> Kind:
    for alias, source in scope.sources.items():
        if isinstance(source, Scope) and (not column.table or alias.casefold() == column.table.casefold()):
            for one in _outputs(source, tables):
                if one.name.casefold() == column.name.casefold():
                    return one.kind
    return "value"
