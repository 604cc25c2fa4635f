"""How often somebody may try: moving windows of a minute, in this process or shared by replicas through Redis."""

# pyright: reportUnknownMemberType=false
# redis-py leaves the types of its keyword arguments open

import ipaddress
import logging

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from chatsheet.core.clock import Clock
from chatsheet.core.errors import TooSoon

_MINUTE_S = 60.0
_REDIS_S = 1.0
_EVERYWHERE = 10
"""How many times as often as from one network an account may be tried from all."""
_AGAIN_S = 5.0
log = logging.getLogger(__name__)


class TooManyLogins(TooSoon):
    """Too many attempts to log in from one address, or to one account."""

    code = "login.too_many"


class TooManyRequests(TooSoon):
    """One API token asks more often than it may."""

    code = "token.too_many_requests"


class Rates:
    """The windows; a Redis that does not answer leaves each process its own."""

    def __init__(self, *, logins_per_minute: int, requests_per_minute: int, clock: Clock, redis_url: str | None = None) -> None:
        self._logins = RateLimitItemPerMinute(logins_per_minute)
        self._everywhere = RateLimitItemPerMinute(_EVERYWHERE * logins_per_minute)
        self._requests = RateLimitItemPerMinute(requests_per_minute)
        self._clock = clock
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._pool = None
        self._shared = None
        self._ask_redis_at = 0.0
        if redis_url is not None:
            from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415  only where one is configured

            self._pool = BlockingConnectionPool.from_url(
                redis_url, max_connections=8, timeout=_REDIS_S, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S
            )
            storage = RedisStorage(
                redis_url,
                implementation="redispy",
                key_prefix="chatsheet:rate",
                connection_pool=self._pool,  # pyright: ignore[reportArgumentType]  it takes one; its type is of other options
            )
            self._shared = MovingWindowRateLimiter(storage)

    async def login(self, address: str, account: str = "") -> None:
        """Count an attempt to log in; raises TooManyLogins."""
        near = network(address)
        windows = [(self._logins, "address", near)]
        if account:  # of one network as few as of an address; of all, more: a stranger shall not lock somebody out with ten
            windows += [(self._logins, "account", f"{account} {near}"), (self._everywhere, "account", account)]
        for item, kind, who in windows:
            wait_s = await self._hit(item, f"login-{kind}", who)
            if wait_s:
                raise _after(
                    TooManyLogins("there were too many attempts to log in.", fix="wait a minute and try again."), wait_s
                )

    async def request(self, token_id: str) -> None:
        """Count a request of an API token; raises TooManyRequests."""
        if wait_s := await self._hit(self._requests, "token", token_id):
            raise _after(TooManyRequests("this token asks too often.", fix="send fewer requests a minute."), wait_s)

    async def _hit(self, item: RateLimitItemPerMinute, *who: str) -> float:
        """Return 0 for what may pass, else the seconds to wait."""
        if self._shared is not None and self._clock.monotonic() >= self._ask_redis_at:
            from redis.exceptions import RedisError  # noqa: PLC0415  see __init__

            try:
                return await _take(self._shared, item, who, self._clock)
            except (RedisError, OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
                # from ValueError on: what redis-py's parser trips over where the server does not speak the protocol
                log.warning("Redis does not answer (%s): attempts are counted in this process", type(error).__name__)
                self._ask_redis_at = self._clock.monotonic() + _AGAIN_S
        return await _take(self._own, item, who, self._clock)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()


def network(address: str) -> str:
    """Return whom an address stands for: itself, or the /64 of IPv6 that one customer has whole. Pure."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False).network_address)


async def _take(window: MovingWindowRateLimiter, item: RateLimitItemPerMinute, who: tuple[str, ...], clock: Clock) -> float:
    if await window.hit(item, *who):
        return 0.0
    stats = await window.get_window_stats(item, *who)
    return min(max(stats.reset_time - clock.now().timestamp(), 1.0), _MINUTE_S)


def _after(error: TooSoon, wait_s: float) -> TooSoon:
    error.retry_after_s = wait_s
    return error
