"""What an edit may be, and what it does to a workbook's columns: closed values, checked by name and by type. Pure.

Values come as JSON or text and are read by the column's type; nothing is computed from them, so `=1+1` stays a text.
Rows, and everything that needs them, are the business of writer.py.
"""

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Annotated, Literal

import sqlglot
from pydantic import Field, JsonValue, TypeAdapter
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.core.errors import BadInput
from chatsheet.sheets import guard
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.ingest import names
from chatsheet.sheets.model import ROW_ID, Column, ColumnType, Profile, Table, Value, Workbook
from chatsheet.sheets.package import formula

MOST_EDITS = 1_000
MOST_CELLS = 100_000
SHOWN_CELLS = 200
"""Cells whose values before and after a change keeps; it counts the others."""

RECALCULATED, STALE = "recalculate", "stale"
FOLLOWING = (RECALCULATED, STALE)
"""Kinds of changes that follow from edits: formulas that were computed again, and those that could not be.

A table's name is empty where the cells stand outside of tables.
"""

TypedValue = str | int | float | bool | None
"""A value as its column's type keeps it in JSON: dates and times as ISO texts."""

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")


class EditRefused(BadInput):
    """The edit does not fit the sheet; nothing was written."""

    code = "edit.refused"
    status = 422


class CellValue(Value):
    """A value for one cell, named by row id and column."""

    row: int
    column: str
    value: JsonValue


class SetCells(Value):
    """Give some cells a value each."""

    kind: Literal["set"] = "set"
    table: str
    cells: Annotated[tuple[CellValue, ...], Field(min_length=1, max_length=MOST_CELLS)]


class Fill(Value):
    """Give a column one value, one SQL expression over its row, or a formula, in the rows named, those that match, or all.

    `formula` is Excel's, written for the first of these rows (`=B2*C2`) or in terms of columns (`=[@Price]*[@Count]`), and is
    kept. `is_formula` keeps the expression in the same way.
    """

    kind: Literal["fill"] = "fill"
    table: str
    column: str
    rows: Annotated[tuple[int, ...], Field(max_length=MOST_CELLS)] | None = None
    where: str = ""
    value: JsonValue = None
    expression: str = ""
    formula: str = ""
    is_formula: bool = False


class InsertRows(Value):
    """Put new rows behind the row `after`, in front of the row `before`, or at the end; values by column name."""

    kind: Literal["insert_rows"] = "insert_rows"
    table: str
    rows: Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=1, max_length=50_000)]
    after: int | None = None
    before: int | None = None


class DeleteRows(Value):
    """Remove the rows named, or those that match; one of the two must be given."""

    kind: Literal["delete_rows"] = "delete_rows"
    table: str
    rows: Annotated[tuple[int, ...], Field(max_length=MOST_CELLS)] | None = None
    where: str = ""


class AddColumn(Value):
    """Add a column behind the last: empty, with one value, or computed by an expression or formula that is kept.

    With a formula, a column that is not said to be of another type than text is of the type that the formula gives.
    """

    kind: Literal["add_column"] = "add_column"
    table: str
    label: str
    type: ColumnType = "text"
    value: JsonValue = None
    expression: str = ""
    formula: str = ""


class RenameColumn(Value):
    """Give a column another header, and the SQL name that follows from it."""

    kind: Literal["rename_column"] = "rename_column"
    table: str
    column: str
    label: str


class RetypeColumn(Value):
    """Read a column as another type; what does not parse is counted, and its text is kept beside it."""

    kind: Literal["retype_column"] = "retype_column"
    table: str
    column: str
    type: ColumnType


class DeleteColumn(Value):
    """Remove a column."""

    kind: Literal["delete_column"] = "delete_column"
    table: str
    column: str


Edit = Annotated[
    SetCells | Fill | InsertRows | DeleteRows | AddColumn | RenameColumn | RetypeColumn | DeleteColumn,
    Field(discriminator="kind"),
]
EDITS: TypeAdapter[tuple[Edit, ...]] = TypeAdapter(Annotated[tuple[Edit, ...], Field(min_length=1, max_length=MOST_EDITS)])


