"""SQLite: one file in the data folder, for one machine."""

import contextlib
import sqlite3
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from chatsheet.db import migrating

_MIGRATED_WITHIN_S = 60


def engine(path: Path) -> AsyncEngine:
    """Return an engine for a file that `prepare` has seen."""
    made = create_async_engine(f"sqlite+aiosqlite:///{path}", hide_parameters=True)  # errors reach logs
    event.listen(made.sync_engine, "connect", _configure)
    return made


def patient(path: Path) -> Engine:
    """Return an engine that waits for as long as a migration may take."""
    url = URL.create("sqlite", database=str(path))
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": _MIGRATED_WITHIN_S})


def prepare(path: Path) -> None:
    """Make the file at `path` where there is none, and bring it to the newest schema; raises DatabaseNewer."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not migrating.is_current(_versions(path)):
        _migrate(path)
    path.chmod(0o600)  # questions and answers are nobody else's


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    # WAL + NORMAL: readers never wait for the writer; a power cut may lose the last commits, never the file
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _versions(path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return [version for (version,) in connection.execute(migrating.VERSIONS)]
    except sqlite3.Error:
        return []


def _migrate(path: Path) -> None:
    with patient(path).begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # who starts at the same time waits, and finds it done
        migrating.upgrade(connection)
