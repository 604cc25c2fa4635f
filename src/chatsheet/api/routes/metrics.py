"""The metrics of this process for Prometheus, behind the same closed door as everything."""

from fastapi import APIRouter
from fastapi.responses import Response

from chatsheet.api.deps import Admin, Served
from chatsheet.core.errors import NotFound

router = APIRouter(tags=["metrics"])


class MetricsOff(NotFound):
    """Settings have switched the metrics off."""

    code = "metrics.off"


@router.get("/metrics", response_class=Response)
async def metrics(services: Served, actor: Admin) -> Response:
    """Return metrics of model calls, requests, caches and jobs in Prometheus' text format; send the token as a scraper does."""
    del actor
    services.telemetry.tell_waiting(await services.jobs.waiting())
    text = services.telemetry.metrics_text()
    if text is None:
        raise MetricsOff("metrics are switched off.", fix="set telemetry.metrics = true.")
    return Response(text, media_type=services.telemetry.content_type, headers={"Cache-Control": "no-store"})
