"""Streams of jobs end with what opened the door to them, on both databases."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.auth.access import Access
from chatsheet.auth.policy import Principal
from tests.jobs.rig import colleague, open_office

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


async def test_a_stream_ends_with_the_login_that_opened_it(tmp_path: Path) -> None:
    async def ended(credential: str) -> Principal | None:
        del credential
        return None

    async with open_office(tmp_path) as office:
        ben = replace(await colleague(office), credential="session_1")
        job = await office.draft()
        jobs = replace(office.services.jobs, access=Access(office.services.database, is_local=False, again=ended))
        async with asyncio.timeout(15):
            assert [one.id async for one in jobs.watch(ben, office.sheet_id)] == [job.id]
