"""The contexts of an ablation: names and types alone, the cards, the glossary beside them."""

from pathlib import Path

import pytest

from chatsheet.context import prompt
from chatsheet.context.prompt import Scope
from chatsheet.core.settings import Settings
from chatsheet.evals import contexts
from chatsheet.evals.asking import ASKER
from chatsheet.evals.model import Context
from chatsheet.evals.pack import Pack
from chatsheet.wiring import open_library


async def told(office: Pack, context: Context, folder: Path) -> str:
    """Return what a model is told of the workbook `trade`."""
    async with open_library(Settings(data=folder)) as (library, _):
        opened = await library.bring_in(ASKER, office.path("trade"))
    scope = Scope(workbook=opened.workbook, version=opened.sheet.version)
    return str(prompt.system(contexts.shape(context, office)(scope))["content"])


@pytest.mark.anyio
async def test_each_context_tells_more_than_the_one_before(office: Pack, tmp_path: Path) -> None:
    names, cards, glossary = [await told(office, one, tmp_path) for one in ("names", "cards", "cards+glossary")]
    assert all("customer_since" in text for text in (names, cards, glossary))
    assert ['"EMEA"' in text for text in (names, cards, glossary)] == [False, True, True]
    assert ["net sales" in text for text in (names, cards, glossary)] == [False, False, True]
