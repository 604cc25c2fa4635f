"""What a query's conditions keep of a column in every row of its result: values that people name, and months. Pure.

A condition is tried on the values that a column is known to have and on those it names; one that cannot be tried says
nothing.
"""

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import partial

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.chat import labels
from chatsheet.chat.events import Kept
from chatsheet.sheets.model import Column, Workbook

_Value = str | int | float | date | None
_ORDERS: Mapping[type[exp.Expr], frozenset[int]] = {
    exp.EQ: frozenset({0}),
    exp.NEQ: frozenset({-1, 1}),
    exp.LT: frozenset({-1}),
    exp.LTE: frozenset({-1, 0}),
    exp.GT: frozenset({1}),
    exp.GTE: frozenset({0, 1}),
}
_MOST_VALUES = 20
_MOST_MONTHS = 240
_MOST_YEARS = 20
_PARTS: Mapping[type[exp.Expr], Callable[[date], int]] = {
    exp.Year: lambda day: day.year,
    exp.Quarter: lambda day: (day.month + 2) // 3,
    exp.Month: lambda day: day.month,
}
_NAMED_PARTS: Mapping[str, type[exp.Expr]] = {"YEAR": exp.Year, "QUARTER": exp.Quarter, "MONTH": exp.Month}


class _UntriableError(Exception):
    """A condition is of a kind that is not tried."""


def kept(sql: str, workbook: Workbook, tables: Mapping[str, object]) -> tuple[Kept, ...]:
    """Return what conditions keep of the columns of `tables`: those on all rows, and those of one output alone."""
    try:
        root = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return ()
    columns = {column.name.casefold(): column for name in tables if (table := workbook.table(name)) for column in table.columns}
    named = {one.alias.casefold(): one.this for one in root.find_all(exp.CTE)}
    texts = _texts(root)
    by_column: dict[tuple[str, int | None], list[exp.Expr]] = {}
    own = ((one, output) for output, conditions in enumerate(_of_outputs(root, named)) for one in conditions)
    for condition, output in (*((one, None) for one in _conditions(root, named)), *own):
        names = {column.name.casefold() for column in condition.find_all(exp.Column)}
        if len(names) == 1 and (name := names.pop()) in columns:
            by_column.setdefault((name, output), []).append(condition)
    found = (_kept(columns[name], conditions, texts.get(name, []), output) for (name, output), conditions in by_column.items())
    return tuple(one for one in found if one is not None)


def _texts(root: exp.Expr) -> dict[str, list[str]]:
    """Return the texts that a query compares each column with."""
    found: dict[str, list[str]] = {}
    for literal in root.find_all(exp.Literal):
        beside = literal.find_ancestor(exp.Predicate)
        names = {column.name.casefold() for column in beside.find_all(exp.Column)} if beside is not None else set[str]()
        if literal.is_string and len(names) == 1 and "%" not in literal.name:
            found.setdefault(names.pop(), []).append(literal.name)
    return found


def _of_outputs(node: exp.Expr, named: Mapping[str, exp.Expr]) -> Iterator[list[exp.Expr]]:
    """Yield the conditions of each output alone: those of a FILTER, and of a CASE that is aggregated."""
    select = node.unnest()
    if isinstance(select, exp.Select):
        yield from (list(_own(output, select, named)) for output in select.expressions)


def _own(output: exp.Expr, select: exp.Select, named: Mapping[str, exp.Expr]) -> Iterator[exp.Expr]:
    made = output.unalias()
    if isinstance(made, exp.Column):  # taken from a query inside
        inner = _source(select, named)
        behind = [one for one in inner.expressions if one.alias_or_name.casefold() == made.name.casefold()] if inner else []
        if inner is not None and len(behind) == 1:
            yield from _own(behind[0], inner, {name: one for name, one in named.items() if one is not inner})
        return
    for part in made.find_all(exp.Filter, exp.Case, exp.CountIf):
        condition = _condition(part)
        if condition is not None:
            yield from (one.unnest() for one in (condition.flatten() if isinstance(condition, exp.And) else (condition,)))


