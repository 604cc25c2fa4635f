"""Answers are tagged by their version: a client that has one is told so, and addresses that name a version hold for good."""

import pytest

from tests.api.conftest import Served
from tests.harness import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def brought_in(served: Served) -> tuple[str, str]:
    """Upload the sample; return its sheet and version."""
    data = (ROOT / "examples" / "sales.xlsx").read_bytes()
    octets = {"Content-Type": "application/octet-stream"}
    async with served.client.post("/api/sheets?name=sales.xlsx", data=data, headers=octets) as answer:
        sheet = (await answer.json())["sheet"]
        return sheet["id"], sheet["version"]


async def got(served: Served, path: str, tag: str = "") -> tuple[int, str, str, bytes]:
    """Return status, tag, what the client may do with it, and the body."""
    async with served.client.get(path, headers={"If-None-Match": tag} if tag else {}) as answer:
        headers = answer.headers
        return answer.status, headers.get("ETag", ""), headers["Cache-Control"], await answer.read()


async def test_rows_of_a_named_version_hold_for_good_and_rows_of_the_head_are_asked_for_again(served: Served) -> None:
    sheet, version = await brought_in(served)
    rows = f"/api/sheets/{sheet}/tables/orders/rows?limit=2"
    assert (await got(served, rows))[2] == "private, no-cache"
    assert (await got(served, f"{rows}&version={version}"))[2] == "private, max-age=31536000, immutable"


async def test_a_client_that_has_it_is_told_so_without_a_body(served: Served) -> None:
    sheet, _ = await brought_in(served)
    for path in (f"/api/sheets/{sheet}", f"/api/sheets/{sheet}/tables/orders/rows?limit=2"):
        status, tag, lasting, body = await got(served, path)
        assert (status, bool(tag), bool(body)) == (200, True, True)
        assert await got(served, path, f'"other", W/{tag}') == (304, tag, lasting, b"")


async def test_an_edit_or_another_page_has_another_tag(served: Served) -> None:
    sheet, version = await brought_in(served)
    rows = f"/api/sheets/{sheet}/tables/orders/rows?limit=2"
    before = await got(served, rows)
    edits = [{"kind": "set", "table": "orders", "cells": [{"row": 2, "column": "quantity", "value": 77}]}]
    async with served.client.post(f"/api/sheets/{sheet}/edits", json={"version": version, "edits": edits}) as answer:
        assert answer.status in {200, 201}, await answer.text()
    after = await got(served, rows, before[1])
    assert (after[0], after[1] != before[1]) == (200, True)
    assert (await got(served, f"{rows}&offset=2"))[1] != after[1]


async def test_answers_are_for_the_credentials_that_asked_and_strangers_get_none_for_a_tag(served: Served) -> None:
    sheet, version = await brought_in(served)
    path = f"/api/sheets/{sheet}/tables/orders/rows?version={version}"
    async with served.client.get(path) as answer:
        assert answer.headers["Vary"] == "Authorization, Cookie"
        tag = answer.headers["ETag"]
    async with served.client.get(path, headers={"Authorization": "Bearer wrong", "If-None-Match": tag}) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (401, "no-store")


@pytest.mark.parametrize("path", ["/api/chats?sheet_id={}", "/api/sheets", "/api/caches", "/api/status", "/api/sheets/none"])
async def test_chats_lists_and_everything_personal_are_stored_nowhere(served: Served, path: str) -> None:
    sheet, _ = await brought_in(served)
    assert (await got(served, path.format(sheet)))[2] == "no-store"


async def test_administrators_see_what_is_kept_and_can_let_go_of_it(served: Served) -> None:
    sheet, _ = await brought_in(served)
    for _ in range(2):
        await got(served, f"/api/sheets/{sheet}/tables/orders/rows?limit=3")
    async with served.client.get("/api/caches") as answer:
        told = await answer.json()
    query = next(one for one in told["caches"] if one["name"] == "query")
    assert (query["computes"], query["hits"], told["is_shared_up"], told["disk"]["versions"]) == (1, 1, None, 1)
    async with served.client.delete("/api/caches", json={}) as answer:
        assert (await answer.json())["bytes"] >= query["bytes"] > 0


async def test_metrics_tell_of_each_cache(served: Served) -> None:
    await brought_in(served)
    async with served.client.get("/metrics") as answer:
        text = await answer.text()
    assert 'chatsheet_cache_computes_total{chatsheet_cache="parsed"} 1.0' in text
    assert 'chatsheet_cache_size_bytes{chatsheet_cache="profile"}' in text
