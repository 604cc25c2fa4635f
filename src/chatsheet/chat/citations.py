"""From a number of an answer to its query, rows and cells, at the version that the query ran on."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict, JsonValue

from chatsheet.chat.events import Output, ToolAnswered
from chatsheet.core.errors import ChatSheetError, NotFound
from chatsheet.sheets import origins
from chatsheet.sheets.model import Result, RowIds, Table
from chatsheet.sheets.questions import Questions

MOST_ROWS = 200
"""Row ids that a citation lists per table where nothing else is asked for; more are counted."""
_MOST_RANGES = 20


class CitationNotFound(NotFound):
    """No such result, row or column in this chat."""

    code = "chat.citation_not_found"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NotTraced(_Value):
    """Why the rows behind a number cannot be told."""

    code: str
    what: str
    fix: str


class CitedTable(_Value):
    """The rows and cells of one table that a number stands on."""

    table: str
    tab: str
    rows: tuple[int, ...] = ()
    """Row ids, as the grid shows them; at import the row numbers of the tab."""
    more: int = 0
    """How many there are beyond those listed."""
    columns: tuple[str, ...] = ()
    """The columns whose cells it was computed from; empty where only its rows count."""
    is_certain: bool = True
    """Whether these are the columns; else they are all that the query reads of the table."""
    ranges: tuple[str, ...] = ()
    """These cells in the tab as it was imported, as A1 ranges; the first few where they are many."""


class Citation(_Value):
    """Where a number comes from."""

    handle: str
    row: int | None = None
    column: str | None = None
    value: JsonValue = None
    sql: str
    version: str
    tables: tuple[CitedTable, ...] = ()
    not_traced: NotTraced | None = None
    """Set where the query is known and its rows are not."""


def shortened(citation: Citation, *, most: int) -> Citation:
    """Return a citation with at most the first `most` rows of each table listed, the others counted."""
    tables = [
        one.model_copy(update={"rows": one.rows[:most], "more": one.more + len(one.rows[most:])}) for one in citation.tables
    ]
    return citation.model_copy(update={"tables": tuple(tables)})


async def cite(
    questions: Questions,
    answered: ToolAnswered,
    *,
    row: int | None,
    column: str | None,
    most_rows: int = MOST_ROWS,
    why: NotTraced | None = None,
) -> Citation:
    """Return what a cell of a result stands on, or the whole result where `row` is None; at most so many rows of each table.

    `questions` are those of the version that the query ran on; with `why` they are not asked. Raises CitationNotFound.
    """
    result, sql = answered.result, answered.sql or ""
    if result is None or (row is not None and not 0 <= row < len(result.rows)):
        raise _missing(f"{answered.handle} has no row {row}.")
    place = next((number for number, one in enumerate(result.columns) if one.name == column), None)
    if column is not None and place is None:
        raise _missing(f"{answered.handle} has no column {column}.")
    cited = Citation(
        handle=answered.handle or "",
        row=row,
        column=column,
        value=None if row is None or place is None else result.rows[row][place],
        sql=sql,
        version=questions.version,
    )
    outputs = answered.basis.outputs
    output = outputs[place] if place is not None and place < len(outputs) else None
    behind: Sequence[RowIds] = ()
    if why is None:
        try:
            behind = await _behind(questions, answered, result, row, most_rows)
        except ChatSheetError as error:  # such as a time limit: the query is known all the same
            why = NotTraced(code=error.code, what=error.what, fix=error.fix)
    if why is not None:
        used = [RowIds(table=one.table, ids=(), more=one.rows) for one in answered.basis.rows]
        return cited.model_copy(update={"tables": tuple(_tables(questions, sql, used, output, most_rows)), "not_traced": why})
    return cited.model_copy(update={"tables": tuple(_tables(questions, sql, behind, output, most_rows))})


async def _behind(
    questions: Questions, answered: ToolAnswered, result: Result, row: int | None, most_rows: int
) -> Sequence[RowIds]:
    if row is not None:
        return await questions.rows_behind(questions.check(answered.sql or ""), result, row, limit=most_rows)
    if result.row_ids:
        return result.row_ids
    return [RowIds(table=one.table, ids=(), more=one.rows) for one in answered.basis.rows]


def _tables(
    questions: Questions, sql: str, behind: Iterable[RowIds], output: Output | None, most_rows: int
) -> Iterator[CitedTable]:
    names = {table.id: [column.name for column in table.columns] for table in questions.workbook.tables}
    read = origins.read(sql, names)
    for of_table in behind:
        table = questions.workbook.table(of_table.table)
        if table is None:
            continue
        ids = tuple(dict.fromkeys(one for one in of_table.ids if one is not None))
        is_certain = output is not None and output.is_certain
        exact = () if output is None else tuple(name for owner, name in output.columns if owner == table.id)
        columns = exact if is_certain else read.get(table.id, ())
        yield CitedTable(
            table=table.id,
            tab=table.tab,
            rows=ids[:most_rows],
            more=of_table.more + len(ids[most_rows:]),
            columns=columns,
            is_certain=is_certain,
            ranges=tuple(itertools.islice(_ranges(table, sorted(ids[:most_rows]), columns), _MOST_RANGES)),
        )


def _ranges(table: Table, rows: Sequence[int], columns: Sequence[str]) -> Iterator[str]:
    """Yield the cells of rows and columns as ranges of the tab; whole rows of the table where no column is named."""
    letters = [column.letter for column in table.columns if column.letter]
    spans = [(one.letter, one.letter) for one in table.columns if one.name in columns and one.letter]
    if not columns and letters:
        spans = [(letters[0], letters[-1])]
    bottom = int("".join(filter(str.isdigit, table.range.rpartition(":")[2])) or 0)
    for first, last in _runs([row for row in rows if row <= bottom]):  # rows that were added have no place in it
        for left, right in spans:
            yield f"{left}{first}" if (left, first) == (right, last) else f"{left}{first}:{right}{last}"


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    for _, run in itertools.groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
        listed = [row for _, row in run]
        yield listed[0], listed[-1]


def _missing(what: str) -> CitationNotFound:
    return CitationNotFound(what, fix="take handle, row and column from the numbers of an answer.")
