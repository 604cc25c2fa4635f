"""The metric of requests to this server: by route, method and status, never by path or by who asked."""

from typing import Final

from opentelemetry.metrics import Meter

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Requests:
    """Counts requests, where metrics are on."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._duration = (
            None
            if meter is None
            else meter.create_histogram(
                "http.server.request.duration",
                unit="s",
                description="How long a request waited until its answer began.",
                explicit_bucket_boundaries_advisory=SECONDS,
            )
        )

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request whose answer has begun; `route` is the path as it was declared."""
        if self._duration is not None:
            said = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
            self._duration.record(seconds, said)
