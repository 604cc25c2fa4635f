"""Which numbers of an answer claim nothing: those that only repeat a condition of the question or of a query. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from chatsheet.chat import labels, numbers, words
from chatsheet.chat.numbers import Measure
from chatsheet.chat.sentences import Place

_ARTICLE = r"the|die|these|diese|les|los|las"
_THE = re.compile(rf"\b(?:{_ARTICLE})[\s*_]*$", re.IGNORECASE)
_TOP = re.compile(
    r"\b(?:top|first|last|past|next|other|letzten?|ersten?|anderen?|übrigen|beiden|premiers|primeros|best|besten)[\s*_]*$",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"(?:\b(?:over|above|more than|at least|under|below|less than|up to|between|exceed\w*|than|über|unter"
    r"|mindestens|höchstens|mehr als|weniger als"
    r"|ab|bis|zwischen|plus de|moins de|au moins|más de|menos de|al menos|top|first|last|past|letzten?"
    r"|ersten?|derniers|últimos|threshold|limit"
    r"|greater than|between \S{1,12} and|zwischen \S{1,12} und)|[<>≥≤=])[\s*_]*(?:the\s|of\s)?(?:[€$£]|EUR|USD)?[\s*_]*$",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"\b(?P<word>if|after|at|for|by|within|per|nach|bei|wenn|um|für|après|si|tras)\s+(?:an? |the |einem |einer |une? )?[*_]*$",
    re.IGNORECASE,
)
"""What makes a number a condition where the question says it with the same word."""
_DENIED = re.compile(r"(?:\bnot|n['\u2019]t|\bnicht|\bpas|\bkeine|\bno)\s+(?:[^\W\d_]+\s+){0,2}[*_]*$", re.IGNORECASE)
_DIFFERS = re.compile(
    r"\s+(?:[^\W\d_]+\s)?(?:ahead|behind|more|fewer|less|higher|lower|times|mehr|weniger|mal|höher|niedriger|fois|veces|más|menos)\b",
    re.IGNORECASE,
)
_SMALL_LIST = 20
_PERIODS = frozenset({"day", "week", "month", "year"})
"""The 12 months are those of every year."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that a query compares or computes with, and what the columns beside it are called."""

    value: Decimal
    called: frozenset[str]


def limits(sql: str) -> Iterator[Limit]:
    """Yield the numbers that a query sets itself; not how many rows it lists."""
    try:
        root = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return
    for literal in root.find_all(exp.Literal):
        if literal.find_ancestor(exp.Limit, exp.Offset, exp.Fetch) is None and re.fullmatch(r"\d+(?:\.\d+)?", literal.name):
            beside = literal.find_ancestor(exp.Predicate, exp.Between, exp.In) or literal.parent or literal
            called = labels.meanings(" ".join(_names(beside, root)))
            yield Limit(Decimal(literal.name), called)


def _names(beside: exp.Expr, root: exp.Expr) -> Iterator[str]:
    """Yield the columns of a condition and, where one is a name given by the query, those behind it."""
    for column in beside.find_all(exp.Column):
        yield column.name
        for alias in root.find_all(exp.Alias):
            if alias.alias.casefold() == column.name.casefold():
                yield from (one.name for one in alias.find_all(exp.Column))


class Claims:
    """What a question and the queries of its answer set, so that to repeat it claims nothing."""

    def __init__(self, question: str, queries: Sequence[str], texts: Sequence[str], *, locale: str) -> None:
        self._question = question
        self._asked = numbers.read(question, locale=locale)
        self._limits = [limit for sql in queries for limit in limits(sql)]
        self._years = {year for text in (*texts, *queries) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", text)}
        self.years = self._years | {str(one.year) for one in self._asked if one.year is not None}
        """The years that results, queries and the question have."""

    def is_none(self, text: str, place: Place, *, known: frozenset[str], labelled: int) -> bool:
        """Return whether a number that no cell holds claims nothing.

        `known` is what the results speak of; `labelled` is how many of their labels the text names.
        """
        written = place.written
        before = text[: written.before]
        values = {mantissa * written.scale for mantissa in written.mantissas}
        is_asked, is_top = any(self._is_asked(value, written.measure) for value in values), _TOP.search(before) is not None
        if written.year is not None and (is_asked or str(written.year) in self._years):
            return True
        is_compared = _COMPARED.search(before) is not None
        if is_asked and (is_compared or is_top or _DENIED.search(before) or self._is_given(before, values)):
            return True
        nouns = frozenset(m for word in place.nouns for m in labels.meanings(word.folded))
        if (is_asked or is_compared) and self._is_limit(values, nouns & (known | words.AMOUNTS | words.THINGS)):
            return True
        if written.is_word and _DIFFERS.match(text, written.after) is not None:
            return False
        is_short = values <= set(map(Decimal, range(_SMALL_LIST)))
        is_listed = _THE.search(before) is not None
        if is_top and (is_short or written.is_word):
            return True
        if is_listed and written.is_word and all(value <= labelled for value in values):
            return True  # the two regions: those just named
        counted = (known | words.THINGS) - _PERIODS if is_listed else known
        return (written.is_word or (is_listed and is_short)) and not nouns & counted

    def _is_asked(self, value: Decimal, measure: Measure) -> bool:
        return any(value == one * asked.scale and measure == asked.measure for asked in self._asked for one in asked.mantissas)

    def _is_given(self, before: str, values: set[Decimal]) -> bool:
        """Return whether a number stands behind the same word of condition here and in the question."""
        if (given := _GIVEN.search(before)) is None:
            return False
        same = [one for one in self._asked if values & {mantissa * one.scale for mantissa in one.mantissas}]
        found = [_GIVEN.search(self._question[: one.before]) for one in same]
        return any(one is not None and one["word"].casefold() == given["word"].casefold() for one in found)

    def _is_limit(self, values: set[Decimal], nouns: frozenset[str]) -> bool:
        """Return whether a query sets a number, of what its nouns name."""
        return any(
            limit.value in {one, one / 100} and (not nouns or not limit.called or nouns & limit.called)
            for limit in self._limits
            for one in values
        )
