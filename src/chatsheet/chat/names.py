"""Names in an answer that nothing of its results knows, and years: what is said of them is said of something else. Pure.

A column has more values than its profile lists, so a name is known only where a result or a query has it: that the question
has it does not say that the query asked for it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from chatsheet.chat import labels, numbers
from chatsheet.chat.sentences import Place

_NAME = r"(?-i:[A-ZÄÖÜÉÈÁÓÚÑÇ][\w&.-]*(?:['\u2019](?!s\b)\w+)?(?: (?:[A-ZÄÖÜÉÈÁÓÚÑÇ][\w&-]*))*)"
_HAS = (
    r"has|had|have|sold|made|earned|brought|took|takes|got|saw|received|generated|recorded|reported|used|paid|spent|won|lost"
    r"|counts?|came|hat|hatten?|haben|verkaufte|erzielte|machte|verdiente|brachte|kommt|kam|zahlte|a|avait|compte|vendu|tiene|tuvo|vendió"
)
_PLACED = re.compile(
    r"\b(?:in|at|for|from|by|via|of|bei|aus|für|von|à|en|pour|chez|para)[ *_\"“]+"
    rf"(?:(?:the|le|la|los|las|el) )?[*_\"“]*(?P<name>{_NAME})",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    rf"(?:^|[.!?:;,|>]\s|[-*•]\s|\n|\b(?:and|und|et|y|while|but|aber) )[*_\"“]*(?P<name>{_NAME})"
    rf"(?:['\u2019]s\b|[*_\"”]*(?: [a-zà-ÿ]+)? (?:{_HAS})\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,€$£])(?:19|20)\d\d(?![\d%€]|[.,]\d)")
_ASIDE = re.compile(
    r"\b(?:than|as|to|with|unlike|like|before|after|since|until|till|als|wie|gegenüber|mit|seit|vor|nach|bis|que|depuis|avant|après|desde|hasta"
    r"|versus|vs\.?)\s+(?:(?:in|the|of|at|from|im|dem|der|en|le|la|el|fiscal|year|jahr) )*[*_\"“]*$",
    re.IGNORECASE,
)
"""What only compares with a name, or bounds a time."""
_SETTING = re.compile(r"\W*\w+\s(?:the |der |le |la |el )?\W*")
"""What a name stands behind that opens a sentence: in Hamburg, residents had 982."""
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "herr", "frau", "st", "prof"})
_NOBODY = frozenset(
    {"i", "we", "you", "they", "he", "she", "wir", "ich", "sie", "nous", "on", "il", "ils", "elle", "elles", "nosotros"}
)
Span = tuple[int, int]


class Names:
    """The names of a text that its results and their queries do not have, and the years that the question has not either."""

    def __init__(
        self, text: str, named: Sequence[Span], *, known: Sequence[str], labelled: Sequence[str], years: Collection[str]
    ) -> None:
        """`named` is where the text has names that are known."""
        self._text, self._named, self._known, self._labelled = text, named, known, labelled
        found = {one.span("name") for pattern in (_PLACED, _SUBJECT) for one in pattern.finditer(text)}
        self.strange = sorted(span for span in found if self._is_free(span) and self._is_strange(text[slice(*span)]))
        self.years = [one.span() for one in _YEAR.finditer(text) if one.group() not in years and self._is_free(one.span())]

    @cached_property
    def _labels(self) -> frozenset[str]:
        """The words of the cells."""
        return frozenset(word.folded for one in self._labelled for word in labels.split(one)) - _TITLES

    @cached_property
    def _meant(self) -> frozenset[str]:
        """The words, and their meanings, of queries and their columns."""
        own = frozenset(word.folded for one in self._known for word in labels.split(one))
        return own.union(*map(labels.meanings, self._known))

    def _is_free(self, span: Span) -> bool:
        return not any(start < span[1] and span[0] < end for start, end in self._named)

    def _is_strange(self, name: str) -> bool:
        listed = [word.folded for word in labels.split(name)]
        listed = [word[:-2] if word.endswith(("'s", "\u2019s")) else word for word in listed]
        return not any(word in self._labels for word in listed) and not all(map(self._is_known, listed))

    def _is_known(self, word: str) -> bool:
        """Return whether a word is common, or one that a query has."""
        is_common = labels.is_common(word) or word in _NOBODY | _TITLES | numbers.CURRENCIES
        return is_common or re.fullmatch(r"[qht]?\d+", word) is not None or bool(self._meant & {word, labels.meaning(word)})

    def is_of_strange(self, place: Place, numbers: Sequence[Span]) -> bool:
        """Return whether a number is said of a name, or a year, that is not known."""
        years, others = list(self._said(place, self.years, ())), list(self._said(place, self.strange, self._named))
        following = [one for one in numbers if one[0] > place.written.start]
        until = min([place.clause[1], *(start for start, _ in following)])
        behind = [s for s in (*self.strange, *self.years) if place.written.after <= s[0] <= until and not self._is_aside(s[0])]
        return bool(years or others or behind)

    def _said(self, place: Place, spans: Sequence[Span], known: Sequence[Span]) -> Iterator[Span]:
        """Yield the last of `spans` before a number in its sentence, where nothing known stands between."""
        before = [one for one in spans if place.sentence[0] <= one[0] and one[1] <= place.written.before]
        for start, end in before[-1:]:
            is_setting = _SETTING.fullmatch(self._text, place.sentence[0], start) is not None
            is_taken = not is_setting and any(end <= one[0] < place.written.before for one in known)
            if not is_taken and not self._is_aside(start):
                yield start, end

    def _is_aside(self, start: int) -> bool:
        return _ASIDE.search(self._text[:start]) is not None
