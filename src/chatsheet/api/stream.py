"""Server-sent events as plain bytes, with a heartbeat so that proxies and browsers keep the stream open."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from chatsheet.chat.driver import Numbered

_HEARTBEAT_S = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def events(watched: AsyncGenerator[Numbered, None]) -> AsyncIterator[bytes]:
    """Yield each event as SSE: events of the log with their number as id, so that a browser resumes after the last."""
    async with aclosing(watched):
        upcoming = asyncio.ensure_future(anext(watched))
        try:
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=_HEARTBEAT_S)
                if not done:
                    yield b": still here\n\n"
                    continue
                yield _event(upcoming.result())
                upcoming = asyncio.ensure_future(anext(watched))
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)


def _event(numbered: Numbered) -> bytes:
    number = "" if numbered.seq is None else f"id: {numbered.seq}\n"
    return f"{number}data: {numbered.event.model_dump_json()}\n\n".encode()
