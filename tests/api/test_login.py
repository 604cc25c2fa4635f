"""The door of login modes, through the whole application: who is let in, by what, from where, and how often."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from chatsheet.api import app
from chatsheet.api.logins import SESSION, Logins
from chatsheet.auth.limits import Rates
from chatsheet.auth.members import NewUser
from chatsheet.auth.place import place
from chatsheet.auth.policy import Scope
from chatsheet.auth.sessions import Sessions
from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import Role
from chatsheet.wiring import Services, open_services
from tests.auth.conftest import HandClock
from tests.harness import state_in, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]

URL = "https://sheets.example.com"
PASSWORD = "a sentence that I would write"
OTHER = "quite another sentence of mine"
EMAIL = "ada@example.com"
PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True)
class Guarded:
    """An application behind the door of a login mode, and the clock of its sessions."""

    app: ASGIApp
    services: Services
    clock: HandClock

    def browser(self, *, peer: str = "192.0.2.1", **headers: str) -> httpx.AsyncClient:
        """Return a browser of its own, with its own cookies, on the page of this server."""
        transport = httpx.ASGITransport(self.app, client=(peer, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=URL, headers={**PAGE, **headers})

    def program(self, token: str, **headers: str) -> httpx.AsyncClient:
        """Return a program that holds an API token."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.9", 50_000))
        return httpx.AsyncClient(transport=transport, base_url=URL, headers={"Authorization": f"Bearer {token}", **headers})

    @asynccontextmanager
    async def ada(self, *, agent: str = "desk") -> AsyncGenerator[httpx.AsyncClient, None]:
        """Yield a browser in which the administrator is logged in."""
        async with self.browser(**{"User-Agent": agent}) as browser:
            answer = await browser.post("/api/login/password", json={"email": EMAIL, "password": PASSWORD})
            assert answer.status_code == 204, answer.text
            yield browser


@asynccontextmanager
async def guarding(folder: Path, mode: str = "password", *, requests_per_minute: int = 600) -> AsyncGenerator[Guarded, None]:
    """Build the application in a login mode, with a first administrator."""
    more = '[auth.oidc]\nissuer = "https://idp.example.com"\nclient_id = "us"\n' if mode == "oidc" else ""
    text = f'data = \'{folder}\'\n[server]\npublic_url = "{URL}"\n[auth]\nmode = "{mode}"\n{more}'
    clock = HandClock()
    async with open_services(settings_file.load(write_settings(folder, text))) as opened:
        idle, absolute = timedelta(hours=8), timedelta(hours=24)
        sessions = Sessions(opened.database, clock, idle=idle, absolute=absolute)
        rates = Rates(logins_per_minute=10, requests_per_minute=requests_per_minute, clock=SystemClock())
        services = replace(opened, sessions=sessions, rates=rates)
        door = Logins(
            place=place(services.settings.server, 8000), sessions=sessions, tokens=services.tokens, rates=services.rates
        )
        yield Guarded(app.create(services, door), services, clock)


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncGenerator[Guarded, None]:
    """Guard an application by passwords; its administrator is Ada."""
    async with guarding(tmp_path) as built:
        code = await built.services.accounts.owner_code()
        assert code is not None
        await built.services.accounts.found(code, name="Ada", email=EMAIL, password=PASSWORD)
        yield built


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Return an error's status and code."""
    return answer.status_code, str(answer.json()["error"]["code"])


async def token_of(browser: httpx.AsyncClient, *scopes: str, **more: object) -> tuple[str, str]:
    """Make an API token; return its id and its secret."""
    answer = await browser.post("/api/tokens", json={"name": "export", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["token"]


async def test_nobody_gets_beyond_the_page_without_a_login(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        for path in ("/api/me", "/api/sheets", "/api/openapi.json", "/api/nothing", "/v1/models", "/metrics"):
            assert code_of(await browser.get(path)) == (401, "login.needed"), path
        page = await browser.get("/")
        assert (page.status_code, page.headers.get("set-cookie")) == (200, None)
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert (await browser.get("/api/login")).json() == {"mode": "password", "begin": "/api/login/password", "end": ""}


async def test_a_login_gives_a_host_cookie_that_scripts_cannot_read(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        answer = await browser.post("/api/login/password", json={"email": EMAIL, "password": PASSWORD})
        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert name.startswith("__Host-chatsheet_session=")
        assert {one.lower() for one in attributes} == {"httponly", "max-age=86400", "path=/", "samesite=lax", "secure"}
        me = (await browser.get("/api/me")).json()
    assert (me["mode"], me["name"], me["email"], me["is_admin"]) == ("password", "Ada", EMAIL, True)
    assert sorted((one["name"], one["role"]) for one in me["workspaces"]) == [("Ada", "owner"), ("Everyone's", "owner")]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8000", "localhost", "sheets.example.com.evil.example", ""])
async def test_another_host_is_refused_even_with_a_session(guarded: Guarded, host: str) -> None:
    async with guarded.ada() as browser:
        for path in ("/", "/api/me", "/livez"):
            assert code_of(await browser.get(path, headers={"Host": host})) == (403, "request.host_refused")


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": URL},
        {"Sec-Fetch-Site": "", "Origin": URL},
    ],
)
async def test_a_page_of_another_site_changes_nothing(guarded: Guarded, sent: dict[str, str]) -> None:
    async with guarded.ada() as browser:
        assert code_of(await browser.post("/api/logout", json={}, headers=sent)) == (403, "request.origin_refused")
        assert (await browser.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 403), ("https://evil.example", 403), ("null", 403), ("https://sheets.example.com", 204)]
)
async def test_an_old_browser_is_judged_by_its_origin(guarded: Guarded, origin: str | None, status: int) -> None:
    async with guarded.ada() as browser:
        del browser.headers["Sec-Fetch-Site"]
        answer = await browser.delete(
            "/api/sessions", headers={"Content-Type": "application/json", **({"Origin": origin} if origin else {})}
        )
        assert answer.status_code == status


