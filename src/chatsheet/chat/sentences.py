"""What a text says around a number: its line, sentence and clause, the nouns it counts, the labels it belongs to. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from chatsheet.chat import labels, numbers, words
from chatsheet.chat.labels import Word
from chatsheet.chat.numbers import Written

_SENTENCE_END = re.compile(
    r"(?<!\b(?:ca|No|Nr|vs|Mr|Ms|St|Dr))(?<!\b(?:Mio|Mrd|Mrs|Tsd|inc|bzw"
    r"|ggf))(?<!approx)(?<!z\.B)(?<!e\.g)(?<!i\.e)(?<![ (]\d)[.!?][*_\"”)]*\s+(?=[\"“*_(]*[A-ZÄÖÜÀ-Ý\d])"
)
_CLAUSE = re.compile(
    r"[;|]|,\s|\s[\u2013—-]\s|\s(?:and|but|while|whereas|und|aber|während|sowie|et|mais|y|e|pero|mientras"
    r"|tandis que|or|oder)\s",
    re.IGNORECASE,
)
BETWEEN_NUMBERS = re.compile(r"[\s*_]*(?:,|and|or|und|et|y|&|,\s*and|/|sowie|\|)[\s*_]*(?:about |rund |ca\. )?", re.IGNORECASE)
_THOSE_OF = re.compile(r"\b(?:those|that|die|der|das|celui|celle|ceux|celles) (?:of|in|at|von|in|de)\b", re.IGNORECASE)
_OF = re.compile(r"[\s*_]*(?:in|of|de|en|an|worth of|d['\u2019])\s?(?:total |net |gross |the )?([^\W\d_]+)", re.IGNORECASE)
_OF_TOTAL = re.compile(r"\s*(?:/|out of|of|von|de|sur)\s+(?:the |all |insgesamt |den |les |los )?", re.IGNORECASE)
_NO_NOUN = frozenset(map(labels.fold, words.NO_NOUNS))
_MOST_NOUN_WORDS = 3
_WITH = frozenset({"with", "mit", "avec", "con", "at"})


@dataclass(frozen=True, slots=True)
class Place:
    """A number in its surroundings; positions are those of the text."""

    written: Written
    sentence: tuple[int, int]
    clause: tuple[int, int]
    clauses: tuple[int, ...]
    """Where the clauses of its sentence up to its own begin, but for the first."""
    nouns: tuple[Word, ...]
    """The words that it counts, as far as they stand behind it."""
    said: tuple[Word, ...]
    """The words before it in its clause, the nearest last."""
    tail: tuple[Word, ...] = ()
    """What its clause says after that, up to the next number."""
    rest: tuple[Word, ...] = ()
    """What its clause says after that, to its end."""
    of: tuple[Word, ...] = ()
    """What it is an amount of: 155 in costs."""
    header: str = ""
    """Of its column, in a table of the text."""
    first: str = ""
    """The first cell of its row there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A text with its sentences."""

    text: str
    sentences: tuple[tuple[int, int], ...]

    def sentence_of(self, position: int) -> int:
        """Return the number of the sentence at a position."""
        return max(place for place, (start, _) in enumerate(self.sentences) if start <= position)


def layout(text: str) -> Layout:
    """Return a text with where its sentences are; a line ends one, and so does a row of a table."""
    found: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in _SENTENCE_END.finditer(text, line.start(), line.end()):
            found.append((start, end.end()))
            start = end.end()
        found.append((start, line.end()))
    return Layout(text, tuple(found) or ((0, len(text)),))


def places(layout: Layout, written: Sequence[Written]) -> tuple[Place, ...]:
    """Return each number with what stands around it."""
    spoken = numbers.language(layout.text)
    found: list[Place] = []
    consumed = 0
    for number in written:
        start, end = layout.sentences[layout.sentence_of(number.start)]
        nouns = tuple(_nouns(layout.text, _last_of_list(layout.text, number, written), end, written, spoken))
        if not nouns and found and _THOSE_OF.search(layout.text, max(start, consumed), number.before) is not None:
            nouns = found[-1].nouns
        clauses = tuple(c.end() for c in _CLAUSE.finditer(layout.text, start, number.before))
        since = max(clauses, default=start)
        said = [
            w for w in labels.split(layout.text[: number.before]) if w.start >= max(start, min(since, number.before), consumed)
        ]
        if not any(not labels.is_small(word.folded) for word in said):  # "…, and 12": the clause before
            said = [w for w in labels.split(layout.text[: number.before]) if w.start >= max(start, consumed)]
        header, first = _table(layout, number)
        until = next((c.start() for c in _CLAUSE.finditer(layout.text, number.after, end)), end)
        of = _OF.match(layout.text, number.after, end)
        amount = () if of is None or nouns else (Word(labels.fold(of[1]), *of.span(1)),)
        after = max(number.after, max((word.end for word in nouns), default=0))
        whole = _OF_TOTAL.match(layout.text, number.after, end)
        since_next = number.after if whole is None else whole.end() + 1
        until_next = min([until, *(one.before for one in written if one.before >= since_next)])
        rest = tuple(w for w in labels.split(layout.text[:until]) if w.start >= after)
        bracket = layout.text.find("(", after, until_next) if until_next < until else -1  # what it opens is said of the next
        tail = tuple(word for word in rest if word.end <= (until_next if bracket < 0 else bracket))
        if until_next < until:  # what stands after `with` is said of the next number
            tail = tuple(takewhile(lambda word: word.folded not in _WITH, tail))
        found.append(
            Place(number, (start, end), (since, until), clauses, nouns, tuple(said), tail, rest, amount, header, first)
        )
        own = [word.end for word in nouns if number.after <= word.start < until_next]
        consumed = max([number.after, *own])
    return tuple(found)


def _last_of_list(text: str, number: Written, written: Sequence[Written]) -> Written:
    """Return the last number of the list that a number stands in, behind which their noun is: 21, 18 and 14 nights."""
    for one, following in pairwise(written):
        is_joined = BETWEEN_NUMBERS.fullmatch(text, one.after, following.before) is not None
        if one.start >= number.start and (not is_joined or _kind(one) != _kind(following)):
            return one
    return written[-1]


def _kind(number: Written) -> tuple[str, str, str]:
    return number.measure, number.currency, number.unit


def _nouns(text: str, number: Written, end: int, others: Sequence[Written], spoken: str) -> Iterator[Word]:
    place = number.after
    if (total := _OF_TOTAL.match(text, place, end)) is not None:  # 12 of 600 orders
        following = next((one for one in others if one.before == total.end() or one.start == total.end()), None)
        place = following.after if following is not None else place
    following = re.match(r"[*_]*[ \u00a0\u202f-]?[*_\"“]*", text[place:end])
    place += following.end() if following else 0
    limit = min([end, *(one.before for one in others if one.before >= place)])
    stop = re.search(r"[.,;:()|!?\n\u2013—=<>]|\s-\s", text[place:limit])
    listed = labels.split(text[place : place + stop.start() if stop else limit])
    for count, word in enumerate(listed):
        if count >= _MOST_NOUN_WORDS or labels.is_small(word.folded) or (word.folded in _NO_NOUN):
            return
        if spoken == "de" and not text[place + word.start].isupper() and count == len(listed) - 1:
            return  # a verb at the end
        yield Word(word.folded, place + word.start, place + word.end)


def _table(layout: Layout, number: Written) -> tuple[str, str]:
    """Return the header and the first cell of the row, where the number stands in a table of the text."""
    text = layout.text
    start = text.rfind("\n", 0, number.start) + 1
    end = text.find("\n", number.start)
    line = text[start : end if end >= 0 else len(text)]
    if line.count("|") < 1 or not line.lstrip().startswith("|"):
        return "", ""
    column = text[start : number.start].count("|")
    above = text[:start].splitlines()
    top = len(above)
    while top > 0 and above[top - 1].lstrip().startswith("|"):
        top -= 1
    if top == len(above):
        return "", ""
    headers, cells = above[top].split("|"), line.split("|")
    return (headers[column] if column < len(headers) else ""), (cells[1] if len(cells) > 1 else "")
