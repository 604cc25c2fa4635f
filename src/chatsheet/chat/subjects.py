"""What a sentence says a number is of, held against what a query keeps: another region, another year. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chatsheet.chat import labels, owners, words
from chatsheet.chat.cells import Source
from chatsheet.chat.events import Kept
from chatsheet.chat.index import Index
from chatsheet.chat.labels import Named
from chatsheet.chat.numbers import Written
from chatsheet.chat.sentences import Layout, Place

_NOT = re.compile(
    r"(?:\b(?:not|non|excluding|except|without|outside|other than|apart from|besides|nicht|kein\w*|ohne|außer\w*|sauf|hors"
    r"|sans|excepto|salvo|sin|fuera de)|n['\u2019]t)[ -]+"
    r"(?:(?:for|in|from|of|the|by|via|through|come|have|are|aus|im|der|die|von|de|du|la|le|el|en|del)\s+){0,3}[*_\"]*$",
    re.IGNORECASE,
)
_THAN = re.compile(r"\b(?:than|als|que|like|wie)\s+(?:in |im |en |the |der |le |la |el )?[*_\"]*$", re.IGNORECASE)
_BOUND = re.compile(
    r"\b(?:before|until|till|up to|by|after|since|vor|bis|nach|seit|ab|avant|jusqu['\u2019]?(?:en|à)?|après|depuis|antes de"
    r"|hasta|después de|desde|than|als|que|between|zwischen|entre"
    r"|compared (?:with|to)|unlike|gegenüber"
    r"|vs\.?|versus)\s+(?:the |end of |ende |dem |en )?[*_]*$",
    re.IGNORECASE,
)
_YEAR = r"(?<![\d.,€$£])(?:19|20)\d\d(?![\d%€]|[.,]\d)"
_QUARTERS = {word: number for number, listed in enumerate(words.QUARTERS, 1) for word in listed} | {"last": 4}
_PERIOD = re.compile(
    rf"(?P<y1>{_YEAR})[ -]?(?-i:Q)(?P<q1>[1-4])\b|\b(?-i:Q)(?P<q2>[1-4])\b(?:[ /-]?(?P<y2>{_YEAR}))?"
    rf"|\b(?P<word>{'|'.join(_QUARTERS)}) (?:quarter|quartal|trimestre)\b(?: (?:of |de )?(?P<y3>{_YEAR}))?"
    rf"|(?P<name>[^\W\d_]{{3,}})\.?(?: (?:of |de )?(?P<y4>{_YEAR}))|(?P<y5>{_YEAR})|(?P<bare>[^\W\d_]{{3,}})",
    re.IGNORECASE,
)
KeptNames = tuple[Kept, list[Named]]
_LONGEST_SHORT = 3
_NO_MONTHS = frozenset({"may", "mars", "march"})


def kept(text: str, source: Source, named: Sequence[Named]) -> list[KeptNames]:
    """Return where the text names what the conditions of a query keep or leave out; `named` are the labels of its rows.

    What the text says not to be meant is all else.
    """
    return [(one, list(_found(text, one, index, named))) for one, index in source.kept]


def _found(text: str, kept: Kept, index: Index, named: Sequence[Named]) -> Iterator[Named]:
    every = frozenset(range(len(kept.wanted) + len(kept.others)))
    for one in index.find(text):
        if not _is_inside(one, named) and _THAN.search(text[: one.start]) is None:
            yield replace(one, rows=every - one.rows) if _NOT.search(text[: one.start]) else one


def is_elsewhere(
    place: Place, layout: Layout, source: Source, column: int | None, kept: Sequence[KeptNames], others: Sequence[Written]
) -> bool:
    """Return whether a number of a column is said of what the conditions on it leave out."""
    held = [(one, found) for one, found in kept if one.output in {None, column}]
    is_other = any(_is_of_another(place, layout, source, one, found, others) for one, found in held)
    return is_other or _is_of_another_time(place, layout.text, source.months(column))


def _is_of_another(
    place: Place, layout: Layout, source: Source, kept: Kept, found: Sequence[Named], others: Sequence[Written]
) -> bool:
    wanted = frozenset(range(len(kept.wanted)))
    near = [one for one in found if place.clause[0] <= one.start < place.clause[1]] if kept.output is not None else []
    rows = owners.owner(place, layout, near or [one for one in found if one.start < place.clause[1]], others)
    if not rows:
        return False
    here = frozenset(row for one in found if place.sentence[0] <= one.start < place.sentence[1] for row in one.rows)
    is_listed = any(kept.column in {name for _, name in output.columns} for output in source.outputs)
    return not rows & wanted or (not is_listed and not wanted <= here | rows)


def _is_inside(one: Named, named: Sequence[Named]) -> bool:
    return any(a.start <= one.start and one.end <= a.end and a.end - a.start > one.end - one.start for a in named)


def _is_of_another_time(place: Place, text: str, kept: Sequence[frozenset[str]]) -> bool:
    """Return whether all that a number's clause, or the nearest before that names a time, names is another time."""
    for start in reversed([place.sentence[0], *(c for c in place.clauses if c <= place.clause[0])]) if kept else ():
        spans = [one for one in _PERIOD.finditer(text, start, place.clause[1]) if _months(one) is not None]
        spans = [one for one in spans if one.end() <= place.written.start or one.start() >= place.written.end]
        if any(_BOUND.search(text[start : one.start()]) for one in spans):
            return False
        if spans:
            return all(not any(_months_in(one, months) for one in spans) for months in kept)
    return False


def _months_in(said: re.Match[str], kept: frozenset[str]) -> bool:
    year, months = _months(said) or ("", frozenset[int]())
    return any((not year or one[:4] == year) and int(one[5:7]) in months for one in kept)


def _months(said: re.Match[str]) -> tuple[str, frozenset[int]] | None:
    """Return the year, where one is told, and the months that a period has; None where a word names none."""
    year = next((said[name] for name in ("y1", "y2", "y3", "y4", "y5") if said[name]), "")
    quarter = int(said["q1"] or said["q2"] or _QUARTERS.get((said["word"] or "").casefold(), 0))
    if quarter:
        return year, frozenset(range(3 * quarter - 2, 3 * quarter + 1))
    word = said["name"] or said["bare"] or ""
    name = labels.month(labels.fold(word))
    if name and (said["name"] or _is_month(word)):
        return year, frozenset({labels.MONTH_NAMES.index(name) + 1})
    return (year, frozenset(range(1, 13))) if year else None


def _is_month(word: str) -> bool:
    """Return whether a word alone is a month and no verb, planet or `ago`."""
    return word[0].isupper() if len(word) <= _LONGEST_SHORT or word.casefold() in _NO_MONTHS - {"may"} else word != "may"
