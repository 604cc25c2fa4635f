"""Where the host's name leads, as a call finds it and as DNS tells it: aliases, addresses, and what kind they are."""

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from chatsheet.doctor import findings, lookups
from chatsheet.doctor.lookups import LookedUp
from chatsheet.doctor.model import Finding, HostProof, Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses, causes
from chatsheet.llm.causes import Evidence
from chatsheet.llm.routes import Network

_SERVICES = ("openai", "cognitiveservices", "services.ai")
"""A resource has one name under each, and a private zone for each."""
_RESOURCE = re.compile(rf"([a-z0-9-]+)\.({'|'.join(map(re.escape, _SERVICES))})\.(azure\.(?:com|us|cn))")
_IS_PRIVATE = frozenset({"private", "allowed"})


async def look(subject: Subject) -> Rung:
    """Look up the host, its sibling names at Azure, and the proxy where one applies."""
    route, network = subject.route, subject.route.network
    host, port = route.origin
    found = await asyncio.gather(*(lookups.look_up(one, port, network, route.connect_s) for one in (host, *siblings(host))))
    own = found[0]
    usable = lookups.usable(own.addresses, network)
    first = next(iter(usable), "")
    subject.hosts = tuple(_proof(one, network) for one in found)
    known = first if network.is_private else None
    subject.is_proxied = network.proxy is not None and not addresses.is_direct(host, known, network.no_proxy)
    subject.address, subject.port = first, port
    told = [_told(one, network) for one in found if one.addresses or one is own]
    is_needed = network.is_private or not subject.is_proxied
    if is_needed and (problem := _problem(subject, own, usable)):
        return findings.broken("dns", problem, *told)
    if subject.is_proxied and (problem := await _proxy(subject, told)):
        return findings.broken("dns", problem, *told)
    return findings.passed("dns", *told, warnings=(*_differing(own, network), *_unlinked(subject.hosts)))


def siblings(host: str) -> tuple[str, ...]:
    """Return the other names of the same Azure resource."""
    resource = _RESOURCE.fullmatch(host.lower())
    if resource is None:
        return ()
    name, own, cloud = resource.groups()
    return tuple(f"{name}.{service}.{cloud}" for service in _SERVICES if service != own)


def _proof(found: LookedUp, network: Network) -> HostProof:
    resource = _RESOURCE.fullmatch(found.host.lower())
    return HostProof(
        host=found.host,
        zone=f"privatelink.{resource[2]}.{resource[3]}" if resource else "",
        chain=found.dns.chain,
        addresses=found.addresses,
        address_class=lookups.worst(found.addresses, network.allowed),
    )


def _told(found: LookedUp, network: Network) -> str:
    """Return a line such as `NAME → ALIAS → 10.0.0.4 (private)`."""
    if found.is_literal:
        return f"{lookups.described(found.host, network.allowed)} is written out: nothing to look up"
    leads_to = ", ".join(lookups.described(one, network.allowed) for one in found.addresses) or "no address"
    return " → ".join((found.host, *found.dns.chain, leads_to))


# ── what breaks ──


def _problem(subject: Subject, own: LookedUp, usable: tuple[str, ...]) -> Finding | None:
    network = subject.route.network
    if own.failure:
        return _unknown(subject, own, network)
    if usable:
        return None
    leads_to = f"{own.host} leads to {', '.join(lookups.described(one, network.allowed) for one in own.addresses)}"
    sibling = next((one.host for one in subject.hosts[1:] if one.address_class in _IS_PRIVATE), "")
    zone = subject.hosts[0].zone
    if zone and sibling:
        what = f"{leads_to}, while {sibling} leads to a private address: {zone} is not linked; nothing was sent"
        return findings.finding("net.zone_missing", what, commands=(_link(zone),))
    return findings.finding("net.dns_public_for_private", f"{leads_to}; nothing was sent")


def _unknown(subject: Subject, found: LookedUp, network: Network) -> Finding:
    cause = causes.classify(Evidence(route_kind=subject.route.kind, exceptions=found.failure)).code
    alias = f" (an alias of {found.dns.chain[-1]})" if found.dns.chain else ""
    asked = ", ".join(network.dns) or "this machine's name servers"
    return findings.finding(cause, f"no address for {found.host}{alias} from {asked}", commands=_nslookup(found.host, network))


async def _proxy(subject: Subject, told: list[str]) -> Finding | None:
    """Note where to connect instead; whether that is allowed the next rung says."""
    network = subject.route.network
    parts = urlsplit(network.proxy or "")
    found = await lookups.look_up(parts.hostname or "", parts.port or 80, network, subject.route.connect_s)
    told.append(f"the proxy: {_told(found, network)}")
    if found.failure:
        return _unknown(subject, found, network)
    subject.address = next(iter((*lookups.usable(found.addresses, network), *found.addresses)))
    subject.port = parts.port or 80
    return None


# ── what is odd ──


def _differing(own: LookedUp, network: Network) -> Iterator[Finding]:
    """Compare what a call was told with what DNS says a moment later, as far as a call would have heard it."""
    families = {":" in one for one in own.addresses}
    called, in_dns = set(own.addresses), {one for one in own.dns.addresses if (":" in one) in families}
    if not called or not in_dns or called == in_dns:
        return
    kinds = [{lookups.address_class(one, network.allowed) for one in found} for found in (called, in_dns)]
    if kinds[0] != kinds[1] or (network.is_private and not called & in_dns):  # public ones change all the time
        sides = [", ".join(lookups.described(one, network.allowed) for one in sorted(found)) for found in (called, in_dns)]
        what = f"{own.host}: a call is told {sides[0]}, name servers say {sides[1]} a moment later"
        yield findings.finding("net.dns_differs", what, commands=_nslookup(own.host, network))


def _unlinked(hosts: tuple[HostProof, ...]) -> Iterator[Finding]:
    """Tell of each zone that is not linked while another one of the same resource is."""
    private = next((one.host for one in hosts if one.address_class in _IS_PRIVATE), "")
    for one in hosts if private else ():
        if one.zone and one.address_class == "public":
            what = f"{one.host} leads to a public address, while {private} leads to a private one: {one.zone} is not linked"
            yield findings.finding("net.zone_missing", what, commands=(_link(one.zone),))


def _nslookup(host: str, network: Network) -> tuple[str, ...]:
    """Return the line that asks the route's own name server; empty where the machine's is asked."""
    if not network.dns:
        return ()
    server = network.dns[0]
    address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    return (f"nslookup {f'-port={port} ' if port else ''}{host} {address}",)


def _link(zone: str) -> str:
    where = f"--resource-group <resource-group> --zone-name {zone} --name <link-name> --virtual-network <vnet-id>"
    return f"az network private-dns link vnet create {where} --registration-enabled false"
