"""The proof that a path is private: its names, the connected peer, the verified chain, and the public path refused."""

import socket
import ssl
from collections.abc import Iterator

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from chatsheet.doctor import findings, lookups
from chatsheet.doctor.model import Finding, PrivateProof, PublicPath
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses, causes, legs
from chatsheet.llm.causes import Evidence
from chatsheet.llm.routes import Network

_PATH = "/openai/v1/models"
_CLOSED = frozenset({"azure.public_access_disabled", "azure.firewall", "azure.regional_endpoint"})
_OPEN = frozenset({200, 401})
"""Azure refuses public requests before it looks at keys."""
_FORBIDDEN = 403
_NO_WAY = frozenset({"net.refused", "net.unreachable", "net.connect_timeout", "net.reset"})
_CONNECT_SHARE = 0.8
_IS_PRIVATE = frozenset({"private", "allowed"})
_IS_OUTSIDE = frozenset({"public", "loopback"})
"""Where the public side may be; on loopback rehearsals play it."""


async def prove(subject: Subject) -> tuple[PrivateProof, tuple[Finding, ...]]:
    """Weigh what the rungs noted, and try the public path where settings name a public name server."""
    network = subject.route.network
    public_path, told = await _public_path(subject)
    doubts = tuple(_doubts(subject))
    proof = PrivateProof(
        is_proven=not doubts and public_path != "open",
        hosts=subject.hosts,
        peer=subject.peer,
        peer_class=lookups.address_class(subject.peer, network.allowed) if subject.peer else None,
        certificates=subject.certificates,
        public_path=public_path,
        reasons=(*doubts, *told),
    )
    if public_path != "open":
        return proof, ()
    return proof, (findings.finding("azure.public_access_open", told[0]),)


def _doubts(subject: Subject) -> Iterator[str]:
    """Yield what is missing for a proof."""
    network = subject.route.network
    own = next(iter(subject.hosts), None)
    if not network.is_private:
        yield "settings ask for no private network on this route"
    if own is None or own.address_class is None:
        yield f"{subject.route.origin[0]} leads to no address"
    elif own.address_class not in _IS_PRIVATE:
        yield f"{subject.route.origin[0]} leads to an address that is not private"
    if not subject.peer or not addresses.is_private(subject.peer, network.allowed):
        yield "the connected peer is not private"
    if not subject.certificates:
        yield "no certificate was verified"


# ── the negative test ──


async def _public_path(subject: Subject) -> tuple[PublicPath, tuple[str, ...]]:
    """Knock at the resource's public address, without a key; only where settings name who knows it."""
    host = subject.route.origin[0]
    servers = subject.settings.doctor.public_dns
    if not subject.route.network.is_private or subject.route.kind != "azure" or lookups.is_literal(host):
        return "not_tested", ()
    if not subject.certificates:
        return "not_tested", ()  # nobody is known to be there
    if not servers:
        return "not_tested", ("the public path was not tested: doctor.public_dns names no name server",)
    half_s = lookups.limit_s(subject.route.connect_s) / 2
    found = (await lookups.in_dns(host, servers, half_s)).addresses
    public = [one for one in found if lookups.address_class(one, subject.route.network.allowed) in _IS_OUTSIDE]
    if not public:
        return "not_tested", (f"the public path was not tested: {', '.join(servers)} name no public address of {host}",)
    return await knock(subject, public[0])


async def knock(subject: Subject, address: str) -> tuple[PublicPath, tuple[str, ...]]:
    """Ask for the list of models at an address, without a key, and tell what that says of the public path."""
    (host, port), where = subject.route.origin, f"the public address {address}"
    limit_s = lookups.limit_s(subject.route.connect_s) / 2
    timeout = aiohttp.ClientTimeout(total=limit_s, connect=limit_s * _CONNECT_SHARE, ceil_threshold=3600)
    try:
        connector = aiohttp.TCPConnector(ssl=_context(subject.route.network), resolver=_At(address), force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, trust_env=False, timeout=timeout) as session,
            session.get(f"https://{host}:{port}{_PATH}", allow_redirects=False) as response,
        ):
            said, status, headers = await legs.error_body(response), response.status, response.headers
    except (aiohttp.ClientError, OSError) as error:
        why = causes.classify(Evidence(route_kind="azure", exceptions=legs.exception_chain(error))).code
        if why in _NO_WAY:
            return "refused", (f"{where} cannot be reached: {why}",)
        return "not_tested", (f"{where} gives no answer of this resource: {why}",)
    if status in _OPEN:
        return "open", (f"{where} answered status {status}: the resource can be called from outside",)
    cause = causes.classify(Evidence(route_kind="azure", status=status, headers=headers, body=said)).code
    if status == _FORBIDDEN and cause in _CLOSED:
        return "refused", (f"{where} refuses requests: {cause}",)
    return "not_tested", (f"{where} answered status {status}, which says nothing of public access",)


def _context(network: Network) -> ssl.SSLContext:
    """Trust the public authorities and the route's own: the public side may show either."""
    context = ssl.create_default_context()
    if network.ca_file is not None:
        context.load_verify_locations(network.ca_file)
    return context


class _At(AbstractResolver):
    """Leads every name to one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return the address."""
        del family
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [ResolveResult(hostname=host, host=self._address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)]

    async def close(self) -> None:
        """Hold nothing."""
