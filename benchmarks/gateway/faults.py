"""A provider that fails in every way, a process of its own; the deployment's name says how.

`ok` answers, `switch` does what it was last told, `any` plays a fault or answers by chance, `some` fails one time in ten. Every
answer proves itself (answers.py). It also plays a LiteLLM that makes up a finish, and the egress whose records tell.
"""

import asyncio
import json
import random
import re
import socket
import ssl
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field

import trustme

from benchmarks.gateway import answers

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_ATTEMPT = re.compile(rb'(?i)x-chatsheet-attempt"?: *"?([\w-]+)')
_DEPLOYMENT = re.compile(rb"/deployments/([\w-]+)/|\"model\": *\"([\w-]+)\"")
STATUSES = (401, 403, 404, 408, 429, 500, 502, 503, 504)
BROKEN = (
    *("cut", "cut-clean", "reset", "reset-early", "stall", "silent", "mute", "malformed", "garbage", "html"),
    *("empty", "no-done", "no-finish", "error-first", "error-mid"),
)
DIRECT = (*(f"status-{status}" for status in STATUSES), *BROKEN)
"""Every fault of a direct route."""
INVENTED = "invented"
"""What LiteLLM makes of a cut stream: a finish reason, usage and a proper end. Only the egress's record tells."""

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
_LAST = b"0\r\n\r\n"


class _Over(Exception):
    """The connection cannot carry another request."""


