"""The log: in the transaction of what it tells, without gaps whoever writes, and tampering with the table is named."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from chatsheet.audit import chain, store
from chatsheet.audit.chain import GENESIS, Broken, Entry
from chatsheet.audit.log import Audit, Writer
from chatsheet.audit.model import Wanted
from chatsheet.core.acts import Act, Spent
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import Database, open_database, tell
from chatsheet.db.tables import audit_entry, route_day, spend_day
from tests.auth.conftest import HandClock
from tests.harness import run_program

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACT = Act.of(LOCAL, "sheet.query", "sheet_1", {"sql": "SELECT 1", "rows": 1, "cost": 0.1 + 0.2, "text": "Zürich \u2028 \ud800"})

APPENDING = """
import asyncio, pathlib, sys
from chatsheet.audit.log import Audit, Writer
from chatsheet.core.acts import Act
from chatsheet.core.clock import SystemClock
from chatsheet.db.engine import open_database

async def append():
    at = sys.argv[1]
    database = await open_database(at if "://" in at else pathlib.Path(at), witness=Writer(SystemClock()))
    async def some():
        for _ in range(10):
            await Audit(database).note(Act(action="login"))
    await asyncio.gather(*(some() for _ in range(4)))
    await database.close()

asyncio.run(append())
"""
"""A process of its own that appends 40 entries, four at a time."""


@pytest.fixture
async def database(anyio_backend: str, database_at: Path | str) -> AsyncGenerator[Database, None]:
    """A database whose transactions are witnessed, on SQLite and then on Postgres."""
    del anyio_backend
    opened = await open_database(database_at, witness=Writer(SystemClock()))
    yield opened
    await opened.close()


async def write(database: Database, number: int) -> Audit:
    audit = Audit(database)
    for _ in range(number):
        await audit.note(ACT)
    return audit


async def all_of(audit: Audit, wanted: Wanted | None = None) -> list[Entry]:
    return [one async for one in audit.entries(wanted or Wanted())]


async def test_entries_come_back_as_they_were_written_and_are_whole(database: Database) -> None:
    audit = await write(database, 3)
    entries = await all_of(audit)
    assert [one.seq for one in entries] == [1, 2, 3]
    assert entries[0].body == ACT.body
    walked = await audit.verify(expected=entries[1].hash)
    assert (walked.entries, walked.head, walked.broken) == (3, entries[2].hash, None)


async def test_acts_of_a_transaction_that_fails_are_not_told(database: Database) -> None:
    async def fail() -> None:
        async with database.unit() as connection:
            tell(connection, ACT)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.unit() as connection:  # perhaps the same connection again
        await connection.execute(select(1))
    assert await all_of(Audit(database)) == []


async def test_what_cannot_be_told_is_not_done(database: Database) -> None:
    day = {"workspace_id": "w", "day": AT.date(), "route": "r", "to_route": "", "outcome": "", "count": 1}

    async def act() -> None:
        async with database.unit() as connection:
            await connection.execute(insert(route_day).values(day))
            tell(connection, Act.of(LOCAL, "sheet.query", "s", {"number": float("nan")}))

    with pytest.raises(ValueError, match="JSON compliant"):
        await act()
    async with database.unit() as connection:
        assert (await connection.execute(select(route_day))).all() == []


async def test_a_database_without_a_witness_does_what_it_is_told(database_at: Path | str) -> None:
    database = await open_database(database_at)
    assert await all_of(await write(database, 1)) == []
    await database.close()


async def test_two_processes_that_append_at_once_leave_one_chain_without_gaps(
    database: Database, database_at: Path | str
) -> None:
    argv = (sys.executable, "-c", APPENDING, str(database_at))
    for code, _, err in await asyncio.gather(*(run_program(argv=argv) for _ in range(2))):
        assert code == 0, err
    walked = await Audit(database).verify()
    assert (walked.entries, walked.broken) == (80, None)


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT},
        {"workspace_id": "other"},
        {"actor_id": "other"},
        {"action": "login"},
        {"subject": "other"},
        {"body": {"sql": "SELECT 2"}},
        {"hash": "f" * 64},
    ],
    ids=str,
)
async def test_an_entry_that_somebody_changed_is_named(database: Database, change: dict[str, object]) -> None:
    audit = await write(database, 4)
    async with database.unit() as connection:
        await connection.execute(update(audit_entry).where(audit_entry.c.seq == 2).values(change))
    assert (await audit.verify()).broken == Broken(2, "changed")


async def test_an_entry_that_somebody_removed_is_named(database: Database) -> None:
    audit = await write(database, 4)
    async with database.unit() as connection:
        await connection.execute(delete(audit_entry).where(audit_entry.c.seq == 3))
    assert (await audit.verify()).broken == Broken(3, "removed")


async def test_entries_that_somebody_put_in_another_order_are_named(database: Database) -> None:
    audit = await write(database, 4)
    async with database.unit() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            await connection.execute(update(audit_entry).where(audit_entry.c.seq == old).values(seq=new))
    assert (await audit.verify()).broken == Broken(2, "reordered")


async def test_a_log_whose_end_somebody_cut_off_lacks_the_head_that_was_noted(database: Database) -> None:
    audit = await write(database, 4)
    head = (await audit.verify()).head
    async with database.unit() as connection:
        await connection.execute(delete(audit_entry).where(audit_entry.c.seq > 2))
    assert (await audit.verify()).broken is None
    assert (await audit.verify(expected=head)).broken == Broken(3, "truncated")


async def test_ten_thousand_entries_are_followed_in_one_pass(database: Database) -> None:
    entries: list[Entry] = []
    for seq in range(1, 10_001):
        said = Entry(seq=seq, at=AT, workspace_id="w", actor_id="u", action="sheet.query", subject="s", body={"n": seq})
        entries.append(chain.link(said, entries[-1].hash if entries else GENESIS))
    async with database.unit() as connection:
        await store.append(connection, entries)
    walked = await Audit(database).verify(expected=entries[4_321].hash)
    assert (walked.entries, walked.head, walked.broken) == (10_000, entries[-1].hash, None)


async def test_entries_are_found_by_workspace_action_person_subject_and_time(database: Database) -> None:
    audit = await write(database, 2)
    await audit.note(Act(action="login", actor_id="ada", subject="ses_1"))
    assert [one.seq for one in await all_of(audit, Wanted(workspace_id=LOCAL.workspace_id))] == [1, 2]
    for wanted in (Wanted(workspace_id=""), Wanted(action="login"), Wanted(actor_id="ada"), Wanted(subject="ses_1")):
        assert [one.seq for one in await all_of(audit, wanted)] == [3]
    assert await all_of(audit, Wanted(until=AT.replace(year=2000))) == []
    assert [one.seq for one in await audit.latest(Wanted(), before=3, most=1)] == [2]


async def test_what_acts_spend_is_counted_by_workspace_day_user_and_job(database_at: Path | str) -> None:
    clock = HandClock()
    database = await open_database(database_at, witness=Writer(clock))
    audit, spent = Audit(database), Spent(input_tokens=10, output_tokens=5, cost=0.25, unpriced_calls=1)
    for _ in range(2):
        await audit.note(Act.of(LOCAL, "model.call", "s", {}, spent=spent), Act.of(LOCAL, "model.call", "s", {}, spent=spent))
    clock.pass_by(days=1)
    await audit.note(Act(action="model.call", workspace_id="local", actor_id="local", job_id="job_1", spent=spent))
    async with database.unit() as connection:
        rows = (await connection.execute(select(spend_day.c.job_id, spend_day.c.input_tokens).order_by(spend_day.c.day))).all()
    await database.close()
    assert [tuple(row) for row in rows] == [("", 40), ("job_1", 10)]
