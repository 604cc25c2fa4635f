"""The second level: a Redis or Valkey that replicas share, never trusted and never waited for long.

Values lie there under their key's digest, with the digest inside and signed with a key that the server does not know; a lease
says who computes. Whatever the server does, down, slow, full, flushed or lying, the worst outcome is a value computed again.
"""

# pyright: reportUnknownMemberType=false
# redis-py leaves the types of its keyword arguments open

import asyncio
import hashlib
import hmac
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, cast

from chatsheet.core.clock import Clock
from chatsheet.core.ids import new_id

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

LARGEST = 2**20
"""Bytes of a value; larger ones stay where they were made."""
LEASE_S = 2.0
"""After so long without a sign of life another process takes over."""

_PREFIX = "chatsheet:cache:"
_ANSWERS_S = 0.15
_CONNECTIONS = 20
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_JITTER = 0.1
_MAGIC = b"chatsheet-1\n"
_SCANNED = 500
_CLEAR_S = 30.0

_RENEW = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('pexpire',KEYS[1],ARGV[2]) else return 0 end"
_RELEASE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"


class SharedDown(Exception):
    """The second level gives no answer now."""


class Breaker:
    """Keeps callers off a server that does not answer: for a second, then for twice as long each time; one tries first."""

    def __init__(self) -> None:
        self._until = 0.0
        self._pause_s = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether the last call was answered."""
        return not self._pause_s

    def admits(self, now: float) -> bool:
        """Tell whether a call may be made; after a failure one tries, and the others wait for its outcome."""
        if self.is_closed:
            return True
        if now < self._until:
            return False
        self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2)
        self._until = now + self._pause_s
        return True

    def answered(self) -> None:
        self._pause_s = 0.0

    def failed(self, now: float) -> None:
        if self.is_closed:
            self._pause_s = _FIRST_PAUSE_S
            self._until = now + self._pause_s


def pack(name: str, payload: bytes, at: float, *, key: bytes) -> bytes:
    """Return a value as it travels: signed, then what it is for, when it was made, and itself. Pure."""
    body = f"{name}\n{at:.3f}\n".encode() + payload
    return _MAGIC + hmac.digest(key, body, "sha256") + body


def unpack(name: str, packed: object, *, now: float, ttl_s: float, key: bytes) -> bytes | None:
    """Return the value; None for anything that is not exactly this one, whole, signed with the key and still valid. Pure."""
    start = len(_MAGIC) + hashlib.sha256().digest_size
    if not isinstance(packed, bytes) or not packed.startswith(_MAGIC):
        return None
    body = packed[start:]
    if not hmac.compare_digest(hmac.digest(key, body, "sha256"), packed[len(_MAGIC) : start]):
        return None
    named, at, payload = (*body.split(b"\n", 2), b"", b"")[:3]
    try:
        age_s = now - float(at)
    except ValueError:
        return None
    return payload if named == name.encode() and -ttl_s <= age_s <= ttl_s else None


class Shared:
    """One Redis, behind a breaker; every method answers within about 150 ms or raises SharedDown."""

    def __init__(self, url: str, *, key: bytes, clock: Clock) -> None:
        """`key` signs values: the same in all processes that share them, and unknown to the server."""
        self._url = url
        self._key = key
        self._clock = clock
        self._breaker = Breaker()
        self._redis: Redis | None = None

    @property
    def is_up(self) -> bool:
        """Whether the last call was answered."""
        return self._breaker.is_closed

    async def look(self, name: str, *, ttl_s: float) -> tuple[bytes | None, bool]:
        """Return the value, if it is there and sound, and whether somebody computes it."""
        value, lease = await self._both(name)
        return unpack(name, value, now=self._clock.now().timestamp(), ttl_s=ttl_s, key=self._key), lease is not None

    async def _both(self, name: str) -> tuple[object, object]:
        answer = await self._ask(lambda redis: redis.mget(_PREFIX + name, f"{_PREFIX}{name}:lease"))
        if not isinstance(answer, list) or len(both := cast("list[object]", answer)) != 2:  # noqa: PLR2004  as asked
            raise SharedDown
        return both[0], both[1]

    async def lease(self, name: str) -> str | None:
        """Return a token where nobody else computes this, else None."""
        token = new_id("lease")
        key, lease_ms = f"{_PREFIX}{name}:lease", int(LEASE_S * 1000)
        return token if await self._ask(lambda redis: redis.set(key, token, nx=True, px=lease_ms)) else None

    async def renew(self, name: str, token: str) -> bool:
        """Hold the lease for longer; False where it is ours no more."""
        key, lease_ms = f"{_PREFIX}{name}:lease", int(LEASE_S * 1000)
        return await self._ask(lambda redis: redis.eval(_RENEW, 1, key, token, lease_ms)) == 1

    async def release(self, name: str, token: str, payload: bytes | None, *, ttl_s: float) -> None:
        """Put the value there, if there is one that is not too large, and give the lease back."""
        key, value = _PREFIX + name, None
        if payload is not None and len(payload) <= LARGEST:
            value = pack(name, payload, self._clock.now().timestamp(), key=self._key)
        kept_ms = int(1000 * ttl_s * (1 - _JITTER * random.random()))  # noqa: S311  so that not all end at once

        async def done(redis: "Redis") -> object:
            async with redis.pipeline(transaction=False) as pipe:
                if value is not None:
                    pipe.set(key, value, px=max(1, kept_ms))
                pipe.eval(_RELEASE, 1, f"{key}:lease", token)
                return cast("object", await pipe.execute(raise_on_error=False))  # a full server still frees the lease

        await self._ask(done)

    async def size(self) -> int:
        """Return how many values are there."""
        return sum([len(names) async for names in self._names()])

    async def clear(self) -> int:
        """Remove every value; return how many there were."""
        count = 0
        async for names in self._names():
            count += len(names)
            await self._ask(lambda redis, names=names: redis.unlink(*names))
        return count

    async def _names(self) -> AsyncIterator[list[str]]:
        """Yield the keys of values, some at a time."""
        cursor, until = 0, self._clock.monotonic() + _CLEAR_S
        while self._clock.monotonic() < until:
            at = cursor
            answer = await self._ask(lambda redis, at=at: redis.scan(at, match=f"{_PREFIX}*", count=_SCANNED))
            cursor, found = cast("tuple[int, list[bytes]]", answer)  # as redis-py parses SCAN
            if names := [one.decode() for one in found if not one.endswith(b":lease")]:
                yield names
            if cursor == 0:
                return

    async def _ask(self, work: "Callable[[Redis], Awaitable[object]]") -> object:
        """Return what the server answers; raises SharedDown, and lets it rest where it did not answer at all."""
        from redis.exceptions import RedisError, ResponseError  # noqa: PLC0415  only where one is configured

        if not self._breaker.admits(self._clock.monotonic()):
            raise SharedDown
        try:
            async with asyncio.timeout(_ANSWERS_S):
                answer = await work(self._redis or self._connect())
        except ResponseError as error:  # it answers, and refuses: it is full, or may not write
            self._breaker.answered()
            raise SharedDown from error
        except (RedisError, OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            # from ValueError on: what redis-py's parser trips over where the server does not speak the protocol
            if self._breaker.is_closed:
                log.warning("Redis does not answer (%s): values are computed here until it does", type(error).__name__)
            self._breaker.failed(self._clock.monotonic())
            raise SharedDown from error
        self._breaker.answered()
        return answer

    def _connect(self) -> "Redis":
        from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415  only where one is configured
        from redis.asyncio.retry import Retry  # noqa: PLC0415  likewise
        from redis.backoff import NoBackoff  # noqa: PLC0415  likewise

        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=_CONNECTIONS,
            timeout=_ANSWERS_S,
            protocol=2,  # one round trip fewer to connect
            driver_info=None,
            retry=Retry(NoBackoff(), 1),  # a connection that was closed while it was idle
        )
        self._redis = Redis.from_pool(pool)  # which closes it too
        return self._redis

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
