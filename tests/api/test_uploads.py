"""Uploads that are cut and continued, and imports as tasks that are followed or cancelled."""

import asyncio
import hashlib
import io
import json
from pathlib import Path

import pytest

from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.sheets import uploads
from chatsheet.sheets.uploads import UploadNotFound, Uploads, UploadsTooMany
from tests.api.conftest import Served
from tests.api.test_api import OCTETS, code_of

pytestmark = pytest.mark.anyio
CSV = b"city,people\n" + b"".join(b"Town %d,%d\n" % (n, n * 10) for n in range(1, 2001))


async def begin(served: Served, content: bytes, *, name: str = "towns.csv", sha256: str = "") -> str:
    announced = {"name": name, "size": len(content), "sha256": sha256}
    async with served.client.post("/api/uploads", json=announced) as response:
        assert response.status == 201, await response.text()
        return str((await response.json())["id"])


async def send(served: Served, upload: str, part: bytes, offset: int) -> tuple[int, str]:
    headers = {**OCTETS, "Upload-Offset": str(offset)}
    async with served.client.patch(f"/api/uploads/{upload}", data=io.BytesIO(part), headers=headers) as response:
        body = await response.json()
        return response.status, str(body.get("offset", body.get("error", {}).get("code")))


async def offset_of(served: Served, upload: str) -> int:
    async with served.client.head(f"/api/uploads/{upload}") as response:
        return int(response.headers["Upload-Offset"]) if response.status == 200 else -response.status


async def begin_import(served: Served, upload: str) -> str:
    async with served.client.post("/api/imports", json={"upload": upload}) as response:
        assert response.status == 202, await response.text()
        return str((await response.json())["id"])


async def follow(served: Served, task: str) -> list[dict[str, object]]:
    async with asyncio.timeout(60), served.client.get(f"/api/imports/{task}") as response:
        assert response.status == 200, await response.text()
        return [json.loads(line[6:]) async for line in response.content if line.startswith(b"data: ")]


async def test_a_cut_upload_goes_on_where_it_stopped(served: Served) -> None:
    upload = await begin(served, CSV, sha256=hashlib.sha256(CSV).hexdigest())
    assert await send(served, upload, CSV[:700], 0) == (200, "700")
    assert await offset_of(served, upload) == 700
    assert await send(served, upload, CSV[700:], 700) == (200, str(len(CSV)))
    told = await follow(served, await begin_import(served, upload))
    assert told[-1]["kind"] == "imported"
    async with served.client.get(f"/api/sheets/{told[-1]['sheet_id']}/tables/towns/rows", params={"limit": 1}) as rows:
        assert (await rows.json())["row_count"] == 2000


async def test_a_part_sent_twice_is_there_once(served: Served) -> None:
    upload = await begin(served, CSV, sha256=hashlib.sha256(CSV).hexdigest())
    await send(served, upload, CSV[:900], 0)
    assert await send(served, upload, CSV[:900], 0) == (200, "900")
    assert await send(served, upload, CSV[300:], 300) == (200, str(len(CSV)))


async def test_a_gap_is_refused_and_says_where_to_go_on(served: Served) -> None:
    upload = await begin(served, CSV)
    assert await send(served, upload, CSV[10:20], 10) == (409, "upload.misplaced")


async def test_more_bytes_than_announced_are_refused(served: Served) -> None:
    upload = await begin(served, CSV)
    assert await send(served, upload, CSV + b"x", 0) == (413, "file.too_large")


async def test_other_bytes_than_announced_are_removed(served: Served, tmp_path: Path) -> None:
    upload = await begin(served, CSV, sha256=hashlib.sha256(b"other").hexdigest())
    assert await send(served, upload, CSV, 0) == (422, "upload.damaged")
    assert await offset_of(served, upload) == -404
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_what_is_incomplete_is_not_imported(served: Served) -> None:
    upload = await begin(served, CSV)
    async with served.client.post("/api/imports", json={"upload": upload}) as response:
        assert (response.status, await code_of(response)) == (409, "upload.incomplete")


