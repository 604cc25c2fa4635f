"""A script that knows nothing but HTTP: upload, ask, follow a stream that is cut, stop, chart, export."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from tests.e2e.test_sheets import OCTETS, SETTINGS, client_of
from tests.harness import Wire, program, runs, says, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SQL = "SELECT region, COUNT(*) AS n FROM orders GROUP BY region ORDER BY n DESC"
CHART = Exchange(calls=(ScriptedCall(name="make_chart", arguments={"handle": "r1", "mark": "bar", "x": "region", "y": "n"}),))


@pytest.fixture
async def client(tmp_path: Path, wire: Wire) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """A client of `chatsheet serve`."""
    text = SETTINGS.replace("{data}", str(tmp_path / "data")).replace("{wire}", wire.url)
    config = write_settings(tmp_path, text, {"azure": wire.key, "token": "token-of-this-test-0123456789abcdef"})
    async with program("--config", str(config), "serve") as server, await client_of(server) as connected:
        yield connected


async def got(client: aiohttp.ClientSession, path: str, **sent: object) -> dict[str, object]:
    """GET, or POST what is sent; return the object that comes."""
    async with client.request("POST" if sent else "GET", path, json=sent or None) as response:
        assert response.status < 400, await response.text()
        found: dict[str, object] = await response.json()
        return found


async def new_chat(client: aiohttp.ClientSession, path: Path) -> tuple[str, str]:
    """Upload a workbook and open a chat; return the ids of both."""
    async with client.post("/api/sheets", params={"name": path.name}, data=path.read_bytes(), headers=OCTETS) as response:
        sheet = str((await response.json())["sheet"]["id"])
    return sheet, str((await got(client, "/api/chats", sheet_id=sheet))["id"])


async def read(client: aiohttp.ClientSession, chat: str, last: str, *, until: str) -> list[tuple[str, str]]:
    """Follow a chat from the last id on, up to an event of a kind; return each one's id and kind, and hang up."""
    seen: list[tuple[str, str]] = []
    headers = {"Last-Event-ID": last} if last else {}
    number = ""
    async with asyncio.timeout(60), client.get(f"/api/chats/{chat}/events", headers=headers) as response:
        async for line in response.content:
            if line.startswith(b"id: "):
                number = line[4:].decode().strip()
            elif line.startswith(b"data: "):
                seen.append((number, json.loads(line[6:])["kind"]))
                number = ""
                if seen[-1][1] == until:
                    break
    return seen


async def test_a_question_is_asked_followed_across_a_cut_and_read_as_one_value(
    client: aiohttp.ClientSession, wire: Wire, sales: Path
) -> None:
    wire.script("gpt-4o", runs(SQL), CHART, says("See the chart."))
    sheet, chat = await new_chat(client, sales)
    turn = (await got(client, f"/api/chats/{chat}/questions", question="Orders by region?"))["turn"]
    before = await read(client, chat, "", until="tool_answered")
    last = max(int(number) for number, _ in before if number)
    after = await read(client, chat, str(last), until="answered")
    logged = [int(number) for number, _ in (*before, *after) if number]
    assert logged == list(range(1, len(logged) + 1))
    found = await got(client, f"/api/chats/{chat}/turns/{turn}")
    assert (found["text"], found["form"], found["sheet"]) == ("See the chart.", "answer", sheet)
    async with client.get(f"/api/chats/{chat}/log", params={"after": last}) as response:
        assert [one["seq"] for one in await response.json()] == logged[last:]


async def test_charts_and_tables_are_downloaded(client: aiohttp.ClientSession, wire: Wire, sales: Path) -> None:
    pytest.importorskip("vl_convert")
    wire.script("gpt-4o", runs(SQL), CHART, says("See the chart."))
    sheet, chat = await new_chat(client, sales)
    await got(client, f"/api/chats/{chat}/questions", question="Orders by region?")
    await read(client, chat, "", until="answered")
    async with client.get(f"/api/chats/{chat}/charts/c1.svg") as response:
        assert (response.status, response.content_type) == (200, "image/svg+xml")
        assert "sandbox" in response.headers.getall("Content-Security-Policy")[0]
        assert (await response.text()).startswith("<svg")
    data = await got(client, f"/api/chats/{chat}/charts/c1.json")
    assert "values" in str(data["data"])
    for wrong, status in (("c9.svg", 404), ("c1.pdf", 400), ("..%2Fc1.svg", 404)):
        async with client.get(f"/api/chats/{chat}/charts/{wrong}") as response:
            assert response.status == status
    async with client.get(f"/api/sheets/{sheet}/tables/orders/export") as response:
        assert len((await response.text()).splitlines()) == 601


async def test_a_stopped_turn_is_a_conflict_and_an_unknown_one_is_not_there(
    client: aiohttp.ClientSession, wire: Wire, sales: Path
) -> None:
    wire.fault("gpt-4o", "silence")
    _, chat = await new_chat(client, sales)
    turn = (await got(client, f"/api/chats/{chat}/questions", question="Anybody?"))["turn"]
    codes: list[str] = []
    for place in (f"turns/{turn}", "turns/turn_none"):
        async with client.get(f"/api/chats/{chat}/{place}") as response:
            codes.append((await response.json())["error"]["code"])
    async with client.post(f"/api/chats/{chat}/stop", json={}):
        pass
    async with client.get(f"/api/chats/{chat}/turns/{turn}") as response:
        codes.append((await response.json())["error"]["code"])
    assert codes == ["chat.turn_running", "chat.turn_not_found", "chat.stopped"]


async def test_the_schema_names_every_route_and_value_of_a_chat(client: aiohttp.ClientSession) -> None:
    schema = await got(client, "/api/openapi.json")
    paths, components = json.dumps(schema["paths"]), json.dumps(schema["components"])
    for path in ("events", "log", "turns/{turn}", "charts/{name}", "questions", "stop"):
        assert f"/api/chats/{{chat_id}}/{path}" in paths
    for name in ("Answer", "LoggedEvent", "EditProposal", "Option", "Chart", "Step"):
        assert f'"{name}"' in components
    assert "text/event-stream" in paths
