"""Which SQL may run: one SELECT over the tables of this workbook, built from known nodes and known functions. Pure.

An allow-list: whatever is not named here is refused, and what runs is the SQL written back from the checked tree, never the
text that came in. The engine behind it is locked and killable all the same (worker.py); this is the first wall, not the only.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.core.errors import BadInput
from chatsheet.sheets.model import ROW_ID

_MAX_LENGTH = 20_000
_MAX_NODES = 3_000

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.SetOperation, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Where, exp.Group, exp.Having,
    exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch, exp.Distinct, exp.Table, exp.TableAlias,
    exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Alias, exp.Paren, exp.Tuple, exp.Array,
    exp.Binary, exp.Unary, exp.Between, exp.In, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval,
    exp.Var, exp.Window, exp.WindowSpec, exp.Filter, exp.Func, exp.WithinGroup, exp.Exists, exp.Cube, exp.Rollup,
    exp.GroupingSets, exp.IgnoreNulls, exp.RespectNulls, exp.AtTimeZone, exp.Any, exp.All,
)  # fmt: skip

# by the name DuckDB reads; nothing that reaches files, settings, metadata or other tables, and nothing that blows a
# small value up (repeat, lpad, range, generate_series, list_resize)
_FUNCTIONS = frozenset(
    [
        "abs",
        "any_value",
        "approx_count_distinct",
        "approx_quantile",
        "arg_max",
        "arg_min",
        "avg",
        "bool_and",
        "bool_or",
        "cast",
        "ceil",
        "ceiling",
        "coalesce",
        "concat",
        "concat_ws",
        "contains",
        "corr",
        "count",
        "count_if",
        "countif",
        "covar_pop",
        "covar_samp",
        "cume_dist",
        "current_date",
        "date",
        "date_add",
        "date_diff",
        "date_part",
        "date_sub",
        "date_trunc",
        "datediff",
        "day",
        "dayname",
        "dayofmonth",
        "dayofweek",
        "dayofyear",
        "dense_rank",
        "ends_with",
        "epoch",
        "exists",
        "exp",
        "extract",
        "first",
        "first_value",
        "floor",
        "geomean",
        "greatest",
        "hour",
        "if",
        "ifnull",
        "isnan",
        "isodow",
        "isoyear",
        "lag",
        "last",
        "last_day",
        "last_value",
        "lead",
        "least",
        "left",
        "length",
        "list",
        "listagg",
        "ln",
        "log",
        "log10",
        "log2",
        "lower",
        "ltrim",
        "make_date",
        "mad",
        "max",
        "max_by",
        "mean",
        "median",
        "min",
        "min_by",
        "minute",
        "mod",
        "mode",
        "month",
        "monthname",
        "nth_value",
        "ntile",
        "nullif",
        "percent_rank",
        "percentile_cont",
        "percentile_disc",
        "position",
        "pow",
        "power",
        "product",
        "quantile",
        "quantile_cont",
        "quantile_disc",
        "quarter",
        "rank",
        "regexp_extract",
        "regexp_full_match",
        "regexp_matches",
        "replace",
        "reverse",
        "right",
        "round",
        "row_number",
        "rtrim",
        "second",
        "sign",
        "split_part",
        "sqrt",
        "starts_with",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "strftime",
        "string_agg",
        "strip_accents",
        "strpos",
        "strptime",
        "substr",
        "substring",
        "sum",
        "to_days",
        "to_months",
        "to_years",
        "trim",
        "trunc",
        "try_cast",
        "try_strptime",
        "upper",
        "var_pop",
        "var_samp",
        "variance",
        "week",
        "weekday",
        "weekofyear",
        "xor",
        "year",
        "yearweek",
        "current_timestamp",
        "today",
        "now",
        "struct_pack",
        "array_agg",
        "bool",
        "string_split",
        "like_escape",
        "ilike_escape",
        "regr_slope",
        "regr_intercept",
        "regr_r2",
        "skewness",
        "kurtosis",
        "entropy",
        "favg",
        "fsum",
        "kahan_sum",
        "sumkahan",
        "histogram",
        "case",
    ]
)
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")


class SqlRefused(BadInput):
    """The SQL is not one SELECT over this workbook."""

    code = "sql.refused"
    status = 422


@dataclass(frozen=True, slots=True)
class GuardedSql:
    """SQL that passed `check`; the only thing `query` runs.

    `tables` are the workbook's tables it reads. `rows_sql` lists for each the number, first and last id of the rows that
    its conditions select, or is None where the query is too nested to say so simply.
    """

    sql: str
    tables: tuple[str, ...]
    rows_sql: str | None


def check(sql: str, tables: Mapping[str, Sequence[str]]) -> GuardedSql:
    """Return the guarded form of `sql` for a workbook of `tables` (SQL name → column names); raises SqlRefused."""
    root = _parse(sql)
    ctes = {cte.alias_or_name.casefold() for cte in root.find_all(exp.CTE)}
    known = {name.casefold(): name for name in tables}
    used: dict[str, None] = {}
    for count, node in enumerate(root.walk()):
        if count > _MAX_NODES:
            raise SqlRefused("the query is too long.", fix="ask for less in one query.")
        _check_node(node)
        if isinstance(node, exp.Table):
            used.update(dict.fromkeys(_check_table(node, known, ctes)))
    _check_columns(root, tables, used)
    return GuardedSql(sql=root.sql(dialect="duckdb"), tables=tuple(used), rows_sql=_rows_sql(root, known, ctes))


def rows_of_table(table_id: str, columns: Iterable[str], *, offset: int, limit: int) -> GuardedSql:
    """Return the SQL for a window of a table in its own order; names must come from the workbook's own model."""
    listed = ", ".join(f'"{name}"' for name in (ROW_ID, *columns))
    window = f"ORDER BY {ROW_ID} LIMIT {int(limit)} OFFSET {int(offset)}"
    return GuardedSql(f'SELECT {listed} FROM "{table_id}" {window}', (table_id,), None)  # noqa: S608  our own names


