"""The tool that finds columns by words, offered where a workbook has more of them than a prompt should hold."""

from collections.abc import Sequence

from pydantic import Field

from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Tool, tool
from chatsheet.context import cards, search
from chatsheet.context.cards import WIDE
from chatsheet.context.search import Found
from chatsheet.sheets.model import Table, Workbook

_FOUND = 20


class SearchColumns(Arguments):
    """Find columns by words, with their types and values."""

    query: str = Field(max_length=500)


async def _run(arguments: SearchColumns, moment: Moment) -> Outcome:
    workbook = moment.opened.workbook
    found = search.search(workbook, arguments.query, _FOUND)
    if not found:
        tables = ", ".join(table.id for table in workbook.tables[:_FOUND])
        return Outcome(told=f"no column fits; use other words, or describe a table: {tables}.")
    return Outcome(told="\n".join(cards.table_card(table) for table in _tables(found)))


_TOOL = tool("search_columns", SearchColumns, _run)


def offered(workbook: Workbook) -> tuple[Tool, ...]:
    """Return the tool where the workbook is wide, and none where it is not."""
    return (_TOOL,) if sum(len(table.columns) for table in workbook.tables) > WIDE else ()


def _tables(found: Sequence[Found]) -> list[Table]:
    """Return the tables of what was found, each with the columns found of it alone, the best first."""
    by_table: dict[str, list[Found]] = {}
    for one in found:
        by_table.setdefault(one.table.id, []).append(one)
    return [placed[0].table.model_copy(update={"columns": tuple(one.column for one in placed)}) for placed in by_table.values()]
