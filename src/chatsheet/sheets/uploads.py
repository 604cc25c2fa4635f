"""Files on their way in: begun with a name and a size, continued wherever they were cut, gone a day after the last byte.

All state lies on disk, one folder an upload, so it outlives the server. Bytes are written where they belong: a part that is
sent twice, even at the same time, writes the same bytes to the same place.
"""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput, Conflict, NotFound, StorageUnavailable, TooSoon
from chatsheet.core.identity import Actor
from chatsheet.core.ids import new_id
from chatsheet.sheets.ingest.grid import FileEmpty, FileTooLarge
from chatsheet.sheets.model import Value

MAX_BYTES = 300 * 2**20
LASTS = timedelta(days=1)
_MAX_OPEN = 20
_SPARE_BYTES = 512 * 2**20
_BLOCK = 2**20
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


class Announced(Value):
    """What the sender said of a file; `sha256` in hex may be empty."""

    workspace_id: str
    name: str
    size: int
    sha256: str = ""


class Upload(Value):
    """An upload as it stands: `offset` bytes of `size` are here."""

    id: str
    name: str
    size: int
    offset: int
    expires_at: datetime


class Uploads:
    """The uploads of a data folder."""

    def __init__(self, *, folder: Path, clock: Clock) -> None:
        self._folder = folder / "incoming"
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
        return (await asyncio.to_thread(self._find, actor, upload_id))[1]

    async def append(self, actor: Actor, upload_id: str, offset: int, blocks: AsyncIterator[bytes]) -> Upload:
        """Write a part that begins at `offset`; what arrived before an error stays.

        Raises UploadNotFound, UploadMisplaced, FileTooLarge, and at the last byte UploadDamaged.
        """
        announced, upload = await asyncio.to_thread(self._find, actor, upload_id)
        if offset > upload.offset:
            raise UploadMisplaced(
                f"a part for byte {offset} came, and {upload.offset} bytes are here.", fix=f"continue at {upload.offset}."
            )
        content = self._content(upload_id)
        try:
            with content.open("r+b", buffering=_BLOCK) as file:
                file.seek(offset)
                async for block in blocks:
                    if file.tell() + len(block) > upload.size:
                        raise FileTooLarge(f"more than the {upload.size} bytes announced came.", fix="begin a new upload.")
                    await asyncio.to_thread(file.write, block)
        finally:
            os.utime(content.parent)  # what expiry goes by
        upload = await self.get(actor, upload_id)
        if upload.offset == upload.size and announced.sha256:
            await self._check(actor, upload, announced.sha256)
        return upload

    async def _check(self, actor: Actor, upload: Upload, sha256: str) -> None:
        if await asyncio.to_thread(_sha256, self._content(upload.id)) != sha256:
            await self.remove(actor, upload.id)
            raise UploadDamaged(f"{upload.name} arrived with other bytes than were announced.", fix="upload it again.")

    async def whole(self, actor: Actor, upload_id: str) -> tuple[Path, str]:
        """Return the path and the name of an upload that is all here; raises UploadNotFound, UploadIncomplete."""
        upload = await self.get(actor, upload_id)
        if upload.offset < upload.size:
            raise UploadIncomplete(
                f"{upload.offset} of {upload.size} bytes of {upload.name} are here.", fix=f"continue at {upload.offset}."
            )
        return self._content(upload_id), upload.name

    async def remove(self, actor: Actor, upload_id: str) -> None:
        """Remove an upload; raises UploadNotFound."""
        await self.get(actor, upload_id)
        await asyncio.to_thread(shutil.rmtree, self._folder / upload_id, ignore_errors=True)

    def _begin(self, announced: Announced) -> Upload:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = [known for known in self._open() if known.workspace_id == announced.workspace_id]
        if len(mine) >= _MAX_OPEN:
            raise UploadsTooMany(f"{len(mine)} uploads are open.", fix="finish or delete one of them.")
        left = sum(known.size for known in mine)
        if shutil.disk_usage(self._folder).free < left + announced.size + _SPARE_BYTES:
            raise StorageUnavailable("the data folder has too little space for this file.", fix="free some space there.")
        upload_id = new_id("upload")
        aside = self._folder / upload_id
        aside.mkdir(mode=0o700)
        (aside / "content").touch(mode=0o600)
        (aside / "announced.json").write_text(announced.model_dump_json(), encoding="utf-8")
        return self._upload(upload_id, announced)

    def _open(self) -> list[Announced]:
        """Return what is under way, and remove what has expired."""
        found: list[Announced] = []
        for folder in self._folder.glob("upload_*"):
            if (announced := self._announced(folder)) is None:
                continue
            if self._expiry(folder) < self._clock.now():
                shutil.rmtree(folder, ignore_errors=True)
            else:
                found.append(announced)
        return found

    def _find(self, actor: Actor, upload_id: str) -> tuple[Announced, Upload]:
        folder = self._folder / upload_id
        announced = self._announced(folder) if _ID.fullmatch(upload_id) else None
        if announced is None or announced.workspace_id != actor.workspace_id or self._expiry(folder) < self._clock.now():
            raise UploadNotFound(f"there is no upload {upload_id}.", fix="begin a new one.")
        return announced, self._upload(upload_id, announced)

    def _announced(self, folder: Path) -> Announced | None:
        try:
            return Announced.model_validate_json((folder / "announced.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def _upload(self, upload_id: str, announced: Announced) -> Upload:
        return Upload(
            id=upload_id,
            name=announced.name,
            size=announced.size,
            offset=self._content(upload_id).stat().st_size,
            expires_at=self._expiry(self._folder / upload_id),
        )

    def _expiry(self, folder: Path) -> datetime:
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC) + LASTS

    def _content(self, upload_id: str) -> Path:
        return self._folder / upload_id / "content"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
