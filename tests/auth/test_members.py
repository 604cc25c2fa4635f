"""Users have a workspace of their own, and in the shared one the role that was named last."""

import asyncio

import pytest

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import SHARED, NewUser, add, join_shared
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
