"""Exchanges recorded once and played through every way: what the simulator says, and bytes that it would not say by itself."""

from collections.abc import Sequence

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject, JsonValue
from chatsheet.llm.model import ToolCall, Usage
from chatsheet.simulator.brain import Call, Counted, Ended, Named, Piece, Say
from tests.contracts.ways import Outcome, Tried

COUNTED = Counted(70, 30, cached_tokens=64)
WORDS: tuple[Piece, ...] = (*map(Say, ("one ", "two ", "three ", "four ", "five ", "six")), COUNTED)

EXCHANGES: dict[str, tuple[Piece, ...]] = {
    "plain text": (Say("Hello "), Say("to you."), COUNTED),
    "one word": (Say("Yes"), COUNTED),
    "whitespace alone": (Say("\n"), Say(" "), COUNTED),
    "edges of whitespace": (Say("  \n"), Say("in between"), Say("\n\n"), Say(" "), COUNTED),
    "accents and emoji split between chunks": (
        *map(
            Say, ("Zoe", "\u0308 e", "\u0301", " \U0001f469", "\u200d\U0001f469", "\u200d\U0001f467", "\u05e9\u05dc", "\u4e2d")
        ),
        COUNTED,
    ),
    "what looks like the wire itself": (
        *map(
            Say, ("data: [DONE]\n\n", 'data: {"error":{"message":"x"}}\n\n', "\u2028\x00\x1b", "\t\\\"\\n'<>&{}", "</s><think>")
        ),
        COUNTED,
    ),
    "a table": (Say("| a | b |\n"), Say("|---|---|\n"), Say("| 1 | 2 |\n"), COUNTED),
    "a long text": (*(Say(f"wört {number}, ") for number in range(600)), Counted(9, 1800)),
    "the same chunk 99 times": (*(Say("0.00 ") for _ in range(99)), Counted(9, 198)),
    "one tool call": (Call(0, "call_A", "run_sql", '{"sq'), Call(0, "", "", 'l":  "SELECT 1.50"}'), COUNTED),
    "a tool call without arguments": (Call(0, "call_A", "overview", ""), COUNTED),
    "a tool call with an empty object": (Call(0, "call_A", "overview", "{}"), COUNTED),
    "a tool call with arguments that are no JSON": (Call(0, "call_A", "run_sql", '{"sql": "é\\u00e9'), COUNTED),
    "three parallel tool calls, interleaved": (
        *(Call(index, f"call_{index}", name, "") for index, name in enumerate(("run_sql", "run_sql", "describe"))),
        *(
            Call(index, "", "", text)
            for index, text in ((2, '{"x'), (0, '{"y": 1, '), (1, "[1"), (0, '"z":2}'), (2, '":3}'), (1, "]"))
        ),
        COUNTED,
    ),
    "text, then a tool call": (Say("Let me see. "), Call(0, "call_A", "run_sql", "{}"), COUNTED),
    "a tool call, then text": (Call(0, "call_A", "run_sql", "{}"), Say("There."), COUNTED),
    "a tool call that ends with stop": (Call(0, "call_A", "run_sql", "{}"), Ended("stop"), COUNTED),
    "the length limit": (Say("Half an ans"), Ended("length"), COUNTED),
    "another model than was asked for": (Named("gpt-4o-2024-11-20"), Say("Hi"), COUNTED),
    "counts of zero": (Say("Hi"), Counted(0, 0)),
}
SAME_CHUNK: tuple[Piece, ...] = (*(Say("0.00 ") for _ in range(150)), Counted(9, 300))
"""A column of zeros, as a model writes it."""


def answer(pieces: Sequence[Piece]) -> Outcome:
    """Return what every way must make of an exchange."""
    calls: dict[int, ToolCall] = {}
    for piece in pieces:
        if isinstance(piece, Call):
            old = calls.get(piece.index, ToolCall("", "", ""))
            calls[piece.index] = ToolCall(old.id or piece.id, old.name or piece.name, old.arguments + piece.arguments)
    counted = next(piece for piece in pieces if isinstance(piece, Counted))
    finish = "tool_calls" if calls else "stop"
    return Outcome(
        text="".join(piece.text for piece in pieces if isinstance(piece, Say)),
        tool_calls=tuple(calls[index] for index in sorted(calls)),
        finish_reason=next((piece.finish_reason for piece in pieces if isinstance(piece, Ended)), finish),
        usage=Usage(counted.input_tokens, counted.output_tokens, counted.cached_tokens),
        model=next((piece.model for piece in pieces if isinstance(piece, Named)), "gpt-4o-simulated"),
        attempts=(Tried(None, 200, has_request_id=True, adapted=()),),
    )


# ── bytes ──

DONE = b"data: [DONE]\n\n"
MODEL = "recorded-model"
USAGE: JsonObject = {
    "prompt_tokens": 5,
    "completion_tokens": 6,
    "total_tokens": 11,
    "prompt_tokens_details": {"cached_tokens": 4},
}


def event(choices: Sequence[JsonValue], **more: JsonValue) -> bytes:
    """Return one event of a recorded stream."""
    whole: JsonObject = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    return f"data: {loose.dumps({**whole, 'choices': list(choices), **more})}\n\n".encode()


