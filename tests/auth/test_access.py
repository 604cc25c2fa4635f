"""Standings as the database says them: read anew each time, of sheets, chats and workspaces."""

import pytest
from sqlalchemy import insert

from chatsheet.auth.access import Access
from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import Members, NewUser
from chatsheet.auth.policy import Action, Denied, Principal, Standing
from chatsheet.auth.ruling import Ruling
from chatsheet.auth.shares import Shares
from chatsheet.auth.users import Users
from chatsheet.core import ids
from chatsheet.core.identity import LOCAL, Actor, Role, Rules, TableRule
from chatsheet.db import tables
from chatsheet.db.engine import Database
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio
RULES = Rules((TableRule("orders", hidden=("price",)),))


@pytest.fixture
def access(database: Database) -> Access:
    """Access as in a login mode."""
    return Access(database, is_local=False)


async def user(accounts: Accounts, name: str) -> Principal:
    return Principal((await accounts.create(NewUser(name=name, email=f"{name}@x.org"))).id)


async def home(accounts: Accounts, who: Principal) -> str:
    return (await accounts.memberships(who.user_id))[0].workspace_id


async def add_sheet(database: Database, clock: HandClock, workspace_id: str) -> str:
    """Insert a sheet without files."""
    row = {"workspace_id": workspace_id, "name": "a.csv", "head_version": "v", "created_by": "x", "created_at": clock.now()}
    sheet_id = ids.new_id("sheet")
    async with database.unit() as connection:
        await connection.execute(insert(tables.sheet).values(id=sheet_id, **row))
    return sheet_id


async def test_who_names_nothing_stands_in_their_first_workspace(accounts: Accounts, access: Access) -> None:
    ada = await user(accounts, "ada")
    assert await access.standing(ada) == Standing(await home(accounts, ada), member=Role.OWNER)


async def test_what_is_not_there_and_what_is_a_strangers_stand_alike(
    accounts: Accounts, access: Access, database: Database, clock: HandClock
) -> None:
    ada, eve = await user(accounts, "ada"), await user(accounts, "eve")
    sheet_id = await add_sheet(database, clock, await home(accounts, ada))
    assert (await access.standing(eve, sheet_id=sheet_id)).role is None
    assert (await access.standing(eve, sheet_id="sheet_none")).role is None
    assert (await access.standing(eve, chat_id="chat_none")).role is None


async def test_a_share_is_seen_at_once_and_gone_at_once(
    accounts: Accounts, access: Access, database: Database, clock: HandClock, shares: Shares
) -> None:
    ada, bob = await user(accounts, "ada"), await user(accounts, "bob")
    owner = Actor(await home(accounts, ada), ada.user_id)
    sheet_id = await add_sheet(database, clock, owner.workspace_id)
    await shares.set(owner, sheet_id, "bob@x.org", Role.EDITOR)
    assert (await access.standing(bob, sheet_id=sheet_id)).role is Role.EDITOR
    await shares.revoke(owner, sheet_id, bob.user_id)
    assert (await access.standing(bob, sheet_id=sheet_id)).role is None


async def test_a_listing_tells_shared_sheets_and_those_with_rules_apart(
    accounts: Accounts, access: Access, database: Database, clock: HandClock, shares: Shares, ruling: Ruling, members: Members
) -> None:
    ada, bob = await user(accounts, "ada"), await user(accounts, "bob")
    owner = Actor(await home(accounts, ada), ada.user_id)
    plain, ruled, shared = [await add_sheet(database, clock, owner.workspace_id) for _ in range(3)]
    await ruling.set(owner, ruled, Role.VIEWER, RULES)
    await shares.set(owner, shared, bob.user_id, Role.EDITOR)
    own = await home(accounts, bob)
    assert (await access.apart(bob, own)).keys() == {shared}
    await members.add(owner.workspace_id, bob.user_id, Role.VIEWER, by=ada.user_id)
    here = await access.apart(bob, owner.workspace_id)
    assert {at: (one.role, one.rules) for at, one in here.items()} == {
        ruled: (Role.VIEWER, {Role.VIEWER: RULES}),
        shared: (Role.EDITOR, None),
    }
    assert plain not in here
    assert await access.apart(bob, own) == {}


async def test_a_token_of_another_workspace_lists_no_shared_sheet(
    accounts: Accounts, access: Access, database: Database, clock: HandClock, shares: Shares
) -> None:
    ada, bob = await user(accounts, "ada"), await user(accounts, "bob")
    owner = Actor(await home(accounts, ada), ada.user_id)
    await shares.set(owner, await add_sheet(database, clock, owner.workspace_id), bob.user_id, Role.VIEWER)
    own = await home(accounts, bob)
    token = Principal(bob.user_id, scopes=frozenset(), workspace_id=own)
    assert await access.apart(token, own) == {}


async def test_work_that_outlives_its_request_ends_with_the_access(
    accounts: Accounts, access: Access, database: Database, clock: HandClock, shares: Shares, users: Users
) -> None:
    ada, bob = await user(accounts, "ada"), await user(accounts, "bob")
    owner = Actor(await home(accounts, ada), ada.user_id)
    sheet_id = await add_sheet(database, clock, owner.workspace_id)
    await shares.set(owner, sheet_id, bob.user_id, Role.VIEWER)
    asking = Actor(owner.workspace_id, bob.user_id)
    assert (await access.fresh(asking, sheet_id, Action.READ)).role is Role.VIEWER
    with pytest.raises(Denied):
        await access.fresh(asking, sheet_id, Action.EDIT)
    await users.change(bob.user_id, by="", is_active=False)
    with pytest.raises(Denied):
        await access.fresh(asking, sheet_id, Action.READ)


async def test_in_local_mode_all_is_the_one_users(database: Database) -> None:
    access = Access(database, is_local=True)
    assert (await access.standing(Principal("local"), sheet_id="any")).role is Role.OWNER
    assert await access.apart(Principal("local"), LOCAL.workspace_id) == {}
    assert await access.fresh(LOCAL, "any", Action.EDIT) is LOCAL
