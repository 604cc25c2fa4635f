"""Passwords: which are taken, and their argon2id hashes, computed a few at a time."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chatsheet.core.errors import BadInput

MIN_LENGTH = 12
MAX_LENGTH = 256
_AT_ONCE = 2  # each takes 19 MiB and a processor
_OF_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$lzb4nv/DUJ3EFFxkJdtYZQ$J4ZXFPsDblDecpxRLv2Aci9uGLZV8xnAe0pVLJJcfjs"
"""Costs as much to compare with as anybody's, so that nobody learns from the time whether an account exists."""


class PasswordWeak(BadInput):
    """Too short, too long, or what everybody would try first."""

    code = "password.weak"


def check(password: str, *, email: str) -> None:
    """Raise PasswordWeak for a password that is not taken. Pure."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordWeak(
            f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters.", fix="take a sentence that only you would write."
        )
    same = password.casefold()
    if same == email.casefold() or len(set(same)) == 1:
        raise PasswordWeak("that is among the first that anybody would try.", fix="take another one.")


class Passwords:
    """Hashes and compares, at most two at once whoever gives up waiting, as OWASP advises: 19 MiB, two passes."""

    def __init__(self) -> None:
        self._hash = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hash.hash, _same(password))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether this is the password; nobody's takes as long as somebody's."""
        loop = asyncio.get_running_loop()
        is_same = await loop.run_in_executor(self._threads, self._hash.verify, _same(password), kept or _OF_NOBODY)
        return is_same and kept is not None

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _same(password: str) -> str:
    """Return a password as every keyboard writes it: an accent may be typed as one character or two."""
    return unicodedata.normalize("NFKC", password)
