"""What the fake provider answers, as bytes: Azure's chunks with their filter results, and answers that prove themselves."""

import hashlib
import json
import random

SHORT = "bench-short"
"""A deployment with one short answer."""
CHUNKS = "bench-chunks"
"""A deployment whose streams have many chunks."""
CHUNK_COUNT = 200
SHORT_TEXT = "The total of column C is 4,211."

_SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
_USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 9,
    "total_tokens": 21,
    "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
_WORDS = ("sum", "of", "rows", "is", "42", "per", "month", "and", "region", "north", "grew", "by", "7.5", "percent")

DONE = b"data: [DONE]\n\n"


def event(value: object) -> bytes:
    """Return one server-sent event."""
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def _chunk(choices: list[object], **more: object) -> bytes:
    head = {"created": 1763900000, "id": "chatcmpl-bench", "model": "gpt-4o-2024-11-20", "object": "chat.completion.chunk"}
    return event({"choices": choices, **head, "system_fingerprint": "fp_bench", **more})


def prompt_filter() -> bytes:
    """Return the chunk that Azure sends before any content."""
    head = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
    return event({**head, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _SAFE}]})


def role() -> bytes:
    """Return the chunk that says who speaks."""
    delta = {"role": "assistant", "content": "", "refusal": None}
    return _chunk([{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None, "content_filter_results": {}}])


def piece(text: str) -> bytes:
    """Return one chunk of content, some 350 bytes as on Azure."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, "logprobs": None}
    return _chunk([{**choice, "content_filter_results": _SAFE}])


def finish(reason: str = "stop") -> bytes:
    """Return the chunk with the finish reason."""
    return _chunk([{"index": 0, "delta": {}, "finish_reason": reason, "logprobs": None, "content_filter_results": {}}])


def usage() -> bytes:
    """Return the chunk with the usage."""
    return _chunk([], usage=_USAGE)


def stream(*texts: str) -> list[bytes]:
    """Return the events of a whole streamed answer."""
    return [prompt_filter(), role(), *(piece(text) for text in texts), finish(), usage(), DONE]


def whole(text: str) -> bytes:
    """Return the body of an answer that is not streamed."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None, "content_filter_results": _SAFE}
    head = {"created": 1763900000, "id": "chatcmpl-bench", "model": "gpt-4o-2024-11-20", "object": "chat.completion"}
    filters = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    answer = {"choices": [choice], **head, "prompt_filter_results": filters, "system_fingerprint": "fp_bench", "usage": _USAGE}
    return json.dumps(answer, separators=(",", ":")).encode()


def provable(chance: random.Random, route: str) -> list[str]:
    """Return an answer in pieces whose last word is the checksum of all before it: a lost or foreign piece shows."""
    said = [f"{route}-{chance.getrandbits(48):012x}", *chance.choices(_WORDS, k=chance.randint(4, 24))]
    pieces = [f"{word} " for word in said]
    return [*pieces, checksum("".join(pieces))]


def checksum(text: str) -> str:
    """Return the word that proves a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_proven(text: str) -> bool:
    """Tell whether a text is whole and of one piece."""
    said, space, last = text.rpartition(" ")
    return bool(space) and last == checksum(said + space)
