"""Columns that a spreadsheet program's own model was to fill, `=COPILOT(…)` or `=AI(…)`, as orders for jobs. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chatsheet.jobs.model import AiColumn
from chatsheet.sheets.model import Table, Workbook

_LONGEST, _LONGEST_PROMPT = 200, 8_000
_PART = r'"(?:[^"]|"")*"|\[@\[[^\]]+\]\]|\[@[^\[\]]+\]'
_CALL = re.compile(rf"=(?:_xl\w+\.)*(?:COPILOT|AI)\(\s*((?:{_PART})(?:\s*[,;&]\s*(?:{_PART}))*)\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A column of such formulas, and the order that they stand for."""

    column: str
    formula: str
    order: AiColumn


def orders(workbook: Workbook) -> tuple[Found, ...]:
    """Return what is found: an order for each column of such formulas that read texts and cells of their own row."""
    return tuple(order for table in workbook.tables for order in _of_table(table))


def _of_table(table: Table) -> Iterator[Found]:
    names = {name.casefold(): column.name for column in table.columns for name in (column.label, column.name)}
    for column in table.columns:
        call = _CALL.fullmatch(column.formula.named) if column.formula is not None else None
        parts = re.findall(_PART, call[1]) if call is not None else []
        template = " ".join(_said(part, names) for part in parts)
        if call is not None and len(template) <= _LONGEST_PROMPT and re.search(r"\{\w+\}", template):
            order = AiColumn(table=table.id, label=(column.label or column.name)[:_LONGEST], template=template)
            yield Found(column.name, call[0], order)


def _said(part: str, names: dict[str, str]) -> str:
    """Return a part of a formula as the prompt has it: a text, or a column in braces; nothing for one that is not there."""
    if part.startswith('"'):
        return part[1:-1].replace('""', '"').replace("{", "(").replace("}", ")")
    name = names.get(part.strip("[]@").casefold())
    return f"{{{name}}}" if name else ""
