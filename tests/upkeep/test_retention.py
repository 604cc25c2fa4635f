"""What settings keep no longer goes, and what somebody still works on, or names, stays."""

import os
import shutil
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings import RetentionSettings
from chatsheet.db.tables import chat_event, examination, turn_lease
from chatsheet.upkeep.retention import Over, Retention
from chatsheet.wiring import Services, open_services
from tests.harness import settings_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


class Later(SystemClock):
    """The machine's clock, some days on."""

    def __init__(self, days: float) -> None:
        self._days = timedelta(days=days)

    def now(self) -> datetime:
        return super().now() + self._days


@pytest.fixture
async def services(tmp_path: Path, each_database: None) -> AsyncGenerator[Services, None]:
    del each_database
    async with open_services(settings_in(tmp_path / "data"), has_page=False) as opened:
        yield opened


def retention(services: Services, clock: Clock, *, chats_days: float | None = 30) -> Retention:
    settings = RetentionSettings(chats_days=chats_days, reports_days=90, files_days=7)
    return Retention(database=services.database, room=services.room, clock=clock, settings=settings)


def counts(over: Over) -> tuple[int, int, int]:
    return over.chats, over.reports, over.files.versions


async def test_chats_go_when_nothing_was_said_for_long_enough(services: Services, sales: Path) -> None:
    sheet = (await services.library.bring_in(LOCAL, sales)).sheet
    silent, spoken, worked_on = [await services.chats.start(LOCAL, sheet.id) for _ in range(3)]
    later = Later(31).now()
    said = {"seq": 1, "workspace_id": "local", "actor_id": "local", "at": later}
    lease = {"workspace_id": "local", "owner": "p", "until": later, "is_stopped": False}
    async with services.database.unit() as unit:
        await unit.execute(insert(chat_event).values(chat_id=spoken.id, body={}, **said))
        await unit.execute(insert(turn_lease).values(chat_id=worked_on.id, **lease))
    assert counts(await retention(services, Later(29)).look()) == (0, 0, 0)
    assert counts(await retention(services, Later(31), chats_days=None).apply()) == (0, 0, 0)
    assert counts(await retention(services, Later(31)).look()) == (1, 0, 0)
    assert counts(await retention(services, Later(31)).apply()) == (1, 0, 0)
    assert {one.id for one in await services.chats.listing(LOCAL, sheet.id)} == {spoken.id, worked_on.id}
    assert silent.id not in {spoken.id, worked_on.id}


async def test_reports_go_by_their_age(services: Services) -> None:
    async with services.database.unit() as unit:
        for name, days in (("old", 0), ("new", 50)):
            await unit.execute(insert(examination).values(id=name, workspace_id="local", at=Later(days).now(), body={}))
    assert counts(await retention(services, Later(100)).look()) == (0, 1, 0)
    assert counts(await retention(services, Later(100)).apply()) == (0, 1, 0)
    assert counts(await retention(services, Later(100)).apply()) == (0, 0, 0)


async def test_files_of_a_removed_sheet_go_and_those_of_others_stay(services: Services, sales: Path) -> None:
    folder = services.settings.data / "versions"
    gone = (await services.library.bring_in(LOCAL, sales)).sheet
    copy = shutil.copyfile(sales, services.settings.data / "other.xlsx")
    kept = (await services.library.bring_in(LOCAL, copy)).sheet
    await services.chats.remove_sheet(LOCAL, gone.id)
    for version in (gone.version, kept.version):
        os.utime(folder / version, (1, 1))
    assert counts(await retention(services, SystemClock()).look()) == (0, 0, 1)
    freed = (await retention(services, SystemClock()).apply()).files
    assert freed.versions == 1
    assert freed.bytes > 0
    assert [path.name for path in folder.iterdir()] == [kept.version]


async def test_files_that_were_just_used_rest_first(services: Services, sales: Path) -> None:
    gone = (await services.library.bring_in(LOCAL, sales)).sheet
    await services.chats.remove_sheet(LOCAL, gone.id)
    assert counts(await retention(services, SystemClock()).apply()) == (0, 0, 0)