async def test_a_login_from_another_site_is_refused(guarded: Guarded) -> None:
    async with guarded.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        answer = await browser.post("/api/login/password", json={"email": EMAIL, "password": PASSWORD})
        assert code_of(answer) == (403, "request.origin_refused")


async def test_a_body_that_a_form_could_send_is_refused(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        for path in ("/api/login/password", "/api/tokens"):
            assert code_of(await browser.post(path, data={"email": EMAIL})) == (415, "request.content_type")


@pytest.mark.parametrize("path", ["/api/login/password", "/api/login/code"])
async def test_a_planted_cookie_is_not_honoured_and_replaced(guarded: Guarded, path: str) -> None:
    if path.endswith("code"):
        user = await guarded.services.accounts.create(NewUser(name="Bob", email="bob@example.com"))
        body = {"code": await guarded.services.accounts.invite(user.id), "password": OTHER}
    else:
        body = {"email": EMAIL, "password": PASSWORD}
    async with guarded.browser() as browser:
        planted = {"Cookie": f"{SESSION}=planted-by-somebody-else"}
        assert code_of(await browser.get("/api/me", headers=planted)) == (401, "login.needed")
        answer = await browser.post(path, json=body, headers=planted)
        assert answer.status_code == 204, answer.text
        assert "planted" not in answer.headers["set-cookie"]
        assert code_of(await browser.get("/api/me", headers=planted)) == (401, "login.needed")


async def test_a_second_login_of_a_browser_ends_its_first_session(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        old = {"Cookie": f"{SESSION}={browser.cookies[SESSION]}"}
        await browser.post("/api/login/password", json={"email": EMAIL, "password": PASSWORD})
        assert (await browser.get("/api/me")).status_code == 200
    async with guarded.browser() as thief:
        assert code_of(await thief.get("/api/me", headers=old)) == (401, "login.needed")


async def test_a_session_ends_when_idle_and_when_old(guarded: Guarded) -> None:
    async with guarded.ada() as idle, guarded.ada() as busy:
        for _ in range(3):
            guarded.clock.pass_by(hours=7, minutes=59)
            assert (await busy.get("/api/me")).status_code == 200
        assert code_of(await idle.get("/api/me")) == (401, "login.needed")
        guarded.clock.pass_by(minutes=3)
        assert code_of(await busy.get("/api/me")) == (401, "login.needed")


async def test_two_logins_see_each_other_and_one_ends_the_other(guarded: Guarded) -> None:
    async with guarded.ada(agent="desk") as desk, guarded.ada(agent="phone") as phone:
        listed = (await desk.get("/api/sessions")).json()
        assert {(one["agent"], one["is_this"]) for one in listed} == {("desk", True), ("phone", False)}
        (other,) = (one["id"] for one in listed if not one["is_this"])
        headers = {"Content-Type": "application/json"}
        assert (await desk.delete(f"/api/sessions/{other}", headers=headers)).status_code == 204
        assert code_of(await phone.get("/api/me")) == (401, "login.needed")
        assert code_of(await desk.delete(f"/api/sessions/{other}", headers=headers)) == (404, "session.not_found")


async def test_all_other_sessions_can_be_ended(guarded: Guarded) -> None:
    async with guarded.ada() as desk, guarded.ada() as phone:
        assert (await desk.delete("/api/sessions", headers={"Content-Type": "application/json"})).status_code == 204
        assert code_of(await phone.get("/api/me")) == (401, "login.needed")
        assert (await desk.get("/api/me")).status_code == 200


async def test_logout_ends_the_session_and_clears_the_browser(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        kept = {"Cookie": f"{SESSION}={browser.cookies[SESSION]}"}
        answer = await browser.post("/api/logout", json={})
        assert (answer.status_code, answer.headers["clear-site-data"]) == (204, '"cache", "storage"')
        assert "max-age=0" in answer.headers["set-cookie"].lower()
        assert "secure" in answer.headers["set-cookie"].lower()
        assert SESSION not in browser.cookies
        assert code_of(await browser.get("/api/me", headers=kept)) == (401, "login.needed")


async def test_twenty_wrong_passwords_are_too_many(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        wrong = {"email": EMAIL, "password": "wrong"}
        answers = [await browser.post("/api/login/password", json=wrong) for _ in range(20)]
        assert [code_of(one) for one in answers] == [(401, "login.failed")] * 10 + [(429, "login.too_many")] * 10
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    async with guarded.browser(peer="192.0.2.77") as elsewhere:
        right = {"email": EMAIL.upper(), "password": PASSWORD}
        assert (await elsewhere.post("/api/login/password", json=right)).status_code == 204  # strangers lock nobody out
        unknown = {"email": "nobody@example.com", "password": PASSWORD}
        assert code_of(await elsewhere.post("/api/login/password", json=unknown)) == (401, "login.failed")


async def test_guesses_of_codes_are_too_many_too(guarded: Guarded) -> None:
    async with guarded.browser() as browser:
        answers = [await browser.post("/api/login/code", json={"code": f"guess-{n}"}) for n in range(12)]
        assert [code_of(one)[0] for one in answers] == [401] * 10 + [429] * 2


async def test_a_token_does_what_its_scope_says_and_no_more(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        _, token = await token_of(browser, "read")
    async with guarded.program(token) as program:
        assert (await program.get("/api/sheets")).status_code == 200
        assert (await program.get("/api/me")).json()["is_admin"] is False
        for method, path in (("POST", "/api/chats"), ("POST", "/v1/chat/completions"), ("POST", "/api/tokens")):
            answer = await program.request(method, path, json={"sheet_id": "sheet_none"})
            assert answer.status_code in {403, 404}, (path, answer.text)
        for path in ("/api/sessions", "/api/tokens"):
            assert code_of(await program.get(path)) == (403, "access.denied")
        assert code_of(await program.post("/api/logout", json={})) == (403, "access.denied")
        assert code_of(await program.get("/api/doctor")) == (404, "request.not_found")


async def test_a_token_needs_no_origin_and_opens_v1(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        _, token = await token_of(browser, "model")
        assert code_of(await browser.get("/v1/models")) == (401, "login.needed")
    async with guarded.program(token, Origin="https://elsewhere.example.com") as program:
        assert (await program.get("/v1/models")).status_code == 200


async def test_a_token_of_one_workspace_sees_only_that(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        _, token = await token_of(browser, "read", workspace_id="shared")
        refused = await browser.post("/api/tokens", json={"name": "x", "scopes": ["read"], "workspace_id": "wsp_other"})
        assert code_of(refused) == (404, "workspace.not_found")
    async with guarded.program(token) as program:
        assert [one["id"] for one in (await program.get("/api/me")).json()["workspaces"]] == ["shared"]


async def test_a_token_is_shown_once_listed_and_revoked(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        token_id, token = await token_of(browser, "read", days=365)
        listed = await browser.get("/api/tokens")
        assert [one["id"] for one in listed.json()] == [token_id]
        assert token not in listed.text
        headers = {"Content-Type": "application/json"}
        assert (await browser.delete(f"/api/tokens/{token_id}", headers=headers)).status_code == 204
        assert code_of(await browser.delete(f"/api/tokens/{token_id}", headers=headers)) == (404, "token.not_found")
    async with guarded.program(token) as program:
        assert code_of(await program.get("/api/sheets")) == (401, "token.refused")


@pytest.mark.parametrize(
    "body", [{"scopes": []}, {"scopes": ["all"]}, {"days": 366}, {"days": 0}, {"name": ""}, {"name": "a\0"}, {"user": "x"}]
)
async def test_a_token_without_bounds_is_refused(guarded: Guarded, body: dict[str, object]) -> None:
    async with guarded.ada() as browser:
        answer = await browser.post("/api/tokens", json={"name": "x", "scopes": ["read"], **body})
        assert code_of(answer) == (400, "input.invalid")


@pytest.mark.parametrize("token", ["", "wrong", "chatsheet_pat_" + "a" * 38, "token-of-this-start"])
async def test_no_other_bearer_opens_the_door_not_even_beside_a_session(guarded: Guarded, token: str) -> None:
    async with guarded.ada() as browser:
        answer = await browser.get("/api/me", headers={"Authorization": f"Bearer {token}"})
        assert code_of(answer) == (401, "token.refused")


async def test_a_token_that_asks_too_often_waits(tmp_path: Path) -> None:
    async with guarding(tmp_path, requests_per_minute=3) as guarded:
        user = await guarded.services.accounts.create(NewUser(name="Bob", role=Role.VIEWER))
        _, token = await guarded.services.tokens.create(user.id, "export", {Scope.READ})
        async with guarded.program(token) as program:
            answers = [await program.get("/api/sheets") for _ in range(4)]
        assert [one.status_code for one in answers[:3]] == [200] * 3
        assert code_of(answers[3]) == (429, "token.too_many_requests")
        assert int(answers[3].headers["retry-after"]) >= 1


async def test_a_closed_account_is_out_at_once(guarded: Guarded) -> None:
    async with guarded.ada() as browser:
        _, token = await token_of(browser, "read")
        me = (await browser.get("/api/me")).json()["id"]
        await guarded.services.accounts.create(NewUser(name="Boss", is_admin=True))
        await guarded.services.users.change(me, by="", is_active=False)
        assert code_of(await browser.get("/api/me")) == (401, "login.needed")
        answer = await browser.post("/api/login/password", json={"email": EMAIL, "password": PASSWORD})
        assert code_of(answer) == (401, "login.failed")
    async with guarded.program(token) as program:
        assert code_of(await program.get("/api/sheets")) == (401, "token.refused")


async def test_a_changed_password_ends_the_other_session(guarded: Guarded) -> None:
    async with guarded.ada() as desk, guarded.ada() as phone:
        wrong = await desk.post("/api/password", json={"old": "wrong", "new": OTHER})
        assert code_of(wrong) == (403, "password.wrong")
        weak = await desk.post("/api/password", json={"old": PASSWORD, "new": "short"})
        assert code_of(weak) == (400, "password.weak")
        assert (await desk.post("/api/password", json={"old": PASSWORD, "new": OTHER})).status_code == 204
        assert (await desk.get("/api/me")).status_code == 200
        assert code_of(await phone.get("/api/me")) == (401, "login.needed")


async def test_the_first_owner_comes_by_the_printed_code(tmp_path: Path) -> None:
    async with guarding(tmp_path) as guarded, guarded.browser() as browser:
        code = await guarded.services.accounts.owner_code()
        body = {"code": code, "name": "Ada", "email": EMAIL, "password": PASSWORD}
        assert code_of(await browser.post("/api/login/code", json={"code": code})) == (400, "login.code_incomplete")
        short = await browser.post("/api/login/code", json={**body, "password": "short"})
        assert code_of(short) == (400, "password.weak")
        assert (await browser.post("/api/login/code", json=body)).status_code == 204
        me = (await browser.get("/api/me")).json()
        assert (me["is_admin"], {one["id"]: one["role"] for one in me["workspaces"]}["shared"]) == (True, "owner")
        again = await browser.post("/api/login/code", json={**body, "email": "eve@example.com"})
        assert code_of(again) == (401, "login.code_refused")


async def test_with_a_provider_the_code_makes_who_is_logged_in_the_administrator(tmp_path: Path) -> None:
    async with guarding(tmp_path, "oidc") as guarded, guarded.browser() as browser:
        code = await guarded.services.accounts.owner_code()
        assert (await browser.get("/api/login")).json() == {"mode": "oidc", "begin": "/login/oidc", "end": "/login/oidc/end"}
        body = {"email": EMAIL, "password": PASSWORD}
        assert code_of(await browser.post("/api/login/password", json=body)) == (409, "login.off")
        assert code_of(await browser.post("/api/login/code", json={"code": code})) == (401, "login.needed")
        user = await guarded.services.accounts.create(NewUser(name="Bob"))
        browser.cookies.set(SESSION, await guarded.services.sessions.begin(user.id), domain="sheets.example.com")
        assert (await browser.get("/api/me")).json()["is_admin"] is False
        assert (await browser.post("/api/login/code", json={"code": code})).status_code == 204
        assert (await browser.get("/api/me")).json()["is_admin"] is True


async def test_a_database_that_cannot_be_read_lets_nobody_in(guarded: Guarded, tmp_path: Path) -> None:
    if not isinstance(state_in(tmp_path), Path):
        pytest.skip("a file that is no database is a matter of SQLite")
    async with guarded.ada() as browser:
        await guarded.services.database.close()
        (tmp_path / "chatsheet.sqlite").write_bytes(b"no database")
        for name in ("chatsheet.sqlite-wal", "chatsheet.sqlite-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        assert code_of(await browser.get("/api/me")) == (503, "storage.unavailable")
        (tmp_path / "chatsheet.sqlite").unlink()  # or closing would complain