class CellChange(Value):
    """One cell before and after."""

    row: int
    column: str
    before: JsonValue
    after: JsonValue


class Change(Value):
    """What one edit changed: every cell where `is_complete`, else counts and the first cells."""

    kind: str
    table: str
    columns: tuple[str, ...]
    rows: int
    cells: int
    sample: tuple[CellChange, ...] = ()
    is_complete: bool = True
    notes: tuple[str, ...] = ()

    def touches(self, row: int, column: str) -> bool | None:
        """Tell whether the cell is among the changed ones; None where only its column is known to be."""
        if any(cell.row == row and cell.column == column for cell in self.sample):
            return True
        return None if not self.is_complete and column in self.columns else False


class EditPreview(Value):
    """What edits would do to a version."""

    version: str
    changes: tuple[Change, ...]
    formulas: Impact = Impact()
    """What they would do to formulas: the first cells, and counts of all."""


def parse(value: JsonValue, column: Column) -> TypedValue:
    """Return a value of the column's type; an empty text is an empty cell. Raises EditRefused, guesses nothing."""
    if value is None or value == "":
        return None
    parsed = None if isinstance(value, list | dict) else _parse(value, column.type)
    if parsed is None:
        raise EditRefused(f"{value!r} is no {column.type}, the type of {column.name}.", fix="correct it, or retype the column.")
    return parsed


def _parse(value: str | float, kind: ColumnType) -> TypedValue:
    written = str(value).lower() if isinstance(value, bool) else str(value)
    text = written.strip()
    try:
        match kind:
            case "text":
                return written
            case "boolean":
                return _BOOLEANS.get(text.casefold())
            case "integer" | "decimal":
                return None if isinstance(value, bool) or not _NUMBER.fullmatch(text) else _number(text, kind)
            case "date":
                return date.fromisoformat(text).isoformat()
            case "datetime":
                return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(sep=" ")
            case "time":
                return time.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _number(text: str, kind: Literal["integer", "decimal"]) -> int | float | None:
    if kind == "decimal":
        return number if math.isfinite(number := float(text)) else None
    whole = re.fullmatch(r"([+-]?\d{1,19})(\.0*)?", text)
    return number if whole and abs(number := int(whole[1])) < 2**63 else None


def one_content(edit: Fill | AddColumn) -> None:
    """Check that a fill says once what to write, and that its formula stays inside the workbook.

    Raises EditRefused, FormulaForbidden.
    """
    if sum((edit.value is not None, bool(edit.expression), bool(edit.formula))) > 1:
        raise EditRefused("several of a value, an expression and a formula are given.", fix="give one of them.")
    if edit.formula and not edit.formula.startswith("="):
        raise EditRefused(f"{edit.formula!r} is no formula.", fix="begin it with =, or give it as an expression.")
    formula.require_safe(edit.formula, has_consent=False)


def from_text(kind: ColumnType, text: str) -> str:
    """Return the DuckDB SQL that reads the SQL expression `text`, a VARCHAR, as `parse` does; NULL where it does not parse."""
    trimmed = f"trim({text})"
    match kind:
        case "text":
            return f"nullif({text}, '')"
        case "integer":
            return f"CASE WHEN regexp_full_match({trimmed}, '[+-]?\\d+(\\.0*)?') THEN TRY_CAST({trimmed} AS BIGINT) END"
        case "decimal":
            number = "[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?"
            cast = f"TRY_CAST({trimmed} AS DOUBLE)"
            return f"CASE WHEN regexp_full_match({trimmed}, '{number}') AND isfinite({cast}) THEN {cast} END"
        case "boolean":
            says = " ".join(f"WHEN '{word}' THEN {meaning}" for word, meaning in _BOOLEANS.items())
            return f"CASE lower({trimmed}) {says} END"
        case "date":
            # a time of midnight is no loss
            shape = "\\d{4}-\\d{2}-\\d{2}([T ]00:00(:00(\\.0*)?)?)?"
            return f"CASE WHEN regexp_full_match({trimmed}, '{shape}') THEN TRY_CAST(left({trimmed}, 10) AS DATE) END"
        case "datetime":
            shape = "\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?)?"
            return f"CASE WHEN regexp_full_match({trimmed}, '{shape}') THEN TRY_CAST({trimmed} AS TIMESTAMP) END"
        case "time":
            shape = "\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?"
            return f"CASE WHEN regexp_full_match({trimmed}, '{shape}') THEN TRY_CAST({trimmed} AS TIME) END"


