"""Azure OpenAI's, OpenAI's and LiteLLM's answers as bytes and headers: chunks, filter results, usage, limits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from chatsheet.simulator.answers import Door
from chatsheet.simulator.brain import Call, Counted, Say
from chatsheet.simulator.catalogue.capacity import FILTERED
from chatsheet.simulator.quota import UNCOUNTED, Left

SAFE: JsonObject = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
_PROMPT_FILTER: JsonValue = [{"prompt_index": 0, "content_filter_results": SAFE}]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one answer in one dialect."""

    id: str
    model: str
    created: int
    door: Door
    litellm_version: str = ""
    left: Left = UNCOUNTED

    @property
    def is_azure(self) -> bool:
        """Whether filter results belong to the answer."""
        return self.door == "azure"

    def _envelope(self, choices: list[JsonValue], kind: str = "chat.completion.chunk") -> JsonObject:
        return {
            "choices": choices,
            "created": self.created,
            "id": self.id,
            "model": self.model,
            "object": kind,
            "system_fingerprint": "fp_simulator",
        }

    def opening(self) -> list[bytes]:
        """Return what stands before the first content: Azure's filter chunk, then the role."""
        chunks: list[bytes] = []
        if self.is_azure:
            empty: JsonObject = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
            chunks.append(event({**empty, "prompt_filter_results": _PROMPT_FILTER}))
        return [*chunks, self._delta({"role": "assistant", "content": "", "refusal": None})]

    def nothing(self) -> bytes:
        """Return a chunk without content."""
        return self._delta({"content": ""})

    def broken(self) -> bytes:
        """Return an event that is not JSON."""
        return self._delta({"content": "?"})[:60] + b"\n\n"

    def piece(self, piece: Say | Call) -> bytes:
        """Return one content or tool-call chunk."""
        if isinstance(piece, Say):
            return self._delta({"content": piece.text})
        function: JsonObject = {"arguments": piece.arguments}
        call: JsonObject = {"index": piece.index, "function": function}
        if piece.name:
            function["name"] = piece.name
            call |= {"id": piece.id, "type": "function"}
        return self._delta({"tool_calls": [call]})

    def closing(self, finish_reason: str, usage: Counted, *, with_usage: bool) -> list[bytes]:
        """Return the finish chunk, the usage chunk where it was asked for, and the end mark."""
        chunks = [self._delta({}, finish_reason)]
        if with_usage:
            chunks.append(event({**self._envelope([]), "usage": usage_of(usage)}))
        return [*chunks, b"data: [DONE]\n\n"]

    def _delta(self, delta: JsonObject, finish_reason: str | None = None) -> bytes:
        choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        if self.is_azure and (delta or finish_reason):
            closing = FILTERED if finish_reason == "content_filter" else {}
            choice["content_filter_results"] = closing if finish_reason else SAFE
        return event(self._envelope([choice]))

    def whole(self, text: str, calls: list[JsonValue], finish_reason: str, usage: Counted) -> JsonObject:
        """Return the answer of a call that does not stream."""
        message: JsonObject = {"role": "assistant", "content": text or None, "refusal": None}
        if calls:
            message["tool_calls"] = calls
        choice: JsonObject = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
        answer: JsonObject = {**self._envelope([choice], "chat.completion"), "usage": usage_of(usage)}
        if self.is_azure:
            choice["content_filter_results"] = FILTERED if finish_reason == "content_filter" else SAFE
            answer["prompt_filter_results"] = _PROMPT_FILTER
        return answer


def usage_of(usage: Counted) -> JsonObject:
    """Return token counts as the wire has them."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def event(value: Mapping[str, JsonValue]) -> bytes:
    """Return one server-sent event."""
    return b"data: " + loose.dumps(value).encode() + b"\n\n"


KEEPALIVE = b": keepalive\n\n"
"""A comment, which readers of events pass over."""


def headers(writer: Writer) -> dict[str, str]:
    """Return the headers of an answer."""
    shared = {
        "x-ratelimit-limit-requests": str(writer.left.of_requests),
        "x-ratelimit-remaining-requests": str(writer.left.requests),
        "x-ratelimit-limit-tokens": str(writer.left.of_tokens),
        "x-ratelimit-remaining-tokens": str(writer.left.tokens),
    }
    match writer.door:
        case "azure":
            return {**shared, "x-request-id": writer.id, "apim-request-id": writer.id, "x-ms-region": "Simulator"}
        case "openai":
            return {**shared, "x-request-id": writer.id}
        case "litellm":
            own = {
                "x-litellm-call-id": writer.id,
                "x-litellm-model-id": "simulated",
                "x-litellm-version": writer.litellm_version,
            }
            return {**own, **{f"llm_provider-{name}": value for name, value in shared.items()}}
