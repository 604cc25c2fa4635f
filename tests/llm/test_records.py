"""Records of the egress: the newest are kept, and who waits for an end hears of it at once."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from chatsheet.llm import records as records_module
from chatsheet.llm.records import Record, Records, RemoteRecords, Sidecar

pytestmark = pytest.mark.anyio

OPEN = Record(attempt="att_1", route="azure")
ENDED = msgspec.structs.replace(OPEN, end="complete", status=200)
PROMPTLY_S = 0.5


async def waiting(records: Records, wait_s: float) -> "asyncio.Task[Record | None]":
    """Start to wait for the end of att_1, and return once the waiting has begun."""
    task = asyncio.ensure_future(records.ended("att_1", wait_s))
    await asyncio.sleep(0)
    return task


async def test_what_was_never_seen_is_none_at_once() -> None:
    async with asyncio.timeout(PROMPTLY_S):
        assert await Records().ended("att_1", 10) is None


async def test_an_ended_call_is_read_at_once() -> None:
    records = Records()
    records.put(ENDED)
    async with asyncio.timeout(PROMPTLY_S):
        assert await records.ended("att_1", 10) == ENDED


async def test_a_waiting_reader_hears_of_the_end() -> None:
    records = Records()
    records.put(OPEN)
    reader = await waiting(records, 10)
    records.put(ENDED)
    async with asyncio.timeout(PROMPTLY_S):
        assert await reader == ENDED


async def test_a_call_that_does_not_end_in_time_is_still_open() -> None:
    records = Records()
    records.put(OPEN)
    assert await records.ended("att_1", 0) == OPEN


async def test_a_reader_that_stops_waiting_does_not_deafen_another() -> None:
    records = Records()
    records.put(OPEN)
    patient = await waiting(records, 10)
    assert await records.ended("att_1", 0) == OPEN
    records.put(ENDED)
    async with asyncio.timeout(PROMPTLY_S):
        assert await patient == ENDED


async def test_the_oldest_record_is_dropped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "_MOST_RECORDS", 3)
    records = Records()
    for number in (1, 2, 3, 1, 4):
        records.put(msgspec.structs.replace(ENDED, attempt=f"att_{number}"))
    assert [record.attempt for record in records.latest()] == ["att_4", "att_1", "att_3"]
    assert await records.ended("att_2", 0) is None


async def test_the_newest_fifty_are_listed() -> None:
    records = Records()
    for number in range(60):
        records.put(msgspec.structs.replace(ENDED, attempt=f"att_{number}"))
    assert [record.attempt for record in records.latest()] == [f"att_{number}" for number in range(59, 9, -1)]


async def test_without_a_sidecar_there_is_no_record(tmp_path: Path) -> None:
    assert await RemoteRecords(tmp_path).get("att_1") is None


@pytest.mark.parametrize("text", ["", "not json", "{}"])
async def test_a_broken_sidecar_file_is_none(tmp_path: Path, text: str) -> None:
    path = Sidecar.path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert RemoteRecords(tmp_path).sidecar() is None
