"""The database and its unit of work: a request or a job step is one transaction; nobody else commits."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, Executable, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0008"
"""The newest migration."""
_WROTE = "has_written"
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A pool of connections; `unit()` opens the one transaction of a request or job step."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._upcoming = asyncio.Event()
        event.listen(engine.sync_engine, "after_execute", _note_write)

    @property
    def upcoming(self) -> asyncio.Event:
        """What is set when this process commits its next change."""
        return self._upcoming

    @asynccontextmanager
    async def unit(self) -> AsyncGenerator[AsyncConnection, None]:
        """Yield a connection inside one transaction: committed at the end, rolled back on any error."""
        async with self._engine.begin() as connection:
            connection.info.pop(_WROTE, None)  # of a transaction that was rolled back
            yield connection
            has_written = connection.info.pop(_WROTE, False)
        if has_written:
            upcoming, self._upcoming = self._upcoming, asyncio.Event()
            upcoming.set()

    async def close(self) -> None:
        await self._engine.dispose()


async def open_database(path: Path) -> Database:
    """Open the SQLite file at `path`, migrated to the newest schema."""
    await asyncio.to_thread(_prepare, path)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", hide_parameters=True)  # errors reach logs
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    return Database(engine)


def _note_write(connection: Connection, statement: Executable, *_: object) -> None:
    if getattr(statement, "is_dml", False):
        connection.info[_WROTE] = True


def _configure_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    # WAL + NORMAL: readers never wait for the writer; a power cut may lose the last commits, never the file
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _is_current(path):
        _migrate(f"sqlite:///{path}")
    path.chmod(0o600)  # questions and answers are nobody else's


def _is_current(path: Path) -> bool:
    """Tell whether the schema is the newest, without loading the migration tool, which takes a third of a start."""
    if not path.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        return False
    return rows == [(HEAD,)]


def _migrate(url: str) -> None:
    from alembic import command  # noqa: PLC0415  see _is_current
    from alembic.config import Config  # noqa: PLC0415  see _is_current

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
