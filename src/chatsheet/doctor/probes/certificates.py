"""Whom the server proves to be: its certificate verified as a call does it, and the chain that it showed, trusted or not."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from OpenSSL import SSL

from chatsheet.doctor import findings, lookups, sockets
from chatsheet.doctor.model import Certificate, Rung
from chatsheet.doctor.sockets import ProxySaid
from chatsheet.doctor.subject import Subject
from chatsheet.llm import causes, legs
from chatsheet.llm.causes import Evidence

_SOON = timedelta(days=21)
_MOST_NAMES = 5
_MOST_TEXT = 200
_BLOCK = 65_536


async def look(subject: Subject) -> Rung:
    """Verify the certificate for the host's name, and read the chain; a chain that is not trusted is evidence only."""
    if not subject.route.url.startswith("https:"):
        return findings.passed("tls", "no TLS: the address begins with http://")
    network, host = subject.route.network, subject.route.origin[0]
    try:
        context = ssl.create_default_context(cafile=network.ca_file)
    except OSError as error:  # ssl.SSLError too
        cause = causes.classify(Evidence(route_kind=subject.route.kind, exceptions=legs.exception_chain(error))).code
        return findings.broken("tls", findings.finding(cause, f"ca_file {network.ca_file} gives no authority"))
    failure = await _failure(subject, context)
    shown = () if failure == "net.connect_timeout" else await _shown(subject)
    told = _told(shown, subject.means.clock.now())
    if not failure:
        subject.certificates = shown
        by = f"ca_file {network.ca_file}" if network.ca_file else "the authorities of this machine"
        return findings.passed("tls", f"verified for {host} by {by}", *told)
    if failure == "tls.untrusted_ca" and _inspects(shown):
        failure = "tls.intercepted"
    what = f"no TLS with {host}{f', whose certificate is from {shown[-1].issuer}' if shown else ''}"
    return findings.broken("tls", findings.finding(failure, what), *told)


async def _failure(subject: Subject, context: ssl.SSLContext) -> str:
    """Shake hands as a call does, and return the cause why not, or an empty text."""
    limit_s = sockets.share_s(subject)
    try:
        async with asyncio.timeout(limit_s), sockets.reached(subject) as made:
            host = subject.route.origin[0]
            _, writer = await asyncio.open_connection(sock=made.dup(), ssl=context, server_hostname=host)
            writer.transport.abort()
    except (OSError, ProxySaid) as error:
        return sockets.cause_of(error, subject)
    return ""


# ── the chain ──


async def _shown(subject: Subject) -> tuple[Certificate, ...]:
    """Shake hands once more, without trust, and return the chain, leaf first; empty where the server shows none."""
    try:
        async with asyncio.timeout(lookups.limit_s(subject.route.connect_s) - sockets.share_s(subject)):
            async with sockets.reached(subject) as made:
                return await _chain(made, subject.route.origin[0])
    except (OSError, ProxySaid, SSL.Error):
        return ()


async def _chain(made: socket.socket, host: str) -> tuple[Certificate, ...]:
    loop = asyncio.get_running_loop()
    connection = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    if not lookups.is_literal(host):
        connection.set_tlsext_host_name(host.encode())
    connection.set_connect_state()
    while not _is_done(connection):
        with contextlib.suppress(SSL.WantReadError):
            await loop.sock_sendall(made, connection.bio_read(_BLOCK))
        data = await loop.sock_recv(made, _BLOCK)
        if not data:
            return ()
        connection.bio_write(data)
    return tuple(_read(one) for one in connection.get_peer_cert_chain(as_cryptography=True) or ())


def _is_done(connection: SSL.Connection) -> bool:
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return False
    return True


def _read(shown: x509.Certificate) -> Certificate:
    return Certificate(
        subject=shown.subject.rfc4514_string()[:_MOST_TEXT],
        issuer=shown.issuer.rfc4514_string()[:_MOST_TEXT],
        names=_names(shown),
        expires=shown.not_valid_after_utc,
    )


def _names(shown: x509.Certificate) -> tuple[str, ...]:
    try:
        found = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress)))


def _inspects(shown: Sequence[Certificate]) -> bool:
    """Tell whether a chain names a product that inspects TLS."""
    named = tuple(name for one in shown for name in (one.subject, one.issuer))
    return causes.classify(Evidence(route_kind="", exceptions=named)).code == "tls.intercepted" if named else False


def _told(shown: Sequence[Certificate], now: datetime) -> list[str]:
    if not shown:
        return ["no chain was shown"]
    leaf = shown[0]
    names = ", ".join(leaf.names[:_MOST_NAMES]) or "no name"
    told = [f"for {names}, until {leaf.expires:%Y-%m-%d}", " ← ".join((leaf.subject, *(one.issuer for one in shown)))]
    if _inspects(shown):
        told.append("TLS is inspected on the way")
    if now < leaf.expires < now + _SOON:
        told.append(f"expires in {(leaf.expires - now).days} days")
    return told
