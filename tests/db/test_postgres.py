"""Postgres: what goes wrong is said without the password, and a server that comes back is used again."""

import asyncio
import traceback
from collections.abc import Generator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text

from chatsheet.chat import store as chats
from chatsheet.chat.events import Answered, Asked
from chatsheet.core.errors import ChatSheetError
from chatsheet.core.identity import LOCAL
from chatsheet.core.ids import new_id
from chatsheet.db import postgres, writing
from chatsheet.db.engine import Database, open_database
from chatsheet.db.errors import DatabaseUnavailable, DatabaseUnfit, DatabaseUrlInvalid
from chatsheet.db.tables import sheet
from chatsheet.sheets import store as sheets
from tests.harness import free_ports
from tests.postgres import PASSWORD, Server

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = insert(sheet).values(id="s", workspace_id="w", name="n", head_version="v", created_by="u", created_at=AT)


@pytest.fixture
def url(postgres_server: Server) -> Generator[str, None, None]:
    """The address of a migrated database of this test's own."""
    with postgres_server.database() as made:
        yield made


async def broken(at: str) -> ChatSheetError:
    with pytest.raises(ChatSheetError) as error:
        await open_database(at)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))
    return error.value


@pytest.mark.parametrize(
    "wrong",
    ["", "nonsense", "mysql://u:a-pass-word@h/d", "postgresql://u:a-pass-word@h:port/d", "postgresql://u:a-pass-word@h"],
)
async def test_an_address_that_is_none_is_refused_and_not_repeated(wrong: str) -> None:
    error = await broken(wrong)
    assert isinstance(error, DatabaseUrlInvalid)
    assert PASSWORD not in error.line()


async def test_a_server_that_is_down_is_named_without_the_password() -> None:
    (port,) = free_ports(1)
    error = await broken(f"postgresql://anna:{PASSWORD}@127.0.0.1:{port}/sheets")
    assert isinstance(error, DatabaseUnavailable)
    assert error.what.startswith(f"the database sheets at 127.0.0.1:{port} cannot be used: ")
    assert "refused" in error.what
    assert PASSWORD not in error.line()


async def test_a_wrong_password_or_name_is_told_apart(url: str) -> None:
    assert "password authentication failed" in (await broken(url.replace(PASSWORD, f"{PASSWORD}!"))).what
    assert 'database "nobodys" does not exist' in (await broken(url.rpartition("/")[0] + "/nobodys")).what


def test_an_old_server_and_a_poor_encoding_are_refused() -> None:
    postgres.require(14, "UTF8")
    with pytest.raises(DatabaseUnfit, match="Postgres 13"):
        postgres.require(13, "UTF8")
    with pytest.raises(DatabaseUnfit, match="SQL_ASCII"):
        postgres.require(18, "SQL_ASCII")


async def test_who_may_not_make_tables_is_told_so(postgres_server: Server) -> None:
    with postgres_server.database("template0") as made:
        postgres_server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        try:
            error = await broken(made.replace("postgres:", "reader:", 1))
        finally:
            postgres_server.run("DROP ROLE reader")
    assert isinstance(error, DatabaseUnfit)
    assert "permission denied for schema public" in error.what


async def test_connections_that_the_server_closed_are_made_anew(postgres_server: Server, url: str) -> None:
    database = await open_database(url)
    async with database.unit() as unit:
        await unit.execute(NEW)
    postgres_server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatsheet'")
    assert await names(database) == ["n"]
    await database.close()


async def test_a_server_that_restarts_is_used_again(postgres_server: Server, url: str) -> None:
    database, other = await open_database(url), await open_database(url)
    postgres_server.stop()
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        await names(database)
    await asyncio.to_thread(postgres_server.start)
    assert await names(database) == []
    await heard_of(database, other)
    await database.close()
    await other.close()


