"""A DNS server on UDP and TCP that knows the names it was told, and answers each in its own mode."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Literal, Self

import dnslib
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatsheet.core.tasks import Tasks
from chatsheet.simulator.listeners.tcp import Link, Listener, accepted

DnsMode = Literal["answer", "nxdomain", "no-address", "servfail", "slow", "drop", "rebind", "public"]

PUBLIC = "203.0.113.10"
"""Where a name leads whose private zone is not linked: an address kept for documentation (RFC 5737)."""

_A, _CNAME, _AAAA = 1, 5, 28
_SERVFAIL, _NXDOMAIN = 2, 3
_TTL_S = 0
_SLOW_S = 5.0
_TRIES = 20


def _is_address(text: str) -> str:
    ip_address(text)
    return text


Address = Annotated[str, AfterValidator(_is_address)]


class Name(BaseModel):
    """What the server says of one name; `aliases` is its chain of CNAMEs, the addresses are the last one's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: tuple[Address, ...] = ()
    aliases: tuple[str, ...] = ()
    mode: DnsMode = "answer"
    delay_s: float = Field(default=_SLOW_S, ge=0, le=3600)
    public: tuple[Address, ...] = (PUBLIC,)


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet to send after a while; no packet is no answer at all."""

    packet: bytes | None
    delay_s: float = 0


def reply(query: bytes, names: Mapping[str, Name], asked: int) -> Reply:
    """Return the answer to a query; `asked` counts earlier questions of this kind for this name. Pure."""
    try:
        record = dnslib.DNSRecord.parse(query)
        question = key_of(record)
    except (dnslib.DNSError, ValueError, IndexError):
        return Reply(None)
    said = record.reply()
    name = names.get(question[0])
    if name is None or name.mode == "nxdomain":
        said.header.rcode = _NXDOMAIN
    elif name.mode == "drop":
        return Reply(None)
    elif name.mode == "servfail":
        said.header.rcode = _SERVFAIL
    else:
        _tell(said, question, name, asked)
    return Reply(said.pack(), name.delay_s if name is not None and name.mode == "slow" else 0)


def key_of(record: dnslib.DNSRecord) -> tuple[str, int]:
    """Return the name and the type that are asked for."""
    return str(record.q.qname).rstrip(".").lower(), record.q.qtype


def _tell(said: dnslib.DNSRecord, question: tuple[str, int], name: Name, asked: int) -> None:
    chain = [question[0], *name.aliases]
    for alias, target in itertools.pairwise(chain):
        said.add_answer(dnslib.RR(alias, _CNAME, ttl=_TTL_S, rdata=dnslib.CNAME(target)))
    is_public = name.mode == "public" or (name.mode == "rebind" and asked > 0)
    addresses: Sequence[str] = name.public if is_public else name.addresses
    for address in () if name.mode == "no-address" else addresses:
        is_v4 = ip_address(address).version == 4  # noqa: PLR2004  the version's number
        kind, data = (_A, dnslib.A(address)) if is_v4 else (_AAAA, dnslib.AAAA(address))
        if kind == question[1]:
            said.add_answer(dnslib.RR(chain[-1], kind, ttl=_TTL_S, rdata=data))


@dataclass(slots=True)
class _Book:
    """The names, and what was asked."""

    names: dict[str, Name]
    asked: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])

    def reply(self, query: bytes) -> Reply:
        with contextlib.suppress(dnslib.DNSError, ValueError, IndexError):
            key = key_of(dnslib.DNSRecord.parse(query))
            self.asked[key] += 1
            return reply(query, self.names, self.asked[key] - 1)
        return Reply(None)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._hear = hear
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._hear(data, addr)


class _Tcp(Listener):
    def __init__(self, book: _Book, *, host: str, port: int) -> None:
        super().__init__(host=host, port=port)
        self._book = book

    async def serve(self, taken: socket.socket) -> None:
        link = await accepted(taken)
        try:
            await self._talk(link)
        finally:
            link.abort()

    async def _talk(self, link: Link) -> None:
        while True:
            (length,) = struct.unpack("!H", await link.reader.readexactly(2))
            answer = self._book.reply(await link.reader.readexactly(length))
            if answer.packet is None:
                continue
            await asyncio.sleep(answer.delay_s)
            link.writer.write(struct.pack("!H", len(answer.packet)) + answer.packet)
            await link.writer.drain()


class DnsServer:
    """Serves names on one port of UDP and TCP; `names` may change at any time."""

    def __init__(self, names: Mapping[str, Name] | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._book = _Book({name.lower(): entry for name, entry in (names or {}).items()})
        self._tasks = Tasks()
        self._stack = contextlib.AsyncExitStack()
        self._udp: asyncio.DatagramTransport | None = None

    def _hear(self, query: bytes, sender: tuple[str, int]) -> None:
        answer = self._book.reply(query)
        if answer.packet is not None:
            self._tasks.spawn(self._send(answer.packet, answer.delay_s, sender), name="dns answer")

    async def _send(self, packet: bytes, delay_s: float, to: tuple[str, int]) -> None:
        await asyncio.sleep(delay_s)
        if self._udp is not None:
            self._udp.sendto(packet, to)

    def set(self, name: str, entry: Name) -> None:
        """Say from now on what stands in `entry`."""
        self._book.names[name.rstrip(".").lower()] = entry

    def get(self, name: str) -> Name:
        """Return what is said of a name."""
        return self._book.names.get(name.rstrip(".").lower(), Name())

    def asked(self, name: str) -> int:
        """Count the questions for a name, of all types."""
        return sum(count for (asked, _), count in self._book.asked.items() if asked == name.lower())

    async def __aenter__(self) -> Self:
        for left in range(_TRIES - 1, -1, -1):
            async with contextlib.AsyncExitStack() as stack:
                tcp = await stack.enter_async_context(_Tcp(self._book, host=self.host, port=self.port))
                try:
                    await self._listen_udp(stack, tcp.port)
                except OSError:  # the port that TCP was given is taken for UDP: try another
                    if self.port or not left:
                        raise
                else:
                    self.port = tcp.port
                    self._stack = stack.pop_all()
                    break
        return self

    async def _listen_udp(self, stack: contextlib.AsyncExitStack, port: int) -> None:
        udp = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
        udp.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
        try:
            udp.bind((self.host, port))
        except OSError:
            udp.close()
            raise
        protocol = _Udp(self._hear)
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: protocol, sock=udp)
        stack.push_async_callback(protocol.closed.wait)
        stack.callback(self._udp.close)
        stack.push_async_callback(self._tasks.close)

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()
