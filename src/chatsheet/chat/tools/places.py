"""Tables, columns and rows as arguments name them: a spelling with one meaning is taken, else the nearest is told."""

import re
from dataclasses import dataclass

from chatsheet.chat.tools import handles, nearest
from chatsheet.chat.tools.model import Moment, ToolRefused
from chatsheet.sheets.model import ROW_ID, Column, Table

_LARGEST_ROW = 2**53
_MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """Ranges of rows, ends included; empty for any."""

    lows: tuple[int, ...] = ()
    highs: tuple[int, ...] = ()

    @property
    def condition(self) -> str:
        """The ranges as SQL."""
        ranges = zip(self.lows, self.highs, strict=True)
        return " OR ".join(f"{ROW_ID} BETWEEN {low} AND {high}" for low, high in ranges)


def table_named(name: str, moment: Moment) -> Table:
    """Return the table that a name, or a tab, means; raises ToolRefused."""
    workbook = moment.opened.workbook
    exact = [table for table in workbook.tables if table.id.casefold() == name.casefold()]
    meant = exact or [table for table in workbook.tables if nearest.is_same(name, table.id, table.tab)]
    if len(meant) == 1:
        return meant[0]
    if re.fullmatch(r"r\d+", name.casefold()) and handles.results(moment.log):
        raise handles.unknown(name, moment.log, workbook)
    raise ToolRefused(f"there is no table {name};", fix=nearest.tables(name, workbook))


def column_named(name: str, *tables: Table) -> Column:
    """Return the column that a name, or a header, means in any of the tables; raises ToolRefused."""
    every = [column for table in tables for column in table.columns]
    exact = [column for column in every if column.name.casefold() == name.casefold()]
    meant = exact or [column for column in every if nearest.is_same(name, column.name, column.label)]
    if len({column.name for column in meant}) == 1:
        return meant[0]
    where = tables[0].id if len(tables) == 1 else "any table"
    raise ToolRefused(f"there is no column {name} in {where};", fix=nearest.columns(name, tables))


def rows_named(text: str) -> Rows:
    """Return the rows that `5,9` or `10-30` name; raises ToolRefused."""
    if text.strip().casefold() in {"all", "*"}:
        return Rows()
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*(?:-|\u2013|\.\.|:)\s*", "-", text.strip(" []"))) if part]
    ranges = [re.fullmatch(r"(\d{1,16})(?:-(\d{1,16}))?", part) for part in parts]
    if len(parts) > _MOST_PARTS or not all(ranges):
        raise ToolRefused(f"{text[:50]!r} names no rows;", fix=f"write ids like 5,9 or 10-30, at most {_MOST_PARTS}.")
    lows = tuple(int(found[1]) for found in ranges if found)
    highs = tuple(int(found[2] or found[1]) for found in ranges if found)
    if any(low > high or high > _LARGEST_ROW for low, high in zip(lows, highs, strict=True)):
        raise ToolRefused(f"{text[:50]!r} names no rows;", fix="the smaller id comes first.")
    return Rows(lows, highs)
