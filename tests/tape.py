"""A provider that answers every call with the same recorded bytes, in pieces of a chosen size."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from chatsheet.simulator.serving import serving


@dataclass(slots=True)
class Tape:
    """What is played, and where; `piece` is how many bytes go out at once."""

    url: str = ""
    recorded: bytes = b""
    piece: int = 2**16
    headers: tuple[tuple[str, str], ...] = ()

    async def play(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        await request.read()
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **dict(self.headers)})
        await response.prepare(request)
        for at in range(0, len(self.recorded), self.piece):
            await response.write(self.recorded[at : at + self.piece])
        await response.write_eof()
        return response


@asynccontextmanager
async def start_tape() -> AsyncGenerator[Tape, None]:
    """Serve a tape on loopback while the body runs."""
    tape = Tape()
    app = web.Application(client_max_size=2**25)
    app.router.add_post("/{path:.*}", tape.play)
    async with serving(app) as port:
        tape.url = f"http://127.0.0.1:{port}"
        yield tape