def _parse(sql: str) -> exp.Expr:
    if len(sql) > _MAX_LENGTH:
        raise SqlRefused(f"the query has {len(sql)} characters.", fix=f"stay under {_MAX_LENGTH}.")
    try:
        statements = [s for s in sqlglot.parse(sql, read="duckdb") if s is not None]
    except (SqlglotError, RecursionError) as error:
        reason = re.sub(r"\x1b\[\d+m", "", str(error)).split("\n")[0]
        raise SqlRefused(f"this is not DuckDB SQL: {reason}", fix="correct the syntax.") from None
    if len(statements) != 1:
        raise SqlRefused(f"{len(statements)} statements were given.", fix="give one SELECT.")
    root = statements[0]
    if not isinstance(root, exp.Select | exp.SetOperation | exp.Subquery):
        kind = type(root).__name__.upper()
        raise SqlRefused(f"{kind} is not allowed.", fix="give one SELECT that only reads.")
    return root


def _check_node(node: exp.Expr) -> None:
    if not isinstance(node, _NODES):
        raise SqlRefused(f"{type(node).__name__} is not allowed here.", fix="use plain SELECT syntax.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise SqlRefused("a recursive query is not allowed.", fix="write it without WITH RECURSIVE.")
    if isinstance(node, exp.Select) and (node.args.get("into") or node.args.get("sample") or node.args.get("laterals")):
        raise SqlRefused("INTO, SAMPLE and LATERAL are not allowed.", fix="give one SELECT that only reads.")
    if isinstance(node, exp.Func) and not isinstance(node, exp.Binary | exp.Unary):
        _check_function(node)


def _check_function(node: exp.Func) -> None:
    written = node.sql(dialect="duckdb")
    call = _CALL.match(written)
    name = (call.group(1) if call else node.sql_name()).casefold()
    if name not in _FUNCTIONS and not isinstance(node, exp.Cast | exp.Case | exp.If | exp.Array):
        nearest = difflib.get_close_matches(name, _FUNCTIONS, n=1, cutoff=0.7)
        fix = f"use {nearest[0]}." if nearest else "use an ordinary aggregate, date, text or number function."
        raise SqlRefused(f"the function {name} is not allowed.", fix=fix)


def _check_table(node: exp.Table, known: Mapping[str, str], ctes: set[str]) -> list[str]:
    name = node.name.casefold()
    if not isinstance(node.this, exp.Identifier) or node.db or node.catalog:
        raise SqlRefused(f"{node.sql(dialect='duckdb')} is not a table of this workbook.", fix=_listed(known.values()))
    if name in known:
        return [known[name]]
    if name in ctes:
        return []
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    fix = f"did you mean {known[nearest[0]]}?" if nearest else _listed(known.values())
    raise SqlRefused(f"there is no table {node.name}.", fix=fix)


def _check_columns(root: exp.Expr, tables: Mapping[str, Sequence[str]], used: Iterable[str]) -> None:
    known = {column.casefold(): column for table in used for column in (*tables[table], ROW_ID)}
    made = {a.alias.casefold() for a in root.find_all(exp.Alias)}
    made |= {name.casefold() for alias in root.find_all(exp.TableAlias) for name in alias.alias_column_names}
    for column in root.find_all(exp.Column):
        name = column.name.casefold()
        if isinstance(column.this, exp.Star) or name in known or name in made:
            continue
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        elsewhere = [t for t, names in tables.items() if name in {n.casefold() for n in names}]
        fix = f"table {elsewhere[0]} has it." if elsewhere else f"nearest columns: {', '.join(nearest) or 'none'}."
        raise SqlRefused(f"there is no column {column.name} in {', '.join(used) or 'this query'}.", fix=fix)


def _listed(names: Iterable[str]) -> str:
    return f"the tables are {', '.join(names)}."


def _rows_sql(root: exp.Expr, known: Mapping[str, str], ctes: set[str]) -> str | None:
    """Return SQL for the rows that a plain SELECT … FROM … JOIN … WHERE reads; None for anything more nested."""
    nested = (exp.Subquery, exp.SetOperation, exp.CTE, exp.Exists)
    if not isinstance(root, exp.Select) or ctes or root.find(*nested) or len(list(root.find_all(exp.Select))) > 1:
        return None
    parts: list[str] = []
    for table in root.find_all(exp.Table):
        alias = exp.to_identifier(table.alias_or_name, quoted=True).sql(dialect="duckdb")
        counted = exp.select(
            exp.Literal.string(known[table.name.casefold()]).as_("t"),
            f"count(DISTINCT {alias}.{ROW_ID}) AS n",
            f"min({alias}.{ROW_ID}) AS first",
            f"max({alias}.{ROW_ID}) AS last",
            dialect="duckdb",
        )
        for clause in ("from_", "joins", "where"):
            if root.args.get(clause):
                counted.set(clause, root.args[clause])
        parts.append(counted.copy().sql(dialect="duckdb"))
    return " UNION ALL ".join(parts) or None
