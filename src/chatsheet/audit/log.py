"""The audit log: written in the transaction of what it tells, read in order, checked from end to end."""

from collections.abc import AsyncGenerator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.audit import chain, store
from chatsheet.audit.chain import Entry, Walk
from chatsheet.audit.model import ALL, Wanted
from chatsheet.core.acts import NOTHING, Act
from chatsheet.core.clock import Clock
from chatsheet.db.engine import Database, tell

_AT_ONCE = 1_000


class Writer:
    """Writes what a transaction did behind the last entry, and counts what it spent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def write(self, connection: AsyncConnection, acts: Sequence[Act]) -> None:
        """Append acts, the last thing that a transaction does: the chain is held until it ends."""
        seq, before = await store.head(connection)
        now = self._clock.now()
        entries: list[Entry] = []
        for number, act in enumerate(acts, seq + 1):
            said = Entry(
                seq=number,
                at=now,
                workspace_id=act.workspace_id,
                actor_id=act.actor_id,
                action=act.action,
                subject=act.subject,
                body=dict(act.body),
            )
            entries.append(chain.link(said, entries[-1].hash if entries else before))
        await store.append(connection, entries)
        for act in acts:
            if act.spent != NOTHING:
                await store.spend(connection, act, day=now.date())


class Audit:
    """The audit log, for those who look at it, and for what changes nothing else in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, *acts: Act) -> None:
        """Write acts in a transaction of their own."""
        async with self._database.unit() as connection:
            tell(connection, *acts)

    async def latest(self, wanted: Wanted, *, before: int | None, most: int) -> list[Entry]:
        """Return the last entries before a number, or of all, the newest first."""
        async with self._database.unit() as connection:
            return await store.before(connection, before, most=most, wanted=wanted)

    async def entries(self, wanted: Wanted = ALL) -> AsyncGenerator[Entry, None]:
        """Yield entries in order, a page of them in a transaction each."""
        seq = 0
        while True:
            async with self._database.unit() as connection:
                page = await store.after(connection, seq, most=_AT_ONCE, wanted=wanted)
            for entry in page:
                yield entry
            if len(page) < _AT_ONCE:
                return
            seq = page[-1].seq

    async def verify(self, *, expected: str = "") -> Walk:
        """Follow the whole chain; `expected` is a hash that must be in it, as one that was noted earlier."""
        so_far = chain.walk(expected)
        async for entry in self.entries():
            so_far = chain.follow(so_far, entry)
        return chain.end(so_far)
