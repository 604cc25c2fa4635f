"""A path under examination that leads to listeners on loopback, and its ladder as far as a rung."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from chatsheet.core.clock import SystemClock
from chatsheet.core.secret import literal
from chatsheet.core.settings import AzureRoute, LitellmRoute, Settings
from chatsheet.doctor import paths
from chatsheet.doctor.model import ORDER, Rung, RungName
from chatsheet.doctor.probes import certificates, connections, environment, names, proxies, servers
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means
from chatsheet.llm.legs import Legs
from chatsheet.llm.routes import Network, Route
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import DnsServer, Name
from chatsheet.simulator.listeners.proxy import ConnectProxy, ProxyMode
from chatsheet.simulator.listeners.tls import TlsListener
from tests.harness import NoRecords, Wire
from tests.llm.rig import ROUTE

PUBLIC = "203.0.113.10"
LOOPBACK = (ip_network("127.0.0.0/8"),)
COGNITIVE = NAME.replace(".openai.", ".cognitiveservices.")
AI = NAME.replace(".openai.azure.", ".services.ai.azure.")
LOGIN = "clerk:canary-of-the-proxy"

_PROBES: Mapping[RungName, Callable[[Subject], Awaitable[Rung]]] = {
    "environment": environment.look,
    "dns": names.look,
    "proxy": proxies.look,
    "tcp": connections.look,
    "tls": certificates.look,
    "server": servers.look,
}


@asynccontextmanager
async def examined(
    route: Route, environment: Mapping[str, str] | None = None, settings: Settings | None = None
) -> AsyncGenerator[Subject, None]:
    """Give a route as a path to probe, with legs of its own."""
    legs = Legs()
    if route.kind == "litellm":
        of = LitellmRoute(kind="litellm", key=literal("sk-key"), serves=("azure",) if route.is_ours else ())
    else:
        of = AzureRoute(kind="azure", endpoint="https://unused.example", deployment=route.model)
    way = "litellm" if route.kind == "litellm" else "direct"
    path = paths.Path(name=route.name, route=route, settings=of, provider="azure", way=way, is_in_use=True)
    means = Means(legs, NoRecords(), SystemClock())
    try:
        yield Subject(path=path, settings=settings or Settings(), environment=environment or {}, means=means)
    finally:
        await legs.close()


async def climb(subject: Subject, to: RungName = "server") -> Rung:
    """Look at one rung after the other; return the first broken one, or the last."""
    rung: Rung | None = None
    for name in ORDER[: ORDER.index(to) + 1]:
        if name in _PROBES:
            rung = await _PROBES[name](subject)
            assert rung.name == name
            if rung.status == "broken":
                return rung
    assert rung is not None
    return rung


def causes(rung: Rung) -> list[str]:
    """Return what was found."""
    return [found.cause for found in rung.findings]


@dataclass(slots=True)
class Resource:
    """A resource behind TLS, the name server that knows it, and a proxy in front; all on loopback."""

    wire: Wire
    tls: TlsListener
    dns: DnsServer
    proxy: ConnectProxy
    folder: Path

    @property
    def network(self) -> Network:
        """A private network that loopback belongs to."""
        return Network(
            is_private=True,
            allowed=LOOPBACK,
            ca_file=self.tls.write_ca(self.folder / "ca.pem"),
            dns=(f"127.0.0.1:{self.dns.port}",),
        )

    def through_proxy(self, mode: ProxyMode = "pass", *no_proxy: str) -> Network:
        """The same network, behind the proxy."""
        self.proxy.mode = mode
        return replace(self.network, proxy=f"http://127.0.0.1:{self.proxy.port}", no_proxy=no_proxy)

    def route(self, network: Network | None = None, host: str = NAME) -> Route:
        """Return a route to the resource."""
        url = f"https://{host}:{self.tls.port}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
        return replace(ROUTE, name="azure", url=url, network=self.network if network is None else network)

    async def rung(self, to: RungName, network: Network | None = None, host: str = NAME) -> Rung:
        """Climb to a rung."""
        async with examined(self.route(network, host)) as subject:
            return await climb(subject, to)


@asynccontextmanager
async def resource(wire: Wire, folder: Path) -> AsyncGenerator[Resource, None]:
    """Serve everything while the body runs."""
    own = {NAME: Name(addresses=("127.0.0.1",), aliases=(NAME.replace(".openai", ".privatelink.openai"),))}
    async with (
        TlsListener(("127.0.0.1", wire.port), names=[NAME]) as tls,
        DnsServer(own) as dns,
        ConnectProxy(credentials=LOGIN) as proxy,
    ):
        yield Resource(wire, tls, dns, proxy, folder)
