"""Sends a reply, streamed or whole, and goes wrong on the way where a fault says so."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from aiohttp import web
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator import sockets, wire
from chatsheet.simulator.brain import BrainFailed, Call, Counted, Ended, Named, Piece, Say
from chatsheet.simulator.catalogue import litellm
from chatsheet.simulator.fault import DRIP_S, SLOW_S, Fault, Misbehaviour, Tuning
from chatsheet.simulator.state import Play

log = logging.getLogger(__name__)

Pieces = AsyncGenerator[Piece, None]

_NO_PLAY = Play("", Fault(about="nothing goes wrong"), Tuning())
_IN_THE_MIDDLE: tuple[Misbehaviour, ...] = ("cut", "stall", "truncate", "malformed", "error", "filtered")
_NEVER_WHOLE: tuple[Misbehaviour, ...] = ("dribble", "keepalive")
_HALF: tuple[Misbehaviour, ...] = ("cut", "stall", "truncate", "malformed")
_DONE = b"data: [DONE]\n\n"


async def stream(
    request: web.Request, pieces: Pieces, writer: wire.Writer, play: Play | None, *, with_usage: bool
) -> web.StreamResponse:
    """Send a reply as server-sent events; raises BrainFailed where not even the first piece came."""
    play = play or _NO_PLAY
    trouble = play.fault.stream
    await before(request, trouble)
    response = web.StreamResponse(headers={**wire.headers(writer), "content-type": "text/event-stream"})
    usage, finish, sent = Counted(0, 0), "stop", 0
    async for piece in _whole_or_reset(pieces, request, response):
        if isinstance(piece, Named):
            writer = replace(writer, model=piece.model)
            continue
        if not response.prepared:  # only now: a brain that cannot answer still gets its 500
            await response.prepare(request)
            await response.write(b"".join(writer.opening()))
            await _keep_waiting(response, writer, play)
        if trouble in {"empty", "refused"}:
            break
        match piece:
            case Counted():
                usage = piece
                continue
            case Ended():
                finish = piece.finish_reason
                continue
            case Call():
                finish = "tool_calls"
            case Say():
                pass
        if trouble in _IN_THE_MIDDLE and sent == play.tuning.after:
            if trouble != "malformed":
                break
            await response.write(writer.broken())
        else:
            await response.write(writer.piece(piece))
        sent += 1
    if trouble == "malformed" and sent <= play.tuning.after:  # a reply shorter than `after`
        await response.write(writer.broken())
    return await _end(request, response, writer, play, _Closing(finish, usage, with_usage))


@dataclass(frozen=True, slots=True)
class _Closing:
    """What the end of a reply says."""

    finish: str
    usage: Counted
    with_usage: bool


async def _end(
    request: web.Request, response: web.StreamResponse, writer: wire.Writer, play: Play, said: _Closing
) -> web.StreamResponse:
    trouble = play.fault.stream
    finish = "content_filter" if trouble == "filtered" else said.finish
    closing = writer.closing(finish, said.usage, with_usage=said.with_usage)
    is_litellm = writer.door == "litellm"
    match trouble:
        case "cut" if not is_litellm:
            _hang_up(request)
        case "stall":
            await asyncio.Event().wait()
        case "cut":
            closing = [wire.event(_object(litellm.BROKEN_STREAM)), _DONE]
        case "error" | "refused":
            closing = [wire.event(_object(play.fault.body)), _DONE]
        case "truncate" if not is_litellm:
            closing = []
        case "no-done":
            closing = closing[:-1]
        case _:
            pass
    await response.write(b"".join(closing))
    await response.write_eof()
    return response


def _object(value: JsonValue) -> dict[str, JsonValue]:
    """Return a JSON object as it is, and anything else as none."""
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class _Collected:
    """A reply put together."""

    text: str = ""
    usage: Counted = field(default_factory=lambda: Counted(0, 0))
    finish: str = ""
    model: str = ""
    calls: dict[int, Call] = field(default_factory=dict[int, Call])

    def add(self, piece: Piece) -> None:
        match piece:
            case Named():
                self.model = piece.model
            case Say():
                self.text += piece.text
            case Ended():
                self.finish = piece.finish_reason
            case Counted():
                self.usage = piece
            case Call(index, call_id, name, arguments):
                old = self.calls.get(index, Call(index, "", "", ""))
                self.calls[index] = Call(index, call_id or old.id, name or old.name, old.arguments + arguments)


async def whole(request: web.Request, pieces: Pieces, writer: wire.Writer, play: Play | None) -> web.StreamResponse:
    """Send a reply as one JSON object; raises BrainFailed."""
    play = play or _NO_PLAY
    trouble = play.fault.stream
    await before(request, trouble)
    if trouble == "slow":
        await asyncio.sleep(_delay(play, SLOW_S))
    reply = _Collected()
    async for piece in pieces:
        reply.add(piece)
    if trouble in _NEVER_WHOLE:
        await asyncio.Event().wait()
    if trouble in {"error", "refused"}:
        return web.json_response(play.fault.body, status=500)
    listed: list[JsonValue] = [
        {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in reply.calls.values()
    ]
    if trouble == "empty":
        reply, listed = _Collected(model=reply.model), []
    finish = reply.finish or ("tool_calls" if listed else "stop")
    finish = "content_filter" if trouble == "filtered" else finish
    writer = replace(writer, model=reply.model or writer.model)
    answer = loose.dumps(writer.whole(reply.text, listed, finish, reply.usage)).encode()
    headers = {**wire.headers(writer), "content-type": "application/json; charset=utf-8"}
    if trouble in _HALF:
        return await _half(request, answer, headers, trouble)
    return web.Response(body=answer, headers=headers)


async def _half(
    request: web.Request, answer: bytes, headers: dict[str, str], trouble: Misbehaviour | None
) -> web.StreamResponse:
    half = answer[: len(answer) // 2]
    if trouble == "malformed":
        return web.Response(body=half, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = len(answer)
    response.force_close()
    await response.prepare(request)
    await response.write(half)
    if trouble == "stall":
        await asyncio.Event().wait()
    if trouble == "cut":
        _hang_up(request)
    await response.write_eof()
    return response


async def before(request: web.Request, trouble: Misbehaviour | None) -> None:
    """Go wrong before anything is answered, where the fault is that."""
    if trouble == "reset":
        _hang_up(request)
    if trouble == "silence":
        await asyncio.Event().wait()


async def _keep_waiting(response: web.StreamResponse, writer: wire.Writer, play: Play) -> None:
    """Say nothing, or nothing with content, between the opening and the first content."""
    match play.fault.stream:
        case "slow":
            await asyncio.sleep(_delay(play, SLOW_S))
        case "dribble" | "keepalive" as kind:
            drop = writer.nothing() if kind == "dribble" else wire.KEEPALIVE
            while True:  # until the client leaves
                await response.write(drop)
                await asyncio.sleep(_delay(play, DRIP_S))
        case _:
            pass


def _delay(play: Play, usual: float) -> float:
    return usual if play.tuning.delay_s is None else play.tuning.delay_s


async def _whole_or_reset(pieces: Pieces, request: web.Request, response: web.StreamResponse) -> AsyncGenerator[Piece, None]:
    """Pass pieces on; a brain that breaks off in the middle breaks the connection, as a real server would."""
    try:
        async for piece in pieces:
            yield piece
    except BrainFailed as error:
        if not response.prepared:
            raise
        log.warning("%s", error)
        _hang_up(request)


def _hang_up(request: web.Request) -> None:
    """Reset the connection, and never answer."""
    sockets.reset(request.transport)
    raise asyncio.CancelledError
