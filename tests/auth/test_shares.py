"""Shares and rules of a sheet: set, listed, taken back, and never for a sheet that is gone."""

import pytest
from sqlalchemy import update

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import NewUser, UserAmbiguous, UserNotFound
from chatsheet.auth.ruling import RulesForOwners, RulesNotFound, Ruling
from chatsheet.auth.shares import ShareNotFound, Shares, SheetGone
from chatsheet.core.identity import Actor, Condition, Role, Rules, TableRule
from chatsheet.db.engine import Database
from chatsheet.db.tables import user
from tests.auth.conftest import HandClock
from tests.auth.test_access import add_sheet

pytestmark = pytest.mark.anyio
OWNER = Actor("w", "ada")
RULES = Rules((TableRule("orders", hidden=("price",), rows=(Condition("paid", "equals", (True,)),)),))


@pytest.fixture
async def sheet_id(database: Database, clock: HandClock) -> str:
    """A sheet in Ada's workspace."""
    return await add_sheet(database, clock, "w")


async def test_a_sheet_is_shared_once_with_each_as_what_was_said_last(
    shares: Shares, accounts: Accounts, sheet_id: str
) -> None:
    bob = await accounts.create(NewUser(name="Bob", email="Bob@x.org"))
    await shares.set(OWNER, sheet_id, " bob@X.org", Role.EDITOR)
    await shares.set(OWNER, sheet_id, bob.id, Role.VIEWER)
    assert [(one.user_id, one.email, one.role) for one in await shares.list(sheet_id)] == [(bob.id, "bob@x.org", Role.VIEWER)]


async def test_nobody_is_guessed(shares: Shares, accounts: Accounts, sheet_id: str, database: Database) -> None:
    for who in ("nobody@x.org", "", " "):
        with pytest.raises(UserNotFound):
            await shares.set(OWNER, sheet_id, who, Role.VIEWER)
    for _ in range(2):
        await accounts.create(NewUser(name="Bob"))
    async with database.unit() as connection:  # an identity provider may give several users one address
        await connection.execute(update(user).values(email="bob@x.org"))
    with pytest.raises(UserAmbiguous):
        await shares.set(OWNER, sheet_id, "bob@x.org", Role.VIEWER)


async def test_a_share_that_is_not_there_is_not_taken_back(shares: Shares, sheet_id: str) -> None:
    with pytest.raises(ShareNotFound):
        await shares.revoke(OWNER, sheet_id, "usr_none")


async def test_what_is_gone_is_neither_shared_nor_ruled(
    shares: Shares, ruling: Ruling, accounts: Accounts, sheet_id: str
) -> None:
    bob = await accounts.create(NewUser(name="Bob"))
    with pytest.raises(SheetGone):
        await shares.set(OWNER, "sheet_none", bob.id, Role.VIEWER)
    with pytest.raises(SheetGone):
        await ruling.set(Actor("elsewhere", "ada"), sheet_id, Role.VIEWER, RULES)


async def test_rules_are_kept_by_role_as_they_were_said(ruling: Ruling, sheet_id: str) -> None:
    await ruling.set(OWNER, sheet_id, Role.VIEWER, Rules((TableRule("orders", hidden=("cost",)),)))
    await ruling.set(OWNER, sheet_id, Role.VIEWER, RULES)
    assert await ruling.of(sheet_id) == {Role.VIEWER: RULES}
    await ruling.remove(OWNER, sheet_id, Role.VIEWER)
    assert await ruling.of(sheet_id) == {}
    with pytest.raises(RulesNotFound):
        await ruling.remove(OWNER, sheet_id, Role.VIEWER)


async def test_owners_are_under_no_rules(ruling: Ruling, sheet_id: str) -> None:
    with pytest.raises(RulesForOwners):
        await ruling.set(OWNER, sheet_id, Role.OWNER, RULES)
