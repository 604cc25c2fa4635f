"""A job's different inputs, found by SQL in the version that it is about, page by page."""

from collections.abc import AsyncGenerator, Sequence
from typing import cast

from chatsheet.core import loose
from chatsheet.jobs import asking
from chatsheet.jobs.ledger import New
from chatsheet.jobs.model import SAMPLED, AiColumn, OrderInvalid
from chatsheet.sheets import edits
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.model import ROW_ID, Column, Result
from chatsheet.sheets.query import Limits
from chatsheet.sheets.questions import Questions

_PAGE = 2_000
_LIMITS = Limits(deadline_s=60, max_rows=_PAGE, max_bytes=64 * 2**20, wait_s=60)


async def check(questions: Questions, order: AiColumn) -> None:
    """Check that an order fits a version; raises OrderInvalid, EditRefused, SqlRefused."""
    sql, table = _grouped(questions, order)
    edits.named(edits.table_of(questions.workbook, table), order.label)
    found = await _run(questions, f"{sql} LIMIT 1", table)
    if not found.rows:
        raise OrderInvalid(f"no row of {table} matches {order.where or 'it'}.", fix="correct the condition.")


async def sample(questions: Questions, order: AiColumn) -> list[New]:
    """Return a few inputs from all over the table, the same ones each time."""
    sql, table = _grouped(questions, order)
    texts = ", ".join(f"_{number}" for number in range(len(_names(questions, order))))
    found = await _run(questions, f"{sql} ORDER BY md5(CAST(({texts}, '') AS VARCHAR)), _first LIMIT {SAMPLED}", table)
    return _new(order, found)


async def pages(questions: Questions, order: AiColumn) -> AsyncGenerator[list[New], None]:
    """Yield all inputs in the order of the first row that has them."""
    sql, table = _grouped(questions, order)
    last = -1
    while True:
        found = await _run(questions, f"{sql} HAVING min({ROW_ID}) > {last} ORDER BY _first LIMIT {_PAGE}", table)
        if page := _new(order, found):
            yield page
            last = page[-1].place
        if len(page) < _PAGE and not found.truncated:  # a page of long texts may be cut short
            return


def _names(questions: Questions, order: AiColumn) -> list[str]:
    return [column.name for column in asking.columns(order, edits.table_of(questions.workbook, order.table))]


def _grouped(questions: Questions, order: AiColumn) -> tuple[str, str]:
    """Return the SQL for each different input, and the table's name.

    Its first row, the rows that have it, what tells its whole texts from others, and its texts as far as they are asked about.
    """
    table = edits.table_of(questions.workbook, order.table)
    chosen = edits.selection(questions.workbook, table, where=order.where)
    listed = asking.columns(order, table)
    texts = [_text(column, number) for number, column in enumerate(listed)]
    groups = ", ".join(f"_hash{number}, _{number}" for number in range(len(listed)))
    return (
        f"SELECT min({ROW_ID}) AS _first, list({ROW_ID} ORDER BY {ROW_ID}) AS _rows, {', '.join(texts)} "  # noqa: S608  guarded before
        f'FROM "{table.id}" WHERE {ROW_ID} IN ({chosen.sql}) GROUP BY {groups}'
    ), table.id


def _text(column: Column, number: int) -> str:
    whole = edits.written(column, f'"{column.name}"')
    return f"md5({whole}) AS _hash{number}, left({whole}, {asking.LONGEST_CELL}) AS _{number}"


async def _run(questions: Questions, sql: str, table: str) -> Result:
    # past the cache: pages are read once
    return await questions.engine.run(await questions.located(), GuardedSql(sql, (table,), None), _LIMITS)


def _new(order: AiColumn, found: Result) -> list[New]:
    made: list[New] = []
    for first, rows, *texts in found.rows:
        said = tuple(text if isinstance(text, str) else None for text in texts)
        hashes, inputs = said[::2], said[1::2]
        ids = tuple(map(loose.number, cast("Sequence[object]", rows)))
        made.append(New(asking.input_hash(order, hashes), loose.number(first), inputs, ids))
    return made
