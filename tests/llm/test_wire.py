"""The wire: events however the bytes are split, chunks of any shape, and what each kind of route is sent."""

import itertools
from dataclasses import replace
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core import loose
from chatsheet.core.secret import literal
from chatsheet.llm import wire
from chatsheet.llm.model import ChatRequest, ToolDelta, Usage
from chatsheet.llm.wire import EventDecoder
from tests.llm.rig import ROUTE

payloads = st.lists(st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), min_size=1, max_size=20), max_size=6)
REQUEST = ChatRequest({"messages": [{"role": "user", "content": "Hi"}], "stream": False, "model": "theirs"})


def decode(pieces: list[bytes]) -> list[bytes]:
    """Feed the pieces and return every event."""
    decoder = EventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


def split(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Cut a stream at these places."""
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


@given(payloads=payloads, cuts=st.lists(st.integers(0, 10_000), max_size=12), ending=st.sampled_from(["\n", "\r\n"]))
def test_the_same_events_come_out_however_the_bytes_are_split(payloads: list[str], cuts: list[int], ending: str) -> None:
    stream = "".join(f"data: {payload}{ending}{ending}" for payload in payloads).encode()
    assert decode(split(stream, cuts)) == [payload.encode() for payload in payloads]


@given(payloads=payloads, ending=st.sampled_from(["\n", "\r\n"]))
def test_the_same_events_come_out_byte_by_byte(payloads: list[str], ending: str) -> None:
    stream = "".join(f"data: {payload}{ending}{ending}" for payload in payloads).encode()
    assert decode([bytes([byte]) for byte in stream]) == decode([stream])


def test_a_line_end_split_between_two_packets_still_ends_the_line() -> None:
    assert decode([b"data: [DONE]\r", b"\n\r\n"]) == [wire.DONE]
    assert decode([b"data: [DONE]\r\n\r", b"\n"]) == [wire.DONE]


def test_comments_and_other_fields_say_nothing() -> None:
    assert decode([b": ping\n\nevent: x\nid: 7\n\n: more\ndata: a\nretry: 1\n\n"]) == [b"a"]


def test_several_data_lines_are_one_event() -> None:
    assert decode([b"data: a\ndata:b\n\n"]) == [b"a\nb"]


@given(data=st.binary())
def test_no_bytes_at_all_make_the_reading_fail(data: bytes) -> None:
    for event in EventDecoder().feed(data + b"\n\n"):
        wire.read_chunk(event)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "tool_calls", "function", "error", "usage", "index"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=json_values)
def test_a_chunk_of_any_shape_is_read_or_refused(value: object) -> None:
    chunk = wire.read_chunk(loose.dumps(value).encode())
    assert chunk is None or isinstance(chunk, wire.Chunk)


def test_a_chunk_nested_beyond_sense_is_not_a_chunk() -> None:
    assert wire.read_chunk(b"[" * 100_000) is None


@pytest.mark.parametrize("data", [b"", b"nope", b"[]", b"1", b"\xff\xfe"])
def test_what_is_no_object_is_not_a_chunk(data: bytes) -> None:
    assert wire.read_chunk(data) is None


def read(data: bytes) -> wire.Chunk:
    """Read what must be a chunk."""
    chunk = wire.read_chunk(data)
    assert chunk is not None
    return chunk


def test_azures_filter_chunk_is_a_chunk_without_content() -> None:
    assert read(b'{"choices":[],"prompt_filter_results":[]}').choices == []


def test_an_error_inside_the_stream_is_told_from_a_chunk() -> None:
    assert read(b'{"error":{"message":"Traceback","code":500}}').is_error
    assert not read(b'{"error":null,"choices":[]}').is_error


def test_a_chunk_says_text_finish_model_and_usage() -> None:
    chunk = read(b'{"model":"m","choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}')
    assert chunk.choices == [wire.Choice(delta=wire.Delta(content="Hi"), finish_reason="stop")]
    assert chunk.model == "m"
    assert chunk.usage is not None
    assert chunk.usage.usage() == Usage(input_tokens=3)


def test_a_chunk_says_its_pieces_of_tool_calls() -> None:
    data = b'{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c","function":{"name":"run_sql","arguments":"{"}}]}}]}'
    calls = (read(data).choices or [wire.Choice()])[0].delta
    assert calls is not None
    assert [wire.tool_delta(call, 1) for call in calls.tool_calls or ()] == [ToolDelta(1, "c", "run_sql", "{")]


def test_usage_is_in_our_names() -> None:
    data = b'{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5}}}'
    usage = read(data).usage
    assert usage is not None
    assert usage.usage() == Usage(input_tokens=9, output_tokens=4, cached_tokens=5)


@pytest.mark.parametrize(
    ("results", "named"),
    [
        (b'{"hate":{"filtered":false},"violence":{"filtered":true,"severity":"high"}}', "violence"),
        (b'{"hate":{"filtered":true},"violence":{"filtered":true}}', "hate, violence"),
        (b"{}", ""),
        (b"null", ""),
        (b"", ""),
        (b'{"hate":1}', ""),
    ],
)
def test_the_categories_of_a_filter_are_named(results: bytes, named: str) -> None:
    assert wire.filtered(msgspec.Raw(results)) == named


@pytest.mark.parametrize("data", [b"{}", b'{"type":"ping"}', b'{"usage":{"prompt_tokens":1.0}}'])
def test_an_object_of_another_kind_says_nothing(data: bytes) -> None:
    chunk = read(data)
    assert (chunk.choices, chunk.is_error) == (None, False)


def test_a_byte_order_mark_at_the_start_hides_nothing() -> None:
    assert decode([b"\xef\xbb\xbfdata: a\n\ndata: b\n\n"]) == [b"a", b"b"]


def test_an_event_without_data_is_none() -> None:
    assert decode([b"data:\n\nevent: ping\ndata: \n\ndata: a\n\n"]) == [b"a"]


def test_an_event_that_never_ends_is_given_up() -> None:
    decoder = EventDecoder()
    decoder.feed(b"x" * 2**23)
    with pytest.raises(OverflowError):
        decoder.feed(b"x")


def test_every_body_is_streamed_under_the_routes_own_model() -> None:
    sent = wire.body(REQUEST, ROUTE, "att_1")
    assert sent["model"] == "gpt-4o"
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}
    assert sent["messages"] == REQUEST.body["messages"]


@pytest.mark.parametrize(
    ("kind", "is_ours", "named"),
    [("litellm", True, True), ("litellm", False, False), ("azure", False, False), ("openai", False, False)],
)
def test_the_attempt_is_named_only_to_a_litellm_of_ours(
    kind: Literal["litellm", "azure", "openai"],
    is_ours: bool,  # noqa: FBT001
    named: bool,  # noqa: FBT001
) -> None:
    sent = wire.body(REQUEST, replace(ROUTE, kind=kind, is_ours=is_ours), "att_1")
    assert sent.get("extra_headers") == ({"x-chatsheet-attempt": "att_1"} if named else None)


def test_only_litellm_is_told_how_long_to_wait() -> None:
    route = replace(ROUTE, kind="litellm", first_content_s=3.0, idle_s=7.0)
    assert wire.limits(route) == {
        "x-litellm-timeout": "7.0",
        "x-litellm-stream-timeout": "7.0",
        "x-litellm-num-retries": "0",
    }
    assert wire.limits(ROUTE) == {}


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ("none", {}),
        ("entra", {"Authorization": "Bearer token"}),
        ("bearer", {"Authorization": "Bearer the-key"}),
        ("api-key", {"api-key": "the-key"}),
    ],
)
def test_each_way_to_prove_ourselves_has_its_header(
    auth: Literal["none", "entra", "bearer", "api-key"], headers: dict[str, str]
) -> None:
    assert wire.auth_headers(replace(ROUTE, auth=auth, key=literal("the-key")), "token") == headers


def test_a_body_is_compact_utf8() -> None:
    assert wire.as_json({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()


def test_a_page_is_known_by_its_first_character() -> None:
    decoder = wire.EventDecoder()
    decoder.feed(b"\r\n <!doctype html><html>")
    assert decoder.is_page
    other = wire.EventDecoder()
    other.feed(b'data: {"choices": []}\n\n')
    assert not other.is_page
