"""The telemetry section: what it takes, what stops the start, and the switch of others that is refused."""

from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.settings import TelemetrySettings
from chatsheet.core.settings_file import SettingsInvalid

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


def read(folder: Path, text: str) -> TelemetrySettings:
    path = folder / "some.toml"
    path.write_text(f"[telemetry]\n{text}\n", encoding="utf-8")
    return settings_file.load(path).telemetry


def test_left_out_the_page_is_there_and_nothing_is_sent(tmp_path: Path) -> None:
    found = read(tmp_path, "")
    assert (found.metrics, found.otlp_endpoint, found.otlp_headers) == (True, None, {})


def test_headers_of_the_collector_are_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP_KEY", "key-of-the-collector")
    found = read(tmp_path, 'otlp_endpoint = "https://c.example"\notlp_headers = { "api-key" = "env:OTLP_KEY" }')
    assert found.otlp_headers["api-key"].reveal() == "key-of-the-collector"
    assert "key-of-the-collector" not in repr(found)


def test_variables_set_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTLP_KEY", "key-of-the-collector")
    monkeypatch.setenv("CHATSHEET_TELEMETRY_METRICS", "false")
    monkeypatch.setenv("CHATSHEET_TELEMETRY_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("CHATSHEET_TELEMETRY_OTLP_HEADERS", "api-key=env:OTLP_KEY, x-tenant = env:OTLP_KEY")
    found = read(tmp_path, "")
    assert (found.metrics, found.otlp_endpoint) == (False, "http://127.0.0.1:4318")
    assert set(found.otlp_headers) == {"api-key", "x-tenant"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("metricks = true", ["telemetry.metricks", 'did you mean "metrics"?']),
        ('otlp_endpoint = "collector:4318"', ["telemetry.otlp_endpoint", "http://127.0.0.1:4318"]),
        ('otlp_endpoint = "https://me:secret@c.example"', ["telemetry.otlp_endpoint", "otlp_headers"]),
        ('otlp_endpoint = "https://c.example?key=secret"', ["telemetry.otlp_endpoint", "otlp_headers"]),
        ('otlp_endpoint = "http://[::1"', ["telemetry.otlp_endpoint", "not the address"]),
        ('otlp_endpoint = "http://c.example/x/v1/traces"', ["added here", "http://c.example/x"]),
        ('otlp_headers = { "api-key" = "env:UNSET_KEY" }', ["telemetry.otlp_headers.api-key", "UNSET_KEY is not set"]),
        ('otlp_headers = { "api-key" = "abc-secret" }', ["telemetry.otlp_headers.api-key", "never written into settings"]),
        ('otlp_headers = { "api-key" = "abc-secret$x" }', ["telemetry.otlp_headers.api-key", "never written into settings"]),
        ('otlp_headers = { "api key" = "env:HOME" }', ["telemetry.otlp_headers.api key", "not the name of a header"]),
        ('otlp_headers = { "a" = "env:TWO_LINES" }', ["telemetry.otlp_headers.a", "line ends"]),
        (
            'otlp_endpoint = "http://c.example"\notlp_headers = { "api-key" = "env:HOME" }',
            ["telemetry.otlp_endpoint", "clear text", "https://c.example"],
        ),
        ("otlp_interval_s = 0", ["telemetry.otlp_interval_s"]),
    ],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: list[str]) -> None:
    monkeypatch.setenv("TWO_LINES", "key\r\nx-other: 1")
    monkeypatch.setenv("HOME", "key-of-the-collector")
    with pytest.raises(SettingsInvalid) as caught:
        read(tmp_path, text)
    said = caught.value.line()
    assert all(part in said for part in named), said
    assert "secret" not in said.replace("a secret is never", "")


@pytest.mark.parametrize("value", ["true", "SPAN_ONLY", "event_only", "span_and_event", "1"])
def test_the_switch_that_puts_prompts_into_spans_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(CAPTURE, value)
    with pytest.raises(SettingsInvalid, match="prompts and answers") as caught:
        read(tmp_path, "")
    assert CAPTURE in caught.value.line()
    assert "unset it" in caught.value.fix


@pytest.mark.parametrize("value", ["", "false", "False", "NO_CONTENT", "off"])
def test_the_switch_may_be_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(CAPTURE, value)
    assert read(tmp_path, "").metrics
