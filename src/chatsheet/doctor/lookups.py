"""How names are looked up: as the calls of a route do it, and in DNS itself, with the aliases that lead to the addresses."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import aiodns

from chatsheet.doctor.model import AddressClass
from chatsheet.llm import addresses, legs
from chatsheet.llm.addresses import Resolver
from chatsheet.llm.routes import Network

MOST_S = 3.0
"""No probe of a network takes longer."""
_DNS_SHARE = 0.8
"""As in a call: the share of the connect limit that name servers may use."""
_WORST_FIRST: tuple[AddressClass, ...] = ("public", "link_local", "loopback", "allowed", "private")
_CNAME = 5


@dataclass(frozen=True, slots=True)
class InDns:
    """What name servers say of a name."""

    chain: tuple[str, ...] = ()
    """The aliases from the name on, which is not among them."""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """A name with its addresses as a call finds them, or why it finds none, and what DNS says of it a moment later."""

    host: str
    addresses: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    """The exception chain as a call would show it; empty where there are addresses."""
    dns: InDns = InDns()
    is_literal: bool = False


def limit_s(connect_s: float) -> float:
    """Return how long a probe of a network may take."""
    return min(2 * connect_s, MOST_S)


async def look_up(host: str, port: int, network: Network, connect_s: float) -> LookedUp:
    """Look a name up as a call would, and then in DNS; never raises for what name servers do."""
    if is_literal(host):
        return LookedUp(host=host, addresses=(host,), is_literal=True)
    whole_s = limit_s(connect_s)
    share_s = min(connect_s, whole_s / 2) * _DNS_SHARE
    found, failure = await _as_called(host, port, network, share_s)
    if any("DnsTimeout" in link for link in failure):
        return LookedUp(host=host, failure=failure)
    return LookedUp(host=host, addresses=found, failure=failure, dns=await in_dns(host, network.dns, whole_s - share_s))


async def _as_called(host: str, port: int, network: Network, limit_s: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all addresses, also those that the guard would keep from a private route, or why there are none."""
    resolver = Resolver(addresses.lookup(network), replace(network, is_private=False), limit_s)
    try:
        found = await resolver.resolve(host, port)
    except (OSError, UnicodeError) as error:  # the latter for a name that no DNS could have
        return (), ("ClientConnectorDNSError", *legs.exception_chain(error))
    finally:
        await resolver.close()
    return tuple(dict.fromkeys(one["host"] for one in found)), ()


async def in_dns(host: str, servers: Sequence[str], limit_s: float) -> InDns:
    """Ask name servers, by default the machine's, for aliases and addresses; nothing where they do not answer in time."""
    if host == "localhost" or host.endswith(".localhost"):
        return InDns()  # RFC 6761: no name server's business
    async with aiodns.DNSResolver(nameservers=list(servers) or None, timeout=limit_s / 2, tries=2) as resolver:
        asked = asyncio.gather(*(_records(resolver, host, kind) for kind in ("A", "AAAA")))
        try:
            async with asyncio.timeout(limit_s):
                v4, v6 = await asked
        except TimeoutError:
            return InDns()
    aliases = {**v4[0], **v6[0]}
    return InDns(tuple(_followed(host.lower().rstrip("."), aliases)), (*v4[1], *v6[1]))


async def _records(resolver: aiodns.DNSResolver, host: str, kind: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return aliases by name, and addresses."""
    aliases: dict[str, str] = {}
    found: list[str] = []
    with contextlib.suppress(aiodns.error.DNSError):
        for record in (await resolver.query_dns(host, kind)).answer:
            if record.type == _CNAME:
                aliases[_plain(record.name)] = _plain(getattr(record.data, "cname", ""))
            else:
                found.append(str(getattr(record.data, "addr", "")))
    return aliases, tuple(found)


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _followed(host: str, aliases: dict[str, str]) -> list[str]:
    chain: list[str] = []
    while (host := aliases.pop(host, "")) != "":
        chain.append(host)
    return chain


# ── what an address is ──


def is_literal(host: str) -> bool:
    """Tell whether a host is an address written out."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def address_class(address: str, allowed: Sequence[IPv4Network | IPv6Network]) -> AddressClass:
    """Return what kind of address this is, as the guard of private routes sees it."""
    if addresses.is_private(address):
        return "private"
    if addresses.is_private(address, allowed):
        return "allowed"
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return "link_local" if parsed.is_link_local else "loopback" if parsed.is_loopback else "public"


def worst(found: Sequence[str], allowed: Sequence[IPv4Network | IPv6Network]) -> AddressClass | None:
    """Return the class of the worst address; None where there is none."""
    classes = {address_class(address, allowed) for address in found}
    return next((one for one in _WORST_FIRST if one in classes), None)


def usable(found: Sequence[str], network: Network) -> tuple[str, ...]:
    """Return the addresses that a route may connect to."""
    return tuple(one for one in found if not network.is_private or addresses.is_private(one, network.allowed))


def described(address: str, allowed: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return an address with its class."""
    return f"{address} ({address_class(address, allowed).replace('_', '-')})"
