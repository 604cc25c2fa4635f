"""A sheet's glossary over HTTP, and that chats are told of it."""

from pathlib import Path

import pytest

from tests.api.conftest import Served
from tests.api.test_api import code_of
from tests.api.test_edits_api import sheet_of

pytestmark = pytest.mark.anyio
TURNOVER = {"kind": "term", "term": "Turnover", "meaning": "revenue without returns"}
PINNED = {"kind": "pinned", "question": "Sales?", "sql": "SELECT sum(nothing) FROM orders"}


async def test_an_entry_is_added_listed_changed_and_removed(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.post(f"{url}/glossary", json={"entry": TURNOVER}) as response:
        assert response.status == 201, await response.text()
        kept = await response.json()
    changed = {**TURNOVER, "meaning": "gross"}
    async with served.client.put(f"{url}/glossary/{kept['id']}", json={"entry": changed}) as response:
        assert response.status == 200, await response.text()
    async with served.client.get(f"{url}/glossary") as response:
        assert await response.json() == [{"id": kept["id"], "entry": changed}]
    async with served.client.delete(f"{url}/glossary/{kept['id']}", json={}) as response:
        assert response.status == 200
    async with served.client.delete(f"{url}/glossary/{kept['id']}", json={}) as response:
        assert (response.status, await code_of(response)) == (404, "glossary.not_found")


async def test_pinned_sql_that_names_no_column_is_refused_with_the_nearest(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.post(f"{url}/glossary", json={"entry": PINNED}) as response:
        assert (response.status, await code_of(response)) == (422, "sql.refused")


async def test_an_import_says_which_lines_are_wrong(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    body = {"format": "csv", "text": "term,meaning\nTurnover\n"}
    async with served.client.post(f"{url}/glossary/import", json=body) as response:
        assert (response.status, await code_of(response)) == (400, "glossary.invalid")
        assert "line 2" in await response.text()
    body["text"] += "Margin,revenue minus cost\n"
    body["text"] = body["text"].replace("Turnover\n", "")
    async with served.client.post(f"{url}/glossary/import", json=body) as response:
        assert [one["entry"]["term"] for one in await response.json()] == ["Margin"]


async def test_a_preview_says_what_replaces_and_what_is_new_and_keeps_nothing(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.post(f"{url}/glossary", json={"entry": TURNOVER}) as response:
        kept = await response.json()
    body = {"format": "csv", "text": "term,meaning\nturnover,gross\nMargin,revenue minus cost\n", "is_preview": True}
    async with served.client.post(f"{url}/glossary/import", json=body) as response:
        assert [(one["id"], one["entry"]["meaning"]) for one in await response.json()] == [
            (kept["id"], "gross"),
            ("", "revenue minus cost"),
        ]
    async with served.client.get(f"{url}/glossary") as response:
        assert await response.json() == [kept]


async def test_the_server_says_what_it_is(served: Served) -> None:
    async with served.client.get("/api/about") as response:
        told = await response.json()
    assert Path(told["data"]) == served.services.settings.data.absolute()
    assert told["version"]
