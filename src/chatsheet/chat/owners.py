"""Which label of a sentence a number belongs to, read from how the sentence is built. Pure."""

import re
from collections.abc import Sequence

from chatsheet.chat.labels import Named
from chatsheet.chat.numbers import Written
from chatsheet.chat.sentences import BETWEEN_NUMBERS, Layout, Place

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
_PRONOUN = re.compile(
    r"\s*[*_>-]*\s*(?:it|they|this|that|there(?! (?:is|are|was|were)\b)|its|their|he|she|er|sie|es(?! gibt\b)|das|diese[rs]?"
    r"|dort|ihr|sein|davon|il(?! y a\b)|elle|ce|cela|ils|elles|esta?|este|eso|ella)\b",
    re.IGNORECASE,
)


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
    joint = _TIGHT if before and _is_beaten(before, around, text[start : before[-1].start]) else _DIRECT
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


def _is_beaten(before: Sequence[Named], others: Sequence[Written], text: str) -> bool:
    """Return whether the number behind the last label may be the one's before it: South beats North with 155."""
    has_own = len(before) > 1 and any(before[-2].end <= one.start < before[-1].start for one in others)
    return not has_own and _OBJECT.search(text) is not None


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
    runs = _runs([(one.before, one.after) for one in others], text, BETWEEN_NUMBERS)
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
    runs = _runs(list(starts), text, BETWEEN_NUMBERS)
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
