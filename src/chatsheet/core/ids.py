"""Identifiers: sortable by creation time for rows, unguessable for keys."""

import os
import secrets
import time

_RANDOM_BITS = 60
_SHIFTS = tuple(range(105, -1, -5))
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u to misread


def new_id(prefix: str) -> str:
    """Return `prefix_` + 10 characters of milliseconds + 12 random characters (60 bits)."""
    stamp = time.time_ns() // 1_000_000
    number = (stamp << _RANDOM_BITS) | (int.from_bytes(os.urandom(8)) >> 4)
    letters = [_ALPHABET[(number >> shift) & 31] for shift in _SHIFTS]
    return f"{prefix}_{''.join(letters)}"


def new_key(prefix: str = "sk") -> str:
    """Return a random 256-bit secret; LiteLLM wants the `sk-` in front."""
    return f"{prefix}-{secrets.token_urlsafe(32)}"
