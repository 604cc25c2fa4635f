"""Columns of wide workbooks are found by words."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.chat.tools import searching, toolbox
from chatsheet.llm.model import ToolCall
from chatsheet.sheets.model import Workbook
from tests.chat.tools.workbook import moment

pytestmark = pytest.mark.anyio


def widened(workbook: Workbook, columns: int) -> Workbook:
    """Return the workbook with a table of so many columns instead of its first."""
    first = workbook.tables[0]
    made = tuple(first.columns[0].model_copy(update={"name": f"c{n}", "label": f"c{n}"}) for n in range(columns))
    return workbook.model_copy(update={"tables": (first.model_copy(update={"columns": made}),)})


async def test_only_a_wide_workbook_has_the_tool_and_it_tells_the_columns_found(tmp_path: Path) -> None:
    async with moment(tmp_path) as start:
        narrow, wide = widened(start.opened.workbook, 150), widened(start.opened.workbook, 151)
        assert searching.offered(narrow) == ()
        box = toolbox.offered(more=searching.offered(wide))
        now = replace(start, opened=replace(start.opened, workbook=wide))
        found = await box.run(ToolCall(id="c", name="search_columns", arguments='{"query":"c149"}'), now, "t")
        nothing = await box.run(ToolCall(id="c", name="search_columns", arguments='{"query":"zzz"}'), now, "t")
    assert "- c149 BIGINT" in found.content
    assert "c148" not in found.content
    assert nothing.content.startswith("no column fits; use other words, or describe a table: orders")
