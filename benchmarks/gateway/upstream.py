"""The provider of the speed runs, a process of its own: answers at once, whatever the path, and never is the bottleneck.

It speaks Azure's dated path, Azure's v1 and OpenAI's /v1, told apart only by the deployment or model that a request names.
Chunks of a long stream leave in a write each, as fast as the loop turns or with a pause between them.
"""

import asyncio
import re
import sys

from benchmarks.gateway import answers

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_STREAMED = re.compile(rb'"stream" *: *true')
_HEADERS = (
    b"x-ratelimit-limit-requests: 500\r\nx-ratelimit-remaining-requests: 499\r\nx-ratelimit-limit-tokens: 50000\r\n"
    b"x-ratelimit-remaining-tokens: 49500\r\napim-request-id: 5f0c6bb2-bench\r\nx-ms-region: Bench\r\n"
)


def _plain(body: bytes) -> bytes:
    size = str(len(body)).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + size + b"\r\n" + _HEADERS + b"\r\n" + body


def _framed(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n" + _HEADERS + b"\r\n"
)
_LAST = b"0\r\n\r\n"
_WHOLE = _plain(answers.whole(answers.SHORT_TEXT))
_SHORT = [_framed(part) for part in answers.stream(answers.SHORT_TEXT)]
_LONG = [_framed(part) for part in answers.stream(*(f"word{number:03d} " for number in range(answers.CHUNK_COUNT)))]
_MODELS = _plain(b'{"object":"list","data":[{"id":"bench-short","object":"model","created":0,"owned_by":"bench"}]}')


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._seen = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  asyncio promises it for stream servers
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._seen, 0, end)
            until = end + 4 + (int(length[1]) if length else 0)
            if len(self._seen) < until:
                return
            asked, self._seen = self._seen[:until], self._seen[until:]
            self._answer(asked)

    def _answer(self, asked: bytes) -> None:
        if self._transport is None:
            return
        if asked.startswith(b"GET"):
            self._transport.write(_MODELS)
        elif not _STREAMED.search(asked):
            self._transport.write(_WHOLE)
        elif answers.CHUNKS.encode() in asked:
            self._transport.write(_STREAM_HEAD)
            self._next(0)
        else:
            for part in (_STREAM_HEAD, *_SHORT, _LAST):
                self._transport.write(part)

    def _next(self, number: int) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if number == len(_LONG):
            self._transport.write(_LAST)
            return
        self._transport.write(_LONG[number])
        loop = asyncio.get_running_loop()
        if self._pause_s:
            loop.call_later(self._pause_s, self._next, number + 1)
        else:
            loop.call_soon(self._next, number + 1)


async def serve() -> None:
    """Serve until killed; prints the port. The first argument is the pause between chunks in ms."""
    pause_s = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(pause_s), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
