"""The hybrid over real sockets: whatever the first route does, the second one's whole answer arrives, or a typed error."""

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.core.secret import literal
from chatsheet.llm.gateway import NoRouteAnswered, NotConfigured, RequestRefused
from chatsheet.llm.model import ChatRequest, Finished, Restarted, TextDelta, ToolCall, ToolDelta
from tests.harness import Wire, azure_settings, free_ports, gateway_for, runs, says, start_wire
from tests.llm.rig import (
    ROUTE,
    WHOLE,
    answers,
    event,
    gateway_over,
    head,
    hear,
    raw_server,
)

pytestmark = pytest.mark.anyio

QUICK = "first_content_s = 0.3\nidle_s = 0.3\n"
LONG = "one two three four five six seven"
SECOND = replace(ROUTE, name="second")

FAULTS = {
    "A1": "azure.key_wrong",
    "A2": "azure.token_rejected",
    "A5": "azure.key_auth_disabled",
    "N1": "azure.public_access_disabled",
    "D1": "azure.deployment_not_found",
    "D2": "azure.resource_not_found",
    "D3": "azure.api_version",
    "C1": "azure.rate_limited",
    "C3": "azure.capacity",
    "500": "provider.error",
    "503": "provider.unavailable",
    "reset": "net.reset",
    "silence": "stream.silent",
    "cut": "stream.cut",
    "stall": "stream.stalled",
    "S1": "stream.cut",
    "S2": "stream.empty",
}


@pytest.mark.parametrize(("fault", "cause"), FAULTS.items())
async def test_the_second_route_answers_whatever_the_first_one_does(wire: Wire, tmp_path: Path, fault: str, cause: str) -> None:
    wire.script("broken", says(LONG))
    wire.script("gpt-4o", says("whole answer"))
    wire.fault("broken", fault)
    async with gateway_for(azure_settings(tmp_path, wire, "broken", "gpt-4o", more=QUICK)) as gateway:
        heard = await hear(gateway)
    assert heard.text == "whole answer"
    assert heard.causes == [cause, None]
    assert wire.calls("broken") == wire.calls("gpt-4o") == 1


@pytest.mark.parametrize("fault", ["cut", "stall", "S1"])
async def test_what_was_shown_of_a_dead_route_is_taken_back_before_the_next_one_speaks(
    wire: Wire, tmp_path: Path, fault: str
) -> None:
    wire.script("broken", says(LONG))
    wire.script("gpt-4o", says("whole answer"))
    wire.fault("broken", fault)
    async with gateway_for(azure_settings(tmp_path, wire, "broken", "gpt-4o", more=QUICK)) as gateway:
        events = (await hear(gateway)).events
    restart = next(i for i, one in enumerate(events) if isinstance(one, Restarted))
    assert events[:restart] == [TextDelta("one "), TextDelta("two "), TextDelta("three ")]
    assert events[restart + 1 : -1] == [TextDelta("whole "), TextDelta("answer")]


async def test_nothing_is_taken_back_where_nothing_was_shown(wire: Wire, tmp_path: Path) -> None:
    wire.fault("broken", "A1")
    wire.script("gpt-4o", says("fine"))
    async with gateway_for(azure_settings(tmp_path, wire, "broken", "gpt-4o")) as gateway:
        assert not any(isinstance(one, Restarted) for one in (await hear(gateway)).events)


async def test_a_filtered_prompt_is_refused_with_its_category_and_goes_nowhere_else(wire: Wire, tmp_path: Path) -> None:
    wire.fault("broken", "X1")
    wire.script("gpt-4o", says("never"))
    async with gateway_for(azure_settings(tmp_path, wire, "broken", "gpt-4o")) as gateway:
        heard = await hear(gateway)
    assert isinstance(heard.error, RequestRefused)
    assert "violence" in heard.error.what
    assert heard.causes == ["content.filtered"]
    assert wire.calls("gpt-4o") == 0


@pytest.mark.parametrize("fault", ["silence", "stall"])
@pytest.mark.flaky(reruns=3)
async def test_a_hanging_route_ends_in_a_typed_error_by_the_deadline(wire: Wire, tmp_path: Path, fault: str) -> None:
    wire.script("broken", says(LONG))
    wire.fault("broken", fault)
    settings = azure_settings(tmp_path, wire, "broken", more="deadline_s = 0.4\nfirst_content_s = 9\nidle_s = 9\n")
    async with gateway_for(settings) as gateway:
        started = time.monotonic()
        heard = await hear(gateway)
        took_s = time.monotonic() - started
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.causes == ["deadline.exceeded"]
    assert 0.4 <= took_s < 0.65


