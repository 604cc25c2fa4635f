"""What TCP listeners have in common: connections taken one by one, bytes passed on both ways, nothing left open at the end."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from typing import Self

from chatsheet.core.tasks import Tasks
from chatsheet.simulator import sockets

_HANDSHAKE_S = 10.0
_GOODBYE_S = 1.0
_BLOCK = 2**16
_BACKLOG = 128


def bound(host: str, port: int, *, is_ours_alone: bool = False) -> socket.socket:
    """Return a bound TCP socket that does not listen yet; others could still listen there unless it is ours alone."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, not is_ours_alone)
    made.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


class Listener:
    """Takes connections while the body runs, and closes what is left of them after it."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.connections = 0
        """How many connections were taken."""
        self._tasks = Tasks()
        self._socket: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._socket = bound(self.host, self.port)
        self._socket.listen(_BACKLOG)
        self.port = int(self._socket.getsockname()[1])
        self._tasks.spawn(self._accept(self._socket), name=f"{type(self).__name__} on {self.port}")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._tasks.close()
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            taken, _ = await asyncio.get_running_loop().sock_accept(listening)
            self.connections += 1
            self._tasks.spawn(self._served(taken), name=f"{type(self).__name__} connection")

    async def _served(self, taken: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):  # the other side left, or did not like our certificate
            await self.serve(taken)

    async def serve(self, taken: socket.socket) -> None:
        """Serve one connection and close it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Link:
    """Both directions of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def close(self) -> None:
        """Send what is left and say goodbye; whoever does not answer is left."""
        self.writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self.writer.wait_closed()

    def abort(self) -> None:
        """Let go at once."""
        self.writer.transport.abort()

    def reset(self) -> None:
        """Let go at once, as a reset."""
        sockets.reset(self.writer.transport)


async def accepted(taken: socket.socket, context: ssl.SSLContext | None = None) -> Link:
    """Return a link over a socket that was accepted; raises OSError where the handshake fails."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    wait = {"ssl_handshake_timeout": _HANDSHAKE_S, "ssl_shutdown_timeout": _GOODBYE_S} if context else {}
    try:
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, taken, ssl=context, **wait)
    except BaseException:
        taken.close()
        raise
    return Link(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def connected(host: str, port: int) -> Link:
    """Return a link to a server."""
    return Link(*await asyncio.open_connection(host, port))


async def relay(near: Link, far: Link) -> None:
    """Pass bytes both ways until either side ends; a reset of the far side resets the near one."""
    try:
        async with asyncio.TaskGroup() as both:
            up = both.create_task(_pump(near.reader, far.writer))
            down = both.create_task(_pump(far.reader, near.writer))
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            was_reset = down.done() and down.result()
            up.cancel()
            down.cancel()
        if was_reset:
            near.reset()
        await near.close()
        await far.close()
    finally:
        near.abort()
        far.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Copy until the end; tell whether that was a reset."""
    try:
        while data := await reader.read(_BLOCK):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return True
    except OSError:
        return False
    return False
