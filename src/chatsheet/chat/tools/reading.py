"""The tools that read: overview, describe, find_values, get_rows, run_sql. Every error names the nearest right thing."""

from pydantic import Field

from chatsheet.chat.tools import handles, overview, querying, telling
from chatsheet.chat.tools.model import Arguments, Moment, Outcome, Tool, tool
from chatsheet.chat.tools.places import column_named, rows_named, table_named
from chatsheet.chat.tools.telling import Room
from chatsheet.context import cards
from chatsheet.sheets.model import ROW_ID, Table

_MOST_ROWS = 30
_MOST_CARDS = 60
_FOUND = 10


class Overview(Arguments):
    """List tabs and tables: ranges, sizes, notes, what is hidden or odd."""


class Describe(Arguments):
    """Describe a table's columns in full: types, values, ranges."""

    table: str = Field(description="table or handle")
    columns: tuple[str, ...] = ()


class FindValues(Arguments):
    """Find how a text is written in the data."""

    text: str
    table: str = ""
    column: str = ""


class GetRows(Arguments):
    """Read single rows."""

    table: str = Field(description="table or handle")
    rows: str = Field(default="", description="row ids like 5,9 or 10-30")
    columns: tuple[str, ...] = ()


class RunSql(Arguments):
    """Run one read-only DuckDB SELECT over tables and earlier results (handles such as r1)."""

    purpose: str = Field(default="", description="in a few words")
    sql: str


async def _overview(_: Overview, moment: Moment) -> Outcome:
    return Outcome(told=overview.of(moment.opened.workbook))


async def _describe(arguments: Describe, moment: Moment) -> Outcome:
    workbook = moment.opened.workbook
    if (earlier := handles.result(arguments.table, moment.log, workbook)) is not None and earlier.result is not None:
        columns = [f"{column.name} {column.type}" for column in earlier.result.columns]
        return Outcome(told={"columns": [*columns], "row_count": earlier.result.row_count, "sql": earlier.sql})
    table = table_named(arguments.table, moment)
    columns = [column_named(name, table) for name in arguments.columns]
    if not columns and len(table.columns) > _MOST_CARDS:
        names = ", ".join(column.name for column in table.columns)
        return Outcome(told=f"{table.id} has {len(table.columns)} columns: {names}. Name those to describe.")
    shown = columns[:_MOST_CARDS] or list(table.columns)
    return Outcome(told=cards.table_card(table.model_copy(update={"columns": tuple(shown)})))


async def _find_values(arguments: FindValues, moment: Moment) -> Outcome:
    tables = [table_named(arguments.table, moment)] if arguments.table else list(moment.opened.workbook.tables)
    column = column_named(arguments.column, *tables).name if arguments.column else None
    table = tables[0].id if arguments.table else None
    found = await moment.questions.find_values(arguments.text, table=table, column=column, limit=_FOUND)
    if not found:
        return Outcome(told=f"no text is like {arguments.text[:100]!r}.")
    return Outcome(told={"values": [{"in": f"{f.table}.{f.column}", "value": f.value, "rows": f.rows} for f in found]})


async def _get_rows(arguments: GetRows, moment: Moment) -> Outcome:
    room = Room(rows=_MOST_ROWS)
    wanted = rows_named(arguments.rows)
    earlier = handles.result(arguments.table, moment.log, moment.opened.workbook)
    if earlier is not None:
        first, last = (min(wanted.lows), max(wanted.highs)) if wanted.lows else (1, _MOST_ROWS)
        listed = ", ".join(map(_quoted, arguments.columns)) or "*"
        sql = f"SELECT {listed} FROM {earlier.handle} LIMIT {min(last - first + 1, _MOST_ROWS)} OFFSET {max(0, first - 1)}"  # noqa: S608  the guard reads it
        return await querying.outcome(sql, moment, purpose=f"rows of {earlier.handle}", room=room)
    table = table_named(arguments.table, moment)
    where = f" WHERE {wanted.condition}" if wanted.condition else ""
    sql = f"SELECT {_listed(arguments, table)} FROM {_quoted(table.id)}{where} ORDER BY {ROW_ID} LIMIT {_MOST_ROWS}"  # noqa: S608  likewise
    return await querying.outcome(sql, moment, purpose=f"rows of {table.id}", room=room)


def _listed(arguments: GetRows, table: Table) -> str:
    names = [column_named(name, table).name for name in arguments.columns if name.casefold() != ROW_ID]
    return ", ".join([ROW_ID, *map(_quoted, names or [column.name for column in table.columns])])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _run_sql(arguments: RunSql, moment: Moment) -> Outcome:
    return await querying.outcome(arguments.sql, moment, purpose=arguments.purpose)


async def _run_sql_in_short(arguments: RunSql, moment: Moment) -> Outcome:
    return await querying.outcome(arguments.sql, moment, purpose=arguments.purpose, room=telling.SMALL)


TOOLS: tuple[Tool, ...] = (
    tool("describe", Describe, _describe),
    tool("find_values", FindValues, _find_values),
    tool("get_rows", GetRows, _get_rows),
    tool("overview", Overview, _overview),
    tool("run_sql", RunSql, _run_sql),
)
"""The reading tools, sorted by name."""
SMALL: tuple[Tool, ...] = (tool("run_sql", RunSql, _run_sql_in_short),)
"""What a model with a small prompt budget is offered: its card says the rest."""
