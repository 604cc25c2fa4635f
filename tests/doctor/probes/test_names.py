"""Where a name leads: aliases, addresses and their kinds, and each way in which DNS fails a private route."""

import time
from dataclasses import replace

import pytest

from chatsheet.doctor import lookups
from chatsheet.doctor.probes import names
from chatsheet.llm.routes import Network
from chatsheet.simulator.listeners.certificates import NAME, PRIVATE_NAME
from chatsheet.simulator.listeners.dns import DnsMode, Name
from tests.doctor.probes.stage import AI, COGNITIVE, LOOPBACK, PUBLIC, Resource, causes, examined
from tests.llm.rig import ROUTE

pytestmark = pytest.mark.anyio

HERE = Name(addresses=("127.0.0.1",))
AWAY = Name(addresses=(PUBLIC,))


async def test_the_chain_of_aliases_and_the_kind_of_address_are_told(resource: Resource) -> None:
    rung = await resource.rung("dns")
    assert rung.status == "passed"
    assert rung.evidence == (f"{NAME} → {PRIVATE_NAME} → 127.0.0.1 (allowed)",)


async def test_notes_for_later_rungs_are_left(resource: Resource) -> None:
    async with examined(resource.route()) as subject:
        await names.look(subject)
    assert (subject.address, subject.port, subject.is_proxied) == ("127.0.0.1", resource.tls.port, False)
    assert [host.host for host in subject.hosts] == [NAME, COGNITIVE, AI]
    assert [host.zone for host in subject.hosts][2] == "privatelink.services.ai.azure.com"


@pytest.mark.parametrize(
    ("mode", "cause"),
    [("nxdomain", "net.dns_failed"), ("no-address", "net.dns_no_address"), ("servfail", "net.dns_servfail")],
)
async def test_what_dns_lacks_is_named_with_the_line_to_try(resource: Resource, mode: DnsMode, cause: str) -> None:
    resource.dns.set(NAME, HERE.model_copy(update={"mode": mode}))
    rung = await resource.rung("dns")
    assert (rung.status, causes(rung)) == ("broken", [cause])
    assert rung.findings[0].commands == (f"nslookup -port={resource.dns.port} {NAME} 127.0.0.1",)


async def test_a_record_that_is_missing_behind_an_alias_is_told_with_the_alias(resource: Resource) -> None:
    resource.dns.set(NAME, Name(aliases=(PRIVATE_NAME,), mode="no-address"))
    rung = await resource.rung("dns")
    assert causes(rung) == ["net.dns_no_address"]
    assert PRIVATE_NAME in rung.findings[0].what


@pytest.mark.flaky(reruns=3)
async def test_silence_is_named_within_its_limit(resource: Resource) -> None:
    resource.dns.set(NAME, Name(mode="drop"))
    started = time.monotonic()
    assert causes(await resource.rung("dns")) == ["net.dns_timeout"]
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize("address", [PUBLIC, "169.254.169.254", "::1", "::ffff:cb00:710a"])
async def test_a_private_route_that_leads_elsewhere_is_broken_and_nobody_is_called(resource: Resource, address: str) -> None:
    """N4."""
    resource.dns.set(NAME, Name(addresses=(address,)))
    rung = await resource.rung("server")
    assert (rung.name, causes(rung)) == ("dns", ["net.dns_public_for_private"])
    assert resource.tls.connections == 0


async def test_a_zone_that_is_not_linked_is_named_where_another_one_of_the_resource_is(resource: Resource) -> None:
    """N10."""
    resource.dns.set(NAME, AWAY)
    resource.dns.set(COGNITIVE, HERE)
    rung = await resource.rung("dns")
    assert (rung.status, causes(rung)) == ("broken", ["net.zone_missing"])
    assert "privatelink.openai.azure.com is not linked" in rung.findings[0].what
    assert "--zone-name privatelink.openai.azure.com" in rung.findings[0].commands[0]


async def test_a_sibling_that_is_public_is_a_warning_on_a_healthy_endpoint(resource: Resource) -> None:
    resource.dns.set(AI, AWAY)
    rung = await resource.rung("dns")
    assert (rung.status, causes(rung)) == ("warned", ["net.zone_missing"])
    assert "privatelink.services.ai.azure.com is not linked" in rung.findings[0].what


async def test_a_name_that_turns_public_between_two_look_ups_is_a_warning(resource: Resource) -> None:
    """N11."""
    resource.dns.set(NAME, HERE.model_copy(update={"mode": "rebind"}))
    rung = await resource.rung("dns")
    assert (rung.status, causes(rung)) == ("warned", ["net.dns_differs"])


async def test_a_host_of_the_machine_needs_no_dns() -> None:
    async with examined(replace(ROUTE, url="http://localhost:9/v1/chat/completions")) as subject:
        rung = await names.look(subject)
    assert rung.status == "passed"
    assert rung.evidence[0].startswith("localhost → ")


async def test_an_address_that_is_written_out_is_not_looked_up(resource: Resource) -> None:
    rung = await resource.rung("dns", host="127.0.0.1")
    assert rung.evidence == ("127.0.0.1 (allowed) is written out: nothing to look up",)
    rung = await resource.rung("dns", replace(resource.network, allowed=()), host="127.0.0.1")
    assert causes(rung) == ["net.dns_public_for_private"]


async def test_where_the_proxy_looks_the_name_up_ours_need_not_know_it(resource: Resource) -> None:
    resource.dns.set(NAME, Name(mode="nxdomain"))
    network = replace(resource.through_proxy(), is_private=False)
    async with examined(resource.route(network)) as subject:
        assert (await names.look(subject)).status == "passed"
    assert (subject.address, subject.port, subject.is_proxied) == ("127.0.0.1", resource.proxy.port, True)


async def test_a_proxy_whose_name_is_not_known_is_named(resource: Resource) -> None:
    rung = await resource.rung("dns", replace(resource.network, proxy="http://proxy.example:3128"))
    assert causes(rung) == ["net.dns_failed"]
    assert "proxy.example" in rung.findings[0].what


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", "private"),
        ("::ffff:192.168.1.1", "private"),
        ("fd00::1", "private"),
        ("127.0.0.5", "allowed"),
        ("::1", "loopback"),
        ("169.254.169.254", "link_local"),
        ("fe80::1%eth0", "link_local"),
        ("203.0.113.7", "public"),
        ("100.64.0.1", "public"),
    ],
)
def test_kinds_of_addresses_are_the_guards(address: str, expected: str) -> None:
    """D6: never Python's own idea of private."""
    assert lookups.address_class(address, LOOPBACK) == expected


def test_a_host_counts_as_its_worst_address() -> None:
    assert lookups.worst(("10.0.0.1", PUBLIC), ()) == "public"
    assert lookups.worst((), ()) is None
    assert lookups.usable(("10.0.0.1", PUBLIC), Network(is_private=True)) == ("10.0.0.1",)
