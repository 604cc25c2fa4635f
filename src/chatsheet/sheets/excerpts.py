"""Excerpts: what is seen of a version under row and column rules, as a version of its own on disk.

Whoever is under rules is answered from a file that holds nothing else, so that nothing above can forget the rules. An excerpt
follows from its version and its rules alone: it can be removed at any time, and is made again when it is next asked for.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncGenerator, Collection
from pathlib import Path
from weakref import WeakValueDictionary

from chatsheet.core.identity import Rules
from chatsheet.core.ids import new_id
from chatsheet.sheets.model import Workbook
from chatsheet.sheets.query import Engine
from chatsheet.sheets.versions import read_workbook

_FORM = 1
"""Another number for another way to make them: what is on disk is then made again."""
_UNUSED_S = 24 * 3600.0


class Excerpts:
    """The excerpts of a data folder."""

    def __init__(self, *, folder: Path, versions: Path, incoming: Path, engine: Engine) -> None:
        self._folder = folder
        self._versions = versions
        self._incoming = incoming
        self._engine = engine
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def place(self, version: str, rules: Rules) -> Path:
        """Return the folder of an excerpt."""
        return self._folder / f"{version}.{rules.key}.{_FORM}"

    async def of(self, version: str, rules: Rules) -> Path:
        """Return the folder of an excerpt; the first who asks makes it."""
        place = self.place(version, rules)
        lock = self._locks.setdefault(place.name, asyncio.Lock())
        async with lock:
            if not await asyncio.to_thread(_used, place):
                await self._make(version, rules, place)
        return place

    async def tried(self, version: str, rules: Rules) -> Workbook:
        """Return what an excerpt says of itself; nothing is kept of it."""
        async with self._made(version, rules) as aside:
            return await asyncio.to_thread(read_workbook, aside)

    async def _make(self, version: str, rules: Rules, place: Path) -> None:
        async with self._made(version, rules) as aside:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
            await asyncio.to_thread(_put, aside, place)

    @contextlib.asynccontextmanager
    async def _made(self, version: str, rules: Rules) -> AsyncGenerator[Path, None]:
        """Make an excerpt aside, which is gone afterwards unless it was put in its place."""
        aside = self._incoming / new_id("excerpt")
        await asyncio.to_thread(aside.mkdir, parents=True, mode=0o700)
        try:
            await self._engine.excerpt(self._versions, version, aside, rules)
            yield aside
        finally:
            await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)

    def forget(self, versions: Collection[str]) -> None:
        """Remove those of these versions."""
        for entry in self._folder.iterdir() if self._folder.is_dir() else ():
            if entry.name.partition(".")[0] in versions:
                shutil.rmtree(entry, ignore_errors=True)

    def sweep(self, known: set[str]) -> None:
        """Remove those that nobody used for a day, and those of versions that are not known."""
        for entry in self._folder.iterdir() if self._folder.is_dir() else ():
            is_old = time.time() - entry.stat().st_mtime > _UNUSED_S
            if is_old or entry.name.partition(".")[0] not in known:
                shutil.rmtree(entry, ignore_errors=True)


def _used(place: Path) -> bool:
    """Tell whether a folder is there, and mark it as used now."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(place)
        return True
    return False


def _put(aside: Path, place: Path) -> None:
    try:
        aside.rename(place)
    except OSError:
        if not place.exists():  # else another process made the same
            raise
