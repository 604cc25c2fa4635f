"""OpenTelemetry's SDK, set up without its globals and with every option written here, so that no `OTEL_…` variable steers it.

What it still reads and why that is harmless: docs/decisions/0013-telemetry.md.
"""

import logging
import os
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from threading import Lock, Thread
from typing import Final
from uuid import uuid4

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Meter, NoOpMeter, NoOpMeterProvider
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NoOpTracer, Tracer
from prometheus_client import CollectorRegistry, generate_latest

from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import TelemetrySettings
from chatsheet.telemetry.collector import SEND_S, Collector, Metrics, Spans
from chatsheet.telemetry.model_calls import Listener, ModelCalls

log = logging.getLogger(__name__)

CLOSE_S: Final = 2.0

_SCOPE = "chatsheet.telemetry"
_MOST_WAITING = 2048
_BATCH = 512
_SPANS_EVERY_S = 5
_LIMITS = SpanLimits(
    max_attributes=64,
    max_events=0,
    max_links=0,
    max_span_attributes=64,
    max_event_attributes=0,
    max_link_attributes=0,
    max_attribute_length=128,
    max_span_attribute_length=128,
)


class _Waiting(BatchSpanProcessor):
    """A queue of spans that says nothing when it is full."""

    def on_end(self, span: ReadableSpan) -> None:
        exporter = self.span_exporter
        if isinstance(exporter, Spans) and exporter.admits():
            super().on_end(span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What setup.py hands on: what to tell, how to read it, how to end it."""

    model_calls: ModelCalls
    meter: Meter
    read: Callable[[], bytes] | None
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Page:
    """The metrics as Prometheus reads them, from a registry of their own."""

    registry: CollectorRegistry
    lock: Lock  # its collector mixes up two readings at once

    def read(self) -> bytes:
        with self.lock:
            return generate_latest(self.registry)


def build(settings: TelemetrySettings, *, has_page: bool, listener: Listener | None = None) -> Built:
    """Set up all that settings name; raises OSError where the collector's certificate authorities cannot be read."""
    with _without_fork_hooks():
        return _build(settings, has_page=has_page, listener=listener)


@contextmanager
def _without_fork_hooks() -> Generator[None, None, None]:
    """Keep the SDK from registering what it does in forked children.

    Ours are forked only to execute another program, with `preexec_fn`, so Python runs such hooks in between: the SDK's start
    threads and wait for locks there, and the child hangs, and the server that waits for it.
    """

    def ignore(**_: object) -> None:
        return

    kept = os.register_at_fork
    os.register_at_fork = ignore
    try:
        yield
    finally:
        os.register_at_fork = kept


def _build(settings: TelemetrySettings, *, has_page: bool, listener: Listener | None) -> Built:
    release = version("chatsheet")
    resource = _resource(release)
    readers: list[MetricReader] = []
    closers: list[Callable[[], None]] = []
    page = _Page(CollectorRegistry(), Lock()) if has_page else None
    if page is not None:
        readers.append(PrometheusMetricReader(scope_info_enabled=False, registry=page.registry))
    collector = _collector(settings)
    tracer: Tracer = NoOpTracer()
    if collector is not None:
        readers.append(_pushed(Metrics(collector), settings.otlp_interval_s))
        tracers = _tracers(Spans(collector, most_waiting=_MOST_WAITING), resource)
        closers.append(tracers.shutdown)
        tracer = tracers.get_tracer(_SCOPE, release)
    meters = MeterProvider(readers, resource=resource, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False)
    closers.append(lambda: meters.shutdown(timeout_millis=CLOSE_S * 1000))
    meter = meters.get_meter(_SCOPE, release)
    if isinstance(meter, NoOpMeter):
        log.warning("telemetry: OTEL_SDK_DISABLED is set, so there are no spans and no metrics.")
    return Built(
        model_calls=ModelCalls(tracer=tracer, meter=meter, listener=listener),
        meter=meter,
        read=page.read if page is not None else None,
        close=lambda: _close(closers, collector),
    )


def _resource(release: str) -> Resource:
    return Resource(
        {
            "service.name": "chatsheet",
            "service.version": release,
            "service.instance.id": str(uuid4()),  # replicas that push must not overwrite each other
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": version("opentelemetry-sdk"),
        }
    )


def _collector(settings: TelemetrySettings) -> Collector | None:
    if settings.otlp_endpoint is None:
        return None
    is_tls = settings.otlp_endpoint.startswith("https:")
    tls = ssl.create_default_context(cafile=settings.otlp_ca_file) if is_tls else None
    return Collector(endpoint=settings.otlp_endpoint, headers=settings.otlp_headers, tls=tls, clock=SystemClock())


def _pushed(exporter: Metrics, every_s: float) -> MetricReader:
    return PeriodicExportingMetricReader(exporter, export_interval_millis=every_s * 1000, export_timeout_millis=SEND_S * 1000)


def _tracers(exporter: Spans, resource: Resource) -> TracerProvider:
    nobody = NoOpMeterProvider()  # left out, the SDK would ask for the global one and so make it
    tracers = TracerProvider(
        sampler=ParentBased(ALWAYS_ON),
        resource=resource,
        span_limits=_LIMITS,
        shutdown_on_exit=False,
        meter_provider=nobody,
    )
    processor = _Waiting(
        exporter,
        max_queue_size=_MOST_WAITING,
        schedule_delay_millis=_SPANS_EVERY_S * 1000,
        max_export_batch_size=_BATCH,
        export_timeout_millis=SEND_S * 1000,
        meter_provider=nobody,
    )
    tracers.add_span_processor(processor)
    return tracers


def _close(closers: list[Callable[[], None]], collector: Collector | None) -> None:
    """Let all flush at once and wait two seconds for them; a collector that hangs is left to its daemon thread."""
    threads = [Thread(target=closer, daemon=True) for closer in closers]
    clock = SystemClock()
    until = clock.monotonic() + CLOSE_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - clock.monotonic()))
    if collector is not None:
        collector.close()