async def test_what_breaks_in_the_middle_is_unavailable_and_its_values_are_not_told(
    postgres_server: Server, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database, value = await open_database(url), new_id("private")

    async def break_off() -> None:
        async with database.unit() as unit:
            await unit.execute(NEW)
            postgres_server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'")
            await unit.execute(NEW.values(id=value))

    with pytest.raises(DatabaseUnavailable) as error:
        await break_off()
    told = caplog.text + "".join(traceback.format_exception(error.value))
    assert "the database failed: terminating connection" in told
    assert PASSWORD not in told
    assert value not in told
    assert await names(database) == []
    await database.close()


async def test_a_commit_elsewhere_is_heard_of(url: str) -> None:
    here, there = await open_database(url), await open_database(url)
    await heard_of(here, there)
    await here.close()
    await there.close()


async def test_who_listens_is_connected_again(postgres_server: Server, url: str) -> None:
    here, there = await open_database(url), await open_database(url)
    await heard_of(here, there)
    postgres_server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await heard_of(here, there)
    await here.close()
    await there.close()


async def test_a_statement_has_its_limits(url: str) -> None:
    database = await open_database(f"{url}?options=-c%20statement_timeout%3D20ms")
    with pytest.raises(DatabaseUnavailable):
        async with database.unit() as unit:
            await unit.execute(text("SELECT pg_sleep(5)"))
    async with database.unit() as unit:
        assert (await unit.execute(text("SHOW lock_timeout"))).scalar_one() == "10s"
    await database.close()


async def test_a_pool_that_is_used_up_is_no_dead_end(url: str) -> None:
    database = await open_database(url, pool=2)
    found = await asyncio.gather(*(names(database) for _ in range(20)))
    assert found == [[]] * 20
    await database.close()


async def test_who_is_cut_off_in_the_middle_leaves_a_connection_that_works(url: str) -> None:
    database = await open_database(url, pool=1)

    async def sleep() -> None:
        async with database.unit() as unit:
            await unit.execute(NEW)
            begun.set()
            await unit.execute(text("SELECT pg_sleep(20)"))

    for _ in range(3):
        begun = asyncio.Event()
        sleeping = asyncio.ensure_future(sleep())
        await begun.wait()
        await asyncio.sleep(0)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await names(database) == []
    await database.close()


async def test_who_holds_one_key_does_not_wait_for_another(url: str) -> None:
    database = await open_database(url)
    async with database.unit() as one, database.unit() as other:
        await writing.hold(one, "chat", "a")
        await writing.hold(other, "chat", "b")
    await database.close()


@pytest.mark.parametrize("said", ["a\0b", "\\u0000", "\\\0", "Zoë 😀"])
async def test_a_text_that_postgres_cannot_hold_does_not_stop_a_chat(url: str, said: str) -> None:
    database = await open_database(url)
    async with database.unit() as unit:
        made = await sheets.add(unit, LOCAL, name="n", version="v", content_sha256="c", at=AT)
        chat = await chats.add(unit, LOCAL, sheet_id=made.id, at=AT, title=said)
        events = [Asked(turn="t", question=said), Answered(turn="t", text=said, numbers=())]
        await chats.append(unit, LOCAL, chat.id, events, at=AT)
        assert await chats.open_turns(unit) == []
        (kept,) = await chats.listing(unit, LOCAL, made.id)
        told = [one.text for one in await chats.said(unit, LOCAL, made.id)]
    assert [kept.title, *told] == [said.replace("\0", "\ufffd")] * 3
    await database.close()


async def names(database: Database) -> list[str]:
    async with database.unit() as unit:
        return list((await unit.execute(select(sheet.c.name))).scalars())


async def heard_of(here: Database, there: Database) -> None:
    """Write there until it is heard of here: a hint may be lost while nobody listens yet."""
    async with asyncio.timeout(20):
        upcoming = here.upcoming
        while not upcoming.is_set():
            async with there.unit() as unit:
                await unit.execute(sheet.delete())
            await asyncio.sleep(0.05)


def test_the_password_is_not_shown_by_the_address() -> None:
    assert PASSWORD not in str(postgres.parse(f"postgresql://u:{PASSWORD}@h/d"))
    assert postgres.parse("postgres://h/d").drivername == "postgresql+psycopg"
