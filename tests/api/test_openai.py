"""`/v1` for OpenAI clients: a declared schema, honest streams, our errors in their envelope, and no work for who has left."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatsheet.api.closed import Keys
from chatsheet.core import settings_file
from chatsheet.wiring import open_services
from tests.api.conftest import Served, start_server
from tests.harness import runs, says, write_settings
from tests.llm.rig import RawServer, answers, event, head, raw_server

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
    assert response.headers["x-request-id"].startswith("req_")


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
    assert '"content":"one "' in text
    assert '"code":"llm.cut"' in text
    assert "[DONE]" not in text


async def test_a_held_stream_that_breaks_has_its_own_status_instead(served: Served) -> None:
    served.wire.script("gpt-4o", says("one two three four five six"))
    served.wire.fault("gpt-4o", "cut")
    async with served.client.post(
        "/v1/chat/completions", json={**ASK, "stream": True}, headers={"x-chatsheet-hold": "answer"}
    ) as response:
        assert response.status == 503
        assert response.headers["x-chatsheet-trail"].startswith("first=stream.cut")


async def test_a_held_stream_is_delivered_whole(served: Served) -> None:
    served.wire.script("gpt-4o", says("one two three"))
    async with served.client.post(
        "/v1/chat/completions", json={**ASK, "stream": True}, headers={"x-chatsheet-hold": "answer"}
    ) as response:
        text = await response.text()
        assert response.headers["x-chatsheet-trail"] == "first=answered"
    assert '"content":"one two three"' in text
    assert text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("field", ["extra_headers", "extra_body", "api_base", "api_key", "metadata", "logprobs", "functions"])
async def test_fields_outside_the_schema_are_refused_by_name(served: Served, field: str) -> None:
    status, _, text = await complete(served, **{field: {"x": "y"}})
    assert status == 400
    assert field in text
    assert served.wire.calls("gpt-4o") == 0


async def test_an_unknown_model_is_refused_with_the_right_name(served: Served) -> None:
    status, _, text = await complete(served, model="gpt-9")
    assert status == 404
    assert "Ask for gpt-4o" in text


async def test_a_failed_route_answers_with_its_own_status_even_for_a_stream(served: Served) -> None:
    served.wire.fault("gpt-4o", "A1")
    status, _, text = await complete(served, stream=True)
    assert status == 503
    assert json.loads(text)["error"]["code"] == "llm.no_route_answered"


async def test_a_failed_request_says_which_routes_failed_and_that_a_retry_is_in_vain(served: Served) -> None:
    served.wire.fault("gpt-4o", "A1")
    _, response, _ = await complete(served)
    assert response.headers["x-chatsheet-trail"] == "first=azure.key_wrong"
    assert response.headers["x-should-retry"] == "false"


async def test_the_filter_is_a_refusal_with_its_category(served: Served) -> None:
    served.wire.fault("gpt-4o", "X1")
    status, _, text = await complete(served)
    error = json.loads(text)["error"]
    assert (status, error["code"], error["param"]) == (400, "content_filter", "prompt")
    assert "violence" in error["message"]


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


async def test_one_model_is_found_and_another_is_not(served: Served) -> None:
    async with served.client.get("/v1/models/gpt-4o") as found, served.client.get("/v1/models/gpt-9") as other:
        assert (await found.json())["id"] == "gpt-4o"
        assert (other.status, (await other.json())["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/embeddings"), ("GET", "/v1/chat/completions"), ("PUT", "/v1/x")])
async def test_other_addresses_under_v1_say_what_is_there(served: Served, method: str, path: str) -> None:
    async with served.client.request(method, path, json={}) as response:
        assert response.status == 404
        assert "chat/completions" in (await response.json())["error"]["message"]


# ── clients that leave ──

BEGUN = answers(head("200 OK", "text/event-stream"), event("one "))


@asynccontextmanager
async def served_over(folder: Path, upstream: RawServer) -> AsyncGenerator[str, None]:
    """Serve the application over a route to this server and yield its address."""
    address = f"http://127.0.0.1:{upstream.port}"
    text = f"""data = '{folder}'
[llm]
routes = ["first"]
[llm.route.first]
kind = "azure"
endpoint = "{address}"
deployment = "gpt-4o"
key = "{{azure}}"
"""
    settings = settings_file.load(write_settings(folder, text, {"azure": "sk-test"}))
    async with open_services(settings) as services, start_server(services, Keys(token="cs-test")) as url:
        yield url


async def ask_raw(url: str, **more: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request over a bare socket."""
    host = url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    body = json.dumps({**ASK, **more}).encode()
    lines = f"host: {host}\r\nauthorization: Bearer cs-test\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n\r\n".encode() + body)
    await writer.drain()
    return reader, writer


async def seconds_until_left(upstream: RawServer, writer: asyncio.StreamWriter) -> float:
    """Close the client's socket and return how long the upstream call lived on."""
    started = time.monotonic()
    writer.close()
    async with asyncio.timeout(5):
        await upstream.left.wait()
    return time.monotonic() - started


@pytest.mark.flaky(reruns=3)
async def test_a_client_that_leaves_a_stream_ends_the_upstream_call(tmp_path: Path) -> None:
    async with raw_server(BEGUN) as upstream, served_over(tmp_path, upstream) as url:
        reader, writer = await ask_raw(url, stream=True)
        await reader.readuntil(b'"content":"one "')
        assert await seconds_until_left(upstream, writer) < 0.1


@pytest.mark.parametrize("more", [{"stream": True}, {}])
@pytest.mark.flaky(reruns=3)
async def test_a_client_that_leaves_before_any_answer_ends_the_upstream_call(tmp_path: Path, more: dict[str, object]) -> None:
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader, writer
        asked.set()

    async with raw_server(silent) as upstream, served_over(tmp_path, upstream) as url:
        _, writer = await ask_raw(url, **more)
        await asked.wait()
        assert await seconds_until_left(upstream, writer) < 0.1


@pytest.mark.flaky(reruns=3)
async def test_a_client_that_leaves_a_whole_answer_half_way_ends_the_upstream_call(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await BEGUN(reader, writer)
        begun.set()

    async with raw_server(play) as upstream, served_over(tmp_path, upstream) as url:
        _, writer = await ask_raw(url)
        await begun.wait()
        assert await seconds_until_left(upstream, writer) < 0.1
