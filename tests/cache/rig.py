"""What tests of caches share: a key, a kind of texts, and a computation that counts itself."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chatsheet.cache.cache import Cache, Caches, Kind
from chatsheet.cache.keys import QueryResult

KEY = QueryResult(engine="e", sheet="s", version="v", rules="", operation="run", asked="SELECT 1")
SECRET = b"what the server does not know"
TEXTS = Kind[str](name="query", encode=str.encode, decode=lambda data: data.decode(), patience_s=5)


def key(asked: str) -> QueryResult:
    """Return another key."""
    return QueryResult(engine="e", sheet="s", version="v", rules="", operation="run", asked=asked)


@dataclass(slots=True)
class Work:
    """A computation that waits until it is let go."""

    value: str = "right"
    begun: int = 0
    cancelled: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def begins(self) -> None:
        """Wait until it has begun."""
        await asyncio.wait_for(self.started.wait(), 10)

    async def __call__(self) -> str:
        self.begun += 1
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.value


def done(value: str = "right") -> Work:
    """Return work that is let go at once."""
    work = Work(value)
    work.go.set()
    return work


@asynccontextmanager
async def cache(url: str | None = None, *, kind: Kind[str] = TEXTS) -> AsyncGenerator[Cache[str], None]:
    """Open a process's cache of texts."""
    caches = Caches.open(url=url, key=SECRET)
    try:
        yield caches.of(kind)
        await caches.settled()
    finally:
        await caches.close()
