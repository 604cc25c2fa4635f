"""`/v1`: the hybrid for any OpenAI client. A declared schema; every other field is refused by its name.

Caller headers are never forwarded; a body's `extra_headers` would otherwise replace keys inside LiteLLM.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from chatsheet.api import stream
from chatsheet.api.deps import Served
from chatsheet.core import loose
from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.core.ids import new_id
from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ChatRequest, Finished, Reply, Restarted, StreamEvent, TextDelta, ToolDelta, Usage

router = APIRouter(prefix="/v1", tags=["openai"])

TRAIL_HEADER = "x-chatsheet-trail"


class StreamOptions(BaseModel):
    """What a stream may carry besides the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include_usage: bool = False


class Completion(BaseModel):
    """The chat-completions request that this door takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    messages: Annotated[list[dict[str, JsonValue]], Field(min_length=1)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[dict[str, JsonValue]] | None = None
    tool_choice: JsonValue = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, JsonValue] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    n: Literal[1] | None = None
    user: str | None = None


class ModelUnknown(BadInput):
    """The request names a model that settings do not."""

    code = "llm.model_unknown"
    status = 404


@router.get("/models")
async def models(services: Served) -> JSONResponse:
    """Return the one model that is configured."""
    entry = {"id": services.settings.llm.model, "object": "model", "created": 0, "owned_by": "chatsheet"}
    return JSONResponse({"object": "list", "data": [entry]})


@router.post("/chat/completions", response_model=None)
async def chat_completions(body: Completion, services: Served) -> JSONResponse | StreamingResponse:
    """Answer through the hybrid; a stream that breaks after content ends in an in-band error, never in a false end."""
    if body.model != services.settings.llm.model:
        raise ModelUnknown(f"there is no model {body.model}.", fix=f"ask for {services.settings.llm.model}.")
    sent = body.model_dump(mode="json", exclude={"model", "stream", "stream_options"}, exclude_none=True)
    request = ChatRequest(sent)
    if not body.stream:
        reply = await services.gateway.complete(request)
        return JSONResponse(_whole(reply), headers={TRAIL_HEADER: _trail(reply)})
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    # the first event is awaited here, so that a request that no route takes still gets its own status code
    events = services.gateway.stream(request)
    first = await anext(events)
    chunks = _chunks(first, events, model=body.model, with_usage=with_usage)
    return StreamingResponse(chunks, media_type="text/event-stream", headers=stream.HEADERS)


async def _chunks(
    first: StreamEvent, events: AsyncGenerator[StreamEvent, None], *, model: str, with_usage: bool
) -> AsyncIterator[bytes]:
    head: JsonObject = {
        "id": new_id("chatcmpl"),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": model,
    }
    async with aclosing(events):
        try:
            yield _event(head, {"role": "assistant", "content": ""})
            event: StreamEvent | None = first
            while event is not None:
                match event:
                    case TextDelta(text):
                        yield _event(head, {"content": text})
                    case ToolDelta():
                        yield _event(head, {"tool_calls": [_tool_delta(event)]})
                    case Restarted(route, cause):
                        # two models' words must not be mixed: what was sent cannot be taken back on this wire
                        message = f"the route {route} failed after content was sent ({cause}); ask again."
                        yield _data({"error": {"code": "llm.cut", "message": message, "type": "chatsheet_error"}})
                        return
                    case Finished(reply):
                        # only now is it known which model answered, and how
                        head |= {"model": reply.model, "chatsheet_trail": _trail(reply)}
                        yield _event(head, {}, reply.finish_reason)
                        if with_usage:
                            yield _data({**head, "choices": [], "usage": _usage(reply.usage)})
                        yield b"data: [DONE]\n\n"
                        return
                event = await anext(events, None)
        except ChatSheetError as error:
            yield _data({"error": {"code": error.code, "message": f"{error.what} {error.fix}", "type": "chatsheet_error"}})


def _data(value: Mapping[str, JsonValue]) -> bytes:
    return b"data: " + loose.dumps(value).encode() + b"\n\n"


def _event(head: JsonObject, delta: JsonObject, finish_reason: str | None = None) -> bytes:
    return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _tool_delta(delta: ToolDelta) -> JsonObject:
    function: JsonObject = {"arguments": delta.arguments}
    call: JsonObject = {"index": delta.index, "function": function}
    if delta.id:
        function["name"] = delta.name
        call |= {"id": delta.id, "type": "function"}
    return call


def _whole(reply: Reply) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": reply.text or None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in reply.tool_calls
        ]
    return {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": reply.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": _usage(reply.usage),
    }


def _usage(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _trail(reply: Reply) -> str:
    return ", ".join(f"{a.route}={a.cause or 'answered'}" for a in reply.trail.attempts)
