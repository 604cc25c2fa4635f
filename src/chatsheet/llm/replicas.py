"""Breaker state told between replicas through Redis or Valkey: what one has learnt, all know; one probe among all of them.

A message is a hint: each replica goes on deciding by itself, and without Redis it only learns everything on its own.
"""

# pyright: reportUnknownMemberType=false
# redis-py leaves the types of its keyword arguments open

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import msgspec

from chatsheet.core.clock import Clock
from chatsheet.core.ids import new_id
from chatsheet.core.tasks import Tasks
from chatsheet.llm.breaker import Breaker, State

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

_CHANNEL = "chatsheet:breakers"
_KEPT_S = 3600
_REDIS_S = 1.0
_AGAIN_S = 2.0


class Told(msgspec.Struct, frozen=True):
    """A breaker as it travels: monotonic clocks differ between processes, so its times are seconds from `at`."""

    sender: str
    at: float
    """When it was said, in seconds since 1970."""
    key: str
    state: State
    cause: str
    first_cause: str
    failures: int
    since_ago_s: float
    until_in_s: float
    probes_ago_s: tuple[float, ...]


def tell(sender: str, key: str, breaker: Breaker, *, now: float, at: float) -> Told:
    """Return what to say of a breaker. Pure."""
    return Told(
        sender,
        at,
        key,
        breaker.state,
        breaker.cause,
        breaker.first_cause,
        breaker.failures,
        now - breaker.since,
        breaker.until - now,
        tuple(now - probe for probe in breaker.probes),
    )


def hear(told: Told, now: float) -> Breaker:
    """Return the breaker on our own clock. Pure."""
    return Breaker(
        state=told.state,
        cause=told.cause,
        first_cause=told.first_cause,
        failures=told.failures,
        since=now - told.since_ago_s,
        until=now + told.until_in_s,
        probes=tuple(now - ago for ago in told.probes_ago_s),
    )


class Replicas:
    """The other replicas, behind one Redis."""

    def __init__(self, url: str, *, clock: Clock, take: Callable[[str, Breaker], None]) -> None:
        self._url = url
        self._clock = clock
        self._take = take
        self._me = new_id("replica")
        self._tasks = Tasks()
        self._redis: Redis | None = None
        self._is_down = False

    async def open(self) -> None:
        """Begin to listen; a Redis that is down is tried again until it is there."""
        from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415  only where one is configured

        pool = BlockingConnectionPool.from_url(
            self._url, max_connections=8, timeout=_REDIS_S, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S
        )
        self._redis = Redis.from_pool(pool)  # which closes it too
        self._tasks.spawn(self._listen(self._redis), name="breakers of other replicas")

    def tell(self, key: str, breaker: Breaker) -> None:
        """Say how a deployment is doing; nobody waits for it."""
        told = msgspec.json.encode(tell(self._me, key, breaker, now=self._clock.monotonic(), at=self._clock.now().timestamp()))
        self._tasks.spawn(self._publish(key, told), name="tell a breaker")

    async def _publish(self, key: str, told: bytes) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415  see open

        if self._redis is None:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(_CHANNEL, key, told)
                pipe.expire(_CHANNEL, _KEPT_S)
                pipe.publish(_CHANNEL, told)
                await pipe.execute()
        except (RedisError, OSError) as error:
            self._is_gone(error)

    async def may_probe(self, key: str, hold_s: float) -> bool:
        """Take the lease of the one probe; without Redis each replica probes for itself."""
        from redis.exceptions import RedisError  # noqa: PLC0415  see open

        if self._redis is None:
            return True
        try:
            lease_ms = max(1, int(hold_s * 1000))
            return bool(await self._redis.set(f"{_CHANNEL}:probe:{key}", self._me, nx=True, px=lease_ms))
        except (RedisError, OSError) as error:
            self._is_gone(error)
            return True

    async def probed(self, key: str) -> None:
        """Give the lease back."""
        from redis.exceptions import RedisError  # noqa: PLC0415  see open

        if self._redis is None:
            return
        try:
            if await self._redis.get(f"{_CHANNEL}:probe:{key}") == self._me.encode():
                await self._redis.delete(f"{_CHANNEL}:probe:{key}")
        except (RedisError, OSError) as error:
            self._is_gone(error)

    async def _listen(self, redis: "Redis") -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415  see open

        while True:
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(_CHANNEL)
                    await self._catch_up(redis)
                    self._is_down = False
                    while True:
                        message = cast("dict[str, bytes] | None", await channel.get_message(timeout=None))
                        if message is not None:
                            self._heard(message["data"])
            except (RedisError, OSError) as error:
                self._is_gone(error)
            await asyncio.sleep(_AGAIN_S)

    async def _catch_up(self, redis: "Redis") -> None:
        """Read what was said before we listened."""
        for said in cast("list[bytes]", await redis.hvals(_CHANNEL)):  # the client decodes nothing
            self._heard(said)

    def _heard(self, data: bytes) -> None:
        try:
            told = msgspec.json.decode(data, type=Told)
        except msgspec.DecodeError:
            return
        if told.sender != self._me:
            age_s = max(0.0, self._clock.now().timestamp() - told.at)
            self._take(told.key, hear(told, self._clock.monotonic() - age_s))

    def _is_gone(self, error: Exception) -> None:
        if not self._is_down:
            self._is_down = True
            log.warning("Redis does not answer (%s): breaker state is this process's own until it does", type(error).__name__)

    async def close(self) -> None:
        await self._tasks.close()
        if self._redis is not None:
            await self._redis.aclose()
