"""Model calls told by hand, what the SDK made of them, and a collector on loopback that reads OTLP."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric, NumberDataPoint
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from chatsheet.telemetry.model_calls import AttemptSpan, Listener, ModelCalls

Labels = Mapping[str, object]


class End(TypedDict, total=False):
    """How an attempt ended."""

    cause: str
    status: int | None
    seconds: float
    first_content_s: float | None
    response_model: str
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: float | None
    proof: str
    request_id: str


def start(calls: ModelCalls, *, route: str = "azure", kind: str = "azure", is_probe: bool = False) -> AttemptSpan:
    """Start an attempt at Azure."""
    server = "my.openai.azure.com"
    return calls.attempt(route=route, kind=kind, model="gpt-4o", server=server, port=443, is_probe=is_probe)


def end(span: AttemptSpan, **other: Unpack[End]) -> None:
    """End an attempt with a good answer, but for what is said otherwise."""
    good = End(
        cause="",
        status=200,
        seconds=1.5,
        first_content_s=0.25,
        response_model="gpt-4o-2024-08-06",
        finish_reason="stop",
        input_tokens=120,
        output_tokens=30,
        cached_tokens=100,
        cost=0.002,
        proof="direct",
        request_id="5b0f-11",
    )
    span.end(**{**good, **other})  # pyright: ignore[reportArgumentType]  the union of two TypedDicts loses its keys


def fail(span: AttemptSpan, **how: Unpack[End]) -> None:
    """End an attempt that brought nothing; `how` names its cause."""
    nothing = End(first_content_s=None, response_model="", finish_reason="", input_tokens=None, output_tokens=None)
    more = End(status=None, cached_tokens=None, cost=None, request_id="")
    end(span, **{**nothing, **more, **how})


class Seen:
    """Model calls on a real SDK whose exporters keep everything."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.reader = InMemoryMetricReader()
        self.exporter = InMemorySpanExporter()
        nowhere = Resource({})
        meters = MeterProvider(
            [self.reader], resource=nowhere, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        tracers = TracerProvider(resource=nowhere, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer: Tracer = tracers.get_tracer("test")
        self.meter = meters.get_meter("test")
        self.calls = ModelCalls(tracer=self.tracer, meter=self.meter, listener=listener)

    def metrics(self) -> dict[str, Metric]:
        """Return what is collected now, by name."""
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {metric.name: metric for scope in scopes for metric in scope.metrics}

    def numbers(self, name: str) -> list[tuple[Labels, float]]:
        """Return (attributes, value) of a counter or gauge."""
        points = self.metrics()[name].data.data_points
        return [(dict(p.attributes or {}), p.value) for p in points if isinstance(p, NumberDataPoint)]

    def histogram(self, name: str) -> HistogramDataPoint:
        """Return the only point of a histogram."""
        (point,) = self.metrics()[name].data.data_points
        assert isinstance(point, HistogramDataPoint)
        return point

    def attributes(self) -> dict[str, object]:
        """Return the attributes of the only span."""
        (span,) = self.exporter.get_finished_spans()
        return dict(span.attributes or {})


@dataclass(slots=True)
class CollectorServer:
    """A collector that reads what it gets; `status` is what it answers, `gate` holds its answers back."""

    url: str
    traces: list[ExportTraceServiceRequest] = field(default_factory=list[ExportTraceServiceRequest])
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list[ExportMetricsServiceRequest])
    headers: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    raw: bytearray = field(default_factory=bytearray)
    status: int = 200
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        """Keep one message."""
        body = await request.read()  # aiohttp has undone the gzip
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.raw += body
        if request.path.endswith("/v1/traces"):
            self.traces.append(ExportTraceServiceRequest.FromString(body))
        else:
            self.metrics.append(ExportMetricsServiceRequest.FromString(body))
        async with self.arrived:
            self.arrived.notify_all()
        await self.gate.wait()
        return web.Response(status=self.status)

    def span_names(self) -> list[str]:
        """Return the names of all spans that came."""
        scopes = [s for t in self.traces for r in t.resource_spans for s in r.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]

    def outcomes(self) -> list[str]:
        """Return how the attempts ended, as the counter of attempts says."""
        scopes = [s for m in self.metrics for r in m.resource_metrics for s in r.scope_metrics]
        points = [p for s in scopes for m in s.metrics if m.name == "chatsheet.llm.attempts" for p in m.sum.data_points]
        return [a.value.string_value for p in points for a in p.attributes if a.key == "chatsheet.llm.outcome"]

    def metric_names(self) -> set[str]:
        """Return the names of all metrics that came."""
        scopes = [s for m in self.metrics for r in m.resource_metrics for s in r.scope_metrics]
        return {metric.name for scope in scopes for metric in scope.metrics}

    def resource(self) -> dict[str, str]:
        """Return what the first spans say of their sender."""
        return {a.key: a.value.string_value for a in self.traces[0].resource_spans[0].resource.attributes}


@asynccontextmanager
async def collector(*, open_gate: bool = True) -> AsyncGenerator[CollectorServer, None]:
    """Serve a collector on loopback while the body runs."""
    server = CollectorServer("")
    if open_gate:
        server.gate.set()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.gate.set()
        await runner.cleanup()


def labelled(points: Iterable[tuple[Labels, float]], **labels: str) -> float:
    """Return the value of the only point whose labels, dots as underscores, hold these."""
    found = [v for at, v in points if labels.items() <= {k.replace(".", "_"): x for k, x in at.items()}.items()]
    (value,) = found
    return value