@pytest.mark.flaky(reruns=3)
async def test_the_deadline_covers_all_routes_together(wire: Wire, tmp_path: Path) -> None:
    for deployment in ("one", "two", "three"):
        wire.fault(deployment, "silence")
    settings = azure_settings(tmp_path, wire, "one", "two", "three", more="deadline_s = 2\nfirst_content_s = 1.2\n")
    async with gateway_for(settings) as gateway:
        started = time.monotonic()
        heard = await hear(gateway)
        took_s = time.monotonic() - started
    assert heard.causes == ["stream.silent", "stream.silent", "deadline.exceeded"]
    assert took_s < 3.4  # the three of them one after the other would take 3.6


async def test_an_errors_body_that_never_ends_does_not_outlive_the_deadline() -> None:
    play = answers(head("500 Internal Server Error", "application/json", 1000))
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url), deadline_s=0.4) as gateway:
        async with asyncio.timeout(2):
            heard = await hear(gateway)
    assert isinstance(heard.error, NoRouteAnswered)


async def test_an_errors_body_in_two_packets_is_read_to_its_end() -> None:
    body = b'{"error":{"code":"403","message":"Public access is disabled. Please configure private endpoint."}}'

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("403 Forbidden", "application/json", len(body)) + body[:20])
        await writer.drain()
        try:
            await asyncio.wait_for(reader.read(), 0.2)  # a client that leaves now has read half of it
        except TimeoutError:
            writer.write(body[20:])

    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        assert (await hear(gateway)).causes == ["azure.public_access_disabled"]


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8"])
async def test_a_sign_in_page_that_says_200_is_named(content_type: str) -> None:
    """N12: a captive portal answers every address with its page."""
    page = b"<!DOCTYPE html><html>\n\n<title>Sign in</title></html>"
    play = answers(head("200 OK", content_type) + page, ends=True)
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        assert (await hear(gateway)).causes == ["provider.not_json"]


@pytest.mark.parametrize(
    ("stream", "cause"),
    [
        (event("Hi") + event(finish="stop"), "stream.cut"),
        (event("Hi") + b"data: [DONE]\n\n", "stream.cut"),
        (b"", "stream.cut"),
        (event(finish="stop") + b"data: [DONE]\n\n", "stream.empty"),
        (event("Hi") + b"data: {broken\n\n", "stream.malformed"),
        (event("Hi") + b'data: {"error":{"message":"Traceback canary"}}\n\n', "stream.error"),
        (event("Hi") + event(finish="content_filter") + b"data: [DONE]\n\n", "content.filtered"),
    ],
    ids=["no end mark", "no finish reason", "nothing", "no content", "malformed", "error in band", "filtered"],
)
async def test_a_stream_that_is_not_whole_is_not_an_answer(stream: bytes, cause: str) -> None:
    play = answers(head("200 OK", "text/event-stream") + stream, ends=True)
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        heard = await hear(gateway)
    assert set(heard.causes) == {cause}
    assert "canary" not in f"{heard.error!s}{heard.trail!r}"


async def test_a_whole_answer_may_come_byte_by_byte() -> None:
    play = answers(*(bytes([byte]) for byte in WHOLE), ends=True)
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        assert (await hear(gateway)).text == "Hi"


async def test_a_whole_answer_with_an_end_mark_needs_no_closed_connection() -> None:
    route = replace(ROUTE, idle_s=0.3)
    async with raw_server(answers(WHOLE)) as server, gateway_over(replace(route, url=server.url)) as gateway:
        assert (await hear(gateway)).text == "Hi"


async def test_a_port_that_nobody_listens_on_is_refused() -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}/v1"
    async with gateway_over(replace(ROUTE, url=url), replace(SECOND, url=url, kind="litellm")) as gateway:
        heard = await hear(gateway)
    assert isinstance(heard.error, NoRouteAnswered)
    assert heard.causes == ["net.refused", "litellm.down"]


async def test_without_routes_the_error_says_how_to_get_one() -> None:
    async with gateway_over() as gateway:
        with pytest.raises(NotConfigured):
            await gateway.complete(ChatRequest({}))


