"""Opens and closes telemetry as settings say; OpenTelemetry's SDK is loaded only where something is on."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from chatsheet.core.errors import BadInput
from chatsheet.core.settings import TelemetrySettings
from chatsheet.telemetry.model_calls import Listener, ModelCalls
from chatsheet.telemetry.requests import Requests

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

    from chatsheet.telemetry.cache_instruments import Counted


class TelemetryRefused(BadInput):
    """Telemetry cannot be opened as it is configured."""

    code = "telemetry.refused"


class Telemetry:
    """What a process tells of its model calls and requests, and to whom."""

    content_type: ClassVar[str] = "text/plain; version=0.0.4; charset=utf-8"
    """The format of `metrics_text`."""

    def __init__(
        self,
        model_calls: ModelCalls,
        *,
        meter: "Meter | None" = None,
        read: Callable[[], bytes] | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.model_calls = model_calls
        self._meter = meter
        self.requests = Requests(meter)
        self._waiting = meter and meter.create_gauge(
            "chatsheet.jobs.waiting",
            unit="{input}",
            description="Inputs of all jobs that were started and are not answered yet, in the whole database.",
        )
        self._read = read
        self._close = close

    def watch_caches(self, read: "Callable[[], Iterable[Counted]]") -> None:
        """Tell of the caches that `read` gives, whenever metrics are collected."""
        if self._meter is not None:
            from chatsheet.telemetry import cache_instruments  # noqa: PLC0415  like the SDK, for those who want metrics

            cache_instruments.observe(self._meter, read)

    def tell_waiting(self, inputs: int) -> None:
        """Say how many inputs of jobs wait for their answers, in all processes together."""
        if self._waiting is not None:
            self._waiting.set(inputs)

    def metrics_text(self) -> bytes | None:
        """Return all metrics in Prometheus' text format; None where they are off."""
        return self._read() if self._read is not None else None

    def close(self) -> None:
        """Send what is left to the collector; takes two seconds at most, so call it in a thread."""
        closing, self._close = self._close, None
        if closing is not None:
            closing()


def open_telemetry(settings: TelemetrySettings, *, has_page: bool = True, listener: Listener | None = None) -> Telemetry:
    """Return telemetry as settings say; without `has_page` nobody could read `/metrics`. Raises TelemetryRefused."""
    has_page = has_page and settings.metrics
    if not has_page and settings.otlp_endpoint is None:
        return Telemetry(ModelCalls.off(listener))
    try:
        from chatsheet.telemetry import providers  # noqa: PLC0415  0.2 s that only those pay who want it
    except ValueError as error:  # the SDK reads its limits from the environment while it is imported
        raise TelemetryRefused(f"OpenTelemetry refuses a variable: {error}.", fix="correct or unset it.") from None
    try:
        built = providers.build(settings, has_page=has_page, listener=listener)
    except OSError as error:
        what = f"telemetry.otlp_ca_file {settings.otlp_ca_file} cannot be used: {type(error).__name__}."
        raise TelemetryRefused(what, fix="name a readable PEM file.") from None
    return Telemetry(built.model_calls, meter=built.meter, read=built.read, close=built.close)
