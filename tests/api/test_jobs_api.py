"""Jobs over HTTP: a draft with answers, its start, its progress as it comes, its rows, its file."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatsheet.api.closed import Keys
from chatsheet.core import loose
from chatsheet.core.loose import JsonObject
from tests.api.conftest import start_server
from tests.jobs.rig import ORDER, Office, open_office, working

pytestmark = pytest.mark.anyio
KEYS = Keys(token="token-of-this-test", token_decides=True)


@asynccontextmanager
async def served(folder: Path, rows: int = 8) -> AsyncGenerator[tuple[Office, aiohttp.ClientSession], None]:
    """Serve an office with a worker, and a client of it."""
    async with (
        open_office(folder, rows=rows) as office,
        working(office.services.worker()),
        start_server(office.services, KEYS) as url,
        aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {KEYS.token}"}) as client,
    ):
        yield office, client


async def told(client: aiohttp.ClientSession, method: str, path: str, body: object = None) -> JsonObject:
    """Send a request and return what is answered."""
    async with client.request(method, path, json={} if body is None and method != "GET" else body) as response:
        said = json.loads(await response.read())
        assert response.ok, said
        return said


async def drafted(office: Office, client: aiohttp.ClientSession) -> str:
    """Make a draft and wait for its sample."""
    made = await told(client, "POST", "/api/jobs", {"sheet_id": office.sheet_id, "order": ORDER.model_dump(mode="json")})
    await office.until(loose.text(made["id"]), lambda job: job.is_settled)
    return loose.text(made["id"])


async def test_a_job_from_its_draft_to_its_file(tmp_path: Path) -> None:
    async with served(tmp_path) as (office, client):
        job_id = await drafted(office, client)
        draft = await told(client, "GET", f"/api/jobs/{job_id}")
        assert (draft["state"], len(loose.array(draft["sample"]))) == ("draft", 5)
        await told(client, "POST", f"/api/jobs/{job_id}/start")
        await office.ended(job_id)
        page = await told(client, "GET", f"/api/jobs/{job_id}/rows?which=done&limit=3")
        assert ([loose.obj(row)["value"] for row in loose.array(page["rows"])], page["next"]) == (["good"] * 3, 4)
        async with client.get(f"/api/jobs/{job_id}/export") as response:
            assert response.headers["Content-Disposition"] == f'attachment; filename="{job_id}.csv"'
            assert len((await response.text()).splitlines()) == 9


async def test_progress_is_heard_as_it_comes(tmp_path: Path) -> None:
    async with served(tmp_path) as (office, client):
        job_id = await drafted(office, client)
        states: list[object] = []
        async with asyncio.timeout(60), client.get(f"/api/sheets/{office.sheet_id}/events") as response:
            await told(client, "POST", f"/api/jobs/{job_id}/start")
            async for line in response.content:
                if line.startswith(b"data: ") and (heard := json.loads(line[6:]))["kind"] == "job":
                    states.append(heard["job"]["state"])
                    if states[-1] == "completed":
                        break
        assert states[0] in {"draft", "queued", "running"}


async def test_a_row_is_accepted_and_another_corrected(tmp_path: Path) -> None:
    async with served(tmp_path) as (office, client):
        job_id = await drafted(office, client)
        await told(client, "POST", f"/api/jobs/{job_id}/start")
        await office.ended(job_id)
        one, two, *_ = map(loose.obj, loose.array((await told(client, "GET", f"/api/jobs/{job_id}/rows"))["rows"]))
        assert (await told(client, "POST", f"/api/jobs/{job_id}/rows/{one['id']}/accept"))["is_reviewed"]
        await told(client, "PUT", f"/api/jobs/{job_id}/rows/{two['id']}", {"value": "bad"})
        assert (await office.column())[:3] == ["good", "bad", "good"]


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/jobs/job_none", None, "job.not_found"),
        ("POST", "/api/jobs/{job}/pause", {}, "job.not_so"),
        ("PUT", "/api/jobs/{job}/rows/none", {"value": "bad"}, "job.row_not_found"),
        (
            "POST",
            "/api/jobs",
            {"sheet_id": "{sheet}", "order": {**ORDER.model_dump(mode="json"), "template": "?"}},
            "job.invalid",
        ),
    ],
)
async def test_what_cannot_be_done_says_why(tmp_path: Path, method: str, path: str, body: JsonObject | None, code: str) -> None:
    async with served(tmp_path) as (office, client):
        job_id = await drafted(office, client)
        sent = None if body is None else json.loads(json.dumps(body).replace("{sheet}", office.sheet_id))
        async with client.request(method, path.replace("{job}", job_id), json=sent) as response:
            assert loose.obj((await response.json())["error"])["code"] == code
