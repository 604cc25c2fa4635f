"""What a model reads when a person asks: the prompt that the driver sends, as it arrives on the wire."""

from contextlib import aclosing
from pathlib import Path

import pytest

from chatsheet.chat.events import Answered
from chatsheet.context.glossary.model import Term
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import open_services
from tests.harness import azure_settings, start_wire
from tests.listening import Listening

pytestmark = pytest.mark.anyio


async def test_the_sheets_file_its_cards_and_its_glossary_are_in_the_system_message(tmp_path: Path, sales: Path) -> None:
    brain = Listening()
    async with start_wire(model=brain) as wire, open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services:
        sheet = (await services.library.bring_in(LOCAL, sales)).sheet.id
        await services.glossary.add(LOCAL, sheet, Term(term="Turnover", meaning="revenue without returns"))
        chat = await services.chats.start(LOCAL, sheet)
        await services.chats.ask(LOCAL, chat.id, "What is turnover?")
        async with aclosing(services.chats.watch(LOCAL, chat.id)) as watched:
            async for numbered in watched:
                if isinstance(numbered.event, Answered):
                    break
    system, question = loose.array(brain.bodies["gpt-4o"]["messages"])
    told = loose.text(loose.obj(system)["content"])
    assert 'file "sales.xlsx"' in told
    assert "table orders (600 rows" in told
    assert '"Turnover" means "revenue without returns"' in told
    assert loose.text(loose.obj(question)["content"]).splitlines()[-1] == "What is turnover?"
