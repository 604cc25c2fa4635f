"""A cache of one kind of values: memory first, then one flight per process, then one lease among all processes.

Authorise before asking: a hit is no permission.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from chatsheet.cache import keys
from chatsheet.cache.flight import Flight
from chatsheet.cache.keys import Key
from chatsheet.cache.memory import Memory, weigh
from chatsheet.cache.shared import LEASE_S, Shared, SharedDown
from chatsheet.core.clock import Clock, SystemClock
from chatsheet.core.tasks import Tasks

T = TypeVar("T")

_DAY_S = 24 * 3600.0
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.01, 0.2


@dataclass(frozen=True, kw_only=True)  # slots, frozen and generic cannot be all three in 3.11
class Kind(Generic[T]):
    """How values of a kind are kept. `decode` raises ValueError for what is none of them."""

    name: str
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    is_kept_here: bool = True
    """Whether this process keeps them in memory."""
    ttl_s: float = _DAY_S
    patience_s: float = 10.0
    """How long to wait for another process that computes the same before doing it here."""


@dataclass(slots=True)
class Counts:
    """What happened to one kind since the start."""

    hits: int = 0
    shared_hits: int = 0
    """Of the hits, those that another process had computed."""
    computes: int = 0
    failures: int = 0
    """Of the computes, those that raised an error; errors are not kept."""
    waits: int = 0
    """Callers who waited for a computation that somebody else had begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A cache in numbers; bytes and entries are those in this process's memory."""

    name: str
    hits: int
    shared_hits: int
    computes: int
    failures: int
    waits: int
    evictions: int
    bytes: int
    entries: int


class Cache(Generic[T]):
    """The values of one kind."""

    def __init__(self, kind: Kind[T], *, memory: Memory, shared: Shared | None, tasks: Tasks) -> None:
        self.kind = kind
        self.counts = Counts()
        self._memory = memory
        self._shared = shared
        self._flight = Flight[T]()
        self._tasks = tasks

    def here(self, key: Key) -> T | None:
        """Return what this process keeps, and count the hit."""
        entry = self._memory.get(keys.digest(key)) if self.kind.is_kept_here else None
        if entry is None:
            return None
        self.counts.hits += 1
        return cast("T", entry.value)  # names begin with their kind

    async def fetch(self, key: Key, compute: Callable[[], Awaitable[T]], *, is_cheap: bool = False) -> T:
        """Return the value of a key, computed at most once at a time; raises what `compute` raises.

        `is_cheap`: computing it here takes no longer than asking the second level.
        """
        if (found := self.here(key)) is not None:
            return found
        name = keys.digest(key)
        if self._flight.is_under_way(name):
            self.counts.waits += 1
        shared = None if is_cheap else self._shared

        async def begin() -> T:
            return await (self._compute(name, compute) if shared is None else self._between(shared, name, compute))

        return await self._flight.join(name, begin)

    async def look(self, key: Key) -> T | None:
        """Return the value of a key from either level, without computing it."""
        if (found := self.here(key)) is not None or self._shared is None:
            return found
        name = keys.digest(key)
        with contextlib.suppress(SharedDown):
            payload, _ = await self._shared.look(name, ttl_s=self.kind.ttl_s)
            return self._taken(name, payload)
        return None

    async def keep(self, key: Key, value: T) -> None:
        """Keep a value that was computed elsewhere, on both levels."""
        name = keys.digest(key)
        payload = self._remember(name, value)
        if self._shared is not None:
            with contextlib.suppress(SharedDown):
                await self._shared.release(name, "", payload, ttl_s=self.kind.ttl_s)

    async def _between(self, shared: Shared, name: str, compute: Callable[[], Awaitable[T]]) -> T:
        """Take what another process has, or wait for the one that computes it, or be that one."""
        pause_s, waited_s = _FIRST_LOOK_S, 0.0
        try:
            while waited_s < self.kind.patience_s:
                payload, is_leased = await shared.look(name, ttl_s=self.kind.ttl_s)
                if (found := self._taken(name, payload)) is not None:
                    return found
                if not is_leased and (token := await shared.lease(name)) is not None:
                    return await self._lead(shared, name, token, compute)
                self.counts.waits += waited_s == 0
                await asyncio.sleep(pause_s)
                waited_s += pause_s
                pause_s = min(_LONGEST_LOOK_S, pause_s * 2)
        except SharedDown:
            pass
        return await self._compute(name, compute)

    async def _lead(self, shared: Shared, name: str, token: str, compute: Callable[[], Awaitable[T]]) -> T:
        """Compute under the lease, renewed while this process lives; what comes of it is told without being waited for."""
        renewing = self._tasks.spawn(_renew(shared, name, token), name="renew a lease")
        payload: bytes | None = None
        try:
            value, payload = await self._computed(name, compute)
            return value
        finally:
            renewing.cancel()
            self._tasks.spawn(self._tell(shared, name, token, payload), name="share a value")

    async def _tell(self, shared: Shared, name: str, token: str, payload: bytes | None) -> None:
        with contextlib.suppress(SharedDown):
            await shared.release(name, token, payload, ttl_s=self.kind.ttl_s)

    async def _compute(self, name: str, compute: Callable[[], Awaitable[T]]) -> T:
        return (await self._computed(name, compute))[0]

    async def _computed(self, name: str, compute: Callable[[], Awaitable[T]]) -> tuple[T, bytes]:
        self.counts.computes += 1
        try:
            value = await compute()
        except BaseException:
            self.counts.failures += 1
            raise
        return value, self._remember(name, value)

    def _taken(self, name: str, payload: bytes | None) -> T | None:
        """Return what another process computed, if it can be read."""
        if payload is None:
            return None
        try:
            value = self.kind.decode(payload)
        except ValueError:
            return None
        self._keep_here(name, value, payload)
        self.counts.hits += 1
        self.counts.shared_hits += 1
        return value

    def _remember(self, name: str, value: T) -> bytes:
        payload = self.kind.encode(value)
        self._keep_here(name, value, payload)
        return payload

    def _keep_here(self, name: str, value: T, payload: bytes) -> None:
        if self.kind.is_kept_here:
            self._memory.put(name, value, weight=weigh(payload), ttl_s=self.kind.ttl_s)


