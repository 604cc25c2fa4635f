"""Lets go of what settings keep no longer: chats, the doctor's reports, files that nothing names."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from chatsheet.chat import removal
from chatsheet.core.clock import Clock
from chatsheet.core.settings import RetentionSettings
from chatsheet.db.engine import Database
from chatsheet.db.tables import examination
from chatsheet.sheets.room import Freed, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What is kept no longer."""

    chats: int
    reports: int
    files: Freed


class Retention:
    """What settings say, applied; whoever applies it twice, or at the same time as another, does no harm."""

    def __init__(self, *, database: Database, room: Room, clock: Clock, settings: RetentionSettings) -> None:
        self._database = database
        self._room = room
        self._clock = clock
        self._settings = settings

    async def look(self) -> Over:
        """Return what `apply` would remove now."""
        reports = (
            select(func.count()).select_from(examination).where(examination.c.at < self._before(self._settings.reports_days))
        )
        async with self._database.unit() as connection:
            number = (await connection.execute(reports)).scalar_one()
        days = self._settings.chats_days
        chats = await removal.count_silent(self._database, self._before(days)) if days is not None else 0
        return Over(chats=chats, reports=number, files=await self._room.unnamed(self._unused))

    async def apply(self) -> Over:
        """Remove what is over. What only removed chats named goes with the files when it has rested, at the next time."""
        reports = delete(examination).where(examination.c.at < self._before(self._settings.reports_days))
        async with self._database.unit() as connection:
            number = (await connection.execute(reports)).rowcount
        days = self._settings.chats_days
        chats = await removal.of_silent(self._database, self._before(days)) if days is not None else 0
        return Over(chats=chats, reports=number, files=await self._room.forget(self._unused))

    @property
    def _unused(self) -> timedelta:
        return timedelta(days=self._settings.files_days)

    def _before(self, days: float) -> datetime:
        return self._clock.now() - timedelta(days=days)
