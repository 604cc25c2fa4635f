"""Logins at an identity provider that is strict: what is sent there, what comes of it here, and what is never kept."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from chatsheet.api.logins import SESSION
from chatsheet.api.routes.oidc import BROWSER
from chatsheet.db.tables import metadata
from tests.auth.conftest import HandClock
from tests.auth.idp import BACK, CURVE, KEY, Idp, sign, start_idp
from tests.auth.oidc_site import Site, at_provider, begin, log_in, me, problem, start_site

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@pytest.fixture
async def idp(clock: HandClock) -> AsyncGenerator[Idp, None]:
    """A strict provider."""
    async with start_idp(clock) as started:
        yield started


@pytest.fixture
async def site(tmp_path: Path, idp: Idp, clock: HandClock, each_database: None) -> AsyncGenerator[Site, None]:
    """The application over it."""
    del each_database
    async with start_site(tmp_path, idp.url, clock) as started:
        yield started


async def test_somebody_logs_in_and_goes_on_where_they_were(site: Site) -> None:
    async with site.browser() as browser:
        assert (await browser.get("/api/login")).json() == {"mode": "oidc", "begin": "/login/oidc", "end": "/login/oidc/end"}
        assert await log_in(browser, "/#/sheets/sht_1") == "/#/sheets/sht_1"
        found = await me(browser)
    assert (found["name"], found["email"], found["is_admin"]) == ("Ada", "ada@example.com", False)
    assert [one["name"] for one in found["workspaces"]] == ["Ada"]  # type: ignore[union-attr]


async def test_what_is_asked_of_the_provider(site: Site, idp: Idp) -> None:
    async with site.browser() as browser:
        first, second = [parse_qs(urlsplit(await begin(browser)).query) for _ in range(2)]
    assert (first["response_type"], first["scope"], first["redirect_uri"]) == (["code"], ["openid profile email"], [BACK])
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert idp.fetched["/.well-known/openid-configuration"] == 1


async def test_the_cookies_are_of_this_host_and_closed_to_scripts(site: Site) -> None:
    async with site.browser() as browser:
        begun = await browser.get("/login/oidc")
        ended = await browser.get(await at_provider(begun.headers["location"]))
    for answer, name in ((begun, BROWSER), (ended, SESSION)):
        said = answer.headers["set-cookie"].lower()
        assert said.startswith(f"{name.lower()}=")
        assert all(one in said for one in ("httponly", "path=/", "samesite=lax", "secure"))
        assert "domain" not in said
        assert answer.headers["cache-control"] == "no-store"


async def test_no_token_reaches_the_browser_or_is_kept(site: Site, idp: Idp) -> None:
    async with site.browser() as browser:
        begun = await browser.get("/login/oidc")
        ended = await browser.get(await at_provider(begun.headers["location"]))
        told = [begun.text, str(begun.headers), ended.text, str(ended.headers), (await browser.get("/api/me")).text]
    async with site.services.database.unit() as connection:
        kept = [str((await connection.execute(select(table))).all()) for table in metadata.sorted_tables]
    assert len(idp.given) == 4
    assert not [token for token in idp.given if any(token in one for one in told + kept)]


async def test_two_tabs_of_a_browser_log_in_at_once(site: Site) -> None:
    async with site.browser() as browser:
        first, second = await begin(browser, "/#/first"), await begin(browser, "/#/second")
        for url, wanted in ((second, "/#/second"), (first, "/#/first")):
            assert (await browser.get(await at_provider(url))).headers["location"] == wanted
            assert await me(browser)


async def test_a_login_replaces_the_session_that_the_browser_had(site: Site) -> None:
    async with site.browser() as browser:
        await log_in(browser)
        old = browser.cookies[SESSION]
        await log_in(browser)
        assert browser.cookies[SESSION] != old
        assert await site.services.sessions.find(old) is None
        assert len((await browser.get("/api/sessions")).json()) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/%2F/evil",
        "/#/a b",
        "/#\r\nX: y",
        "javascript:x",
        "",
        "/api/me",
    ],
)
async def test_nobody_is_led_elsewhere_after_a_login(site: Site, wanted: str) -> None:
    async with site.browser() as browser:
        assert await log_in(browser, wanted) == "/"


@pytest.mark.parametrize("ways", [["private_key_jwt", "client_secret_post"], ["client_secret_basic"]])
async def test_the_secret_goes_the_way_that_the_provider_takes(site: Site, idp: Idp, ways: list[str]) -> None:
    idp.says["token_endpoint_auth_methods_supported"] = ways
    async with site.browser() as browser:
        assert await log_in(browser) == "/"


async def test_without_a_secret_pkce_alone_proves_who_began(tmp_path: Path, idp: Idp, clock: HandClock) -> None:
    idp.is_public = True
    async with start_site(tmp_path, idp.url, clock, has_secret=False) as site, site.browser() as browser:
        assert await log_in(browser) == "/"


async def test_a_signature_on_a_curve_counts_too(site: Site, idp: Idp) -> None:
    idp.keys = [KEY, CURVE]
    async with site.browser() as browser:
        idp.forge = lambda _, claims: sign(claims, CURVE, "ES256")
        assert await log_in(browser) == "/"


async def test_a_clock_that_is_a_minute_off_is_no_matter(site: Site, idp: Idp) -> None:
    now = int(site.clock.now().timestamp())
    for off in ({"exp": now - 59}, {"iat": now + 59, "nbf": now + 59}):
        idp.person |= off
        async with site.browser() as browser:
            assert await log_in(browser) == "/"
        for name in off:
            del idp.person[name]


async def test_a_new_key_of_the_provider_is_taken_at_once_and_the_old_one_forgotten(site: Site, idp: Idp) -> None:
    new = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
    async with site.browser() as browser:
        await log_in(browser)
        site.clock.pass_by(minutes=2)
        idp.keys, idp.forge = [new], lambda _, claims: sign(claims, new)
        assert await log_in(browser) == "/"
        assert idp.fetched["/keys"] == 2
        idp.forge = lambda _, claims: sign(claims)
        assert await log_in(browser) == problem("login.key_unknown")


async def test_tokens_of_made_up_keys_ask_for_keys_once_a_minute(site: Site, idp: Idp) -> None:
    made_up = RSAKey.generate_key(2048, {"kid": "made-up"})
    async with site.browser() as browser:
        await log_in(browser)
        idp.forge = lambda _, claims: sign(claims, made_up)
        for minutes, fetched in ((0, 1), (1, 2), (0, 2), (1, 3)):
            site.clock.pass_by(minutes=minutes)
            assert await log_in(browser) == problem("login.key_unknown")
            assert idp.fetched["/keys"] == fetched


async def test_metadata_and_keys_are_asked_for_again_after_an_hour(site: Site, idp: Idp) -> None:
    async with site.browser() as browser:
        for fetched in (1, 2):
            await log_in(browser)
            assert set(idp.fetched.values()) == {fetched}
            site.clock.pass_by(hours=1)
