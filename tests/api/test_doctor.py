"""The doctor over HTTP: examined as it goes on, joined, kept, for admins only; and readiness, open to probes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatsheet.api.closed import Keys
from chatsheet.core.identity import Actor
from chatsheet.doctor import clinic as clinics
from chatsheet.doctor.model import Report
from chatsheet.doctor.order import Order
from chatsheet.telemetry.history import RouteCounts
from chatsheet.wiring import open_doctor, open_services, weighed
from tests.api.conftest import Served, start_server
from tests.harness import HELLO, Wire, azure_settings, says

pytestmark = pytest.mark.anyio


async def told(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, object]]:
    """Yield the events of a stream."""
    assert response.headers["Content-Type"].startswith("text/event-stream")
    async for line in response.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def examine(served: Served) -> list[dict[str, object]]:
    async with asyncio.timeout(30), served.client.post("/api/doctor", json={}) as response:
        assert response.status == 200
        return [event async for event in told(response)]


async def get(served: Served, path: str) -> object:
    async with served.client.get(path) as response:
        assert response.status == 200
        return await response.json()


async def test_before_the_first_examination_there_is_no_report(served: Served) -> None:
    assert await get(served, "/api/doctor") == {"id": None, "report": None}
    assert await get(served, "/api/doctor/history") == []


async def test_an_examination_is_streamed_kept_and_listed(served: Served) -> None:
    *rungs, last = await examine(served)
    assert {event["path"] for event in rungs} == {"first"}
    assert Report.model_validate(last["report"]).paths[0].name == "first"
    assert await get(served, "/api/doctor") == last
    assert await get(served, f"/api/doctor/{last['id']}") == last["report"]
    async with served.client.get("/api/doctor/history") as response:
        assert [entry["id"] for entry in await response.json()] == [last["id"]]


async def test_a_second_one_at_once_is_refused_with_the_seconds_to_wait(served: Served) -> None:
    await examine(served)
    async with served.client.post("/api/doctor", json={}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (429, "doctor.too_soon")
        assert 0 < int(response.headers["Retry-After"]) <= 30


async def test_a_client_that_leaves_does_not_end_the_examination(served: Served) -> None:
    served.wire.fault("gpt-4o", "silence")
    async with served.client.post("/api/doctor", json={}) as response:
        await anext(aiter(told(response)))
    *_, last = await examine(served)  # joined: too soon for another one
    assert Report.model_validate(last["report"]).paths[0].state == "ill"


async def test_one_that_breaks_ends_its_stream_with_the_error(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> Report:
        raise clinics.ExaminationNotFound("it is gone.", fix="look elsewhere.")

    monkeypatch.setattr(served.services.clinic, "_examine", broken)
    (last,) = await examine(served)
    error = last["error"]
    assert isinstance(error, dict)
    assert (error["code"], error["fix"]) == ("doctor.not_found", "look elsewhere.")


async def test_an_unknown_examination_is_not_found(served: Served) -> None:
    async with served.client.get("/api/doctor/exam_none") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "doctor.not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("GET", "/history"), ("GET", "/exam_1")], ids=lambda value: value
)
async def test_for_whoever_is_no_admin_the_doctor_is_not_there(tmp_path: Path, wire: Wire, method: str, path: str) -> None:
    keys, somebody = Keys(token="token-of-this-start"), Actor("local", "somebody")
    bearer = {"Authorization": f"Bearer {keys.token}"}
    async with (
        open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services,
        start_server(services, keys, actor=somebody) as url,
        aiohttp.ClientSession(url, headers=bearer) as client,
        client.request(method, f"/api/doctor{path}", json={}) as response,
        client.get("/api/doctors") as nowhere,
    ):
        assert (response.status, nowhere.status) == (404, 404)
        said = (await response.text()).replace(f"/api/doctor{path}", "/api/doctors")
        assert said == await nowhere.text()
        assert wire.calls("gpt-4o") == 0


async def test_the_report_weighs_what_calls_met(served: Served) -> None:
    served.wire.script("gpt-4o", says("Hi."))
    await served.services.gateway.complete(HELLO)
    served.wire.fault("gpt-4o", "A1")
    *_, last = await examine(served)
    (one,) = Report.model_validate(last["report"]).history
    assert (one.route, one.calls, one.fell_back, one.causes) == ("first", 1, 0, ())


def test_causes_that_say_nothing_against_a_route_are_not_weighed() -> None:
    causes = (("net.refused", 3), ("caller.left", 2), ("content.filtered", 1), ("_OTHER", 1))
    (one,) = weighed((RouteCounts(route="azure", attempts=9, fell_back=3, causes=causes),))
    assert (one.calls, one.fell_back, one.causes) == (9, 3, (("net.refused", 3),))


async def test_a_command_beside_the_server_weighs_the_same_calls(served: Served) -> None:
    served.wire.script("gpt-4o", says("Hi."))
    await served.services.gateway.complete(HELLO)
    await served.services.history.write()
    async with open_doctor(served.services.settings, None) as (doctor, _):
        assert [one.calls for one in (await doctor.examine(order=Order(depth="reach"))).history] == [1]


async def test_changed_routes_are_the_ones_that_are_examined(served: Served, tmp_path: Path) -> None:
    served.wire.script("gpt-4.1", says("Hi."))
    await served.services.change(azure_settings(tmp_path / "changed", served.wire, "gpt-4o", "gpt-4.1"))
    *_, last = await examine(served)
    assert [path.name for path in Report.model_validate(last["report"]).paths] == ["first", "second"]


# ── /readyz ──


async def ready(served: Served) -> tuple[int, object]:
    """Ask as a probe of a cluster does: without a key."""
    async with aiohttp.ClientSession(served.url) as stranger, stranger.get("/readyz") as response:
        return response.status, await response.json()


async def test_ready_is_proven_by_one_real_call_and_then_known(served: Served) -> None:
    served.wire.script("gpt-4o", says("ok"))
    expected = {"status": "ready", "routes": [{"name": "first", "state": "proven", "cause": ""}]}
    for _ in range(5):
        assert await ready(served) == (200, expected)
    assert served.wire.calls("gpt-4o") == 1


async def test_a_real_call_proves_readiness(served: Served) -> None:
    served.wire.script("gpt-4o", says("Hi."))
    await served.services.gateway.complete(HELLO)
    assert (await ready(served))[0] == 200
    assert served.wire.calls("gpt-4o") == 1


async def test_not_ready_says_the_cause_and_no_text(served: Served) -> None:
    served.wire.fault("gpt-4o", "A1")
    expected = {"status": "not_ready", "routes": [{"name": "first", "state": "failed", "cause": "azure.key_wrong"}]}
    for _ in range(5):
        assert await ready(served) == (503, expected)
    assert served.wire.calls("gpt-4o") == 1


async def test_readiness_is_asked_with_get_only(served: Served) -> None:
    async with aiohttp.ClientSession(served.url) as stranger, stranger.post("/readyz", json={}) as response:
        assert response.status == 401
