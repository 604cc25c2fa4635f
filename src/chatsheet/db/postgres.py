"""Postgres: one database for several servers; what it says goes into errors without the password."""

import json
import logging
import re
from collections.abc import Generator
from contextlib import contextmanager

from psycopg.abc import Buffer
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from chatsheet.db import migrating
from chatsheet.db.errors import DatabaseUnavailable, DatabaseUnfit, DatabaseUrlInvalid
from chatsheet.db.writing import key_number

log = logging.getLogger(__name__)

OLDEST = 14
_ALIVE = {
    "connect_timeout": 5, "application_name": "chatsheet", "client_encoding": "utf8",
    "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
}  # fmt: skip
"""How a connection tells that the other side is gone."""
_LIMITS = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
_RECYCLED_S = 1800
_AWAITED_S = 10
_GONE = (OperationalError, InterfaceError, PoolEmpty)
_REQUIRED = ("server_version_num", "server_encoding")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class _TextDumper(StrDumper):
    """Writes U+0000, which Postgres has no text for, as U+FFFD: a question with one must not be lost."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd"))


def parse(text: str) -> URL:
    """Return `database.url` as SQLAlchemy wants it; raises DatabaseUrlInvalid."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in {"postgresql", "postgres"} or not url.database:
        raise DatabaseUrlInvalid(
            "database.url is no address of a Postgres database.", fix="write it as postgresql://user:password@host/name."
        ) from None
    return url.set(drivername="postgresql+psycopg")


def conninfo(url: URL) -> str:
    """Return an address as Postgres's own library takes it, with its password."""
    return make_conninfo(url.set(drivername="postgresql").render_as_string(hide_password=False), **_ALIVE)


def engine(url: URL, *, pool: int) -> AsyncEngine:
    """Return an engine for a database that `prepare` has seen."""
    options = " ".join([_LIMITS, *([str(url.query["options"])] if "options" in url.query else [])])
    made = create_async_engine(
        url.difference_update_query(["options"]),
        # no statement is prepared at the server: a pooler between us may give the next one to another connection
        connect_args={**_ALIVE, "options": options, "prepare_threshold": None},
        json_serializer=_json,
        hide_parameters=True,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=_AWAITED_S,
        pool_pre_ping=True,
        pool_recycle=_RECYCLED_S,
    )
    event.listen(made.sync_engine, "connect", _configure)
    return made


def patient(url: URL) -> Engine:
    """Return an engine without the limits of `engine`: a migration takes as long as it takes, and so does a copy."""
    made = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_ALIVE, json_serializer=_json)
    event.listen(made, "connect", _configure)
    return made


def prepare(url: URL) -> None:
    """Bring a database to the newest schema.

    Raises DatabaseUnavailable, DatabaseUnfit, DatabaseNewer.
    """
    try:
        with patient(url).begin() as connection:
            number, encoding = (str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in _REQUIRED)
            require(int(number) // 10_000, encoding)
            if migrating.is_current(versions(connection)):
                return
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key_number('migration')})")
            if not migrating.is_current(versions(connection)):  # else another server did it while we waited
                migrating.upgrade(connection)
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        what = f"the tables cannot be made in {_named(url)}: {_reason(url, error)}."
        raise DatabaseUnfit(what, fix="let its user create tables: GRANT CREATE ON SCHEMA public TO ….") from None
    except _GONE as error:
        what = f"the database {_named(url)} cannot be used: {_reason(url, error)}."
        raise DatabaseUnavailable(what, fix="start it, or correct database.url.") from None


def require(version: int, encoding: str) -> None:
    """Raise DatabaseUnfit for a server that is too old, or a database that cannot hold every text."""
    if version < OLDEST:
        raise DatabaseUnfit(f"the server is Postgres {version}.", fix=f"use Postgres {OLDEST} or newer.")
    if encoding != "UTF8":
        raise DatabaseUnfit(f"the database is encoded as {encoding}.", fix="create one with ENCODING 'UTF8'.")


@contextmanager
def answering() -> Generator[None, None, None]:
    """Say in our own words that the database is gone; whoever asks over HTTP learns nothing of where it is."""
    try:
        yield
    except _GONE as error:
        log.warning("the database failed: %s", _first_line(error))
        raise DatabaseUnavailable("the database does not answer in time.", fix="try again; the log says more.") from error


def versions(connection: Connection) -> list[str]:
    """Return the migration that a database is at; nothing for one without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.exec_driver_sql(migrating.VERSIONS).scalars())


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    connection.adapters.register_dumper(str, _TextDumper)


def _json(value: object) -> str:
    return _NUL.sub(r"\1\\ufffd", json.dumps(value))


def _named(url: URL) -> str:
    where = url.host or url.query.get("host") or "localhost"
    return f"{url.database} at {where}{f':{url.port}' if url.port else ''}"


def _reason(url: URL, error: SQLAlchemyError) -> str:
    line = _first_line(error)
    return line.replace(str(url.password), "…") if url.password else line


def _first_line(error: SQLAlchemyError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return said[0].removeprefix("connection failed: ").rstrip(".") if said else type(error).__name__
