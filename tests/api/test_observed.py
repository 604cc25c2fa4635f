"""Requests are counted and told by their route, never by their path."""

import logging
from collections.abc import AsyncGenerator

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatsheet.api import app
from tests.api.conftest import Served, listening

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(served: Served) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """A caller of the whole application, as the server runs it."""
    bearer = {"Authorization": f"Bearer {served.keys.token}"}
    async with listening(app.create(served.services, served.keys)) as url, aiohttp.ClientSession(url, headers=bearer) as caller:
        yield caller


async def test_a_request_is_a_metric_and_a_line_without_its_path(
    client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="chatsheet.api.observed")
    async with client.get("/api/sheets/sheet_CANARY?q=CANARY") as response:
        assert response.status == 404
    async with client.get("/nowhere/CANARY") as response:
        assert response.status == 404
    async with client.get("/metrics") as response:
        text = await response.text()
    assert "CANARY" not in text + caplog.text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    counted = {
        (one.labels["http_route"], one.labels["http_response_status_code"]): one.value
        for one in families["http_server_request_duration_seconds"].samples
        if one.name.endswith("_count")
    }
    assert counted["/api/sheets/{sheet_id}", "404"] == 1
    assert counted["_OTHER", "404"] == 1
    assert "GET /api/sheets/{sheet_id} 404" in caplog.messages


async def test_what_the_door_refused_is_not_counted_by_whoever_sent_it(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/sheets", headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    async with client.get("/metrics") as response:
        assert 'http_route="/api/sheets"' not in await response.text()
