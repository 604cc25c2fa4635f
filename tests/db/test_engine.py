"""The database: migrated once, one transaction a unit, times in UTC."""

import asyncio
import sqlite3
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine, insert, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from chatsheet.db import migrating, postgres, tables
from chatsheet.db.engine import Database, open_database
from chatsheet.db.errors import DatabaseNewer
from tests.postgres import Server

pytestmark = pytest.mark.anyio


def row(sheet_id: str, at: datetime) -> dict[str, object]:
    return {
        "id": sheet_id,
        "workspace_id": "w",
        "name": "n",
        "head_version": "v",
        "created_by": "u",
        "created_at": at,
    }


@pytest.fixture(params=["sqlite", "postgres"])
def empty_at(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path | str, None, None]:
    """Where a database is that nobody migrated."""
    if request.param == "sqlite":
        yield tmp_path / "state.sqlite"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database("template0") as url:
        yield url


async def test_migrations_make_exactly_the_tables_that_the_code_knows(database_at: Path | str) -> None:
    await (await open_database(database_at)).close()
    found = create_engine(postgres.parse(database_at) if isinstance(database_at, str) else f"sqlite:///{database_at}")
    with found.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert not any(column.get("autoincrement") for column in inspect(connection).get_columns("audit_entry"))
    found.dispose()


async def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    await (await open_database(tmp_path / "a folder" / "state.sqlite")).close()
    assert (tmp_path / "a folder" / "state.sqlite").stat().st_mode & 0o777 == 0o600


OPEN = """
import asyncio, pathlib, sys
from chatsheet.db.engine import open_database
asyncio.run(open_database(sys.argv[1] if "://" in sys.argv[1] else pathlib.Path(sys.argv[1])))
"""


async def test_processes_that_start_at_once_on_an_empty_database_migrate_it_once(empty_at: Path | str) -> None:
    commands = [await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN, str(empty_at)) for _ in range(2)]
    assert [await command.wait() for command in commands] == [0, 0]
    database = await open_database(empty_at)
    async with database.unit() as unit:
        assert (await unit.execute(select(tables.sheet))).all() == []
    await database.close()


async def test_a_database_of_a_newer_version_is_left_alone(database_at: Path | str) -> None:
    database = await open_database(database_at)
    async with database.unit() as unit:
        await unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(DatabaseNewer, match="is at migration 9999") as newer:
        await open_database(database_at)
    assert "newer version" in newer.value.fix


def test_the_newest_migration_is_the_one_the_engine_expects() -> None:
    folder = Path(migrating.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == migrating.HEAD


async def test_an_older_or_broken_version_mark_is_migrated_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE unrelated (x)")
    connection.close()
    database = await open_database(path)
    async with database.unit() as unit:
        assert (await unit.execute(select(tables.sheet))).all() == []
    await database.close()


async def test_a_unit_is_all_or_nothing(database: Database) -> None:
    async def break_off() -> None:
        async with database.unit() as unit:
            await unit.execute(insert(tables.sheet).values(**row("s", datetime(2026, 1, 1, tzinfo=UTC))))
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await break_off()
    async with database.unit() as unit:
        assert (await unit.execute(select(tables.sheet))).all() == []


async def test_times_come_back_in_utc(database: Database) -> None:
    there = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    async with database.unit() as unit:
        await unit.execute(insert(tables.sheet).values(**row("s", there)))
        (found,) = (await unit.execute(select(tables.sheet.c.created_at))).scalars()
    assert found == there
    assert found.tzinfo is UTC


async def test_who_waits_for_the_next_change_hears_of_a_commit(database: Database) -> None:
    upcoming = database.upcoming
    async with database.unit() as unit:
        await unit.execute(insert(tables.sheet).values(**row("s", datetime(2026, 1, 1, tzinfo=UTC))))
    assert upcoming.is_set()


async def test_who_waits_for_the_next_change_hears_of_no_reading(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "state.sqlite")
    async with database.unit() as unit:
        await unit.execute(select(tables.sheet))
    assert not database.upcoming.is_set()
    await database.close()


async def test_a_database_of_the_first_release_is_migrated_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    made = create_engine(f"sqlite:///{path}")
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(tables.sheet).values(**row("s", datetime(2026, 1, 1, tzinfo=UTC))))
    made.dispose()
    database = await open_database(path)
    async with database.unit() as unit:
        assert list((await unit.execute(select(tables.sheet.c.id))).scalars()) == ["s"]
        assert (await unit.execute(select(tables.route_day))).all() == []
    await database.close()


OF_PEOPLE = {"user", "user_identity", "workspace", "login_attempt", "session", "login_code", "shared_secret"}
"""People belong to no workspace; they are members of some. Nor does what the servers share."""
OF_MACHINES = {"job_worker", "route_minute"}
"""Workers and routes serve all workspaces."""


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_has_its_workspace_and_is_one_that_postgres_takes(table: Table) -> None:
    assert table.name in OF_PEOPLE | OF_MACHINES or "workspace_id" in table.columns
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