def _condition(part: exp.Expr) -> exp.Expr | None:
    if isinstance(part, exp.Filter):
        return part.expression.this.unnest()
    if isinstance(part, exp.CountIf):
        return part.this.unnest()
    branches: list[exp.If] = part.args.get("ifs") or []
    default = part.args.get("default")
    is_left_out = default is None or isinstance(default, exp.Null) or default.name == "0"
    is_single = len(branches) == 1 and part.this is None and part.find_ancestor(exp.AggFunc) is not None
    return branches[0].this.unnest() if is_single and is_left_out else None


def _source(select: exp.Select, named: Mapping[str, exp.Expr]) -> exp.Select | None:
    """Return the query that a query takes its only rows from."""
    start = select.args.get("from_") or select.args.get("from")
    if not isinstance(start, exp.From) or select.args.get("joins"):
        return None
    inner = start.this.this if isinstance(start.this, exp.Subquery) else named.get(start.this.name.casefold())
    return inner if isinstance(inner, exp.Select) else None


def _conditions(node: exp.Expr, named: Mapping[str, exp.Expr]) -> Iterator[exp.Expr]:
    """Yield the conditions that every row meets, those of the queries that it is taken from too."""
    node = node.unnest()
    if not isinstance(node, exp.Select):
        return
    if isinstance(where := node.args.get("where"), exp.Where):
        condition = where.this.unnest()
        yield from (one.unnest() for one in (condition.flatten() if isinstance(condition, exp.And) else (condition,)))
    start = node.args.get("from_") or node.args.get("from")
    if not isinstance(start, exp.From) or any(join.side for join in node.args.get("joins") or ()):
        return
    source = start.this
    if isinstance(source, exp.Subquery):
        yield from _conditions(source.this, named)
    elif isinstance(source, exp.Table) and (known := named.get(source.name.casefold())) is not None:
        yield from _conditions(known, {name: one for name, one in named.items() if one is not known})


def _kept(column: Column, conditions: list[exp.Expr], texts: list[str], output: int | None) -> Kept | None:
    try:
        if column.type in {"date", "datetime"}:
            found = _kept_months(column, conditions)
        elif column.type == "text":
            found = _kept_texts(column, conditions, texts)
        elif column.type == "integer" and "year" in labels.meanings(column.name):
            found = _kept_years(column, conditions)
        else:
            return None
    except _UntriableError:
        return None
    return None if found is None else found.model_copy(update={"output": output})


def _kept_texts(column: Column, conditions: list[exp.Expr], named: list[str]) -> Kept | None:
    by_fold = {value.casefold(): value for value in (*named, *(top.value for top in column.profile.top))}
    values = list(by_fold.values())[:_MOST_VALUES]
    wanted = tuple(value for value in values if all(_holds(one, value) for one in conditions))
    if not wanted:
        return None
    return Kept(column=column.name, wanted=wanted, others=tuple(value for value in values if value not in wanted))


