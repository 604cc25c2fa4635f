"""Files on their way in: begun with a name and a size, continued wherever they were cut, gone a day after the last byte.

All state lies on a shelf, so it outlives the server; a part that is sent twice, even at the same time, does no harm.
"""

import asyncio
import hashlib
import re
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Conflict, NotFound, StorageUnavailable, TooSoon
from chatsheet.core.identity import Actor
from chatsheet.sheets.ingest.grid import FileEmpty, FileTooLarge
from chatsheet.sheets.model import Value
from chatsheet.sheets.objects import Objects
from chatsheet.sheets.shelves import Announced, Kept, LocalShelf, Shelf, StoreShelf

MAX_BYTES = 300 * 2**20
LASTS = timedelta(days=1)
_MAX_OPEN = 20
_SPARE_BYTES = 512 * 2**20
_ID = re.compile(r"upload_[0-9a-z]{1,30}")


class UploadNotFound(NotFound):
    """No such upload in this workspace: never begun, given up, taken, or expired."""

    code = "upload.not_found"


class UploadMisplaced(Conflict):
    """A part was sent for a place beyond what is here."""

    code = "upload.misplaced"


class UploadIncomplete(Conflict):
    """The upload still lacks bytes."""

    code = "upload.incomplete"


class UploadDamaged(BadInput):
    """What arrived is not what was announced; it was removed."""

    code = "upload.damaged"
    status = 422


class UploadsTooMany(TooSoon):
    """More uploads are open at once than one workspace may have."""

    code = "upload.too_many"
    retry_after_s = 60.0


class Upload(Value):
    """An upload as it stands: `offset` bytes of `size` are here."""

    id: str
    name: str
    size: int
    offset: int
    expires_at: datetime


