"""The forward proxy: what it lets through, and how it does not."""

import asyncio
import base64
import ssl
from collections.abc import AsyncGenerator

import aiohttp
import pytest

from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.proxy import ConnectProxy
from chatsheet.simulator.listeners.tls import TlsListener
from tests.harness import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tls(wire: Wire) -> AsyncGenerator[TlsListener, None]:
    """TLS in front of the simulator."""
    async with TlsListener(("127.0.0.1", wire.port)) as listener:
        yield listener


@pytest.fixture
async def proxy(tls: TlsListener, wire: Wire) -> AsyncGenerator[ConnectProxy, None]:
    """A proxy that knows the way to the rehearsal's name."""
    ways = {f"{NAME}:443": ("127.0.0.1", tls.port), f"{NAME}:80": ("127.0.0.1", wire.port)}
    async with ConnectProxy(ways=ways) as running:
        yield running


async def get(proxy: ConnectProxy, url: str, tls: TlsListener, user: str = "") -> tuple[int, str]:
    """Get a page through the proxy."""
    headers = {"Proxy-Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else None
    context = ssl.create_default_context(cadata=tls.certificates.ca_pem.decode())
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        session.get(url, proxy=f"http://127.0.0.1:{proxy.port}", proxy_headers=headers) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize(("scheme", "port"), [("https", 443), ("http", 80)])
async def test_it_lets_through_and_counts_the_target(proxy: ConnectProxy, tls: TlsListener, scheme: str, port: int) -> None:
    status, text = await get(proxy, f"{scheme}://{NAME}/v1/models", tls)
    assert status == 401
    assert "Incorrect API key" in text
    assert proxy.connects == {f"{NAME}:{port}": 1}


async def test_it_refuses_a_tunnel(proxy: ConnectProxy, tls: TlsListener) -> None:
    proxy.mode = "refuse"
    with pytest.raises(aiohttp.ClientHttpProxyError, match="403"):
        await get(proxy, f"https://{NAME}/v1/models", tls)
    assert proxy.connects[f"{NAME}:443"] == 1
    assert tls.connections == 0


async def test_it_wants_a_password_and_takes_the_right_one(proxy: ConnectProxy, tls: TlsListener) -> None:
    proxy.mode, proxy.credentials = "need-auth", "user:secret"
    for user in ("", "user:wrong"):
        with pytest.raises(aiohttp.ClientHttpProxyError, match="407"):
            await get(proxy, f"https://{NAME}/v1/models", tls, user)
    assert (await get(proxy, f"https://{NAME}/v1/models", tls, "user:secret"))[0] == 401


async def test_without_credentials_it_lets_nobody_through(proxy: ConnectProxy, tls: TlsListener) -> None:
    proxy.mode = "need-auth"
    with pytest.raises(aiohttp.ClientHttpProxyError, match="407"):
        await get(proxy, f"https://{NAME}/v1/models", tls, ":")


async def test_it_shows_a_sign_in_page_as_if_it_were_the_answer(proxy: ConnectProxy, tls: TlsListener) -> None:
    proxy.mode = "sign-in"
    status, text = await get(proxy, f"http://{NAME}/v1/models", tls)
    assert status == 200
    assert text.startswith("<!DOCTYPE html>")
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(proxy, f"https://{NAME}/v1/models", tls)


async def test_it_may_hang(proxy: ConnectProxy, tls: TlsListener) -> None:
    proxy.mode = "hang"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await get(proxy, f"https://{NAME}/v1/models", tls)


async def test_what_it_cannot_reach_is_a_bad_gateway(proxy: ConnectProxy, tls: TlsListener) -> None:
    with pytest.raises(aiohttp.ClientHttpProxyError, match="502"):
        await get(proxy, "https://127.0.0.1:9/", tls)


async def test_nonsense_is_hung_up_on(proxy: ConnectProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"x" * 100_000)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
