"""The two doors through which clients that nobody here wrote get to the hybrid."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from openai import AsyncOpenAI, OpenAI

from chatsheet import hybrid
from chatsheet.api.closed import Keys
from chatsheet.core.settings import Settings
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import open_services
from tests.api.conftest import start_server
from tests.harness import Wire, azure_settings

T = TypeVar("T")


def calls(*wanted: tuple[str, dict[str, object]]) -> Exchange:
    """Script a reply that calls tools, all at once."""
    return Exchange(calls=tuple(ScriptedCall(name=name, arguments=arguments) for name, arguments in wanted))


@dataclass(frozen=True, slots=True)
class Door:
    """One way for a client to get to the hybrid; the routes are first and second, each a deployment of the simulator."""

    wire: Wire
    base_url: str
    key: str
    settings: Settings
    is_http: bool

    def script(self, *exchanges: Exchange) -> None:
        """Append to what the first route's deployment says."""
        self.wire.script("one", *exchanges)

    def kill_first(self, *exchanges: Exchange) -> None:
        """Take the first route down and let the second say this."""
        self.wire.fault("one", "reset")
        self.wire.script("two", *exchanges)

    def http_async(self) -> httpx2.AsyncClient:
        """Return what SDKs take as `http_client`."""
        return httpx2.AsyncClient(trust_env=False, transport=None if self.is_http else hybrid.async_transport(self.settings))

    def http_sync(self) -> httpx2.Client:
        """Return what synchronous SDKs take as `http_client`."""
        return httpx2.Client(trust_env=False, transport=None if self.is_http else hybrid.sync_transport(self.settings))

    def sdk(self) -> AsyncOpenAI:
        """Return the SDK's client, with its defaults: it would retry by itself."""
        return AsyncOpenAI(api_key=self.key, base_url=self.base_url, http_client=self.http_async())

    async def in_thread(self, work: Callable[[OpenAI], T]) -> T:
        """Run `work` on the SDK's synchronous client."""

        def run() -> T:
            with OpenAI(api_key=self.key, base_url=self.base_url, http_client=self.http_sync()) as client:
                return work(client)

        return await asyncio.to_thread(run)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep these clients from another address, another key, a proxy and their makers' tracing."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "false")


@pytest.fixture(params=["transport", "http"])
async def door(request: pytest.FixtureRequest, tmp_path: Path, wire: Wire) -> AsyncGenerator[Door, None]:
    """Open the door that a test is about."""
    wire.script("one")
    settings = azure_settings(tmp_path, wire, "one", "two")
    if request.param == "transport":
        yield Door(wire, hybrid.BASE_URL, "unused", settings, is_http=False)
        return
    async with open_services(settings) as services, start_server(services, Keys(token="cs-test")) as url:
        yield Door(wire, f"{url}/v1", "cs-test", settings, is_http=True)
