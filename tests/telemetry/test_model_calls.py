"""Spans and metrics of model calls as the real SDK collects them."""

import time

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Sum
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chatsheet.telemetry.model_calls import ModelCalls
from tests.telemetry.rig import Seen, end, fail, labelled, start

COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "azure.ai.openai",
    "gen_ai.request.model": "gpt-4o",
    "chatsheet.llm.route": "azure",
}
WHERE = {"server.address": "my.openai.azure.com", "server.port": 443}
ANSWERED_BY = {"gen_ai.response.model": "gpt-4o-2024-08-06"}


def test_a_good_attempt_is_one_client_span_with_the_conventions_names() -> None:
    seen = Seen()
    end(start(seen.calls))
    (span,) = seen.exporter.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == ("chat gpt-4o", SpanKind.CLIENT, StatusCode.UNSET)
    assert seen.attributes() == {
        **COMMON,
        **WHERE,
        **ANSWERED_BY,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 100,
        "http.response.status_code": 200,
        "chatsheet.llm.proof": "direct",
        "chatsheet.llm.cost": 0.002,
        "chatsheet.llm.request_id": "5b0f-11",
    }


def test_a_failed_attempt_carries_its_cause_and_no_description() -> None:
    seen = Seen()
    fail(start(seen.calls), cause="azure.key_wrong", status=401)
    (span,) = seen.exporter.get_finished_spans()
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    told = {"error.type": "azure.key_wrong", "http.response.status_code": 401, "chatsheet.llm.proof": "direct"}
    assert seen.attributes() == {**COMMON, **WHERE, **told}


@pytest.mark.parametrize(
    ("kind", "provider"),
    [("azure", "azure.ai.openai"), ("openai", "openai"), ("compatible", "openai"), ("litellm", "litellm"), ("?", "_OTHER")],
)
def test_the_provider_is_named_by_the_kind_of_route(kind: str, provider: str) -> None:
    seen = Seen()
    end(start(seen.calls, kind=kind))
    assert seen.attributes()["gen_ai.provider.name"] == provider


def test_a_second_end_counts_nothing() -> None:
    seen = Seen()
    span = start(seen.calls)
    end(span)
    fail(span, cause="stream.cut")
    assert len(seen.exporter.get_finished_spans()) == 1
    assert seen.numbers("chatsheet.llm.attempts")[0][1] == 1


@pytest.mark.parametrize(
    ("name", "unit", "total", "attributes"),
    [
        ("gen_ai.client.operation.duration", "s", 1.5, {**COMMON, **WHERE, **ANSWERED_BY}),
        ("gen_ai.client.operation.time_to_first_chunk", "s", 0.25, {**COMMON, **ANSWERED_BY}),
        ("chatsheet.llm.call.duration", "s", 2.5, {"chatsheet.llm.route": "azure", "chatsheet.llm.outcome": "answered"}),
        ("chatsheet.llm.call.attempts", "{attempt}", 2, {"chatsheet.llm.route": "azure", "chatsheet.llm.outcome": "answered"}),
    ],
)
def test_each_histogram_has_its_unit_and_attributes(name: str, unit: str, total: float, attributes: dict[str, object]) -> None:
    seen = Seen()
    end(start(seen.calls))
    seen.calls.call(seconds=2.5, attempts=2, outcome="answered", route="azure")
    metric, point = seen.metrics()[name], seen.histogram(name)
    assert (metric.unit, point.sum, dict(point.attributes or {})) == (unit, total, attributes)


def test_durations_resolve_a_millisecond_and_go_beyond_the_conventions_last_bucket() -> None:
    seen = Seen()
    end(start(seen.calls), seconds=180, first_content_s=0.0008)
    bounds = seen.histogram("gen_ai.client.operation.duration").explicit_bounds
    conventions = [0.01 * 2**power for power in range(14)]
    assert set(conventions) <= {round(bound, 2) for bound in bounds}
    assert bounds[0] == 0.001
    assert seen.histogram("gen_ai.client.operation.time_to_first_chunk").bucket_counts[0] == 1
    assert seen.histogram("gen_ai.client.operation.duration").bucket_counts[-1] == 0, "three minutes have a bucket"


def test_tokens_are_counted_by_type_and_cached_ones_on_their_own() -> None:
    seen = Seen()
    end(start(seen.calls))
    points = {
        (p.attributes or {})["gen_ai.token.type"]: p for p in seen.metrics()["gen_ai.client.token.usage"].data.data_points
    }
    assert set(points) == {"input", "output"}
    assert seen.metrics()["gen_ai.client.token.usage"].unit == "{token}"
    cached = {"chatsheet.llm.route": "azure", "gen_ai.request.model": "gpt-4o"}
    assert seen.numbers("chatsheet.llm.cached_tokens") == [(cached, 100)]


def test_a_failed_attempt_has_its_cause_on_the_duration_and_no_tokens() -> None:
    seen = Seen()
    fail(start(seen.calls), cause="net.refused")
    point = seen.histogram("gen_ai.client.operation.duration")
    assert dict(point.attributes or {}) == {**COMMON, **WHERE, "error.type": "net.refused"}
    assert "gen_ai.client.token.usage" not in seen.metrics()
    assert labelled(seen.numbers("chatsheet.llm.attempts"), chatsheet_llm_outcome="net.refused") == 1


def test_an_unknown_price_is_counted_and_never_a_cost_of_zero() -> None:
    seen = Seen()
    end(start(seen.calls), cost=None)
    end(start(seen.calls), cost=0.5)
    end(start(seen.calls), cost=0.0)
    fail(start(seen.calls), cause="stream.cut", first_content_s=0.2)
    fail(start(seen.calls), cause="net.refused")
    assert [value for _, value in seen.numbers("chatsheet.llm.unpriced_calls")] == [2]
    assert [value for _, value in seen.numbers("chatsheet.llm.cost")] == [0.5]
    assert "chatsheet.llm.cost" not in dict(seen.exporter.get_finished_spans()[0].attributes or {})


