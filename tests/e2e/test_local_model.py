"""The offline model for real: tokens, a tool call, prose, a queue. Runs where `chatsheet model pull` has been."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from chatsheet.chat import messages
from chatsheet.chat.events import Asked
from chatsheet.chat.tools import toolbox
from chatsheet.context.prompt import Scope
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.core.loose import JsonObject
from chatsheet.sheets import guard
from chatsheet.simulator import weights
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from chatsheet.simulator.brains.local import LocalBrain
from chatsheet.wiring import open_services
from tests.harness import Wire, azure_settings

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.xdist_group("local model"),
    pytest.mark.skipif(not weights.place().is_file(), reason="the offline model is not pulled: `chatsheet model pull`"),
]


async def replied(brain: LocalBrain, body: JsonObject) -> list[Piece]:
    async with asyncio.timeout(240), aclosing(brain.reply("gpt-4o", body)) as pieces:
        return [piece async for piece in pieces]


async def test_it_calls_run_sql_over_the_wire_and_puts_the_result_into_words(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services:
        opened = await services.library.bring_in(LOCAL, sales)
    asked = Asked(turn="t", question="What is the total revenue per region?")
    tools = toolbox.offered(is_small=True).schemas()
    scope = Scope(workbook=opened.workbook, version="v", budget_tokens=1_500, tools=loose.dumps(tools))
    body: JsonObject = {"messages": [*messages.build([asked], scope)], "tools": tools}
    async with LocalBrain(None) as brain:
        async with aclosing(brain.reply("gpt-4o", body)) as pieces:
            await anext(pieces)  # a client that leaves after the first piece must not block the next one
        said = await replied(brain, body)
        arguments = "".join(piece.arguments for piece in said if isinstance(piece, Call))
        sql = guard.check(json.loads(arguments)["sql"], opened.columns()).sql
        assert "region" in sql.lower()
        assert isinstance(said[-1], Counted)
        assert said[-1].cached_tokens > 500  # the workbook's card is not read again
        call: JsonObject = {"id": "c", "type": "function", "function": {"name": "run_sql", "arguments": arguments}}
        result = '{"handle":"r1","columns":["region","total"],"rows":[["South",155288.7]],"row_count":1}'
        told: list[JsonObject] = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": result},
        ]
        answered = await replied(brain, {**body, "messages": [*messages.build([asked], scope), *told]})
    prose = "".join(piece.text for piece in answered if isinstance(piece, Say))
    assert "South" in prose
    assert not any(isinstance(piece, Call) for piece in answered)
