"""Ports that lead nowhere, each in its own way: dropped, silent, reset, refused."""

import asyncio
import select
import socket
from typing import Self

from chatsheet.simulator import sockets
from chatsheet.simulator.listeners.tcp import Listener, bound

_MOST_FILLERS = 16
_FILLED_AFTER_S = 0.2


class BlackHole:
    """A port whose connections never come about: Linux drops them while the queue of a listening socket is full.

    Loopback needs no root for this. A firewall that drops packets of connections that stand already needs two network
    namespaces.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._held: list[socket.socket] = []

    async def __aenter__(self) -> Self:
        hole = bound(self.host, self.port)
        self._held.append(hole)
        hole.listen(0)
        self.port = int(hole.getsockname()[1])
        await asyncio.to_thread(self._fill)
        return self

    def _fill(self) -> None:
        for _ in range(_MOST_FILLERS):
            filler = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM)
            self._held.append(filler)
            filler.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
            filler.connect_ex((self.host, self.port))
            if not select.select([], [filler], [], _FILLED_AFTER_S)[1]:
                return  # the queue is full
        raise OSError("the queue never filled: this kernel does not drop what it cannot queue")

    async def __aexit__(self, *error: object) -> None:
        for one in self._held:
            sockets.reset_on_close(one)
            one.close()
        self._held.clear()


class Silent(Listener):
    """Takes connections and never says a word."""

    async def serve(self, taken: socket.socket) -> None:
        with taken:
            loop = asyncio.get_running_loop()
            while await loop.sock_recv(taken, 2**16):
                pass


class Resetter(Listener):
    """Takes connections and resets them at the first word: sooner, a client may not notice that it was connected."""

    async def serve(self, taken: socket.socket) -> None:
        with taken:
            sockets.reset_on_close(taken)
            await asyncio.get_running_loop().sock_recv(taken, 1)


class Refused:
    """A port that is closed, and stays so: it is held without listening."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._socket = bound(self.host, self.port, is_ours_alone=True)
        self.port = int(self._socket.getsockname()[1])
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._socket is not None:
            self._socket.close()