@pytest.mark.parametrize(("size", "code"), [(0, "file.empty"), (uploads.MAX_BYTES + 1, "file.too_large")])
async def test_sizes_that_cannot_be_are_refused_before_a_byte_is_sent(served: Served, size: int, code: str) -> None:
    async with served.client.post("/api/uploads", json={"name": "x.csv", "size": size}) as response:
        assert await code_of(response) == code


async def test_an_upload_that_is_given_up_is_gone(served: Served, tmp_path: Path) -> None:
    upload = await begin(served, CSV)
    async with served.client.delete(f"/api/uploads/{upload}", json={}) as response:
        assert response.status == 200
    assert await offset_of(served, upload) == -404
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_an_import_tells_its_first_rows_before_its_end(served: Served) -> None:
    upload = await begin(served, CSV)
    await send(served, upload, CSV, 0)
    told = await follow(served, await begin_import(served, upload))
    first = [event["first"] for event in told if event.get("first")]
    assert len(first) == 1
    assert len(loose.array(loose.obj(first[0])["rows"])) == 200
    fractions = [event["fraction"] for event in told if event["kind"] == "progress"]
    assert fractions == sorted(fractions, key=lambda one: float(str(one)))


async def test_an_import_asked_for_twice_is_one(served: Served) -> None:
    upload = await begin(served, CSV)
    await send(served, upload, CSV, 0)
    tasks = await asyncio.gather(begin_import(served, upload), begin_import(served, upload))
    assert len(set(tasks)) == 1
    assert (await follow(served, tasks[0]))[-1]["kind"] == "imported"
    assert await begin_import(served, upload) == tasks[0]


async def test_a_bad_file_fails_by_its_code_and_leaves_nothing(served: Served, tmp_path: Path) -> None:
    upload = await begin(served, b"\x89PNG\r\n\x1a\n", name="picture.xlsx")
    await send(served, upload, b"\x89PNG\r\n\x1a\n", 0)
    last = (await follow(served, await begin_import(served, upload)))[-1]
    assert (last["kind"], last["code"]) == ("failed", "file.not_a_workbook")
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_cancelled_import_leaves_nothing(served: Served, tmp_path: Path) -> None:
    large = b"a,b,c\n" + b"1.5,x,2026-01-01\n" * 400_000
    upload = await begin(served, large)
    await send(served, upload, large, 0)
    task = await begin_import(served, upload)
    async with served.client.delete(f"/api/imports/{task}", json={}) as response:
        assert response.status == 200
    assert (await follow(served, task))[-1]["kind"] == "cancelled"
    assert list((tmp_path / "incoming").iterdir()) == []
    assert not (tmp_path / "versions").exists() or list((tmp_path / "versions").iterdir()) == []


async def test_another_workspaces_upload_is_not_there(tmp_path: Path) -> None:
    kept = Uploads(folder=tmp_path, clock=SystemClock())
    upload = await kept.begin(LOCAL, name="a.csv", size=5)
    with pytest.raises(UploadNotFound):
        await kept.get(Actor(workspace_id="other", user_id="other"), upload.id)


@pytest.mark.parametrize("upload_id", ["../versions", "upload_../../x", "", "upload_"])
async def test_an_id_leads_nowhere_else(tmp_path: Path, upload_id: str) -> None:
    with pytest.raises(UploadNotFound):
        await Uploads(folder=tmp_path, clock=SystemClock()).get(LOCAL, upload_id)


async def test_a_workspace_has_a_limited_number_of_uploads(tmp_path: Path) -> None:
    kept = Uploads(folder=tmp_path, clock=SystemClock())
    for number in range(20):
        await kept.begin(LOCAL, name=f"{number}.csv", size=5)
    with pytest.raises(UploadsTooMany):
        await kept.begin(LOCAL, name="more.csv", size=5)
