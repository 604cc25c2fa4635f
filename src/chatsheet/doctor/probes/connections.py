"""Whether a connection comes about, to the server or to the proxy that leads there, and with whom."""

import socket

from chatsheet.doctor import findings, lookups, sockets
from chatsheet.doctor.model import Rung
from chatsheet.doctor.sockets import ProxySaid
from chatsheet.doctor.subject import Subject
from chatsheet.llm import addresses


async def look(subject: Subject) -> Rung:
    """Connect, and have the proxy open a tunnel where one applies; nothing else is sent."""
    clock, network = subject.means.clock, subject.route.network
    where = f"{'the proxy ' if subject.is_proxied else ''}{subject.address}:{subject.port}"
    started = clock.monotonic()
    try:
        async with sockets.connected(subject) as made:
            took = f"{(clock.monotonic() - started) * 1000:.0f} ms"
            subject.peer = str(made.getpeername()[0])
            told = f"connected with {lookups.described(subject.peer, network.allowed)}, port {subject.port}, in {took}"
            if network.is_private and not addresses.is_private(subject.peer, network.allowed):
                return _broken("net.peer_changed", f"{where}: somebody else is connected", told)
            if subject.is_proxied and subject.route.url.startswith("https:"):
                return await _tunnelled(subject, made, told)
            return findings.passed("tcp", told)
    except OSError as error:
        cause = sockets.cause_of(error, subject, at_proxy=subject.is_proxied)
        late = f" within {sockets.share_s(subject):g} s" if isinstance(error, TimeoutError) else ""
        return _broken(cause, f"no connection with {where}{late}")


async def _tunnelled(subject: Subject, made: socket.socket, told: str) -> Rung:
    where = sockets.target(subject)
    try:
        await sockets.tunnel(made, subject)
    except ProxySaid as said:
        return _broken(said.cause, f"the proxy answered status {said.status} to CONNECT {where}", told)
    except OSError as error:
        cause = sockets.cause_of(error, subject, at_proxy=isinstance(error, TimeoutError))
        return _broken(cause, f"the proxy did not answer to CONNECT {where}", told)
    return findings.passed("tcp", told, f"the proxy opened a tunnel to {where}")


def _broken(cause: str, what: str, *told: str) -> Rung:
    return findings.broken("tcp", findings.finding(cause, what), *told)
