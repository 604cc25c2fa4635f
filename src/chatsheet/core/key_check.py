"""What is wrong with a key before it is sent: not expanded, quoted, another service's, or one that anybody knows. Pure.

No message ever holds any part of the key.
"""

import re

SHORTEST_MASTER_KEY = 16
_TUTORIALS = ("1234567890", "0123456789", "password", "changeme", "change-me", "your-", "my-master-key", "master-key-here")
_FEW = 5


def is_reference(value: str) -> bool:
    """Tell whether a key is itself a reference that nobody expands, such as ${NAME}."""
    return re.fullmatch(r"\$\{\w+\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|(?:os\.environ/|env:)\w+", value) is not None


def quoting_in(value: str) -> str:
    """Return what a key holds that no key does; empty for nothing."""
    if any(mark in value for mark in "\"'`“”‘’"):  # noqa: RUF001  quotes of word processors
        return "quotes"
    if re.search(r"\s", value):
        return "blanks or line ends"
    return "" if value.isascii() and value.isprintable() else "characters that no header can carry"


def weakness(master_key: str) -> str:
    """Return why a master key is one that can be guessed; empty for none."""
    rest = master_key.removeprefix("sk-").lower()
    if len(master_key) < SHORTEST_MASTER_KEY:
        return f"has fewer than {SHORTEST_MASTER_KEY} characters"
    if len(set(rest)) < _FEW or any(known in rest for known in _TUTORIALS):
        return "stands in tutorials, or is as easy to guess"
    return ""
