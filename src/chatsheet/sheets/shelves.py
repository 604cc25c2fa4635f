"""Where uploads lie until they are whole: in a folder of one server, or in an object store, where any server goes on with them.

Blocking, for threads. Both keep what arrived of a part that was cut.
"""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from pydantic import ValidationError

from chatsheet.core.ids import new_id
from chatsheet.sheets.asides import owned
from chatsheet.sheets.model import Value
from chatsheet.sheets.objects import Object, Objects

_BLOCK = 2**20
_ANNOUNCED = "announced.json"


class Announced(Value):
    """What the sender said of a file; `sha256` in hex may be empty."""

    workspace_id: str
    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An upload on a shelf: what was announced, how many bytes from the beginning are here, when the last came."""

    id: str
    announced: Announced
    offset: int
    at: datetime


class Shelf(Protocol):
    """Keeps uploads; `workspace` is whose they are."""

    def begin(self, announced: Announced) -> str: ...
    def known(self, workspace: str) -> Iterator[Kept]: ...
    def find(self, workspace: str, upload_id: str) -> Kept | None: ...
    @contextmanager
    def part(self, workspace: str, upload_id: str, offset: int) -> Generator[IO[bytes], None, None]: ...
    def content(self, kept: Kept) -> Path: ...
    def remove(self, workspace: str, upload_id: str) -> None: ...


class LocalShelf:
    """Uploads in a folder, each written to where its bytes belong: a part sent twice writes the same to the same place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, announced: Announced) -> str:
        """Make place for an upload and return its id."""
        upload_id = new_id("upload")
        aside = self._folder / upload_id
        aside.mkdir(mode=0o700)
        (aside / "content").touch(mode=0o600)
        (aside / _ANNOUNCED).write_text(announced.model_dump_json(), encoding="utf-8")
        return upload_id

    def known(self, workspace: str) -> Iterator[Kept]:
        """Yield the uploads that are here, of everybody: what has expired of others goes as well."""
        del workspace
        for folder in self._folder.glob("upload_*"):
            if (kept := self._kept(folder)) is not None:
                yield kept

    def find(self, workspace: str, upload_id: str) -> Kept | None:
        """Return an upload of a workspace."""
        kept = self._kept(self._folder / upload_id)
        return kept if kept is not None and kept.announced.workspace_id == workspace else None

    @contextmanager
    def part(self, workspace: str, upload_id: str, offset: int) -> Generator[IO[bytes], None, None]:
        """Open the place of a part."""
        del workspace
        content = self._folder / upload_id / "content"
        try:
            with content.open("r+b", buffering=_BLOCK) as file:
                file.seek(offset)
                yield file
        finally:
            os.utime(content.parent)  # what expiry goes by

    def content(self, kept: Kept) -> Path:
        """Return the file of an upload that is all here."""
        return self._folder / kept.id / "content"

    def remove(self, workspace: str, upload_id: str) -> None:
        """Remove an upload."""
        del workspace
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def _kept(self, folder: Path) -> Kept | None:
        try:
            announced = Announced.model_validate_json((folder / _ANNOUNCED).read_bytes())
            size = (folder / "content").stat().st_size
            at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        except (OSError, ValidationError):
            return None
        return Kept(id=folder.name, announced=announced, offset=size, at=at)


