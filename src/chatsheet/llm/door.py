"""What the HTTP door and the transport share: one OpenAI request in, the head and the bytes of its answer out."""

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import msgspec

from chatsheet.core.errors import ChatSheetError, NotFound
from chatsheet.core.ids import new_id
from chatsheet.llm import completions
from chatsheet.llm.completions import Chunks, Completion, CompletionInvalid
from chatsheet.llm.model import ChatRequest, Finished, Reply, Restarted, StreamEvent, Trail

HOLD_HEADER = "x-chatsheet-hold"
TRAIL_HEADER = "x-chatsheet-trail"


class NothingThere(NotFound):
    """No such address under an OpenAI base URL."""

    code = "llm.nothing_there"


class Answering(Protocol):
    """Who answers: the gateway, or what counts its calls."""

    async def complete(self, request: ChatRequest) -> Reply:
        """Return the whole reply."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply as it comes, `Finished` last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A client's request; its other headers are never looked at, so none is forwarded."""

    method: str
    path: str
    hold: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins."""

    status: int
    headers: Mapping[str, str]


Part = Head | bytes
"""An answer is one head and then bytes."""

_COMPLETIONS = re.compile(r".*?(?:/deployments/(?P<deployment>[^/]+))?/chat/completions/?")
_MODELS = re.compile(r".*?/models(?:/(?P<model>[^/]+))?/?")


async def answer(call: Call, *, model: str, gateway: Callable[[], Awaitable[Answering]]) -> AsyncGenerator[Part, None]:
    """Yield the head of the answer and then its bytes; closing it, or cancelling who drives it, ends the upstream call.

    Raises nothing of ours: a ChatSheetError becomes an answer, or the last event of a stream that has begun.
    """
    request_id = new_id("req")
    try:
        if (listed := _listed(call, model)) is not None:
            yield _head(request_id, listed)
            yield listed
            return
        asked = _asked(call, model)
        is_streamed = asked.wants_stream and not _is_held(call)
        through = await gateway()
        parts = (_streamed if is_streamed else _whole)(through, asked, request_id)
        async with aclosing(parts):
            async for part in parts:
                yield part
    except ChatSheetError as error:
        body = msgspec.json.encode(completions.envelope(error))
        # the gateway has tried every route: a client's own retries would only multiply that
        more = {"x-should-retry": "false", **_trail_header(completions.trail_of(error))}
        yield _head(request_id, body, completions.status(error), more)
        yield body


def _listed(call: Call, model: str) -> bytes | None:
    """Return the models, or the one that is asked for; None where the address is another."""
    if call.method != "GET" or (found := _MODELS.fullmatch(call.path)) is None:
        return None
    if found["model"] is None:
        return completions.models(model)
    completions.check_model(found["model"], model)
    return completions.one_model(model)


def _asked(call: Call, model: str) -> Completion:
    found = _COMPLETIONS.fullmatch(call.path)
    if call.method != "POST" or found is None:
        what = f"there is nothing at {call.method} {call.path}."
        raise NothingThere(what, fix="send POST …/chat/completions or GET …/models.")
    return completions.read(call.body, model=model, deployment=found["deployment"] or "")


def _is_held(call: Call) -> bool:
    if call.hold not in {"", "answer"}:
        raise CompletionInvalid(f"{HOLD_HEADER} can only say answer.", fix="correct it.", param=HOLD_HEADER)
    return bool(call.hold)


async def _whole(gateway: Answering, asked: Completion, request_id: str) -> AsyncGenerator[Part, None]:
    """Yield an answer that is complete before its first byte leaves; held streams too."""
    reply = await gateway.complete(asked.request())
    more = _trail_header(reply.trail)
    if not asked.wants_stream:
        body = completions.whole(reply, id=new_id("chatcmpl"), created=int(time.time()))
        yield _head(request_id, body, more=more)
    else:
        body = _chunks(asked).held(reply, with_usage=asked.wants_usage)
        yield _stream_head(request_id, more)
    yield body


async def _streamed(gateway: Answering, asked: Completion, request_id: str) -> AsyncGenerator[Part, None]:
    """Yield chunks as they come; a stream that breaks after content ends in an error and without an end mark."""
    chunks = _chunks(asked)
    async with aclosing(gateway.stream(asked.request())) as events:
        # the first event is awaited before the head, so that a request that no route takes still gets its own status
        first = await anext(events)
        yield _stream_head(request_id)
        try:
            yield chunks.opening()
            yield _chunk(first, chunks, asked)
            if _is_last(first):
                return
            async for event in events:
                yield _chunk(event, chunks, asked)
                if _is_last(event):
                    return
        except ChatSheetError as error:
            yield completions.event(completions.envelope(error))


def _chunk(event: StreamEvent, chunks: Chunks, asked: Completion) -> bytes:
    match event:
        case Finished(reply):
            return chunks.closing(reply, with_usage=asked.wants_usage)
        case Restarted(route, cause):
            return completions.event(completions.cut(route, cause))
        case _:
            return chunks.piece(event)


def _is_last(event: StreamEvent) -> bool:
    return isinstance(event, (Finished, Restarted))


def _chunks(asked: Completion) -> Chunks:
    return Chunks(id=new_id("chatcmpl"), created=int(time.time()), model=asked.model)


def _head(request_id: str, body: bytes, status: int = HTTPStatus.OK, more: Mapping[str, str] | None = None) -> Head:
    sized = {"content-type": "application/json", "content-length": str(len(body)), "x-request-id": request_id}
    return Head(status, {**sized, **(more or {})})


def _stream_head(request_id: str, more: Mapping[str, str] | None = None) -> Head:
    return Head(HTTPStatus.OK, {**_STREAM, "x-request-id": request_id, **(more or {})})


_STREAM = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}


def _trail_header(trail: Trail) -> dict[str, str]:
    return {TRAIL_HEADER: completions.trail(trail)} if trail.attempts or trail.skipped else {}
