"""An aiohttp application on an address, while the body runs."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

_GRACE_S = 0.5


@asynccontextmanager
async def serving(app: web.Application, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[int, None]:
    """Serve and yield the port; a handler ends when its client leaves, and at the end of the body."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
