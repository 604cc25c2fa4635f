"""How much room versions take on disk, and what of it can be given back without losing anything.

A version that a sheet's head or history, a chat or another version names is never removed. What can go, the longest unused
first: folders that nothing names, and copies: bases that compaction wrote beside a delta that says the same, excerpts, and
folders of versions that the object store has, where there is one.
"""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cachetools import TTLCache

from chatsheet.core.clock import Clock
from chatsheet.core.errors import StorageUnavailable
from chatsheet.db.engine import Database
from chatsheet.sheets import store, versions
from chatsheet.sheets.asides import owned
from chatsheet.sheets.stored import Bundle, Stored

log = logging.getLogger(__name__)

RESTING_S = 3600.0
"""What was used within that time stays: it may be open, or its import not recorded yet."""
_TOLD_EVERY_S = 600.0
_HALF_S = 24 * 3600.0
"""What no list names is no longer being put after that time."""
_MOST_TOLD = 10_000


class Uses:
    """Notes when versions were used, as the times of their folders; a version at most every ten minutes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told = TTLCache[str, bool](_MOST_TOLD, _TOLD_EVERY_S)

    def is_told(self, version: str) -> bool:
        """Tell whether a version was noted within the last minutes, and is here therefore."""
        return version in self._told

    def forget(self, version: str) -> None:
        """Take a version for one that was never noted."""
        self._told.pop(version, None)

    async def touch(self, version: str) -> None:
        """Note that a version is used; raises FileNotFoundError where it is not there."""
        if version not in self._told:
            with contextlib.suppress(PermissionError):  # a folder that may only be read keeps all anyway
                await asyncio.to_thread(os.utime, self._folder / version)
            self._told[version] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What versions and their copies take, in bytes; `evictable` of them can be given back now."""

    bytes: int
    limit: int
    versions: int
    evictable: int

    @property
    def is_full(self) -> bool:
        """Whether more is kept than settings allow, and nothing of it can go."""
        return self.bytes - self.evictable > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What was given back."""

    bytes: int
    versions: int
    copies: int
    """Versions that they are copies of are still there."""


_NOTHING = Freed(bytes=0, versions=0, copies=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spare:
    """Something that can go: a whole folder, or the base in it."""

    path: Path
    is_copy: bool
    bytes: int
    used_at: float


class Room:
    """The versions of a data folder against the room that settings give them."""

    def __init__(self, *, database: Database, folder: Path, limit: int, clock: Clock, stored: Stored | None = None) -> None:
        self._database = database
        self._stored = stored
        self._versions = folder / "versions"
        self._excerpts = folder / "excerpts"
        self._limit = limit
        self._clock = clock
        self.freed = _NOTHING
        """Since the start."""

    async def state(self) -> Disk:
        """Return how much is kept and how much of it can go."""
        spare = await self._spare()
        count = await asyncio.to_thread(lambda: sum(1 for _ in _folders(self._versions)))
        return Disk(bytes=await self._size(), limit=self._limit, versions=count, evictable=sum(one.bytes for one in spare))

    async def make(self, *, limit: int | None = None) -> Freed:
        """Remove what can go, the longest unused first, until at most `limit` bytes are kept; the settings' by default."""
        limit = self._limit if limit is None else limit
        size = await self._size()
        freed = _NOTHING
        for one in await self._spare() if size > limit else ():
            if size - freed.bytes <= limit:
                break
            freed = await _tried(one, freed)
        self.freed = Freed(
            bytes=self.freed.bytes + freed.bytes,
            versions=self.freed.versions + freed.versions,
            copies=self.freed.copies + freed.copies,
        )
        if size - freed.bytes > limit and limit == self._limit:
            log.warning(
                "versions take %d MB of the %d MB of cache.disk_gb, and all are named by sheets, chats or jobs: raise it",
                (size - freed.bytes) // 10**6,
                limit // 10**6,
            )
        return freed

    async def unnamed(self, unused: timedelta) -> Freed:
        """Return what `forget` would remove."""
        found = [one for one in await self._spare(unused.total_seconds()) if not one.is_copy]
        there = {one.version: one.size for one in await self._unnamed_there(self._before(unused.total_seconds()))}
        names = there.keys() | {one.path.name for one in found}
        return Freed(bytes=sum(one.bytes for one in found) + sum(there.values()), versions=len(names), copies=0)

    async def forget(self, unused: timedelta) -> Freed:
        """Remove the versions that nothing names any more and nobody used for so long, at least for an hour.

        From the object store too, with what was left half put there; raises StorageUnavailable.
        """
        freed, gone = _NOTHING, set[str]()
        for one in await self._spare(unused.total_seconds()):
            if not one.is_copy:
                freed = await _tried(one, freed)
                gone.add(one.path.name)
        if self._stored is None:
            return freed
        before = self._before(unused.total_seconds())
        for one in await self._unnamed_there(before):
            if await asyncio.to_thread(self._stored.remove, one.version, before=before):
                is_new = one.version not in gone
                freed = Freed(bytes=freed.bytes + one.size, versions=freed.versions + is_new, copies=freed.copies)
        await asyncio.to_thread(self._stored.sweep, before=self._before(_HALF_S))
        return freed

    async def _unnamed_there(self, before: datetime) -> list[Bundle]:
        """Return the versions in the object store that nothing names, and that nobody put or named since then."""
        if self._stored is None:
            return []
        old = [one for one in await asyncio.to_thread(self._stored.all) if one.at < before]
        async with self._database.unit() as connection:
            named = await store.named_versions(connection)
            manifests = await asyncio.to_thread(_manifests, self._versions, named.all)
            needed = named.all | {one for manifest in manifests.values() for one in (manifest.base, manifest.origin)}
            unnamed = [one for one in old if one.version not in needed]
            return [one for one in unnamed if not await store.is_told(connection, one.version)]

    async def _there(self) -> frozenset[str]:
        """Return the versions that the object store has; none while it cannot be reached."""
        try:
            return frozenset(one.version for one in await asyncio.to_thread(self._stored.all)) if self._stored else frozenset()
        except StorageUnavailable as error:
            log.warning("%s Nothing that it should have is removed here meanwhile.", error.what)
            return frozenset()

    def _before(self, unused_s: float) -> datetime:
        return self._clock.now() - timedelta(seconds=max(unused_s, RESTING_S))

    async def _size(self) -> int:
        return await asyncio.to_thread(lambda: sum(_weight(one) for one in (self._versions, self._excerpts)))

    async def _spare(self, unused_s: float = RESTING_S) -> list[_Spare]:
        """Return what can go, the longest unused first."""
        async with self._database.unit() as connection:
            named = await store.named_versions(connection)
        before = self._before(unused_s).timestamp()
        unnamed, copies = await asyncio.to_thread(_found, self._versions, named, before, await self._there())
        copies += await asyncio.to_thread(_unused, self._excerpts, before)
        async with self._database.unit() as connection:
            told = {one.path.name for one in unnamed if await store.is_told(connection, one.path.name)}
        return sorted((*(one for one in unnamed if one.path.name not in told), *copies), key=lambda one: one.used_at)


