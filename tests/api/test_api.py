"""The API as the page and scripts use it."""

import asyncio
import gzip
import json
import re
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from tests.api.conftest import Served
from tests.harness import runs, says

pytestmark = pytest.mark.anyio
OCTETS = {"Content-Type": "application/octet-stream"}


async def upload(served: Served, path: Path, name: str = "") -> dict[str, object]:
    async with served.client.post(
        "/api/sheets", params={"name": name or path.name}, data=path.read_bytes(), headers=OCTETS
    ) as r:
        assert r.status == 201, await r.text()
        found: dict[str, object] = await r.json()
        return found


async def code_of(response: aiohttp.ClientResponse) -> str:
    return str((await response.json())["error"]["code"])


async def start_chat(served: Served, sales: Path) -> str:
    detail = await upload(served, sales)
    sheet = detail["sheet"]
    assert isinstance(sheet, dict)
    async with served.client.post("/api/chats", json={"sheet_id": sheet["id"]}) as response:
        return str((await response.json())["id"])


async def events(served: Served, chat: str, after: int = 0) -> list[dict[str, object]]:
    """Follow a chat until its turn is over."""
    seen: list[dict[str, object]] = []
    async with asyncio.timeout(30), served.client.get(f"/api/chats/{chat}/events", params={"after": after}) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        async for line in response.content:
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:]))
                if seen[-1]["kind"] in {"answered", "failed", "cancelled"}:
                    break
    return seen


async def test_a_workbook_is_uploaded_listed_and_read(served: Served, sales: Path) -> None:
    detail = await upload(served, sales)
    sheet, workbook = detail["sheet"], detail["workbook"]
    assert isinstance(sheet, dict)
    assert isinstance(workbook, dict)
    tables = cast("list[dict[str, object]]", workbook["tables"])
    assert [table["tab"] for table in tables] == ["Orders", "Targets", "Returns"]
    async with served.client.get("/api/sheets") as response:
        assert [entry["name"] for entry in await response.json()] == ["sales.xlsx"]
    async with served.client.get(f"/api/sheets/{sheet['id']}/tables/orders/rows", params={"offset": 598}) as response:
        window = await response.json()
    assert [row[0] for row in window["rows"]] == [600, 601]


async def test_a_bad_upload_says_what_to_do_and_leaves_nothing(served: Served, tmp_path: Path) -> None:
    async with served.client.post("/api/sheets", params={"name": "x.xlsx"}, data=b"\x89PNG", headers=OCTETS) as response:
        assert response.status == 400
        assert await code_of(response) == "file.not_a_workbook"
    assert list((tmp_path / "incoming").iterdir()) == []
    async with served.client.get("/api/sheets") as response:
        assert await response.json() == []


async def test_a_question_streams_to_its_answer(served: Served, sales: Path) -> None:
    served.wire.script("gpt-4o", runs("SELECT COUNT(*) AS n FROM orders"), says("There are 600 orders."))
    chat = await start_chat(served, sales)
    async with served.client.post(f"/api/chats/{chat}/questions", json={"question": "How many orders?"}) as response:
        assert response.status == 202
    kinds = [event["kind"] for event in await events(served, chat)]
    assert kinds[0] == "asked"
    assert kinds[-1] == "answered"
    resumed = await events(served, chat, after=2)
    assert [event["kind"] for event in resumed if event["kind"] != "wrote"] == ["tool_answered", "model_replied", "answered"]


async def test_a_silent_turn_can_be_stopped(served: Served, sales: Path) -> None:
    served.wire.fault("gpt-4o", "silence")
    chat = await start_chat(served, sales)
    async with served.client.post(f"/api/chats/{chat}/questions", json={"question": "Anybody?"}):
        pass
    async with served.client.post(f"/api/chats/{chat}/stop", json={}) as response:
        assert response.status == 202
    assert (await events(served, chat))[-1]["kind"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/sheets/sheet_none", None, 404, "sheet.not_found"),
        ("GET", "/api/chats/chat_none/events", None, 404, "chat.not_found"),
        ("POST", "/api/chats", {"sheet_id": "sheet_none"}, 404, "sheet.not_found"),
        ("POST", "/api/chats", {"sheet": "x"}, 400, "input.invalid"),
        ("POST", "/api/chats/chat_none/questions", {"question": "?"}, 404, "chat.not_found"),
        ("GET", "/api/nothing", None, 404, "request.not_found"),
        ("DELETE", "/api/sheets", {}, 405, "request.method_not_allowed"),
        ("POST", "/api/chats", {"sheet_id": "\ud800"}, 400, "input.invalid"),
        ("POST", "/api/chats", {"sheet_id": "sheet_\0"}, 400, "input.invalid"),
        ("POST", "/api/chats/chat_none/questions", {"question": " "}, 400, "chat.question_invalid"),
    ],
)
async def test_what_is_not_there_or_not_valid_is_said_by_code(
    served: Served, method: str, path: str, body: object, status: int, code: str
) -> None:
    async with served.client.request(method, path, json=body) as response:
        assert (response.status, await code_of(response)) == (status, code)


