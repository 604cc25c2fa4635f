"""The audit log over HTTP: owners read their workspace's, administrators everything; each act leaves its entry."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update

from chatsheet.audit.chain import Entry
from chatsheet.core.acts import Act
from chatsheet.core.identity import LOCAL, Role
from chatsheet.db.tables import audit_entry
from tests.api.conftest import Served
from tests.api.test_edits_api import edits, posted, sheet_of
from tests.api.test_login import EMAIL, PASSWORD, Guarded, guarded
from tests.api.test_rules_api import ruled
from tests.harness import Wire, says

__all__ = ["guarded"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
JSON = {"Content-Type": "application/json"}
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


async def got(client: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with client.get(path) as response:
        return response.status, await response.text()


@pytest.fixture
async def page(served: Served) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """The page: a person, where a token is a program."""
    headers = {"Cookie": f"{served.keys.cookie_name}={served.keys.cookie}", "Sec-Fetch-Site": "same-origin", **JSON}
    async with aiohttp.ClientSession(served.url, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client


async def told(served: Served, path: str = "/api/audit") -> list[dict[str, object]]:
    """Return the entries that a path gives, the newest first."""
    status, text = await got(served.client, path)
    assert status == 200, text
    return json.loads(text)


async def test_import_edit_undo_query_and_export_each_leave_their_entry(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    _, edited = await posted(served, f"{url}/edits", edits(version))
    await posted(served, f"{url}/undo", {"version": edited["version"]})
    await posted(served, f"{url}/query", {"sql": "select count(*) as n from orders"})
    await got(served.client, f"{url}/tables/orders/export")
    entries = (await told(served))[::-1]
    actions = ["sheet.import", "sheet.edit", "sheet.undo", "sheet.query", "sheet.export"]
    assert [one["action"] for one in entries] == actions
    assert {one["subject"] for one in entries} == {url.rpartition("/")[2]}
    bodies = [json.dumps(one["body"]) for one in entries]
    assert all(f'"rows": {rows}' in body for rows, body in zip((1, 1, 1, 600), bodies[1:], strict=True))
    assert 'SELECT COUNT(*) AS n FROM \\"orders\\"' in bodies[3] or "count(*)" in bodies[3].casefold()
    assert all(version in body for body in bodies)
    assert "1.5" not in "".join(bodies)


async def test_entries_are_paged_and_found_by_what_they_are(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    for number in range(3):
        await posted(served, f"{url}/query", {"sql": f"SELECT {number} AS n"})
    assert [one["seq"] for one in await told(served, "/api/audit?limit=2")] == [4, 3]
    assert [one["seq"] for one in await told(served, "/api/audit?before=3&limit=1")] == [2]
    assert [one["seq"] for one in await told(served, "/api/audit?action=sheet.import")] == [1]
    assert await told(served, "/api/audit?since=2999-01-01T00:00:00Z") == []
    assert (await got(served.client, "/api/audit?since=yesterday"))[0] in {400, 422}


async def test_an_export_is_lines_that_can_be_followed_and_is_told_itself(served: Served, sales: Path) -> None:
    await sheet_of(served, sales)
    status, text = await got(served.client, "/api/audit/all")
    lines = [json.loads(line) for line in text.splitlines()]
    assert (status, [line["action"] for line in lines]) == (200, ["sheet.import", "audit.export"])
    status, text = await got(served.client, f"/api/audit/verify?expect_head={lines[0]['hash']}")
    assert json.loads(text) == {"entries": 2, "head": lines[1]["hash"], "broken": None}


async def test_a_broken_chain_is_told_by_its_first_entry(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    await posted(served, f"{url}/query", {"sql": "SELECT 1 AS n"})
    async with served.services.database.unit() as connection:
        await connection.execute(update(audit_entry).where(audit_entry.c.seq == 1).values(actor_id="somebody else"))
    _, text = await got(served.client, "/api/audit/verify")
    assert json.loads(text)["broken"] == {"seq": 1, "how": "changed"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_the_log_is_for_owners(served: Served, sales: Path, role: Role) -> None:
    await ruled(served, sales, role)
    for path in ("/api/audit", "/api/audit/export"):
        assert (await got(served.client, path))[0] == 403
    assert (await got(served.client, f"/api/audit?workspace_id={LOCAL.workspace_id}"))[0] == 403
    assert (await got(served.client, "/api/audit?workspace_id=elsewhere"))[0] == 404


async def test_an_owner_sees_nothing_of_other_workspaces_or_of_logins(served: Served, sales: Path) -> None:
    await ruled(served, sales, Role.OWNER)
    await served.services.audit.note(Act(action="login", actor_id="ada"), Act(action="login", workspace_id="elsewhere"))
    assert [one["action"] for one in await told(served)] == ["sheet.import"]
    _, text = await got(served.client, "/api/audit/export")
    assert [json.loads(line)["action"] for line in text.splitlines()] == ["sheet.import", "audit.export"]


async def all_of(guarded: Guarded) -> list[Entry]:
    return [one async for one in guarded.services.audit.entries()]


async def test_logins_failures_tokens_and_logouts_leave_entries_without_secrets(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        await browser.post("/api/login/password", json={"email": EMAIL, "password": "another one"})
        await browser.post("/api/login/code", json={"code": "none"})
    async with guarded.ada() as browser:
        made = (await browser.post("/api/tokens", json={"name": "t", "scopes": ["read"]})).json()
        await browser.delete(f"/api/tokens/{made['id']}", headers=JSON)
        await browser.post("/api/logout", json={})
    entries = await all_of(guarded)
    actions = ["login.failed", "login.failed", "login", "token.make", "token.revoke", "logout"]
    assert [one.action for one in entries][-6:] == actions
    assert {one.actor_id for one in entries[-4:]} == {entries[-6].subject}
    assert not any(secret in str(entries) for secret in (made["token"], PASSWORD, "another one", EMAIL))


async def test_a_programs_call_of_the_model_is_counted_for_whose_token_it_is(served: Served) -> None:
    served.wire.script("gpt-4o", says("Hi there."), says("Hi there."))
    for more in ({}, {"stream": True}):
        async with served.client.post("/v1/chat/completions", json={**ASK, **more}) as response:
            assert "Hi" in await response.text()
    called = await told(served)
    assert [one["action"] for one in called] == ["model.call"] * 2
    (day,) = await told(served, "/api/spend")
    assert (day["user"], day["unpriced_calls"]) == (LOCAL.user_id, 2)
    assert day["output_tokens"] == 4


async def test_a_call_that_its_program_leaves_is_counted_by_estimate(served: Served) -> None:
    served.wire.fault("gpt-4o", "silence")
    asked = asyncio.ensure_future(served.client.post("/v1/chat/completions", json=ASK))
    async with asyncio.timeout(20):
        while not served.wire.calls("gpt-4o"):
            await asyncio.sleep(0.01)
    asked.cancel()
    async with asyncio.timeout(20):
        while not (called := await told(served)):
            await asyncio.sleep(0.05)
    assert "is_broken_off" in str(called[0]["body"])


async def test_a_programs_call_is_refused_where_a_budget_is_used_up(served: Served, page: aiohttp.ClientSession) -> None:
    limits = {"period": "day", "tokens": 0}
    async with page.put("/api/budgets", json={"kind": "workspace", "limits": limits}) as response:
        assert (response.status, (await response.json())["state"]) == (200, "stop")
    for more in ({}, {"stream": True}):
        async with served.client.post("/v1/chat/completions", json={**ASK, **more}) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (429, "budget.exceeded")
    assert served.wire.calls("gpt-4o") == 0


async def test_a_call_that_no_route_answers_is_told_too(served: Served, wire: Wire) -> None:
    wire.fault("gpt-4o", "server_error")
    async with served.client.post("/v1/chat/completions", json=ASK) as response:
        assert response.status == 503
    (called,) = await told(served)
    assert "llm.no_route_answered" in str(called["body"])


async def test_budgets_are_set_looked_at_and_removed(page: aiohttp.ClientSession) -> None:
    limits = {"period": "month", "cost": 5.0, "soft": 0.5}
    body = {"kind": "user", "subject": "local", "limits": limits}
    async with page.put("/api/budgets", json=body) as response:
        assert response.status == 200
    (one,) = json.loads((await got(page, "/api/budgets"))[1])
    assert (one["state"], one["cost"], one["budget"]) == ("ok", 0.0, {**body, "limits": {**limits, "tokens": None}})
    for status in (204, 404):
        async with page.delete("/api/budgets?kind=user&subject=local") as response:
            assert response.status == status


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "workspace", "subject": "x", "limits": {"period": "day", "tokens": 1}},
        {"kind": "user", "limits": {"period": "day", "tokens": 1}},
        {"kind": "user", "subject": "local", "limits": {"period": "day"}},
        {"kind": "user", "subject": "local", "limits": {"period": "year", "tokens": 1}},
    ],
)
async def test_a_budget_that_means_nothing_is_refused(page: aiohttp.ClientSession, body: object) -> None:
    async with page.put("/api/budgets", json=body) as response:
        assert response.status in {400, 422}
        assert (await response.json())["error"]["fix"]
    assert await got(page, "/api/budgets") == (200, "[]")


async def test_days_of_spending_that_are_none_are_refused(served: Served) -> None:
    for query in (
        "since=2026-02-01&until=2026-01-01",
        "since=2001-01-01&until=2026-01-01",
        "since=9999-12-31",
        "until=0001-01-01",
    ):
        assert (await got(served.client, f"/api/spend?{query}"))[0] in {200, 400}, query


async def test_members_see_what_is_spent_and_only_owners_set_budgets(served: Served, sales: Path) -> None:
    await ruled(served, sales, Role.EDITOR)
    assert (await got(served.client, "/api/spend"))[0] == 200
    assert (await got(served.client, "/api/budgets"))[0] == 403
    assert (await got(served.client, "/api/spend?workspace_id=elsewhere"))[0] == 404
