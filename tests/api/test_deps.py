"""A request is about what its route reads, and nothing else that is written into it."""

from pathlib import Path

import pytest

from chatsheet.core.identity import Actor, Role
from tests.api.world import World, inhabited

pytestmark = pytest.mark.anyio
SECRET = "revenue"


async def ruled(world: World) -> tuple[str, str, str, dict[str, str]]:
    """Return a sheet that viewers see in part, another one that they see whole with a chat, and a viewer's headers."""
    part, whole = await world.place("ruled viewer"), await world.place("viewer")
    return part.sheet_id, whole.sheet_id, whole.chat_id, await world.credentials("viewer")


async def test_another_sheet_or_chat_in_the_query_lends_no_rights(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        part, whole, chat, viewer = await ruled(world)
        for path in (f"/api/sheets/{part}", f"/api/sheets/{part}/suggestions", f"/api/chats?sheet_id={part}"):
            for more in (f"chat_id={chat}", f"sheet_id={part}&chat_id={chat}", f"workspace_id={world.workspace_id}"):
                query = f"{'&' if '?' in path else '?'}{more}"
                answer = await world.client.get(f"{path}{query}", headers=viewer)
                assert (answer.status_code, SECRET in answer.text) == (200, False), (path, more)
        answer = await world.client.get(f"/api/sheets/{part}/history?sheet_id={whole}&chat_id={chat}", headers=viewer)
        assert answer.status_code == 403


async def test_whoever_owns_something_elsewhere_names_no_members_here(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        owner, mine = Actor(world.workspace_id, world.users["owner"]), await world.place()
        theirs = (await world.services.members.open(world.users["stranger"], "Theirs")).workspace_id
        await world.services.shares.set(owner, mine.sheet_id, world.users["stranger"], Role.EDITOR)
        headers = {**await world.credentials("owner"), "Content-Type": "application/json"}
        for more in (f"sheet_id={mine.sheet_id}", f"chat_id={mine.chat_id}", f"workspace_id={world.workspace_id}"):
            path = f"/api/workspaces/{theirs}/members?{more}"
            assert (await world.client.get(path, headers=headers)).status_code == 404, more
            body = {"user": world.users["owner"], "role": "owner", "sheet_id": mine.sheet_id}
            assert (await world.client.post(path, json=body, headers=headers)).status_code == 404, more


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", " APPLICATION/json ; charset=utf-8"])
async def test_a_chat_is_started_under_the_rules_of_the_sheet_in_its_body(tmp_path: Path, sales: Path, kind: str) -> None:
    async with inhabited(tmp_path, sales) as world:
        part, whole, chat, viewer = await ruled(world)
        for more in ("", f"?sheet_id={whole}", f"?chat_id={chat}", f"?workspace_id={world.workspace_id}"):
            content = f'{{"sheet_id": "{whole}", "sheet_id": "{part}"}}'
            headers = {**viewer, "Content-Type": kind}
            answer = await world.client.post(f"/api/chats{more}", content=content, headers=headers)
            assert answer.status_code == 201, answer.text
            made = await world.services.access.standing(world.principal("viewer"), chat_id=answer.json()["id"])
            assert made.chat_rules, (kind, more)


async def test_a_sheet_must_be_named_where_a_route_is_about_one(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        headers = await world.credentials("owner")
        for answer in (
            await world.client.get("/api/chats", headers=headers),
            await world.client.post("/api/chats", json={}, headers=headers),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "input.invalid")
