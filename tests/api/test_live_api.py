"""What others do to a sheet, heard over HTTP, and heard on after a cut."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import code_of
from tests.api.test_edits_api import edits, posted, sheet_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def heard(response: aiohttp.ClientResponse, number: int) -> list[tuple[str, dict[str, object]]]:
    """Return the next events, each with its id."""
    found: list[tuple[str, dict[str, object]]] = []
    name = ""
    async with asyncio.timeout(10):
        while len(found) < number:
            line = (await response.content.readline()).decode().rstrip("\n")
            if line.startswith("id: "):
                name = line[4:]
            if line.startswith("data: "):
                found.append((name, dict(loose.obj(json.loads(line[6:])))))
    return found


async def test_an_edit_is_heard_and_after_a_cut_only_what_came_since(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    async with served.client.get(f"{url}/events") as response:
        begun = await heard(response, 3)
        assert [event["kind"] for _, event in begun] == ["head", "chats", "sheets"]
        _, made = await posted(served, f"{url}/edits", edits(version))
        ((last, event),) = await heard(response, 1)
        assert (event["version"], event["seq"], event["move"]) == (made["version"], 1, "edit")
    await posted(served, f"{url}/undo", {"version": made["version"]})
    async with served.client.get(f"{url}/events", headers={"Last-Event-ID": last}) as response:
        ((_, event),) = await heard(response, 1)
        assert (event["version"], event["seq"], event["move"]) == (version, 2, "undo")


async def test_events_of_no_sheet_are_an_error(served: Served) -> None:
    async with served.client.get("/api/sheets/sheet_none/events") as response:
        assert (response.status, await code_of(response)) == (404, "sheet.not_found")
