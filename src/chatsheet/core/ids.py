"""Identifiers: sortable by creation time for rows, unguessable for keys."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u to misread


def new_id(prefix: str) -> str:
    """Return `prefix_` + 10 characters of milliseconds + 12 random characters (60 bits)."""
    number = time.time_ns() // 1_000_000
    stamp = ""
    for _ in range(10):
        stamp = _ALPHABET[number & 31] + stamp
        number >>= 5
    return f"{prefix}_{stamp}{''.join(secrets.choice(_ALPHABET) for _ in range(12))}"


def new_key(prefix: str = "sk") -> str:
    """Return a random 256-bit secret; LiteLLM wants the `sk-` in front."""
    return f"{prefix}-{secrets.token_urlsafe(32)}"