def written(column: Column, value: str) -> str:
    """Return the DuckDB SQL for a cell as text: whole numbers without a point."""
    text = f"CAST({value} AS VARCHAR)"
    return f"regexp_replace({text}, '\\.0$', '')" if column.type == "decimal" else text


def table_of(workbook: Workbook, name: str) -> Table:
    """Return a table by its SQL name; raises EditRefused with the nearest name."""
    if (table := workbook.table(name)) is None:
        raise EditRefused(f"there is no table {name}.", fix=_nearest(name, (t.id for t in workbook.tables)))
    return table


def column_of(table: Table, name: str) -> Column:
    """Return a column by its SQL name; raises EditRefused with the nearest name."""
    found = next((column for column in table.columns if column.name == name), None)
    if found is None:
        raise EditRefused(f"there is no column {name} in {table.id}.", fix=_nearest(name, (c.name for c in table.columns)))
    return found


def _nearest(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    near = difflib.get_close_matches(name.casefold(), listed, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(listed)}."


def named(table: Table, label: str, *, instead_of: str = "") -> str:
    """Return the SQL name for a header, free in its table."""
    if not label.strip():
        raise EditRefused("a column needs a name.", fix="give it a header.")
    taken = [name for column in table.columns if column.name != instead_of for name in (column.name, column.raw) if name]
    return names.sql_names([*taken, label.strip()], fallback="column")[-1]


def after(table: Table, edit: Edit) -> Table:
    """Return the table with the columns it has after `edit`; raises EditRefused. Rows and profiles stay as they were."""
    match edit:
        case AddColumn():
            name = named(table, edit.label)
            label = edit.label.strip()
            added = Column(name=name, label=label, letter="", type=edit.type, evidence="added", profile=empty(table.rows))
            columns = (*table.columns, added)
        case RenameColumn():
            column_of(table, edit.column)
            to = {"name": named(table, edit.label, instead_of=edit.column), "label": edit.label.strip()}
            columns = tuple(c.model_copy(update=to) if c.name == edit.column else c for c in table.columns)
        case DeleteColumn():
            column_of(table, edit.column)
            columns = tuple(c for c in table.columns if c.name != edit.column)
            if not columns:
                raise EditRefused(f"{edit.column} is the only column of {table.id}.", fix="keep it, or add another first.")
        case _:
            columns = table.columns
    return table.model_copy(update={"columns": columns})


def empty(rows: int) -> Profile:
    """Return what there is to say of a column without values."""
    return Profile(nulls=rows, distinct=0)


def selection(workbook: Workbook, table: Table, *, where: str, expression: str = "") -> GuardedSql:
    """Return the guarded SQL for row ids that match `where`, and `expression` over each as `_new`; raises SqlRefused."""
    chosen: list[exp.Expr] = [exp.column(ROW_ID)]
    if expression:
        chosen.append(exp.alias_(exp.paren(_expression(expression), copy=False), "_new"))
    query = exp.select(*chosen).from_(exp.to_table(table.id))
    if where:
        query = query.where(_expression(where))
    return guard.check(query.sql(dialect="duckdb"), {t.id: [c.name for c in t.columns] for t in workbook.tables})


def _expression(text: str) -> exp.Expr:
    try:
        found = sqlglot.parse(text, read="duckdb")
    except SqlglotError:
        found = []
    if len(found) != 1 or found[0] is None or isinstance(found[0], exp.Select | exp.SetOperation | exp.Command):
        raise EditRefused(f"{text!r} is no single SQL expression.", fix="give one, such as price * quantity.")
    return found[0]


def one_target(rows: Sequence[int] | None, where: str) -> None:
    """Check that rows are given by ids or by a condition, not both; raises EditRefused."""
    if rows is not None and where:
        raise EditRefused("rows are given twice, by ids and by a condition.", fix="give one of the two.")
