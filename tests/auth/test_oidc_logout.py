"""Logging out at the provider too, and the provider that says who logged out: whom it may end, and what it may not."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chatsheet.auth.id_tokens import LOGOUT
from tests.auth.conftest import HandClock
from tests.auth.idp import CLIENT, FOREIGN, Claims, Idp, by_hand, sign, start_idp
from tests.auth.oidc_site import URL, Site, log_in, me, problem, start_site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@pytest.fixture
async def idp(clock: HandClock) -> AsyncGenerator[Idp, None]:
    """A provider."""
    async with start_idp(clock) as started:
        yield started


@pytest.fixture
async def site(tmp_path: Path, idp: Idp, clock: HandClock) -> AsyncGenerator[Site, None]:
    """The application over it."""
    async with start_site(tmp_path, idp.url, clock) as started:
        yield started


async def logged_in(site: Site, idp: Idp, **person: str) -> httpx.AsyncClient:
    """Return a browser in which somebody is logged in; nothing is open in it that wants to be closed."""
    idp.person |= person
    browser = site.browser()
    assert await log_in(browser) == "/"
    return browser


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Return an error's status and code."""
    return answer.status_code, answer.json()["error"]["code"]


async def test_after_a_logout_the_provider_is_asked_to_end_its_session_too(site: Site, idp: Idp) -> None:
    browser = await logged_in(site, idp)
    assert (await browser.post("/api/logout", json={})).status_code == 204
    place = (await browser.get("/login/oidc/end")).headers["location"]
    asked = parse_qs(urlsplit(place).query)
    assert place.startswith(f"{idp.url}/end_session?")
    assert asked == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{URL}/"], "logout_uri": [f"{URL}/"]}


async def test_failed_logins_and_sessions_ended_at_the_provider_are_told(site: Site, idp: Idp) -> None:
    browser = await logged_in(site, idp, sub="ada")
    await browser.get("/login/oidc/callback?state=none&code=none")
    await site.backchannel(idp.logout_token(sub="ada"))
    told = [(one.action, one.body) async for one in site.services.audit.entries()]
    assert told[-2:] == [("login.failed", {"way": "oidc", "code": "login.expired"}), ("session.end", {"issuer": idp.url})]


async def test_a_provider_that_ends_no_sessions_leaves_the_browser_here(site: Site, idp: Idp) -> None:
    idp.says["end_session_endpoint"] = ""
    async with site.browser() as browser:
        assert (await browser.get("/login/oidc/end")).headers["location"] == "/"


async def test_a_provider_that_is_down_is_told_of_at_the_logout(site: Site, idp: Idp) -> None:
    idp.is_down = True
    async with site.browser() as browser:
        assert (await browser.get("/login/oidc/end")).headers["location"] == problem("login.provider_unreachable")


async def test_one_login_ends_that_the_provider_names(site: Site, idp: Idp) -> None:
    desk, phone = [await logged_in(site, idp, sid=sid) for sid in ("desk", "phone")]
    assert (await site.backchannel(idp.logout_token(sid="phone"))).status_code == 200
    assert not await me(phone)
    assert await me(desk)


async def test_all_logins_of_somebody_end_and_nobody_elses(site: Site, idp: Idp) -> None:
    bob = await logged_in(site, idp, sub="bob", sid="bob-1")
    ada = [await logged_in(site, idp, sub="ada", sid=sid) for sid in ("one", "two", "")]
    answer = await site.backchannel(idp.logout_token(sub="ada"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert [bool(await me(one)) for one in [*ada, bob]] == [False, False, False, True]


async def test_a_login_that_was_never_named_ends_with_any_of_its_subject(site: Site, idp: Idp) -> None:
    unnamed, named = [await logged_in(site, idp, sub="ada", sid=sid) for sid in ("", "named")]
    await site.backchannel(idp.logout_token(sub="ada", sid="other"))
    assert (bool(await me(unnamed)), bool(await me(named))) == (False, True)


async def test_a_logout_token_counts_once(site: Site, idp: Idp) -> None:
    await logged_in(site, idp, sub="ada")
    token = idp.logout_token(sub="ada")
    assert (await site.backchannel(token)).status_code == 200
    again = await logged_in(site, idp, sub="ada")
    assert code_of(await site.backchannel(token)) == (400, "login.logout_refused")
    assert await me(again)


async def test_a_replay_where_the_first_was_not_seen_ends_nothing_newer(site: Site, idp: Idp) -> None:
    token = idp.logout_token(sub="ada-1")
    site.clock.pass_by(seconds=61)
    newer = await logged_in(site, idp)
    assert (await site.backchannel(token)).status_code == 200
    assert await me(newer)


REFUSED: dict[str, dict[str, object]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for somebody else": {"aud": "other"},
    "for nobody": {"aud": None},
    "expired": {"exp": 1},
    "without an end": {"exp": None},
    "without a time": {"iat": None},
    "of long ago": {"iat": 1},
    "of before all time": {"iat": -(10**18)},
    "without an id": {"jti": None},
    "with a number for an id": {"jti": 7},
    "of no event": {"events": None},
    "of another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "of an event without a body": {"events": {LOGOUT: None}},
    "of a list of events": {"events": [LOGOUT]},
    "with a nonce": {"nonce": "n"},
    "about nobody": {"sub": None},
    "about an empty subject": {"sub": ""},
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_logout_token_that_does_not_count_ends_nothing(site: Site, idp: Idp, kind: str) -> None:
    browser = await logged_in(site, idp)
    token = idp.logout_token(**{"sub": "ada-1", **REFUSED[kind]})
    assert code_of(await site.backchannel(token)) == (400, "login.logout_refused")
    assert await me(browser)


async def test_nobody_but_the_provider_ends_sessions(site: Site, idp: Idp) -> None:
    browser = await logged_in(site, idp)
    claims: Claims = {**idp.claims(None), "jti": "1", "events": {LOGOUT: {}}}
    (login_token,) = (one for one in idp.given if one.count(".") == 2)
    for token in (sign(claims, FOREIGN), by_hand({"alg": "none"}, claims), login_token, "", "x" * 90_000, "\0"):
        assert code_of(await site.backchannel(token)) == (400, "login.logout_refused")
    assert code_of(await site.backchannel("x" * 200_000)) == (400, "input.invalid")
    assert await me(browser)


async def test_a_form_of_a_page_finds_nothing_else_open(site: Site) -> None:
    async with site.browser() as page:
        page.headers["Sec-Fetch-Site"] = "cross-site"
        for path in ("/login/oidc", "/login/oidc/callback", "/login/oidc/end"):
            assert (await page.post(path, data={"logout_token": "x"})).status_code in {403, 405, 415}
