"""The format alone: what a request may hold, and how replies, chunks and errors are written."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core.errors import ChatSheetError
from chatsheet.core.loose import JsonObject
from chatsheet.llm import completions
from chatsheet.llm.completions import Chunks, CompletionInvalid, ModelUnknown
from chatsheet.llm.gateway import NoRouteAnswered, RequestRefused
from chatsheet.llm.model import Attempt, Reply, TextDelta, ToolCall, ToolDelta, Trail, Usage

HELLO: JsonObject = {"role": "user", "content": "Hello"}
TRAIL = Trail(
    attempts=(
        Attempt(route="first", cause="net.refused", proof="direct", milliseconds=1),
        Attempt(route="second", cause=None, proof="direct", milliseconds=2),
    )
)
REPLY = Reply(
    text="Hi.",
    tool_calls=(ToolCall(id="call_1", name="look", arguments='{"a":1}'), ToolCall(id="call_2", name="see", arguments="{}")),
    finish_reason="tool_calls",
    usage=Usage(input_tokens=5, output_tokens=7, cached_tokens=2),
    model="gpt-4o-2024-11-20",
    route="second",
    trail=TRAIL,
)
EVERYTHING: JsonObject = {
    "temperature": 0.5,
    "top_p": 1,
    "max_tokens": 5,
    "max_completion_tokens": 6,
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "look"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_object"},
    "seed": 3,
    "stop": ["a", "b"],
    "presence_penalty": -1,
    "frequency_penalty": 1,
    "logit_bias": {"50256": -100},
    "prediction": {"type": "content", "content": "x"},
    "reasoning_effort": "low",
    "verbosity": "high",
    "prompt_cache_key": "k",
    "user": "u",
    "n": 1,
    "store": False,
}


def body(**more: object) -> bytes:
    return msgspec.json.encode({"model": "gpt-4o", "messages": [HELLO], **more})


def refused(raw: bytes) -> CompletionInvalid:
    with pytest.raises(CompletionInvalid) as caught:
        completions.read(raw, model="gpt-4o")
    return caught.value


def error_of(error: ChatSheetError) -> dict[str, object]:
    found = completions.envelope(error)["error"]
    assert isinstance(found, dict)
    return {**found}


def test_every_declared_field_reaches_the_routes_unchanged() -> None:
    sent = completions.read(body(**EVERYTHING, stream=True, stream_options={"include_usage": True}), model="gpt-4o")
    assert sent.request().body == {"messages": [HELLO], **EVERYTHING}
    assert sent.wants_stream
    assert sent.wants_usage


def test_a_null_is_as_good_as_a_field_left_out() -> None:
    nothing = completions.read(body(temperature=None, tools=None, stream=None, stream_options=None), model="gpt-4o")
    assert nothing.request().body == {"messages": [HELLO]}
    assert not nothing.wants_stream


@pytest.mark.parametrize(
    ("name", "fix"),
    [("logprobs", "does not carry"), ("functions", "send tools"), ("api_key", "chatsheet.toml"), ("anything", "leave it out")],
)
def test_a_field_outside_the_schema_is_refused_by_its_name_with_the_fix(name: str, fix: str) -> None:
    error = refused(body(**{name: "x"}))
    assert (error.param, error.as_openai) == (name, "unknown_parameter")
    assert name in error.what
    assert fix in error.fix


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"temperature": "warm"}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"n": 2}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"store": True}, "store"),
        ({"tools": [{"type": "function"}, {"type": "custom"}]}, "tools[1].type"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(more: dict[str, object], param: str) -> None:
    assert refused(body(**more)).param == param


def test_a_wrong_value_is_not_repeated() -> None:
    error = refused(body(n=987654))
    assert "987654" not in error.what + error.fix


def test_missing_messages_are_named() -> None:
    error = refused(b'{"model":"gpt-4o"}')
    assert (error.param, error.as_openai) == ("messages", "missing_required_parameter")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"messages":[{"a":' + b"[" * 100_000, b'{"messages":[{"a":"\\ud800"}]}'])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    assert refused(raw).as_openai == "invalid_json"


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_pass_or_be_refused(raw: bytes) -> None:
    with pytest.raises((CompletionInvalid, ModelUnknown)):
        completions.read(raw, model="gpt-4o")


def test_only_the_configured_model_is_known_and_an_azure_address_names_it_alone() -> None:
    with pytest.raises(ModelUnknown, match="gpt-9"):
        completions.read(body(model="gpt-9"), model="gpt-4o")
    assert completions.read(body(model="gpt-9"), model="gpt-4o", deployment="gpt-4o").model == "gpt-9"
    with pytest.raises(ModelUnknown):
        completions.read(body(), model="gpt-4o", deployment="gpt-9")


def test_a_whole_reply_names_the_model_that_answered_its_calls_and_its_cost() -> None:
    answer = json.loads(completions.whole(REPLY, id="chatcmpl-1", created=5))
    message = answer["choices"][0]["message"]
    assert (answer["id"], answer["created"], answer["model"]) == ("chatcmpl-1", 5, "gpt-4o-2024-11-20")
    assert message["content"] == "Hi."
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["look", "see"]
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert answer["usage"]["total_tokens"] == 12
    assert answer["usage"]["prompt_tokens_details"] == {"cached_tokens": 2}


def data(raw: bytes) -> list[dict[str, object]]:
    events = raw.decode().removesuffix("\n\n").split("\n\n")
    return [json.loads(event.removeprefix("data: ")) for event in events if event != "data: [DONE]"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_chunk_is_json_whatever_the_text(text: str) -> None:
    raw = Chunks(id="chatcmpl-1", created=5, model='gp"t').piece(TextDelta(text))
    (chunk,) = data(raw)
    assert raw.count(b"\n") == 2
    assert chunk["model"] == 'gp"t'
    assert chunk["choices"] == [{"index": 0, "delta": {"content": text}, "finish_reason": None}]


def test_a_tool_calls_first_piece_has_its_name_and_the_others_have_not() -> None:
    chunks = Chunks(id="chatcmpl-1", created=5, model="gpt-4o")
    first, second = data(chunks.piece(ToolDelta(1, "call_1", "look", "{"))), data(chunks.piece(ToolDelta(1, "", "", "}")))
    begun = {"index": 1, "id": "call_1", "type": "function", "function": {"arguments": "{", "name": "look"}}
    assert first[0]["choices"] == [{"index": 0, "delta": {"tool_calls": [begun]}, "finish_reason": None}]
    more = {"index": 1, "function": {"arguments": "}"}}
    assert second[0]["choices"] == [{"index": 0, "delta": {"tool_calls": [more]}, "finish_reason": None}]


def test_a_held_stream_has_all_that_a_stream_has() -> None:
    raw = Chunks(id="chatcmpl-1", created=5, model="gpt-4o").held(REPLY, with_usage=True)
    role, text, look, see, end, usage = data(raw)
    assert raw.endswith(completions.DONE)
    assert [len(str(chunk["choices"])) > 0 for chunk in (role, text, look, see)]
    assert end["chatsheet_trail"] == "first=net.refused, second=answered"
    assert end["model"] == "gpt-4o-2024-11-20"
    assert usage["choices"] == []
    assert usage["usage"]


@pytest.mark.parametrize(
    ("cause", "code", "param"),
    [
        ("content.filtered", "content_filter", "prompt"),
        ("request.context_length", "context_length_exceeded", "messages"),
        ("request.invalid", "invalid_value", None),
    ],
)
def test_a_refused_request_has_the_status_and_code_that_clients_know(cause: str, code: str, param: str | None) -> None:
    error = RequestRefused(f"the model refused the request: {cause}.", fix="rephrase the question.")
    error.trail = Trail(attempts=(Attempt(route="first", cause=cause, proof="direct", milliseconds=1),))
    found = error_of(error)
    assert completions.status(error) == 400
    assert (found["code"], found["param"], found["type"]) == (code, param, "invalid_request_error")
    assert str(found["message"]).startswith(f"{code}: ")
    assert str(found["message"]).endswith("Rephrase the question.")


def test_an_error_of_the_routes_keeps_our_code_and_is_the_servers() -> None:
    error = NoRouteAnswered("no route to the model answered.", fix="try again.")
    assert completions.status(error) == 503
    assert error_of(error)["code"] == "llm.no_route_answered"
    assert error_of(error)["type"] == "server_error"


def test_an_unknown_model_and_a_wrong_field_have_openais_codes() -> None:
    assert error_of(ModelUnknown("there is no model x.", fix="ask for y."))["code"] == "model_not_found"
    assert error_of(CompletionInvalid("n is wrong.", fix="correct it.", param="n"))["param"] == "n"


@pytest.mark.parametrize(("cause", "code"), [("stream.cut", "llm.cut"), ("content.filtered", "content_filter")])
def test_a_break_after_content_says_whether_asking_again_helps(cause: str, code: str) -> None:
    found = completions.cut("first", cause)["error"]
    assert isinstance(found, dict)
    assert found["code"] == code
    assert cause in str(found["message"])
