"""What the start says of routes: a line for each that is ill, with its fix, and nothing of the others."""

import functools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatsheet.cli import checkup
from chatsheet.doctor.findings import broken, finding
from chatsheet.doctor.model import PathReport, PathState, Report
from chatsheet.doctor.order import Order
from chatsheet.wiring import open_services
from tests.harness import Wire, azure_settings


def path(name: str, state: PathState = "healthy", cause: str = "", *, is_in_use: bool = True) -> PathReport:
    rungs = (broken("tcp", finding(cause, "127.0.0.1:9 refuses connections.")),) if cause else ()
    return PathReport(
        name=name,
        route=name,
        provider="azure",
        way="direct",
        is_in_use=is_in_use,
        state=state,
        cause=cause,
        rungs=rungs,
    )


REPORT = Report(
    at=datetime(2026, 11, 23, tzinfo=UTC),
    version="1",
    seconds=1,
    paths=(path("well"), path("ill", "ill", "net.refused"), path("spare", "ill", "net.refused", is_in_use=False)),
)


def test_a_line_names_the_route_the_cause_what_was_seen_and_the_fix() -> None:
    (line,) = checkup.lines(REPORT)
    assert line.startswith("route ill is ill [net.refused]: 127.0.0.1:9 refuses connections. Fix: ")


@pytest.mark.anyio
async def test_what_is_ill_is_logged_once_litellm_is_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkup, "_LOOK_S", 0)
    answers = iter([False, False, True])

    async def examine() -> Report:
        assert next(answers, None) is None
        return REPORT

    await checkup.look(examine, is_up=lambda: next(answers))
    assert [record.message for record in caplog.records] == list(checkup.lines(REPORT))


@pytest.mark.anyio
async def test_a_litellm_that_does_not_get_up_is_looked_at_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_LITELLM_STARTS_S", 0)
    looked: list[bool] = []

    async def examine() -> Report:
        looked.append(True)
        return REPORT

    await checkup.look(examine, is_up=lambda: False)
    assert looked == [True]


@pytest.mark.anyio
async def test_looking_makes_no_model_call(wire: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_services(azure_settings(tmp_path, wire, "gpt-4o")) as services:
        await checkup.look(functools.partial(services.doctor.examine, order=Order(depth="reach")), is_up=lambda: True)
    assert wire.calls("gpt-4o") == 0
    assert caplog.records == []