async def test_an_error_never_repeats_what_was_sent(served: Served) -> None:
    async with served.client.post("/api/chats", json={"sheet_id": ["CANARY"], "CANARY2": 1}) as response:
        said = await response.text()
    assert "CANARY'" not in said
    assert '"CANARY"' not in said


async def test_the_status_names_the_routes(served: Served) -> None:
    async with served.client.get("/api/status") as response:
        found = await response.json()
    assert found["routes"] == [{"name": "first", "kind": "azure", "is_private": False, "is_ours": False}]
    assert found["litellm_pid"] is None


async def test_a_number_of_an_answer_leads_to_its_cells(served: Served, sales: Path) -> None:
    sql = "SELECT region, SUM(revenue) AS revenue FROM orders GROUP BY region ORDER BY revenue DESC"
    served.wire.script("gpt-4o", runs(sql), says("South leads with 155,288.70."))
    chat = await start_chat(served, sales)
    async with served.client.post(f"/api/chats/{chat}/questions", json={"question": "Which leads?"}) as response:
        assert response.status == 202
    answered = (await events(served, chat))[-1]
    (number,) = cast("list[dict[str, object]]", answered["numbers"])
    at = {"row": str(number["row"]), "column": str(number["column"])}
    async with served.client.get(f"/api/chats/{chat}/citations/{number['handle']}", params=at) as response:
        cited = await response.json()
    assert cited["sql"].startswith("SELECT region")
    assert [(table["table"], table["columns"]) for table in cited["tables"]] == [("orders", ["revenue"])]
    async with served.client.get(f"/api/chats/{chat}/citations/r7") as response:
        assert (response.status, await code_of(response)) == (404, "chat.citation_not_found")


async def test_the_schema_says_the_errors_every_route_may_answer_with(served: Served) -> None:
    async with served.client.get("/api/openapi.json") as response:
        schema = await response.json()
    answers = [route["responses"] for path in schema["paths"].values() for route in path.values()]
    told = [(status, how) for answer in answers for status, how in answer.items() if status not in {"200", "201", "202", "204"}]
    assert {status for status, _ in told} >= {"400", "401", "403", "404", "409", "422", "429", "503"}
    assert all("Error" in json.dumps(how) or status in {"303", "304", "409", "503"} for status, how in told)
    assert "HTTPValidationError" not in json.dumps(schema)
    assert not any("default" in answer for answer in answers)  # any status would be told by that


async def test_the_page_is_asked_for_anew_and_its_parts_are_kept_and_sent_compressed(served: Served) -> None:
    async with served.client.get(f"{served.url}/", auto_decompress=False) as page:
        assert page.headers["Cache-Control"] == "no-cache"
        assert "Content-Encoding" not in page.headers  # it comes with the cookie
        (script,) = re.findall(r'src="\./(assets/index-[^"]+\.js)"', await page.text())
    url = f"{served.url}/{script}"
    async with served.client.get(url, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as part:
        assert part.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (part.headers["Content-Encoding"], part.headers["Vary"]) == ("gzip", "Accept-Encoding")
        packed = await part.read()
        etag = part.headers["ETag"]
    async with served.client.get(url, headers={"Accept-Encoding": "identity"}) as part:
        assert gzip.decompress(packed) == await part.read()
    async with served.client.get(url, headers={"If-None-Match": etag}) as part:
        assert part.status == 304
    async with served.client.get(f"{served.url}/assets/gone.js") as gone:
        assert (gone.status, "Cache-Control" in gone.headers) == (404, False)
