"""The obliging brain does what probes ask of a model: a word, a tool call, JSON of a schema."""

from contextlib import aclosing

import pytest
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from chatsheet.simulator.brains.obliging import ObligingBrain, fitting
from tests.harness import Wire
from tests.simulator.test_azure_wire import ask

pytestmark = pytest.mark.anyio

WORD: JsonValue = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
TOOL: JsonValue = {"type": "function", "function": {"name": "say", "parameters": WORD}}
OTHER: JsonValue = {"type": "function", "function": {"name": "other", "parameters": {}}}


async def reply(**more: JsonValue) -> list[Piece]:
    """Return one reply's pieces."""
    body: dict[str, object] = {"messages": [{"role": "user", "content": "Hi"}], **more}
    async with aclosing(ObligingBrain().reply("any", body)) as pieces:
        return [piece async for piece in pieces]


async def test_a_plain_request_is_answered_with_one_word_and_counted() -> None:
    said, counted = await reply()
    assert said == Say("ok")
    assert isinstance(counted, Counted)
    assert counted.output_tokens == 1


async def test_a_request_with_tools_is_answered_by_a_call_of_the_first_one() -> None:
    call, _ = await reply(tools=[TOOL, OTHER])
    assert call == Call(0, "call_say", "say", '{"word":"ok"}')


async def test_the_tool_that_is_chosen_is_called() -> None:
    call, _ = await reply(tools=[TOOL, OTHER], tool_choice={"type": "function", "function": {"name": "other"}})
    assert call == Call(0, "call_other", "other", "{}")


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [TOOL], "tool_choice": "none"},
        {"tools": [TOOL], "messages": [{"role": "tool", "content": "1", "tool_call_id": "call_say"}]},
    ],
)
async def test_no_tool_is_called_where_none_may_be_or_it_has_answered(more: dict[str, JsonValue]) -> None:
    assert (await reply(**more))[0] == Say("ok")


async def test_a_response_format_is_kept() -> None:
    schema: JsonValue = {"type": "json_schema", "json_schema": {"name": "word", "schema": WORD}}
    assert (await reply(response_format=schema))[0] == Say('{"word":"ok"}')
    assert (await reply(response_format={"type": "json_object"}))[0] == Say('{"answer":"ok"}')


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 4}, "okkk"),
        ({"type": "string", "maxLength": 1}, "o"),
        ({"type": ["integer", "null"], "minimum": 7}, 7),
        ({"type": "number", "exclusiveMinimum": 3}, 4),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2}, ["a", "a"]),
        ({"anyOf": [{"const": 3}, {"type": "string"}]}, 3),
        ({"$ref": "#/$defs/one", "$defs": {"one": {"type": "string"}}}, "ok"),
        ({"properties": {"optional": {"type": "string"}}}, {"optional": "ok"}),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]}, {"b": "ok"}),
    ],
)
async def test_what_it_writes_fits_the_schema(schema: dict[str, object], value: JsonValue) -> None:
    assert fitting(schema) == value


async def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    child = {"$ref": "#/$defs/tree"}
    tree = {"type": "object", "properties": {"child": child}, "required": ["child"]}
    assert "null" in loose.dumps(fitting({**child, "$defs": {"tree": tree}}))


@pytest.mark.parametrize("stream", [True, False])
async def test_any_deployment_of_the_wire_answers_with_it(wire: Wire, stream: bool) -> None:  # noqa: FBT001
    wire.simulator.brain = ObligingBrain()
    answer = await ask(wire, stream=stream, tools=[TOOL])
    assert b'"finish_reason":"tool_calls"' in answer.body