async def test_tool_calls_arrive_whole(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", runs("SELECT 1"))
    async with gateway_for(azure_settings(tmp_path, wire, "gpt-4o")) as gateway:
        heard = await hear(gateway)
    last = heard.events[-1]
    assert isinstance(last, Finished)
    assert last.reply.tool_calls == (
        ToolCall(id="call_gpt-4o_0", name="run_sql", arguments='{"purpose":"test","sql":"SELECT 1"}'),
    )
    assert last.reply.finish_reason == "tool_calls"
    assert [type(one) for one in heard.events[:-1]] == [ToolDelta, ToolDelta]


async def test_the_reply_says_model_usage_route_and_proof(wire: Wire, tmp_path: Path) -> None:
    wire.script("gpt-4o", says("one two"))
    async with gateway_for(azure_settings(tmp_path, wire, "gpt-4o")) as gateway:
        reply = await gateway.complete(ChatRequest({"messages": [{"role": "user", "content": "Hi"}]}))
    attempt = reply.trail.attempts[0]
    assert (reply.text, reply.model, reply.route) == ("one two", "gpt-4o-simulated", "first")
    assert reply.usage.output_tokens == 2
    assert (attempt.cause, attempt.proof, attempt.status) == (None, "direct", 200)
    assert attempt.request_id is not None
    assert attempt.first_content_ms is not None
    assert attempt.first_content_ms <= attempt.milliseconds


async def test_a_client_that_leaves_closes_the_connection_to_the_model() -> None:
    play = answers(head("200 OK", "text/event-stream") + event("Hi"))
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        async with aclosing(gateway.stream(ChatRequest({}))) as events:
            assert await anext(events) == TextDelta("Hi")
        async with asyncio.timeout(1):
            await server.left.wait()


async def test_a_cancelled_request_closes_the_connection_to_the_model() -> None:
    reached = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader, writer
        reached.set()

    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        request = asyncio.ensure_future(hear(gateway))
        await reached.wait()
        request.cancel()
        async with asyncio.timeout(1):
            await server.left.wait()
        with pytest.raises(asyncio.CancelledError):
            await request


@pytest.mark.parametrize("fault", ["reset", "silence", "cut", "stall", "S1", "A1"])
async def test_nothing_runs_on_after_an_answer(tmp_path: Path, fault: str) -> None:
    before = asyncio.all_tasks()
    async with start_wire() as wire:
        wire.script("broken", says(LONG))
        wire.script("gpt-4o", says("fine"))
        wire.fault("broken", fault)
        async with gateway_for(azure_settings(tmp_path, wire, "broken", "gpt-4o", more=QUICK)) as gateway:
            await hear(gateway)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == set()


@pytest.mark.parametrize("fault", ["A1", "X1", "500", "cut", "S2"])
async def test_neither_key_nor_prompt_leaves_in_trails_errors_or_logs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    request = ChatRequest({"messages": [{"role": "user", "content": "prompt-canary"}]})
    async with start_wire(key="key-canary") as wire:
        wire.script("broken", says(LONG))
        wire.fault("broken", fault)
        async with gateway_for(azure_settings(tmp_path, wire, "broken")) as gateway:
            heard = await hear(gateway, request)
            said = f"{heard.error!r} {heard.error!s} {heard.trail!r} {heard.trail.line()} {gateway.plan!r} {caplog.text}"
    assert heard.error is not None
    assert "key-canary" not in said + heard.error.line()
    assert "prompt-canary" not in said + heard.error.line()


async def test_what_a_provider_echoes_stays_out_of_the_error() -> None:
    body = b'{"error":{"code":"invalid_request","message":"bad prompt: echo-canary"}}'
    play = answers(head("400 Bad Request", "application/json", len(body)) + body)
    async with raw_server(play) as server, gateway_over(replace(ROUTE, url=server.url)) as gateway:
        heard = await hear(gateway)
    assert heard.error is not None
    assert "echo-canary" not in f"{heard.error!r}{heard.error.line()}{heard.trail!r}"


async def test_a_key_that_no_header_can_carry_ends_as_a_typed_error() -> None:
    route = replace(ROUTE, key=literal("two\nlines"))
    async with raw_server(answers(WHOLE)) as server, gateway_over(replace(route, url=server.url)) as gateway:
        assert isinstance((await hear(gateway)).error, NoRouteAnswered)
