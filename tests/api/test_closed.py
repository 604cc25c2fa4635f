"""The closed door, for every route there is: new routes are tested because the list is made from the application."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.api import app, closed
from chatsheet.api.closed import (
    HEADERS,
    Asked,
    ContentTypeRefused,
    HostRefused,
    Keys,
    OriginRefused,
    PeerRefused,
    TokenMissing,
)
from chatsheet.auth.policy import Principal
from tests.api.conftest import Served

KEYS = Keys(token="the-token")
GOOD = {"host": "127.0.0.1:8000", "content-type": "application/json", "authorization": "Bearer the-token"}
COOKIE = {**GOOD, "authorization": "", "cookie": f"{KEYS.cookie_name}={KEYS.cookie}", "sec-fetch-site": "same-origin"}


def routes() -> Iterator[tuple[str, str]]:
    """Yield (method, path) of every API route."""
    for module in app.ROUTES:
        for route in module.router.routes:
            if isinstance(route, APIRoute):
                for method in sorted(route.methods or ()):
                    yield method, route.path.replace("{", "").replace("}", "")


def check(method: str, path: str, headers: dict[str, str], keys: Keys, *, peer: str = "127.0.0.1") -> Principal | None:
    """Ask the door of local mode."""
    return closed.check(Asked(method, path, headers, peer), keys)


ALL = list(routes())
UNSAFE = [(method, path) for method, path in ALL if method not in {"GET", "HEAD"}]
KEPT = [(method, path) for method, path in ALL if path not in {"/livez", "/readyz"}]


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "null", "", "//127.0.0.1:8000.evil.example"])
def test_an_origin_that_is_none_is_foreign(origin: str) -> None:
    with pytest.raises(OriginRefused):
        check("POST", "/api/chats", {**GOOD, "origin": origin}, KEYS)


def test_the_list_of_routes_is_not_empty() -> None:
    assert {path for _, path in UNSAFE} >= {"/api/sheets", "/api/chats", "/v1/chat/completions"}


@pytest.mark.parametrize(("method", "path"), ALL)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "localhost.evil.example", "", "[::2]:80"])
def test_a_rebound_host_is_refused_everywhere(method: str, path: str, host: str) -> None:
    with pytest.raises(HostRefused):
        check(method, path, {**GOOD, "host": host}, KEYS)


@pytest.mark.parametrize(("method", "path"), [*UNSAFE, ("GET", "/v1/models")])
@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
    ],
)
def test_a_page_of_another_origin_is_refused_even_with_a_token(method: str, path: str, foreign: dict[str, str]) -> None:
    with pytest.raises(OriginRefused):
        check(method, path, {**GOOD, **foreign}, KEYS)


@pytest.mark.parametrize(("method", "path"), KEPT)
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "Basic the-token", "the-tokenx"])
def test_a_missing_or_wrong_token_is_refused(method: str, path: str, token: str) -> None:
    with pytest.raises(TokenMissing):
        check(method, path, {**GOOD, "authorization": token}, KEYS)


@pytest.mark.parametrize(("method", "path"), [one for one in UNSAFE if one[1] != closed.BACKCHANNEL])
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_a_form_could_send_is_refused(method: str, path: str, kind: str) -> None:
    with pytest.raises(ContentTypeRefused):
        check(method, path, {**GOOD, "content-type": kind}, KEYS)


@pytest.mark.parametrize(("method", "path"), ALL)
def test_a_script_with_the_token_passes(method: str, path: str) -> None:
    check(method, path, GOOD, KEYS)


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p in KEPT if not p.startswith("/v1")])
def test_the_page_passes_by_its_cookie(method: str, path: str) -> None:
    check(method, path, COOKIE, KEYS)


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p in KEPT if p.startswith("/v1")])
def test_the_pages_cookie_does_not_open_v1(method: str, path: str) -> None:
    with pytest.raises(TokenMissing):
        check(method, path, COOKIE, KEYS)


def test_cookies_of_other_ports_do_not_lock_the_page_out() -> None:
    headers = {**COOKIE, "cookie": f'theme={{"a":1}}; broken; {COOKIE["cookie"]}; x="'}
    check("GET", "/api/sheets", headers, KEYS)


def test_the_cookie_of_another_start_is_refused() -> None:
    other = Keys(token="the-token")
    with pytest.raises(TokenMissing):
        check("GET", "/api/sheets", COOKIE, other)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000", "[::1]"])
def test_loopback_names_pass(host: str) -> None:
    check("GET", "/", {"host": host}, KEYS)


@pytest.mark.parametrize(("method", "path"), ALL)
@pytest.mark.parametrize("peer", ["10.0.0.7", "2001:db8::1", "::ffff:10.0.0.7", "169.254.0.1", "", "127.0.0.1.evil"])
def test_another_machine_is_refused_everywhere_even_with_the_token(method: str, path: str, peer: str) -> None:
    with pytest.raises(PeerRefused):
        check(method, path, GOOD, KEYS, peer=peer)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_passes_by_each_of_its_addresses(peer: str) -> None:
    check("GET", "/api/sheets", GOOD, KEYS, peer=peer)


@given(st.dictionaries(st.sampled_from(["host", "origin", "sec-fetch-site", "cookie", "authorization"]), st.text(max_size=40)))
def test_no_made_up_headers_open_an_unsafe_route(headers: dict[str, str]) -> None:
    with pytest.raises((HostRefused, OriginRefused, TokenMissing)):
        check("POST", "/api/sheets", {"content-type": "application/json", **headers}, KEYS)


@pytest.mark.anyio
async def test_the_running_server_refuses_what_the_check_refuses(served: Served) -> None:
    """Over the wire: foreign origin, rebound host, no token; each with its own code and the closed headers."""
    bearer = {"Authorization": f"Bearer {served.keys.token}"}
    async with aiohttp.ClientSession(served.url) as stranger:
        for method, path in KEPT:
            attacks = {"request.host_refused": {**bearer, "Host": "evil.example"}, "request.token_missing": {}}
            if (method, path) in UNSAFE:
                attacks["request.origin_refused"] = {**bearer, "Origin": "https://evil.example"}
            for code, headers in attacks.items():
                sent = {"Content-Type": "application/json", **headers}
                async with stranger.request(method, path, headers=sent, data=b"{}") as response:
                    assert response.status in {401, 403}, (method, path)
                    if method != "HEAD":
                        assert (await response.json())["error"]["code"] == code, (method, path)
                    assert response.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.anyio
async def test_the_page_sets_its_cookie_and_nothing_else_does(served: Served) -> None:
    async with aiohttp.ClientSession(served.url, cookie_jar=aiohttp.DummyCookieJar()) as stranger:
        async with stranger.get("/") as page:
            assert page.status == 200
            cookie = page.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "samesite=strict" in cookie.lower()
        async with stranger.get("/livez") as health:
            assert "Set-Cookie" not in health.headers


@pytest.mark.anyio
async def test_websockets_are_not_spoken(served: Served) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with asyncio.timeout(5):
            await served.client.ws_connect("/api/status")
