"""The tool that finds columns by words, offered where a workbook has more of them than a prompt should hold."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import Field

from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Tool, tool
from chatsheet.context import cards
from chatsheet.sheets.model import Column, Table, Workbook

WIDE = 150
"""How many columns a workbook has at most whose prompt names them all."""
_FOUND = 20


class Placed(Protocol):
    """A column and the table it stands in."""

    @property
    def table(self) -> Table:
        """Where it stands."""
        ...

    @property
    def column(self) -> Column:
        """What was found."""
        ...


class Search(Protocol):
    """Finds the columns that fit some words, the best first."""

    def __call__(self, workbook: Workbook, query: str, limit: int = ..., /) -> Sequence[Placed]:
        """Return at most `limit` columns."""
        ...


class SearchColumns(Arguments):
    """Find columns by words, with their types and values."""

    query: str = Field(max_length=500)


def offered(workbook: Workbook, search: Search) -> tuple[Tool, ...]:
    """Return the tool where the workbook is wide, and none where it is not."""
    if sum(len(table.columns) for table in workbook.tables) <= WIDE:
        return ()

    async def run(arguments: SearchColumns, moment: Moment) -> Outcome:
        found = search(moment.opened.workbook, arguments.query, _FOUND)
        if not found:
            tables = ", ".join(table.id for table in moment.opened.workbook.tables[:_FOUND])
            return Outcome(told=f"no column fits; use other words, or describe a table: {tables}.")
        return Outcome(told="\n".join(cards.table_card(table) for table in _tables(found)))

    return (tool("search_columns", SearchColumns, run),)


def _tables(found: Sequence[Placed]) -> list[Table]:
    """Return the tables of what was found, each with the columns found of it alone, the best first."""
    by_table: dict[str, list[Placed]] = {}
    for one in found:
        by_table.setdefault(one.table.id, []).append(one)
    return [placed[0].table.model_copy(update={"columns": tuple(one.column for one in placed)}) for placed in by_table.values()]
