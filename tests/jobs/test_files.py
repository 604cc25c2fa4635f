"""Files of exports on servers that share nothing but an object store."""

from datetime import timedelta
from pathlib import Path

import pytest

from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import StorageUnavailable
from chatsheet.core.settings import FilesSettings
from chatsheet.jobs.files import FileGone, Files
from chatsheet.sheets.objects import Objects, open_objects
from tests.auth.conftest import HandClock
from tests.stores import Store

# Azure's library sends blocks as bytes, on a thread where nothing else waits
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")]


def objects_of(files: FilesSettings) -> Objects:
    objects = open_objects(files)
    assert objects is not None
    return objects


async def written(files: Files, job: str, content: bytes) -> None:
    (await files.fresh(job)).write_bytes(content)
    await files.keep(job)


async def content(files: Files, job: str) -> bytes:
    with await files.open(job) as file:
        return file.read()


async def test_a_file_that_one_server_wrote_another_gives_out_until_a_day_later(files: FilesSettings, tmp_path: Path) -> None:
    clock = HandClock(SystemClock().now())
    here, there = (Files(folder=tmp_path / one, clock=clock, objects=objects_of(files)) for one in "ab")
    await written(here, "job_1", b"first")
    await written(there, "job_1", b"second")  # another worker did it again
    assert await content(here, "job_1") == await content(there, "job_1") == b"second"
    with pytest.raises(FileGone):
        await there.open("job_2")
    assert not [*tmp_path.glob("*/exports/*")]
    clock.at += timedelta(hours=23)
    await there.sweep()
    assert await content(here, "job_1") == b"second"
    clock.at += timedelta(hours=2)
    await there.sweep()
    with pytest.raises(FileGone):
        await here.open("job_1")


async def test_a_store_that_is_away_is_not_a_file_that_is_gone(moto: Store, tmp_path: Path) -> None:
    away = Files(folder=tmp_path, clock=SystemClock(), objects=objects_of(moto.settings(bucket="never-made")))
    with pytest.raises(StorageUnavailable):
        await away.open("job_1")