@dataclass(slots=True)
class Provider:
    """What was asked of the server and what it was told to do."""

    chance: random.Random = field(default_factory=lambda: random.Random(7))
    switch: str = "ok"
    calls: Counter[str] = field(default_factory=Counter[str])
    played: Counter[str] = field(default_factory=Counter[str])
    busy: int = 0
    whole: dict[str, bool] = field(default_factory=dict[str, bool])
    """Whether the provider behind the played LiteLLM finished an attempt."""

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(asked)
                asked += await reader.readexactly(int(length[1]) if length else 0)
                self.busy += 1
                try:
                    await self._answer(asked, reader, writer)
                    await writer.drain()
                finally:
                    self.busy -= 1
        except (ConnectionError, asyncio.IncompleteReadError, _Over, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = asked.split(b" ", 2)[1].decode()
        if path.startswith("/switch/"):
            self.switch = path.removeprefix("/switch/")
            writer.write(_json(200, {}))
        elif path == "/stats":
            writer.write(_json(200, {"busy": self.busy - 1, "calls": self.calls, "played": self.played}))
        elif path.startswith("/records/"):
            writer.write(self._record(path.removeprefix("/records/")))
        else:
            found = _DEPLOYMENT.search(asked)
            name = (found[1] or found[2]).decode() if found else "ok"
            attempt = _ATTEMPT.search(asked)
            await self._play(name, attempt[1].decode() if attempt else "", reader, writer)

    def _record(self, attempt: str) -> bytes:
        if attempt not in self.whole:
            return _json(404, {})
        is_whole = self.whole.pop(attempt)
        seen = {"attempt": attempt, "route": "behind", "status": 200, "model": "gpt-4o-2024-11-20"}
        if is_whole:
            return _json(200, {**seen, "finish_reason": "stop", "end": "complete"})
        return _json(200, {**seen, "cause": "stream.cut", "end": "cut"})

    async def _play(self, name: str, attempt: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls[name] += 1
        fault = self._choose(name)
        self.played[fault] += 1
        pieces = answers.provable(self.chance, name)
        if attempt:
            self.whole[attempt] = fault == "ok"
        if fault.startswith("status-"):
            writer.write(_refusal(fault))
        elif fault in {"silent", "mute", "stall"}:
            writer.write({"silent": b"", "mute": _HEAD, "stall": _HEAD + _frames(_some(pieces))}[fault])
            await reader.read()  # until the caller leaves
            raise _Over
        elif fault in {"reset", "reset-early", "cut"}:
            if fault != "reset-early":
                writer.write(_HEAD + _frames(_some(pieces)))
                await writer.drain()
                await asyncio.sleep(0.002)  # a reset right behind them would take the pieces along
            if fault != "cut":
                made = writer.get_extra_info("socket")
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            raise _Over
        elif fault == "garbage":
            writer.write(b"\x00\xffno HTTP at all\r\n\r\n")
            raise _Over
        elif fault == "html":
            page = b"<html><body>Sign in</body></html>"
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n" % len(page) + page)
        else:
            await self._stream(_events(fault, pieces), writer)

    def _choose(self, name: str) -> str:
        match name:
            case "switch":
                return self.switch
            case "any":
                return self.chance.choice((*DIRECT, *("ok",) * 8))
            case "any-litellm":
                return self.chance.choice((*DIRECT, *(INVENTED,) * 6, *("ok",) * 8))
            case "some":
                return self.chance.choice(DIRECT) if self.chance.random() < 0.1 else "ok"  # noqa: PLR2004  one in ten
            case _:
                return name

    async def _stream(self, events: list[bytes], writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        for event in events:
            writer.write(_frames([event]))
            if self.chance.random() < 0.1:  # noqa: PLR2004  now and then the rest comes in another read
                await asyncio.sleep(0)
        writer.write(_LAST)


def _some(pieces: list[str]) -> list[bytes]:
    return [answers.prompt_filter(), answers.role(), *(answers.piece(text) for text in pieces[: len(pieces) // 2])]


def _events(fault: str, pieces: list[str]) -> list[bytes]:
    error = answers.event({"error": {"code": "server_error", "message": "The server had an error.", "type": "server_error"}})
    end = [answers.finish(), answers.usage(), answers.DONE]
    whole = answers.stream(*pieces)
    return {
        "cut-clean": _some(pieces),
        "malformed": [*_some(pieces), b'data: {"choices":[{"delta":{"con\n\n', *end],
        "empty": [answers.prompt_filter(), answers.role(), *end],
        "no-done": whole[:-1],
        "no-finish": [*_some(pieces), answers.DONE],
        "error-first": [answers.prompt_filter(), error],
        "error-mid": [*_some(pieces), error, answers.DONE],
        INVENTED: [*_some(pieces), *end],
    }.get(fault, whole)


def _frames(events: list[bytes]) -> bytes:
    return b"".join(f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in events)


def _json(status: int, value: object, *headers: str) -> bytes:
    body = json.dumps(value).encode()
    lines = (f"HTTP/1.1 {status} Bench", "content-type: application/json", f"content-length: {len(body)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


_SAYS = {
    401: "Access denied due to invalid subscription key or wrong API endpoint.",
    403: "Public access is disabled. Please configure private endpoint.",
    404: "The API deployment for this resource does not exist.",
    429: "Requests have exceeded the token rate limit. Please retry after 30 seconds.",
}


def _refusal(fault: str) -> bytes:
    status = int(fault.removeprefix("status-"))
    body = {"error": {"code": str(status), "message": _SAYS.get(status, "The server had an error.")}}
    return _json(status, body, *(("retry-after: 30",) if status == 429 else ()))  # noqa: PLR2004  too many requests


def _black_hole() -> tuple[socket.socket, list[socket.socket]]:
    """Return a port whose queue is full: the kernel drops whatever knocks, as a firewall does."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(0)
    waiting: list[socket.socket] = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)  # noqa: FBT003  the standard library takes no keyword
        one.connect_ex(hole.getsockname())
        waiting.append(one)
    return hole, waiting


async def serve() -> None:
    """Serve until killed; prints the ports."""
    provider = Provider()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    plain = await asyncio.start_server(provider.connect, "127.0.0.1", 0, backlog=1024)
    secure = await asyncio.start_server(provider.connect, "127.0.0.1", 0, ssl=context)
    hole, waiting = _black_hole()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
    ports = {
        "port": plain.sockets[0].getsockname()[1],
        "tls": secure.sockets[0].getsockname()[1],
        "hole": hole.getsockname()[1],
        "closed": closed,
    }
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()
    del waiting


if __name__ == "__main__":
    asyncio.run(serve())