class Uploads:
    """The uploads of a data folder, or of the object store behind it."""

    def __init__(self, *, folder: Path, clock: Clock, objects: Objects | None = None) -> None:
        self._folder = folder / "incoming"
        self._shelf: Shelf = LocalShelf(self._folder) if objects is None else StoreShelf(objects, self._folder)
        self._clock = clock

    async def begin(self, actor: Actor, *, name: str, size: int, sha256: str = "") -> Upload:
        """Begin an upload; raises FileEmpty, FileTooLarge, UploadsTooMany, StorageUnavailable."""
        if size == 0:
            raise FileEmpty(f"{name} is empty.", fix="export it again.")
        if size > MAX_BYTES:
            raise FileTooLarge(f"{name} is larger than {MAX_BYTES // 2**20} MiB.", fix="split the file.")
        announced = Announced(workspace_id=actor.workspace_id, name=name, size=size, sha256=sha256.lower())
        return await asyncio.to_thread(self._begin, announced)

    async def get(self, actor: Actor, upload_id: str) -> Upload:
        """Return an upload as it stands; raises UploadNotFound."""
        return _upload(await asyncio.to_thread(self._find, actor, upload_id))

    async def append(self, actor: Actor, upload_id: str, offset: int, blocks: AsyncIterator[bytes]) -> Upload:
        """Write a part that begins at `offset`; what arrived before an error stays.

        Raises UploadNotFound, UploadMisplaced, FileTooLarge, and at the last byte UploadDamaged.
        """
        kept = await asyncio.to_thread(self._find, actor, upload_id)
        if offset > kept.offset:
            raise UploadMisplaced(
                f"a part for byte {offset} came, and {kept.offset} bytes are here.", fix=f"continue at {kept.offset}."
            )
        left = kept.announced.size - offset
        async with _threaded(self._shelf.part(actor.workspace_id, upload_id, offset)) as file:
            async for block in blocks:
                left -= len(block)
                if left < 0:
                    raise FileTooLarge(f"more than the {kept.announced.size} bytes announced came.", fix="begin a new upload.")
                await asyncio.to_thread(file.write, block)
        kept = await asyncio.to_thread(self._find, actor, upload_id)
        if kept.offset == kept.announced.size and kept.announced.sha256:
            await self._check(actor, kept)
        return _upload(kept)

    async def _check(self, actor: Actor, kept: Kept) -> None:
        if await asyncio.to_thread(_sha256, await self._content(kept)) != kept.announced.sha256:
            await self.remove(actor, kept.id)
            raise UploadDamaged(f"{kept.announced.name} arrived with other bytes than were announced.", fix="upload it again.")

    async def check_whole(self, actor: Actor, upload_id: str) -> None:
        """Raise UploadNotFound or UploadIncomplete unless all of an upload is here."""
        _check_whole(await asyncio.to_thread(self._find, actor, upload_id))

    async def whole(self, actor: Actor, upload_id: str) -> tuple[Path, str]:
        """Return the path and the name of an upload that is all here; raises UploadNotFound, UploadIncomplete."""
        kept = await asyncio.to_thread(self._find, actor, upload_id)
        _check_whole(kept)
        return await self._content(kept), kept.announced.name

    async def _content(self, kept: Kept) -> Path:
        try:
            return await asyncio.to_thread(self._shelf.content, kept)
        except FileNotFoundError:
            raise _not_found(kept.id) from None

    async def remove(self, actor: Actor, upload_id: str) -> None:
        """Remove an upload; raises UploadNotFound."""
        await self.get(actor, upload_id)
        await asyncio.to_thread(self._shelf.remove, actor.workspace_id, upload_id)

    def _begin(self, announced: Announced) -> Upload:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._let_go()
        mine = [one for one in self._open(announced.workspace_id) if one.announced.workspace_id == announced.workspace_id]
        if len(mine) >= _MAX_OPEN:
            raise UploadsTooMany(f"{len(mine)} uploads are open.", fix="finish or delete one of them.")
        left = sum(one.announced.size for one in mine)
        if shutil.disk_usage(self._folder).free < left + announced.size + _SPARE_BYTES:
            raise StorageUnavailable("the data folder has too little space for this file.", fix="free some space there.")
        upload_id = self._shelf.begin(announced)
        return _upload(Kept(id=upload_id, announced=announced, offset=0, at=self._clock.now()))

    def _let_go(self) -> None:
        """Remove what was put together here and taken by a server elsewhere."""
        for folder in self._folder.glob("upload_*/"):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) + LASTS < self._clock.now():
                shutil.rmtree(folder, ignore_errors=True)

    def _open(self, workspace: str) -> list[Kept]:
        """Return what is under way, and remove what has expired."""
        found: list[Kept] = []
        for one in self._shelf.known(workspace):
            if self._is_over(one):
                self._shelf.remove(one.announced.workspace_id, one.id)
            else:
                found.append(one)
        return found

    def _find(self, actor: Actor, upload_id: str) -> Kept:
        kept = self._shelf.find(actor.workspace_id, upload_id) if _ID.fullmatch(upload_id) else None
        if kept is None or self._is_over(kept):
            raise _not_found(upload_id)
        return kept

    def _is_over(self, kept: Kept) -> bool:
        return kept.at + LASTS < self._clock.now()


@asynccontextmanager
async def _threaded(opening: AbstractContextManager[IO[bytes]]) -> AsyncGenerator[IO[bytes], None]:
    """Open and close in threads; an error that comes in between is one of the opened."""
    file = await asyncio.to_thread(opening.__enter__)
    try:
        yield file
    except BaseException as error:
        await asyncio.to_thread(opening.__exit__, type(error), error, error.__traceback__)
        raise
    await asyncio.to_thread(opening.__exit__, None, None, None)


def _check_whole(kept: Kept) -> None:
    name, size = kept.announced.name, kept.announced.size
    if kept.offset < size:
        raise UploadIncomplete(f"{kept.offset} of {size} bytes of {name} are here.", fix=f"continue at {kept.offset}.")


def _not_found(upload_id: str) -> UploadNotFound:
    return UploadNotFound(f"there is no upload {upload_id}.", fix="begin a new one.")


def _upload(kept: Kept) -> Upload:
    announced = kept.announced
    return Upload(id=kept.id, name=announced.name, size=announced.size, offset=kept.offset, expires_at=kept.at + LASTS)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
