"""Versions in an object store: bundles of files that are there whole or not at all, because their list is put last.

    lists/ID.json           what the version ID is made of: each file's object, size and hash
    lists/ID.base.json      the base that compaction wrote for it later
    files/ID/TRY/NUMBER     the objects; each try to put a bundle has its own, so nobody ever replaces what a list names

Blocking, for threads.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from chatsheet.core.errors import NotFound
from chatsheet.core.ids import new_id
from chatsheet.sheets import shelves, versions
from chatsheet.sheets.model import Value
from chatsheet.sheets.objects import Objects

_LIST = re.compile(r"lists/([^/.]+)(?:\.base)?\.json")


class VersionLost(NotFound):
    """The files of a version are gone from the data folder, and from the object store where there is one."""

    code = "sheet.version_lost"


class VersionDamaged(VersionLost):
    """The object store does not hold what was put there."""

    code = "sheet.version_damaged"


class _File(Value):
    object: str
    size: int
    sha256: str


class _List(Value):
    files: dict[str, _File]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A version that is in the store: its bytes there, and when it was last put or named anew."""

    version: str
    size: int
    at: datetime


class Stored:
    """The versions in an object store."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keep(self, folder: Path, *, anew: bool = False) -> None:
        """Put a version's files; one that is there is only marked as used now, unless it is to be put anew."""
        found = None if anew else self._objects.read(_list_of(folder.name))
        if found is not None:
            self._objects.write(_list_of(folder.name), found)  # the same bytes with a new time: nobody takes it for left over
            return
        paths = {one.relative_to(folder).as_posix(): one for one in sorted(folder.rglob("*")) if one.is_file()}
        if (folder / versions.DELTA).exists():
            paths.pop(versions.BASE, None)  # a copy, with a list of its own
        self._put(_list_of(folder.name), folder.name, paths)

    def keep_base(self, version: str, base: Path) -> None:
        """Put the base that compaction wrote for a version."""
        self._put(_base_of(version), version, {versions.BASE: base})

    def has(self, version: str) -> bool:
        """Tell whether a version is there."""
        return self._objects.read(_list_of(version)) is not None

    def has_base(self, version: str) -> bool:
        """Tell whether a version has a base that compaction wrote."""
        return self._objects.read(_base_of(version)) is not None

    def fetch(self, version: str, target: Path) -> None:
        """Make the folder `target` of a version; raises FileNotFoundError where it is not there, VersionDamaged."""
        self._fetch(_list_of(version), version, target)

    def fetch_base(self, version: str, target: Path) -> None:
        """Make a folder with the base of a version in it; raises FileNotFoundError, VersionDamaged."""
        self._fetch(_base_of(version), version, target)

    def all(self) -> list[Bundle]:
        """Return the versions that are there."""
        sizes: dict[str, int] = {}
        for one in self._objects.listed("files"):
            version = one.name.split("/")[1]
            sizes[version] = sizes.get(version, 0) + one.size
        return [
            Bundle(version=match[1], size=sizes.get(match[1], 0), at=one.at)
            for one in self._objects.listed("lists")
            if (match := _LIST.fullmatch(one.name)) and not one.name.endswith(".base.json")
        ]

    def remove(self, version: str, *, before: datetime) -> bool:
        """Remove a version that nobody put or named since then: its list first, so that nobody finds half of it."""
        of_it = {one.name: one.at for one in self._objects.listed("lists") if one.name == _list_of(version)}
        if any(at >= before for at in of_it.values()):
            return False
        for name in (_list_of(version), _base_of(version)):
            text = self._objects.read(name)
            self._objects.remove(name)
            for file in _parsed(version, text).files.values() if text is not None else ():
                self._objects.remove(file.object)
        return True

    def sweep(self, *, before: datetime) -> int:
        """Remove objects put before then that no list names, as of a killed process, and uploads given up before then."""
        over = shelves.sweep(self._objects, before=before)
        old = [one.name for one in self._objects.listed("files") if one.at < before]
        named: set[str] = set()
        for one in self._objects.listed("lists") if old else ():
            match = _LIST.fullmatch(one.name)
            if match and (text := self._objects.read(one.name)) is not None:
                named |= {file.object for file in _parsed(match[1], text).files.values()}
        left = [name for name in old if name not in named]
        for name in left:
            self._objects.remove(name)
        return len(left) + over

    def _put(self, name: str, version: str, paths: Mapping[str, Path]) -> None:
        files: dict[str, _File] = {}
        attempt = new_id("try")
        for number, (relative, path) in enumerate(paths.items()):
            at = f"files/{version}/{attempt}/{number}"
            files[relative] = _File(object=at, size=path.stat().st_size, sha256=_sha256(path))
            self._objects.put(at, path)
        self._objects.write(name, _List(files=files).model_dump_json().encode())

    def _fetch(self, name: str, version: str, target: Path) -> None:
        text = self._objects.read(name)
        if text is None:
            raise FileNotFoundError(name)
        target.mkdir(parents=True, mode=0o700)
        try:
            for relative, file in _parsed(version, text).files.items():
                self._fetch_file(version, file, target / relative)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise

    def _fetch_file(self, version: str, file: _File, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_there = self._objects.get(file.object, path)
        if not is_there or path.stat().st_size != file.size or _sha256(path) != file.sha256:
            raise _damaged(version)


def _is_safe(relative: str) -> bool:
    path = PurePosixPath(relative)
    return not path.is_absolute() and ".." not in path.parts


def _list_of(version: str) -> str:
    return f"lists/{version}.json"


def _base_of(version: str) -> str:
    return f"lists/{version}.base.json"


def _parsed(version: str, text: bytes) -> _List:
    try:
        parsed = _List.model_validate_json(text)
    except ValidationError:
        raise _damaged(version) from None
    if not all(map(_is_safe, parsed.files)):
        raise _damaged(version)
    return parsed


def _damaged(version: str) -> VersionDamaged:
    return VersionDamaged(
        f"the object store does not hold version {version} as it was put there.",
        fix="restore its objects from the store's own versions or a backup, or import the file again.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
