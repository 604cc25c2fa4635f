"""A copy of everything in one tar file: rows of one moment, then the files that they name, then a list of all with hashes.

A version's files never change, so they may be copied after the rows, while people go on working. What was written half has no
list at its end, and is no backup. Settings and secrets are not in it.
"""

import hashlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

from pydantic import BaseModel, ConfigDict

from chatsheet.core import loose
from chatsheet.core.clock import Clock
from chatsheet.core.errors import Conflict
from chatsheet.core.loose import JsonObject
from chatsheet.db import copying, migrating
from chatsheet.sheets import versions
from chatsheet.sheets.folders import Folders
from chatsheet.sheets.stored import Stored, VersionDamaged

FORMAT: Final = 1
LIST: Final = "backup.json"
_BLOCK = 2**20
_MODE = 0o600
_NAMED = re.compile(r"\b[0-9a-f]{32}\b")


class BackupExists(Conflict):
    """A file of that name is there already."""

    code = "backup.exists"


class Entry(BaseModel):
    """A file of a backup: its size in bytes, and the hash of what is in it."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Backup(BaseModel):
    """The list at the end of a backup."""

    model_config = ConfigDict(frozen=True)

    format: int
    program: str
    """The version of this program that made it."""
    migration: str
    at: datetime
    rows: dict[str, int]
    """How many there are, by table."""
    files: dict[str, Entry]
    """Everything before the list, by name."""
    missing: tuple[str, ...] = ()
    """Versions of sheets whose files were gone when the backup was made."""
    damaged: tuple[str, ...] = ()
    """Those whose original file was not any more what was imported."""

    @property
    def versions(self) -> set[str]:
        """The versions whose files are in it."""
        return {name.split("/")[1] for name in self.files if name.startswith("versions/")}


@dataclass(slots=True)
class _Known:
    """What rows say of versions: which there are, with the hash of their original, and what any text looks like one."""

    originals: dict[str, str] = field(default_factory=dict[str, str])
    named: set[str] = field(default_factory=set[str])

    def hear(self, table: str, row: JsonObject, line: str) -> None:
        self.named.update(_NAMED.findall(line))
        if table == "sheet_version":
            self.originals[loose.text(row["id"])] = loose.text(row["content_sha256"])


def write(database: Path | str, data: Path, target: Path, clock: Clock, stored: Stored | None = None) -> Backup:
    """Write a backup of a database and its data folder to `target`, also while servers run; with what is `stored` elsewhere.

    Raises BackupExists, StorageUnavailable and what copying.reading raises; what cannot be written whole leaves no file.
    """
    if target.exists():
        raise BackupExists(f"{target} is there already.", fix="choose another name, or remove it.")
    part = target.with_name(f"{target.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                made = _fill(tar, database, _Source(Folders(data), stored), clock)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return made


@dataclass(frozen=True, slots=True)
class _Source:
    """Where versions are: on disk, or else in the store, from where they are fetched."""

    folders: Folders
    stored: Stored | None

    def bring(self, version: str) -> bool:
        """See that a version is on disk; tells whether it is."""
        if self.stored is not None:
            with suppress(FileNotFoundError, VersionDamaged):
                self.folders.fetch(version, self.stored)
        return (self.folders.versions / version).is_dir()

    def bring_base(self, version: str) -> None:
        """See that a version is there with its base, which another may stand on."""
        if self.stored is not None:
            with suppress(FileNotFoundError, VersionDamaged):
                self.folders.fetch(version, self.stored, with_base=True)


def _fill(tar: tarfile.TarFile, database: Path | str, source: _Source, clock: Clock) -> Backup:
    known, rows, files = _Known(), dict[str, int](), dict[str, Entry]()
    with copying.reading(database) as connection:
        at = clock.now()
        for name, table in copying.TABLES.items():
            with tempfile.TemporaryFile() as lines:
                rows[name] = _write_rows(lines, known, name, copying.rows(connection, table))
                files[f"rows/{name}.jsonl"] = _add(tar, f"rows/{name}.jsonl", lines, at)
    folder = source.folders.versions
    present = _present(source, known)
    damaged = [one for one in present if not _is_whole(folder / one, _add_folder(tar, folder / one, files, at), known)]
    made = Backup(
        format=FORMAT,
        program=version("chatsheet"),
        migration=migrating.HEAD,
        at=at,
        rows=rows,
        files=files,
        missing=tuple(sorted(known.originals.keys() - set(present))),
        damaged=tuple(damaged),
    )
    _add(tar, LIST, io.BytesIO(made.model_dump_json(indent=1).encode()), at)
    return made


def _write_rows(lines: IO[bytes], known: _Known, name: str, rows: Iterable[JsonObject]) -> int:
    count = 0
    for row in rows:
        line = loose.dumps(row)
        known.hear(name, row, line)
        lines.write(line.encode() + b"\n")
        count += 1
    return count


def _present(source: _Source, known: _Known) -> list[str]:
    """Return the versions to copy that are there; they are marked as used, so that nobody makes room of them meanwhile."""
    folder = source.folders.versions
    there = {one.version for one in source.stored.all()} if source.stored is not None else set[str]()
    wanted, present = [one for one in known.named if one in there or (folder / one).is_dir()], dict[str, None]()
    while wanted:
        one = wanted.pop()
        if one in present or not source.bring(one):
            continue
        with suppress(OSError):  # a folder that may only be read keeps all anyway
            os.utime(folder / one)
        present[one] = None
        if (manifest := versions.read_manifest(folder / one)) is not None:
            wanted += [manifest.base, manifest.origin]
            if not (folder / one / versions.BASE).exists():
                source.bring_base(manifest.base)
    return sorted(present)


def _add_folder(tar: tarfile.TarFile, folder: Path, files: dict[str, Entry], at: datetime) -> set[str]:
    """Add a version's files; returns their hashes."""
    hashes = set[str]()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = f"versions/{folder.name}/{path.relative_to(folder).as_posix()}"
        with path.open("rb") as file:
            files[name] = _add(tar, name, file, at)
        hashes.add(files[name].sha256)
    return hashes


def _is_whole(folder: Path, hashes: set[str], known: _Known) -> bool:
    """Tell whether the original is what was imported; edits have none."""
    original = known.originals.get(folder.name)
    return original is None or original in hashes or (folder / versions.MANIFEST).exists()


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], at: datetime) -> Entry:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = file.seek(0, io.SEEK_END), _MODE, int(at.timestamp())
    file.seek(0)
    read = Hashed(file)
    tar.addfile(member, read)
    return Entry(size=member.size, sha256=read.sha256)


class Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The hash of what was read so far."""
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        block = self._file.read(size)
        self._digest.update(block)
        return block

    def blocks(self) -> Iterator[bytes]:
        """Yield the rest."""
        while block := self.read(_BLOCK):
            yield block
