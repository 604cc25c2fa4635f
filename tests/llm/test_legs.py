"""One leg: the route's own name servers, proxy, trust and address guard, over real sockets."""

import asyncio
import gc
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core.secret import Secret, literal
from chatsheet.llm.addresses import Resolver
from chatsheet.llm.gateway import NoRouteAnswered
from chatsheet.llm.legs import Legs
from chatsheet.llm.routes import Network, Route
from tests.harness import HELLO
from tests.llm.listeners import Proxy, client_proxy, name_server, tls
from tests.llm.rig import ROUTE, WHOLE, Heard, answers, event, gateway_over, head, hear, raw_server

pytestmark = pytest.mark.anyio

NAME = "azure.test"
LOOPBACK = (ip_network("127.0.0.0/8"),)
PRIVATE = Network(is_private=True, allowed=LOOPBACK)
STREAM = WHOLE.partition(b"\r\n\r\n")[2]


@dataclass(slots=True)
class Azure:
    """A deployment behind TLS under a name of its own."""

    port: int
    ca_file: Path
    hosts: list[str]
    headers: list[dict[str, str]]

    def route(self, network: Network, host: str = NAME) -> Route:
        """Return a route to it."""
        url = f"https://{host}:{self.port}/openai/v1/chat/completions"
        return replace(ROUTE, url=url, network=replace(network, ca_file=self.ca_file))


@asynccontextmanager
async def azure(folder: Path) -> AsyncGenerator[Azure, None]:
    """Serve a deployment over TLS while the body runs."""
    context, ca_file = tls(folder, NAME)
    served = Azure(0, ca_file, [], [])

    async def answer(request: web.Request) -> web.Response:
        served.hosts.append(request.headers["Host"])
        served.headers.append(dict(request.headers))
        return web.Response(body=STREAM, content_type="text/event-stream")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    served.port = int(runner.addresses[0][1])
    try:
        yield served
    finally:
        await runner.cleanup()


async def ask(route: Route) -> Heard:
    async with gateway_over(route) as gateway:
        try:
            return await hear(gateway)
        finally:
            # a look-up that is still open would end after the test: see the last test of this module
            for leg in gateway._means.legs._legs.values():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                await leg.resolver.close()


# ── name servers ──


async def test_a_routes_own_name_servers_are_asked() -> None:
    async with name_server({NAME: ["127.0.0.1"]}) as names, raw_server(answers(WHOLE, ends=True)) as server:
        route = replace(ROUTE, url=f"http://{NAME}:{server.port}/", network=Network(dns=(names.address,)))
        assert (await ask(route)).text == "Hi"
    assert NAME in names.asked


async def test_a_name_that_does_not_exist_is_named() -> None:
    async with name_server({}) as names:
        route = replace(ROUTE, url=f"http://{NAME}:1/", network=Network(dns=(names.address,)))
        assert (await ask(route)).causes == ["net.dns_failed"]


@pytest.mark.flaky(reruns=3)
async def test_name_servers_that_say_nothing_are_told_apart_from_a_firewall() -> None:
    async with name_server({}, is_silent=True) as names:
        route = replace(ROUTE, url=f"http://{NAME}:1/", connect_s=0.5, network=Network(dns=(names.address,)))
        started = time.monotonic()
        heard = await ask(route)
    assert heard.causes == ["net.dns_timeout"]
    assert time.monotonic() - started < 1


async def test_of_several_addresses_a_private_route_takes_a_private_one() -> None:
    async with name_server({NAME: ["203.0.113.7", "127.0.0.1", "203.0.113.8"]}) as names, raw_server(answers(WHOLE)) as server:
        network = replace(PRIVATE, dns=(names.address,))
        assert (await ask(replace(ROUTE, url=f"http://{NAME}:{server.port}/", network=network))).text == "Hi"


@pytest.mark.parametrize("addresses", [["203.0.113.7"], ["169.254.169.254"], ["127.0.0.1"]])
async def test_a_private_route_is_not_led_astray_by_its_name_server(addresses: list[str]) -> None:
    async with name_server({NAME: addresses}) as names, raw_server(answers(WHOLE)) as server:
        network = Network(is_private=True, dns=(names.address,))
        heard = await ask(replace(ROUTE, url=f"http://{NAME}:{server.port}/", network=network))
    assert heard.causes == ["net.dns_public_for_private"]
    assert server.connections == 0


# ── the client proxy ──


