"""A backup brought back: checked to its end before anything is written, then files, then rows, which make it count."""

import shutil
import tarfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import ValidationError

from chatsheet.core import loose
from chatsheet.core.errors import BadInput, Conflict
from chatsheet.core.loose import JsonObject
from chatsheet.db import copying
from chatsheet.sheets import versions
from chatsheet.sheets.stored import Stored
from chatsheet.upkeep.backup import FORMAT, LIST, Backup, Entry, Hashed


class BackupDamaged(BadInput):
    """What the file holds is not what was backed up, or not all of it."""

    code = "backup.damaged"
    status = 422


class BackupUnknown(BadInput):
    """A backup that this version cannot read."""

    code = "backup.unknown"
    status = 422


class FolderFilled(Conflict):
    """There is something in the folder that was to be filled."""

    code = "restore.folder_filled"


def read(source: Path, database: Path | str, data: Path, stored: Stored | None = None) -> Backup:
    """Bring the backup at `source` back into a database and a data folder that are both empty, and what is to be `stored`.

    Raises StorageUnavailable, BackupDamaged, BackupUnknown, FolderFilled and what copying.filling raises; then
    nothing of it is left here.
    """
    if data.is_dir() and any(data.iterdir()):
        raise FolderFilled(f"there is something in {data}.", fix="name an empty folder with --data, or move it away.")
    made = check(source)
    is_made_here = not data.exists()
    try:
        _put_files(source, data)
        if stored is not None:
            _put_stored(data, made.versions, stored)
        with copying.filling(database, migration=made.migration) as connection, _opened(source) as tar:
            for name, table in copying.TABLES.items():
                if made.rows.get(name):
                    copying.put(connection, table, _rows(tar, f"rows/{name}.jsonl"))
    except BaseException:
        _clear(data, is_made_here=is_made_here)
        raise
    return made


def check(source: Path) -> Backup:
    """Read a backup to its end, and return its list; raises BackupDamaged, BackupUnknown."""
    found: dict[str, Entry] = {}
    made: Backup | None = None
    with _opened(source) as tar:
        for member in tar:
            file = Hashed(_file(tar, member))
            if member.name == LIST:
                made = _listed(file.read())
                break
            for _ in file.blocks():
                pass
            found[member.name] = Entry(size=member.size, sha256=file.sha256)
    if made is None:
        raise BackupDamaged(f"{source} ends before its list: it was cut, or written half.", fix="take another backup.")
    wrong = sorted(name for name in found.keys() | made.files.keys() if found.get(name) != made.files.get(name))
    if wrong or any(not _is_safe(name) for name in found):
        told = ", ".join(wrong[:3]) or "the names in it"
        raise BackupDamaged(f"{source} is not what was backed up: {told}.", fix="take another backup.")
    unknown = {f"rows/{name}.jsonl" for name in made.rows} - {f"rows/{name}.jsonl" for name in copying.TABLES}
    if unknown:
        raise BackupUnknown(f"this version has no place for {', '.join(sorted(unknown))}.", fix=f"use version {made.program}.")
    return made


def _listed(text: bytes) -> Backup:
    told = loose.obj(loose.parse(text))
    if told.get("format") != FORMAT:
        raise BackupUnknown(f"the backup is of format {told.get('format')}, not {FORMAT}.", fix="use the version that made it.")
    try:
        return Backup.model_validate_json(text)
    except ValidationError as error:
        raise BackupDamaged(f"its list cannot be read: {error.error_count()} mistakes.", fix="take another backup.") from None


def _put_files(source: Path, data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _opened(source) as tar:
        for member in tar:
            if member.name.startswith("versions/"):
                target = data / member.name
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with target.open("xb") as out:
                    shutil.copyfileobj(_file(tar, member), out, 2**20)


def _put_stored(data: Path, restored: set[str], stored: Stored) -> None:
    """Put every version anew, whatever the store has of it: nobody knows why something is restored."""
    for version in restored:
        folder = data / "versions" / version
        stored.keep(folder, anew=True)
        if (folder / versions.DELTA).exists() and (folder / versions.BASE).exists():
            stored.keep_base(version, folder / versions.BASE)


def _rows(tar: tarfile.TarFile, name: str) -> Iterator[JsonObject]:
    for line in _file(tar, tar.getmember(name)):
        parsed = loose.parse(line)
        if isinstance(parsed, dict):
            yield parsed


def _clear(data: Path, *, is_made_here: bool) -> None:
    for entry in data.iterdir() if data.is_dir() else ():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if is_made_here and data.is_dir():
        data.rmdir()


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] in {("rows",), ("versions",)} and not path.is_absolute() and ".." not in path.parts


@contextmanager
def _opened(source: Path) -> Generator[tarfile.TarFile, None, None]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise BackupDamaged(f"{source} is no backup, or damaged: {error}.", fix="take another one.") from None


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member) if member.isreg() else None
    if file is None:
        raise BackupDamaged(f"{member.name} in it is no plain file.", fix="take another backup.")
    return file
