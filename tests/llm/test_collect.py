"""A stream's chunks become one reply only where the stream is whole."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.llm.collect import Collected, Delta
from chatsheet.llm.model import TextDelta, ToolCall, ToolDelta, Trail, Usage


def chunk(delta: Mapping[str, object] | None = None, finish: str | None = None, **more: object) -> bytes:
    """Return one chunk's data."""
    return loose.dumps({"choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more}).encode()


def collect(*events: bytes) -> Collected:
    """Take all events."""
    collected = Collected()
    for event in events:
        collected.take(event, [])
    return collected


def deltas_of(collected: Collected, event: bytes) -> list[Delta]:
    """Take one event and return what a caller may see of it."""
    deltas: list[Delta] = []
    collected.take(event, deltas)
    return deltas


HI, STOP, DONE = chunk({"content": "Hi"}), chunk(finish="stop"), b"[DONE]"


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ((HI, STOP, DONE), ""),
        ((HI, DONE), "stream.cut"),
        ((HI, STOP), "stream.cut"),
        ((HI,), "stream.cut"),
        ((), "stream.cut"),
        ((STOP, DONE), "stream.empty"),
        ((HI, b"no json", STOP, DONE), "stream.malformed"),
        ((HI, b'{"error":{"message":"x"}}', STOP, DONE), "stream.error"),
        ((HI, chunk(finish="content_filter"), DONE), "content.filtered"),
        ((chunk(finish="content_filter"),), "content.filtered"),
        ((chunk({"tool_calls": [{"index": 0, "id": "c"}]}), chunk(finish="tool_calls"), DONE), ""),
    ],
    ids=[
        "whole",
        "no finish reason",
        "no end mark",
        "neither",
        "nothing",
        "no content",
        "malformed",
        "error in band",
        "filtered",
        "filtered and cut",
        "tool call",
    ],
)
def test_only_a_finish_reason_and_an_end_make_a_stream_whole(events: tuple[bytes, ...], verdict: str) -> None:
    assert collect(*events).verdict() == verdict


def test_an_error_in_band_keeps_its_body() -> None:
    body = '{"error":{"message":"boom"}}'
    assert collect(body.encode()).error_body == body


def test_deltas_come_out_as_they_come_in() -> None:
    collected = Collected()
    assert deltas_of(collected, HI) == [TextDelta("Hi")]
    assert deltas_of(collected, chunk({"role": "assistant", "content": ""})) == []
    call = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]}
    assert deltas_of(collected, chunk(call)) == [ToolDelta(0, "c", "f", "")]


def test_fragments_of_two_calls_are_put_together_by_index() -> None:
    pieces = [(1, "b", "two", "{"), (0, "a", "one", "["), (1, "", "", "}"), (0, "", "", "]")]
    events = [
        chunk({"tool_calls": [{"index": i, "id": id_, "function": {"name": name, "arguments": text}}]})
        for i, id_, name, text in pieces
    ]
    reply = collect(*events).reply(route="first", trail=Trail())
    assert reply.tool_calls == (
        ToolCall(id="a", name="one", arguments="[]"),
        ToolCall(id="b", name="two", arguments="{}"),
    )


@given(words=st.lists(st.text(), max_size=8))
def test_the_text_is_all_pieces_in_order(words: list[str]) -> None:
    collected = collect(*(chunk({"content": word}) for word in words))
    assert collected.reply(route="first", trail=Trail()).text == "".join(words)


def test_the_reply_says_who_answered_and_at_what_cost() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    reply = collect(chunk({"content": "Hi"}, model="gpt-4o-2024"), STOP, chunk(usage=usage), DONE).reply(
        route="first", trail=Trail()
    )
    assert (reply.text, reply.model, reply.route, reply.finish_reason) == ("Hi", "gpt-4o-2024", "first", "stop")
    assert reply.usage == Usage(input_tokens=3, output_tokens=2)


def called(*pieces: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Stream pieces of tool calls and return name and arguments of each call."""
    events = [chunk({"tool_calls": [piece]}) for piece in pieces]
    reply = collect(*events, chunk(finish="tool_calls"), DONE).reply(route="first", trail=Trail())
    return tuple((call.name, call.arguments) for call in reply.tool_calls)


def piece(arguments: str, *, name: str = "", **more: object) -> Mapping[str, object]:
    """Return a piece of a call."""
    return {"function": {"arguments": arguments, **({"name": name} if name else {})}, **more}


TWO = (("f", "{}"), ("g", "[1]"))


def test_calls_that_no_one_numbers_are_told_apart() -> None:
    assert called(piece("{}", name="f", id="a"), piece("[", name="g", id="b"), piece("1]")) == TWO
    assert called(piece("{}", name="f"), piece("[", name="g"), piece("1]")) == TWO


def test_calls_that_are_all_numbered_alike_are_told_apart_by_id() -> None:
    pieces = piece("{}", name="f", id="a", index=0), piece("[", name="g", id="b", index=0), piece("1]", index=0)
    assert called(*pieces) == TWO


def test_another_choices_words_do_not_get_into_the_answer() -> None:
    other = loose.dumps({"choices": [{"index": 1, "delta": {"content": "B"}}]}).encode()
    assert collect(HI, other, STOP, DONE).reply(route="first", trail=Trail()).text == "Hi"


@pytest.mark.parametrize("reason", ["abort", "error", "insufficient_system_resource", "because"])
def test_a_finish_reason_of_another_vocabulary_is_no_end(reason: str) -> None:
    assert collect(HI, chunk(finish=reason), DONE).verdict() == "stream.cut"
