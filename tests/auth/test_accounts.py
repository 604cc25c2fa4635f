"""Accounts: who logs in, the one-time codes, and the first administrator."""

import asyncio

import pytest
from sqlalchemy import insert, select

from chatsheet.auth.accounts import (
    Accounts,
    CodeRefused,
    EmailTaken,
    LoginFailed,
    PasswordWrong,
    UserNotFound,
)
from chatsheet.auth.members import SHARED, NewUser
from chatsheet.auth.passwords import PasswordWeak
from chatsheet.auth.sessions import Sessions
from chatsheet.auth.users import Users
from chatsheet.core.identity import LOCAL, Role
from chatsheet.db.engine import Database
from chatsheet.db.tables import login_code, sheet
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio
PASSWORD = "a sentence that I would write"
OTHER = "quite another sentence of mine"


async def first(accounts: Accounts) -> str:
    """Make the first administrator."""
    code = await accounts.owner_code()
    assert code is not None
    return await accounts.found(code, name="Ada", email="Ada@Example.com", password=PASSWORD)


async def test_the_first_administrator_owns_the_shared_workspace_and_their_own(accounts: Accounts) -> None:
    ada = await accounts.get(await first(accounts))
    assert (ada.name, ada.email, ada.is_admin, ada.is_active) == ("Ada", "ada@example.com", True, True)
    memberships = await accounts.memberships(ada.id)
    assert sorted((one.name, one.role) for one in memberships) == [("Ada", Role.OWNER), ("Everyone's", Role.OWNER)]
    assert SHARED in {one.workspace_id for one in memberships}


async def test_where_there_is_an_administrator_no_owners_code_is_made_or_taken(accounts: Accounts) -> None:
    code = await accounts.owner_code()
    assert code is not None
    await accounts.create(NewUser(name="Boss", is_admin=True))
    assert await accounts.owner_code() is None
    with pytest.raises(CodeRefused):
        await accounts.found(code, name="Eve", email="eve@example.com", password=PASSWORD)


async def test_a_new_start_ends_the_code_of_the_one_before(accounts: Accounts) -> None:
    old, new = await accounts.owner_code(), await accounts.owner_code()
    assert old is not None
    assert new is not None
    with pytest.raises(CodeRefused):
        await accounts.code(old)
    assert (await accounts.code(f" {new.upper().replace('-', ' ')} ")).kind == "owner"


async def test_a_code_is_over_after_a_day(accounts: Accounts, clock: HandClock) -> None:
    code = await accounts.owner_code()
    assert code is not None
    clock.pass_by(hours=24)
    with pytest.raises(CodeRefused):
        await accounts.found(code, name="Ada", email="ada@example.com", password=PASSWORD)


async def test_of_two_who_use_a_code_at_once_one_is_refused(accounts: Accounts) -> None:
    code = await accounts.owner_code()
    assert code is not None
    done = await asyncio.gather(
        *(accounts.found(code, name=n, email=f"{n}@example.com", password=PASSWORD) for n in ("ada", "eve")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["CodeRefused", "str"]


async def test_a_weak_password_uses_no_code(accounts: Accounts) -> None:
    code = await accounts.owner_code()
    assert code is not None
    with pytest.raises(PasswordWeak):
        await accounts.found(code, name="Ada", email="ada@example.com", password="short")
    await accounts.found(code, name="Ada", email="ada@example.com", password=PASSWORD)


async def test_of_a_code_only_a_hash_is_kept(accounts: Accounts, database: Database) -> None:
    code = await accounts.owner_code()
    assert code is not None
    assert len(code.replace("-", "")) == 20
    async with database.unit() as connection:
        kept = str((await connection.execute(select(login_code))).one())
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_whoever_is_invited_sets_a_password_and_logs_in(accounts: Accounts) -> None:
    bob = await accounts.create(NewUser(name="Bob", email="bob@example.com", role=Role.VIEWER))
    with pytest.raises(LoginFailed):
        await accounts.login("bob@example.com", "")
    assert await accounts.set_password(await accounts.invite(bob.id), OTHER) == bob.id
    assert await accounts.login(" BOB@example.com ", OTHER) == bob.id
    assert {one.workspace_id: one.role for one in await accounts.memberships(bob.id)}[SHARED] is Role.VIEWER


async def test_an_invitation_makes_nobody_an_administrator(accounts: Accounts) -> None:
    bob = await accounts.create(NewUser(name="Bob", email="bob@example.com"))
    code = await accounts.invite(bob.id)
    with pytest.raises(CodeRefused):
        await accounts.found(code, name="Eve", email="eve@example.com", password=PASSWORD)
    with pytest.raises(CodeRefused):
        await accounts.promote(code, bob.id)
    owner = await accounts.owner_code()
    assert owner is not None
    with pytest.raises(CodeRefused):
        await accounts.set_password(owner, PASSWORD)


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("", ""), ("ada@example.com", "\x00")],
)
async def test_who_gives_the_wrong_name_or_password_is_told_the_same(accounts: Accounts, email: str, password: str) -> None:
    await first(accounts)
    with pytest.raises(LoginFailed) as refused:
        await accounts.login(email, password)
    assert refused.value.what == "the e-mail address or the password is wrong."


