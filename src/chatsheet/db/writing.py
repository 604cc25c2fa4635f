"""What both databases do and each says in its own words: hold a key, insert or update."""

import hashlib

import aiosqlite
from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

_HOLD = text("SELECT pg_advisory_xact_lock(:number)")


async def hold(connection: AsyncConnection, *key: str) -> None:
    """Let nobody else hold this key until the transaction ends: what is read from here on still holds when it is written.

    Who holds several takes them in one order everywhere, and before rows are written that others want too. SQLite has one
    writer: there it keeps all others out.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_HOLD, {"number": key_number(*key)})
        return
    driver: object = (await connection.get_raw_connection()).driver_connection
    if isinstance(driver, aiosqlite.Connection) and not driver.in_transaction:  # else we are the writer already
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def key_number(*key: str) -> int:
    """Return the number that Postgres knows a key by: two keys with the same one wait for each other, which is no harm."""
    return int.from_bytes(hashlib.sha256("\0".join(key).encode()).digest()[:8], signed=True)


def insert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can say what to do about a row that is there already."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
