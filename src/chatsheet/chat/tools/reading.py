"""The tools that read: overview, describe, run_sql. Every error names the nearest right thing."""

import contextlib
import difflib

from pydantic import Field, JsonValue

from chatsheet.chat import basis
from chatsheet.chat.events import Basis
from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Tool, ToolRefused, tool
from chatsheet.context import cards
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import Result
from chatsheet.sheets.query import Limits

_ROWS_FOR_MODEL = 30
_FOR_COUNTING = Limits(deadline_s=2.0, max_rows=50)


class Overview(Arguments):
    """List the tables of the workbook with their size."""


class Describe(Arguments):
    """Describe the columns of one table: types, frequent values, ranges."""

    table: str


class RunSql(Arguments):
    """Run one read-only DuckDB SELECT over the workbook and get its rows."""

    purpose: str = Field(default="", description="what the query finds out, in a few words")
    sql: str = Field(description="one DuckDB SELECT statement")


async def _overview(_: Overview, moment: Moment) -> Outcome:
    tables: list[JsonValue] = [
        {"table": t.id, "tab": t.tab, "range": t.range, "rows": t.rows, "columns": [c.name for c in t.columns]}
        for t in moment.opened.workbook.tables
    ]
    return Outcome(told={"tables": tables})


async def _describe(arguments: Describe, moment: Moment) -> Outcome:
    table = moment.opened.workbook.table(arguments.table)
    if table is None:
        names = [t.id for t in moment.opened.workbook.tables]
        nearest = difflib.get_close_matches(arguments.table, names, n=1, cutoff=0.3)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the tables are {', '.join(names)}."
        raise ToolRefused(f"there is no table {arguments.table};", fix=hint)
    return Outcome(told=cards.table_card(table))


async def _run_sql(arguments: RunSql, moment: Moment) -> Outcome:
    questions = moment.questions
    guarded = questions.check(arguments.sql)
    result = await questions.run(guarded)
    return Outcome(
        told=_for_model(result),
        sql=guarded.sql,
        purpose=arguments.purpose,
        result=result,
        basis=await _basis(moment, guarded, result),
    )


async def _basis(moment: Moment, guarded: GuardedSql, result: Result) -> Basis:
    """Return what a query stands on; what takes too long to count is left open."""
    counted = None
    if (counting := basis.counting(guarded, moment.opened.workbook)) is not None:
        with contextlib.suppress(ChatSheetError):  # the answer is there; only the exact rows are not known
            counted = await moment.questions.run(moment.questions.check(counting), _FOR_COUNTING)
    names = [column.name for column in result.columns]
    return basis.of(guarded.sql, moment.opened.workbook, names=names, counted=counted)


def _for_model(result: Result) -> JsonObject:
    return {
        "columns": [column.name for column in result.columns],
        "rows": [list(row) for row in result.rows[:_ROWS_FOR_MODEL]],
        "row_count": result.row_count,
    }


TOOLS: tuple[Tool, ...] = (
    tool("describe", Describe, _describe),
    tool("overview", Overview, _overview),
    tool("run_sql", RunSql, _run_sql),
)
"""The reading tools, sorted by name."""
