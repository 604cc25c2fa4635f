"""The hybrid without a server: builds the gateway, and transports on which clients of the `openai` SDK run unchanged.

Imports nothing of sheets, chats or the database: it is meant for other people's processes.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatsheet.cache.cache import Caches
from chatsheet.core import settings_file
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.settings import Settings
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.plan import plan
from chatsheet.llm.records import RemoteRecords
from chatsheet.llm.replicas import Replicas
from chatsheet.llm.replies import Replies
from chatsheet.telemetry.model_calls import ModelCalls
from chatsheet.telemetry.setup import open_telemetry

if TYPE_CHECKING:
    from chatsheet.llm.transport import HybridTransport, SyncHybridTransport

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
        async with opened(loaded, clock=SystemClock(), telemetry=telemetry.model_calls) as (gateway, _):
            yield gateway
    finally:
        await asyncio.to_thread(telemetry.close)


@asynccontextmanager
async def opened(
    settings: Settings, *, clock: Clock, telemetry: ModelCalls, caches: Caches | None = None
) -> AsyncGenerator[tuple[Gateway, RemoteRecords], None]:
    """Build the gateway with what it stands on, and close it again; with caches it may keep replies, if settings say so."""
    async with AsyncExitStack() as stack:
        records = RemoteRecords(settings.data)
        stack.push_async_callback(records.close)
        legs = Legs()
        stack.push_async_callback(legs.close)
        keeping = caches if settings.cache.model_replies else None
        replies = Replies(keeping, ttl_s=3600 * settings.cache.model_reply_h) if keeping is not None else None
        gateway = Gateway(
            plan=plan(settings.llm), legs=legs, records=records, clock=clock, telemetry=telemetry, replies=replies
        )
        stack.push_async_callback(gateway.close)
        if settings.redis.url is not None:
            replicas = Replicas(settings.redis.url.reveal(), clock=clock, take=gateway.health.hear)
            stack.push_async_callback(replicas.close)
            gateway.health.shared = replicas
            await replicas.open()
        yield gateway, records


def async_transport(settings: Settings | Path | None = None) -> "HybridTransport":
    """Return a transport for one `httpx2.AsyncClient` and its event loop; raises SettingsInvalid.

    Nothing is opened before the first request; closing the client closes it.
    """
    from chatsheet.llm.transport import HybridTransport  # noqa: PLC0415  httpx2 is for those who use it

    loaded = _loaded(settings)
    return HybridTransport(partial(open_gateway, loaded), model=loaded.llm.model)


def sync_transport(settings: Settings | Path | None = None) -> "SyncHybridTransport":
    """Return a transport for one `httpx2.Client`, from any thread; else like `async_transport`."""
    from chatsheet.llm.transport import SyncHybridTransport  # noqa: PLC0415  see above

    loaded = _loaded(settings)
    return SyncHybridTransport(partial(open_gateway, loaded), model=loaded.llm.model)


def _loaded(settings: Settings | Path | None) -> Settings:
    return settings if isinstance(settings, Settings) else settings_file.load(settings)
