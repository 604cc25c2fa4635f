"""A real HAProxy on loopback before several servers: each request goes to the next that lives."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
_CONFIG = """
global
    log stderr format raw local0 warning
defaults
    mode http
    log global
    timeout connect 2s
    timeout check 2s
    timeout client 1h
    timeout server 1h
    retries 3
    option redispatch 1
frontend people
    bind 127.0.0.1:{port}
    default_backend servers
backend servers
    balance roundrobin
    option httpchk
    http-check send meth GET uri /livez ver HTTP/1.1 hdr Host 127.0.0.1:{port}
    default-server check inter 200ms fall 1 rise 1
"""


@asynccontextmanager
async def balancing(folder: Path, port: int, servers: Sequence[int]) -> AsyncGenerator[None, None]:
    """Listen on a port before servers on other ports while the body runs."""
    lines = "".join(f"    server server{number} 127.0.0.1:{one}\n" for number, one in enumerate(servers))
    config = folder / "haproxy.cfg"
    config.write_text(_CONFIG.replace("{port}", str(port)) + lines, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(PROGRAM or "haproxy", "-db", "-f", str(config))
    try:
        async with asyncio.timeout(20):
            while not await _listens(port):
                await asyncio.sleep(0.02)
        yield
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
