"""Which columns of a wide workbook fit some words, the best first. Pure: BM25 over names, labels, values and tables.

Words match exactly, as a part of a longer word, or with typos; the same words give the same order.
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from chatsheet.context.cards import Placed
from chatsheet.context.glossary.model import Entry, Term
from chatsheet.sheets.model import Column, Table, Workbook

_NAME, _LABEL, _TABLE, _VALUE, _NOTE = 3.0, 3.0, 1.0, 1.5, 0.5
_SATURATION = 1.2
_PART, _LEAST_PART = 0.6, 4
_TYPO, _LEAST_TYPO, _LEAST_LIKENESS = 0.8, 5, 80.0
_MEANT = 0.5
"""What a word weighs that the glossary says is meant."""
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Found(Placed):
    """A column that fits, and how well: higher is better, and comparable within one search only."""

    score: float


def search(workbook: Workbook, query: str, limit: int = 20, glossary: Sequence[Entry] = ()) -> tuple[Found, ...]:
    """Return at most `limit` columns that fit the query, the best first; ties stand in the workbook's order."""
    return Index(workbook).search(query, limit, glossary)


class Index:
    """The words of one workbook's columns."""

    def __init__(self, workbook: Workbook) -> None:
        self._columns = [Placed(table, column) for table in workbook.tables for column in table.columns]
        self._weights: dict[str, dict[int, float]] = defaultdict(dict)
        for place, one in enumerate(self._columns):
            for word, weight in _weighed(one.table, one.column).items():
                self._weights[word][place] = weight
        self._words = sorted(self._weights)

    def search(self, query: str, limit: int = 20, glossary: Sequence[Entry] = ()) -> tuple[Found, ...]:
        """Return at most `limit` columns that fit the query, the best first."""
        scores: dict[int, float] = defaultdict(float)
        for word, importance in _asked(query, glossary).items():
            best: dict[int, float] = {}
            for known, likeness in self._alike(word):
                holders = self._weights[known]
                rarity = math.log(1 + len(self._columns) / len(holders))
                for place, weight in holders.items():
                    score = importance * likeness * rarity * weight * (_SATURATION + 1) / (weight + _SATURATION)
                    best[place] = max(best.get(place, 0.0), score)
            for place, score in best.items():
                scores[place] += score
        ranked = sorted(scores.items(), key=lambda one: (-round(one[1], 9), one[0]))[:limit]
        return tuple(Found(self._columns[place].table, self._columns[place].column, score) for place, score in ranked)

    def _alike(self, word: str) -> Iterator[tuple[str, float]]:
        """Yield the known words that a word may mean, each with how sure that is."""
        if word in self._weights:
            yield word, 1.0
        if len(word) >= _LEAST_PART:
            for known in self._words:
                if known != word and len(known) >= _LEAST_PART and (word in known or known in word):
                    yield known, _PART * min(len(word), len(known)) / max(len(word), len(known))
        if len(word) >= _LEAST_TYPO and word not in self._weights:
            for known, ratio, _ in process.extract(
                word, self._words, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS, limit=None
            ):
                yield known, _TYPO * ratio / 100


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text without case, accents and plural s; humps of camelCase divide."""
    plain = _HUMP.sub(" ", text)
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return tuple(_stem(word) for word in _WORD.findall(plain.casefold()))


def _stem(word: str) -> str:
    return word[:-1] if len(word) >= _LEAST_PART and word.endswith("s") and not word.endswith("ss") else word


def _asked(query: str, glossary: Sequence[Entry]) -> Mapping[str, float]:
    """Return the words to look for: those of the query, and what the glossary says they mean."""
    asked = dict.fromkeys(words(query), 1.0)
    for entry in glossary:
        if isinstance(entry, Term) and (term := words(entry.term)) and all(word in asked for word in term):
            for word in words(entry.meaning):
                asked.setdefault(word, _MEANT)
    return asked


def _weighed(table: Table, column: Column) -> Mapping[str, float]:
    weights: dict[str, float] = defaultdict(float)
    texts = [
        (_NAME, column.name),
        (_LABEL, column.label if column.label.casefold() != column.name else ""),
        (_TABLE, f"{table.id} {table.tab}"),
        *((_VALUE, one.value) for one in column.profile.top),
        *((_NOTE, note) for note in table.notes),
    ]
    for weight, text in texts:
        for word in dict.fromkeys(words(text)):
            weights[word] += weight
    return weights
