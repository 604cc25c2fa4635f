"""Between the wire and the small model: its quirks evened out, its replies read. Pure."""

import re
from collections.abc import Mapping, Sequence

from chatsheet.core import ids, loose
from chatsheet.simulator.brain import Call, Counted, Piece, Say

_MAX_TOKENS = 400
_FENCE = re.compile(r"^```(?:sql|json)?\s*|\s*```$")
_CALL_START = re.compile(r"\s*(```|\{|SELECT\b|WITH\b)", re.IGNORECASE)
_ENOUGH_TO_TELL = 8


def is_prose(text: str) -> bool:
    """Tell whether the beginning of a reply shows that it is no call in disguise."""
    return len(text.strip()) >= _ENOUGH_TO_TELL and not _CALL_START.match(text)


def request(body: Mapping[str, object]) -> dict[str, object]:
    """Return the body to send to the model's own server."""
    limits = [loose.number(body.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    kept = ("tools", "response_format", "seed", "stop")
    return {
        "messages": _folded(loose.array(body.get("messages"))),
        **{name: body[name] for name in kept if body.get(name) is not None},
        "tool_choice": "auto" if may_call(body) else "none",
        "max_tokens": min([limit for limit in limits if limit] or [_MAX_TOKENS]),
        "temperature": 0,
        "cache_prompt": True,
    }


def _folded(messages: Sequence[object]) -> list[Mapping[str, object]]:
    """Return the messages with what failed told beside the question: what this model sees itself say it says again."""
    kept: list[Mapping[str, object]] = []
    for message in map(loose.obj, messages):
        last = loose.obj(kept[-1] if kept else None)
        failed = _failure(message)
        if not failed or last.get("role") != "assistant" or len(loose.array(last.get("tool_calls"))) > 1:
            kept.append(message)
            continue
        asked = loose.obj(kept[-2] if len(kept) > 1 else None)
        text = loose.text(asked.get("content"))
        if asked.get("role") != "user":
            kept[-1] = {"role": "user", "content": failed}
        else:
            kept[-2:] = [{**asked, "content": f"{text}\n{failed}"}]
    return kept


def _failure(message: Mapping[str, object]) -> str:
    """Return what a message says went wrong, or nothing."""
    said = loose.text(message.get("content"))
    if _is_error([message]):
        return f"A query failed: {loose.text(loose.obj(loose.parse(said)).get('error'))} Write another."
    return said if message.get("role") == "user" and said.startswith("[system]") else ""


def _is_error(messages: Sequence[object]) -> bool:
    last = loose.obj(next(iter(messages[-1:]), None))
    return last.get("role") == "tool" and loose.text(last.get("content")).startswith('{"error"')


def may_call(body: Mapping[str, object]) -> bool:
    """Tell whether a tool call is wanted: after a result that is no error this model would only repeat its call."""
    messages = loose.array(body.get("messages"))
    has_result = loose.obj(next(iter(messages[-1:]), None)).get("role") == "tool" and not _is_error(messages)
    return bool(body.get("tools")) and body.get("tool_choice") != "none" and not has_result


def pieces(chunk: Mapping[str, object]) -> list[Piece]:
    """Return what a streamed chunk of the model's server says."""
    found: list[Piece] = []
    choice = loose.obj(next(iter(loose.array(chunk.get("choices"))), None))
    delta = loose.obj(choice.get("delta"))
    if text := loose.text(delta.get("content")):
        found.append(Say(text))
    for call in map(loose.obj, loose.array(delta.get("tool_calls"))):
        function = loose.obj(call.get("function"))
        parts = (loose.text(call.get("id")), loose.text(function.get("name")), loose.text(function.get("arguments")))
        found.append(Call(loose.number(call.get("index")), *parts))
    if usage := loose.obj(chunk.get("usage")):
        cached = loose.number(loose.obj(usage.get("prompt_tokens_details")).get("cached_tokens"))
        counts = loose.number(usage.get("prompt_tokens")), loose.number(usage.get("completion_tokens"))
        found.append(Counted(*counts, cached_tokens=cached))
    return found


def as_call(text: str) -> Say | Call:
    """Read a reply that is nothing but SQL, or a call written out as JSON, as the call it stands for."""
    bare = _FENCE.sub("", text.strip()).strip()
    written = loose.obj(loose.parse(bare))
    if written.get("name") and isinstance(written.get("arguments"), dict):
        return Call(0, ids.new_id("call"), loose.text(written["name"]), loose.dumps(written["arguments"]))
    if re.match(r"(SELECT|WITH)\b", bare, re.IGNORECASE):
        return Call(0, ids.new_id("call"), "run_sql", loose.dumps({"purpose": "", "sql": bare}))
    return Say(text)
