"""Versions compacted: in a quiet moment the head of a sheet whose delta has grown gets a base of its own.

Both say the same, so nobody waits for it, and whoever reads the delta keeps it.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable

from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.sheets import versions
from chatsheet.sheets.folders import Folders
from chatsheet.sheets.query import Engine

_AT_ONCE = 8 * versions.COMPACTED_ROWS
"""Changed rows from which compaction waits no longer for a quiet moment: edits wait for it instead."""

Head = Callable[[], Awaitable[str]]
"""Gives the version that a sheet is at."""


class Compactions:
    """The compactions of a data folder: one at a time for each sheet, given up when closed."""

    def __init__(self, *, folders: Folders, engine: Engine, quiet_s: float) -> None:
        """`quiet_s` without an edit count as a quiet moment."""
        self._folders = folders
        self._versions = folders.versions
        self._incoming = folders.incoming
        self._engine = engine
        self._quiet_s = quiet_s
        self._sheets: set[str] = set()
        self._watching = Tasks()
        self._running = Tasks()
        self._closing = asyncio.Event()

    def begin(self, sheet_id: str, head: Head, lock: asyncio.Lock) -> None:
        """Watch a sheet until its head needs no compaction; who edits it holds `lock`."""
        if sheet_id not in self._sheets:
            self._sheets.add(sheet_id)
            self._watching.spawn(self._watch(sheet_id, head, lock), name="compact sheet")

    async def _watch(self, sheet_id: str, head: Head, lock: asyncio.Lock) -> None:
        try:
            while not self._closing.is_set():
                before = await head()
                if await self._changed_rows(before) < versions.COMPACTED_ROWS:
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self._quiet_s)
                if (now := await head()) == before:
                    await self._running.spawn(self.compact(now), name="compact version")
                elif await self._changed_rows(now) >= _AT_ONCE:
                    async with lock:
                        await self._running.spawn(self.compact(await head()), name="compact version")
        finally:
            self._sheets.discard(sheet_id)

    async def _changed_rows(self, version: str) -> int:
        manifest = await asyncio.to_thread(versions.current_manifest, self._versions / version)
        return manifest.changed_rows() if manifest else 0

    async def compact(self, version: str) -> None:
        """Give a version a base of its own."""
        await self._folders.ready(version)  # its head may have been moved elsewhere
        if (self._versions / version / versions.BASE).exists():
            return
        aside = self._incoming / new_id("compact")
        await asyncio.to_thread(aside.mkdir, parents=True, mode=0o700)
        try:
            await self._engine.compact(self._versions, version, aside)
            await self._folders.keep_base(version, aside / versions.BASE)
            await asyncio.to_thread((aside / versions.BASE).rename, self._versions / version / versions.BASE)
        finally:
            await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)

    async def settled(self) -> None:
        """Wait until nothing is compacted any more."""
        await self._watching.join()

    async def close(self) -> None:
        """Give up compactions that still run; what they began is removed."""
        self._closing.set()
        await self._running.close()
        await self._watching.join()
