"""The database finds what is formula-like in rows that nobody is shown, in each disguise that proposals.py knows."""

from pathlib import Path

import pytest

from chatsheet.chat import proposals, reach
from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import CellValue, Fill, SetCells
from tests.chat.proposed import talking
from tests.chat.test_proposals import DISGUISED, HARMLESS

pytestmark = pytest.mark.anyio


async def test_each_disguise_is_found_by_sql_too(tmp_path: Path) -> None:
    texts = [*DISGUISED, *(text for text in HARMLESS if text)]
    content = b"item,note\n" + b"pen,why\n" * len(texts)
    async with talking(tmp_path, content=content) as talk:
        cells = tuple(CellValue(row=row, column="note", value=text) for row, text in enumerate(texts, 2))
        head = (await talk.opened()).sheet.version
        await talk.library.edit(LOCAL, talk.sheet_id, [SetCells(table="prices", cells=cells)], expected_version=head)
        edit = Fill(table="prices", column="item", expression="note")
        preview = await talk.library.preview(LOCAL, talk.sheet_id, [edit])
        questions = talk.library.questions(await talk.opened())
        found = await reach.formula_like(questions, edit, preview.changes[0])
    assert found is not None
    assert {text for text in texts if proposals.reaches(text)} <= set(found)
    assert not {"pen", "-5", "a = b", "2024-01-01", "x\ny"} & set(found)
