"""A window of a table for the grid: its order, filters and search as SQL of ours, with every value bound. Pure."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from chatsheet.core.errors import BadInput
from chatsheet.core.identity import Scalar
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column, Table, Value

Test = Literal[
    "equals",
    "not_equals",
    "one_of",
    "contains",
    "starts_with",
    "below",
    "at_most",
    "above",
    "at_least",
    "between",
    "empty",
    "filled",
]
_COMPARISONS: dict[Test, str] = {"below": "<", "at_most": "<=", "above": ">", "at_least": ">="}
_VALUES: dict[Test, int] = {"between": 2, "empty": 0, "filled": 0}
_MAX_VALUES = 1_000


class WindowInvalid(BadInput):
    """The order or filter asked for does not fit the table."""

    code = "window.invalid"


class Sort(Value):
    """One column to sort by; empty cells come last."""

    column: str
    is_descending: bool = False

    @classmethod
    def parse(cls, text: str) -> "Sort":
        """Return the order that `column`, `column:asc` or `column:desc` names."""
        column, _, direction = text.rpartition(":")
        return cls(column=column, is_descending=direction == "desc") if direction in {"asc", "desc"} else cls(column=text)


class Filter(Value):
    """A condition on one column; texts compare without case."""

    column: str
    test: Test
    values: tuple[Scalar, ...] = ()


class Window(Value):
    """A page of a table."""

    table: str
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=200, ge=0, le=1_000)
    sort: tuple[Sort, ...] = ()
    filters: tuple[Filter, ...] = ()
    search: str = ""
    """A text that some text column has to contain."""

    @property
    def is_plain(self) -> bool:
        """Whether all rows are asked for, in the table's own order."""
        return not (self.sort or self.filters or self.search)


@dataclass(frozen=True, slots=True)
class Paging:
    """`ids` gives the row ids of all pages, in order; `page` selects the rows of one, whose row ids are in `{places}`."""

    ids: str
    parameters: tuple[Scalar, ...]
    page: str


def order(window: Window, table: Table, placed: str) -> tuple[str, tuple[Scalar, ...]]:
    """Return the SQL of the row ids of all pages of a window, in order, and its parameters; raises WindowInvalid."""
    parameters: list[Scalar] = []
    wanted = [*conditions(window.filters, table, parameters), *_searched(window, table, parameters)]
    order = [_order(sort, _column(table, sort.column)) for sort in window.sort]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    ids = f"SELECT t.{ROW_ID} FROM ({placed}) AS t{where} ORDER BY {', '.join([*order, 't._pos'])}"  # noqa: S608  our own names
    return ids, tuple(parameters)


def plan(window: Window, table: Table, placed: str, picked: str) -> Paging:
    """Return the SQL of a window over the rows that `placed` gives with their position in the table, as `_pos`.

    `picked` gives those whose ids are in `{places}`, with their place there. Raises WindowInvalid for a column, test
    or value that does not fit.
    """
    listed = ", ".join(f't."{name}"' for name in (ROW_ID, *(column.name for column in table.columns)))
    ids, parameters = order(window, table, placed)
    page = f"SELECT {listed} FROM ({picked}) AS t ORDER BY t.place"  # noqa: S608  our own names
    return Paging(ids, parameters, page)


def _column(table: Table, name: str) -> Column:
    for column in table.columns:
        if column.name == name:
            return column
    nearest = difflib.get_close_matches(name, [column.name for column in table.columns], n=3, cutoff=0.4)
    raise WindowInvalid(f"{table.id} has no column {name}.", fix=f"nearest columns: {', '.join(nearest) or 'none'}.")


def _order(sort: Sort, column: Column) -> str:
    direction = "DESC" if sort.is_descending else "ASC"
    name = f't."{column.name}"'
    return f"{f'lower({name})' if column.type == 'text' else name} {direction} NULLS LAST"


def conditions(filters: Iterable[Filter], table: Table, parameters: list[Scalar]) -> Iterator[str]:
    """Yield the SQL of filters over the rows `t` of a table, and append what it binds; raises WindowInvalid."""
    for one in filters:
        column = _column(table, one.column)
        wanted = _VALUES.get(one.test, None if one.test == "one_of" else 1)
        if (wanted is not None and len(one.values) != wanted) or len(one.values) > _MAX_VALUES:
            raise WindowInvalid(
                f"{one.test} takes {wanted or f'up to {_MAX_VALUES}'} values, not {len(one.values)}.", fix="give as many."
            )
        yield _condition(one, column, parameters)


def _searched(window: Window, table: Table, parameters: list[Scalar]) -> Iterator[str]:
    if window.search:
        texts = [column.name for column in table.columns if column.type == "text"] or [column.name for column in table.columns]
        parameters.extend(_like(window.search) for _ in texts)
        either = " OR ".join(f"t.\"{name}\"::VARCHAR ILIKE ? ESCAPE '\\'" for name in texts)
        yield f"({either})"


def _condition(one: Filter, column: Column, parameters: list[Scalar]) -> str:
    name = f't."{column.name}"'
    if one.test in {"empty", "filled"}:
        return f"{name} IS {'' if one.test == 'empty' else 'NOT '}NULL"
    if one.test in {"contains", "starts_with"}:
        text = _like(str(one.values[0]))
        parameters.append(text if one.test == "contains" else text.removeprefix("%"))
        return f"{name}::VARCHAR ILIKE ? ESCAPE '\\'"
    is_text = column.type == "text"
    parameters.extend(str(value) if is_text else value for value in one.values)
    value = "lower(?::VARCHAR)" if is_text else f"?::{SQL_TYPES[column.type]}"
    name = f"lower({name})" if is_text else name
    match one.test:
        case "one_of":
            return f"{name} IN ({', '.join([value] * len(one.values)) or 'NULL'})"
        case "between":
            return f"{name} BETWEEN {value} AND {value}"
        case "not_equals":
            return f"{name} IS DISTINCT FROM {value}"
        case _:
            return f"{name} {_COMPARISONS.get(one.test, '=')} {value}"


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
