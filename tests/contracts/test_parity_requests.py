"""The same request on every way: what a client of `/v1` asks for reaches the provider as it is, also through LiteLLM."""

import pytest

from chatsheet.core import loose
from chatsheet.core.loose import JsonObject, JsonValue
from chatsheet.llm import completions
from chatsheet.simulator.brain import Counted, Say
from tests.chain import DIALECTS, Hybrid, settle
from tests.contracts.ways import ask_on, pair, saying

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

HI: list[JsonValue] = [{"role": "user", "content": "Hi"}]
SCHEMA: JsonObject = {
    "type": "object",
    "$defs": {"City": {"type": "string", "enum": ["Bern"], "default": None}},
    "properties": {"city": {"$ref": "#/$defs/City"}, "x": {"anyOf": [{"type": "null"}, {"type": "integer"}]}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL: JsonObject = {
    "type": "function",
    "function": {"name": "run_sql", "description": "d", "strict": True, "parameters": SCHEMA},
}
CALL: JsonObject = {"id": "call_A", "type": "function", "function": {"name": "f", "arguments": '{"a":  1}'}}
FORMAT: JsonObject = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": SCHEMA}}
IMAGE: JsonObject = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
EVERYTHING: JsonObject = {
    "temperature": 0.0,
    "top_p": 0.5,
    "max_tokens": 50,
    "seed": 2**53,
    "n": 1,
    "store": False,
    "user": "u",
    "presence_penalty": 0.1,
    "frequency_penalty": -0.2,
    "logit_bias": {"50256": -100},
    "stop": ["x", "\n"],
    "tools": [TOOL],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "response_format": FORMAT,
    "prediction": {"type": "content", "content": "abc"},
    "reasoning_effort": "low",
    "verbosity": "high",
    "prompt_cache_key": "k",
}


def after(*messages: JsonObject) -> JsonObject:
    """Return a body with these messages after the first."""
    return {"messages": [*HI, *messages]}


RESULT: JsonObject = {"role": "tool", "tool_call_id": "call_A", "content": "r"}
BODIES: dict[str, JsonObject] = {
    "everything": EVERYTHING,
    "the newer limit": {"max_completion_tokens": 50, "stop": "x"},
    "both limits": {"max_completion_tokens": 50, "max_tokens": 40},
    "zeros": {"temperature": 0, "top_p": 0, "presence_penalty": 0, "frequency_penalty": 0, "seed": 0, "logit_bias": {}},
    "empty values": {"tools": [], "stop": [], "user": "", "prompt_cache_key": ""},
    "a tool that must be called": {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "run_sql"}}},
    "any tool": {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": True},
    "no tool": {"tools": [TOOL], "tool_choice": "none"},
    "a tool without parameters": {"tools": [{"type": "function", "function": {"name": "f"}}]},
    "a hundred tools": {"tools": [{"type": "function", "function": {"name": f"f{n}", "parameters": {}}} for n in range(100)]},
    "any JSON": {"response_format": {"type": "json_object"}},
    "plain text": {"response_format": {"type": "text"}},
    "no effort": {"reasoning_effort": "none"},
    "the least effort": {"reasoning_effort": "minimal"},
    "all effort": {"reasoning_effort": "xhigh"},
    "instructions, also late ones": after({"role": "system", "content": "S"}, {"role": "user", "name": "bob", "content": "x"}),
    "whitespace and signs": after(
        {"role": "assistant", "content": "  e\u0301 \n"}, {"role": "user", "content": "\u2028\x00<s>{x} "}
    ),
    "parts": after({"role": "user", "content": [{"type": "text", "text": ""}, IMAGE, {"type": "text", "text": "see"}]}),
    "words that were empty": after({"role": "assistant", "content": ""}, {"role": "user", "content": ""}),
    "a tool's result": after({"role": "assistant", "tool_calls": [CALL]}, RESULT),
    "text and a tool's result": after(
        {"role": "assistant", "content": "So", "tool_calls": [CALL, {**CALL, "id": "c2"}]}, RESULT
    ),
    "an unknown field of a message": after({"role": "user", "content": "x", "cache_control": {"type": "ephemeral"}}),
}


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid) -> None:
    await settle(hybrid)


def sent_by_client(body: JsonObject) -> completions.Completion:
    """Return what the door makes of a client's body."""
    return completions.read(loose.dumps({"messages": HI, **body}).encode(), model="")


def test_every_field_that_the_door_takes_is_sent() -> None:
    sent = {name for body in BODIES.values() for name in body}
    assert sent == set(completions.Completion.__struct_fields__) - {"model", "stream", "stream_options"}


@pytest.mark.parametrize(
    "body",
    [
        *(pytest.param(body, id=name) for name, body in BODIES.items()),
        pytest.param({"tool_choice": "none"}, id="a choice without tools"),
        pytest.param(after({"role": "developer", "content": "D"}), id="a developer's instructions"),
        pytest.param(after({"role": "assistant", "content": None, "tool_calls": [CALL]}, RESULT), id="no text"),
        pytest.param(after({"role": "assistant", "content": None, "refusal": "No."}), id="a refusal"),
        pytest.param(after({**RESULT, "content": [IMAGE]}), id="a tool's image"),
    ],
)
async def test_a_request_reaches_the_provider_as_it_is_on_every_way(hybrid: Hybrid, body: JsonObject) -> None:
    request = sent_by_client(body).request()
    wanted = {**request.body, "model": "gpt-4o", "stream": True, "stream_options": {"include_usage": True}}
    for served in DIALECTS:
        for way in pair(served):
            with saying(hybrid, Say("Yes."), Counted(1, 1)) as brain:
                await ask_on(hybrid, way, request)
            assert brain.bodies == [wanted], str(way)


@pytest.mark.parametrize("served", DIALECTS)
async def test_the_provider_sees_the_same_headers_whether_litellm_lies_between_or_not(hybrid: Hybrid, served: str) -> None:
    seen = hybrid.wire.simulator.state.requests
    seen.clear()
    for way in pair(served):
        with saying(hybrid, Say("Yes."), Counted(1, 1)):
            await ask_on(hybrid, way)
    through, directly = seen
    assert through == directly
    assert not any(
        "litellm" in str(name).lower() or "chatsheet" in str(name).lower() for name in loose.array(through["headers"])
    )
