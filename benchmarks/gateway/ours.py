"""The one place that constructs our gateway, so that the benchmark follows it when its construction changes."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.secret import literal
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest
from chatsheet.llm.records import Record
from chatsheet.llm.routes import Auth, Kind, Plan, Route

QUESTION = ChatRequest({"messages": [{"role": "user", "content": "What is the total of column C?"}]})
KEY = "key"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each step of a route may take, in seconds."""

    connect_s: float = 2
    first_content_s: float = 10
    idle_s: float = 15


@dataclass(frozen=True, slots=True)
class Azure:
    """A direct route to one deployment."""

    endpoint: str
    deployment: str

    def route(self, name: str, limits: Limits) -> Route:
        url = f"{self.endpoint}/openai/deployments/{self.deployment}/chat/completions?api-version=2024-10-21"
        return _route(name, limits, kind="azure", url=url, model=self.deployment, auth="api-key", is_ours=False)


@dataclass(frozen=True, slots=True)
class Litellm:
    """A LiteLLM of ours, whose words are held against the records of its egress."""

    base_url: str
    model: str

    def route(self, name: str, limits: Limits) -> Route:
        url = f"{self.base_url}/v1/chat/completions"
        return _route(name, limits, kind="litellm", url=url, model=self.model, auth="bearer", is_ours=True)


def _route(name: str, limits: Limits, *, kind: Kind, url: str, model: str, auth: Auth, is_ours: bool) -> Route:
    return Route(
        name=name,
        kind=kind,
        url=url,
        model=model,
        auth=auth,
        key=literal(KEY),
        connect_s=limits.connect_s,
        first_content_s=limits.first_content_s,
        idle_s=limits.idle_s,
        prompt_budget_tokens=None,
        is_ours=is_ours,
    )


class Records:
    """Reads records over HTTP from whoever plays the egress; with no address there are none."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    def is_ready(self) -> bool:
        return True

    def litellm_pid(self) -> int:
        return 1

    async def get(self, attempt: str, *, wait: bool = True) -> Record | None:
        del wait
        if not self._url:
            return None
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        async with self._session.get(f"{self._url}/records/{attempt}") as response:
            return Record(**json.loads(await response.read())) if response.ok else None

    async def abandon(self, attempt: str) -> None:
        """Tell the egress that nobody waits for an attempt any more; the played one has nothing to stop."""
        del attempt

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@asynccontextmanager
async def open_gateway(
    *ways: Azure | Litellm,
    connect_s: float = 2,
    first_content_s: float = 10,
    idle_s: float = 15,
    deadline_s: float = 60,
    records_url: str = "",
    clock: Clock | None = None,
) -> AsyncGenerator[Gateway, None]:
    """Build a gateway over these routes, named first, second and so on, while the body runs."""
    limits = Limits(connect_s, first_content_s, idle_s)
    routes = tuple(way.route(name, limits) for name, way in zip(("first", "second", "third"), ways, strict=False))
    async with AsyncExitStack() as stack:
        records = Records(records_url)
        stack.push_async_callback(records.close)
        legs = Legs()
        stack.push_async_callback(legs.close)
        gateway = Gateway(plan=Plan(routes, deadline_s), legs=legs, records=records, clock=clock or SystemClock())
        stack.push_async_callback(gateway.close)
        yield gateway
