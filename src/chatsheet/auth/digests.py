"""What is kept of a secret that nobody can guess: its SHA-256. Pure; passwords need more, see passwords.py."""

import hashlib


def of(secret: str) -> str:
    """Return the digest of a secret, in hexadecimal."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
