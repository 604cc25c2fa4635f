"""The openai SDK on both doors: nobody here wrote it, and it sees one model, whatever route answers."""

import openai
import pytest
from openai import AsyncAzureOpenAI, OpenAI
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from tests.contracts.conftest import Door, calls
from tests.harness import says

pytestmark = pytest.mark.anyio
ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "population", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


class City(BaseModel):
    """What is asked for in a shape."""

    name: str
    people: int


SHAPED = says('{"name": "Bern", "people": 137000}')
BERN = City(name="Bern", people=137_000)


async def test_a_plain_answer_names_the_model_that_gave_it(door: Door) -> None:
    door.script(says("Hi there."))
    async with door.sdk() as client:
        answer = await client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert answer.choices[0].message.content == "Hi there."
    assert answer.model == "one-simulated"
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0


async def test_the_synchronous_client_does_the_same_in_a_thread(door: Door) -> None:
    door.script(says("Hi there."), says("Once more."))

    def work(client: OpenAI) -> list[str]:
        answer = client.chat.completions.create(model="gpt-4o", messages=ASK)
        with client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True) as stream:
            return [answer.choices[0].message.content or "", *(chunk.choices[0].delta.content or "" for chunk in stream)]

    whole, *pieces = await door.in_thread(work)
    assert whole == "Hi there."
    assert "".join(pieces) == "Once more."


async def test_a_stream_ends_with_its_usage(door: Door) -> None:
    door.script(says("one two three"))
    async with door.sdk() as client:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert [c.choices[0].delta.content for c in chunks if c.choices] == ["", "one ", "two ", "three", None]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3


async def test_parallel_tool_calls_come_whole_and_streamed(door: Door) -> None:
    both = calls(("population", {"city": "Bern"}), ("population", {"city": "Basel"}))
    door.script(both, both)
    async with door.sdk() as client:
        answer = await client.chat.completions.create(model="gpt-4o", messages=ASK, tools=[TOOL])
        async with client.chat.completions.stream(model="gpt-4o", messages=ASK, tools=[TOOL]) as stream:
            streamed = await stream.get_final_completion()
    for message in (answer.choices[0].message, streamed.choices[0].message):
        made = [call.function.arguments for call in message.tool_calls or () if call.type == "function"]
        assert made == ['{"city":"Bern"}', '{"city":"Basel"}']
    assert answer.choices[0].finish_reason == streamed.choices[0].finish_reason == "tool_calls"


async def test_tool_results_go_back(door: Door) -> None:
    door.script(calls(("population", {"city": "Bern"})), says("137000.", expect="137000"))
    async with door.sdk() as client:
        asked = await client.chat.completions.create(model="gpt-4o", messages=ASK, tools=[TOOL])
        message = asked.choices[0].message
        call = (message.tool_calls or [])[0]
        history: list[ChatCompletionMessageParam] = [
            *ASK,
            message.to_dict(),  # pyright: ignore[reportAssignmentType]  what the SDK's own guide does
            {"role": "tool", "tool_call_id": call.id, "content": "137000"},
        ]
        answer = await client.chat.completions.create(model="gpt-4o", messages=history, tools=[TOOL])
    assert answer.choices[0].message.content == "137000."


async def test_structured_output_is_parsed_whole_and_streamed(door: Door) -> None:
    door.script(SHAPED, SHAPED)
    async with door.sdk() as client:
        parsed = await client.chat.completions.parse(model="gpt-4o", messages=ASK, response_format=City)
        async with client.chat.completions.stream(model="gpt-4o", messages=ASK, response_format=City) as stream:
            streamed = await stream.get_final_completion()
    assert parsed.choices[0].message.parsed == streamed.choices[0].message.parsed == BERN


async def test_the_models_can_be_listed_and_looked_up(door: Door) -> None:
    async with door.sdk() as client:
        assert [model.id async for model in client.models.list()] == ["gpt-4o"]
        assert (await client.models.retrieve("gpt-4o")).id == "gpt-4o"
        with pytest.raises(openai.NotFoundError) as caught:
            await client.models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_a_dead_first_route_changes_nothing(door: Door, *, is_streamed: bool) -> None:
    door.kill_first(says("one two three"))
    async with door.sdk() as client:
        if is_streamed:
            stream = await client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        else:
            answer = await client.chat.completions.create(model="gpt-4o", messages=ASK)
            text = answer.choices[0].message.content
    assert text == "one two three"


async def test_the_trail_is_in_the_raw_response(door: Door) -> None:
    door.kill_first(says("one"))
    async with door.sdk() as client:
        raw = await client.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASK)
    assert raw.headers["x-chatsheet-trail"].endswith("second=answered")


async def test_the_content_filter_is_a_bad_request(door: Door) -> None:
    door.wire.fault("one", "X1")
    async with door.sdk() as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert (caught.value.code, caught.value.param, caught.value.type) == ("content_filter", "prompt", "invalid_request_error")
    assert "violence" in caught.value.message
    assert door.wire.calls("two") == 0


async def test_the_sdk_does_not_retry_what_the_gateway_has_tried(door: Door) -> None:
    door.wire.fault("one", "A1")
    door.wire.fault("two", "A1")
    async with door.sdk() as client:
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert caught.value.code == "llm.no_route_answered"
    assert caught.value.request_id is not None
    assert (door.wire.calls("one"), door.wire.calls("two")) == (1, 1)


async def read_into(seen: list[str], stream: openai.AsyncStream[ChatCompletionChunk]) -> None:
    async for chunk in stream:
        seen.append(chunk.choices[0].delta.content or "")  # noqa: PERF401  what was seen before the error counts


async def test_a_break_after_content_is_an_error_and_never_a_short_answer(door: Door) -> None:
    door.script(says("one two three four five six"))
    door.wire.fault("one", "cut")
    seen: list[str] = []
    async with door.sdk() as client:
        stream = await client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True)
        with pytest.raises(openai.APIError) as caught:
            await read_into(seen, stream)
    assert "".join(seen) == "one two three "
    assert caught.value.code == "llm.cut"


async def test_a_held_stream_is_whole_though_the_first_route_broke(door: Door) -> None:
    door.script(says("one two three four five six"))
    door.wire.fault("one", "cut")
    door.wire.script("two", says("seven eight"))
    async with door.sdk() as client:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=ASK, stream=True, extra_headers={"x-chatsheet-hold": "answer"}
        )
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "seven eight"


async def test_refused_fields_are_named(door: Door) -> None:
    async with door.sdk() as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="gpt-4o", messages=ASK, logprobs=True)
    assert (caught.value.code, caught.value.param) == ("unknown_parameter", "logprobs")


@pytest.mark.parametrize("door", ["transport"], indirect=True)
async def test_the_sdks_azure_client_runs_on_the_transport(door: Door) -> None:
    door.script(says("Hi there."))
    async with AsyncAzureOpenAI(
        azure_endpoint="http://hybrid", api_version="2024-10-21", api_key="unused", http_client=door.http_async()
    ) as client:
        answer = await client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert answer.choices[0].message.content == "Hi there."


@pytest.mark.parametrize("door", ["http"], indirect=True)
async def test_a_wrong_token_is_an_authentication_error(door: Door) -> None:
    async with door.sdk() as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.with_options(api_key="wrong").chat.completions.create(model="gpt-4o", messages=ASK)
    assert caught.value.code == "request.token_missing"
