"""What edits would write that reaches out of the sheet, also in rows that a preview leaves out."""

from collections.abc import Sequence

from pydantic import JsonValue

from chatsheet.chat import proposals
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets import edits as sheet_edits
from chatsheet.sheets.edits import AddColumn, Change, Edit, EditPreview, Fill
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.query import Limits
from chatsheet.sheets.questions import Questions

UNCHECKED = "unchecked values"
_MOST_TEXTS = 2_000
# DuckDB's form of what sheets/files.py calls formula-like, at the beginning of any line
_BEGIN = r"(^|[\t\r\v\f\x{85}\x{2028}\x{2029}])"
_SIGN = r"[=+\-@\x{207a}-\x{207c}\x{208a}-\x{208c}\x{fe62}-\x{fe6b}\x{ff0b}\x{ff0d}\x{ff1d}\x{ff20}]"
_FORMULA_LIKE = rf"(?m){_BEGIN}[\s\pZ\p{{Cf}}\"'']*{_SIGN}"


async def out_of(questions: Questions, edits: Sequence[Edit], preview: EditPreview) -> tuple[str, ...]:
    """Return what needs a consent by name: functions and links, and UNCHECKED where the rows are too many to tell."""
    computed: list[str] = []
    unchecked: tuple[str, ...] = ()
    for edit, change in zip(edits, preview.changes, strict=False):  # what follows from edits comes behind
        if isinstance(edit, Fill | AddColumn) and edit.expression and not change.is_complete and _is_text(questions, edit):
            texts = await formula_like(questions, edit, change)
            unchecked = (UNCHECKED,) if texts is None else unchecked
            computed += texts or ()
    return (*proposals.needed(edits, preview, computed), *unchecked)


async def formula_like(questions: Questions, edit: Fill | AddColumn, change: Change) -> list[str] | None:
    """Return the formula-like texts that an expression gives; None where they cannot be had, or are too many."""
    where = edit.where if isinstance(edit, Fill) else ""
    try:
        table = sheet_edits.table_of(questions.workbook, change.table)
        chosen = sheet_edits.selection(questions.workbook, table, where=where, expression=edit.expression)
        sql = (
            "SELECT DISTINCT CAST(_new AS VARCHAR) AS text "  # noqa: S608  guarded
            f"FROM ({chosen.sql}) WHERE regexp_matches(CAST(_new AS VARCHAR), '{_FORMULA_LIKE}') "
            "AND NOT regexp_full_match(CAST(_new AS VARCHAR), '[+-]?\\d+([.,]\\d+)*(e[+-]?\\d+)?%?')"
        )
        found = await questions.run(GuardedSql(sql, chosen.tables, None), Limits(max_rows=_MOST_TEXTS))
    except ChatSheetError:
        return None  # such as an expression over a column that is new in the same proposal
    return None if found.row_count > len(found.rows) else [_text(row[0]) for row in found.rows]


def _is_text(questions: Questions, edit: Fill | AddColumn) -> bool:
    if isinstance(edit, AddColumn):
        return edit.type == "text"
    table = questions.workbook.table(edit.table)
    return all(column.type == "text" for column in (table.columns if table else ()) if column.name == edit.column)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
