"""Hears of the commits of other processes: a hint by Postgres's NOTIFY, which may be lost; whoever needs to know also looks."""

import asyncio
import logging
from collections.abc import Callable

import psycopg
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.db import postgres

log = logging.getLogger(__name__)

_CHANNEL = "chatsheet"
_TELL = text("SELECT pg_notify(:channel, :payload)")
_SHORTEST_S, _LONGEST_S = 0.2, 30.0


class Notices:
    """What the processes on one Postgres database tell each other."""

    def __init__(self, url: URL) -> None:
        self._conninfo = postgres.conninfo(url)
        self._name = new_id("process")
        self._tasks = Tasks()

    def listen(self, on_commit: Callable[[], None]) -> None:
        """Call `on_commit` for commits of others from now on; this takes a connection of its own."""
        self._tasks.spawn(self._listen(on_commit), name="hear of other commits")

    async def tell(self, connection: AsyncConnection) -> None:
        """Tell the others as soon as this transaction commits."""
        await connection.execute(_TELL, {"channel": _CHANNEL, "payload": self._name})

    async def close(self) -> None:
        """Listen no more."""
        await self._tasks.close()

    async def _listen(self, on_commit: Callable[[], None]) -> None:
        wait_s = _SHORTEST_S
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    wait_s = _SHORTEST_S
                    on_commit()  # what was told while nobody listened
                    async for told in connection.notifies():
                        if told.payload != self._name:
                            on_commit()
            except (psycopg.Error, OSError) as error:
                log.info("commits of other processes are not heard of for now (%s).", type(error).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_S)
