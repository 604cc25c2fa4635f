"""Opening telemetry: what settings turn on, what the environment cannot, and that nothing global is touched."""

import logging
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatsheet.core.settings import TelemetrySettings
from chatsheet.telemetry.setup import Telemetry, open_telemetry
from tests.telemetry.rig import end, fail, start

QUIET = TelemetrySettings(metrics=False)


def text(telemetry: Telemetry) -> str:
    found = telemetry.metrics_text()
    assert found is not None
    return found.decode()


def samples(telemetry: Telemetry) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return what Prometheus' own parser reads, by sample name."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text(telemetry)):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_the_page_is_read_by_prometheus_own_parser() -> None:
    telemetry = open_telemetry(TelemetrySettings())
    end(start(telemetry.model_calls), cost=None)
    fail(start(telemetry.model_calls), cause="azure.capacity", status=429)
    telemetry.model_calls.breaker(route="azure", deployment="gpt-4o", state="open", cause="azure.capacity")
    telemetry.model_calls.fallback(route="azure", to="litellm", cause="azure.capacity")
    telemetry.model_calls.call(seconds=2, attempts=2, outcome="answered", route="litellm")
    read = samples(telemetry)
    assert sum(read["gen_ai_client_operation_duration_seconds_count"].values()) == 2
    assert sum(read["chatsheet_llm_unpriced_calls_total"].values()) == 1
    assert sum(read["chatsheet_llm_fallbacks_total"].values()) == 1
    assert sum(read["chatsheet_llm_breaker"].values()) == 1
    assert "chatsheet_llm_cost_total" not in read
    assert dict(next(iter(read["target_info"])))["service_name"] == "chatsheet"
    telemetry.close()


def test_reading_twice_changes_nothing() -> None:
    telemetry = open_telemetry(TelemetrySettings())
    end(start(telemetry.model_calls))
    assert text(telemetry) == text(telemetry)
    telemetry.close()


def test_two_services_in_one_process_count_apart() -> None:
    first, second = open_telemetry(TelemetrySettings()), open_telemetry(TelemetrySettings())
    end(start(first.model_calls))
    assert "chatsheet_llm_attempts" in text(first)
    assert "chatsheet_llm_attempts" not in text(second)
    first.close()
    second.close()


@pytest.mark.parametrize(("settings", "has_page"), [(QUIET, True), (TelemetrySettings(), False)])
def test_with_nothing_on_there_is_no_page_and_calls_cost_nothing(settings: TelemetrySettings, *, has_page: bool) -> None:
    telemetry = open_telemetry(settings, has_page=has_page)
    end(start(telemetry.model_calls))
    assert telemetry.metrics_text() is None
    telemetry.close()


def test_a_collector_alone_makes_no_page() -> None:
    telemetry = open_telemetry(TelemetrySettings(metrics=False, otlp_endpoint="http://127.0.0.1:9"))
    assert telemetry.metrics_text() is None
    assert start(telemetry.model_calls).headers
    telemetry.close()


def run(code: str, **environment: str) -> str:
    """Run Python in a process of its own and return what it printed."""
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


OPEN = "from chatsheet.telemetry.setup import *; t = open_telemetry(TelemetrySettings({}))\n"


CHILDREN = """
import asyncio, sys
from chatsheet.core import processes
async def main():
    await asyncio.to_thread(t.metrics_text)
    children = [await processes.start([sys.executable, "-c", "pass"], env={}) for _ in range(3)]
    print([await child.wait() for child in children])
asyncio.run(main())
t.close()
"""


def test_the_sdk_is_not_loaded_where_nothing_is_on() -> None:
    code = "import sys, chatsheet.wiring\n" + OPEN.format("metrics=False")
    assert run(f"{code}print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'prometheus', 'google'))])") == "[]"


def test_no_global_provider_is_set() -> None:
    code = OPEN.format("otlp_endpoint='http://127.0.0.1:9'")
    code += "from opentelemetry import trace, metrics\n"
    code += "print(trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER); t.close()"
    assert run(code, OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED="true") == "None None"


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_our_child_processes_start_while_telemetry_is_open(endpoint: str | None) -> None:
    """The SDK's own hooks at fork hang them."""
    code = OPEN.format(f"otlp_endpoint={endpoint!r}") + CHILDREN
    assert run(code) == "[0, 0, 0]"


def test_a_variable_that_the_sdk_cannot_read_is_named_with_a_fix() -> None:
    code = "from chatsheet.telemetry.setup import *\n"
    code += "try: open_telemetry(TelemetrySettings())\nexcept TelemetryRefused as error: print(error.line())"
    said = run(code, OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="many")
    assert said.startswith("error[telemetry.refused]: OpenTelemetry refuses a variable: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")


def test_the_sdks_own_switch_is_honoured_aloud(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    caplog.set_level(logging.WARNING)
    telemetry = open_telemetry(TelemetrySettings())
    end(start(telemetry.model_calls))
    assert "chatsheet_llm" not in text(telemetry)
    assert [r.getMessage() for r in caplog.records] == [
        "telemetry: OTEL_SDK_DISABLED is set, so there are no spans and no metrics."
    ]
    telemetry.close()
