"""Everything that a database holds, out of one moment of it and into an empty one, of either kind."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from sqlalchemy import Column, Connection, Date, Float, Numeric, Table, insert, inspect, select, type_coerce

from chatsheet.core.loose import JsonObject
from chatsheet.db import migrating, postgres, sqlite
from chatsheet.db.errors import DatabaseFilled, DatabaseMissing, DatabaseOlder
from chatsheet.db.tables import UtcDateTime, metadata

TABLES: Final[Mapping[str, Table]] = {table.name: table for table in metadata.sorted_tables}
"""All tables by name; whatever a row names stands in a table before its own."""
_AT_ONCE = 1_000
_ONE_MOMENT = {
    "sqlite": ("BEGIN",),
    "postgresql": (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL idle_in_transaction_session_timeout = 0",  # files may be copied meanwhile
    ),
}


@contextmanager
def reading(at: Path | str) -> Generator[Connection, None, None]:
    """Yield a connection that sees the database as it is now, whatever others write meanwhile; it waits for none of them.

    Raises DatabaseMissing, DatabaseOlder, DatabaseNewer, DatabaseUnavailable.
    """
    if isinstance(at, Path) and not at.is_file():
        raise DatabaseMissing(f"there is no database at {at}.", fix="name the data folder that the server uses.")
    with _connected(at) as connection:
        for statement in _ONE_MOMENT[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        if not migrating.is_current(postgres.versions(connection)):
            what = "the database is of an older version of this program."
            raise DatabaseOlder(what, fix="use the version that runs on it, or start this one once.")
        yield connection


def rows(connection: Connection, table: Table) -> Iterator[JsonObject]:
    """Yield a table's rows as JSON, by its key."""
    columns = [type_coerce(c, Float).label(c.name) if isinstance(c.type, Numeric) else c for c in table.columns]
    asked = connection.execution_options(yield_per=_AT_ONCE).execute(select(*columns).order_by(*table.primary_key.columns))
    for row in asked.mappings():
        yield {name: _told(value) for name, value in row.items()}


@contextmanager
def filling(at: Path | str, *, migration: str) -> Generator[Connection, None, None]:
    """Yield a connection to an empty database at an earlier migration: in the end it holds all, at the newest, or nothing.

    Raises DatabaseFilled, DatabaseNewer, DatabaseUnavailable.
    """
    migrating.is_current([migration])
    if isinstance(at, Path):
        at.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        at.touch(mode=0o600)
    with _connected(at) as connection:
        if isinstance(at, Path):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if inspect(connection).get_table_names():
            raise DatabaseFilled("the database holds something already.", fix="name an empty one.")
        migrating.upgrade(connection, to=migration)
        yield connection
        migrating.upgrade(connection)


def put(connection: Connection, table: Table, told: Iterable[JsonObject]) -> None:
    """Insert rows as `rows` gave them; columns that came later have their defaults."""
    batch: list[dict[str, object]] = []
    for row in told:
        batch.append({name: _meant(table.columns[name], value) for name, value in row.items()})
        if len(batch) == _AT_ONCE:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


@contextmanager
def _connected(at: Path | str) -> Generator[Connection, None, None]:
    is_file = isinstance(at, Path)
    engine = sqlite.patient(at) if isinstance(at, Path) else postgres.patient(postgres.parse(at))
    with nullcontext() if is_file else postgres.answering(), engine.begin() as connection:
        yield connection


def _told(value: JsonValue | date) -> JsonValue:
    return value.isoformat() if isinstance(value, date) else value


def _meant(column: Column[object], value: JsonValue) -> object:
    if isinstance(value, str) and isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value
