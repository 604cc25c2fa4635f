"""Private endpoints on loopback: what tests/netbed shows of a whole network, as far as one machine without root can.

Everything is asked twice, directly and through the egress that LiteLLM sends to: one guard for both.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

import aiohttp
import pytest

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.secret import literal
from chatsheet.llm.egress import Egress
from chatsheet.llm.legs import Legs
from chatsheet.llm.routes import Network, Route
from chatsheet.simulator.fault import Tuning
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import DnsMode, DnsServer, Name
from chatsheet.simulator.listeners.holes import Silent
from chatsheet.simulator.listeners.proxy import ConnectProxy, ProxyMode
from chatsheet.simulator.listeners.tls import TlsListener
from chatsheet.simulator.state import Order
from tests.harness import HELLO, Wire, says
from tests.llm.rig import ROUTE, gateway_over, hear, start_app

pytestmark = pytest.mark.anyio

Hop = Literal["direct", "egress"]

PUBLIC = "203.0.113.10"
MAPPED_PUBLIC = "::ffff:cb00:710a"
LOGIN = "clerk:password"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource behind TLS, the name server that knows it, and a proxy in front; all on loopback."""

    wire: Wire
    tls: TlsListener
    dns: DnsServer
    proxy: ConnectProxy
    folder: Path
    hop: Hop

    @property
    def network(self) -> Network:
        """A private network that loopback belongs to."""
        return Network(
            is_private=True,
            allowed=(ip_network("127.0.0.0/8"),),
            ca_file=self.tls.write_ca(self.folder / "ca.pem"),
            dns=(f"127.0.0.1:{self.dns.port}",),
        )

    def through_proxy(self, mode: ProxyMode, *no_proxy: str) -> Network:
        """The same network, behind the proxy."""
        self.proxy.mode = mode
        return replace(self.network, proxy=f"http://127.0.0.1:{self.proxy.port}", no_proxy=no_proxy)

    async def cause(self, network: Network | None = None, host: str = NAME) -> str | None:
        """Ask once with new connections; return why there was no answer, or None for an answer."""
        self.wire.script("gpt-4o", says("Hello"))
        url = f"https://{host}:{self.tls.port}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
        network = self.network if network is None else network
        route = replace(ROUTE, name="azure", url=url, key=literal(self.wire.key), network=network)
        return await (through_gateway(route) if self.hop == "direct" else through_egress(route))


async def through_gateway(route: Route) -> str | None:
    """Ask as our own code does."""
    async with gateway_over(route) as gateway:
        return (await hear(gateway)).causes[0]


async def through_egress(route: Route) -> str | None:
    """Ask as LiteLLM does, and return what the egress recorded."""
    legs = Legs()
    egress = Egress(routes={"azure": route}, legs=legs, key="sk-egress", clock=SystemClock())
    headers = {"api-key": "sk-egress", "x-chatsheet-attempt": "att_1"}
    body = loose.dumps({**HELLO.body, "stream": True})
    async with start_app(egress.app()) as base, aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{base}/egress/azure/chat/completions", data=body) as response:
            await response.read()
        record = await egress.records.ended("att_1", 1)
    await legs.close()
    assert record is not None
    assert (record.cause is None) == (record.end == "complete")
    return record.cause


@pytest.fixture(params=["direct", "egress"])
async def resource(request: pytest.FixtureRequest, wire: Wire, tmp_path: Path) -> AsyncGenerator[Resource, None]:
    """The resource, asked on either way."""
    upstream = ("127.0.0.1", wire.port)
    names = {NAME: Name(addresses=("127.0.0.1",))}
    async with (
        TlsListener(upstream, names=[NAME]) as tls,
        DnsServer(names) as dns,
        ConnectProxy(credentials=LOGIN) as proxy,
    ):
        yield Resource(wire, tls, dns, proxy, tmp_path, request.param)


async def test_a_private_route_answers_by_its_own_name_server_and_authority(resource: Resource) -> None:
    assert await resource.cause() is None
    assert (resource.tls.handshakes, resource.dns.asked(NAME) > 0) == (1, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "localhost", PUBLIC, "169.254.169.254"])
async def test_an_endpoint_that_is_not_private_is_refused_before_it_is_called(resource: Resource, host: str) -> None:
    assert await resource.cause(replace(resource.network, allowed=(), dns=()), host) == "net.dns_public_for_private"
    assert resource.tls.connections == 0


@pytest.mark.parametrize("addresses", [(PUBLIC,), (MAPPED_PUBLIC,), ("169.254.169.254",), ("2001:db8::1",), ("::1",)])
async def test_a_name_that_leads_elsewhere_is_refused(resource: Resource, addresses: Sequence[str]) -> None:
    resource.dns.set(NAME, Name(addresses=tuple(addresses)))
    assert await resource.cause() == "net.dns_public_for_private"


