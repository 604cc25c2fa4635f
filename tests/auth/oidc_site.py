"""The whole application in mode oidc, at its address, over an identity provider; and browsers that log in there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import httpx
from starlette.types import ASGIApp

from chatsheet import wiring
from chatsheet.api import app
from chatsheet.api.logins import Logins
from chatsheet.auth.limits import Rates
from chatsheet.auth.place import place
from chatsheet.auth.sessions import Sessions
from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.wiring import Services, open_services
from tests.auth.conftest import HandClock
from tests.auth.idp import CLIENT, SECRET
from tests.harness import write_settings

URL = "https://sheets.example.com"


@dataclass(frozen=True, slots=True)
class Site:
    """The application, and the clock of its logins."""

    app: ASGIApp
    services: Services
    clock: HandClock

    def browser(self) -> httpx.AsyncClient:
        """Return a browser of its own, with its own cookies."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.1", 50_000))
        return httpx.AsyncClient(transport=transport, base_url=URL, headers={"Sec-Fetch-Site": "none"})

    async def backchannel(self, token: str) -> httpx.Response:
        """Send a logout token as the provider does."""
        async with self.browser() as provider:
            del provider.headers["Sec-Fetch-Site"]
            return await provider.post("/login/oidc/backchannel", data={"logout_token": token})


@asynccontextmanager
async def start_site(
    folder: Path, issuer: str, clock: HandClock, more: str = "", *, has_secret: bool = True
) -> AsyncGenerator[Site, None]:
    """Build the application; `more` is of the section [auth.oidc]."""
    secret = 'client_secret = "{idp}"' if has_secret else ""
    text = f"""
data = '{folder}'
[server]
public_url = "{URL}"
[auth]
mode = "oidc"
[auth.oidc]
issuer = "{issuer}"
client_id = "{CLIENT}"
{secret}
{more}
"""
    settings = settings_file.load(write_settings(folder, text, {"idp": SECRET}))
    async with open_services(settings) as opened:
        sessions = Sessions(opened.database, clock, idle=timedelta(hours=8), absolute=timedelta(hours=24))
        services = replace(
            opened,
            sessions=sessions,
            oidc=wiring.oidc(settings, opened.database, sessions, clock),
            rates=Rates(logins_per_minute=100, requests_per_minute=600, clock=SystemClock()),
        )
        door = Logins(place=place(settings.server, 8000), sessions=sessions, tokens=services.tokens, rates=services.rates)
        yield Site(app.create(services, door), services, clock)


async def begin(browser: httpx.AsyncClient, wanted: str = "/") -> str:
    """Begin a login in a tab; return where the browser is sent."""
    answer = await browser.get("/login/oidc", params={"next": wanted})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def at_provider(url: str) -> str:
    """Log in at the provider; return where it sends the browser back to."""
    async with aiohttp.ClientSession() as client, client.get(url, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]


async def log_in(browser: httpx.AsyncClient, wanted: str = "/") -> str:
    """Log in; return where the browser ends."""
    answer = await browser.get(await at_provider(await begin(browser, wanted)))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def log_out(browser: httpx.AsyncClient) -> None:
    """Log out here."""
    assert (await browser.post("/api/logout", json={})).status_code == 204


async def me(browser: httpx.AsyncClient) -> dict[str, object]:
    """Return what the page knows of whoever is logged in; nothing where nobody is."""
    answer = await browser.get("/api/me")
    return answer.json() if answer.status_code == 200 else {}


def problem(code: str) -> str:
    """Return where the page tells of a problem."""
    return f"/#/login?problem={code}"
