"""The metrics page through the real application."""

from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chatsheet.api.routes.metrics import MetricsOff, metrics
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import open_services
from tests.api.conftest import Served
from tests.harness import Wire, azure_settings
from tests.jobs.rig import open_office, working

pytestmark = pytest.mark.anyio


async def test_a_scraper_with_the_token_reads_the_page(served: Served) -> None:
    served.services.telemetry.model_calls.fallback(route="litellm", to="azure", cause="litellm.down")
    async with served.client.get("/metrics") as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name: family for family in text_string_to_metric_families(await response.text())}
    (sample,) = families["chatsheet_llm_fallbacks"].samples
    assert sample.value == 1
    assert sample.labels == {
        "chatsheet_llm_route": "litellm",
        "chatsheet_llm_to_route": "azure",
        "error_type": "litellm.down",
    }


async def test_the_inputs_that_wait_are_told_whoever_works_on_them(tmp_path: Path) -> None:
    async with open_office(tmp_path, rows=30) as office:
        job = await office.draft()
        worker = office.services.worker(alive=tmp_path / "alive")
        async with working(worker):
            await office.until(job.id, lambda job: job.is_settled)
        assert (tmp_path / "alive").exists()
        await office.services.jobs.start(LOCAL, job.id)
        told = (await metrics(office.services, LOCAL)).body
        (family,) = (
            one for one in text_string_to_metric_families(bytes(told).decode()) if one.name == "chatsheet_jobs_waiting"
        )
        assert [sample.value for sample in family.samples] == [25]


async def test_a_file_that_cannot_be_touched_stops_no_worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_office(tmp_path, rows=6) as office:
        worker = office.services.worker(alive=tmp_path / "no folder" / "alive")
        async with working(worker):
            job = await office.ended((await office.begin()).id)
        assert job.state == "completed"
    assert "could not say that it is there (FileNotFoundError)" in caplog.text


async def test_without_the_token_there_is_no_page(served: Served) -> None:
    async with aiohttp.ClientSession(served.url) as stranger, stranger.get("/metrics") as response:
        assert response.status == 401
        assert "chatsheet_llm" not in await response.text()


async def test_metrics_that_are_off_are_not_found(tmp_path: Path, wire: Wire) -> None:
    settings = azure_settings(tmp_path, wire, "gpt-4o", more="[telemetry]\nmetrics = false\n")
    async with open_services(settings) as services:
        with pytest.raises(MetricsOff, match="switched off"):
            await metrics(services, LOCAL)