async def test_of_several_addresses_only_the_private_one_is_called(resource: Resource) -> None:
    resource.dns.set(NAME, Name(addresses=(PUBLIC, "127.0.0.1")))
    assert await resource.cause() is None


@pytest.mark.parametrize("is_proxied", [False, True])
async def test_a_name_that_turns_public_after_the_look_up_changes_nothing(resource: Resource, *, is_proxied: bool) -> None:
    resource.dns.set(NAME, Name(addresses=("127.0.0.1",), mode="rebind", public=(PUBLIC,)))
    network = resource.through_proxy("pass") if is_proxied else resource.network
    assert await resource.cause(network) is None
    assert await resource.cause(network) == "net.dns_public_for_private"
    assert resource.tls.connections == 1


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("nxdomain", "net.dns_failed"),
        ("no-address", "net.dns_no_address"),
        ("servfail", "net.dns_servfail"),
    ],
)
async def test_what_dns_lacks_is_named(resource: Resource, mode: DnsMode, cause: str) -> None:
    """Silence is asked for in tests/netbed, in a process that ends: a look-up outlives its route, see below."""
    resource.dns.set(NAME, Name(addresses=("127.0.0.1",), mode=mode))
    assert await resource.cause() == cause
    assert resource.tls.connections == 0


async def test_a_redirect_is_named_and_nobody_is_called(resource: Resource) -> None:
    async with Silent() as elsewhere:
        tuning = Tuning(location=f"https://127.0.0.1:{elsewhere.port}/")
        resource.wire.simulator.state.orders["gpt-4o"] = Order("redirect", None, tuning)
        assert await resource.cause() == "net.redirected"
        assert elsewhere.connections == 0


async def test_the_certificate_is_checked_for_trust_and_name(resource: Resource) -> None:
    assert await resource.cause(replace(resource.network, ca_file=None)) == "tls.untrusted_ca"
    resource.tls.mode = "wrong-name"
    assert await resource.cause() == "tls.hostname_mismatch"


async def test_the_proxy_is_told_the_checked_address_and_the_certificate_is_for_the_name(resource: Resource) -> None:
    assert await resource.cause(resource.through_proxy("pass")) is None
    assert resource.proxy.connects == {f"127.0.0.1:{resource.tls.port}": 1}


async def test_the_proxy_is_not_asked_for_an_address_that_is_not_private(resource: Resource) -> None:
    resource.dns.set(NAME, Name(addresses=(PUBLIC,)))
    assert await resource.cause(resource.through_proxy("pass")) == "net.dns_public_for_private"
    assert not resource.proxy.connects


@pytest.mark.parametrize(("mode", "cause"), [("refuse", "net.proxy_refused"), ("need-auth", "net.proxy_auth")])
async def test_what_the_proxy_refuses_is_named(resource: Resource, mode: ProxyMode, cause: str) -> None:
    assert await resource.cause(resource.through_proxy(mode)) == cause
    assert resource.tls.connections == 0


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning", "ignore:The 'proxy_auth':DeprecationWarning")
async def test_the_proxys_login_is_sent_to_it(resource: Resource) -> None:
    network = replace(resource.through_proxy("need-auth"), proxy_credentials=literal(LOGIN))
    assert await resource.cause(network) is None


@pytest.mark.parametrize("entry", [NAME, ".openai.azure.com", "127.0.0.0/8"])
async def test_what_no_proxy_names_goes_around_the_proxy(resource: Resource, entry: str) -> None:
    assert await resource.cause(resource.through_proxy("refuse", entry)) is None
    assert not resource.proxy.connects


async def test_what_the_environment_says_of_proxies_is_not_read(resource: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{resource.proxy.port}")
    assert await resource.cause() is None
    assert not resource.proxy.connects


BEHIND_A_PROXY = replace(ROUTE, network=Network(proxy="http://127.0.0.1:9", proxy_credentials=literal(LOGIN)))


@pytest.mark.filterwarnings("always:BasicAuth:DeprecationWarning", "always:The 'proxy_auth':DeprecationWarning")
async def test_the_proxys_login_is_made_without_what_aiohttp_drops(recwarn: pytest.WarningsRecorder) -> None:
    legs = Legs()
    with pytest.raises(aiohttp.ClientError):
        await legs.post(BEHIND_A_PROXY, b"{}", {})
    await legs.close()
    assert [str(one.message) for one in recwarn] == []


async def test_a_routes_own_resolver_is_closed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Left open, its look-ups under way call back into a loop that may be closed by then."""
    closed: list[object] = []

    async def close(resolver: aiohttp.AsyncResolver) -> None:
        closed.append(resolver)

    monkeypatch.setattr(aiohttp.AsyncResolver, "close", close)
    legs = Legs()
    with pytest.raises(aiohttp.ClientError):
        await legs.post(replace(ROUTE, network=Network(dns=("127.0.0.1:9",))), b"{}", {})
    await legs.close()
    assert len(closed) == 1
