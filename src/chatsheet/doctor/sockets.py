"""Connections made by hand, as a route makes them: its addresses only, its guard, its proxy."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from chatsheet.doctor import lookups
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses, causes, legs
from chatsheet.llm.causes import Evidence
from chatsheet.llm.legs import OK
from chatsheet.llm.routes import Network

_MOST_HEAD = 16_384
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_WANTS_LOGIN = 407


class ProxySaid(Exception):
    """The client proxy opened no tunnel, or answered with a page of its own."""

    def __init__(self, status: int, cause: str) -> None:
        super().__init__(str(status))
        self.status = status
        self.cause = cause


def cause_of(error: Exception, subject: Subject, *, at_proxy: bool = False) -> str:
    """Return what an error shows, as a call over this route would name it; `at_proxy` before a tunnel stands."""
    if isinstance(error, ProxySaid):
        return error.cause
    host, port = subject.route.origin
    outer = f"{'ProxyConnectionError' if at_proxy else _outer(error)}: Cannot connect to host {host}:{port}"
    evidence = Evidence(route_kind=subject.route.kind, exceptions=(outer, *legs.exception_chain(error)))
    return causes.classify(evidence).code


def _outer(error: Exception) -> str:
    """Return the name under which a call meets an error."""
    if isinstance(error, TimeoutError):
        return "ConnectionTimeoutError"
    if isinstance(error, ssl.CertificateError):
        return "ClientConnectorCertificateError"
    return "ClientConnectorSSLError" if isinstance(error, ssl.SSLError) else "ClientConnectorError"


def share_s(subject: Subject) -> float:
    """Return how long one of the two steps of a connection may take."""
    return min(subject.route.connect_s, lookups.MOST_S / 2)


@asynccontextmanager
async def connected(subject: Subject) -> AsyncGenerator[socket.socket, None]:
    """Yield a socket to where the route connects first: its proxy, where one applies; raises OSError (TimeoutError too)."""
    async with asyncio.timeout(share_s(subject)):
        made = await _first(_candidates(subject), subject.port, subject.route.network)
    with contextlib.closing(made):
        yield made


@asynccontextmanager
async def reached(subject: Subject) -> AsyncGenerator[socket.socket, None]:
    """Yield a socket to the route's own server, through the proxy where one applies; raises OSError, ProxySaid."""
    async with connected(subject) as made:
        await tunnel(made, subject)
        yield made


def _candidates(subject: Subject) -> Sequence[str]:
    """Return every address that may answer for the noted one: a call tries them all."""
    own = next((host.addresses for host in subject.hosts if subject.address in host.addresses), ())
    return lookups.usable(own, subject.route.network) or (subject.address,)


async def _first(candidates: Sequence[str], port: int, network: Network) -> socket.socket:
    """Connect to all at the same time and return the first that answers; raises the error of the first address."""
    tasks = [asyncio.ensure_future(_to(address, port, network)) for address in candidates]
    winner: socket.socket | None = None
    try:
        for done in asyncio.as_completed(tasks):
            with contextlib.suppress(OSError):
                winner = await done
                return winner
        return await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        for late in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(late, socket.socket) and late is not winner:
                late.close()


async def _to(address: str, port: int, network: Network) -> socket.socket:
    family, kind, protocol, name, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=_NUMERIC)[0]
    if network.is_private:
        made = addresses.guarded_socket((family, kind, protocol, name, where), network.allowed)
    else:
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
    try:
        await asyncio.get_running_loop().sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made


def target(subject: Subject) -> str:
    """Return what CONNECT names: the checked address of a private route, else the host."""
    host, port = subject.route.origin
    if subject.route.network.is_private:
        host = next(iter(lookups.usable(subject.hosts[0].addresses, subject.route.network)), host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def tunnel(made: socket.socket, subject: Subject) -> None:
    """Have the proxy connect to the route's server, where one applies; raises OSError (TimeoutError too), ProxySaid."""
    if not subject.is_proxied:
        return
    where = target(subject)
    login = "".join(f"{name}: {value}\r\n" for name, value in legs.proxy_headers(subject.route.network).items())
    async with asyncio.timeout(share_s(subject)):
        await asyncio.get_running_loop().sock_sendall(
            made, f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{login}\r\n".encode()
        )
        head = await _head(made)
    found = re.match(r"HTTP/1\.\d (\d{3})", head)
    status = int(found[1]) if found else 0
    if status == OK and re.search(r"(?mi)^content-type: *text/html", head):
        raise ProxySaid(status, "provider.not_json")
    if status != OK:
        raise ProxySaid(status, "net.proxy_auth" if status == _WANTS_LOGIN else "net.proxy_refused")


async def _head(made: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD:
        more = await asyncio.get_running_loop().sock_recv(made, _MOST_HEAD)
        if not more:
            raise ConnectionResetError("the proxy ended the connection")
        head += more
    return head.decode("latin-1")
