"""The page about watching model calls names exactly what there is."""

import re

from chatsheet.core.settings import TelemetrySettings
from chatsheet.telemetry import cache_instruments
from chatsheet.telemetry.requests import Requests
from chatsheet.telemetry.setup import open_telemetry
from tests.harness import ROOT
from tests.telemetry.rig import Seen, end, fail, start
from tests.telemetry.test_cache_instruments import STATE

PAGE = (ROOT / "docs/howto/watch-model-calls.md").read_text(encoding="utf-8")
RULES = (ROOT / "deploy/alerts.yaml").read_text(encoding="utf-8")
METRICS, SPANS, ALERTS = (PAGE.split(f"## {title}\n")[1].split("\n## ")[0] for title in ("Metrics", "Spans", "Alerts"))
NAMES = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)


def tell_all(seen: Seen) -> None:
    """Make every metric and every attribute appear."""
    end(start(seen.calls))
    end(start(seen.calls), cost=None)
    fail(start(seen.calls), cause="azure.capacity", status=429)
    seen.calls.fallback(route="azure", to="litellm", cause="azure.capacity")
    seen.calls.restarted(route="azure", cause="stream.cut")
    seen.calls.breaker(route="azure", deployment="gpt-4o", state="open", cause="azure.capacity")
    seen.calls.call(seconds=1, attempts=1, outcome="answered", route="azure")


def test_every_metric_stands_there_with_its_unit() -> None:
    seen = Seen()
    tell_all(seen)
    cache_instruments.observe(seen.meter, lambda: [STATE])
    Requests(seen.meter).answered(method="GET", route="/api/sheets", status=200, seconds=0.1)
    units = {name: metric.unit or "" for name, metric in seen.metrics().items()}
    rows = re.findall(r"^\| `([a-z_.]+)` \| \w+ \| ?(\S*) \|", METRICS, re.MULTILINE)
    assert dict(rows) == units


def test_every_attribute_of_a_span_stands_there() -> None:
    seen = Seen()
    tell_all(seen)
    told = {key for span in seen.exporter.get_finished_spans() for key in span.attributes or {}}
    assert set(NAMES.findall(SPANS)) == told


def test_every_name_and_label_of_the_alerts_is_there_to_scrape() -> None:
    seen = Seen()
    telemetry = open_telemetry(TelemetrySettings())
    seen.calls = telemetry.model_calls
    tell_all(seen)
    telemetry.watch_caches(lambda: [STATE])
    telemetry.requests.answered(method="GET", route="/api/sheets", status=200, seconds=0.1)
    text = (telemetry.metrics_text() or b"").decode()
    telemetry.close()
    named = set(re.findall(r"\b(?:chatsheet|gen_ai|error|http)_[a-z_]+", RULES))
    assert len(named) > 10
    assert [name for name in named if not re.search(rf"\b{name}[ ={{]", text)] == []
