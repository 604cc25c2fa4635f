"""The words of an answer against the words of a result: which rows a sentence names, which columns its nouns mean. Pure.

Words are compared without case, accents and endings; months, weekdays, directions and the common words of business are the
same word in English, German, French and Spanish.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from chatsheet.chat import words

SHORTEST_STEM = 4
_SHORTEST_PART = 5

_MONTHS = 12
_WORD = re.compile(
    r"(?<![^\W_])(?:[cdjlmnst]|qu)['\u2019](?=[^\W_]{2})|[^\W_]+(?:['\u2019](?=[^\W_]{2,})[^\W_]+)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, folded, and where it stands."""

    folded: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Named:
    """A place of a text that names rows of a result by the values of one column."""

    start: int
    end: int
    column: int
    rows: frozenset[int]


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a text without case and accents, sign for sign."""
    return "".join(_fold_sign(sign) for sign in text)


def _fold_sign(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign)[:1] or sign
    return (plain.casefold() or plain)[:1]


def split(text: str) -> list[Word]:
    """Return the words and numerals of a text."""
    found = (Word(fold(match.group()), *match.span()) for match in _WORD.finditer(text))
    return [word for word in found if word.folded[-1] not in "'\u2019"]  # the article of l'année


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return a folded word without the ending that number and case give it."""
    word = word[:-1] + "i" if word.endswith("y") and len(word) > SHORTEST_STEM else word
    while len(word) > SHORTEST_STEM and word[-1] in "sern":
        word = word[:-1]
    is_plural = len(word) == SHORTEST_STEM and word.endswith("s") and word[-2] not in "ius"
    return word[:-1] if is_plural else word  # cars, fees


def stems(listed: Iterable[str]) -> frozenset[str]:
    """Return the stems of words."""
    return frozenset(stem(fold(word)) for word in listed)


def _table(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    table: dict[str, str] = {}
    for group in groups:
        names = [fold(word) for word in group]
        for word in names:
            table.setdefault(word, names[0])
    return table


_COMMON = _table(words.SAME)
_CANONICAL = _table((*words.SAME, *words.PLACES))
MONTH_NAMES = [fold(names[0]) for names in words.SAME[:_MONTHS]]
CONCEPT = _table(words.CONCEPTS)
_CONCEPT_STEMS = {stem(word): name for word, name in CONCEPT.items() if len(word) >= SHORTEST_STEM}


def month(word: str) -> str:
    """Return the English name of the month that a folded word names in any language; empty where it names none."""
    return name if (name := _CANONICAL.get(word, "")) in MONTH_NAMES else ""


def meaning(word: str) -> str:
    """Return what a folded word means: the first of those with the same meaning, or its stem."""
    if (known := CONCEPT.get(word) or _CONCEPT_STEMS.get(stem(word))) is not None:
        return known
    return _CANONICAL.get(word) or stem(word)


def meanings(text: str) -> frozenset[str]:
    """Return what the words of a text or a name mean, small words left out; also parts of long ones: Gesamtumsatz."""
    return frozenset(one for word in split(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)) for one in _parts(word.folded))


def _parts(word: str) -> Iterator[str]:
    if word in words.SMALL or len(word) < 2 or word.isdecimal():  # noqa: PLR2004  a letter is no word
        return
    yield (own := meaning(word))
    if own == stem(word) and len(word) > 2 * SHORTEST_STEM:
        for known, concept in CONCEPT.items():
            if len(known) >= _SHORTEST_PART and (word.startswith(known) or word.endswith(known)):
                yield concept


def is_small(word: str) -> bool:
    """Return whether a folded word is an article, a preposition and the like."""
    return word in words.SMALL


def is_common(word: str) -> bool:
    """Return whether a folded word is one of a language and no name of its own."""
    return is_small(word) or word in CONCEPT or word in _COMMON or stem(word) in _CONCEPT_STEMS


def canonical(word: str) -> str:
    """Return a folded word of a label as those of every language are compared: English, without zeros before numerals."""
    if word.isdecimal():
        return word.lstrip("0") or "0"
    word = word[:-2] if word.endswith(("'s", "\u2019s")) else word
    return _CANONICAL.get(word, word)


def any_of(one: Iterable[str], other: frozenset[str]) -> int:
    """Return how many meanings two lists share."""
    return len(other.intersection(one))
