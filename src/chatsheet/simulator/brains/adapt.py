"""Between the wire and the small model: its quirks evened out, its replies read. Pure."""

import re
from collections.abc import Mapping, Sequence

from chatsheet.core import ids, loose
from chatsheet.core.loose import JsonObject
from chatsheet.simulator.brain import Call, Counted, Piece, Say

_MAX_TOKENS = 400
_SURE_FAILURES = 2
_OTHERWISE = 0.7
"""The temperature once the surest replies have failed: it would say the same again."""
_HOPELESS = 3
"""Failures after which it may say that the workbook lacks something: earlier it says so of what is there."""
_SQL = "run_sql"
_CALL = "Reply with one ```sql block and nothing else."
_CALL_OR_REFUSE = "Reply with one ```sql block; or, if no column holds it, with [not in workbook] and what is missing."
_TELL = "Answer the question in one or two plain sentences, with numbers copied from this result. No SQL, no code."
_TOOLS = "Other tools; to call one reply with a ```json block of its name and arguments and nothing else:"
_FENCE = re.compile(r"^```(?:sql|json)?\s*|\s*```$")
_CALL_START = re.compile(r"\s*(```|\{|SELECT\b|WITH\b)", re.IGNORECASE)
_ENOUGH_TO_TELL = 8


def is_prose(text: str) -> bool:
    """Tell whether the beginning of a reply shows that it is no call in disguise."""
    return len(text.strip()) >= _ENOUGH_TO_TELL and not _CALL_START.match(text)


def request(body: Mapping[str, object]) -> dict[str, object]:
    """Return the body to send to the model's own server: a plain conversation, for its tools are told in words."""
    limits = [loose.number(body.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    messages, failures = _folded(body)
    kept = ("response_format", "seed", "stop")
    return {
        "messages": _plain(messages, loose.array(body.get("tools")), wish=_wish(body, failures)),
        **{name: body[name] for name in kept if body.get(name) is not None},
        "max_tokens": min([limit for limit in limits if limit] or [_MAX_TOKENS]),
        "temperature": _OTHERWISE if failures >= _SURE_FAILURES else 0,
        "cache_prompt": True,
    }


def _folded(body: Mapping[str, object]) -> tuple[list[Mapping[str, object]], int]:
    """Return the messages with what failed told beside the question, and how often it did since the last question.

    What this model sees itself say it says again, and of several failures the last one is enough to read.
    """
    kept: list[Mapping[str, object]] = []
    failures, asked = 0, ""
    for message in map(loose.obj, loose.array(body.get("messages"))):
        last = loose.obj(kept[-1] if kept else None)
        failed = _failure(message, is_first=not failures)
        failures += bool(failed)
        if failed and last.get("role") == "assistant" and len(loose.array(last.get("tool_calls"))) <= 1:
            has_question = len(kept) > 1 and loose.obj(kept[-2]).get("role") == "user"
            told = f"{asked}\n{failed}" if has_question else failed
            kept[-2 if has_question else -1 :] = [{"role": "user", "content": told}]
            continue
        if message.get("role") == "user" and not failed:
            failures, asked = 0, loose.text(message.get("content"))
        kept.append(message)
    return kept, failures


def _wish(body: Mapping[str, object], failures: int) -> str:
    """Return what the model is asked to reply with, or nothing where that is said already."""
    if not may_call(body):
        return ""
    return _CALL_OR_REFUSE if failures >= _HOPELESS else _CALL


def _plain(messages: Sequence[Mapping[str, object]], tools: Sequence[object], *, wish: str) -> list[JsonObject]:
    """Return the messages as texts of system, user and assistant alone; a `wish` ends them."""
    said: list[JsonObject] = []
    for message in messages:
        content = loose.text(message.get("content"))
        match message.get("role"):
            case "system":
                said.append({"role": "system", "content": content + _offer(tools)})
            case "assistant":
                parts = [content, *map(_call, loose.array(message.get("tool_calls")))]
                said.append({"role": "assistant", "content": "\n".join(part for part in parts if part)})
            case "tool":
                said.append({"role": "user", "content": f"Result:\n{content}\n{_TELL}"})
            case _:
                said.append({"role": "user", "content": content})
    if wish and said and said[-1]["role"] == "user":
        said[-1]["content"] = f"{said[-1]['content']}\n{wish}"
    return said


def _offer(tools: Sequence[object]) -> str:
    """Return how the tools that are no query are called; a query is told beside each question."""
    functions = [loose.obj(loose.obj(tool).get("function")) for tool in tools]
    others = [loose.dumps(function) for function in functions if function.get("name") != _SQL]
    return "\n".join([f"\n\n{_TOOLS}", *others]) if others else ""


def _call(call: object) -> str:
    function = loose.obj(loose.obj(call).get("function"))
    name, arguments = loose.text(function.get("name")), loose.text(function.get("arguments"))
    sql = loose.text(loose.obj(loose.parse(arguments)).get("sql"))
    return f"```sql\n{sql}\n```" if name == _SQL else f'```json\n{{"name": "{name}", "arguments": {arguments}}}\n```'


def _failure(message: Mapping[str, object], *, is_first: bool) -> str:
    """Return what a message says went wrong, or nothing; a text that no row has is worth one more query."""
    said = loose.text(message.get("content"))
    told = loose.obj(loose.parse(said) if message.get("role") == "tool" else None)
    if error := loose.text(told.get("error")):
        return f"A query failed: {error} Write another."
    rows = loose.array(told.get("rows"))
    if is_first and told.get("warnings") and all(cell in (None, 0) for row in rows for cell in loose.array(row)):
        return f"A query found nothing: {' '.join(map(loose.text, loose.array(told['warnings'])))} Write another."
    return said if message.get("role") == "user" and said.startswith("[system]") else ""


def _is_error(messages: Sequence[object]) -> bool:
    last = loose.obj(next(iter(messages[-1:]), None))
    return last.get("role") == "tool" and loose.text(last.get("content")).startswith('{"error"')


def may_call(body: Mapping[str, object]) -> bool:
    """Tell whether a tool call is wanted: after a result that is no error this model would only repeat its call."""
    messages, _ = _folded(body)
    has_result = bool(messages) and messages[-1].get("role") == "tool" and not _is_error(messages)
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
