"""What reaches a collector, and what a collector that is away costs."""

import asyncio
import logging
import ssl
import time
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from chatsheet.core.clock import SystemClock
from chatsheet.core.secret import literal
from chatsheet.core.settings import TelemetrySettings
from chatsheet.telemetry.collector import Collector
from chatsheet.telemetry.setup import Telemetry, TelemetryRefused, open_telemetry
from tests.harness import free_ports
from tests.telemetry.rig import CollectorServer, collector, end, start

pytestmark = pytest.mark.anyio

CALL = {"seconds": 1.0, "attempts": 1, "outcome": "answered", "route": "azure"}


def opened(server: CollectorServer, **more: object) -> Telemetry:
    return open_telemetry(TelemetrySettings.model_validate({"otlp_endpoint": server.url, **more}))


async def close(telemetry: Telemetry) -> float:
    """Close it as wiring does, and return how long that took."""
    begun = time.monotonic()
    await asyncio.to_thread(telemetry.close)
    return time.monotonic() - begun


async def test_closing_sends_every_span_and_metric_that_is_left() -> None:
    async with collector() as server:
        telemetry = opened(server)
        for _ in range(600):
            end(start(telemetry.model_calls))
        await close(telemetry)
        assert server.span_names() == ["chat gpt-4o"] * 600
        assert {"gen_ai.client.operation.duration", "chatsheet.llm.attempts"} <= server.metric_names()
        assert server.resource()["service.name"] == "chatsheet"
        assert set(server.resource()) >= {"service.version", "service.instance.id"}


async def test_metrics_are_sent_as_often_as_settings_say() -> None:
    async with collector() as server:
        telemetry = opened(server, otlp_interval_s=0.02)
        end(start(telemetry.model_calls))
        async with asyncio.timeout(5), server.arrived:
            await server.arrived.wait_for(lambda: len(server.metrics) >= 2)
        await close(telemetry)


async def test_the_collectors_key_goes_to_it_and_is_never_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with collector() as server:
        telemetry = opened(server, otlp_headers={"api-key": literal("key-of-the-collector")})
        end(start(telemetry.model_calls))
        await close(telemetry)
        assert {h["api-key"] for h in server.headers} == {"key-of-the-collector"}
    assert "key-of-the-collector" not in caplog.text


async def test_variables_of_opentelemetry_redirect_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint, headers, proxies, sampler, limits, resource, intervals, temporality, buckets: none of them holds."""
    async with collector() as server, collector() as other:
        for name, value in {
            "OTEL_EXPORTER_OTLP_ENDPOINT": other.url,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": other.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-planted=1",
            "OTEL_EXPORTER_OTLP_CERTIFICATE": "/no/such/file",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram",
            "OTEL_RESOURCE_ATTRIBUTES": "planted=1",
            "OTEL_SERVICE_NAME": "planted",
            "OTEL_TRACES_SAMPLER": "always_off",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "1",
            "OTEL_BSP_MAX_QUEUE_SIZE": "1",
            "OTEL_METRIC_EXPORT_INTERVAL": "nonsense",
            "OTEL_METRICS_EXEMPLAR_FILTER": "always_on",
            "HTTP_PROXY": other.url,
            "http_proxy": other.url,
        }.items():
            monkeypatch.setenv(name, value)
        telemetry = opened(server)
        for _ in range(3):
            end(start(telemetry.model_calls))
        await close(telemetry)
        assert (other.traces, other.metrics) == ([], [])
        assert server.span_names() == ["chat gpt-4o"] * 3
        assert server.resource()["service.name"] == "chatsheet"
        assert b"planted" not in server.raw
        assert "x-planted" not in server.headers[0]
        duration = next(m for m in _metrics(server) if m.name == "gen_ai.client.operation.duration")
        assert len(duration.histogram.data_points[0].explicit_bounds) == 20
        assert duration.histogram.aggregation_temporality == 2, "cumulative"
        assert not duration.histogram.data_points[0].exemplars


def _metrics(server: CollectorServer):  # the generated classes of OTLP
    return [metric for m in server.metrics for r in m.resource_metrics for s in r.scope_metrics for metric in s.metrics]


@pytest.mark.flaky(reruns=3)
async def test_a_collector_that_is_down_costs_one_line_and_no_time(caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    caplog.set_level(logging.DEBUG)
    telemetry = open_telemetry(TelemetrySettings(otlp_endpoint=f"http://127.0.0.1:{port}", otlp_interval_s=0.01))
    begun = time.monotonic()
    for _ in range(5000):
        end(start(telemetry.model_calls))
    assert time.monotonic() - begun < 5
    assert await close(telemetry) < 2.5
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.INFO] == [
        "telemetry: the collector at 127.0.0.1 takes nothing (ConnectionRefusedError); it is dropped until it does."
    ]


async def test_a_collector_that_hangs_is_left_after_two_seconds(caplog: pytest.LogCaptureFixture) -> None:
    async with collector(open_gate=False) as server:
        telemetry = opened(server)
        for _ in range(5000):
            end(start(telemetry.model_calls))
        assert await close(telemetry) < 2.6
    assert len([record for record in caplog.records if record.levelno >= logging.INFO]) <= 1


@pytest.mark.parametrize("status", [302, 401, 404, 500, 503])
async def test_a_refusal_is_told_once_by_its_status(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with collector() as server:
        server.status = status
        telemetry = opened(server)
        end(start(telemetry.model_calls))
        await close(telemetry)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.INFO] == [
        f"telemetry: the collector at 127.0.0.1 takes nothing (HTTP {status}); it is dropped until it does."
    ]


class HandClock(SystemClock):
    """A clock that stands until it is moved."""

    seconds = 100.0

    def monotonic(self) -> float:
        """Return the seconds it was set to."""
        return self.seconds


async def test_after_a_failure_nothing_is_tried_for_a_while_and_a_return_is_told(caplog: pytest.LogCaptureFixture) -> None:
    clock = HandClock()
    async with collector() as server:
        server.status = 500
        way = Collector(endpoint=server.url, headers={}, tls=None, clock=clock)
        assert not await asyncio.to_thread(way.send, "/v1/traces", b"")
        server.status = 200
        assert not await asyncio.to_thread(way.send, "/v1/traces", b"")
        assert len(server.traces) == 1
        clock.seconds += 6
        assert await asyncio.to_thread(way.send, "/v1/traces", b"")
        way.close()
        assert not way.send("/v1/traces", b"")
    assert "takes spans and metrics again" in caplog.records[-1].getMessage()


async def test_tls_is_checked_against_the_certificate_authority_of_settings(tmp_path: Path) -> None:
    authority, heard = trustme.CA(), asyncio.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            heard.set()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        endpoint = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        stranger = open_telemetry(TelemetrySettings(otlp_endpoint=endpoint))
        await close(stranger)
        assert not heard.is_set()
        friend = open_telemetry(TelemetrySettings(otlp_endpoint=endpoint, otlp_ca_file=tmp_path / "ca.pem"))
        end(start(friend.model_calls))
        await close(friend)
        assert heard.is_set()


def test_a_missing_certificate_authority_stops_the_start() -> None:
    settings = TelemetrySettings(otlp_endpoint="https://collector.example", otlp_ca_file=Path("/no/such.pem"))
    with pytest.raises(TelemetryRefused, match=r"/no/such\.pem cannot be used: FileNotFoundError"):
        open_telemetry(settings)


def test_closing_twice_is_closing_once() -> None:
    with closing(open_telemetry(TelemetrySettings(otlp_endpoint="http://127.0.0.1:9"))) as telemetry:
        telemetry.close()
