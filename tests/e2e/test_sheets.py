"""A large upload over a real server that is killed half way, and the import that follows."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.harness import Program, Wire, program, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
OCTETS = {"Content-Type": "application/octet-stream"}
ROWS = 1_500_000
SETTINGS = """
data = '{data}'
[server]
port = 0
token = "{token}"
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
"""


async def client_of(server: Program) -> aiohttp.ClientSession:
    address = (await server.wait_for(r"http://127\.0\.0\.1:\d+")).group()
    return aiohttp.ClientSession(address, headers={"Authorization": "Bearer token-of-this-test-0123456789abcdef"})


async def test_an_upload_of_50_mb_survives_a_killed_server(tmp_path: Path, wire: Wire) -> None:
    rows = (b"%d,Town %d,%d.25,2025-11-%02d\n" % (n, n % 97, n, n % 30 + 1) for n in range(ROWS))
    content = b"id,town,amount,day\n" + b"".join(rows)
    assert len(content) > 50 * 2**20
    half = len(content) // 2
    text = SETTINGS.replace("{data}", str(tmp_path / "data")).replace("{wire}", wire.url)
    secrets = {"azure": wire.key, "token": "token-of-this-test-0123456789abcdef"}
    config = str(write_settings(tmp_path, text, secrets))
    async with program("--config", config, "serve") as server, await client_of(server) as client:
        announced = {"name": "towns.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        async with client.post("/api/uploads", json=announced) as response:
            upload = (await response.json())["id"]
        with pytest.raises(aiohttp.ClientError):
            await send_half_and_kill(client, server, f"/api/uploads/{upload}", content[:half])
    async with program("--config", config, "serve") as server, await client_of(server) as client:
        async with client.head(f"/api/uploads/{upload}") as response:
            here = int(response.headers["Upload-Offset"])
        assert 0 < here <= half
        headers = {**OCTETS, "Upload-Offset": str(here)}
        async with client.patch(f"/api/uploads/{upload}", data=io.BytesIO(content[here:]), headers=headers) as response:
            assert response.status == 200, await response.text()
        async with client.post("/api/imports", json={"upload": upload}) as response:
            task = (await response.json())["id"]
        async with asyncio.timeout(300), client.get(f"/api/imports/{task}") as response:
            told = [json.loads(line[6:]) async for line in response.content if line.startswith(b"data: ")]
        assert told[-1]["kind"] == "imported", told[-1]
        path = f"/api/sheets/{told[-1]['sheet_id']}/tables/towns/rows"
        async with client.get(path, params={"offset": str(ROWS - 1), "limit": "1"}) as response:
            rows = await response.json()
        assert (rows["row_count"], rows["rows"][0][1]) == (ROWS, ROWS - 1)


async def send_half_and_kill(client: aiohttp.ClientSession, server: Program, path: str, part: bytes) -> None:
    """Send a part without ever ending it, and kill the server once half of that has gone out."""
    sent = 0

    async def blocks() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < len(part):
            yield part[sent : sent + 2**18]
            sent += 2**18
            if sent > len(part) // 2 and server.process.returncode is None:
                server.process.kill()
                await server.process.wait()

    async with client.patch(path, data=blocks(), headers={**OCTETS, "Upload-Offset": "0"}) as response:
        await response.read()
