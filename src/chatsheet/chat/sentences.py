"""What a text says around a number: its line, sentence and clause, the nouns it counts, the labels it belongs to. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from chatsheet.chat import labels, numbers, words
from chatsheet.chat.labels import Named, Word
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
_LINK = re.compile(
    r"[\s*_]*(?:[€$£%]|EUR|USD|CHF)?[\s*_]*(?:(?!(?:and|but|und|aber|et|mais|y|e|pero)\s)[^\W\d_]+\s+){0,2}?(?:in|for|from|at|by|on|during|of|via"
    r"|über|le|im|in der|für|bei|von|aus|am|pour|en|dans|au|para|de|du|à|del)"
    r"(?:\s+(?:the|der|die|das|den|dem|le|la|l['\u2019]|el|los|las))?[\s*_\"“„«]*",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"[\s*_\"“”„«»]*(?:,|and|or|und|oder|et|ou|y|o|&|,\s*and|,\s*und|/|sowie)[\s*_\"“”„«»]*(?:in |im |for |für )?",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS = re.compile(r"[\s*_]*(?:,|and|or|und|et|y|&|,\s*and|/|sowie|\|)[\s*_]*(?:about |rund |ca\. )?", re.IGNORECASE)
_OBJECT = re.compile(
    r"(?:\b(?:ahead of|than|beats?|beating|leads?|leading|over|outsells?|exceeds?|surpass(?:es|ed)?|tops?"
    r"|before|vor|als|übertrifft|schlägt"
    r"|devant|que|por delante de|unlike|not|nicht|statt|instead of|without|ohne|excluding|except"
    r"|außer)\s+(?:the |der |die |das |den |dem |le |la |el )?)$",
    re.IGNORECASE,
)
_DIRECT = re.compile(
    r"(?:['\u2019]s)?[\s*_\"”“]*(?:[:(=|\u2013-]|with|mit|at|avec|con)?[\s*_]*(?:\(|about|rund|ca\.)?[\s*_]*", re.IGNORECASE
)
_FROM = re.compile(
    r"\s*(?:from|over|on|than|as in|gegenüber|als|par rapport à|respecto a|vs\.?|compared (?:to|with))\s+(?:the )?",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"\b(?:up|down|rose|fell|grew|gr[eo]wn|increase\w*|decrease\w*|declin\w*|dropp?\w*|more|less|higher"
    r"|lower|gain\w*|plus|minus|mehr|weniger|gestiegen|gesunken"
    r"|höher|niedriger|hausse|baisse|más|menos)\b",
    re.IGNORECASE,
)
_TIGHT = re.compile(r"(?:['\u2019]s)?[\s*_\"”“]*[:(=|]?[\s*_]*\(?[\s*_]*")
_AGAINST = re.compile(
    r"[\s*_]*(?:against|versus|vs\.?|compared (?:to|with)|gegen|gegenüber|zu|statt|contre|frente a)[\s*_]*", re.IGNORECASE
)
_THAN = re.compile(r"\b(?:than|as|to|with|als|wie|que|von)\s+(?:in |im |the |der |die |das |le |la |el )?[*_]*$", re.IGNORECASE)
_FOLLOWED = re.compile(
    r"\b(?:followed by|then|gefolgt von|dann|suivi(?:e)? (?:de|par)|puis|seguid[oa] (?:de|por))\b", re.IGNORECASE
)
_THOSE_OF = re.compile(r"\b(?:those|that|die|der|das|celui|celle|ceux|celles) (?:of|in|at|von|in|de)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\s*[*_>-]*\s*(?:it|they|this|that|there(?! (?:is|are|was|were)\b)|its|their|he|she|er|sie|es(?! gibt\b)|das|diese[rs]?"
    r"|dort|ihr|sein|davon|il(?! y a\b)|elle|ce|cela|ils|elles|esta?|este|eso|ella)\b",
    re.IGNORECASE,
)
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
        is_joined = _BETWEEN_NUMBERS.fullmatch(text, one.after, following.before) is not None
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


def owner(place: Place, layout: Layout, named: Sequence[Named], others: Sequence[Written]) -> frozenset[int] | None:
    """Return the rows that the labels of one column allow a number, or None where they say nothing of it.

    Read from how the sentence is built and never from which reading would fit the data.
    """
    start, end = place.sentence
    if place.first:
        return next((one.rows for one in named if start <= one.start < end), None)
    here = [one for one in named if start <= one.start and one.end <= end]
    if not here:
        return _from_before(place, layout, named)
    number = place.written
    around = [one for one in others if start <= one.start < end]
    if (paired := _paired(number, here, around, layout.text) or _set_against(number, here, around, layout.text)) is not None:
        return paired
    before = [one for one in here if one.end <= number.before]
    after = [one for one in here if one.start >= number.after]
    text = layout.text
    if before and _is_unclear(place, before, text):
        return frozenset()
    joint = _DIRECT if not before or _OBJECT.search(text[start : before[-1].start]) is None else _TIGHT
    if before and joint.fullmatch(text[before[-1].end : number.before]) is not None:
        return _listed_back(before, text)
    gap = text[number.after : after[0].start] if after else ""
    is_compared = _FROM.fullmatch(gap) is not None and _CHANGED.search(text[place.clause[0] : number.before]) is not None
    if after and not is_compared and _is_linked(gap, others, number, after[0]):
        return _listed_on(after, text)
    if before:
        subject = [one for one in before if _OBJECT.search(text[start : one.start]) is None]
        chosen = [one for one in (subject or before) if one.start <= (subject or before)[-1].start]
        return _listed_back(chosen, text)
    return after[0].rows if after else None


def _is_unclear(place: Place, before: Sequence[Named], text: str) -> bool:
    """Return whether a number may belong to either of two labels: North beat South with 155."""
    here = [one for one in before if one.start >= place.clause[0]]
    if len({one.rows for one in here}) < 2 or any(character.isdecimal() for character in text[here[0].end : here[-1].start]):  # noqa: PLR2004  two
        return False
    between = text[here[-2].end : here[-1].start]
    is_told = _LISTED.fullmatch(between) or _FOLLOWED.search(between) or _OBJECT.search(text[: here[-1].start])
    return is_told is None and _TIGHT.fullmatch(text[here[-1].end : place.written.before]) is None


def _is_linked(gap: str, others: Sequence[Written], number: Written, label: Named) -> bool:
    if any(number.after <= one.start < label.start for one in others):
        return False
    return re.fullmatch(r"[\s*_]*\(?[\s*_\"]*", gap) is not None or _LINK.fullmatch(gap) is not None


def _listed_on(after: Sequence[Named], text: str) -> frozenset[int]:
    """Return the rows of a label and those listed with it: 155 in South and North."""
    rows, last = after[0].rows, after[0]
    for one in after[1:]:
        if _LISTED.fullmatch(text[last.end : one.start]) is None or re.match(r"[^.,;]{0,3}\d", text[one.end :]):
            break
        rows, last = rows | one.rows, one
    return rows


def _listed_back(before: Sequence[Named], text: str) -> frozenset[int]:
    rows, first = before[-1].rows, before[-1]
    for one in reversed(before[:-1]):
        if _LISTED.fullmatch(text[one.end : first.start]) is None:
            break
        rows, first = rows | one.rows, one
    return rows


def _paired(number: Written, here: Sequence[Named], others: Sequence[Written], text: str) -> frozenset[int] | None:
    """Return the rows of the label that stands in the same place of its list as the number in its own."""
    runs = _runs([(one.before, one.after) for one in others], text, _BETWEEN_NUMBERS)
    mine = next((run for run in runs if (number.before, number.after) in run), None)
    if mine is None or len(mine) < 2:  # noqa: PLR2004  a list has two
        return None
    for run in _runs([(one.start, one.end) for one in here], text, _LISTED):
        if len(run) == len(mine):
            start, _ = run[mine.index((number.before, number.after))]
            return next(one.rows for one in here if one.start == start)
    return None


def _set_against(number: Written, here: Sequence[Named], others: Sequence[Written], text: str) -> frozenset[int] | None:
    """Return the row of the label that stands in the same place as the number in `A has more than B: 9 against 4`."""
    mine = [one for one in others if one is number or _AGAINST.fullmatch(text, *_gap(one, number))]
    before = [one for one in here if one.end <= mine[0].before]
    between = text[before[0].end : before[-1].start] if before else ""
    is_told = len(mine) == len(before) == 2 and _THAN.search(between) is not None  # noqa: PLR2004  a pair
    return before[mine.index(number)].rows if is_told else None


def _gap(one: Written, other: Written) -> tuple[int, int]:
    first, second = sorted((one, other), key=lambda written: written.start)
    return first.after, second.before


def run(number: Written, others: Sequence[Written], text: str) -> list[int]:
    """Return where the numbers begin that a number is listed with, its own among them."""
    starts = {(one.before, one.after): one.start for one in others}
    runs = _runs(list(starts), text, _BETWEEN_NUMBERS)
    return next([starts[span] for span in one] for one in runs if (number.before, number.after) in one)


def _runs(spans: Sequence[tuple[int, int]], text: str, joint: re.Pattern[str]) -> list[list[tuple[int, int]]]:
    runs: list[list[tuple[int, int]]] = []
    for span in sorted(set(spans)):
        if runs and joint.fullmatch(text[runs[-1][-1][1] : span[0]]):
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _from_before(place: Place, layout: Layout, named: Sequence[Named]) -> frozenset[int] | None:
    """Return the rows of the heading above, or of the sentence before where this one only says `it`."""
    here = layout.sentence_of(place.sentence[0])
    text = layout.text
    if here > 0 and _PRONOUN.match(text, *place.sentence) is not None:
        return _only(named, layout.sentences[here - 1])
    for start, end in reversed(layout.sentences[:here]):
        line = text[start:end].strip()
        if line.endswith((":", ":**", "**")) or line.startswith("#"):
            return _only(named, (start, end))
        if not re.match(r"[-*•|>\d]", line):
            return None
    return None


def _only(named: Sequence[Named], sentence: tuple[int, int]) -> frozenset[int] | None:
    rows = [one.rows for one in named if sentence[0] <= one.start < sentence[1]]
    return rows[0] if len(rows) == 1 else None
