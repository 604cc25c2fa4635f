"""Server-sent events as plain bytes, with a heartbeat so that proxies and browsers keep the stream open."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar

from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from chatsheet.chat.audience import Numbered

_HEARTBEAT_S = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_Told = TypeVar("_Told")


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


async def events(watched: AsyncGenerator[_Told, None], form: Callable[[_Told], bytes]) -> AsyncIterator[bytes]:
    """Yield each event in its form, to the end of what is watched."""
    async with aclosing(watched):
        upcoming = asyncio.ensure_future(anext(watched))
        try:
            while True:
                done, _ = await asyncio.wait({upcoming}, timeout=_HEARTBEAT_S)
                if not done:
                    yield b": still here\n\n"
                    continue
                try:
                    told = upcoming.result()
                except StopAsyncIteration:
                    return
                yield form(told)
                upcoming = asyncio.ensure_future(anext(watched))
        finally:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)


async def merged(first: AsyncGenerator[_Told, None], second: AsyncGenerator[_Told, None]) -> AsyncGenerator[_Told, None]:
    """Yield what comes of either as it comes, to the end of the first."""
    async with aclosing(first), aclosing(second):
        coming = {asyncio.ensure_future(anext(source)): source for source in (first, second)}
        try:
            while True:
                done, _ = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    source = coming.pop(one)
                    if not isinstance(one.exception(), StopAsyncIteration):
                        yield one.result()
                        coming[asyncio.ensure_future(anext(source))] = source
                    elif source is first:
                        return
        finally:
            for one in coming:
                one.cancel()
            await asyncio.gather(*coming, return_exceptions=True)


def event(told: BaseModel) -> bytes:
    """Return an event as SSE."""
    return f"data: {told.model_dump_json()}\n\n".encode()


def numbered(told: Numbered) -> bytes:
    """Return a chat's event as SSE: with its number in the log as id, so that a browser resumes after the last."""
    return (b"" if told.seq is None else f"id: {told.seq}\n".encode()) + event(told.event)
