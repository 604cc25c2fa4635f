"""Private means proven private, at the socket: nothing is sent to an address that is not."""

import socket
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import settings_file
from chatsheet.llm.addresses import is_private
from chatsheet.llm.routes import Network
from tests.harness import Wire, gateway_for, says, write_settings
from tests.llm.rig import ROUTE, answers, gateway_over, hear, raw_server, start_app

PRIVATE = [
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:192.168.1.1",
]
NOT_PRIVATE = [
    "9.255.255.255",
    "11.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "20.1.2.3",
    "203.0.113.0",
    "198.51.100.7",
    "127.0.0.1",
    "::1",
    "0.0.0.0",  # noqa: S104  the address itself is what is asked about
    "::",
    "100.64.0.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fe00::1",
    "2001:db8::1",
    "2603:1030::1",
    "::ffff:20.1.2.3",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_these_are_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", NOT_PRIVATE)
def test_these_are_not_private(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize(
    ("network", "address"),
    [("127.0.0.0/8", "127.0.0.1"), ("100.64.0.0/10", "100.64.3.2"), ("::1/128", "::1"), ("127.0.0.0/8", "::ffff:127.0.0.1")],
)
def test_a_network_named_in_settings_counts_as_private(network: str, address: str) -> None:
    assert is_private(address, [ip_network(network)])
    assert not is_private("20.1.2.3", [ip_network(network)])


@pytest.mark.parametrize(("network", "address"), [("169.254.0.0/16", "169.254.169.254"), ("fe80::/10", "fe80::1")])
def test_link_local_is_never_private_even_when_named(network: str, address: str) -> None:
    assert not is_private(address, [ip_network(network)])


@given(address=st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_its_ipv6_clothes(address: object) -> None:
    assert is_private(str(address)) == is_private(f"::ffff:{address}")


@pytest.mark.anyio
async def test_a_private_route_never_connects_to_an_address_that_is_not() -> None:
    async with (
        raw_server(answers()) as server,
        gateway_over(replace(ROUTE, url=server.url, network=Network(is_private=True))) as gateway,
    ):
        heard = await hear(gateway)
    assert heard.causes == ["net.dns_public_for_private"]
    assert server.connections == 0


@pytest.mark.anyio
async def test_a_private_route_of_settings_is_guarded_too(wire: Wire, tmp_path: Path) -> None:
    settings = settings_file.load(write_settings(tmp_path, private_route(wire), {"azure": wire.key}))
    async with gateway_for(settings) as gateway:
        heard = await hear(gateway)
    assert heard.causes == ["net.dns_public_for_private"]
    assert not wire.simulator.state.requests


@pytest.mark.anyio
async def test_a_private_route_answers_where_settings_name_its_network(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("Hello back"))
    text = private_route(wire) + 'private_networks = ["127.0.0.0/8"]\n'
    async with gateway_for(settings_file.load(write_settings(tmp_path, text, {"azure": wire.key}))) as gateway:
        assert (await hear(gateway)).text == "Hello back"


def private_route(wire: Wire) -> str:
    """Return settings with one private route to the simulator."""
    route = f'kind = "azure"\nendpoint = "{wire.url}"\ndeployment = "gpt-4o"\nkey = "{{azure}}"\nnetwork = "private"\n'
    return f'[llm]\nroutes = ["azure"]\n[llm.route.azure]\n{route}'


@pytest.mark.anyio
@pytest.mark.parametrize("addresses", [["203.0.113.7"], ["203.0.113.7", "203.0.113.8"], ["203.0.113.7", "2001:db8::7"]])
async def test_a_name_with_only_public_addresses_is_named_however_many_it_has(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, port: int, *rest: object, **more: object) -> Sequence[tuple[object, ...]]:
        del host, rest, more
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [(f, socket.SOCK_STREAM, 6, "", (a, port)) for f, a in zip(families, addresses, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with gateway_over(replace(ROUTE, url="http://two.example/v1", network=Network(is_private=True))) as gateway:
        assert (await hear(gateway)).causes == ["net.dns_public_for_private"]


@pytest.mark.anyio
async def test_a_redirect_is_named_and_never_followed() -> None:
    second = web.Application()
    seen: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        del request
        raise web.HTTPTemporaryRedirect(f"{target}/anywhere")

    async def catch(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response()

    first = web.Application()
    first.router.add_route("*", "/{path:.*}", redirect)
    second.router.add_route("*", "/{path:.*}", catch)
    async with (
        start_app(second) as target,
        start_app(first) as url,
        gateway_over(replace(ROUTE, url=f"{url}/x")) as gateway,
    ):
        assert (await hear(gateway)).causes == ["net.redirected"]
    assert seen == []
