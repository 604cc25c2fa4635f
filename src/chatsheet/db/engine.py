"""The database and its unit of work: a request or a job step is one transaction; nobody else commits."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Executable, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatsheet.core.acts import Act
from chatsheet.db import sqlite

_WROTE, _ACTS = "has_written", "acts"


class Others(Protocol):
    """The other processes on the same database."""

    def listen(self, on_commit: Callable[[], None]) -> None:
        """Call `on_commit` for their commits from now on."""
        ...

    async def tell(self, connection: AsyncConnection) -> None:
        """Tell them as soon as this transaction commits."""
        ...

    async def close(self) -> None:
        """Listen no more."""
        ...


class Witness(Protocol):
    """Who is told what transactions do, and by whom."""

    async def write(self, connection: AsyncConnection, acts: Sequence[Act]) -> None:
        """Keep acts in the transaction that did them; called last, before it commits."""
        ...


def tell(connection: AsyncConnection, *acts: Act) -> None:
    """Tell the database's witness, if it has one, what this unit does: kept with it, or not at all."""
    connection.info.setdefault(_ACTS, []).extend(acts)


class Database:
    """A pool of connections; `unit()` opens the one transaction of a request or job step."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        answering: Callable[[], AbstractContextManager[None]] = nullcontext,
        others: Others | None = None,
        witness: Witness | None = None,
    ) -> None:
        """`answering` says what it means that the database fails."""
        self._engine = engine
        self._answering = answering
        self._upcoming = asyncio.Event()
        self._others = others
        self._witness = witness
        if others is not None:
            others.listen(self._changed)
        event.listen(engine.sync_engine, "after_execute", _note_write)

    @property
    def upcoming(self) -> asyncio.Event:
        """What is set at the next change: when this process commits, on Postgres also, soon after, when another one does."""
        return self._upcoming

    @asynccontextmanager
    async def unit(self) -> AsyncGenerator[AsyncConnection, None]:
        """Yield a connection inside one transaction: committed at the end, rolled back on any error.

        Each statement sees what others have committed by then: what is read and written back needs `writing.hold`.
        """
        with self._answering():
            async with self._engine.begin() as connection:
                for left in (_WROTE, _ACTS):  # of a transaction that was rolled back
                    connection.info.pop(left, None)
                yield connection
                if (acts := connection.info.pop(_ACTS, None)) and self._witness is not None:
                    await self._witness.write(connection, acts)
                has_written = connection.info.pop(_WROTE, False)
                if has_written and self._others is not None:
                    await self._others.tell(connection)
        if has_written:
            self._changed()

    async def close(self) -> None:
        if self._others is not None:
            await self._others.close()
        await self._engine.dispose()

    def _changed(self) -> None:
        upcoming, self._upcoming = self._upcoming, asyncio.Event()
        upcoming.set()


async def open_database(at: Path | str, *, pool: int = 10, witness: Witness | None = None) -> Database:
    """Open the SQLite file at a path, or the Postgres database at an address, migrated to the newest schema.

    Raises the errors of db.errors. `pool` is how many connections to Postgres there may be, beside one that listens.
    """
    if isinstance(at, Path):
        await asyncio.to_thread(sqlite.prepare, at)
        return Database(sqlite.engine(at), witness=witness)
    from chatsheet.db import notices, postgres  # noqa: PLC0415  its driver is for those who use it

    url = postgres.parse(at)
    await asyncio.to_thread(postgres.prepare, url)
    return Database(postgres.engine(url, pool=pool), answering=postgres.answering, others=notices.Notices(url), witness=witness)


def _note_write(connection: Connection, statement: Executable, *_: object) -> None:
    if getattr(statement, "is_dml", False):
        connection.info[_WROTE] = True
