"""Which SQL may run: one SELECT over the tables of this workbook, built from known nodes and known functions. Pure.

An allow-list: whatever is not named here is refused, and what runs is the SQL written back from the checked tree, never the
text that came in. The engine behind it is locked and killable all the same (worker.py); this is the first wall, not the only.
"""

import difflib
import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from chatsheet.core.errors import BadInput
from chatsheet.sheets import lineage
from chatsheet.sheets.model import ROW_ID, Compared

# its warnings repeat the query, and what it cannot write is an error here
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_MAX_LENGTH = 20_000
_MAX_NODES = 3_000
_MAX_TABLES = 40
_TYPO = 0.8
"""How alike a function must be to be what was meant: lpad is not lead, range is not age."""
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_CATALOGUE = ("pg_", "duckdb_", "sqlite_", "pragma_", "information_schema")

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.SetOperation, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join, exp.Where, exp.Group, exp.Having,
    exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Fetch, exp.Distinct, exp.Table, exp.TableAlias,
    exp.Column, exp.Identifier, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Alias, exp.Paren, exp.Tuple, exp.Array,
    exp.Binary, exp.Unary, exp.Between, exp.In, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval,
    exp.Var, exp.Window, exp.WindowSpec, exp.Filter, exp.Func, exp.WithinGroup, exp.Exists, exp.Cube, exp.Rollup,
    exp.GroupingSets, exp.IgnoreNulls, exp.RespectNulls, exp.LimitOptions, exp.Any, exp.All, exp.Bracket, exp.Slice,
)  # fmt: skip

# by the name DuckDB reads; nothing that reaches files, settings, metadata or other tables, and nothing that blows a
# small value up (repeat, lpad, range, generate_series, list_resize)
_FUNCTIONS = frozenset({
    "abs", "acos", "age", "any_value", "approx_count_distinct", "approx_quantile", "arg_max", "arg_min", "array_agg",
    "array_contains", "array_distinct", "array_length", "array_position", "array_reverse_sort", "array_slice",
    "array_to_string", "ascii", "asin", "atan", "atan2", "avg", "bit_and", "bit_length", "bit_or", "bit_xor", "bool_and",
    "bool_or", "cast", "cbrt", "ceil", "ceiling", "century", "char_length", "character_length", "chr", "coalesce", "concat",
    "concat_ws", "contains", "corr", "cos", "count", "count_if", "countif", "covar_pop", "covar_samp", "cume_dist",
    "current_date", "damerau_levenshtein", "date", "date_add", "date_diff", "date_part", "date_sub", "date_trunc",
    "datediff", "datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "decade", "degrees",
    "dense_rank", "ends_with", "entropy", "epoch", "epoch_ms", "even", "exists", "exp", "extract", "factorial", "favg",
    "first", "first_value", "flatten", "floor", "fsum", "gcd", "geomean", "greatest", "group_concat", "grouping",
    "grouping_id", "histogram", "hour", "if", "ifnull", "instr", "isfinite", "isinf", "isnan", "isodow", "isoyear",
    "jaro_similarity", "jaro_winkler_similarity", "kahan_sum", "kurtosis", "lag", "last", "last_day", "last_value", "lcase",
    "lcm", "lead", "least", "left", "len", "length", "levenshtein", "list", "list_avg", "list_contains", "list_count",
    "list_distinct", "list_first", "list_has", "list_last", "list_max", "list_median", "list_min", "list_position",
    "list_reverse_sort", "list_slice", "list_sort", "list_sum", "list_unique", "list_value", "listagg", "ln", "log",
    "log10", "log2", "lower", "ltrim", "mad", "make_date", "make_timestamp", "max", "max_by", "md5", "mean", "median",
    "millisecond", "min", "min_by", "minute", "mod", "mode", "month", "monthname", "now", "nth_value", "ntile", "nullif",
    "nvl", "octet_length", "ord", "percent_rank", "percentile_cont", "percentile_disc", "pi", "position", "pow", "power",
    "prefix", "product", "quantile", "quantile_cont", "quantile_disc", "quarter", "radians", "rank", "regexp_extract",
    "regexp_extract_all", "regexp_full_match", "regexp_matches", "regexp_replace", "regexp_split_to_array", "regr_avgx",
    "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "replace",
    "reverse", "right", "round", "row_number", "rtrim", "second", "sem", "sign", "sin", "skewness", "split_part", "sqrt",
    "starts_with", "stddev", "stddev_pop", "stddev_samp", "str_split", "strftime", "string_agg", "string_split",
    "string_to_array", "strip_accents", "strpos", "strptime", "struct_extract", "substr", "substring", "suffix", "sum",
    "sumkahan", "tan", "time_bucket", "to_days", "to_hours", "to_minutes", "to_months", "to_quarters", "to_seconds",
    "to_weeks", "to_years", "today", "translate", "trim", "trunc", "try_cast", "try_strptime", "ucase", "unicode", "unnest",
    "upper", "var_pop", "var_samp", "variance", "week", "weekday", "weekofyear", "xor", "year", "yearweek"
})  # fmt: skip
# keywords and types that stand before a parenthesis and call nothing
_BEFORE_PARENTHESES = frozenset({
    "all", "and", "any", "as", "between", "bigint", "by", "case", "char", "cube", "date", "decimal", "distinct", "double",
    "else", "except", "exclude", "exists", "filter", "from", "group", "having", "ilike", "in", "integer", "intersect",
    "interval", "is", "join", "like", "limit", "materialized", "not", "numeric", "offset", "on", "or", "order", "over",
    "partition", "qualify", "rename", "rollup", "select", "sets", "some", "then", "timestamp", "union", "using", "varchar",
    "when", "where", "with", "within"
})  # fmt: skip


