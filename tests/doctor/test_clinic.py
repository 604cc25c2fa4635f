"""The clinic: one examination at a time, joined by whoever asks meanwhile, seldom, and kept."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text, update

from chatsheet.core.errors import ChatSheetError, NotFound
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import Database, open_database
from chatsheet.db.tables import examination
from chatsheet.doctor import clinic as clinics
from chatsheet.doctor.clinic import Clinic, ExaminationBroken, ExaminationNotFound, Examined, ExaminedJustNow, RungSeen
from chatsheet.doctor.model import Decision, PathReport, Report, Rung
from chatsheet.doctor.order import OnRung
from tests.harness import state_in
from tests.llm.test_health import FakeClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]

ILL = PathReport(
    name="azure", route="azure", provider="azure", way="direct", is_in_use=True, state="ill", cause="azure.key_wrong"
)
DNS = Rung(name="dns", status="passed")
TCP = Rung(name="tcp", status="passed")


@dataclass(slots=True)
class Examiner:
    """Sees one rung, waits for its gate, sees another, and reports or fails."""

    clock: FakeClock = field(default_factory=FakeClock)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    befores: list[Report | None] = field(default_factory=list[Report | None])

    async def examine(self, on_rung: OnRung, before: Report | None) -> Report:
        """Examine once."""
        self.befores.append(before)
        on_rung("azure", DNS)
        await self.gate.wait()
        on_rung("azure", TCP)
        if self.error is not None:
            raise self.error
        decision = Decision(choice="direct", says="Directly.")
        return Report(at=self.clock.now(), version="1", seconds=len(self.befores), paths=(ILL,), decision=decision)


@asynccontextmanager
async def opened(folder: Path, examiner: Examiner) -> AsyncGenerator[tuple[Clinic, Database], None]:
    """Open a clinic over a SQLite file while the body runs."""
    database = await open_database(state_in(folder))
    clinic = Clinic(examine=examiner.examine, database=database, clock=examiner.clock)
    try:
        yield clinic, database
    finally:
        await clinic.close()
        await database.close()


async def examined(clinic: Clinic, actor: Actor = LOCAL) -> Examined:
    """Examine to the end and return the last event."""
    *_, last = [event async for event in clinic.examine(actor)]
    assert isinstance(last, Examined)
    return last


async def several(clinic: Clinic, examiner: Examiner, number: int) -> list[Examined]:
    """Examine one after the other, each at its time."""
    examiner.gate.set()
    found: list[Examined] = []
    for _ in range(number):
        found.append(await examined(clinic))
        examiner.clock.at += 30
    return found


async def test_rungs_are_told_as_they_are_seen_and_the_report_last(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, _), aclosing(clinic.examine(LOCAL)) as events:
        assert await anext(events) == RungSeen(path="azure", rung=DNS)
        examiner.gate.set()
        assert await anext(events) == RungSeen(path="azure", rung=TCP)
        last = await anext(events)
        assert isinstance(last, Examined)
        assert await clinic.latest(LOCAL) == last


async def test_who_asks_meanwhile_joins_and_hears_everything(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, _), aclosing(clinic.examine(LOCAL)) as first:
        await anext(first)
        async with aclosing(clinic.examine(LOCAL)) as second:
            assert await anext(second) == RungSeen(path="azure", rung=DNS)
            examiner.gate.set()
            rest = [event async for event in second]
        assert [event async for event in first] == rest
        assert len(examiner.befores) == 1


async def test_an_examination_survives_who_began_it(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, _):
        async with aclosing(clinic.examine(LOCAL)) as first:
            await anext(first)
            second = clinic.examine(LOCAL)
        examiner.gate.set()
        assert isinstance([event async for event in second][-1], Examined)


async def test_who_reads_only_when_it_is_over_hears_all_of_it(tmp_path: Path) -> None:
    examiner = Examiner()
    examiner.gate.set()
    async with opened(tmp_path, examiner) as (clinic, _):
        late, seen = clinic.examine(LOCAL), [event async for event in clinic.examine(LOCAL)]
        assert [event async for event in late] == seen


async def test_a_new_one_begins_30_seconds_after_the_last_and_not_sooner(tmp_path: Path) -> None:
    examiner = Examiner()
    examiner.gate.set()
    async with opened(tmp_path, examiner) as (clinic, _):
        await examined(clinic)
        examiner.clock.at += 29
        with pytest.raises(ExaminedJustNow) as refused:
            clinic.examine(LOCAL)
        assert (refused.value.status, refused.value.retry_after_s) == (429, 1)
        examiner.clock.at += 1
        await examined(clinic)


async def test_each_examination_hears_of_the_one_before(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, _):
        first, _ = await several(clinic, examiner, 2)
    async with opened(tmp_path, examiner) as (clinic, _):  # started again
        await examined(clinic)
    assert [before and before.seconds for before in examiner.befores] == [None, 1, 2]
    assert examiner.befores[1] == first.report


async def test_the_last_50_are_kept_and_listed_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinics, "_KEPT", 2)
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, _):
        first, second, third = await several(clinic, examiner, 3)
        listed = await clinic.listing(LOCAL)
        assert [entry.id for entry in listed] == [third.id, second.id]
        assert (listed[0].choice, listed[0].states[0].state, listed[0].states[0].cause) == ("direct", "ill", "azure.key_wrong")
        assert await clinic.get(LOCAL, second.id) == second
        with pytest.raises(ExaminationNotFound):
            await clinic.get(LOCAL, first.id)


async def test_a_report_of_another_process_is_the_latest_too(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (server, _), opened(tmp_path, examiner) as (command, _):
        (made,) = await several(server, examiner, 1)
        await command.keep(LOCAL, made.report.model_copy(update={"seconds": 7}))
        latest = await server.latest(LOCAL)
        assert latest is not None
        assert latest.report.seconds == 7


async def test_another_workspace_sees_nothing_of_it(tmp_path: Path) -> None:
    examiner, stranger = Examiner(), Actor("elsewhere", "somebody", is_admin=True)
    async with opened(tmp_path, examiner) as (clinic, _):
        (one,) = await several(clinic, examiner, 1)
        assert await clinic.latest(stranger) is None
        assert await clinic.listing(stranger) == []
        with pytest.raises(NotFound):
            await clinic.get(stranger, one.id)


@pytest.mark.parametrize(
    ("error", "code"), [(ExaminationNotFound("x", fix="y"), "doctor.not_found"), (ValueError("a bug"), "doctor.broken")]
)
async def test_one_that_fails_tells_so_and_the_next_one_runs(tmp_path: Path, error: Exception, code: str) -> None:
    examiner = Examiner(error=error)
    examiner.gate.set()
    async with opened(tmp_path, examiner) as (clinic, _):
        with pytest.raises(ChatSheetError) as failed:
            await examined(clinic)
        assert failed.value.code == code
        examiner.error = None
        examiner.clock.at += 30
        await examined(clinic)


async def test_closing_ends_who_watches(tmp_path: Path) -> None:
    async with opened(tmp_path, Examiner()) as (clinic, _), aclosing(clinic.examine(LOCAL)) as events:
        await anext(events)
        await clinic.close()
        with pytest.raises(ExaminationBroken):
            await anext(events)


async def test_a_report_that_cannot_be_stored_is_told_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, database):
        async with database.unit() as connection:
            await connection.execute(text("DROP TABLE examination"))
        (one,) = await several(clinic, examiner, 1)
        assert await clinic.latest(LOCAL) == one
    assert {record.message.partition(" (")[0] for record in caplog.records} == {
        "the last report could not be read",
        "the report could not be stored",
    }


async def test_a_report_of_another_version_is_left_out(tmp_path: Path) -> None:
    examiner = Examiner()
    async with opened(tmp_path, examiner) as (clinic, database):
        old, new = await several(clinic, examiner, 2)
        async with database.unit() as connection:
            changed = update(examination).where(examination.c.id == old.id)
            await connection.execute(changed.values(body={"at": "then", "words": "of another version"}))
        assert [entry.id for entry in await clinic.listing(LOCAL)] == [new.id]
