"""Sharing, rules and removal through the API: what others see of it, and when."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue
from sqlalchemy import Table, func, select

from chatsheet.auth import policy
from chatsheet.chat.live import SheetHidden
from chatsheet.core.identity import Actor
from chatsheet.db import tables
from tests.api.world import World, inhabited

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]
NORTH: dict[str, JsonValue] = {
    "table": "orders",
    "hidden": ["revenue"],
    "rows": [{"column": "region", "test": "equals", "values": ["North"]}],
}

UNFIT: list[dict[str, JsonValue]] = [
    {**NORTH, "table": "nothing"},
    {**NORTH, "hidden": ["nothing"]},
    {**NORTH, "rows": [{"column": "nothing", "test": "filled", "values": []}]},
    {**NORTH, "rows": [{"column": "region", "test": "between", "values": ["a"]}]},
    {**NORTH, "rows": [{"column": "revenue", "test": "above", "values": ["much"]}]},
    {"table": "orders"},
]


async def ask(world: World, caller: str, method: str, path: str, **body: JsonValue) -> httpx.Response:
    headers = {"Content-Type": "application/json", **await world.credentials(caller)}
    content = json.dumps(body) if body else None
    return await world.client.request(method, path, headers=headers, content=content)


def code(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.json()['error']['code']}"


async def test_a_shared_sheet_is_in_the_list_with_what_one_is_on_it(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        url = f"/api/sheets/{(place := await world.place()).sheet_id}"
        assert (await ask(world, "stranger", "GET", "/api/sheets")).json() == []
        shared = await ask(world, "owner", "PUT", f"{url}/shares", user="stranger@x.org", role="editor")
        assert (shared.status_code, shared.json()["role"]) == (200, "editor")
        (entry,) = (await ask(world, "stranger", "GET", "/api/sheets")).json()
        assert (entry["id"], entry["workspace_id"], entry["role"]) == (place.sheet_id, world.workspace_id, "editor")
        assert (await ask(world, "stranger", "GET", url)).json()["sheet"] == entry
        assert (await ask(world, "owner", "DELETE", f"{url}/shares/{world.users['stranger']}")).status_code == 204
        assert (await ask(world, "stranger", "GET", "/api/sheets")).json() == []
        assert code(await ask(world, "stranger", "GET", url)) == "404 sheet.not_found"


async def test_whom_a_sheet_is_shown_and_who_is_who_is_told_to_the_audit_log(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        url, space = f"/api/sheets/{(await world.place()).sheet_id}", f"/api/workspaces/{world.workspace_id}/members"
        stranger = world.users["stranger"]
        before = len([one async for one in world.services.audit.entries()])
        await ask(world, "owner", "PUT", f"{url}/shares", user=stranger, role="viewer")
        await ask(world, "owner", "DELETE", f"{url}/shares/{stranger}")
        await ask(world, "owner", "PUT", f"{url}/rules/viewer", tables=[NORTH])
        await ask(world, "owner", "DELETE", f"{url}/rules/viewer")
        await ask(world, "owner", "POST", space, user=stranger, role="viewer")
        await ask(world, "owner", "DELETE", f"{space}/{stranger}")
        await ask(world, "owner", "DELETE", url)
        await ask(world, "administrator", "PATCH", f"/api/users/{stranger}", is_admin=True)
        await ask(world, "administrator", "PATCH", f"/api/users/{stranger}", is_active=False)
        entries = [one async for one in world.services.audit.entries()][before:]
        told = [(one.action, one.actor_id) for one in entries if one.action != "login"]
        by_owner = ["sheet.share", "sheet.unshare", "sheet.rules", "sheet.rules", "member.set", "member.end", "sheet.remove"]
        owner, administrator = world.users["owner"], world.users["administrator"]
        assert told == [(one, owner) for one in by_owner] + [("user.change", administrator), ("user.close", administrator)]
        assert "North" not in str(entries)


async def test_a_list_is_of_the_workspace_asked_for(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        here = f"/api/sheets?workspace_id={world.workspace_id}"
        listed = (await ask(world, "viewer", "GET", here)).json()
        assert [(one["role"], one["is_partial"]) for one in listed] == [("viewer", False)]
        assert (await ask(world, "viewer", "GET", "/api/sheets")).json() == []
        assert code(await ask(world, "stranger", "GET", here)) == "404 workspace.not_found"


async def test_rules_hold_from_the_next_request_on(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        url = f"/api/sheets/{(await world.place()).sheet_id}"
        set_ = await ask(world, "owner", "PUT", f"{url}/rules/viewer", tables=[NORTH])
        counted = {one["table"]: one for one in set_.json()}["orders"]
        assert counted["rows"] < counted["of_rows"]
        assert counted["columns"] == counted["of_columns"] - 1
        seen = (await ask(world, "viewer", "GET", url)).json()
        assert (seen["sheet"]["is_partial"], "revenue" in json.dumps(seen)) == (True, False)
        assert (await ask(world, "editor", "GET", url)).json()["sheet"]["is_partial"] is False
        assert (await ask(world, "owner", "GET", f"{url}/rules")).json() == [{"role": "viewer", "tables": [NORTH]}]
        assert (await ask(world, "owner", "DELETE", f"{url}/rules/viewer")).status_code == 204
        assert (await ask(world, "viewer", "GET", url)).json()["sheet"]["is_partial"] is False


async def test_rules_that_are_tried_leave_nothing_on_disk(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        url = f"/api/sheets/{(await world.place()).sheet_id}"
        for method, path in (("POST", "preview"), ("PUT", "viewer")):
            assert (await ask(world, "owner", method, f"{url}/rules/{path}", tables=[NORTH])).status_code == 200
        left = [one for name in ("excerpts", "incoming") for one in (world.services.settings.data / name).glob("*")]
        assert left == []


@pytest.mark.parametrize("rule", UNFIT)
async def test_rules_that_do_not_fit_are_refused_and_nothing_is_kept(
    tmp_path: Path, sales: Path, rule: dict[str, JsonValue]
) -> None:
    async with inhabited(tmp_path, sales) as world:
        url = f"/api/sheets/{(await world.place()).sheet_id}"
        for method, path in (("POST", "preview"), ("PUT", "viewer")):
            assert code(await ask(world, "owner", method, f"{url}/rules/{path}", tables=[rule])) == "400 rules.invalid"
        assert (await ask(world, "owner", "GET", f"{url}/rules")).json() == []
        twice = await ask(world, "owner", "PUT", f"{url}/rules/viewer", tables=[NORTH, NORTH])
        assert code(twice) == "400 rules.invalid"
        assert (await ask(world, "owner", "PUT", f"{url}/rules/owner", tables=[NORTH])).status_code == 400


@pytest.mark.parametrize("by", ["session", "token"])
async def test_streams_end_with_the_login_or_the_token_that_opened_them(tmp_path: Path, sales: Path, by: str) -> None:
    async with inhabited(tmp_path, sales) as world:
        place, services, owner = await world.place("owner"), world.services, world.users["owner"]
        secret = await services.sessions.begin(owner)
        token, pat = await services.tokens.create(owner, "t", {policy.Scope.READ})
        asking = await services.sessions.find(secret) if by == "session" else (await services.tokens.find(pat) or ("", None))[1]
        assert asking is not None
        actor = policy.actor(asking, await services.access.standing(asking, sheet_id=place.sheet_id))
        sheet, chat = services.live.watch(actor, place.sheet_id), services.chats.watch(actor, place.chat_id, after=0)
        await anext(sheet)
        await (services.sessions.end(secret) if by == "session" else services.tokens.revoke(owner, token.id))
        async with asyncio.timeout(20):
            told = [one.event async for one in sheet]
            said = [one.event async for one in chat]
        assert isinstance(told[-1], SheetHidden)
        assert [one.kind for one in said] == ["access_ended"]


async def test_a_removed_sheet_leaves_nothing_and_its_listeners_hear_of_it(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        place = await world.place("ruled viewer")
        url, services = f"/api/sheets/{place.sheet_id}", world.services
        term: JsonValue = {"kind": "term", "term": "big", "meaning": "over 100"}
        assert (await ask(world, "owner", "POST", f"{url}/glossary", entry=term)).status_code == 201
        await ask(world, "owner", "PUT", f"{url}/shares", user=world.users["stranger"], role="viewer")
        assert (await ask(world, "viewer", "GET", url)).status_code == 200
        watched = services.live.watch(Actor(world.workspace_id, world.users["owner"]), place.sheet_id)
        await anext(watched)
        assert (await ask(world, "owner", "DELETE", url)).status_code == 204
        async with asyncio.timeout(20):
            told = [one.event async for one in watched]
        assert isinstance(told[-1], SheetHidden)
        of_sheet = (
            tables.sheet_version,
            tables.sheet_move,
            tables.chat,
            tables.glossary_entry,
            tables.share,
            tables.sheet_rule,
        )
        assert [await rows(world, table, place.sheet_id) for table in of_sheet] == [0] * len(of_sheet)
        assert [one.name for one in (services.settings.data / "excerpts").iterdir()] == []
        assert code(await ask(world, "owner", "DELETE", url)) == "404 sheet.not_found"
        assert len((await ask(world, "owner", "GET", f"/api/sheets?workspace_id={world.workspace_id}")).json()) == 1


async def rows(world: World, table: Table, sheet_id: str) -> int:
    async with world.services.database.unit() as connection:
        return (await connection.execute(select(func.count()).where(table.c.sheet_id == sheet_id))).scalar_one()


async def test_a_chat_of_somebody_else_is_not_asked_in(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        chat = f"/api/chats/{(await world.place('owner')).chat_id}"
        assert (await ask(world, "editor", "GET", f"{chat}/log")).status_code == 200
        assert code(await ask(world, "editor", "POST", f"{chat}/questions", question="?")) == "403 access.denied"
        assert code(await ask(world, "editor", "DELETE", chat)) == "403 access.denied"
