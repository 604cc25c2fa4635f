"""The one place that constructs our gateway, so that the benchmark follows it when its construction changes."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.secret import literal
from chatsheet.core.settings import LlmSettings
from chatsheet.llm import plan
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.legs import Legs
from chatsheet.llm.model import ChatRequest
from chatsheet.llm.records import Record

QUESTION = ChatRequest({"messages": [{"role": "user", "content": "What is the total of column C?"}]})
KEY = "key"


@dataclass(frozen=True, slots=True)
class Azure:
    """A direct route to one deployment."""

    endpoint: str
    deployment: str

    def settings(self) -> Mapping[str, object]:
        return {"kind": "azure", "endpoint": self.endpoint, "deployment": self.deployment, "key": literal(KEY)}


@dataclass(frozen=True, slots=True)
class Litellm:
    """A LiteLLM of ours, whose words are held against the records of its egress."""

    base_url: str
    model: str

    def settings(self) -> Mapping[str, object]:
        return {
            "kind": "litellm",
            "base_url": self.base_url,
            "model": self.model,
            "key": literal(KEY),
            "serves": ["behind"],
        }


class Records:
    """Reads records over HTTP from whoever plays the egress; with no address there are none."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    def is_ready(self) -> bool:
        return True

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
    names = ("first", "second", "third")[: len(ways)]
    listed: dict[str, object] = {name: way.settings() for name, way in zip(names, ways, strict=True)}
    if any(isinstance(way, Litellm) for way in ways):
        listed["behind"] = Azure("http://127.0.0.1:9", "behind").settings()
    llm = LlmSettings.model_validate(
        {
            "routes": names,
            "route": listed,
            "connect_s": connect_s,
            "first_content_s": first_content_s,
            "idle_s": idle_s,
            "deadline_s": deadline_s,
        }
    )
    async with AsyncExitStack() as stack:
        records = Records(records_url)
        stack.push_async_callback(records.close)
        legs = Legs()
        stack.push_async_callback(legs.close)
        yield Gateway(plan=plan.plan(llm), legs=legs, records=records, clock=clock or SystemClock())
