"""One request in, an answer's head and bytes out, for both doors alike."""

import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from chatsheet.llm import door
from chatsheet.llm.door import Call, Head
from chatsheet.llm.gateway import Gateway
from tests.llm.rig import ROUTE, answers, event, gateway_over, head, raw_server

pytestmark = pytest.mark.anyio
SSE = head("200 OK", "text/event-stream")
WHOLE = (SSE, event("one "), event("two"), event(finish="stop"), b"data: [DONE]\n\n")


def asking(**more: object) -> Call:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], **more}
    return Call(method="POST", path="/v1/chat/completions", body=json.dumps(body).encode())


async def answered(call: Call, gateway: Gateway) -> tuple[Head, bytes]:
    """Return the head and the whole body of an answer."""

    async def opened() -> Gateway:
        return gateway

    async with aclosing(door.answer(call, model="gpt-4o", gateway=opened)) as parts:
        first = await anext(parts)
        assert isinstance(first, Head)
        return first, b"".join([part async for part in parts if isinstance(part, bytes)])


async def test_a_whole_answer_says_how_long_it_is() -> None:
    async with raw_server(answers(*WHOLE)) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        first, body = await answered(asking(), gateway)
    assert first.headers["content-type"] == "application/json"
    assert int(first.headers["content-length"]) == len(body)
    assert first.headers["x-chatsheet-trail"] == "first=answered"


async def test_a_stream_has_its_role_first_and_its_end_mark_last() -> None:
    async with raw_server(answers(*WHOLE)) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        first, body = await answered(asking(stream=True), gateway)
    assert first.headers["content-type"] == "text/event-stream"
    assert b'"role":"assistant"' in body.split(b"\n\n")[0]
    assert b'"chatsheet_trail":"first=answered"' in body
    assert body.endswith(b"data: [DONE]\n\n")


async def test_a_gateway_without_routes_is_said_with_its_fix() -> None:
    async with gateway_over() as gateway:
        first, body = await answered(asking(stream=True), gateway)
    assert first.status == 503
    assert json.loads(body)["error"]["code"] == "llm.not_configured"
    assert "chatsheet.toml" in json.loads(body)["error"]["message"]


async def test_a_filter_that_ends_a_stream_is_the_filters_error() -> None:
    filtered = answers(SSE, event("one "), event(finish="content_filter"), b"data: [DONE]\n\n")
    async with raw_server(filtered) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        first, body = await answered(asking(stream=True), gateway)
    assert first.status == 200
    assert b'"content":"one "' in body
    assert b'"code":"content_filter"' in body
    assert b"[DONE]" not in body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 200),
        ("GET", "/openai/models/", 200),
        ("GET", "/v1/models/gpt-4o", 200),
        ("GET", "/v1/models/gpt-9", 404),
        ("POST", "/v1/models", 404),
        ("POST", "/chat/completions/more", 404),
        ("POST", "/v1/responses", 404),
    ],
)
async def test_addresses_are_told_apart_by_how_they_end(method: str, path: str, status: int) -> None:
    async with gateway_over() as gateway:
        first, _ = await answered(Call(method=method, path=path), gateway)
    assert first.status == status
