"""A look at a server's path: guard, authority and proxy as in a call, no key, no redirect, within a limit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from chatsheet.core.secret import Secret
from chatsheet.llm.addresses import AddressNotPrivate
from chatsheet.llm.credentials import TokenFailed
from chatsheet.llm.legs import Legs, Looked
from chatsheet.llm.routes import Network, Route
from tests.llm.listeners import client_proxy, name_server
from tests.llm.rig import ROUTE, Play, answers, head, raw_server
from tests.llm.test_legs import LOOPBACK, NAME, PRIVATE, azure

pytestmark = pytest.mark.anyio

FOUND = answers(head("200 OK", "application/json", 2) + b"{}")


async def look(route: Route, path: str = "/openai/v1/models", limit_s: float | None = None) -> Looked:
    """Look once, with legs of its own."""
    legs = Legs()
    try:
        return await legs.get(route, path, {"accept": "application/json"}, limit_s=limit_s)
    finally:
        await legs.close()


@asynccontextmanager
async def serving(play: Play) -> AsyncGenerator[tuple[Route, list[bytes]], None]:
    """Serve one raw answer, and keep what was asked."""
    seen: list[bytes] = []
    async with raw_server(play, seen) as server:
        yield replace(ROUTE, url=server.url), seen


async def test_a_look_asks_for_the_path_without_a_key() -> None:
    async with serving(FOUND) as (route, seen):
        looked = await look(route, "/litellm/models?api-version=v1")
    assert (looked.status, looked.headers["Content-Type"], looked.said) == (200, "application/json", "{}")
    assert seen[0].startswith(b"GET /litellm/models?api-version=v1 HTTP/1.1\r\n")
    assert b"key" not in seen[0]


async def test_a_redirect_is_not_followed() -> None:
    away = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"
    async with serving(answers(away)) as (route, _):
        assert (await look(route)).status == 307


async def test_a_look_that_is_not_answered_ends_at_its_limit() -> None:
    async with serving(answers()) as (route, _):
        with pytest.raises(TimeoutError):
            await look(route, limit_s=0.1)


async def test_of_a_body_that_does_not_end_the_first_part_is_taken() -> None:
    async with serving(answers(head("200 OK", "text/plain", 100) + b"begun")) as (route, _):
        assert (await look(route)).said == "begun"


async def test_each_look_is_a_connection_of_its_own() -> None:
    async with raw_server(FOUND) as server:
        legs = Legs()
        route = replace(ROUTE, url=server.url)
        assert [(await legs.get(route, "/", {})).status for _ in range(2)] == [200, 200]
        await legs.close()
    assert server.connections == 2


async def test_nothing_is_sent_to_an_address_that_is_not_private() -> None:
    async with name_server({NAME: ["203.0.113.7"]}) as names:
        network = replace(PRIVATE, dns=(names.address,))
        with pytest.raises(aiohttp.ClientConnectorDNSError) as error:
            await look(replace(ROUTE, url=f"http://{NAME}/", network=network))
    assert isinstance(error.value.__cause__, AddressNotPrivate)


async def test_through_a_proxy_connect_names_the_checked_address(tmp_path: Path) -> None:
    async with azure(tmp_path) as served, client_proxy(served.port) as proxy, name_server({NAME: ["127.0.0.1"]}) as names:
        network = Network(is_private=True, allowed=LOOPBACK, proxy=proxy.url, dns=(names.address,))
        assert (await look(served.route(network))).status == 405
    assert proxy.targets == [f"127.0.0.1:{served.port}"]


async def test_a_proxys_credentials_that_are_not_set_are_named() -> None:
    network = Network(proxy="http://127.0.0.1:9", proxy_credentials=Secret("env:NOT_SET", None))
    with pytest.raises(TokenFailed):
        await look(replace(ROUTE, network=network))


async def test_a_header_that_cannot_be_sent_is_an_error_that_does_not_repeat_it() -> None:
    legs = Legs()
    async with raw_server(FOUND) as server:
        with pytest.raises(aiohttp.ClientError) as error:
            await legs.get(replace(ROUTE, url=server.url), "/", {"api-key": "secret\nline"})
    await legs.close()
    assert "secret" not in str(error.value)
