"""Where a process finds versions: folders on its disk, which are a cache where there is an object store behind them."""

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path
from weakref import WeakValueDictionary

from chatsheet.sheets import versions
from chatsheet.sheets.asides import owned
from chatsheet.sheets.room import Uses
from chatsheet.sheets.stored import Stored


class Folders:
    """The versions of a data folder, fetched when they are used and not there."""

    def __init__(self, folder: Path, stored: Stored | None = None) -> None:
        self.versions = folder / "versions"
        self.incoming = folder / "incoming"
        self.stored = stored
        self._uses = Uses(self.versions)
        self._kept: set[str] = set()
        """Versions that others stand on and that are certainly in the store."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ready(self, version: str) -> None:
        """See that a version can be read here, with what it stands on, and note that it is used.

        Raises FileNotFoundError where it is nowhere, VersionDamaged, StorageUnavailable.
        """
        folder = self.versions / version
        if not folder.exists():
            self._uses.forget(version)
        if self.stored is None or self._uses.is_told(version):
            await self._uses.touch(version)
            return
        await self._fetched(version, self.stored)
        if (manifest := await asyncio.to_thread(versions.read_manifest, folder)) is not None:
            await self._fetched(manifest.origin, self.stored)
            await self._uses.touch(manifest.origin)
            if not (folder / versions.BASE).exists():
                await self._fetched(manifest.base, self.stored, with_base=True)
                await self._uses.touch(manifest.base)
        await self._uses.touch(version)

    async def keep(self, version: str, *, anew: bool = False) -> None:
        """See that a version is in the object store, if there is one, before a row names it; raises StorageUnavailable."""
        if self.stored is not None:
            await asyncio.to_thread(self.put, version, self.stored, anew=anew)

    def put(self, version: str, stored: Stored, *, anew: bool = False) -> None:
        """Put a version that is here into the store, what it stands on first. Blocking."""
        folder = self.versions / version
        manifest = versions.read_manifest(folder)
        for one in {manifest.base, manifest.origin} if manifest is not None else ():
            self._put_below(one, stored)
        stored.keep(folder, anew=anew)

    async def put_all(self, known: Collection[str]) -> None:
        """Put those of these versions that are here and not in the store, if there is one."""
        if self.stored is None or not self.versions.is_dir():
            return
        there = {one.version for one in await asyncio.to_thread(self.stored.all)}
        here = await asyncio.to_thread(lambda: [one.name for one in self.versions.iterdir() if one.name in known])
        for version in (one for one in here if one not in there):
            await self.keep(version)

    def _put_below(self, version: str, stored: Stored) -> None:
        """Put what another version stands on, unless it is known to be there: it was made before there was a store."""
        folder = self.versions / version
        if version in self._kept or not folder.exists():
            return
        if not stored.has(version):
            stored.keep(folder)
        if (folder / versions.DELTA).exists() and (folder / versions.BASE).exists() and not stored.has_base(version):
            stored.keep_base(version, folder / versions.BASE)
        self._kept.add(version)

    async def keep_base(self, version: str, base: Path) -> None:
        """See that the base that compaction wrote is in the object store before anything can stand on it."""
        if self.stored is not None:
            await asyncio.to_thread(self.stored.keep_base, version, base)

    async def _fetched(self, version: str, stored: Stored, *, with_base: bool = False) -> None:
        lock = self._locks.setdefault(version, asyncio.Lock())
        async with lock:
            await asyncio.to_thread(self.fetch, version, stored, with_base=with_base)

    def fetch(self, version: str, stored: Stored, *, with_base: bool = False) -> None:
        """Put a version in its place from the store, unless it is there; likewise its base. Blocking."""
        place = self.versions / version
        if not place.exists():
            aside = self.incoming / owned("fetch")
            stored.fetch(version, aside)
            _put(aside, place)
        if with_base and not (place / versions.BASE).exists():
            aside = self.incoming / owned("fetch")
            stored.fetch_base(version, aside)
            (aside / versions.BASE).rename(place / versions.BASE)
            shutil.rmtree(aside, ignore_errors=True)


def _put(aside: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        aside.rename(place)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not place.exists():  # else another process fetched the same
            raise
