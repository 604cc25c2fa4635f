"""A name server and a client proxy on loopback, as small as they can be, that keep what they were asked."""

import asyncio
import base64
import ipaddress
import re
import ssl
import struct
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import trustme

_A, _AAAA, _NO_SUCH_NAME = 1, 28, 3


@dataclass(slots=True)
class NameServer(asyncio.DatagramProtocol):
    """Answers A and AAAA from `names`; an unknown name does not exist, and `is_silent` says nothing at all."""

    names: Mapping[str, list[str]]
    is_silent: bool = False
    asked: list[str] = field(default_factory=list[str])
    address: str = ""
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are sent through."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        name, end = _name(data)
        self.asked.append(name)
        if self._transport is not None and not self.is_silent:
            self._transport.sendto(self._answer(data, name, end), addr)

    def _answer(self, data: bytes, name: str, end: int) -> bytes:
        kind = int.from_bytes(data[end : end + 2])
        found = [ipaddress.ip_address(one) for one in self.names.get(name, ())]
        found = [one for one in found if kind == (_A if one.version == 4 else _AAAA)]
        flags = 0x8180 | (0 if name in self.names else _NO_SUCH_NAME)
        start = data[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
        records = [struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(one.packed)) + one.packed for one in found]
        return start + data[12 : end + 4] + b"".join(records)


def _name(data: bytes) -> tuple[str, int]:
    """Return the name a question asks for, and where its type stands."""
    labels: list[str] = []
    at = 12
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1


@asynccontextmanager
async def name_server(names: Mapping[str, list[str]], *, is_silent: bool = False) -> AsyncGenerator[NameServer, None]:
    """Serve these names while the body runs."""
    served = NameServer(names, is_silent)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: served, ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    served.address = f"{host}:{port}"
    try:
        yield served
    finally:
        transport.close()


@dataclass(slots=True)
class Proxy:
    """A proxy that tunnels every CONNECT to one port of loopback, and may want a sign-in."""

    to_port: int
    credentials: str = ""
    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list[str])
    passed: bytearray = field(default_factory=bytearray)
    """What clients sent through it."""
    writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """Return what each CONNECT named."""
        return [head.split(" ")[1] for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Tunnel one connection."""
        self.connections += 1
        self.writers.append(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            if self.credentials and not self._is_signed_in(head):
                writer.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n"
                )
                return
            inner, outer = await asyncio.open_connection("127.0.0.1", self.to_port)
            self.writers.append(outer)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, outer, self.passed), _pump(inner, writer, bytearray()))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _is_signed_in(self, head: str) -> bool:
        given = re.search(r"(?i)proxy-authorization: basic (\S+)", head)
        return given is not None and base64.b64decode(given[1]).decode() == self.credentials


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    while data := await reader.read(65_536):
        kept += data
        writer.write(data)
    writer.close()


@asynccontextmanager
async def client_proxy(to_port: int, *, credentials: str = "") -> AsyncGenerator[Proxy, None]:
    """Serve a proxy that leads to this port while the body runs."""
    served = Proxy(to_port, credentials)
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await served.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    served.port = int(server.sockets[0].getsockname()[1])
    try:
        yield served
    finally:
        server.close()
        for writer in served.writers:
            writer.transport.abort()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def tls(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context for this name, and the file of the authority that vouches for it."""
    authority, ca_file = trustme.CA(), folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context, ca_file
