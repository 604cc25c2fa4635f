"""API tokens: their shape tells a leaked one, their hash is all that is kept, and they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from chatsheet.auth import tokens as tokens_module
from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import NewUser
from chatsheet.auth.policy import Scope
from chatsheet.auth.tokens import TokenNotFound, Tokens, TokenScopeless
from chatsheet.auth.users import Users
from chatsheet.core.clock import SystemClock
from chatsheet.db.engine import Database
from chatsheet.db.tables import api_token, user
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def user_id(accounts: Accounts) -> str:
    """Somebody who makes tokens."""
    return (await accounts.create(NewUser(name="Ada", email="ada@example.com"))).id


def test_a_token_has_the_prefix_190_random_bits_and_a_checksum() -> None:
    made = tokens_module.make()
    assert made.startswith("chatsheet_pat_")
    assert len(made.removeprefix("chatsheet_pat_")) == 38
    assert 62**32 > 2**190
    assert tokens_module.is_whole(made)


@given(st.integers(14, 51), st.sampled_from("0aZ-é"))
def test_a_token_with_one_wrong_letter_is_known_as_mistyped(place: int, letter: str) -> None:
    made = tokens_module.make()
    changed = made[:place] + letter + made[place + 1 :]
    assert tokens_module.is_whole(changed) == (changed == made)


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert not tokens_module.is_whole(text)
    assert not tokens_module.is_whole(f"chatsheet_pat_{text}")


async def test_a_mistyped_token_never_reaches_the_database() -> None:
    database = Database(create_async_engine("sqlite+aiosqlite://"))  # without a single table
    tokens = Tokens(database, SystemClock())
    made = tokens_module.make()
    with pytest.raises(OperationalError):
        await tokens.find(made)
    assert await tokens.find(made[:-1] + ("a" if made[-1] != "a" else "b")) is None
    await database.close()


async def test_a_token_lets_its_user_in_for_its_scopes_and_workspace(tokens: Tokens, user_id: str) -> None:
    made, secret = await tokens.create(user_id, "export", {Scope.READ, Scope.ASK}, workspace_id="shared")
    found = await tokens.find(secret)
    assert found is not None
    token_id, principal = found
    assert token_id == made.id
    assert (principal.user_id, principal.scopes, principal.workspace_id) == (user_id, {Scope.READ, Scope.ASK}, "shared")
    assert not principal.is_person


async def test_of_a_token_only_a_hash_is_kept(tokens: Tokens, user_id: str, database: Database) -> None:
    _, secret = await tokens.create(user_id, "export", {Scope.READ})
    async with database.unit() as connection:
        row = (await connection.execute(select(api_token))).one()
    assert secret not in str(row)
    assert secret[14:46] not in str(row)


async def test_a_token_ends_on_its_day(tokens: Tokens, user_id: str, clock: HandClock) -> None:
    _, secret = await tokens.create(user_id, "export", {Scope.READ}, days=30)
    clock.pass_by(days=29, hours=23)
    assert await tokens.find(secret) is not None
    clock.pass_by(hours=1)
    assert await tokens.find(secret) is None


async def test_a_revoked_token_is_dead_at_once(tokens: Tokens, user_id: str) -> None:
    made, secret = await tokens.create(user_id, "export", {Scope.READ})
    await tokens.revoke(user_id, made.id)
    assert await tokens.find(secret) is None
    assert await tokens.list(user_id) == ()


async def test_nobody_revokes_a_token_of_others(tokens: Tokens, user_id: str) -> None:
    made, secret = await tokens.create(user_id, "export", {Scope.READ})
    with pytest.raises(TokenNotFound):
        await tokens.revoke("usr_other", made.id)
    assert await tokens.find(secret) is not None


async def test_the_last_use_is_written_once_a_minute(tokens: Tokens, user_id: str, clock: HandClock) -> None:
    _, secret = await tokens.create(user_id, "export", {Scope.READ})
    first = clock.now()
    await tokens.find(secret)
    clock.pass_by(seconds=59)
    await tokens.find(secret)
    assert (await tokens.list(user_id))[0].used_at == first
    clock.pass_by(seconds=1)
    await tokens.find(secret)
    assert (await tokens.list(user_id))[0].used_at == clock.now()


@pytest.mark.parametrize(("scopes", "days"), [(set[Scope](), 30), ({Scope.READ}, 0), ({Scope.READ}, 366)])
async def test_a_token_for_nothing_or_for_ever_is_refused(tokens: Tokens, user_id: str, scopes: set[Scope], days: int) -> None:
    with pytest.raises(TokenScopeless):
        await tokens.create(user_id, "export", scopes, days=days)


async def test_a_closed_account_ends_its_tokens(tokens: Tokens, users: Users, user_id: str, database: Database) -> None:
    _, secret = await tokens.create(user_id, "export", {Scope.READ})
    async with database.unit() as connection:  # by whatever way: not only by ours, which removes them too
        await connection.execute(update(user).values(is_active=False))
    assert await tokens.find(secret) is None
    await users.change(user_id, by="", is_active=False)
    assert await tokens.list(user_id) == ()