@asynccontextmanager
async def behind_proxy(folder: Path, **more: str) -> AsyncGenerator[tuple[Azure, Proxy, Network], None]:
    """Serve a deployment, a proxy that leads there, and a name server that knows it."""
    async with azure(folder) as served, client_proxy(served.port, **more) as proxy, name_server({NAME: ["127.0.0.1"]}) as names:
        yield served, proxy, Network(proxy=proxy.url, dns=(names.address,))


async def test_for_a_private_route_the_name_is_resolved_here_and_connect_names_the_address(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        heard = await ask(served.route(replace(network, is_private=True, allowed=LOOPBACK)))
    assert heard.text == "Hi"
    assert proxy.targets == [f"127.0.0.1:{served.port}"]
    assert served.hosts == [f"{NAME}:{served.port}"]


async def test_for_any_other_route_the_proxy_resolves_the_name(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        heard = await ask(served.route(network))
    assert heard.text == "Hi"
    assert proxy.targets == [f"{NAME}:{served.port}"]


async def test_through_a_proxy_the_certificate_must_still_be_for_the_name(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, _, network), name_server({"other.test": ["127.0.0.1"]}) as names:
        private = replace(network, is_private=True, allowed=LOOPBACK, dns=(names.address,))
        assert (await ask(served.route(private, "other.test"))).causes == ["tls.hostname_mismatch"]
    assert served.hosts == []


async def test_what_goes_through_the_proxy_is_not_readable_there(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        await ask(served.route(network))
    assert len(proxy.passed) > 100
    for secret in (b"key-of-the-route", b"Hello"):
        assert secret not in proxy.passed
        assert secret.decode() not in "".join(proxy.heads)


@pytest.mark.parametrize("is_private", [True, False])
async def test_an_address_that_is_not_private_never_reaches_the_proxy(tmp_path: Path, *, is_private: bool) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network), name_server({NAME: ["203.0.113.7"]}) as names:
        heard = await ask(served.route(replace(network, is_private=is_private, dns=(names.address,))))
    assert (heard.causes, proxy.connections) == ((["net.dns_public_for_private"], 0) if is_private else ([None], 1))


async def test_an_address_written_out_is_checked_before_the_proxy_too(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        heard = await ask(served.route(replace(network, is_private=True), "203.0.113.7"))
    assert (heard.causes, proxy.connections) == (["net.dns_public_for_private"], 0)


@pytest.mark.parametrize(
    ("entry", "is_private"), [(NAME, True), (".test", True), ("127.0.0.0/8", True), (NAME, False), ("test", False)]
)
async def test_what_needs_no_proxy_goes_there_directly(tmp_path: Path, entry: str, *, is_private: bool) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        direct = replace(network, no_proxy=(entry,), is_private=is_private, allowed=LOOPBACK)
        assert (await ask(served.route(direct))).text == "Hi"
    assert (proxy.connections, served.hosts) == (0, [f"{NAME}:{served.port}"])


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
async def test_the_proxys_credentials_are_for_the_proxy_alone(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path, credentials="user:password") as (served, _, network):
        heard = await ask(served.route(replace(network, proxy_credentials=literal("user:password"))))
    assert heard.text == "Hi"
    assert not any(name.lower().startswith("proxy") for name in served.headers[0])


async def test_a_proxy_that_nobody_runs_is_refused(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path) as (served, _, network):
        pass
    assert (await ask(served.route(network))).causes == ["net.proxy_unreachable"]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_proxies_of_the_environment_are_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async with behind_proxy(tmp_path) as (served, proxy, network):
        monkeypatch.setenv(name, proxy.url)
        assert (await ask(served.route(replace(network, proxy=None)))).text == "Hi"
    assert proxy.connections == 0


@pytest.mark.parametrize("is_private", [True, False])
async def test_a_proxy_that_wants_a_sign_in_is_named(tmp_path: Path, *, is_private: bool) -> None:
    async with behind_proxy(tmp_path, credentials="user:password") as (served, _, network):
        heard = await ask(served.route(replace(network, is_private=is_private, allowed=LOOPBACK)))
    assert heard.causes == ["net.proxy_auth"]


@pytest.mark.parametrize("is_silent", [True, False])
async def test_a_name_that_is_not_found_is_named_on_the_way_through_a_proxy_too(tmp_path: Path, *, is_silent: bool) -> None:
    async with behind_proxy(tmp_path) as (served, _, network), name_server({}, is_silent=is_silent) as names:
        private = replace(network, is_private=True, allowed=LOOPBACK, dns=(names.address,))
        heard = await ask(replace(served.route(private), connect_s=0.5))
    assert heard.causes == ["net.dns_timeout" if is_silent else "net.dns_failed"]


# ── keys and sessions ──


async def test_a_key_that_is_not_set_is_named_and_nothing_is_sent() -> None:
    route = replace(ROUTE, key=Secret("env:KEY", None, "environment variable KEY is not set"))
    async with raw_server(answers(WHOLE)) as server:
        heard = await ask(replace(route, url=server.url))
    assert heard.causes == ["route.key_missing"]


async def error_of(route: Route) -> str:
    """Return the class of the error that a call ends with; what it leaves open is closed before the next test."""
    try:
        error: object = (await ask(route)).error
    except (LookupError, DeprecationWarning) as raised:
        error = type(raised)()
    gc.collect()
    return type(error).__name__


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning", "ignore:Unclosed")
async def test_proxy_credentials_that_are_not_set_end_as_a_typed_error(tmp_path: Path) -> None:
    unset = Secret("env:PROXY", None, "environment variable PROXY is not set")
    async with behind_proxy(tmp_path) as (served, _, network):
        assert await error_of(served.route(replace(network, proxy_credentials=unset))) == "NoRouteAnswered"


@pytest.mark.filterwarnings("error", "ignore:Unclosed")
async def test_proxy_credentials_need_nothing_that_aiohttp_will_drop(tmp_path: Path) -> None:
    async with behind_proxy(tmp_path, credentials="user:password") as (served, _, network):
        assert await error_of(served.route(replace(network, proxy_credentials=literal("user:password")))) == "NoneType"


async def test_an_authority_file_that_is_not_there_is_named() -> None:
    route = replace(ROUTE, url="https://127.0.0.1:1/", network=Network(ca_file=Path("/nowhere/ca.pem")))
    assert (await ask(route)).causes == ["tls.ca_file"]


async def test_a_session_is_kept_for_as_long_as_its_route_is() -> None:
    async with raw_server(answers(WHOLE, ends=True)) as server:
        route, legs = replace(ROUTE, url=server.url), Legs()
        for kept, connections in (((route,), 1), ((), 2)):
            (await legs.post(route, b"{}", {})).close()
            assert server.connections == connections
            await legs.keep(kept)
        await legs.close()


async def test_the_resolver_is_closed_with_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Resolver] = []

    async def close(self: Resolver) -> None:
        closed.append(self)
        await self._inner.close()  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setattr(Resolver, "close", close)
    async with name_server({NAME: ["127.0.0.1"]}) as names, raw_server(answers(WHOLE)) as server:
        route = replace(ROUTE, url=f"http://{NAME}:{server.port}/", network=Network(dns=(names.address,)))
        async with gateway_over(route) as gateway:
            await hear(gateway)
    assert len(closed) == 1


async def hangs_up_on_kept_connections(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first request of a connection, and reset it at the second: a server that has just closed what was idle."""
    chunked = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n"
    said = event("Hi") + event(finish="stop") + b"data: [DONE]\n\n"
    writer.write(chunked % len(said) + said)
    await reader.read(1)
    writer.transport.abort()


async def test_a_kept_connection_that_has_died_is_not_the_routes_fault() -> None:
    async with raw_server(hangs_up_on_kept_connections) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        for _ in range(3):
            heard = await hear(gateway)
            assert (heard.text, heard.causes) == ("Hi", [None])
        burst = await asyncio.gather(*(hear(gateway) for _ in range(5)))
        assert [one.causes for one in burst] == [[None]] * 5
        assert gateway.health.state(gateway.plan.routes)[0].state == "closed"


async def test_a_gateway_that_was_closed_opens_nothing_again() -> None:
    async with raw_server(answers(WHOLE, ends=True)) as server:
        async with gateway_over(replace(ROUTE, url=server.url)) as gateway:
            await hear(gateway)
        assert (await hear(gateway)).error is not None
        assert server.connections == 1


async def test_a_call_that_runs_when_its_gateway_is_closed_ends_at_once() -> None:
    play = answers(head("200 OK", "text/event-stream") + event("Hi"))
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        begun = asyncio.Event()

        async def ask() -> str:
            try:
                async for _ in gateway.stream(HELLO):
                    begun.set()
            except NoRouteAnswered as error:
                return error.code
            return "answered"

        asking = asyncio.ensure_future(ask())
        await begun.wait()
        async with asyncio.timeout(1):
            await gateway.close()
            assert await asking == "llm.no_route_answered"
