"""Metrics of caches are read from their counts when somebody looks."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from chatsheet.cache.cache import State
from chatsheet.telemetry import cache_instruments

STATE = State(name="query", hits=5, shared_hits=2, computes=3, failures=1, waits=4, evictions=6, bytes=700, entries=8)


def test_each_cache_is_a_series_of_each_metric() -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader])
    cache_instruments.observe(meters.get_meter("test"), lambda: [STATE])
    data = reader.get_metrics_data()
    assert data is not None
    found = {
        metric.name.removeprefix("chatsheet.cache."): (point.value, dict(point.attributes or {}))
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
        for point in metric.data.data_points
        if isinstance(point, NumberDataPoint)
    }
    told = {"hits": 5, "shared_hits": 2, "computes": 3, "failures": 1, "waits": 4, "evictions": 6, "size": 700}
    assert found == {name: (value, {"chatsheet.cache": "query"}) for name, value in told.items()}
    meters.shutdown()
