"""How much work an AI column is: rows, different inputs and tokens, counted by SQL; no row leaves the worker."""

import re
from dataclasses import dataclass

from chatsheet.chat.tools.model import ToolRefused
from chatsheet.context import budget
from chatsheet.core import loose
from chatsheet.sheets import edits as sheet_edits
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.questions import Questions

_PLACE = re.compile(r"\{([^{}\s]+)\}")
_BYTES_PER_TOKEN = 4
"""Of UTF-8, for cells in any script; o200k_base needs a little less."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The size of an AI column; `tokens` are those that all its calls read, about."""

    rows: int
    distinct: int
    tokens: int


async def count(questions: Questions, *, table: str, template: str, where: str) -> Counted:
    """Count what a template over a table's rows comes to; raises EditRefused, SqlRefused, ToolRefused."""
    known = sheet_edits.table_of(questions.workbook, table)
    places = dict.fromkeys(_PLACE.findall(template))
    if not places:
        raise ToolRefused("the template names no column: every row would get the same answer.", fix="write one as {column}.")
    columns = [sheet_edits.column_of(known, name).name for name in places]
    chosen = sheet_edits.selection(questions.workbook, known, where=where)
    listed = ", ".join(f'"{name}"' for name in columns)
    lengths = " + ".join(f'coalesce(strlen(CAST("{name}" AS VARCHAR)), 0)' for name in columns)
    matching = f'"{known.id}" WHERE _row IN ({chosen.sql})'
    sql = (
        f"SELECT (SELECT count(*) FROM {matching}) AS n, count(*) AS inputs, sum({lengths}) AS bytes "  # noqa: S608  the query was guarded before
        f"FROM (SELECT DISTINCT {listed} FROM {matching})"
    )
    (rows, distinct, size), *_ = (await questions.run(GuardedSql(sql, (known.id,), None))).rows
    if not rows:
        raise ToolRefused(f"no row of {table} matches {where}.", fix="look at the values with run_sql first.")
    calls = loose.number(distinct)
    fixed = budget.count(_PLACE.sub("", template))
    return Counted(loose.number(rows), calls, calls * fixed + loose.number(size) // _BYTES_PER_TOKEN)
