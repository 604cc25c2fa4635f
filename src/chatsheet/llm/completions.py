"""OpenAI's chat completions as their server writes them: the declared request, replies, chunks and errors as bytes. Pure.

The HTTP door and the transport share it, so that a client sees the same through both.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, cast

import msgspec

from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.model import ChatRequest, Reply, TextDelta, ToolDelta, Trail, Usage

DONE = b"data: [DONE]\n\n"
Tokens = Annotated[int, msgspec.Meta(ge=1)]


class ModelUnknown(BadInput):
    """The request names a model that settings do not."""

    code = "llm.model_unknown"
    status = 404


class CompletionInvalid(BadInput):
    """The request has a field that this door does not take, or a value that does not fit its field."""

    code = "llm.completion_invalid"

    def __init__(self, what: str, *, fix: str, param: str | None = None, as_openai: str = "invalid_value") -> None:
        super().__init__(what, fix=fix)
        self.param = param
        self.as_openai = as_openai


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stream may carry besides the answer."""

    include_usage: bool | None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request that this door takes: what every route can honour and the reply can carry."""

    model: str = ""
    messages: Annotated[list[dict[str, object]], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    tools: list[dict[str, object]] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, object] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    prediction: dict[str, object] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    prompt_cache_key: str | None = None
    user: str | None = None
    n: Literal[1] | None = None
    store: bool | None = None

    @property
    def wants_stream(self) -> bool:
        """Whether the answer is to come as server-sent events."""
        return self.stream is True

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to end with token counts."""
        return self.stream_options is not None and self.stream_options.include_usage is True

    def request(self) -> ChatRequest:
        """Return what the gateway sends on; a null is as good as a field left out."""
        body = {name: value for name in _SENT if (value := getattr(self, name)) is not None}
        return ChatRequest(cast("JsonObject", body))  # decoded from JSON, so made of nothing else


_OURS = frozenset({"model", "stream", "stream_options"})
_SENT = tuple(name for name in Completion.__struct_fields__ if name not in _OURS)
_DECODER = msgspec.json.Decoder(Completion)

_NOT_CARRIED = "leave it out: the reply does not carry it"
_IN_SETTINGS = "set it in chatsheet.toml: a caller chooses neither routes nor keys"
_FIXES: dict[str, str] = {
    "logprobs": _NOT_CARRIED,
    "top_logprobs": _NOT_CARRIED,
    "modalities": "leave it out: the reply is text",
    "audio": "leave it out: the reply is text",
    "functions": "send tools",
    "function_call": "send tool_choice",
    "metadata": "leave it out: LiteLLM takes it for its own",
    "service_tier": "leave it out: on Azure the deployment has its tier",
    "safety_identifier": "send user",
    "prompt_cache_retention": "send prompt_cache_key alone",
    "prompt_cache_options": "send prompt_cache_key alone",
    "web_search_options": "leave it out: no route searches the web",
    "moderation": "leave it out: the deployment has its own filter",
    "extra_headers": _IN_SETTINGS,
    "extra_body": _IN_SETTINGS,
    "api_base": _IN_SETTINGS,
    "api_key": _IN_SETTINGS,
    "api_version": _IN_SETTINGS,
    "base_url": _IN_SETTINGS,
}


def read(body: bytes, *, model: str, deployment: str = "") -> Completion:
    """Return the request in a body; raises CompletionInvalid, ModelUnknown.

    `model` is the one name that settings have; `deployment` is the name in an Azure address, which there counts alone.
    """
    try:
        asked = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (ValueError, RecursionError):
        raise CompletionInvalid("the body is not JSON.", fix="send a JSON object.", as_openai="invalid_json") from None
    if asked.store:
        raise CompletionInvalid("store would keep the chat at the provider.", fix="leave it out.", param="store")
    for number, tool in enumerate(asked.tools or ()):
        if tool.get("type") != "function":
            name = f"tools[{number}].type"
            raise CompletionInvalid(
                f"{name} is not function: the reply carries no other calls.", fix="send functions.", param=name
            )
    check_model(deployment or asked.model, model)
    return asked


def check_model(asked: str, model: str) -> None:
    """Raise ModelUnknown for any name but the configured one."""
    if asked != model:
        raise ModelUnknown(f"there is no model {asked or 'without a name'}.", fix=f"ask for {model}.")


def _invalid(text: str) -> CompletionInvalid:
    """Return our error for the decoder's; its text names the field but would repeat a wrong value."""
    reason, _, place = text.partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    if named := re.match(r"Object (contains unknown|missing required) field `(.*)`", reason, re.DOTALL):
        is_unknown, name = named[1] == "contains unknown", named[2]
        param = f"{place}.{name}" if place else name
        if is_unknown:
            fix = f"{_FIXES.get(name, 'leave it out')}."
            return CompletionInvalid(f"{param} is not taken here.", fix=fix, param=param, as_openai="unknown_parameter")
        what, code = f"{param} is missing.", "missing_required_parameter"
        return CompletionInvalid(what, fix=f"send {param}.", param=param, as_openai=code)
    param = place or None
    reason = "its value is not one of those allowed" if reason.startswith("Invalid") else reason[:1].lower() + reason[1:]
    return CompletionInvalid(f"{param or 'the body'} is not valid: {reason}.", fix="correct it.", param=param)


# ── replies ──


def whole(reply: Reply, *, id: str, created: int) -> bytes:  # noqa: A002  the wire's own name
    """Return the answer to a request that does not stream."""
    message: JsonObject = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in reply.tool_calls
        ]
    return msgspec.json.encode(
        {
            "id": id,
            "object": "chat.completion",
            "created": created,
            "model": reply.model,
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
            "usage": _usage(reply.usage),
        }
    )