async def _renew(shared: Shared, name: str, token: str) -> None:
    """Hold a lease until cancelled, or lost: then somebody else may compute the same, which is all that it prevents."""
    while True:
        await asyncio.sleep(LEASE_S / 4)
        try:
            if not await shared.renew(name, token):
                return
        except SharedDown:
            continue


@dataclass(slots=True, kw_only=True)
class Caches:
    """The caches of one process: each kind is named by who uses it, all share the memory and the second level."""

    memory: Memory
    shared: Shared | None = None
    _all: "dict[str, Cache[object]]" = field(default_factory=dict[str, "Cache[object]"])
    _tasks: Tasks = field(default_factory=Tasks)

    @classmethod
    def open(cls, *, memory_mb: int = 64, url: str | None = None, key: bytes = b"", clock: Clock | None = None) -> "Caches":
        """Return caches of this size; with the address of a Redis, shared with every process that has the same `key`."""
        clock = clock or SystemClock()
        shared = Shared(url, key=key, clock=clock) if url else None
        return cls(memory=Memory(max_bytes=memory_mb * 2**20, clock=clock), shared=shared)

    def of(self, kind: Kind[T]) -> Cache[T]:
        """Return the cache of a kind; the same one for the same name."""
        made = self._all.get(kind.name)
        if made is None:
            made = cast("Cache[object]", Cache(kind, memory=self.memory, shared=self.shared, tasks=self._tasks))
            self._all[kind.name] = made
        return cast("Cache[T]", made)  # one name, one kind

    def states(self) -> list[State]:
        """Return every cache in numbers."""
        return [
            State(
                name=name,
                hits=one.counts.hits,
                shared_hits=one.counts.shared_hits,
                computes=one.counts.computes,
                failures=one.counts.failures,
                waits=one.counts.waits,
                evictions=self.memory.evictions(name),
                bytes=self.memory.bytes(name),
                entries=self.memory.entries(name),
            )
            for name, one in sorted(self._all.items())
        ]

    async def settled(self) -> None:
        """Wait until what was computed has been told to the second level."""
        await self._tasks.join()

    async def close(self) -> None:
        """Let go of the second level; a lease that is still held ends by itself."""
        await self._tasks.close()
        if self.shared is not None:
            await self.shared.close()
