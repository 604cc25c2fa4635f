"""The wire format of chat completions: what is sent to each kind of route, and server-sent events read back. Pure."""

from collections.abc import Mapping

import msgspec

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject, JsonValue
from chatsheet.llm.model import ChatRequest, ToolDelta, Usage
from chatsheet.llm.routes import Route

ATTEMPT_HEADER = "x-chatsheet-attempt"
"""Carries the attempt id through LiteLLM to our egress."""
DONE = b"[DONE]"
_BOM = b"\xef\xbb\xbf"
_MOST_BYTES = 8 * 2**20
_NOTHING = msgspec.Raw()


def body(request: ChatRequest, route: Route, attempt_id: str = "") -> JsonObject:
    """Return the JSON to send: the request with the route's model, always streamed with usage."""
    sent: JsonObject = {
        **request.body,
        "model": route.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_cached(request, route),
    }
    if route.is_ours:
        sent["extra_headers"] = {ATTEMPT_HEADER: attempt_id}
        # merged last: 1.106.2 rewrites messages, and drops a tool choice where there are no tools
        sent["extra_body"] = {name: request.body[name] for name in ("messages", "tool_choice") if name in request.body}
    return sent


def _cached(request: ChatRequest, route: Route) -> JsonObject:
    """Return what tells this deployment's cache which part of the request others share; nothing it would refuse."""
    if not request.cache_key:
        return {}
    hints: JsonObject = {}
    if route.caching.takes_key:
        hints["prompt_cache_key"] = request.cache_key
    messages = request.body.get("messages")
    if route.caching.takes_breakpoints and isinstance(messages, list) and isinstance(first := messages[0], dict):
        mark: JsonObject = {"type": "text", "text": first["content"], "prompt_cache_breakpoint": {"mode": "explicit"}}
        hints["messages"] = [{**first, "content": [mark]}, *messages[1:]]
    return hints


def limits(route: Route) -> dict[str, str]:
    """Return the headers that bound LiteLLM's own wait: left alone it keeps a silent upstream open when we leave."""
    if route.kind != "litellm":
        return {}
    seconds = str(max(route.first_content_s, route.idle_s))
    return {"x-litellm-timeout": seconds, "x-litellm-stream-timeout": seconds, "x-litellm-num-retries": "0"}


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
            return {route.key_header: route.key.reveal()} if route.key else {}


class EventDecoder:
    """Splits a stream of bytes into the data of server-sent events (WHATWG HTML 9.2.6), keeping what is incomplete."""

    __slots__ = ("_is_begun", "_rest", "is_page")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_begun = False
        self.is_page = False
        """Whether what came begins as HTML does, whatever its header says."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of each event that is now complete; raises OverflowError for one that never ends."""
        if self._rest:
            self._rest += data
            news = self._rest[-len(data) - 3 :]
            if b"\n\n" not in news and b"\n\r\n" not in news:
                self._check_length()
                return []
            data = bytes(self._rest)
        if not self._is_begun and len(data) >= len(_BOM):
            data, self._is_begun = data.removeprefix(_BOM), True
            self.is_page = data[:64].lstrip()[:1] == b"<"
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        *events, rest = data.split(b"\n\n")
        self._rest = bytearray(rest)
        self._check_length()
        found: list[bytes] = []
        for event in events:
            if event.startswith(b"data: ") and b"\n" not in event:
                found.append(event[6:])
            elif lines := [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]:
                found.append(b"\n".join(lines))
        return [one for one in found if one]

    def _check_length(self) -> None:
        if len(self._rest) > _MOST_BYTES:
            raise OverflowError("an event of the stream never ends")


class Function(msgspec.Struct):
    """A tool call's name and arguments, as far as this chunk has them."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct):
    """A piece of a tool call."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Delta(msgspec.Struct):
    """What a choice adds."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None


class Choice(msgspec.Struct):
    """The one choice that is asked for."""

    index: int = 0
    delta: Delta | None = None
    finish_reason: str | None = None
    content_filter_results: msgspec.Raw = _NOTHING


class Details(msgspec.Struct):
    """What part of the input the provider had in its cache."""

    cached_tokens: float | None = None


class Counts(msgspec.Struct):
    """Token counts as the wire has them."""

    prompt_tokens: float | None = None
    completion_tokens: float | None = None
    prompt_tokens_details: Details | None = None

    def usage(self) -> Usage:
        """Return the counts under our names."""
        details = self.prompt_tokens_details
        cached = details.cached_tokens if details else None
        return Usage(int(self.prompt_tokens or 0), int(self.completion_tokens or 0), int(cached or 0))


class Chunk(msgspec.Struct):
    """One streamed chunk; an `error` in it is the provider's, sent inside a stream that began well."""

    choices: list[Choice] | None = None
    model: str | None = None
    usage: Counts | None = None
    error: msgspec.Raw = _NOTHING

    @property
    def is_error(self) -> bool:
        """Whether this is an error and no chunk."""
        raw = bytes(self.error)
        return bool(raw) and raw != b"null"


_CHUNKS = msgspec.json.Decoder(Chunk)
_FILTERS = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])


def read_chunk(data: bytes) -> Chunk | None:
    """Return the chunk in an event's data, or None for what is not one; an object of another kind says nothing."""
    try:
        chunk = _CHUNKS.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return chunk


def without_refusal(data: bytes) -> bytes:
    """Return an event with its refusal as content: LiteLLM 1.106.2 drops a refusal of any but the first chunk."""
    if b'"refusal"' not in data or (chunk := read_chunk(data)) is None or not chunk.choices:
        return data
    delta = chunk.choices[0].delta
    if delta is None or not delta.refusal or delta.content:
        return data
    value = loose.parse(data)
    if not isinstance(value, dict):
        return data
    said: JsonObject = {"index": 0, "delta": {"content": delta.refusal}, "finish_reason": chunk.choices[0].finish_reason}
    return as_json({**value, "choices": [said]})


def tool_delta(call: Call, slot: int) -> ToolDelta:
    """Return a piece of a tool call under our names."""
    function = call.function
    if function is None:
        return ToolDelta(slot, call.id or "", "", "")
    return ToolDelta(slot, call.id or "", function.name or "", function.arguments or "")


def filtered(results: msgspec.Raw) -> str:
    """Return which categories of a content filter were hit, or an empty text."""
    try:
        found = _FILTERS.decode(bytes(results))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return ", ".join(name for name, result in found.items() if bytes(result.get("filtered", _NOTHING)) == b"true")


def as_json(value: Mapping[str, JsonValue]) -> bytes:
    """Return a body as compact UTF-8 JSON."""
    return msgspec.json.encode(value)
