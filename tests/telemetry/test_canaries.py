"""Marked words planted wherever text goes into or comes out of a model call are in no span, metric or log record."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core import loose, settings_file
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.settings import Settings, TelemetrySettings
from chatsheet.llm.gateway import Gateway, NoRouteAnswered, RequestRefused
from chatsheet.llm.model import Attempt, ChatRequest, Reply
from chatsheet.telemetry.model_calls import ModelCalls
from chatsheet.telemetry.setup import open_telemetry
from tests.harness import Wire, azure_settings, gateway_for, says, write_settings
from tests.telemetry.rig import CollectorServer, collector
from tests.telemetry.test_collector import close

pytestmark = pytest.mark.anyio

MARK = "CANARY"
REQUEST = ChatRequest(
    {
        "messages": [
            {"role": "system", "content": "system-CANARY"},
            {"role": "user", "content": "question-CANARY about cell-CANARY"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "run_sql", "arguments": '{"sql": "select CANARY"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "result-CANARY"},
        ]
    }
)
CHUNK: dict[str, object] = {
    "id": "chatcmpl-CANARY",
    "model": "gpt-4o",
    "system_fingerprint": "CANARY",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "answer-CANARY"}, "finish_reason": None}],
}
CALL = {"index": 0, "id": "c2", "function": {"name": "tool-CANARY", "arguments": '{"sql": "CANARY"}'}}
CALLS: dict[str, object] = {**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [CALL]}, "finish_reason": None}]}
STOP = {**CHUNK, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]}
ODD_STOP = {**CHUNK, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "because CANARY"}]}


def streamed(*chunks: object, is_done: bool = True) -> str:
    return "".join(f"data: {loose.dumps(chunk)}\n\n" for chunk in chunks) + ("data: [DONE]\n\n" if is_done else "")


SSE = "text/event-stream"
ANSWERS: dict[str, tuple[int, str, str]] = {
    "answer": (200, SSE, streamed(CHUNK, STOP)),
    "tool call": (200, SSE, streamed(CALLS, STOP)),
    "odd finish reason": (200, SSE, streamed(CHUNK, ODD_STOP)),
    "cut": (200, SSE, streamed(CHUNK, is_done=False)),
    "error in the stream": (200, SSE, streamed({"error": {"message": "CANARY", "code": "CANARY"}})),
    "malformed": (200, SSE, "data: {CANARY\n\n"),
    "bad request": (400, "application/json", '{"error": {"message": "your prompt CANARY is bad", "code": "CANARY"}}'),
    "filtered": (400, "application/json", '{"error": {"code": "content_filter", "message": "CANARY"}}'),
    "wrong key": (401, "application/json", '{"error": {"message": "Incorrect API key provided: sk-CANARY"}}'),
    "broken": (500, "text/plain", "Traceback: ValueError('CANARY')"),
    "sign-in page": (200, "text/html", "<html>CANARY</html>"),
}


@asynccontextmanager
async def leaky(status: int, kind: str, body: str) -> AsyncGenerator[str, None]:
    """Serve one answer that repeats what nobody may repeat, also in its headers; yield its address, marked too."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        marked = {"x-echo": "CANARY", "x-request-id": "5b0f", "Content-Type": kind}
        return web.Response(status=status, body=body.encode(), headers=marked)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/path-CANARY/v1"
    finally:
        await runner.cleanup()


async def told(gateway: Gateway, calls: ModelCalls) -> None:
    """Call once; the gateway tells of it, and what it would tell elsewhere is told by hand."""
    reply, error = None, None
    try:
        reply = await gateway.complete(REQUEST)
    except (NoRouteAnswered, RequestRefused) as caught:
        error = caught
    attempt = (reply.trail if reply else error.trail if error else NoRouteAnswered.trail).attempts[0]
    tell(calls, attempt, reply, error)


def tell(calls: ModelCalls, attempt: Attempt, reply: Reply | None, error: ChatSheetError | None) -> None:
    """Tell the rest; where a code belongs, text is tried as well."""
    text = f"{error} {reply.text if reply else ''} CANARY"
    for cause in (attempt.cause or "unknown", text):
        calls.fallback(route="first", to="second", cause=cause)
        calls.restarted(route="first", cause=cause)
        calls.breaker(route="first", deployment="gpt-4o", state="open", cause=cause)
        calls.call(seconds=1, attempts=1, outcome=cause, route="first")


async def leaks(settings: Settings, server: CollectorServer, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return where the mark is found after a call: on the page, at the collector, in the log."""
    caplog.set_level(logging.DEBUG)
    telemetry = open_telemetry(TelemetrySettings(otlp_endpoint=server.url))
    async with gateway_for(settings, telemetry.model_calls) as gateway:
        await told(gateway, telemetry.model_calls)
    page = telemetry.metrics_text() or b""
    await close(telemetry)
    assert set(server.span_names()) == {"chat gpt-4o"}
    assert b"chatsheet_llm_attempts_total" in page
    logged = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    found = {"page": page, "collector": bytes(server.raw), "log": logged.encode()}
    return [where for where, text in found.items() if MARK.lower() in text.decode(errors="replace").lower()]


@pytest.mark.parametrize("answer", ANSWERS)
async def test_nothing_of_a_call_is_told(answer: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Planted in prompt, system text, tool arguments and results, key, address, headers, and in what the server says."""
    async with leaky(*ANSWERS[answer]) as url, collector() as server:
        route = f'[llm.route.first]\nkind = "compatible"\nbase_url = "{url}"\nkey = "{{own}}"\n'
        path = write_settings(tmp_path, f'data = "{tmp_path}"\n[llm]\nroutes = ["first"]\n{route}', {"own": "sk-CANARY"})
        assert await leaks(settings_file.load(path), server, caplog) == []
    assert not any(outcome.startswith("net.") for outcome in server.outcomes()), "the server was reached"


async def test_nothing_of_an_azure_call_is_told(wire: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wire.script("gpt-4o", says("answer-CANARY", expect="result-CANARY"))
    async with collector() as server:
        assert await leaks(azure_settings(tmp_path, wire, "gpt-4o"), server, caplog) == []
    assert server.outcomes() == ["answered"]


async def test_the_search_finds_a_mark_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """So that no test above is green because it looks in the wrong place."""
    caplog.set_level(logging.DEBUG)
    async with collector() as server:
        telemetry = open_telemetry(TelemetrySettings(otlp_endpoint=server.url))
        telemetry.model_calls.attempt(route="CANARY", kind="azure", model="CANARY", server="a", port=1).end(
            cause="",
            status=200,
            seconds=1,
            first_content_s=None,
            response_model="",
            finish_reason="",
            input_tokens=None,
            output_tokens=None,
            cached_tokens=None,
            cost=None,
            proof="direct",
            request_id="",
        )
        page = telemetry.metrics_text() or b""
        await close(telemetry)
        assert MARK.encode() in page
        assert server.span_names() == ["chat CANARY"]
        assert MARK.encode() in server.raw
