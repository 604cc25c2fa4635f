"""Private means proven private: which addresses a route may connect to, checked where each socket is made.

RFC 1918 and fc00::/7 after unmapping IPv4-mapped IPv6, plus networks named in settings; never link-local. Python's own
`is_private` is not used: it accepts 203.0.113.0/24 and 169.254/16.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_PRIVATE = tuple(ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


class AddressNotPrivate(OSError):
    """A private route's host name leads to an address that is not private; nothing was sent."""


def is_private(address: str, extra: Sequence[IPv4Network | IPv6Network] = ()) -> bool:
    """Tell whether a numeric address may be connected to by a private route."""
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_link_local:
        return False
    return any(parsed.version == network.version and parsed in network for network in (*_PRIVATE, *extra))


AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]
"""One entry of getaddrinfo."""


def guarded_socket(info: AddressInfo, extra: Sequence[IPv4Network | IPv6Network]) -> socket.socket:
    """Make the socket for one resolved address, or refuse it; literal addresses come through here too."""
    family, kind, protocol, _, address = info
    host = str(address[0])
    if not is_private(host, extra):
        raise AddressNotPrivate(f"{host} is not a private address")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
    return made