class SqlRefused(BadInput):
    """The SQL is not one SELECT over this workbook."""

    code = "sql.refused"
    status = 422


@dataclass(frozen=True, slots=True)
class GuardedSql:
    """SQL that passed `check`; the only thing `query` runs.

    `tables` are the workbook's tables it reads. `rows_sql` lists for each the number, first and last id of the rows that
    its conditions select, or is None where the query is too nested to say so simply. `identified` is the same query with
    the row ids of `identifies` as its last columns, where its rows stand for rows of tables. `compared` are the literals
    that it looks for in columns.
    """

    sql: str
    tables: tuple[str, ...]
    rows_sql: str | None
    identified: str = ""
    identifies: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()


def check(sql: str, tables: Mapping[str, Sequence[str]]) -> GuardedSql:
    """Return the guarded form of `sql` for a workbook of `tables` (SQL name → column names); raises SqlRefused."""
    if len(sql) > _MAX_LENGTH:
        raise SqlRefused(f"the query has {len(sql)} characters.", fix=f"stay under {_MAX_LENGTH}.")
    try:
        return _check(sql, tables)
    except SqlglotError as error:
        reason = re.sub(r"\x1b\[\d+m", "", str(error)).split("\n")[0]
        raise SqlRefused(f"this is not DuckDB SQL: {reason}", fix="correct the syntax.") from None
    except (RecursionError, TypeError, AttributeError, IndexError, KeyError, ValueError):
        # what the parser trips over, such as DATE() or a thousand nested signs, is nothing an analyst writes
        raise SqlRefused("the query cannot be read.", fix="write it more simply.") from None


def _check(sql: str, tables: Mapping[str, Sequence[str]]) -> GuardedSql:
    root = _parse(sql)
    known = {name.casefold(): name for name in tables}
    used: dict[str, None] = {}
    reads = 0
    for count, node in enumerate(root.walk()):
        if count > _MAX_NODES:
            raise SqlRefused("the query is too long.", fix="ask for less in one query.")
        _check_node(node)
        if isinstance(node, exp.CTE):
            _check_cte(node)
        if isinstance(node, exp.Table):
            reads += 1
            used.update(dict.fromkeys(_check_table(node, known)))
    if reads > _MAX_TABLES:
        raise SqlRefused(f"the query names {reads} tables.", fix=f"stay within {_MAX_TABLES}.")
    _check_columns(root, tables, used)
    written = root.sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    # what came in and what goes out: the writer turns some names into others
    for text in (sql, written):
        _check_calls(text, root)
    identified, identifies = lineage.identified(root, tables)
    return GuardedSql(
        sql=written,
        tables=tuple(used),
        rows_sql=_rows_sql(root, tables, known),
        identified=identified,
        identifies=identifies,
        compared=lineage.compared(root, tables),
    )


def rows_query(guarded: GuardedSql) -> GuardedSql | None:
    """Return the query that counts the rows which `guarded` reads, or None where that is not known."""
    return None if guarded.rows_sql is None else GuardedSql(guarded.rows_sql, guarded.tables, None)


def _parse(sql: str) -> exp.Expr:
    statements = [s for s in sqlglot.parse(sql, read="duckdb") if s is not None and not isinstance(s, exp.Semicolon)]
    if len(statements) != 1:
        raise SqlRefused(f"{len(statements)} statements were given.", fix="give one SELECT.")
    root = statements[0]
    if not isinstance(root, exp.Select | exp.SetOperation | exp.Subquery):
        kind = type(root).__name__.upper()
        raise SqlRefused(f"{kind} is not allowed.", fix="give one SELECT that only reads.")
    return _without_zones(root)


def _without_zones(root: exp.Expr) -> exp.Expr:
    """Return the query with moments in UTC in place of those with a time zone, which nothing here could show."""
    for kind in list(root.find_all(exp.DataType)):
        if kind.this in {exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ}:
            kind.set("this", exp.DataType.Type.TIMESTAMP)
    for now in list(root.find_all(exp.CurrentTimestamp, exp.Anonymous)):
        if isinstance(now, exp.CurrentTimestamp) or now.name.casefold() == "now":
            now.replace(exp.cast(now.copy(), exp.DataType.Type.TIMESTAMP))
    return root


