"""Private means proven private: which addresses a route may connect to, checked in the call that connects.

RFC 1918 and fc00::/7 after unmapping IPv4-mapped IPv6, plus networks named in settings; never link-local. Python's own
`is_private` is not used: it accepts 203.0.113.0/24 and 169.254/16.
"""

import asyncio
import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from chatsheet.llm.routes import Network

_THREADS = 4
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_PRIVATE = tuple(ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


class AddressNotPrivate(OSError):
    """A private route's host name leads to an address that is not private; nothing was sent."""


class ProxyTimeout(OSError):
    """The client proxy made no connection in time."""


class DnsTimeout(OSError):
    """The name servers said nothing in time."""


def is_private(address: str, extra: Sequence[IPv4Network | IPv6Network] = ()) -> bool:
    """Tell whether a numeric address may be connected to by a private route."""
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_link_local:
        return False
    return any(parsed.version == network.version and parsed in network for network in (*_PRIVATE, *extra))


def _require_private(address: str, extra: Sequence[IPv4Network | IPv6Network]) -> None:
    if not is_private(address, extra):
        raise AddressNotPrivate(f"{address} is not a private address")


AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]
"""One entry of getaddrinfo."""


class GuardedSocket(socket.socket):
    """A socket that connects to private addresses only: what is checked is what the kernel is given, nothing lies between."""

    allowed: Sequence[IPv4Network | IPv6Network] = ()

    def connect(self, address: tuple[object, ...] | str | bytes, /) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  the stub's alias is private
        _require_private(str(address[0]), self.allowed)
        super().connect(address)


def guarded_socket(info: AddressInfo, allowed: Sequence[IPv4Network | IPv6Network]) -> socket.socket:
    """Make the socket for one resolved address, or refuse it; literal addresses come through here too."""
    family, kind, protocol, _, address = info
    _require_private(str(address[0]), allowed)
    made = GuardedSocket(family, kind, protocol)
    made.allowed = allowed
    made.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
    return made


def socket_factory(network: Network) -> Callable[[AddressInfo], socket.socket] | None:
    """Return what makes the sockets of a route, or None where any address will do."""
    return functools.partial(guarded_socket, allowed=network.allowed) if network.is_private else None


class SystemResolver(AbstractResolver):
    """Asks this machine's resolver, on threads of its own: a name that takes long keeps only its own route waiting.

    They are daemons: a look-up that nobody waits for any more must not hold the process at its end, as a pool's would.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_THREADS)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        ask = functools.partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await self._asked(ask)
        return [
            ResolveResult(hostname=host, host=_text(address), port=port, family=kind, proto=protocol, flags=_NUMERIC)
            for kind, _, protocol, _, address in found
        ]

    async def _asked(self, ask: Callable[[], Sequence[AddressInfo]]) -> Sequence[AddressInfo]:
        loop = asyncio.get_running_loop()
        await self._free.acquire()
        answer: asyncio.Future[Sequence[AddressInfo]] = loop.create_future()

        def tell(found: Sequence[AddressInfo] | OSError) -> None:
            self._free.release()
            if answer.done():
                return
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def work() -> None:
            try:
                found: Sequence[AddressInfo] | OSError = ask()
            except OSError as error:
                found = error
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(tell, found)

        threading.Thread(target=work, name="resolver", daemon=True).start()
        return await answer

    async def close(self) -> None:
        """Wait for nobody."""


def _text(address: Sequence[object]) -> str:
    """Return an address as text, with the zone that a link-local one needs."""
    zone = address[3] if len(address) > 3 else 0  # noqa: PLR2004  (host, port, flow, scope) for IPv6
    return f"{address[0]}%{zone}" if zone else str(address[0])


class Resolver(AbstractResolver):
    """Looks names up within a time limit, and keeps addresses from a private route that it may not connect to."""

    def __init__(self, inner: AbstractResolver, network: Network, limit_s: float) -> None:
        self._inner = inner
        self._network = network
        self._limit_s = limit_s

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return the addresses that may be connected to; raises AddressNotPrivate, DnsTimeout, OSError."""
        try:
            async with asyncio.timeout(self._limit_s):
                found = await self._look_up(host, port, family)
        except TimeoutError:
            raise DnsTimeout(f"no answer within {self._limit_s:g} s") from None
        if not self._network.is_private:
            return found
        private = [one for one in found if is_private(one["host"], self._network.allowed)]
        if not private:
            raise AddressNotPrivate(f"{found[0]['host'] if found else 'nothing'} is not a private address")
        return private

    async def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        try:
            return await self._inner.resolve(host, port, family)
        except socket.gaierror as error:
            if error.errno != socket.EAI_NONAME or family == socket.AF_INET:
                raise
            # glibc says so too of a record that is missing behind an alias; asked for IPv4 alone, it tells them apart
            return await self._inner.resolve(host, port, socket.AF_INET)

    async def close(self) -> None:
        await self._inner.close()


def lookup(network: Network) -> AbstractResolver:
    """Return what asks the route's own name servers, or the machine as every program on it does."""
    if network.dns:
        return aiohttp.AsyncResolver(nameservers=list(network.dns), tries=2)
    return SystemResolver()


def is_direct(host: str, address: str | None, no_proxy: Sequence[str]) -> bool:
    """Tell whether a host, or the address it was found at, is reached without the proxy."""
    return any(_is_covered(host.lower().rstrip("."), address, entry.strip().lower()) for entry in no_proxy if entry.strip())


def _is_covered(host: str, address: str | None, entry: str) -> bool:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        name = entry.partition(":")[0].lstrip("*.")
        return entry == "*" or host == name or host.endswith(f".{name}")
    for candidate in (address, host):
        try:
            if candidate is not None and ip_address(candidate.strip("[]")) in network:
                return True
        except ValueError:
            continue
    return False
