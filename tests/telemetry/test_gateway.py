"""What the gateway tells of a call: one span per attempt, the detour, the breaker, and a trace that goes on upstream."""

import asyncio
import re
from dataclasses import replace

import pytest

from chatsheet.llm import breaker
from chatsheet.llm.routes import Price
from tests.llm.rig import ROUTE, WHOLE, FixedRecords, Play, answers, gateway_over, hear, raw_server
from tests.llm.stage import refuses
from tests.telemetry.rig import Seen

pytestmark = pytest.mark.anyio

KEY_WRONG = refuses(401, "Access denied due to invalid subscription key")
SECOND = replace(ROUTE, name="second")


async def traceparent_of(play: Play, **changes: object) -> tuple[Seen, str]:
    """Call one route, and return what was told and the trace header that its server saw."""
    seen, requests = Seen(), list[bytes]()
    whole: dict[str, object] = {"route": "azure", "end": "complete", "status": 200, "finish_reason": "stop"}
    async with raw_server(play, requests) as server:
        route = replace(ROUTE, url=server.url, **changes)
        async with gateway_over(route, records=FixedRecords(whole), telemetry=seen.calls) as gateway:
            await hear(gateway)
    found = re.search(rb"traceparent: (\S+)", requests[0])
    return seen, found[1].decode() if found else ""


@pytest.mark.parametrize(("kind", "is_ours"), [("azure", False), ("litellm", True), ("litellm", False)])
async def test_the_trace_goes_on_at_the_server_litellm_too(kind: str, is_ours: bool) -> None:  # noqa: FBT001
    seen, header = await traceparent_of(answers(WHOLE, ends=True), kind=kind, is_ours=is_ours)
    (span,) = seen.exporter.get_finished_spans()
    context = span.get_span_context()
    assert context is not None
    assert header.startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


async def test_each_attempt_is_a_span_with_its_cause() -> None:
    seen = Seen()
    async with raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        routes = replace(ROUTE, url=dead.url), replace(SECOND, url=good.url)
        async with gateway_over(*routes, telemetry=seen.calls) as gateway:
            await hear(gateway)
    told = [dict(span.attributes or {}) for span in seen.exporter.get_finished_spans()]
    assert [one.get("error.type") for one in told] == ["azure.key_wrong", None]
    assert told[0]["http.response.status_code"] == 401


async def test_detour_breaker_and_price_are_counted() -> None:
    seen = Seen()
    async with raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        routes = replace(ROUTE, url=dead.url), replace(SECOND, url=good.url, price=Price(input=1, cached=1, output=1))
        async with gateway_over(*routes, telemetry=seen.calls) as gateway:
            await hear(gateway)
        names = set(seen.metrics())
    assert {"chatsheet.llm.fallbacks", "chatsheet.llm.breaker", "chatsheet.llm.unpriced_calls"} <= names


async def test_a_probe_is_a_span_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "PERMANENT_EVERY_S", 0.01)
    seen = Seen()

    def failed() -> int:
        return sum("error.type" in dict(span.attributes or {}) for span in seen.exporter.get_finished_spans())

    async with raw_server(KEY_WRONG) as dead, raw_server(answers(WHOLE, ends=True)) as good:
        routes = replace(ROUTE, url=dead.url), replace(SECOND, url=good.url)
        async with gateway_over(*routes, telemetry=seen.calls) as gateway, asyncio.timeout(5):
            await hear(gateway)
            while failed() < 2:
                await hear(gateway)
