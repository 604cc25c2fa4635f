"""`/v1` for OpenAI clients: a declared schema, honest streams, our errors in their envelope."""

import json

import aiohttp
import pytest

from tests.api.conftest import Served
from tests.harness import runs, says

pytestmark = pytest.mark.anyio
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}


async def complete(served: Served, **more: object) -> tuple[int, aiohttp.ClientResponse, str]:
    async with served.client.post("/v1/chat/completions", json={**ASK, **more}) as response:
        return response.status, response, await response.text()


async def test_a_plain_completion_names_the_model_that_answered_and_its_route(served: Served) -> None:
    served.wire.script("gpt-4o", says("Hi there."))
    status, response, text = await complete(served)
    answer = json.loads(text)
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "Hi there."
    assert answer["model"] == "gpt-4o-simulated"
    assert answer["usage"]["total_tokens"] > 0
    assert response.headers["x-chatsheet-trail"] == "first=answered"


async def test_a_stream_ends_properly_and_carries_usage_when_asked(served: Served) -> None:
    served.wire.script("gpt-4o", says("one two three"))
    _, _, text = await complete(served, stream=True, stream_options={"include_usage": True})
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    chunks = [json.loads(line) for line in data[:-1]]
    assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"]) == "one two three"
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


async def test_tool_calls_come_through_in_both_forms(served: Served) -> None:
    tool = {"type": "function", "function": {"name": "run_sql", "parameters": {"type": "object"}}}
    served.wire.script("gpt-4o", runs("SELECT 1"), runs("SELECT 1"))
    _, _, whole = await complete(served, tools=[tool])
    call = json.loads(whole)["choices"][0]["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"])["sql"] == "SELECT 1"
    _, _, text = await complete(served, tools=[tool], stream=True)
    deltas = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    calls = [call for d in deltas for call in d["choices"][0]["delta"].get("tool_calls", [])]
    parts = [call["function"]["arguments"] for call in calls]
    assert json.loads("".join(parts))["sql"] == "SELECT 1"


async def test_a_stream_that_breaks_after_content_ends_in_an_error_and_no_false_end(served: Served) -> None:
    served.wire.script("gpt-4o", says("one two three four five six"))
    served.wire.fault("gpt-4o", "cut")
    _, _, text = await complete(served, stream=True)
    assert '"code":"llm.cut"' in text
    assert "[DONE]" not in text


@pytest.mark.parametrize("field", ["extra_headers", "extra_body", "api_base", "api_key", "metadata", "logprobs", "functions"])
async def test_fields_outside_the_schema_are_refused_by_name(served: Served, field: str) -> None:
    status, _, text = await complete(served, **{field: {"x": "y"}})
    assert status == 400
    assert field in text
    assert served.wire.calls("gpt-4o") == 0


async def test_an_unknown_model_is_refused_with_the_right_name(served: Served) -> None:
    status, _, text = await complete(served, model="gpt-9")
    assert status == 404
    assert "ask for gpt-4o" in text


async def test_a_failed_route_answers_with_its_own_status_even_for_a_stream(served: Served) -> None:
    served.wire.fault("gpt-4o", "A1")
    status, _, text = await complete(served, stream=True)
    assert status == 503
    assert json.loads(text)["error"]["code"] == "llm.no_route_answered"


async def test_the_filter_is_a_refusal_with_its_category(served: Served) -> None:
    served.wire.fault("gpt-4o", "X1")
    status, _, text = await complete(served)
    assert status == 422
    assert "violence" in text


async def test_callers_headers_are_not_forwarded(served: Served) -> None:
    served.wire.script("gpt-4o", says("ok"))
    async with served.client.post("/v1/chat/completions", json=ASK, headers={"x-caller-secret": "1"}) as response:
        assert response.status == 200
    seen = served.wire.simulator.state.requests[-1]["headers"]
    assert isinstance(seen, list)
    assert not any("caller" in str(name).lower() for name in seen)


async def test_the_models_list_has_the_configured_name(served: Served) -> None:
    async with served.client.get("/v1/models") as response:
        assert [entry["id"] for entry in (await response.json())["data"]] == ["gpt-4o"]
