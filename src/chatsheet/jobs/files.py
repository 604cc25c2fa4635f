"""The files that exports made, each kept for a day: in the data folder, or in the object store for all servers."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound
from chatsheet.core.ids import new_id
from chatsheet.sheets.objects import Objects

LASTS = timedelta(days=1)
_FILE = "file"


class FileGone(NotFound):
    """The job has made no file yet, or it is kept no longer."""

    code = "job.file_gone"


class Files:
    """The files of a data folder, and of the object store where there is one."""

    def __init__(self, *, folder: Path, clock: Clock, objects: Objects | None = None) -> None:
        self._folder = folder / "exports"
        self._clock = clock
        self._objects = objects

    async def fresh(self, job_id: str) -> Path:
        """Return where a job's file is written; what was begun of it before is gone."""
        await asyncio.to_thread(self._sweep)
        await self.remove(job_id)
        await asyncio.to_thread((self._folder / job_id).mkdir, parents=True, mode=0o700)
        return self._folder / job_id / _FILE

    async def keep(self, job_id: str) -> datetime:
        """Keep a file that is complete now, and return until when; raises StorageUnavailable."""
        if self._objects is not None:
            await asyncio.to_thread(self._objects.put, _name(job_id), self._folder / job_id / _FILE)
            await asyncio.to_thread(shutil.rmtree, self._folder / job_id, ignore_errors=True)
        return self._clock.now() + LASTS

    async def remove(self, job_id: str) -> None:
        """Remove what there is of a job's file; raises StorageUnavailable."""
        await asyncio.to_thread(shutil.rmtree, self._folder / job_id, ignore_errors=True)
        if self._objects is not None:
            await asyncio.to_thread(self._objects.remove, _name(job_id))

    async def open(self, job_id: str) -> BinaryIO:
        """Open a job's file, which nobody takes away while it is read; raises FileGone, StorageUnavailable."""
        try:
            return await asyncio.to_thread(self._open, job_id)
        except FileNotFoundError:
            raise FileGone("the file of this job is not there any more.", fix="export it again.") from None

    async def sweep(self) -> None:
        """Remove what is kept no longer; raises StorageUnavailable."""
        await asyncio.to_thread(self._sweep)

    def _open(self, job_id: str) -> BinaryIO:
        if self._objects is None:
            return (self._folder / job_id / _FILE).open("rb")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = self._folder / new_id("read")
        try:
            if not self._objects.get(_name(job_id), aside):
                raise FileNotFoundError(job_id)
            return aside.open("rb")
        finally:
            aside.unlink(missing_ok=True)  # whoever reads has it open

    def _sweep(self) -> None:
        over = self._clock.now() - LASTS
        for path in self._folder.glob("*"):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < over:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if self._objects is not None:
            for one in self._objects.listed("exports"):
                if one.at < over:
                    self._objects.remove(one.name)


def _name(job_id: str) -> str:
    return f"exports/{job_id}"
