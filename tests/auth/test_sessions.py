"""Sessions end when idle, when old, when told to, and with their user; a new login never goes on with an old secret."""

import pytest
from sqlalchemy import select, update

from chatsheet.auth.accounts import Accounts
from chatsheet.auth.members import NewUser
from chatsheet.auth.sessions import SessionNotFound, Sessions
from chatsheet.db.engine import Database
from chatsheet.db.tables import session, user
from tests.auth.conftest import HandClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def user_id(accounts: Accounts) -> str:
    """Somebody who logs in."""
    return (await accounts.create(NewUser(name="Ada", email="ada@example.com", is_admin=True))).id


async def test_a_session_tells_whose_it_is(sessions: Sessions, user_id: str) -> None:
    found = await sessions.find(await sessions.begin(user_id))
    assert found is not None
    assert (found.user_id, found.is_admin, found.is_person) == (user_id, True, True)


@pytest.mark.parametrize("planted", ["", "planted-by-somebody-else-0123456789abcdefghij", "é" * 50, "\x00"])
async def test_a_secret_that_we_did_not_give_opens_nothing(sessions: Sessions, user_id: str, planted: str) -> None:
    secret = await sessions.begin(user_id, replacing=planted)
    assert await sessions.find(planted) is None
    assert secret != planted
    assert await sessions.find(secret) is not None


async def test_of_a_session_only_a_hash_is_kept(sessions: Sessions, user_id: str, database: Database) -> None:
    secret = await sessions.begin(user_id)
    assert len(secret) >= 43  # 256 bits
    async with database.unit() as connection:
        assert secret not in str((await connection.execute(select(session))).one())


async def test_a_session_without_requests_ends_after_its_idle_time(sessions: Sessions, user_id: str, clock: HandClock) -> None:
    secret = await sessions.begin(user_id)
    clock.pass_by(hours=7, minutes=59)
    assert await sessions.find(secret) is not None
    clock.pass_by(hours=7, minutes=59)
    assert await sessions.find(secret) is not None
    clock.pass_by(hours=8)
    assert await sessions.find(secret) is None


async def test_a_busy_session_ends_after_its_absolute_time(sessions: Sessions, user_id: str, clock: HandClock) -> None:
    secret = await sessions.begin(user_id)
    for _ in range(23):
        clock.pass_by(hours=1)
        assert await sessions.find(secret) is not None
    clock.pass_by(hours=1)
    assert await sessions.find(secret) is None


async def test_when_it_was_seen_is_written_once_a_minute(sessions: Sessions, user_id: str, clock: HandClock) -> None:
    secret, begun = await sessions.begin(user_id), clock.now()
    clock.pass_by(seconds=59)
    await sessions.find(secret)
    assert (await sessions.list(user_id, this=secret))[0].seen_at == begun
    clock.pass_by(seconds=1)
    await sessions.find(secret)
    assert (await sessions.list(user_id, this=secret))[0].seen_at == clock.now()


async def test_a_new_login_of_the_same_browser_ends_the_old_session(sessions: Sessions, user_id: str) -> None:
    old = await sessions.begin(user_id)
    new = await sessions.begin(user_id, replacing=old)
    assert await sessions.find(old) is None
    assert await sessions.find(new) is not None


async def test_two_browsers_are_two_sessions_of_the_list(sessions: Sessions, user_id: str, clock: HandClock) -> None:
    phone = await sessions.begin(user_id, agent="phone")
    clock.pass_by(minutes=5)
    await sessions.begin(user_id, agent="desk" * 100)
    listed = await sessions.list(user_id, this=phone)
    assert [(one.agent[:5], one.is_this) for one in listed] == [("deskd", False), ("phone", True)]


async def test_one_session_can_be_ended_and_all_others(sessions: Sessions, user_id: str) -> None:
    first, second, third = [await sessions.begin(user_id, agent=name) for name in ("first", "second", "third")]
    (gone,) = [one for one in await sessions.list(user_id, this=first) if one.agent == "second"]
    await sessions.revoke(user_id, gone.id)
    assert await sessions.find(second) is None
    await sessions.revoke_others(user_id, this=first)
    assert await sessions.find(third) is None
    assert await sessions.find(first) is not None


async def test_nobody_ends_a_session_of_others(sessions: Sessions, user_id: str) -> None:
    secret = await sessions.begin(user_id)
    (one,) = await sessions.list(user_id, this=secret)
    with pytest.raises(SessionNotFound):
        await sessions.revoke("usr_other", one.id)
    await sessions.revoke_others("usr_other", this="")
    assert await sessions.find(secret) is not None


async def test_a_closed_account_ends_its_sessions_at_once(sessions: Sessions, user_id: str, database: Database) -> None:
    secret = await sessions.begin(user_id)
    async with database.unit() as connection:  # by whatever way: not only by ours, which removes them too
        await connection.execute(update(user).values(is_active=False))
    assert await sessions.find(secret) is None


async def test_sessions_that_ended_are_swept_away(
    sessions: Sessions, user_id: str, clock: HandClock, database: Database
) -> None:
    await sessions.begin(user_id)
    clock.pass_by(hours=9)
    await sessions.begin(user_id)
    async with database.unit() as connection:
        assert len((await connection.execute(select(session))).all()) == 1