class Chunks:
    """Writes the chunks of one streamed answer; what all of them share is encoded once."""

    def __init__(self, *, id: str, created: int, model: str) -> None:  # noqa: A002  the wire's own name
        self._shared: JsonObject = {"id": id, "object": "chat.completion.chunk", "created": created}
        shared = msgspec.json.encode({**self._shared, "model": model})
        self._head = b"data: " + shared[:-1] + b',"choices":[{"index":0,"delta":'
        self._text = self._head + b'{"content":'

    def opening(self) -> bytes:
        """Return the chunk with the role."""
        return self._head + b'{"role":"assistant","content":""},"finish_reason":null}]}\n\n'

    def piece(self, delta: TextDelta | ToolDelta) -> bytes:
        """Return one content or tool-call chunk."""
        if isinstance(delta, TextDelta):
            return self._text + msgspec.json.encode(delta.text) + b'},"finish_reason":null}]}\n\n'
        function: JsonObject = {"arguments": delta.arguments}
        call: JsonObject = {"index": delta.index, "function": function}
        if delta.id:
            function["name"] = delta.name
            call |= {"id": delta.id, "type": "function"}
        return self._head + msgspec.json.encode({"tool_calls": [call]}) + b',"finish_reason":null}]}\n\n'

    def closing(self, reply: Reply, *, with_usage: bool) -> bytes:
        """Return the finish chunk, which model and route it was, token counts where they are wanted, and the end mark."""
        shared: JsonObject = {**self._shared, "model": reply.model, "chatsheet_trail": trail(reply.trail)}
        finish: JsonObject = {"index": 0, "delta": {}, "finish_reason": reply.finish_reason}
        end = event({**shared, "choices": [finish]})
        usage = event({**shared, "choices": [], "usage": _usage(reply.usage)}) if with_usage else b""
        return end + usage + DONE

    def held(self, reply: Reply, *, with_usage: bool) -> bytes:
        """Return the whole stream of a reply that is already there."""
        text = [TextDelta(reply.text)] if reply.text else []
        calls = [ToolDelta(index=i, id=c.id, name=c.name, arguments=c.arguments) for i, c in enumerate(reply.tool_calls)]
        pieces = b"".join(self.piece(delta) for delta in (*text, *calls))
        return self.opening() + pieces + self.closing(reply, with_usage=with_usage)


def event(value: Mapping[str, object]) -> bytes:
    """Return one server-sent event."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _usage(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def trail(value: Trail) -> str:
    """Return a trail as a header says it."""
    skipped = [f"{one.route}=skipped({one.cause})" for one in value.skipped]
    return ", ".join([*skipped, *(f"{attempt.route}={attempt.cause or 'answered'}" for attempt in value.attempts)])


def models(model: str) -> bytes:
    """Return the list of models: the configured one."""
    return msgspec.json.encode({"object": "list", "data": [_model(model)]})


def one_model(model: str) -> bytes:
    """Return the configured model alone."""
    return msgspec.json.encode(_model(model))


def _model(model: str) -> JsonObject:
    return {"id": model, "object": "model", "created": 0, "owned_by": "chatsheet"}


# ── errors ──

_SERVER_FAULT = 500
_AS_OPENAI: dict[str, tuple[str, str | None]] = {
    "content.filtered": ("content_filter", "prompt"),
    "request.context_length": ("context_length_exceeded", "messages"),
    "request.invalid": ("invalid_value", None),
    "llm.model_unknown": ("model_not_found", "model"),
}
"""OpenAI's code and field for what its clients know: SDKs, pydantic-ai and LangChain act on these names."""


def trail_of(error: ChatSheetError) -> Trail:
    """Return the attempts that an error of the gateway carries; none for other errors."""
    carried = getattr(error, "trail", None)
    return carried if isinstance(carried, Trail) else Trail()


def status(error: ChatSheetError) -> int:
    """Return the status under which OpenAI's clients expect an error: what the model refuses is a bad request to them."""
    return 400 if error.code == "llm.request_refused" else error.status


def envelope(error: ChatSheetError) -> JsonObject:
    """Return an error as OpenAI's clients read it."""
    attempts = trail_of(error).attempts
    cause = attempts[-1].cause if attempts and error.code == "llm.request_refused" else None
    code, param = _AS_OPENAI.get(cause or error.code, (error.code, None))
    if isinstance(error, CompletionInvalid):
        code, param = error.as_openai, error.param
    named = f"{code}: " if cause in _AS_OPENAI else ""  # LangChain looks for the code in the text, and the SDK shows that alone
    return _envelope(f"{named}{error.what} {_sentence(error.fix)}", code, param, is_ours=status(error) >= _SERVER_FAULT)


def cut(route: str, cause: str) -> JsonObject:
    """Return the error for a route that failed after content: two models' words must not be mixed, so the stream ends."""
    known = CATALOGUE.get(cause)
    if known is not None and not known.another_route_helps:
        code, param = _AS_OPENAI.get(cause, ("llm.cut", None))
        return _envelope(f"the answer ended early ({cause}). {_sentence(known.fix)}", code, param, is_ours=False)
    message = f"the route {route} failed after content was sent ({cause}). Ask again, or send x-chatsheet-hold: answer."
    return _envelope(message, "llm.cut", None, is_ours=True)


def _envelope(message: str, code: str, param: str | None, *, is_ours: bool) -> JsonObject:
    kind = "server_error" if is_ours else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _sentence(fix: str) -> str:
    fix = fix.rstrip(".")
    return f"{fix[:1].upper()}{fix[1:]}."
