"""What a query stands on, told by code: its conditions, the rows and columns it uses, empty cells, units. Pure."""

from collections.abc import Iterator, Mapping, Sequence

import sqlglot
from pydantic import JsonValue
from sqlglot import exp

from chatsheet.chat import kept as keeping
from chatsheet.chat.events import Basis, ColumnUsed, Output, RowsUsed
from chatsheet.core import loose
from chatsheet.sheets import origins
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import ROW_ID, Column, Result, Unit, Workbook
from chatsheet.sheets.origins import Made

_KEEPS_UNIT = frozenset({"value", "sum", "average", "median", "minimum", "maximum", "difference"})
_LISTS = frozenset({"value", "distinct"})
"""Kinds of outputs that leave no row out where it has no value."""
_MOST_COUNTED = 8
_FIRST_COUNTED = 4  # after the table, its rows, the first and the last


def of(sql: str, workbook: Workbook, *, names: Sequence[str], counted: Result | None = None) -> Basis:
    """Return what a guarded query stands on, whose result has columns `names`.

    `counted` is what its counting query gave, where there was one.
    """
    read = origins.read(sql, _names(workbook))
    filters = origins.conditions(sql)
    empty = _empty(sql, workbook, counted)
    if counted is None and not filters:  # every row is used, and the profile has counted them
        empty = {(t, c): found.profile.nulls for t, c in _aggregated(sql, workbook) if (found := _column(workbook, t, c))}
    return Basis(
        rows=_rows(read, workbook, counted),
        filters=filters,
        columns=tuple(
            ColumnUsed(
                table=table,
                column=column,
                unit=_unit(workbook, table, column),
                nulls=empty.get((table, column)),
                stale=_stale(workbook, table, column),
            )
            for table, names in read.items()
            for column in names
        ),
        outputs=tuple(_outputs(sql, workbook, names)),
        kept=keeping.kept(sql, workbook, read),
    )


def counting(guarded: GuardedSql, workbook: Workbook) -> str | None:
    """Return SQL that counts the rows a query uses and, among them, those without a value in what it aggregates.

    Per table: its name, rows, first and last id, then one count per aggregated column. None where the query is too nested.
    """
    if guarded.rows_sql is None:
        return None
    parts = [part.copy() for part in _parts(sqlglot.parse_one(guarded.rows_sql, read="duckdb"))]
    aggregated = _aggregated(guarded.sql, workbook)
    for part in parts:
        alias = part.expressions[1].find(exp.Column).args["table"]
        for table, name in aggregated:
            here = table == part.expressions[0].this.name
            column = exp.column(exp.to_identifier(name, quoted=True), table=alias.copy())
            rows = exp.Count(this=exp.Distinct(expressions=[exp.column(ROW_ID, table=alias.copy())]))
            where = exp.Where(this=exp.Is(this=column, expression=exp.Null()))
            part.select(exp.Filter(this=rows, expression=where) if here else exp.Null(), copy=False)
    return " UNION ALL ".join(part.sql(dialect="duckdb") for part in parts)


def _parts(root: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(root, exp.SetOperation):
        yield from _parts(root.left)
        yield from _parts(root.right)
    elif isinstance(root, exp.Select):
        yield root


def _aggregated(sql: str, workbook: Workbook) -> tuple[tuple[str, str], ...]:
    made = origins.made(sql, _names(workbook))
    return tuple(dict.fromkeys(column for one in made if one.kind not in _LISTS for column in one.columns))[:_MOST_COUNTED]


def _empty(sql: str, workbook: Workbook, counted: Result | None) -> dict[tuple[str, str], int]:
    aggregated = _aggregated(sql, workbook)
    found: dict[tuple[str, str], int] = {}
    for row in () if counted is None else counted.rows:
        for column, nulls in zip(aggregated, row[_FIRST_COUNTED:], strict=False):
            if column[0] == row[0] and isinstance(nulls, int):
                found[column] = max(nulls, found.get(column, 0))
    return found


def _rows(read: Mapping[str, Sequence[str]], workbook: Workbook, counted: Result | None) -> tuple[RowsUsed, ...]:
    """Return which rows the conditions select; all rows of the tables where that was not counted."""
    if counted is not None:
        return tuple(_counted(row) for row in counted.rows)
    known = [table for name in read if (table := workbook.table(name)) is not None]
    return tuple(RowsUsed(table=table.id, rows=table.rows, first=None, last=None) for table in known)


def _counted(row: Sequence[JsonValue]) -> RowsUsed:
    table, rows, *ends = row[:_FIRST_COUNTED]
    first, last = (number if isinstance(number, int) else None for number in ends)
    return RowsUsed(table=str(table), rows=loose.number(rows), first=first, last=last)


def _outputs(sql: str, workbook: Workbook, names: Sequence[str]) -> Iterator[Output]:
    """Yield how each column of the result is made; by its name where a star hides the place."""
    made = origins.made(sql, _names(workbook))
    by_name = {one.name.casefold(): one for one in made}
    for place, name in enumerate(names):
        one = made[place] if len(made) == len(names) else by_name.get(name.casefold())
        if one is None:
            yield Output(name=name, is_certain=False)
        else:
            unit = _unit_of(one, workbook)
            yield Output(name=name, columns=one.columns, kind=one.kind, unit=unit, is_certain=one.is_certain, texts=one.texts)


def _unit_of(made: Made, workbook: Workbook) -> Unit:
    units = [_unit(workbook, table, column) for table, column in made.columns]
    is_one = made.kind in _KEEPS_UNIT and all(unit == units[0] for unit in units)
    return units[0] if is_one and units else Unit()


def _unit(workbook: Workbook, table: str, column: str) -> Unit:
    found = _column(workbook, table, column)
    return Unit() if found is None else found.unit


def _stale(workbook: Workbook, table: str, column: str) -> int:
    found = _column(workbook, table, column)
    return 0 if found is None or found.formula is None else found.formula.stale


def _column(workbook: Workbook, table: str, column: str) -> Column | None:
    known = workbook.table(table)
    return None if known is None else next((one for one in known.columns if one.name == column), None)


def _names(workbook: Workbook) -> dict[str, list[str]]:
    return {table.id: [column.name for column in table.columns] for table in workbook.tables}
