"""The way to a site's OTLP/HTTP collector: what is sent is sent once, and a collector that is away costs one log line.

Exporters of our own around OpenTelemetry's encoders: its own ones take headers, certificates and sessions from the
environment, retry, and log every batch. These read settings alone. They run in the SDK's threads, never in the event loop.
"""

import gzip
import logging
import ssl
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from chatsheet.core.clock import Clock
from chatsheet.core.secret import Secret

log = logging.getLogger(__name__)

SEND_S: Final = 2.0
PAUSE_S: Final = 5.0
"""How long nothing is tried after a failure, so that a collector that hangs cannot fill the queue."""

_REDIRECTED = 300


class Collector:
    """Sends to one collector and keeps whether it takes what is sent."""

    def __init__(self, *, endpoint: str, headers: Mapping[str, Secret], tls: ssl.SSLContext | None, clock: Clock) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._path = parts.path.rstrip("/")
        self._tls = tls if parts.scheme == "https" else None
        self._headers = headers
        self._clock = clock
        self._lock = Lock()
        self._not_before = 0.0
        self._is_away = False
        self._is_closed = False

    def send(self, path: str, message: bytes) -> bool:
        """Send one message; False where the collector did not take it, and it is gone then."""
        if self._is_closed or self._clock.monotonic() < self._not_before:
            return False
        try:
            status = self._post(path, gzip.compress(message, compresslevel=1))
        except (OSError, HTTPException) as error:
            return self._failed(type(error).__name__)
        if status >= _REDIRECTED:
            return self._failed(f"HTTP {status}")
        with self._lock:
            came_back, self._is_away = self._is_away, False
        if came_back and not self._is_closed:
            log.warning("telemetry: the collector at %s takes spans and metrics again.", self._host)
        return True

    def close(self) -> None:
        """Send nothing more."""
        self._is_closed = True

    def _post(self, path: str, body: bytes) -> int:
        if self._tls is not None:
            connection: HTTPConnection = HTTPSConnection(self._host, self._port, timeout=SEND_S, context=self._tls)
        else:
            connection = HTTPConnection(self._host, self._port, timeout=SEND_S)
        known = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "User-Agent": "chatsheet"}
        own = {name: secret.reveal() for name, secret in self._headers.items()}
        try:
            connection.request("POST", f"{self._path}{path}", body, {**known, **own})
            response = connection.getresponse()
            return response.status
        finally:
            connection.close()

    def _failed(self, reason: str) -> bool:
        """Pause, and say so the first time; the reason is a class or a status, never text of the other side."""
        with self._lock:
            self._not_before = self._clock.monotonic() + PAUSE_S
            was_away, self._is_away = self._is_away, True
        if not was_away and not self._is_closed:
            log.warning("telemetry: the collector at %s takes nothing (%s); it is dropped until it does.", self._host, reason)
        return False


class Spans(SpanExporter):
    """Exports spans to a collector, and knows how many still wait for that."""

    def __init__(self, collector: Collector, *, most_waiting: int) -> None:
        self._collector = collector
        self._most_waiting = most_waiting
        self._lock = Lock()
        self._waiting = 0

    def admits(self) -> bool:
        """Return whether one more may wait; the SDK's own queue would log each one that it drops."""
        with self._lock:
            is_free = self._waiting < self._most_waiting
            self._waiting += is_free
        return is_free

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._lock:
            self._waiting -= len(spans)
        is_sent = self._collector.send("/v1/traces", encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS if is_sent else SpanExportResult.FAILURE


class Metrics(MetricExporter):
    """Exports metrics to a collector, cumulative ones."""

    def __init__(self, collector: Collector) -> None:
        super().__init__()
        self._collector = collector

    def export(self, metrics_data: MetricsData, timeout_millis: float = 0, **kwargs: object) -> MetricExportResult:
        del timeout_millis, kwargs  # SEND_S holds
        is_sent = self._collector.send("/v1/metrics", encode_metrics(metrics_data).SerializeToString())
        return MetricExportResult.SUCCESS if is_sent else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 0) -> bool:
        del timeout_millis  # nothing waits here
        return True

    def shutdown(self, timeout_millis: float = 0, **kwargs: object) -> None:
        del timeout_millis, kwargs  # the collector is closed by who made it
