"""Columns that a spreadsheet program's own model was to fill, `=COPILOT(…)` or `=AI(…)`, as orders for jobs. Pure."""

import re
from collections.abc import Iterator

from chatsheet.jobs.model import AiColumn
from chatsheet.sheets.model import Table, Workbook

_PART = r'"(?:[^"]|"")*"|\[@\[[^\]]+\]\]|\[@[^\[\]]+\]'
_CALL = re.compile(rf"=(?:_xl\w+\.)*(?:COPILOT|AI)\(\s*((?:{_PART})(?:\s*[,;&]\s*(?:{_PART}))*)\s*\)", re.IGNORECASE)


def orders(workbook: Workbook) -> tuple[AiColumn, ...]:
    """Return an order for each column of such formulas that read texts and cells of their own row."""
    return tuple(order for table in workbook.tables for order in _of_table(table))


def _of_table(table: Table) -> Iterator[AiColumn]:
    names = {name.casefold(): column.name for column in table.columns for name in (column.label, column.name)}
    for column in table.columns:
        call = _CALL.fullmatch(column.formula.named) if column.formula is not None else None
        parts = re.findall(_PART, call[1]) if call is not None else []
        template = " ".join(_said(part, names) for part in parts)
        if re.search(r"\{\w+\}", template):
            yield AiColumn(table=table.id, label=column.label or column.name, template=template)


def _said(part: str, names: dict[str, str]) -> str:
    """Return a part of a formula as the prompt has it: a text, or a column in braces; nothing for one that is not there."""
    if part.startswith('"'):
        return part[1:-1].replace('""', '"').replace("{", "(").replace("}", ")")
    name = names.get(part.strip("[]@").casefold())
    return f"{{{name}}}" if name else ""
