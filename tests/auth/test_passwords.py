"""Passwords are hashed as OWASP advises, a few at a time, and nobody's costs as much as somebody's."""

import asyncio
import re
import statistics
import threading
import time

import pytest

from chatsheet.auth import passwords as passwords_module
from chatsheet.auth.passwords import Passwords, PasswordWeak

pytestmark = pytest.mark.anyio
GOOD = "a sentence that I would write"


@pytest.mark.parametrize("password", ["short", "elevenchars", "x" * 257, "aaaaaaaaaaaaaaaa", "Somebody@Example.com"])
def test_what_anybody_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordWeak):
        passwords_module.check(password, email="somebody@example.com")


def test_a_sentence_is_taken() -> None:
    passwords_module.check(GOOD, email="somebody@example.com")


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    assert await passwords.matches(GOOD, kept)
    assert not await passwords.matches(GOOD + ".", kept)
    assert not await passwords.matches(GOOD, None)


async def test_an_accent_may_be_typed_in_either_way(passwords: Passwords) -> None:
    assert await passwords.matches("cafe\u0301 au lait", await passwords.hash("caf\u00e9 au lait"))


async def test_the_hash_is_argon2id_with_owasps_costs_or_more(passwords: Passwords) -> None:
    found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", await passwords.hash(GOOD))
    assert found
    memory, passes, lanes = map(int, found.groups())
    assert (memory >= 19 * 1024, passes >= 2, lanes >= 1) == (True, True, True)


async def test_an_unknown_account_takes_as_long_as_a_known_one(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    took: dict[str | None, list[float]] = {kept: [], None: []}
    for _ in range(9):
        for who, times in took.items():
            start = time.perf_counter()
            await passwords.matches("wrong password", who)
            times.append(time.perf_counter() - start)
    ratio = statistics.median(took[None]) / statistics.median(took[kept])
    assert 0.4 < ratio < 2.5, ratio


async def test_no_more_than_two_are_computed_at_once(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    waiting = [asyncio.ensure_future(passwords.matches(GOOD, kept)) for _ in range(8)]
    for one in waiting[4:]:
        one.cancel()  # whoever gives up frees no place for another while theirs still computes
    await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(thread.name.startswith("password") for thread in threading.enumerate()) <= 2
