"""A person or a workspace that is forgotten leaves nothing but ids in the audit log, which is as it was written."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from chatsheet.auth.members import LastOwner, NewUser, UserNotFound, WorkspaceGone
from chatsheet.auth.users import LastAdministrator
from chatsheet.core.identity import Actor, Role
from chatsheet.core.ids import new_id
from chatsheet.core.settings import Settings
from chatsheet.db import copying, tables
from chatsheet.sheets.store import SheetNotFound
from chatsheet.upkeep.forgetting import Forgetting
from chatsheet.wiring import Services, database_at, open_services, open_upkeep
from tests.harness import settings_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@pytest.fixture
def settings(tmp_path: Path, each_database: None) -> Settings:
    del each_database
    return settings_in(tmp_path / "data")


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services, None]:
    async with open_services(settings, has_page=False) as opened:
        yield opened


@pytest.fixture
async def forgetting(settings: Settings) -> AsyncGenerator[Forgetting, None]:
    async with open_upkeep(settings) as (opened, _):
        yield opened


async def own(services: Services, user_id: str) -> Actor:
    """Return somebody as the owner of the workspace that they have by themselves."""
    (membership, *_) = await services.accounts.memberships(user_id)
    return Actor(membership.workspace_id, user_id)


async def person(services: Services, name: str, *, is_admin: bool = False) -> Actor:
    made = await services.accounts.create(NewUser(name=name, email=f"{name}@x.org", is_admin=is_admin))
    return await own(services, made.id)


def named(settings: Settings, *words: str) -> set[str]:
    """Return the tables in which any of these words stands."""
    found: set[str] = set()
    with copying.reading(database_at(settings)) as connection:
        for name, table in copying.TABLES.items():
            found |= {name for row in copying.rows(connection, table) if any(word in str(row) for word in words)}
    return found


async def test_a_person_goes_with_all_that_was_theirs(
    services: Services, forgetting: Forgetting, settings: Settings, sales: Path
) -> None:
    ada, grace = await person(services, "ottilie"), await person(services, "grace", is_admin=True)
    sheet = (await services.library.bring_in(ada, sales)).sheet
    await services.chats.start(ada, sheet.id)
    await services.sessions.begin(ada.user_id)
    await services.shares.set(ada, sheet.id, grace.user_id, Role.VIEWER)
    gone = await forgetting.user("ottilie@x.org")
    assert (gone.workspaces, gone.sheets) == ((ada.workspace_id,), 1)
    assert named(settings, ada.user_id, ada.workspace_id, sheet.id, "ottilie@x.org") == {"audit_entry"}
    assert named(settings, "ottilie") == set()  # a name that no random id can hold: they have no i, l or o
    walk = await services.audit.verify()
    assert walk.broken is None
    assert walk.entries >= 4
    with pytest.raises(UserNotFound):
        await forgetting.user("ottilie@x.org")


async def test_chats_in_a_workspace_of_others_go_and_its_sheets_stay(
    services: Services, forgetting: Forgetting, sales: Path
) -> None:
    ada, grace = await person(services, "ada"), await person(services, "grace")
    await services.members.add(grace.workspace_id, ada.user_id, Role.EDITOR, by=grace.user_id)
    there = Actor(grace.workspace_id, ada.user_id)
    sheet = (await services.library.bring_in(there, sales)).sheet
    await services.chats.start(there, sheet.id)
    kept = await services.chats.start(grace, sheet.id)
    assert (await forgetting.user(ada.user_id)).chats == 1
    assert [one.id for one in await services.chats.listing(grace, sheet.id)] == [kept.id]
    assert [one.user_id for one in await services.members.list(grace.workspace_id)] == [grace.user_id]


async def test_the_last_administrator_and_the_last_owner_are_not_forgotten(services: Services, forgetting: Forgetting) -> None:
    ada, grace = await person(services, "ada", is_admin=True), await person(services, "grace")
    with pytest.raises(LastAdministrator):
        await forgetting.user(ada.user_id)
    await services.members.add(grace.workspace_id, ada.user_id, Role.EDITOR, by=grace.user_id)
    with pytest.raises(LastOwner, match="others are members"):
        await forgetting.user(grace.user_id)
    assert (await services.accounts.get(grace.user_id)).is_active


async def test_a_workspace_goes_and_no_other(
    services: Services, forgetting: Forgetting, settings: Settings, sales: Path
) -> None:
    ada, grace = await person(services, "ada"), await person(services, "grace")
    gone, kept = [(await services.library.bring_in(one, sales)).sheet.id for one in (ada, grace)]
    async with services.database.unit() as unit:
        report = {"id": new_id("exam"), "workspace_id": ada.workspace_id, "at": services.clock.now()}
        await unit.execute(insert(tables.examination).values(body={}, **report))
    assert [one.sheets for one in await forgetting.workspaces()] == [1, 1]
    await forgetting.workspace(ada.workspace_id)
    assert named(settings, ada.workspace_id, gone) == {"audit_entry"}
    assert (await services.library.open(grace, kept)).sheet.id == kept
    with pytest.raises(SheetNotFound):
        await services.library.open(ada, gone)
    assert (await services.accounts.get(ada.user_id)).is_active
    with pytest.raises(WorkspaceGone):
        await forgetting.workspace(ada.workspace_id)


async def test_who_removed_a_sheet_stands_in_the_audit_log(services: Services, sales: Path) -> None:
    ada = await person(services, "ada")
    sheet = (await services.library.bring_in(ada, sales)).sheet
    await services.chats.remove_sheet(ada, sheet.id)
    async with services.database.unit() as unit:
        asked = select(tables.audit_entry.c.actor_id, tables.audit_entry.c.subject)
        told = (await unit.execute(asked.where(tables.audit_entry.c.action == "sheet.remove"))).all()
    assert [tuple(one) for one in told] == [(ada.user_id, sheet.id)]
