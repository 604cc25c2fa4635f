"""Private means proven private, at the socket: nothing is sent to an address that is not."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import settings_file
from chatsheet.llm.addresses import (
    AddressInfo,
    AddressNotPrivate,
    DnsTimeout,
    Resolver,
    guarded_socket,
    is_direct,
    is_private,
    socket_factory,
)
from chatsheet.llm.routes import Network
from tests.harness import Wire, gateway_for, run_program, says, write_settings
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


# ── the socket itself ──


def info(address: str, port: int) -> AddressInfo:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, 6, "", (address, port)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "203.0.113.7", "169.254.169.254", "::ffff:203.0.113.7"])
def test_no_socket_is_made_for_an_address_that_is_not_private(address: str) -> None:
    with pytest.raises(AddressNotPrivate):
        guarded_socket(info(address, 443), ())


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7", "169.254.169.254"])
def test_a_socket_made_for_a_private_address_connects_nowhere_else(address: str) -> None:
    """Whatever was resolved and checked before: what the kernel is given is checked again."""
    with guarded_socket(info("10.0.0.1", 443), ()) as made, pytest.raises(AddressNotPrivate):
        made.connect((address, 443))


def test_a_guarded_socket_connects_to_what_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with guarded_socket(info("127.0.0.1", address[1]), (ip_network("127.0.0.0/8"),)) as made:
            with contextlib.suppress(BlockingIOError):
                made.connect(address)
            assert server.accept()[0].close() is None


def test_a_route_that_is_not_private_has_ordinary_sockets() -> None:
    assert socket_factory(Network()) is None
    assert socket_factory(Network(is_private=True)) is not None


# ── names ──


@dataclass(slots=True)
class Names(AbstractResolver):
    """A name server that gives these addresses, or never answers."""

    addresses: Sequence[str] = ()
    is_silent: bool = False
    is_closed: bool = False

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses."""
        if self.is_silent:
            await asyncio.Event().wait()
        return [ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0) for one in self.addresses]

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True


PRIVATE_NETWORK = Network(is_private=True)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (["10.0.0.1"], ["10.0.0.1"]),
        (["203.0.113.7", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.2"], ["10.0.0.1", "::ffff:10.0.0.2"]),
    ],
)
async def test_of_what_is_found_only_private_addresses_are_kept(found: list[str], kept: list[str]) -> None:
    resolver = Resolver(Names(found), PRIVATE_NETWORK, 1)
    assert [one["host"] for one in await resolver.resolve("azure.test", 443)] == kept


@pytest.mark.anyio
@pytest.mark.parametrize("found", [[], ["203.0.113.7"], ["::ffff:203.0.113.7", "fe80::1"]])
async def test_where_nothing_private_is_found_that_is_the_error(found: list[str]) -> None:
    with pytest.raises(AddressNotPrivate):
        await Resolver(Names(found), PRIVATE_NETWORK, 1).resolve("azure.test", 443)


@pytest.mark.anyio
async def test_other_routes_get_whatever_is_found() -> None:
    assert len(await Resolver(Names(["203.0.113.7", "10.0.0.1"]), Network(), 1).resolve("azure.test")) == 2


@pytest.mark.anyio
async def test_a_silent_name_server_is_given_up_in_time() -> None:
    async with asyncio.timeout(1):
        with pytest.raises(DnsTimeout):
            await Resolver(Names(is_silent=True), PRIVATE_NETWORK, 0.05).resolve("azure.test")


@pytest.mark.anyio
async def test_a_resolver_closes_what_it_asks() -> None:
    names = Names()
    await Resolver(names, Network(), 1).close()
    assert names.is_closed


# ── without the proxy ──


@pytest.mark.parametrize(
    ("host", "address", "entry"),
    [
        ("azure.test", None, "azure.test"),
        ("AZURE.test.", None, " Azure.Test "),
        ("my.azure.test", None, "azure.test"),
        ("my.azure.test", None, ".azure.test"),
        ("azure.test", None, ".azure.test"),
        ("10.1.2.3", None, "10.0.0.0/8"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("azure.test", "10.1.2.3", "10.0.0.0/8"),
        ("azure.test", "10.1.2.3", "10.1.2.99/24"),
        ("[fd00::1]", None, "fd00::/8"),
        ("azure.test", "fd00::1", "fd00::1"),
    ],
)
def test_these_are_reached_without_the_proxy(host: str, address: str | None, entry: str) -> None:
    assert is_direct(host, address, ["other.test", entry])


@pytest.mark.parametrize(
    ("host", "address", "entry"),
    [
        ("azure.test", None, ""),
        ("azure.test", None, " "),
        ("notazure.test", None, "azure.test"),
        ("azure.test.evil", None, "azure.test"),
        ("azure.test", None, "10.0.0.0/8"),
        ("azure.test", "11.1.2.3", "10.0.0.0/8"),
        ("fd00::1", None, "10.0.0.0/8"),
        ("10.1.2.3.test", None, "10.0.0.0/8"),
    ],
)
def test_these_are_reached_through_the_proxy(host: str, address: str | None, entry: str) -> None:
    assert not is_direct(host, address, [entry])


@pytest.mark.parametrize("entry", ["*", "azure.test:443", "*.test"])
def test_the_other_ways_to_write_no_proxy_are_understood(entry: str) -> None:
    assert is_direct("azure.test", None, [entry])


HANGING = """
import asyncio, socket, threading
from chatsheet.llm.addresses import DnsTimeout, Resolver, SystemResolver
from chatsheet.llm.routes import Network
from tests.harness import run_program
socket.getaddrinfo = lambda *asked, **more: threading.Event().wait()
async def main():
    try:
        await Resolver(SystemResolver(), Network(), 0.1).resolve("silent.example")
    except DnsTimeout:
        print("no answer")
asyncio.run(main())
"""


@pytest.mark.anyio
async def test_a_look_up_that_never_ends_does_not_hold_the_process_at_its_end() -> None:
    async with asyncio.timeout(30):
        code, out, _ = await run_program(argv=(sys.executable, "-c", HANGING))
    assert (code, out.strip()) == (0, "no answer")
