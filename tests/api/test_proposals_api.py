"""Proposals over HTTP: asked for in a chat, listed, decided by a person, and refused with the reason."""

from pathlib import Path

import aiohttp
import pytest

from chatsheet.api.closed import Keys
from chatsheet.core import loose
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import open_services
from tests.api.conftest import Served, start_server
from tests.api.test_api import events, start_chat
from tests.harness import Wire, azure_settings, says

pytestmark = pytest.mark.anyio


async def proposed(served: Served, sales: Path, value: object = 1.5, column: str = "revenue") -> tuple[str, str]:
    """Return the address of a chat's proposals and its sheet's, once a model has proposed to change the first row."""
    op = {"op": "set", "table": "orders", "column": column, "rows": [2], "value": value}
    call = ScriptedCall(name="propose_edit", arguments={"edits": [op], "reason": "a typo"})
    served.wire.script("gpt-4o", Exchange(calls=(call,)), says("Proposed as p1.", expect='"proposed":"p1"'))
    chat = await start_chat(served, sales)
    async with served.client.post(f"/api/chats/{chat}/questions", json={"question": "Mend the first row."}) as response:
        assert response.status == 202
    (answered,) = [event for event in await events(served, chat) if event["kind"] == "tool_answered"]
    assert loose.obj(answered["proposal"])["id"] == "p1"
    async with served.client.get("/api/sheets") as response:
        sheet = (await response.json())[0]["id"]
    return f"/api/chats/{chat}/proposals", f"/api/sheets/{sheet}"


async def decided(served: Served, url: str, decision: str, **more: object) -> tuple[int, dict[str, object]]:
    async with served.client.post(f"{url}/p1/decision", json={"decision": decision, **more}) as response:
        found: dict[str, object] = await response.json()
        return response.status, found


async def code(served: Served, url: str, decision: str, **more: object) -> tuple[int, object]:
    status, told = await decided(served, url, decision, **more)
    return status, loose.obj(told["error"])["code"]


async def first_revenue(served: Served, sheet: str) -> object:
    async with served.client.get(f"{sheet}/tables/orders/rows", params={"limit": 1}) as response:
        return (await response.json())["rows"][0][-1]


async def test_a_proposal_is_listed_applied_and_taken_back(served: Served, sales: Path) -> None:
    url, sheet = await proposed(served, sales)
    before = await first_revenue(served, sheet)
    async with served.client.get(url) as response:
        (listed,) = await response.json()
    assert (listed["state"], listed["proposal"]["preview"]["changes"][0]["sample"][0]["before"]) == ("open", before)
    status, applied = await decided(served, url, "apply")
    assert (status, applied["state"], applied["by"]) == (200, "applied", "local")
    assert await first_revenue(served, sheet) == 1.5
    assert await code(served, url, "apply") == (409, "chat.proposal_decided")
    _, undone = await decided(served, url, "undo")
    assert (undone["state"], await first_revenue(served, sheet)) == ("undone", before)


async def test_a_token_decides_only_where_settings_say_so_and_a_person_always_may(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    keys = Keys(token="token-of-this-start")
    bearer, page = {"Authorization": f"Bearer {keys.token}"}, {"Cookie": f"{keys.cookie_name}={keys.cookie}"}
    async with (
        open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services,
        start_server(services, keys) as url,
        aiohttp.ClientSession(url, headers=bearer) as program,
        aiohttp.ClientSession(url, headers=page) as person,
    ):
        by_program, by_person = (Served(url, keys, services, wire, client) for client in (program, person))
        proposals, _ = await proposed(by_program, sales)
        status, refused = await decided(by_program, proposals, "decline")
        _, declined = await decided(by_person, proposals, "decline")
    error = loose.obj(refused["error"])
    assert (status, error["code"], "server.token_decides" in str(error["fix"])) == (403, "chat.decision_forbidden", True)
    assert declined["state"] == "declined"


async def test_an_edit_does_not_say_that_a_proposal_made_it(served: Served, sales: Path) -> None:
    url, sheet = await proposed(served, sales)
    async with served.client.get(sheet) as response:
        version = (await response.json())["sheet"]["version"]
    chat = url.split("/")[-2]
    cell = {"row": 3, "column": "revenue", "value": 9}
    edit = {"version": version, "edits": [{"kind": "set", "table": "orders", "cells": [cell]}], "reason": f"p1 of {chat}: so"}
    async with served.client.post(f"{sheet}/edits", json=edit) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (400, "input.invalid")
    assert (await decided(served, url, "apply"))[1]["state"] == "applied"


async def test_who_watches_the_chat_hears_of_the_decision(served: Served, sales: Path) -> None:
    url, _ = await proposed(served, sales)
    await decided(served, url, "decline")
    async with served.client.get(url.replace("proposals", "events"), params={"after": 5}) as response:
        line = b""
        while not line.startswith(b"data: "):
            line = await response.content.readline()
    told = loose.obj(loose.parse(line[6:]))
    assert (told["kind"], told["proposal"], told["decision"], told["by"]) == ("decided", "p1", "declined", "local")


async def test_a_conflict_has_both_values_and_the_proposal_stays_open(served: Served, sales: Path) -> None:
    url, sheet = await proposed(served, sales)
    async with served.client.get(sheet) as response:
        version = (await response.json())["sheet"]["version"]
    cell = {"row": 2, "column": "revenue", "value": 9}
    body = {"version": version, "edits": [{"kind": "set", "table": "orders", "cells": [cell]}]}
    async with served.client.post(f"{sheet}/edits", json=body) as response:
        assert response.status == 201
    status, told = await decided(served, url, "apply")
    error = loose.obj(told["error"])
    assert (status, error["code"]) == (409, "edit.conflict")
    cells = loose.obj(loose.array(error["cells"])[0])
    assert (cells["theirs"], cells["yours"]) == (9, 1.5)
    assert (await decided(served, url, "decline"))[1]["state"] == "declined"


async def test_what_reaches_out_needs_its_name_in_the_request(served: Served, sales: Path) -> None:
    url, _ = await proposed(served, sales, '=WEBSERVICE("http://example.org")', "region")
    assert await code(served, url, "apply") == (422, "chat.consent_needed")
    assert (await decided(served, url, "apply", consent=["WEBSERVICE"]))[0] == 200


async def test_a_bad_decision_and_an_unknown_proposal_are_refused(served: Served, sales: Path) -> None:
    url, _ = await proposed(served, sales)
    assert await code(served, url, "maybe") == (400, "input.invalid")
    assert await code(served, url, "apply", by="somebody") == (400, "input.invalid")
    assert await code(served, url, "undo") == (409, "chat.not_undoable")
    async with served.client.post(f"{url}/p2/decision", json={"decision": "apply"}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "chat.proposal_not_found")
    async with served.client.get("/api/chats/chat_none/proposals") as response:
        assert response.status == 404
