"""A provider that answers every call with the same recorded bytes, or refuses what a deployment may refuse."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from chatsheet.core import loose
from chatsheet.simulator.serving import serving

_WHOLE = 2**16


@dataclass(slots=True)
class Tape:
    """What is played: `piece` is how many bytes go out at once, `refuses` which parameters are refused, one by one."""

    url: str = ""
    recorded: bytes = b""
    piece: int = _WHOLE
    refuses: tuple[str, ...] = ()
    calls: int = 0

    def load(self, recorded: bytes, *, piece: int = _WHOLE, refuses: tuple[str, ...] = ()) -> None:
        """Play this from now on, and count anew."""
        self.recorded, self.piece, self.refuses, self.calls = recorded, piece, refuses, 0

    async def play(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        self.calls += 1
        body = loose.obj(loose.parse(await request.read()))
        if name := next((name for name in self.refuses if name in body), None):
            error = {"code": "unsupported_parameter", "message": f"Unsupported parameter: '{name}' is not supported."}
            return web.json_response({"error": {**error, "param": name}}, status=400)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
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
