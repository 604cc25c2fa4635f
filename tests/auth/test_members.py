"""Users have a workspace of their own, and in the shared one the role that was named last."""

import asyncio

import pytest

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import (
    SHARED,
    LastOwner,
    MemberKnown,
    MemberNotFound,
    Members,
    NewUser,
    RoleFromClaims,
    UserNotFound,
    WorkspaceGone,
    add,
    join_shared,
)
from chatsheet.auth.users import LastAdministrator, Users
from chatsheet.core.identity import Role
from chatsheet.db.engine import Database
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio


async def test_a_user_owns_a_workspace_named_after_them(accounts: Accounts) -> None:
    bob = await accounts.create(NewUser(name="Bob"))
    (own,) = await accounts.memberships(bob.id)
    assert (own.name, own.role, own.workspace_id != SHARED) == ("Bob", Role.OWNER, True)


async def test_whoever_is_named_again_has_the_role_that_was_named_last(
    accounts: Accounts, database: Database, clock: HandClock
) -> None:
    bob = await accounts.create(NewUser(name="Bob", role=Role.OWNER))
    async with database.unit() as connection:
        await join_shared(connection, bob.id, Role.VIEWER, now=clock.now(), by=bob.id, is_from_claims=True)
    assert {one.workspace_id: one.role for one in await accounts.memberships(bob.id)}[SHARED] is Role.VIEWER


async def test_two_first_logins_at_once_share_one_workspace(accounts: Accounts, database: Database, clock: HandClock) -> None:
    async def come(name: str) -> str:
        async with database.unit() as connection:
            return await add(connection, NewUser(name=name, role=Role.EDITOR), now=clock.now())

    for user_id in await asyncio.gather(come("Ada"), come("Bob")):
        assert SHARED in {one.workspace_id for one in await accounts.memberships(user_id)}


async def test_a_transaction_that_fails_leaves_no_user(database: Database, accounts: Accounts, clock: HandClock) -> None:
    async def fail() -> None:
        async with database.unit() as connection:
            await add(connection, NewUser(name="Ada", is_admin=True), now=clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await accounts.owner_code() is not None


async def test_an_owner_names_members_and_changes_what_they_are(accounts: Accounts, members: Members) -> None:
    ada = await accounts.create(NewUser(name="Ada", email="ada@x.org"))
    bob = await accounts.create(NewUser(name="Bob", email="bob@x.org"))
    opened = await members.open(ada.id, "Sales")
    await members.add(opened.workspace_id, "bob@x.org", Role.VIEWER, by=ada.id)
    with pytest.raises(MemberKnown):
        await members.add(opened.workspace_id, bob.id, Role.OWNER, by=ada.id)
    await members.change(opened.workspace_id, bob.id, Role.EDITOR, by=ada.id)
    await members.rename(opened.workspace_id, "Sales 2026")
    assert [(one.name, one.role) for one in await members.list(opened.workspace_id)] == [
        ("Ada", Role.OWNER),
        ("Bob", Role.EDITOR),
    ]
    assert [one.name for one in await accounts.memberships(bob.id)] == ["Bob", "Sales 2026"]
    await members.remove(opened.workspace_id, bob.id, by="")
    with pytest.raises(MemberNotFound):
        await members.remove(opened.workspace_id, bob.id, by="")


async def test_the_last_owner_who_can_log_in_stays(accounts: Accounts, members: Members, users: Users) -> None:
    ada = await accounts.create(NewUser(name="Ada"))
    bob = await accounts.create(NewUser(name="Bob"))
    where = (await members.open(ada.id, "Sales")).workspace_id
    await members.add(where, bob.id, Role.OWNER, by=ada.id)
    await users.change(bob.id, by="", is_active=False)
    with pytest.raises(LastOwner):
        await members.change(where, ada.id, Role.EDITOR, by=ada.id)
    with pytest.raises(LastOwner):
        await members.remove(where, ada.id, by="")
    await users.change(bob.id, by="", is_active=True)
    await members.remove(where, ada.id, by="")


async def test_of_two_owners_who_leave_at_once_one_stays(accounts: Accounts, members: Members) -> None:
    ada = await accounts.create(NewUser(name="Ada"))
    bob = await accounts.create(NewUser(name="Bob"))
    where = (await members.open(ada.id, "Sales")).workspace_id
    await members.add(where, bob.id, Role.OWNER, by=ada.id)
    left = await asyncio.gather(*(members.remove(where, one.id, by="") for one in (ada, bob)), return_exceptions=True)
    assert sum(isinstance(one, LastOwner) for one in left) == 1
    assert len(await members.list(where)) == 1


async def test_what_claims_say_is_not_changed_by_hand(
    accounts: Accounts, members: Members, database: Database, clock: HandClock
) -> None:
    bob = await accounts.create(NewUser(name="Bob"))
    async with database.unit() as connection:
        await join_shared(connection, bob.id, Role.EDITOR, now=clock.now(), by=bob.id, is_from_claims=True)
    with pytest.raises(RoleFromClaims):
        await members.change(SHARED, bob.id, Role.OWNER, by=bob.id)
    with pytest.raises(RoleFromClaims):
        await members.remove(SHARED, bob.id, by="")
    with pytest.raises(RoleFromClaims):
        await members.appoint(bob.id, Role.OWNER, by=bob.id)


async def test_who_runs_the_server_appoints_in_any_workspace_there_is(accounts: Accounts, members: Members) -> None:
    bob = await accounts.create(NewUser(name="Bob"))
    assert (await members.appoint(bob.id, Role.OWNER, by="local")).role is Role.OWNER
    with pytest.raises(WorkspaceGone):
        await members.appoint(bob.id, Role.OWNER, workspace_id="wsp_none", by="local")


async def test_the_last_administrator_stays(accounts: Accounts, users: Users) -> None:
    ada = await accounts.create(NewUser(name="Ada", is_admin=True))
    bob = await accounts.create(NewUser(name="Bob"))
    for said in ({"is_admin": False}, {"is_active": False}):
        with pytest.raises(LastAdministrator):
            await users.change(ada.id, by="", **said)
    await users.change(bob.id, by="", is_admin=True)
    assert not (await users.change(ada.id, by="", is_admin=False)).is_admin
    assert [(one.name, one.is_admin, one.has_password) for one in await users.list()] == [
        ("Ada", False, False),
        ("Bob", True, False),
    ]
    with pytest.raises(UserNotFound):
        await users.change("usr_none", by="", is_active=False)