def _check_node(node: exp.Expr) -> None:
    if not isinstance(node, _NODES):
        raise SqlRefused(f"{type(node).__name__} is not allowed here.", fix="use plain SELECT syntax.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise SqlRefused("a recursive query is not allowed.", fix="write it without WITH RECURSIVE.")
    if isinstance(node, exp.Select) and (node.args.get("into") or node.args.get("sample") or node.args.get("laterals")):
        raise SqlRefused("INTO, SAMPLE and LATERAL are not allowed.", fix="give one SELECT that only reads.")
    if isinstance(node, exp.Unnest) and isinstance(node.parent, exp.From | exp.Join | exp.Table):
        raise SqlRefused("UNNEST makes no table here.", fix="put it into the select list.")
    if isinstance(node, _COMPARISONS) and isinstance(node.this, _COMPARISONS):
        raise SqlRefused("comparisons are chained.", fix="join them by AND.")  # DuckDB reads no `a < b < c`
    if isinstance(node, exp.Join) and node.args.get("method") == "NATURAL":
        raise SqlRefused("NATURAL JOIN would also join the row ids.", fix="name the columns: JOIN … USING (…).")


def _check_calls(text: str, root: exp.Expr) -> None:
    """Check every name that stands before a parenthesis, as DuckDB will read it."""
    with_columns = Counter(a.name.casefold() for a in root.find_all(exp.TableAlias) if a.columns)
    tokens = sqlglot.tokenize(text, read="duckdb")
    for token, following in itertools.pairwise(tokens):
        name = token.text.casefold().rpartition(" ")[2]  # GROUPING SETS is one token
        is_literal = token.token_type in {TokenType.NUMBER, TokenType.STRING}
        if following.token_type != TokenType.L_PAREN or is_literal or not any(c.isalnum() for c in name):
            continue
        if name in _FUNCTIONS or (token.token_type != TokenType.IDENTIFIER and name in _BEFORE_PARENTHESES):
            continue
        if with_columns[name] > 0:
            with_columns[name] -= 1  # an alias that names its columns, once for each such alias
            continue
        nearest = [n for n in difflib.get_close_matches(name, _FUNCTIONS, n=2, cutoff=_TYPO) if n != name]
        fix = f"use {nearest[0]}." if nearest else "use an ordinary aggregate, date, text or number function."
        raise SqlRefused(f"the function {name} is not allowed.", fix=fix)


def _check_cte(node: exp.CTE) -> None:
    name = node.alias_or_name.casefold()
    if re.fullmatch(r"[a-z]\w*", name) is None or name.startswith(_CATALOGUE):
        raise SqlRefused(f"{node.alias_or_name} cannot name a WITH query.", fix="choose another name, such as part1.")


def _visible_ctes(node: exp.Expr) -> Iterator[str]:
    """Yield the WITH names that a table reference can mean: those before its own, and those of outer queries."""
    child: exp.Expr = node
    while (parent := child.parent) is not None:
        if isinstance(parent, exp.With):
            names = [cte.alias_or_name.casefold() for cte in parent.expressions]
            yield from names[: parent.expressions.index(child)]
            child = parent.parent or parent
        else:
            with_ = parent.args.get("with_")
            yield from (cte.alias_or_name.casefold() for cte in (with_.expressions if with_ else ()))
            child = parent


def _check_table(node: exp.Table, known: Mapping[str, str]) -> list[str]:
    name = node.name.casefold()
    if not isinstance(node.this, exp.Identifier) or node.db or node.catalog:
        raise SqlRefused(f"{node.sql(dialect='duckdb')} is not a table of this workbook.", fix=_listed(known.values()))
    if name in set(_visible_ctes(node)):
        return []
    if name in known:
        return [known[name]]
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    fix = f"did you mean {known[nearest[0]]}?" if nearest else _listed(known.values())
    raise SqlRefused(f"there is no table {node.name}.", fix=fix)


def _check_columns(root: exp.Expr, tables: Mapping[str, Sequence[str]], used: Iterable[str]) -> None:
    known = {column.casefold(): column for table in used for column in (*tables[table], ROW_ID)}
    made = {a.alias.casefold() for a in root.find_all(exp.Alias)}
    made |= {name.casefold() for alias in root.find_all(exp.TableAlias) for name in _column_names(alias)}
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


def _column_names(alias: exp.TableAlias) -> list[str]:
    return [column.name for column in alias.columns]


def _rows_sql(root: exp.Expr, tables: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> str | None:
    """Return SQL for the rows that a plain SELECT … FROM … JOIN … WHERE reads; None for anything more nested."""
    nested = (exp.Subquery, exp.SetOperation, exp.CTE, exp.Exists)
    if not isinstance(root, exp.Select) or root.find(*nested) or len(list(root.find_all(exp.Select))) > 1:
        return None
    joins: list[exp.Join] = root.args.get("joins") or []
    if any(join.args.get("kind") in {"SEMI", "ANTI"} for join in joins) or any(
        a.columns for a in root.find_all(exp.TableAlias)
    ):
        return None
    where: exp.Where | None = root.args.get("where")
    columns = {column.casefold() for names in tables.values() for column in (*names, ROW_ID)}
    if where is not None and any(column.name.casefold() not in columns for column in where.find_all(exp.Column)):
        return None  # a condition on an alias of the select list
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
