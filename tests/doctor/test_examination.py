"""The doctor walks every path to its first broken rung, names the cause, and says no more than it saw."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from aiohttp import web

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.doctor import paths
from chatsheet.doctor.model import ORDER, Rung
from chatsheet.doctor.order import Order
from chatsheet.doctor.probes import calls
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means
from chatsheet.llm.legs import Legs
from chatsheet.simulator.listeners.holes import BlackHole
from chatsheet.simulator.serving import serving
from tests.doctor.rig import KEY, azure, examine, named, path_of, settings_of, start_obliging, status_of
from tests.harness import NoRecords, Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wire() -> AsyncGenerator[Wire, None]:
    async with start_obliging() as running:
        yield running


async def test_a_healthy_route_passes_every_rung(wire: Wire, tmp_path: Path) -> None:
    report = await examine(settings_of(tmp_path, azure("azure", wire.url)))
    path = path_of(report)
    assert (report.exit_code, path.state, path.cause) == (0, "healthy", "")
    assert [rung.name for rung in path.rungs] == [name for name in ORDER if not name.startswith(("litellm", "upstream"))]
    assert {rung.status for rung in path.rungs} <= {"passed", "warned"}


@pytest.mark.parametrize(
    ("fault", "cause", "rung"),
    [
        ("A1", "azure.key_wrong", "auth"),
        ("A3", "azure.permission", "permission"),
        ("A5", "azure.key_auth_disabled", "auth"),
        ("D1", "azure.deployment_not_found", "deployment"),
        ("D4", "azure.api_version", "api_version"),
        ("D8", "azure.model_retired", "model"),
        ("D8-404", "azure.model_retired", "model"),
        ("C1", "azure.rate_limited", "chat"),
        ("C5", "azure.rate_limited", "chat"),
        ("X1", "content.filtered", "chat"),
        ("S1", "stream.cut", "stream"),
        ("S2", "stream.empty", "stream"),
    ],
)
async def test_a_fault_breaks_its_rung_and_nothing_behind_it_is_reached(
    wire: Wire, tmp_path: Path, fault: str, cause: str, rung: str
) -> None:
    wire.fault("broken", fault)
    path = path_of(await examine(settings_of(tmp_path, azure("azure", wire.url, "broken"))))
    statuses = {one.name: one.status for one in path.rungs}
    assert (path.state, path.cause) == ("ill", cause)
    assert [name for name, status in statuses.items() if status == "broken"] == [rung]
    assert set([*statuses.values()][[*statuses].index(rung) + 1 :]) <= {"not_reached"}


async def test_a_retired_model_is_told_from_an_unknown_path_on_v1_too(wire: Wire, tmp_path: Path) -> None:
    """Both say `Resource not found`; another deployment at the same path makes the difference."""
    wire.fault("gpt-4o", "D8-404")
    report = await examine(settings_of(tmp_path, azure("azure", wire.url, more='api_version = "v1"')))
    assert path_of(report).cause == "azure.model_retired"


@pytest.mark.parametrize(
    ("fault", "cause"), [("D5", "azure.api_version"), ("D6", "azure.parameter"), ("D7", "azure.parameter")]
)
async def test_a_refused_parameter_is_worth_knowing_but_no_illness(wire: Wire, tmp_path: Path, fault: str, cause: str) -> None:
    wire.fault("picky", fault)
    path = path_of(await examine(settings_of(tmp_path, azure("azure", wire.url, "picky"))))
    assert (path.state, named(path)) == ("healthy", cause)
    assert status_of(path, "parameters") == "warned"


async def test_a_black_hole_holds_up_nobody(wire: Wire, tmp_path: Path) -> None:
    async with BlackHole() as hole:
        sections = azure("azure", wire.url) + azure("hole", f"http://127.0.0.1:{hole.port}")
        report = await examine(settings_of(tmp_path, sections, routes='"hole", "azure"'))
    assert (path_of(report, "hole").cause, path_of(report).state, report.exit_code) == ("net.connect_timeout", "healthy", 1)
    assert report.seconds < 20


async def test_no_answer_at_all_is_exit_code_2(wire: Wire, tmp_path: Path) -> None:
    wire.fault("broken", "500")
    assert (await examine(settings_of(tmp_path, azure("azure", wire.url, "broken")))).exit_code == 2


async def test_a_route_without_its_key_is_not_configured(wire: Wire, tmp_path: Path) -> None:
    openai = '[llm.route.openai]\nkind = "openai"\nkey = "env:CHATSHEET_TEST_NO_SUCH_KEY"\n'
    report = await examine(settings_of(tmp_path, azure("azure", wire.url) + openai))
    assert (path_of(report, "openai").state, path_of(report, "openai").rungs, report.exit_code) == ("not_configured", (), 0)


async def test_reach_makes_no_call(wire: Wire, tmp_path: Path) -> None:
    report = await examine(settings_of(tmp_path, azure("azure", wire.url)), Order(depth="reach"))
    assert wire.calls("gpt-4o") == 0
    assert status_of(path_of(report), "chat") == "not_reached"
    assert report.exit_code == 0


async def test_rungs_are_heard_as_they_are_reached(wire: Wire, tmp_path: Path) -> None:
    heard: list[tuple[str, Rung]] = []
    report = await examine(
        settings_of(tmp_path, azure("azure", wire.url)), on_rung=lambda path, rung: heard.append((path, rung))
    )
    assert heard == [("azure", rung) for rung in path_of(report).rungs]


async def test_medians_are_taken_over_the_probes_that_are_ordered(wire: Wire, tmp_path: Path) -> None:
    path = path_of(await examine(settings_of(tmp_path, azure("azure", wire.url)), Order(probes=4)))
    assert path.speed is not None
    assert (path.speed.probes, path.speed.failed) == (4, 0)


async def test_no_secret_is_in_a_report(wire: Wire, tmp_path: Path) -> None:
    wire.fault("broken", "A1")
    sections = azure("azure", wire.url) + azure("broken", wire.url, "broken")
    report = await examine(settings_of(tmp_path, sections, routes='"azure", "broken"'))
    assert KEY not in report.model_dump_json()


CHUNK = '{"model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "ok"}, "finish_reason": "stop"}]}'


async def _streams_only(request: web.Request) -> web.StreamResponse:
    if loose.obj(loose.parse(await request.read())).get("stream") is not True:
        await asyncio.Event().wait()
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    await response.write(f"data: {CHUNK}\n\ndata: [DONE]\n\n".encode())
    return response


async def test_a_server_that_never_answers_one_kind_of_call_ends_no_examination_late(tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_post("/{path:.*}", _streams_only)
    async with serving(app, "127.0.0.1", 0) as port:
        report = await examine(settings_of(tmp_path, azure("azure", f"http://127.0.0.1:{port}")))
    rung = next(rung for rung in path_of(report).rungs if rung.name == "parameters")
    assert "json_schema: not tried (stream.silent)" in rung.evidence
    assert report.seconds < 10


async def test_the_end_of_the_examinations_own_time_is_no_cause(wire: Wire, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, azure("azure", wire.url))
    subject = Subject(path=paths.of(settings.llm)[0], settings=settings, environment={}, means=_means(), ends=0.0)
    rung = await calls.tools(subject)
    await subject.means.legs.close()
    assert (rung.status, rung.findings) == ("not_reached", ())


def _means() -> Means:
    return Means(Legs(), NoRecords(), SystemClock())


async def test_a_path_is_named_as_the_report_names_it(wire: Wire, tmp_path: Path) -> None:
    theirs = f'[llm.route.litellm]\nkind = "litellm"\nbase_url = "{wire.url}/litellm"\nkey = "{{azure}}"\nmodel = "gpt-4o"\n'
    settings = settings_of(tmp_path, azure("azure", wire.url) + theirs)
    order = Order(probes=1, only="litellm → gpt-4o")
    order.check(settings)
    report = await examine(settings, order)
    assert ([path.name for path in report.paths], report.exit_code) == (["litellm → gpt-4o"], 0)


async def test_what_no_call_takes_counts_where_it_was_asked_for(wire: Wire, tmp_path: Path) -> None:
    sections = azure("azure", wire.url) + azure("spare", wire.url, "gone")
    report = await examine(settings_of(tmp_path, sections), Order(probes=1, only="spare"))
    assert (path_of(report, "spare").cause, report.exit_code) == ("azure.deployment_not_found", 2)


async def test_a_models_name_is_shown_without_what_a_terminal_would_obey(wire: Wire, tmp_path: Path) -> None:
    wire.simulator.state.models["gpt-4o"] = "gpt\x1b[31m[/red]"
    answer = path_of(await examine(settings_of(tmp_path, azure("azure", wire.url)))).answer
    assert answer is not None
    assert answer.model == "gpt??31m?/red?"
