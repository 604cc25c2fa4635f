"""The files that exports made: a folder for each job, in the data folder, removed a day after it was written."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from chatsheet.core.clock import Clock
from chatsheet.core.errors import NotFound

LASTS = timedelta(days=1)
_FILE = "file"


class FileGone(NotFound):
    """The job has made no file yet, or it is kept no longer."""

    code = "job.file_gone"


class Files:
    """The files of a data folder."""

    def __init__(self, *, folder: Path, clock: Clock) -> None:
        self._folder = folder / "exports"
        self._clock = clock

    def until(self) -> datetime:
        """Return until when a file is kept that is complete now."""
        return self._clock.now() + LASTS

    async def fresh(self, job_id: str) -> Path:
        """Return where a job's file goes; what was begun of it before is gone."""
        await asyncio.to_thread(self._sweep)
        await self.remove(job_id)
        await asyncio.to_thread((self._folder / job_id).mkdir, parents=True, mode=0o700)
        return self._folder / job_id / _FILE

    async def remove(self, job_id: str) -> None:
        """Remove what there is of a job's file."""
        await asyncio.to_thread(shutil.rmtree, self._folder / job_id, ignore_errors=True)

    async def open(self, job_id: str) -> BinaryIO:
        """Open a job's file, which nobody takes away while it is read; raises FileGone."""
        try:
            return await asyncio.to_thread((self._folder / job_id / _FILE).open, "rb")
        except OSError:
            raise FileGone("the file of this job is not there any more.", fix="export it again.") from None

    async def sweep(self) -> None:
        """Remove what is kept no longer."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        for folder in self._folder.glob("*"):
            written = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            if written + LASTS < self._clock.now():
                shutil.rmtree(folder, ignore_errors=True)
