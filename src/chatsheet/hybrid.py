"""The hybrid without a server: the gateway itself, and transports on which clients of the `openai` SDK run unchanged."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from chatsheet import wiring
from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.transport import HybridTransport, SyncHybridTransport
from chatsheet.telemetry.setup import open_telemetry

BASE_URL = "http://hybrid/v1"
"""Any base URL works: a transport ends every request here. This one says so."""


@asynccontextmanager
async def open_gateway(settings: Settings | Path | None = None) -> AsyncGenerator[Gateway, None]:
    """Open the gateway while the body runs; raises SettingsInvalid.

    `settings` may be a path to chatsheet.toml; left out, they are found as every command finds them.
    """
    loaded = _loaded(settings)
    telemetry = open_telemetry(loaded.telemetry, has_page=False)
    try:
        async with wiring.open_gateway(loaded, SystemClock(), telemetry.model_calls) as (gateway, _):
            yield gateway
    finally:
        await asyncio.to_thread(telemetry.close)


def async_transport(settings: Settings | Path | None = None) -> HybridTransport:
    """Return a transport for one `httpx2.AsyncClient` and its event loop; raises SettingsInvalid.

    Nothing is opened before the first request; closing the client closes it.
    """
    loaded = _loaded(settings)
    return HybridTransport(partial(open_gateway, loaded), model=loaded.llm.model)


def sync_transport(settings: Settings | Path | None = None) -> SyncHybridTransport:
    """Return a transport for one `httpx2.Client`, from any thread; else like `async_transport`."""
    loaded = _loaded(settings)
    return SyncHybridTransport(partial(open_gateway, loaded), model=loaded.llm.model)


def _loaded(settings: Settings | Path | None) -> Settings:
    return settings if isinstance(settings, Settings) else settings_file.load(settings)