def test_a_process_that_knows_no_price_has_no_cost_metric_at_all() -> None:
    seen = Seen()
    end(start(seen.calls), cost=None)
    assert "chatsheet.llm.cost" not in seen.metrics()


def test_fallbacks_and_restarts_are_counted_by_cause() -> None:
    seen = Seen()
    for _ in range(2):
        seen.calls.fallback(route="litellm", to="azure", cause="litellm.down")
    seen.calls.restarted(route="litellm", cause="stream.cut")
    fallen = {"chatsheet.llm.route": "litellm", "chatsheet.llm.to_route": "azure", "error.type": "litellm.down"}
    assert seen.numbers("chatsheet.llm.fallbacks") == [(fallen, 2)]
    assert labelled(seen.numbers("chatsheet.llm.restarts"), error_type="stream.cut") == 1
    data = seen.metrics()["chatsheet.llm.fallbacks"].data
    assert isinstance(data, Sum)
    assert data.is_monotonic
    assert data.aggregation_temporality is AggregationTemporality.CUMULATIVE


def test_a_breaker_is_in_exactly_one_state() -> None:
    seen = Seen()
    seen.calls.breaker(route="azure", deployment="gpt-4o", state="open", cause="azure.capacity")
    for _ in range(2):
        seen.calls.breaker(route="azure", deployment="gpt-4o", state="half_open", cause="")
    assert isinstance(seen.metrics()["chatsheet.llm.breaker"].data, Gauge)
    now = {at["chatsheet.llm.breaker.state"]: value for at, value in seen.numbers("chatsheet.llm.breaker")}
    assert now == {"closed": 0, "half_open": 1, "open": 0}
    changes = seen.numbers("chatsheet.llm.breaker.transitions")
    assert labelled(changes, chatsheet_llm_breaker_state="open", error_type="azure.capacity") == 1
    assert labelled(changes, chatsheet_llm_breaker_state="half_open", error_type="") == 1


def test_a_breaker_is_visible_before_it_ever_opens() -> None:
    seen = Seen()
    seen.calls.breaker(route="azure", deployment="gpt-4o", state="closed", cause="")
    assert labelled(seen.numbers("chatsheet.llm.breaker"), chatsheet_llm_breaker_state="closed") == 1
    assert "chatsheet.llm.breaker.transitions" not in seen.metrics()


def test_a_server_that_names_ever_new_models_makes_a_bounded_number_of_series() -> None:
    seen = Seen()
    for number in range(200):
        end(start(seen.calls), response_model=f"model-{number}", cost=None)
    points = seen.metrics()["gen_ai.client.operation.duration"].data.data_points
    assert len(points) <= 17
    assert "_OTHER" in [(p.attributes or {})["gen_ai.response.model"] for p in points]


def test_counters_stop_growing_at_a_thousand_series() -> None:
    seen = Seen()
    for number in range(1200):
        seen.calls.fallback(route=f"route{number}", to="azure", cause="net.refused")
    points = seen.numbers("chatsheet.llm.fallbacks")
    assert (len(points), sum(value for _, value in points)) == (1001, 1200)


def test_headers_name_the_attempts_own_span() -> None:
    seen = Seen()
    span = start(seen.calls)
    end(span)
    (finished,) = seen.exporter.get_finished_spans()
    found = trace.get_current_span(TraceContextTextMapPropagator().extract(dict(span.headers))).get_span_context()
    assert finished.context is not None
    assert (found.trace_id, found.span_id) == (finished.context.trace_id, finished.context.span_id)
    assert set(span.headers) == {"traceparent"}


def test_an_attempt_is_the_child_of_the_current_span_and_passes_its_tracestate_on() -> None:
    seen = Seen()
    parent = SpanContext(7, 9, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState([("site", "a")]))
    with trace.use_span(trace.NonRecordingSpan(parent)):
        span = start(seen.calls)
    assert span.headers["tracestate"] == "site=a"
    assert span.headers["traceparent"].split("-")[1] == f"{7:032x}"


@pytest.mark.parametrize("how", ["off", "no tracer", "sampled out"])
def test_no_headers_are_sent_while_nothing_is_recorded(how: str) -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF, resource=Resource({}), shutdown_on_exit=False).get_tracer("t")
    meter = metrics.NoOpMeter("nobody")
    made = {
        "off": ModelCalls.off(),
        "no tracer": ModelCalls(tracer=trace.NoOpTracer(), meter=meter),
        "sampled out": ModelCalls(tracer=tracer, meter=meter),
    }
    span = start(made[how])
    end(span)
    assert not span.headers


@pytest.mark.flaky(reruns=3)
def test_off_takes_every_word_and_costs_next_to_nothing() -> None:
    calls = ModelCalls.off()
    calls.fallback(route="a", to="b", cause="net.refused")
    calls.restarted(route="a", cause="stream.cut")
    calls.breaker(route="a", deployment="d", state="open", cause="net.refused")
    calls.call(seconds=1, attempts=1, outcome="answered", route="a")
    best = min(_seconds_of_a_thousand(calls) for _ in range(5))
    assert best < 0.03, "ten times what it takes, so that a busy machine does not fail this"


def _seconds_of_a_thousand(calls: ModelCalls) -> float:
    begun = time.perf_counter()
    for _ in range(1000):
        end(start(calls))
    return time.perf_counter() - begun