def _kept_months(column: Column, conditions: list[exp.Expr]) -> Kept | None:
    known = [day for one in (column.profile.minimum, column.profile.maximum) if (day := _day(str(one))) is not None]
    if not known:
        return None
    for literal in (one for part in conditions for one in part.find_all(exp.Literal)):
        if (day := _day(literal.name)) is not None:
            known.append(day)
        elif re.fullmatch(r"(?:19|20)\d\d", literal.name):
            known += [date(int(literal.name), 1, 1), date(int(literal.name), 12, 31)]
    first, last = min(known), max(known)
    months = [(m // 12, m % 12 + 1) for m in range(12 * first.year + first.month - 1, 12 * last.year + last.month)]
    if len(months) > _MOST_MONTHS:
        return None
    wanted = tuple(f"{y}-{m:02}" for y, m in months if any(all(_holds(one, day) for one in conditions) for day in _days(y, m)))
    return Kept(column=column.name, wanted=wanted, is_time=True)


def _kept_years(column: Column, conditions: list[exp.Expr]) -> Kept | None:
    ends = [int(one) for one in (column.profile.minimum, column.profile.maximum) if isinstance(one, int | float)]
    named = [int(one.name) for part in conditions for one in part.find_all(exp.Literal) if one.name.isdecimal()]
    if not named or not all(1900 <= year <= 2100 for year in (*ends, *named)):  # noqa: PLR2004  years
        return None
    if not ends and not all(isinstance(one, exp.EQ | exp.In) for one in conditions):
        return None
    years = [
        year for year in range(min([*ends, *named]), max([*ends, *named]) + 1) if all(_holds(one, year) for one in conditions)
    ]
    if len(years) > _MOST_YEARS:
        return None
    wanted = tuple(f"{year}-{month:02}" for year in years for month in range(1, 13))
    return Kept(column=column.name, wanted=wanted, is_time=True)


def _days(year: int, month: int) -> Iterator[date]:
    return (date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1))


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _holds(condition: exp.Expr, value: _Value) -> bool:
    """Return whether a value meets a condition on its only column."""
    holds = partial(_holds, value=value)
    match condition:
        case exp.Paren():
            return holds(condition.this)
        case exp.And() | exp.Or():
            return (all if isinstance(condition, exp.And) else any)(holds(one) for one in (condition.left, condition.right))
        case exp.Not():
            return not holds(condition.this)
        case exp.Is() if isinstance(condition.expression, exp.Null):
            return False
        case exp.Like() | exp.ILike():
            is_loose = isinstance(condition, exp.ILike)
            return _is_like(_value(condition.this, value), _value(condition.expression, value), is_loose=is_loose)
        case _:
            return _is_in(condition, value)


def _is_in(condition: exp.Expr, value: _Value) -> bool:
    if isinstance(condition, exp.In) and condition.expressions:
        return any(_compare(condition.this, one, value) == 0 for one in condition.expressions)
    if isinstance(condition, exp.Between):
        low, high = condition.args["low"], condition.args["high"]
        return _compare(condition.this, low, value) >= 0 and _compare(condition.this, high, value) <= 0
    if isinstance(condition, exp.Binary) and (orders := _ORDERS.get(type(condition))) is not None:
        return _compare(condition.left, condition.right, value) in orders
    raise _UntriableError


def _compare(one: exp.Expr, other: exp.Expr, value: _Value) -> int:
    some, others = _value(one, value), _value(other, value)
    if isinstance(some, date) and isinstance(others, str):
        others = _day(others)
    if isinstance(others, date) and isinstance(some, str):
        some = _day(some)
    if isinstance(some, str) and isinstance(others, str):
        return (some > others) - (some < others)
    if isinstance(some, date) and isinstance(others, date):
        return (some > others) - (some < others)
    if isinstance(some, int | float) and isinstance(others, int | float):
        return (some > others) - (some < others)
    raise _UntriableError


def _value(node: exp.Expr, value: _Value) -> _Value:
    """Return what an expression over the only column gives for a value of it."""
    match node:
        case exp.Column():
            return value
        case exp.Literal():
            return node.name if node.is_string else float(node.name)
        case exp.Paren() | exp.Cast() | exp.TryCast() | exp.TsOrDsToDate() | exp.Trim():
            return _value(node.this, value)
        case exp.Lower() | exp.Upper():
            text = _value(node.this, value)
            if isinstance(text, str):
                return text.lower() if node.key == "lower" else text.upper()
        case exp.Year() | exp.Quarter() | exp.Month():
            return _part(type(node), _value(node.this, value))
        case exp.Extract() if (part := _NAMED_PARTS.get(node.name.upper())) is not None:
            return _part(part, _value(node.expression, value))
        case exp.DateTrunc() | exp.TimestampTrunc():
            return _truncated(node, _value(node.this, value))
        case _:
            pass
    raise _UntriableError


def _part(part: type[exp.Expr], day: _Value) -> int:
    if not isinstance(day, date):
        raise _UntriableError
    return _PARTS[part](day)


def _truncated(node: exp.Expr, day: _Value) -> date:
    unit = str(node.args["unit"].name).upper()
    if not isinstance(day, date) or unit not in {"YEAR", "QUARTER", "MONTH"}:
        raise _UntriableError
    month = {"YEAR": 1, "QUARTER": (day.month - 1) // 3 * 3 + 1, "MONTH": day.month}[unit]
    return date(day.year, month, 1)


def _is_like(text: _Value, pattern: _Value, *, is_loose: bool) -> bool:
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise _UntriableError
    parts = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL | (re.IGNORECASE if is_loose else 0)) is not None