def chunk(delta: JsonObject | None = None, finish: str | None = None, **more: JsonValue) -> bytes:
    """Return an event with one choice."""
    return event([{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more)


def said(*texts: str) -> bytes:
    """Return the opening and one event per text."""
    return chunk({"role": "assistant", "content": "", "refusal": None}) + b"".join(chunk({"content": text}) for text in texts)


COUNTS = event([], usage=USAGE)
STOP = chunk(None, "stop") + COUNTS + DONE
HI = said("Hi") + STOP
TOOL: JsonObject = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = chunk(None, "tool_calls") + COUNTS + DONE

TAPES: dict[str, bytes] = {
    "an answer": HI,
    "lines that end as in HTTP": HI.replace(b"\n\n", b"\r\n\r\n"),
    "fields without a space": HI.replace(b"data: ", b"data:"),
    "comments and other fields between": b": hello\n\n" + HI.replace(b"data: {", b": there\n\nevent: message\ndata: {"),
    "everything in one chunk": chunk({"role": "assistant", "content": "Hi"}, "stop", usage=USAGE) + DONE,
    "the last word with the finish reason": said("Hi") + chunk({"content": " you"}, "stop") + COUNTS + DONE,
    "counts beside the finish reason": said("Hi") + chunk(None, "stop", usage=USAGE) + DONE,
    "counts of null until the end": said("Hi").replace(b"}\n\n", b',"usage":null}\n\n') + STOP,
    "an empty finish reason first": said("Hi") + chunk(None, "") + STOP,
    "the filter's verdict after the end": said("Hi")
    + chunk(None, "stop")
    + chunk(None, None, content_filter_results={})
    + COUNTS
    + DONE,
    "fields that nobody asked for": chunk({"content": "Hi", "annotations": []}, None, obfuscation="x", service_tier="default")
    + STOP,
    "thoughts before the answer": chunk({"role": "assistant", "reasoning_content": "Hm"}) + said("Hi") + STOP,
    "a finish reason of another maker": said("Hi") + chunk(None, "eos_token") + COUNTS + DONE,
    "text and a tool call at once": chunk({"role": "assistant", "content": "So", "tool_calls": [TOOL]}) + CALLED,
    "two tool calls at once": chunk({"content": None, "tool_calls": [TOOL, {**TOOL, "index": 1, "id": "c2"}]}) + CALLED,
    "a tool call whose arguments are null": chunk({"tool_calls": [{**TOOL, "function": {"name": "f", "arguments": None}}]})
    + CALLED,
    "a tool call without an id": chunk({"tool_calls": [{**TOOL, "id": None}]}) + CALLED,
    "a tool call whose id is repeated empty": chunk({"tool_calls": [TOOL]})
    + chunk({"tool_calls": [{**TOOL, "id": ""}]})
    + CALLED,
    "a refusal in the first chunk": chunk({"role": "assistant", "content": None, "refusal": "No."}) + STOP,
    "a model named late": said().replace(f'"model":"{MODEL}",'.encode(), b"") + HI,
}
"""Streams of providers that are whole answers."""
REFUSED = said() + chunk({"refusal": "I cannot "}) + chunk({"refusal": "do that."}) + STOP
"""What structured output makes of a refusal."""
UNCOUNTED = said("Hi ", "there ", "you") + chunk(None, "stop") + DONE
"""Some servers count nothing, whatever is asked."""
UNNAMED = HI.replace(f'"model":"{MODEL}",'.encode(), b"")
FILTERED_LATE = said("Hi") + event([], error={
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "code": "content_filter",
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": {"filtered": True}}},
}) + DONE  # fmt: skip
ENDLESS = said("Hi") + b"data: " + b"x" * 9_000_000

BROKEN_TAPES: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "stream.cut"),
    "an end mark alone": (DONE, "stream.cut"),
    "no finish reason": (said("Hi") + COUNTS + DONE, "stream.cut"),
    "no end mark": (said("Hi") + chunk(None, "stop") + COUNTS, "stream.cut"),
    "half an end mark": (HI[:-9], "stream.cut"),
    "a whole stream without content": (said() + STOP, "stream.empty"),
    "bytes that are not UTF-8": (said("a@b").replace(b"@", b"\xff") + STOP, "stream.malformed"),
    "half a surrogate pair": (said("a@b").replace(b"@", b"\\ud83d") + STOP, "stream.malformed"),
    "an event that is a list": (said("Hi") + b"data: []\n\n" + STOP, "stream.malformed"),
    "JSON without events": (b'{"choices":[]}', "stream.cut"),
    "an error without words": (said("Hi") + b'data: {"error":{}}\n\n' + DONE, "stream.error"),
    "a filter's end, with its category": (
        said("Hi")
        + event(
            [
                {
                    "index": 0,
                    "delta": {},
                    "finish_reason": "content_filter",
                    "content_filter_results": {"hate": {"filtered": True}},
                }
            ]
        )
        + DONE,
        "content.filtered",
    ),
}
"""Streams that are no answer, and the cause that says why."""
