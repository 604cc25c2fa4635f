"""The hybrid for clients of the `openai` SDK: a transport on your own settings, without a server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from chatsheet.core import settings_file
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.transport import HybridTransport, Opener, SyncHybridTransport
from chatsheet.wiring import open_services

BASE_URL = "http://hybrid/v1"
"""Any base URL works: the transport ends every request here. This one says so."""


def async_transport(settings: Settings | Path | None = None) -> HybridTransport:
    """Return a transport for one `httpx2.AsyncClient` and its event loop; raises SettingsInvalid.

    `settings` may be a path to chatsheet.toml; left out, they are found as every command finds them. Nothing is opened
    before the first request; closing the client closes it.
    """
    loaded = _loaded(settings)
    return HybridTransport(_opener(loaded), model=loaded.llm.model)


def sync_transport(settings: Settings | Path | None = None) -> SyncHybridTransport:
    """Return a transport for one `httpx2.Client`, from any thread; else like `async_transport`."""
    loaded = _loaded(settings)
    return SyncHybridTransport(_opener(loaded), model=loaded.llm.model)


def _loaded(settings: Settings | Path | None) -> Settings:
    return settings if isinstance(settings, Settings) else settings_file.load(settings)


def _opener(settings: Settings) -> Opener:
    @asynccontextmanager
    async def opened() -> AsyncGenerator[Gateway, None]:
        async with open_services(settings) as services:
            yield services.gateway

    return opened