def _manifests(folder: Path, names: Collection[str]) -> dict[str, versions.Manifest]:
    """Return the manifests of those that are here and have one."""
    found = ((name, versions.read_manifest(folder / name)) for name in names)
    return {name: manifest for name, manifest in found if manifest is not None}


def _found(folder: Path, named: store.Named, before: float, there: Collection[str]) -> tuple[list[_Spare], list[_Spare]]:
    """Return folders that neither `named` nor a manifest of theirs names; and copies: of what is `there`, or stands twice."""
    present = {entry.name: entry for entry in _folders(folder)}
    manifests = _manifests(folder, present.keys())
    needed = set(named.all)
    for name in named.all & manifests.keys():
        needed |= {manifests[name].base, manifests[name].origin}
    based_on = {manifest.base for manifest in manifests.values()}
    unnamed: list[_Spare] = []
    copies: list[_Spare] = []
    for name, entry in present.items():
        used_at = entry.stat().st_mtime
        if used_at >= before:
            continue
        if name not in needed:
            unnamed.append(_Spare(path=entry, is_copy=False, bytes=_weight(entry), used_at=used_at))
        elif name in there:
            copies.append(_Spare(path=entry, is_copy=True, bytes=_weight(entry), used_at=used_at))
        elif _is_twice(entry) and name in manifests and name not in based_on | named.heads:
            base = entry / versions.BASE
            copies.append(_Spare(path=base, is_copy=True, bytes=base.stat().st_size, used_at=used_at))
    return unnamed, copies


def _unused(folder: Path, before: float) -> list[_Spare]:
    """Return folders that were not used since then."""
    found: list[_Spare] = []
    for entry in _folders(folder):
        with contextlib.suppress(FileNotFoundError):  # a removed sheet takes its excerpts along
            if (used_at := entry.stat().st_mtime) < before:
                found.append(_Spare(path=entry, is_copy=True, bytes=_weight(entry), used_at=used_at))
    return found


def _is_twice(entry: Path) -> bool:
    return (entry / versions.BASE).exists() and (entry / versions.DELTA).exists()


async def _tried(one: _Spare, freed: Freed) -> Freed:
    """Return what was freed with this one, if it could be removed."""
    if not await asyncio.to_thread(_remove, one):
        return freed
    return Freed(bytes=freed.bytes + one.bytes, versions=freed.versions + (not one.is_copy), copies=freed.copies + one.is_copy)


def _remove(one: _Spare) -> bool:
    """Remove it, unless it was used in the meantime."""
    folder = one.path.parent if one.path.name == versions.BASE else one.path
    try:
        if folder.stat().st_mtime != one.used_at:
            return False
        if one.path is folder:
            aside = folder.parents[1] / "incoming" / owned("evicted")
            aside.parent.mkdir(exist_ok=True, mode=0o700)
            folder.rename(aside)  # whole or absent, whoever looks
            shutil.rmtree(aside)
        else:
            one.path.unlink()
            os.utime(folder, (one.used_at, one.used_at))  # that was no use of it
    except OSError as error:
        log.warning("%s could not be removed: %s", one.path, error)
        return False
    return True


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (entry for entry in folder.iterdir() if entry.is_dir())


def _weight(entry: Path) -> int:
    """Return the bytes of a folder's files, but of those that are removed meanwhile."""
    size = 0
    for folder, _, names in os.walk(entry):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += Path(folder, name).stat().st_size
    return size
