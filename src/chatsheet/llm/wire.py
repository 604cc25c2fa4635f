"""The wire format of chat completions: what is sent to each kind of route, and server-sent events read back. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.llm.model import ChatRequest, ToolDelta, Usage
from chatsheet.llm.routes import Route

ATTEMPT_HEADER = "x-chatsheet-attempt"
"""Carries the attempt id through LiteLLM to our egress."""


def body(request: ChatRequest, route: Route, attempt_id: str) -> JsonObject:
    """Return the JSON to send: the request with the route's model, always streamed with usage."""
    sent: JsonObject = {
        **request.body,
        "model": route.model,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if route.kind == "litellm" and route.is_ours:
        sent["extra_headers"] = {ATTEMPT_HEADER: attempt_id}
    return sent


def limits(route: Route) -> dict[str, str]:
    """Return the headers that bound LiteLLM's own wait: left alone it keeps a silent upstream open when we leave."""
    seconds = str(max(route.first_content_s, route.idle_s))
    return {"x-litellm-timeout": seconds, "x-litellm-stream-timeout": seconds} if route.kind == "litellm" else {}


def auth_headers(route: Route, token: str | None) -> dict[str, str]:
    """Return the headers that prove who we are to this route; `token` is an Entra ID token where the route wants one."""
    match route.auth:
        case "none":
            return {}
        case "entra":
            return {"Authorization": f"Bearer {token or ''}"}
        case "bearer":
            return {"Authorization": f"Bearer {route.key.reveal()}"} if route.key else {}
        case "api-key":
            return {"api-key": route.key.reveal()} if route.key else {}


class EventDecoder:
    """Splits a stream of bytes into the data of server-sent events (WHATWG HTML 9.2), keeping what is incomplete."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the data of each event that is now complete."""
        self._rest = (self._rest + data).replace(b"\r\n", b"\n")
        *events, self._rest = self._rest.split(b"\n\n")
        for event in events:
            lines = [line[5:].lstrip(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
            if lines:
                yield b"\n".join(lines)


DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one streamed chunk says; `error` holds the body of an error sent inside the stream."""

    text: str = ""
    tools: tuple[ToolDelta, ...] = ()
    finish_reason: str = ""
    model: str = ""
    usage: Usage | None = None
    error: str = ""


def read_chunk(data: bytes) -> Chunk | None:
    """Return the chunk in an event's data, or None for what is not one."""
    parsed = loose.parse(data)
    if not isinstance(parsed, dict):
        return None
    if parsed.get("error"):
        return Chunk(error=data.decode(errors="replace"))
    if "choices" not in parsed:
        return None
    choice = loose.obj(next(iter(loose.array(parsed.get("choices"))), None))
    delta = loose.obj(choice.get("delta"))
    return Chunk(
        text=loose.text(delta.get("content")),
        tools=tuple(_tool(loose.obj(call)) for call in loose.array(delta.get("tool_calls"))),
        finish_reason=loose.text(choice.get("finish_reason")),
        model=loose.text(parsed.get("model")),
        usage=read_usage(parsed.get("usage")),
    )


def _tool(call: Mapping[str, object]) -> ToolDelta:
    function = loose.obj(call.get("function"))
    return ToolDelta(
        index=loose.number(call.get("index")),
        id=loose.text(call.get("id")),
        name=loose.text(function.get("name")),
        arguments=loose.text(function.get("arguments")),
    )


def read_usage(value: object) -> Usage | None:
    """Return token counts in our names, or None where the provider gave none."""
    usage = loose.obj(value)
    if not usage:
        return None
    cached = loose.obj(usage.get("prompt_tokens_details")).get("cached_tokens")
    return Usage(
        input_tokens=loose.number(usage.get("prompt_tokens")),
        output_tokens=loose.number(usage.get("completion_tokens")),
        cached_tokens=loose.number(cached),
    )


def as_json(value: Mapping[str, JsonValue]) -> bytes:
    """Return a body as compact UTF-8 JSON."""
    return loose.dumps(value).encode()
