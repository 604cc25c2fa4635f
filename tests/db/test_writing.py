"""Holding a key: what is read under it still holds when it is written, whoever else wants the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.chat import leases
from chatsheet.chat import store as chats
from chatsheet.chat.events import Asked, Cancelled
from chatsheet.core.identity import LOCAL
from chatsheet.core.ids import new_id
from chatsheet.db import writing
from chatsheet.db.engine import Database, open_database
from chatsheet.db.tables import audit_entry, chat_event, route_day, sheet
from chatsheet.sheets import store as sheets

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOST = 3


async def at_once(where: Path | str, work: Callable[[AsyncConnection], Awaitable[object]], times: int = 8) -> list[object]:
    """Do the same in two processes' databases, each time in a transaction of its own, all of them together."""
    replicas = [await open_database(where), await open_database(where)]

    async def once(database: Database) -> object:
        async with database.unit() as connection:
            return await work(connection)

    try:
        return await asyncio.gather(*(once(replicas[number % 2]) for number in range(times)), return_exceptions=True)
    finally:
        for one in replicas:
            await one.close()


async def brought(database: Database) -> str:
    async with database.unit() as connection:
        return (await sheets.add(connection, LOCAL, name="n", version="v", content_sha256="c", at=AT)).id


async def test_a_limit_holds_for_all_who_count_at_once(database: Database, database_at: Path | str) -> None:
    async def add_if_room(connection: AsyncConnection) -> None:
        await writing.hold(connection, "some", "key")
        known = (await connection.execute(select(func.count()).select_from(sheet))).scalar_one()
        if known < MOST:
            row = {"workspace_id": "w", "name": "n", "head_version": "v", "created_by": "u", "created_at": AT}
            await connection.execute(insert(sheet).values(id=f"sheet {known}", **row))

    assert await at_once(database_at, add_if_room) == [None] * 8
    async with database.unit() as connection:
        assert (await connection.execute(select(func.count()).select_from(sheet))).scalar_one() == MOST


async def test_the_same_file_brought_in_by_all_at_once_is_one_sheet(database_at: Path | str) -> None:
    async def bring(connection: AsyncConnection) -> object:
        return (await sheets.add(connection, LOCAL, name="n", version="v", content_sha256="c", at=AT)).id

    assert len(set(await at_once(database_at, bring))) == 1


async def test_a_head_is_moved_by_one_of_all_who_saw_it(database: Database, database_at: Path | str) -> None:
    sheet_id = await brought(database)

    async def move(connection: AsyncConnection) -> object:
        return await sheets.move(connection, LOCAL, sheet_id, kind="edit", old="v", new="w", reason="", at=AT)

    assert sorted(map(bool, await at_once(database_at, move))) == [False] * 7 + [True]


async def test_a_log_has_no_gap_whoever_writes_and_no_event_is_lost(database: Database, database_at: Path | str) -> None:
    sheet_id = await brought(database)
    async with database.unit() as connection:
        chat = await chats.add(connection, LOCAL, sheet_id=sheet_id, at=AT)

    async def append(connection: AsyncConnection) -> object:
        await chats.hold(connection, chat.id)
        return await chats.append(connection, LOCAL, chat.id, [Asked(turn="t", question="?"), Cancelled(turn="t")], at=AT)

    assert sorted(map(str, await at_once(database_at, append))) == sorted(map(str, range(2, 17, 2)))
    async with database.unit() as connection:
        found = await connection.execute(select(chat_event.c.seq).order_by(chat_event.c.seq))
    assert list(found.scalars()) == list(range(1, 17))


async def test_a_chat_is_removed_while_others_write_into_it(database: Database, database_at: Path | str) -> None:
    sheet_id = await brought(database)
    async with database.unit() as connection:
        chat = await chats.add(connection, LOCAL, sheet_id=sheet_id, at=AT)
    turns = iter(range(8))

    async def append_or_remove(connection: AsyncConnection) -> None:
        if next(turns) == 4:
            await chats.remove(connection, LOCAL, chat.id)
        else:
            await chats.hold(connection, chat.id)
            await chats.append(connection, LOCAL, chat.id, [Asked(turn="t", question="?")], at=AT)

    ends = await at_once(database_at, append_or_remove)
    assert {type(end) for end in ends} <= {type(None), chats.ChatMovedOn}
    async with database.unit() as connection:
        assert await chats.log(connection, LOCAL, chat.id) == []


async def test_a_lease_is_taken_by_one_of_all_who_want_it(database: Database, database_at: Path | str) -> None:
    sheet_id = await brought(database)
    async with database.unit() as connection:
        chat = await chats.add(connection, LOCAL, sheet_id=sheet_id, at=AT)

    async def take(connection: AsyncConnection) -> object:
        return await leases.take(connection, LOCAL, chat.id, new_id("process"), now=AT)

    assert sorted(map(bool, await at_once(database_at, take))) == [False] * 7 + [True]


async def test_what_is_said_of_a_shape_by_all_at_once_is_said_once(database: Database, database_at: Path | str) -> None:
    async def remember(connection: AsyncConnection) -> None:
        await sheets.remember(connection, LOCAL, "shape", {"header": 1}, at=AT)

    assert await at_once(database_at, remember) == [None] * 8
    async with database.unit() as connection:
        assert await sheets.remembered(connection, LOCAL) == {"shape": {"header": 1}}


async def test_counts_of_all_are_added(database: Database, database_at: Path | str) -> None:
    async def count(connection: AsyncConnection) -> None:
        adding = writing.insert(connection, route_day).values(
            workspace_id="w", day=AT.date(), route="r", to_route="", outcome="answered", count=1
        )
        summed = {"count": route_day.c["count"] + adding.excluded["count"]}
        await connection.execute(adding.on_conflict_do_update(index_elements=route_day.primary_key.columns, set_=summed))

    assert await at_once(database_at, count) == [None] * 8
    async with database.unit() as connection:
        assert (await connection.execute(select(route_day.c["count"]))).scalar_one() == 8


async def test_a_key_is_held_in_the_middle_of_a_transaction_too(database: Database, database_at: Path | str) -> None:
    async def count_up(connection: AsyncConnection) -> None:
        owned = {"workspace_id": "w", "created_by": "u", "created_at": AT}
        await connection.execute(insert(sheet).values(id=new_id("sheet"), name="n", head_version="v", **owned))
        await writing.hold(connection, "some", "key")
        await writing.hold(connection, "some", "key")
        last = (await connection.execute(select(func.max(audit_entry.c.seq)))).scalar_one() or 0
        told = {"actor_id": "u", "action": "a", "subject": "s", "body": None, "hash": "h"}
        await connection.execute(insert(audit_entry).values(seq=last + 1, at=AT, workspace_id="w", **told))

    assert await at_once(database_at, count_up) == [None] * 8
    async with database.unit() as connection:
        found = (await connection.execute(select(audit_entry.c.seq).order_by(audit_entry.c.seq))).scalars()
        assert list(found) == list(range(1, 9))


async def test_keys_are_told_apart_by_all_their_parts() -> None:
    assert len({writing.key_number(*key) for key in (("a", "b"), ("ab",), ("a", "", "b"), ("b", "a"))}) == 4
