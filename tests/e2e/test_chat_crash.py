"""A server that is killed in the middle of a turn, a tab that is closed, two tabs: nothing lost, nothing told twice."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from tests.e2e.test_http_chat import got, new_chat
from tests.e2e.test_sheets import SETTINGS, client_of
from tests.harness import Program, program, start_wire, write_settings
from tests.sheets.test_query import ENDLESS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SQL = "SELECT region, COUNT(*) AS n FROM orders GROUP BY region ORDER BY n DESC"
WHOLE = ["asked", "model_replied", "tool_answered", "model_replied", "answered"]


class Hesitant:
    """A model that queries, begins to answer, and goes on when it may."""

    name = "hesitant"

    def __init__(self, sql: str = SQL) -> None:
        self.sql = sql
        self.may_go_on = asyncio.Event()

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Query first; with the result begin to answer."""
        del deployment
        if loose.obj(loose.array(body.get("messages"))[-1]).get("role") != "tool":
            yield Call(0, "c1", "run_sql", loose.dumps({"purpose": "p", "sql": self.sql}))
        else:
            yield Say("The regions ")
            await self.may_go_on.wait()
            yield Say("stand in the table.")
        yield Counted(1, 1)


@asynccontextmanager
async def serving(config: Path) -> AsyncGenerator[tuple[Program, aiohttp.ClientSession], None]:
    """Run `chatsheet serve` and a client of it."""
    async with program("--config", str(config), "serve") as server, await client_of(server) as client:
        yield server, client


def configured(folder: Path, url: str, key: str) -> Path:
    """Write settings that lead to the model."""
    text = SETTINGS.replace("{data}", str(folder / "data")).replace("{wire}", url)
    return write_settings(folder, text, {"azure": key, "token": "token-of-this-test-0123456789abcdef"})


async def follow(client: aiohttp.ClientSession, chat: str, *, until: str, last: int = 0) -> list[tuple[int, JsonObject]]:
    """Return number and data of each event after the last one known, up to an event of a kind, and hang up."""
    seen: list[tuple[int, JsonObject]] = []
    headers = {"Last-Event-ID": str(last)} if last else {}
    number = 0
    async with asyncio.timeout(120), client.get(f"/api/chats/{chat}/events", headers=headers) as response:
        async for line in response.content:
            if line.startswith(b"id: "):
                number = int(line[4:])
            elif line.startswith(b"data: "):
                seen.append((number, json.loads(line[6:])))
                number = 0
                if seen[-1][1]["kind"] == until:
                    break
    return seen


def logged(events: list[tuple[int, JsonObject]]) -> list[tuple[int, JsonObject]]:
    return [one for one in events if one[0]]


def kinds(events: list[tuple[int, JsonObject]]) -> list[object]:
    return [event["kind"] for _, event in logged(events)]


@pytest.mark.parametrize(("sql", "reached"), [(SQL, "wrote"), (ENDLESS, "model_replied"), (SQL, "asked")])
async def test_a_killed_servers_turn_goes_on_and_is_told_once(tmp_path: Path, sales: Path, sql: str, reached: str) -> None:
    """Killed while the model answers, while a query runs, and while the model is asked."""
    model = Hesitant(sql)
    async with start_wire(model=model) as wire:
        config = configured(tmp_path, wire.url, wire.key)
        async with serving(config) as (server, client):
            _, chat = await new_chat(client, sales)
            await got(client, f"/api/chats/{chat}/questions", question="Orders by region?")
            before = await follow(client, chat, until=reached)
            server.process.kill()
            await server.process.wait()
        model.may_go_on.set()
        async with serving(config) as (_, client):
            after = await follow(client, chat, until="answered")
            again = await follow(client, chat, until="answered")
    assert (kinds(after), [number for number, _ in logged(after)]) == (WHOLE, [1, 2, 3, 4, 5])
    assert again == logged(after)
    assert logged(after)[: len(logged(before))] == logged(before)
    assert after[-1][1]["text"] == "The regions stand in the table."


async def test_a_closed_tab_stops_nothing_and_a_tab_that_is_opened_again_misses_nothing(tmp_path: Path, sales: Path) -> None:
    model = Hesitant()
    async with start_wire(model=model) as wire, serving(configured(tmp_path, wire.url, wire.key)) as (_, client):
        _, chat = await new_chat(client, sales)
        await got(client, f"/api/chats/{chat}/questions", question="Orders by region?")
        before = await follow(client, chat, until="wrote")
        last = logged(before)[-1][0]
        late = await follow(client, chat, until="wrote", last=last)
        model.may_go_on.set()
        after = await follow(client, chat, until="answered", last=last)
    assert kinds(before) + kinds(after) == WHOLE
    assert [event for _, event in late] == [{**before[-1][1], "is_all": True}]


async def test_two_tabs_see_the_same_stream(tmp_path: Path, sales: Path) -> None:
    model = Hesitant()
    async with start_wire(model=model) as wire, serving(configured(tmp_path, wire.url, wire.key)) as (_, client):
        _, chat = await new_chat(client, sales)
        tabs = [asyncio.ensure_future(follow(client, chat, until="answered")) for _ in range(2)]
        await got(client, f"/api/chats/{chat}/questions", question="Orders by region?")
        model.may_go_on.set()
        one, other = [await tab for tab in tabs]
    assert kinds(one) == WHOLE
    assert logged(one) == logged(other)
    assert written(one) == written(other) == "The regions stand in the table."


def written(events: list[tuple[int, JsonObject]]) -> str:
    """Return the text that a tab shows from live events alone."""
    text = ""
    for _, event in events:
        if event["kind"] == "wrote":
            text = ("" if event["is_all"] else text) + str(event["text"])
    return text
