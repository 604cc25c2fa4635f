"""Workspaces, members and users through the API."""

from pathlib import Path

import pytest

from tests.api.test_shares_api import ask, code
from tests.api.world import inhabited

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def test_a_workspace_is_opened_named_and_filled_by_its_owner(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        made = await ask(world, "viewer", "POST", "/api/workspaces", name=" Plans ")
        assert (made.status_code, made.json()["name"], made.json()["role"]) == (201, "Plans", "owner")
        url = f"/api/workspaces/{made.json()['id']}"
        assert (await ask(world, "viewer", "PATCH", url, name="Plans 2027")).status_code == 204
        added = await ask(world, "viewer", "POST", f"{url}/members", user="editor@x.org", role="viewer")
        assert (added.status_code, added.json()["role"]) == (201, "viewer")
        listed = (await ask(world, "editor", "GET", "/api/workspaces")).json()
        assert ("Plans 2027", "viewer") in {(one["name"], one["role"]) for one in listed}
        me = world.users["viewer"]
        assert code(await ask(world, "viewer", "PUT", f"{url}/members/{me}", role="editor")) == "409 member.last_owner"
        assert code(await ask(world, "editor", "PUT", f"{url}/members/{me}", role="editor")) == "403 access.denied"
        unknown = await ask(world, "viewer", "POST", f"{url}/members", user="nobody@x.org", role="viewer")
        assert code(unknown) == "404 user.not_found"
        assert (await ask(world, "viewer", "DELETE", f"{url}/members/{world.users['editor']}")).status_code == 204
        assert code(await ask(world, "editor", "GET", f"{url}/members")) == "404 workspace.not_found"


async def test_an_administrator_invites_closes_and_names_administrators(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        made = await ask(world, "administrator", "POST", "/api/users", name="New", email="new@x.org", role="viewer")
        user = f"/api/users/{made.json()['user_id']}"
        first, second = made.json()["code"], (await ask(world, "administrator", "POST", f"{user}/code")).json()["code"]
        password = "a sentence that I would write"
        body = {"password": password}
        assert code(await ask(world, "no one", "POST", "/api/login/code", code=first, **body)) == "401 login.code_refused"
        assert (await ask(world, "no one", "POST", "/api/login/code", code=second, **body)).status_code == 204
        assert (await ask(world, "administrator", "PATCH", user, is_active=False)).json()["is_active"] is False
        closed = await ask(world, "no one", "POST", "/api/login/password", email="new@x.org", password=password)
        assert code(closed) == "401 login.failed"
        assert (await ask(world, "administrator", "PATCH", user, is_active=True, is_admin=True)).json()["is_admin"] is True
        listed = (await ask(world, "administrator", "GET", "/api/users")).json()
        assert {one["name"] for one in listed if one["is_admin"]} == {"New", "administrator"}


async def test_the_last_administrator_cannot_step_down(tmp_path: Path, sales: Path) -> None:
    async with inhabited(tmp_path, sales) as world:
        me = f"/api/users/{world.users['administrator']}"
        for said in ({"is_admin": False}, {"is_active": False}):
            assert code(await ask(world, "administrator", "PATCH", me, **said)) == "409 user.last_administrator"
