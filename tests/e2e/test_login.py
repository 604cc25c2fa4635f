"""`chatsheet serve` in a login mode over real HTTPS on loopback: the printed code, the cookie, the restart."""

import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
from playwright.async_api import Browser

from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import browser
from tests.harness import Program, Wire, program, run_program

__all__ = ["browser"]  # a fixture of the whole session

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SETTINGS = """
data = '{data}'
[server]
port = 0
tls_certificate = '{folder}/server.pem'
tls_key = '{folder}/server.key'
[auth]
mode = "password"
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""
OWNER = {"name": "Ada", "email": "ada@example.com", "password": "a sentence that I would write"}
LOGIN = {"email": OWNER["email"], "password": OWNER["password"]}


@dataclass(frozen=True, slots=True)
class Site:
    """Settings of a server with a certificate, and who trusts it."""

    config: Path
    trust: ssl.SSLContext

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[tuple[Program, httpx.AsyncClient], None]:
        """Serve, and yield a browser's client of it."""
        async with program("--config", str(self.config), "serve") as server:
            address = (await server.wait_for(r"ChatSheetAI on (https://\S+)")).group(1)
            headers = {"Sec-Fetch-Site": "same-origin"}
            async with httpx.AsyncClient(base_url=address, verify=self.trust, headers=headers) as client:
                yield server, client


@pytest.fixture
def site(tmp_path: Path, wire: Wire) -> Site:
    """Issue a certificate for loopback."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    for n, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(tmp_path / "server.pem", append=n > 0)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Site(settings_file(tmp_path, wire, SETTINGS.replace("{folder}", str(tmp_path))), trust)


async def code_of(server: Program) -> str:
    """Return the code that makes the first administrator."""
    return (await server.wait_for(r"24 hours: (\S+)")).group(1)


async def test_the_first_owner_logs_in_and_stays_so_over_a_restart(site: Site) -> None:
    async with site.running() as (server, client):
        assert (await client.get("/api/me")).status_code == 401
        answer = await client.post("/api/login/code", json={**OWNER, "code": await code_of(server)})
        assert answer.status_code == 204, answer.text
        cookie = answer.headers["set-cookie"]
        assert re.match(r"__Host-chatsheet_session=[\w-]{43}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax; Secure$", cookie)
        assert (await client.get("/api/me")).json()["is_admin"] is True
        kept = dict(client.cookies)
    async with site.running() as (server, client):
        assert (await client.get("/api/me", headers=_cookie(kept))).json()["name"] == "Ada"
        assert not any("24 hours" in line for line in server.said)
        assert (await client.get("/api/me")).status_code == 401
        assert (await client.post("/api/login/password", json=LOGIN)).status_code == 204
        assert (await client.post("/api/logout", json={})).status_code == 204
        assert (await client.get("/api/me")).status_code == 401


def _cookie(kept: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}


async def test_a_real_browser_keeps_the_host_cookie_and_no_script_reads_it(site: Site, browser: Browser) -> None:
    async with site.running() as (server, client):
        assert (await client.post("/api/login/code", json={**OWNER, "code": await code_of(server)})).status_code == 204
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(f"{client.base_url}api/login")
        post = """body => fetch("/api/login/password", {method: "POST", body: JSON.stringify(body),
            headers: {"Content-Type": "application/json"}}).then(answer => answer.status)"""
        me = '() => fetch("/api/me").then(answer => answer.status)'
        assert await page.evaluate(me) == 401
        assert await page.evaluate(post, LOGIN) == 204
        assert await page.evaluate(me) == 200
        assert await page.evaluate("document.cookie") == ""
        (cookie,) = await context.cookies()
        assert (cookie.get("name"), cookie.get("secure"), cookie.get("httpOnly")) == ("__Host-chatsheet_session", True, True)
        await context.close()


async def test_a_certificate_that_is_none_stops_the_start(site: Site, tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("no certificate")
    code, _, err = await run_program("--config", str(site.config), "serve")
    assert code == 2
    assert "error[server.tls]" in err


async def test_a_login_mode_may_listen_beyond_loopback(tmp_path: Path, wire: Wire) -> None:
    text = SETTINGS.replace("tls_certificate = '{folder}/server.pem'\ntls_key = '{folder}/server.key'", "{where}")
    text = text.replace("{where}", 'host = "0.0.0.0"\npublic_url = "https://sheets.example.com"')
    async with program("--config", str(settings_file(tmp_path, wire, text)), "serve") as server:
        port = (await server.wait_for(r"ChatSheetAI on http://0\.0\.0\.0:(\d+)/")).group(1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/livez")).status_code == 403
            answer = await client.get("/", headers={"Host": "sheets.example.com"})
            assert (answer.status_code, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
