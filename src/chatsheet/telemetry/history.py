"""What calls met on each route, by day: counted in memory, written to the database twice a minute and at the end."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from chatsheet.core.clock import Clock
from chatsheet.core.tasks import Tasks
from chatsheet.db import writing
from chatsheet.db.engine import Database
from chatsheet.db.errors import DatabaseUnavailable
from chatsheet.db.tables import route_day
from chatsheet.telemetry.values import ANSWERED

log = logging.getLogger(__name__)

_EVERY_S = 30.0
_KEPT_DAYS = 90
_MOST_COUNTS = 10_000
"""Of counts that wait for a database which cannot be written; what is new beyond them is not counted."""

_Met = tuple[str, str, str]
"""Route, the route it was left for or "", and the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCounts:
    """What was counted on a route."""

    route: str
    attempts: int
    fell_back: int
    causes: tuple[tuple[str, int], ...]
    """Of the attempts that failed, most frequent first."""


class History:
    """Counts what model calls tell it; a database that cannot be written costs them nothing, and no count is lost by it."""

    def __init__(self, *, database: Database, clock: Clock, workspace_id: str) -> None:
        self._database = database
        self._clock = clock
        self._workspace_id = workspace_id
        self._met: dict[_Met, int] = {}
        self._unwritten: Counter[tuple[date, _Met]] = Counter()
        self._lock = asyncio.Lock()
        self._is_closing = asyncio.Event()
        self._is_failing = False
        self._swept: date | None = None
        self._tasks = Tasks()

    def open(self) -> None:
        """Write from time to time from now on."""
        self._tasks.spawn(self._keep_writing(), name="history")

    def attempted(self, *, route: str, outcome: str) -> None:
        """Count an attempt on a route."""
        key = (route, "", outcome)
        self._met[key] = self._met.get(key, 0) + 1

    def fell_back(self, *, route: str, to: str, cause: str) -> None:
        """Count a call that left a route for another."""
        key = (route, to, cause)
        self._met[key] = self._met.get(key, 0) + 1

    async def read(self, days: int = 30) -> tuple[RouteCounts, ...]:
        """Return what was counted on each route in the last days, today among them, the busiest route first."""
        since = self._today() - timedelta(days=days - 1)
        async with self._lock:
            counts = Counter(self._met)
            for (day, met), count in self._unwritten.items():
                counts[met] += count if day >= since else 0
            try:
                async with self._database.unit() as connection:
                    counts.update(await _select(connection, self._workspace_id, since))
            except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:
                log.warning("the history of calls cannot be read (%s).", type(error).__name__)
        return _by_route(counts)

    async def write(self) -> None:
        """Add what was counted to the database, in one transaction; where that fails, it waits for the next time."""
        async with self._lock:
            today = self._today()
            met, self._met = self._met, {}
            for one, count in met.items():
                if (today, one) in self._unwritten or len(self._unwritten) < _MOST_COUNTS:
                    self._unwritten[today, one] += count
            if not self._unwritten:
                return
            try:
                async with self._database.unit() as connection:
                    await self._store(connection, today)
            except (SQLAlchemyError, DatabaseUnavailable, OSError) as error:
                if not self._is_failing:
                    log.warning("the history of calls cannot be written (%s); it is kept until it can.", type(error).__name__)
                self._is_failing = True
                return
            self._unwritten.clear()
            self._swept, self._is_failing = today, False

    async def close(self) -> None:
        """Write what is left."""
        self._is_closing.set()
        await self._tasks.join()
        await self.write()

    def _today(self) -> date:
        return self._clock.now().date()

    async def _keep_writing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._is_closing.wait()
                    return
            except TimeoutError:
                await self.write()

    async def _store(self, connection: AsyncConnection, today: date) -> None:
        if self._swept != today:
            old = route_day.c.day < today - timedelta(days=_KEPT_DAYS)
            await connection.execute(delete(route_day).where(route_day.c.workspace_id == self._workspace_id, old))
        rows: list[dict[str, object]] = [
            {"workspace_id": self._workspace_id, "day": day, "route": route, "to_route": to, "outcome": outcome, "count": count}
            for (day, (route, to, outcome)), count in sorted(
                self._unwritten.items()
            )  # one order, so that no two lock each other
        ]
        await _add(connection, rows)


async def _add(connection: AsyncConnection, rows: Sequence[Mapping[str, object]]) -> None:
    # added where they are, not read and written back: other processes count too
    adding = writing.insert(connection, route_day)
    summed = {"count": route_day.c["count"] + adding.excluded["count"]}
    await connection.execute(adding.on_conflict_do_update(index_elements=route_day.primary_key.columns, set_=summed), rows)


async def _select(connection: AsyncConnection, workspace_id: str, since: date) -> dict[_Met, int]:
    met = (route_day.c.route, route_day.c.to_route, route_day.c.outcome)
    mine = (route_day.c.workspace_id == workspace_id) & (route_day.c.day >= since)
    found = select(*met, func.sum(route_day.c["count"])).where(mine).group_by(*met)
    return {(route, to, outcome): int(count) for route, to, outcome, count in await connection.execute(found)}


def _by_route(counts: Counter[_Met]) -> tuple[RouteCounts, ...]:
    attempts, fell_back = Counter[str](), Counter[str]()
    causes: dict[str, Counter[str]] = {}
    for (route, to, outcome), count in counts.items():
        (fell_back if to else attempts)[route] += count
        if not to and outcome != ANSWERED:
            causes.setdefault(route, Counter())[outcome] += count
    return tuple(
        RouteCounts(
            route=route,
            attempts=count,
            fell_back=fell_back[route],
            causes=tuple(causes.get(route, Counter()).most_common()),
        )
        for route, count in attempts.most_common()
    )
