"""The doctor walks every path to its first broken rung, names the cause, and says no more than it saw."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from chatsheet.doctor.model import ORDER, Rung
from chatsheet.doctor.order import Order
from chatsheet.simulator.listeners.holes import BlackHole
from tests.doctor.rig import KEY, azure, examine, named, path_of, settings_of, start_obliging, status_of
from tests.harness import Wire

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