class StoreShelf:
    """Uploads in an object store, an object for each part that came: uploads/WORKSPACE/ID/OFFSET.SIZE.TRY."""

    def __init__(self, objects: Objects, folder: Path) -> None:
        """`folder` holds the part that is just coming, and uploads put together."""
        self._objects = objects
        self._folder = folder

    def begin(self, announced: Announced) -> str:
        """Make place for an upload and return its id."""
        upload_id = new_id("upload")
        self._objects.write(_at(announced.workspace_id, upload_id, _ANNOUNCED), announced.model_dump_json().encode())
        return upload_id

    def known(self, workspace: str) -> Iterator[Kept]:
        """Yield the uploads of a workspace that are in the store."""
        found: dict[str, list[Object]] = {}
        for one in self._objects.listed(f"uploads/{workspace}"):
            found.setdefault(one.name.split("/")[2], []).append(one)
        for upload_id, objects in found.items():
            if (kept := self._kept(workspace, upload_id, objects)) is not None:
                yield kept

    def find(self, workspace: str, upload_id: str) -> Kept | None:
        """Return an upload of a workspace."""
        return self._kept(workspace, upload_id, self._objects.listed(f"uploads/{workspace}/{upload_id}"))

    @contextmanager
    def part(self, workspace: str, upload_id: str, offset: int) -> Generator[IO[bytes], None, None]:
        """Open a place for a part, which goes to the store as far as it came."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = self._folder / owned("part")
        try:
            try:
                with aside.open("xb", buffering=_BLOCK) as file:
                    yield file
            finally:
                if size := aside.stat().st_size:
                    self._objects.put(_at(workspace, upload_id, f"{offset}.{size}.{new_id('try')}"), aside)
        finally:
            aside.unlink(missing_ok=True)

    def content(self, kept: Kept) -> Path:
        """Put an upload together that is all in the store, and return its file; raises FileNotFoundError."""
        content = self._folder / kept.id / "content"
        if content.exists():
            return content
        content.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside, piece = content.parent / owned("whole"), content.parent / owned("piece")
        try:
            with aside.open("xb") as whole:
                for one in sorted(self._objects.listed(f"uploads/{kept.announced.workspace_id}/{kept.id}"), key=_offset):
                    offset = _offset(one)
                    if offset < 0 or offset + one.size <= whole.tell():
                        continue
                    if offset > whole.tell() or not self._objects.get(one.name, piece):
                        break
                    with piece.open("rb") as file:
                        file.seek(whole.tell() - offset)
                        shutil.copyfileobj(file, whole, _BLOCK)
            if aside.stat().st_size != kept.announced.size:
                raise FileNotFoundError(kept.id)  # removed meanwhile
            aside.rename(content)
        finally:
            for one in (aside, piece):
                one.unlink(missing_ok=True)
        return content

    def remove(self, workspace: str, upload_id: str) -> None:
        """Remove an upload: what was announced first, so that nobody finds half of it."""
        self._objects.remove(_at(workspace, upload_id, _ANNOUNCED))
        for one in self._objects.listed(f"uploads/{workspace}/{upload_id}"):
            self._objects.remove(one.name)
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def _kept(self, workspace: str, upload_id: str, objects: list[Object]) -> Kept | None:
        text = self._objects.read(_at(workspace, upload_id, _ANNOUNCED)) if objects else None
        try:
            announced = Announced.model_validate_json(text) if text is not None else None
        except ValidationError:
            announced = None
        if announced is None:
            return None
        return Kept(id=upload_id, announced=announced, offset=_here(objects), at=max(one.at for one in objects))


def sweep(objects: Objects, *, before: datetime) -> int:
    """Remove uploads to which nothing came since then; returns how many objects went."""
    found: dict[str, list[Object]] = {}
    for one in objects.listed("uploads"):
        found.setdefault(one.name.rpartition("/")[0], []).append(one)
    over = [one for upload in found.values() if max(part.at for part in upload) < before for one in upload]
    for one in over:
        objects.remove(one.name)
    return len(over)


def _at(workspace: str, upload_id: str, name: str) -> str:
    return f"uploads/{workspace}/{upload_id}/{name}"


def _offset(part: Object) -> int:
    """Return where a part begins; -1 for what is none."""
    number = part.name.rpartition("/")[2].partition(".")[0]
    return int(number) if number.isdecimal() else -1


def _here(objects: list[Object]) -> int:
    """Return how many bytes from the beginning parts cover without a gap."""
    here = 0
    for one in sorted(objects, key=_offset):
        if 0 <= _offset(one) <= here:
            here = max(here, _offset(one) + one.size)
    return here
