"""An HTTP forward proxy as companies have them: it lets through, refuses, wants a password, shows a page or hangs."""

import asyncio
import base64
import hmac
import re
import socket
from collections import Counter
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from chatsheet.simulator.listeners.tcp import Link, Listener, accepted, connected, relay

ProxyMode = Literal["pass", "refuse", "need-auth", "sign-in", "hang"]

_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1>"
    b"<p>This page is played by a simulator of a corporate proxy.</p></body></html>\n"
)
_PORT = re.compile(r":\d+$")
_HOP_BY_HOP = ("proxy-authorization:", "proxy-connection:")


class ConnectProxy(Listener):
    """Serves CONNECT, and plain requests in absolute form (one target per connection).

    `ways` says where a target really leads, as `host:port` → address: names of a rehearsal exist in no DNS. `credentials` is
    `user:password`; without it need-auth lets nobody through.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        mode: ProxyMode = "pass",
        ways: Mapping[str, tuple[str, int]] | None = None,
        credentials: str = "",
    ) -> None:
        super().__init__(host=host, port=port)
        self.mode: ProxyMode = mode
        self.ways = dict(ways or {})
        self.credentials = credentials
        self.connects: Counter[str] = Counter()
        """How often each target, as `host:port`, was asked for, whatever the answer."""

    async def serve(self, taken: socket.socket) -> None:
        link = await accepted(taken)
        try:
            await self._answer(link)
            await link.close()
        finally:
            link.abort()

    async def _answer(self, link: Link) -> None:
        try:
            head = await link.reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return
        line, *fields = head.decode("latin-1").split("\r\n")[:-2]
        method, _, rest = line.partition(" ")
        target = rest.partition(" ")[0]
        where = target if method == "CONNECT" else urlsplit(target).netloc
        where = where if _PORT.search(where) else f"{where}:80"
        self.connects[where] += 1
        match self.mode:
            case "hang":
                while await link.reader.read(2**16):
                    pass
            case "refuse":
                await _say(link, "403 Forbidden", "Access denied")
            case "sign-in":
                await _say(link, "200 OK", "Sign in")
            case "need-auth" if not self._may_pass(fields):
                await _say(
                    link, "407 Proxy Authentication Required", "Sign in", 'Proxy-Authenticate: Basic realm="simulated"\r\n'
                )
            case "need-auth" | "pass":
                await self._pass(link, where, "" if method == "CONNECT" else _origin_form(line, fields))

    async def _pass(self, link: Link, where: str, first: str) -> None:
        host, _, port = where.rpartition(":")
        try:
            far = await connected(*self.ways.get(where, (host.strip("[]"), int(port))))
        except (OSError, ValueError):
            await _say(link, "502 Bad Gateway", "Not reachable")
            return
        if first:
            far.writer.write(first.encode("latin-1"))
        else:
            link.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await relay(link, far)

    def _may_pass(self, fields: list[str]) -> bool:
        given = next((f.partition(":")[2].strip() for f in fields if f.lower().startswith("proxy-authorization:")), "")
        wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode()
        return bool(self.credentials) and hmac.compare_digest(given.encode(), wanted.encode())


def _origin_form(line: str, fields: list[str]) -> str:
    """Return a request's head as the server behind expects it."""
    method, target, version = line.split(" ", 2)
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [field for field in fields if not field.lower().startswith(_HOP_BY_HOP)]
    return "\r\n".join([f"{method} {path} {version}", *kept, "", ""])


async def _say(link: Link, status: str, title: str, more: str = "") -> None:
    body = _PAGE.replace(b"{title}", title.encode())
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    link.writer.write(head.encode() + body)
    await link.writer.drain()