async def test_a_closed_account_neither_logs_in_nor_uses_its_code(accounts: Accounts, users: Users) -> None:
    ada = await first(accounts)
    code = await accounts.invite(ada)
    await accounts.create(NewUser(name="Boss", is_admin=True))
    await users.change(ada, by="", is_active=False)
    with pytest.raises(LoginFailed):
        await accounts.login("ada@example.com", PASSWORD)
    with pytest.raises(CodeRefused):
        await accounts.set_password(code, OTHER)
    with pytest.raises(UserNotFound):
        await accounts.invite(ada)


async def test_a_changed_password_ends_the_other_sessions(accounts: Accounts, sessions: Sessions) -> None:
    ada = await first(accounts)
    here, there = await sessions.begin(ada), await sessions.begin(ada)
    await accounts.change_password(ada, old=PASSWORD, new=OTHER, keeping=here)
    assert await sessions.find(here) is not None
    assert await sessions.find(there) is None
    assert await accounts.login("ada@example.com", OTHER) == ada
    with pytest.raises(LoginFailed):
        await accounts.login("ada@example.com", PASSWORD)


async def test_a_password_is_changed_by_who_knows_it_only(accounts: Accounts) -> None:
    ada = await first(accounts)
    with pytest.raises(PasswordWrong):
        await accounts.change_password(ada, old="wrong", new=OTHER)
    with pytest.raises(PasswordWeak):
        await accounts.change_password(ada, old=PASSWORD, new="ada@example.com")
    assert await accounts.login("ada@example.com", PASSWORD) == ada


async def test_a_password_set_by_a_code_ends_all_sessions(accounts: Accounts, sessions: Sessions) -> None:
    ada = await first(accounts)
    secret = await sessions.begin(ada)
    await accounts.set_password(await accounts.invite(ada), OTHER)
    assert await sessions.find(secret) is None


async def test_who_is_logged_in_by_a_provider_becomes_the_first_administrator(accounts: Accounts) -> None:
    bob = await accounts.create(NewUser(name="Bob", role=Role.VIEWER))
    code = await accounts.owner_code()
    assert code is not None
    await accounts.promote(code, bob.id)
    assert (await accounts.get(bob.id)).is_admin
    assert {one.workspace_id: one.role for one in await accounts.memberships(bob.id)}[SHARED] is Role.OWNER
    with pytest.raises(CodeRefused):
        await accounts.promote(code, bob.id)


async def test_the_first_administrator_owns_what_was_made_before_there_were_logins(
    accounts: Accounts, database: Database, clock: HandClock
) -> None:
    row = {"id": "sht_1", "name": "old", "head_version": "v", "created_by": LOCAL.user_id, "created_at": clock.now()}
    async with database.unit() as connection:
        await connection.execute(insert(sheet).values(workspace_id=LOCAL.workspace_id, **row))
    memberships = await accounts.memberships(await first(accounts))
    assert {one.workspace_id: one.role for one in memberships}[LOCAL.workspace_id] is Role.OWNER


async def test_two_accounts_have_two_addresses(accounts: Accounts) -> None:
    await first(accounts)
    with pytest.raises(EmailTaken):
        await accounts.create(NewUser(name="Eve", email="ADA@example.com"))
    for _ in range(2):
        await accounts.create(NewUser(name="Without"))


async def test_an_unknown_user_is_not_found(accounts: Accounts) -> None:
    for ask in (accounts.get, accounts.invite):
        with pytest.raises(UserNotFound):
            await ask("usr_none")
