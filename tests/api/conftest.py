"""The real application on a real port, over real services and the simulator."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from starlette.types import ASGIApp

from chatsheet.api import app, deps
from chatsheet.api.closed import Closed, Keys
from chatsheet.auth.policy import Principal
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.wiring import Services, open_services
from tests.harness import Wire, azure_settings, free_ports


@dataclass(frozen=True, slots=True)
class Served:
    """A server that listens, and a client of it that holds the token."""

    url: str
    keys: Keys
    services: Services
    wire: Wire
    client: aiohttp.ClientSession


@asynccontextmanager
async def start_server(services: Services, keys: Keys, *, actor: Actor | None = None) -> AsyncGenerator[str, None]:
    """Serve the application over these services, to this actor or who the keys say, and yield its address meanwhile."""

    async def asking() -> Principal:
        return Principal(actor.user_id, is_admin=actor.is_admin) if actor else Principal(LOCAL.user_id, is_admin=True)

    served = app.routed(services, keys)
    if actor is not None:
        served.dependency_overrides[deps.principal] = asking
    async with listening(Closed(served, keys)) as url:
        yield url


@asynccontextmanager
async def listening(application: ASGIApp) -> AsyncGenerator[str, None]:
    """Serve an application on a port of its own, and yield its address meanwhile."""
    (port,) = free_ports(1)
    config = uvicorn.Config(application, port=port, lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # pyright: ignore[reportAttributeAccessIssue]  pytest keeps its own
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def served(tmp_path: Path, wire: Wire) -> AsyncGenerator[Served, None]:
    """Serve the application while a test runs."""
    keys = Keys(token="token-of-this-start", token_decides=True)
    settings = azure_settings(tmp_path, wire, "gpt-4o", more="[server]\ntoken_decides = true\n")
    bearer = {"Authorization": f"Bearer {keys.token}"}
    async with (
        open_services(settings) as services,
        start_server(services, keys) as url,
        aiohttp.ClientSession(url, headers=bearer) as client,
    ):
        yield Served(url, keys, services, wire, client)
