"""Whether a connection comes about: each way in which it does not, with and without a proxy."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from chatsheet.core.secret import literal
from chatsheet.doctor.model import Rung
from chatsheet.doctor.probes import connections, names
from chatsheet.llm.routes import Route
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.listeners.dns import Name
from chatsheet.simulator.listeners.holes import BlackHole, Refused
from chatsheet.simulator.listeners.proxy import ProxyMode
from tests.doctor.probes.stage import LOGIN, LOOPBACK, Resource, causes, climb, examined
from tests.llm.rig import ROUTE, answers, raw_server

pytestmark = pytest.mark.anyio


async def look(route: Route) -> Rung:
    """Climb to the connection."""
    async with examined(replace(route, connect_s=0.3)) as subject:
        return await climb(subject, "tcp")


def at(port: int, **more: object) -> Route:
    """Return a route to a port of loopback."""
    return replace(ROUTE, url=f"http://127.0.0.1:{port}/v1/chat/completions", **more)


async def test_the_peer_and_its_kind_are_told(resource: Resource) -> None:
    async with examined(resource.route()) as subject:
        rung = await climb(subject, "tcp")
    assert rung.evidence[0].startswith(f"connected with 127.0.0.1 (allowed), port {resource.tls.port}, in ")
    assert subject.peer == "127.0.0.1"


async def test_a_closed_port_is_named() -> None:
    async with Refused() as closed:
        rung = await look(at(closed.port))
    assert (rung.name, rung.status, causes(rung)) == ("tcp", "broken", ["net.refused"])


async def test_a_closed_port_of_a_litellm_means_that_it_is_down() -> None:
    async with Refused() as closed:
        assert causes(await look(at(closed.port, kind="litellm"))) == ["litellm.down"]


async def test_a_port_that_swallows_is_named_in_time() -> None:
    """N6."""
    async with BlackHole() as hole:
        assert causes(await look(at(hole.port))) == ["net.connect_timeout"]


async def test_a_name_with_several_addresses_is_reached_by_any(resource: Resource) -> None:
    resource.dns.set(NAME, Name(addresses=("::1", "127.0.0.1")))
    both = replace(resource.network, allowed=(*LOOPBACK, ip_network("::1/128")))
    async with examined(resource.route(both)) as subject:
        await names.look(subject)
        assert subject.hosts[0].addresses[0] == "::1"
        assert (await connections.look(subject)).status == "passed"
    assert subject.peer == "127.0.0.1"


async def test_the_guard_holds_where_a_note_is_wrong(resource: Resource) -> None:
    """D6: what is checked is what the kernel is given."""
    async with examined(resource.route(replace(resource.network, allowed=()))) as subject:
        subject.address, subject.port = "127.0.0.1", resource.tls.port
        assert causes(await connections.look(subject)) == ["net.dns_public_for_private"]
    assert resource.tls.connections == 0


# ── the proxy ──


async def test_the_proxy_is_told_the_checked_address(resource: Resource) -> None:
    rung = await resource.rung("tcp", resource.through_proxy())
    assert rung.evidence[-1] == f"the proxy opened a tunnel to 127.0.0.1:{resource.tls.port}"
    assert resource.proxy.connects == {f"127.0.0.1:{resource.tls.port}": 1}


async def test_the_proxy_is_told_the_name_where_it_may_look_it_up(resource: Resource) -> None:
    resource.proxy.ways[f"{NAME}:{resource.tls.port}"] = ("127.0.0.1", resource.tls.port)
    assert (await resource.rung("server", replace(resource.through_proxy(), is_private=False))).status == "passed"
    assert set(resource.proxy.connects) == {f"{NAME}:{resource.tls.port}"}


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("refuse", "net.proxy_refused"),
        ("need-auth", "net.proxy_auth"),
        ("sign-in", "provider.not_json"),
        ("hang", "net.proxy_unreachable"),
    ],
)
async def test_what_the_proxy_says_is_named(resource: Resource, mode: ProxyMode, cause: str) -> None:
    rung = await resource.rung("server", resource.through_proxy(mode))
    assert (rung.name, causes(rung)) == ("tcp", [cause])
    assert resource.tls.connections == 0


async def test_a_proxy_that_nobody_runs_is_named(resource: Resource) -> None:
    async with Refused() as closed:
        rung = await resource.rung("tcp", replace(resource.network, proxy=f"http://127.0.0.1:{closed.port}"))
    assert causes(rung) == ["net.proxy_unreachable"]


async def test_the_login_is_sent_to_the_proxy_and_told_to_nobody(resource: Resource) -> None:
    network = replace(resource.through_proxy("need-auth"), proxy_credentials=literal(LOGIN))
    rung = await resource.rung("server", network)
    assert (rung.name, rung.status) == ("server", "passed")
    wrong = await resource.rung("tcp", replace(network, proxy_credentials=literal("clerk:canary")))
    assert causes(wrong) == ["net.proxy_auth"]
    assert "canary" not in wrong.model_dump_json()


async def test_a_proxy_that_hangs_up_is_named(resource: Resource) -> None:
    async with raw_server(answers(ends=True)) as proxy:
        rung = await resource.rung("tcp", replace(resource.network, proxy=f"http://127.0.0.1:{proxy.port}"))
    assert causes(rung) == ["net.reset"]
