"""An answer beside the results of its turn: the labels it names, its numbers, and what its words say of each. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from chatsheet.chat import cells, labels, numbers, owners, sentences, subjects, words
from chatsheet.chat.cells import Source
from chatsheet.chat.claims import Claims
from chatsheet.chat.events import ToolAnswered
from chatsheet.chat.labels import Named, Word
from chatsheet.chat.names import Names
from chatsheet.chat.sentences import Place

_AMOUNTS, _THINGS = words.AMOUNTS, words.THINGS
_AVERAGES = frozenset({"average", "median"})
_LOWEST = frozenset(labels.meaning(labels.fold(word)) for word in words.LOWEST)
_HIGHEST = frozenset(labels.meaning(labels.fold(word)) for word in words.HIGHEST)
_OFS = frozenset({"of", "von", "de"})
_OF_ALL = re.compile(r"\b(?:of|von|de|sur|del?|aus)\s+(?:the |all |insgesamt |den |les |los )?[*_]*$", re.IGNORECASE)
_PART_OF = re.compile(
    r"(?:\bout of|(?:^|\d[\d.,%]*)\s*(?:of|von|de|sur|aus))\s+(?:the |all |den |les |los )?[*_]*$", re.IGNORECASE
)
_WHOLE = re.compile(
    r"\b(?:total|overall|altogether|in all|all|insgesamt|gesamt\w*|sämtliche|totale?|au total|en total)\b", re.IGNORECASE
)
_CHANGED_BY = re.compile(
    r"\b(?:rose|risen|fell|fallen|grew|grown|dropp?\w*|increase\w*|decrease\w*|declin\w*|shrank|gestiegen|gesunken|stieg|sank"
    r"|fiel|wuchs|augmenté|baissé|diminué|progressé|reculé|aumentó|cayó|bajó|subió)\s(?:[^\W\d_]+\s){0,2}?(?:by|um|de|en|un)\s"
    r"(?:about |around |rund |etwa |environ )?[*_]*$",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(
    r"[*_]*\s+(?:(?!is|are|was|were|has|have|had|ist|sind|war|hat|haben|est|sont|ont)[^\W\d_]+\s){0,2}?"
    r"(?:more|less|fewer|higher|lower|ahead|behind|mehr|weniger|höher|niedriger|de plus|de moins"
    r"|más|menos)[^.;,|]*?\b(?:than|of|als|que|de)\b",
    re.IGNORECASE,
)
"""A number that is told as a change, or a difference, is no amount."""
_TIMES = re.compile(
    r"[\s*_]*(?:(?:times|-?mal|fois|veces)|-?fold\b)\s+(?:as|so|the|that|what|more|higher|larger|bigger|mehr|höher|größer|plus|más|tan)\b",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"[*_]*\s(?:(?:is|are|was|were|(?:has|have|had) been|ist|sind|war|waren|wurden?|est|sont|était|étaient"
    r"|es|son|está|están)\s)?[*_\"]*",
    re.IGNORECASE,
)
_EXTREMES = frozenset({"least", "most", "wenigsten", "meisten"})


class Passage:
    """A text with the results that it speaks of."""

    def __init__(self, text: str, results: Sequence[ToolAnswered], *, question: str, locale: str) -> None:
        self.written_text = text
        self.text = text = numbers.blank(text, [one.span() for one in numbers.references(text)])
        self.sources = [Source(answered) for answered in results if answered.result is not None]
        self.named = _widest({id(source): source.index.find(text) for source in self.sources})
        self.kept = {id(source): subjects.kept(text, source, self.named[id(source)]) for source in self.sources}
        names = [(one.start, one.end) for named in self.named.values() for one in named]
        names += _identifiers(text, results)
        self.written = numbers.read(text, locale=locale, without=names)
        self.layout = sentences.layout(text)
        self.places = sentences.places(self.layout, self.written)
        self.known = cells.found_in(self.sources)
        self.measured = frozenset(word for source in self.sources for word in source.measured)
        self.asked = labels.meanings(question)
        queries = [answered.sql or "" for answered in results]
        texts = list(_texts(self.sources))
        self.claims = Claims(question, queries, texts, locale=locale)
        known = [*queries, *(name for answered in results for name in _names(answered))]
        names += [(one.start, one.end) for held in self.kept.values() for _, found in held for one in found]
        self.names = Names(text, names, known=known, labelled=texts, years=self.claims.years | _years(self.sources))

    def direction(self, place: Place) -> frozenset[str]:
        """Return the words of a number's clause, and what the clauses before say of falls and rises where it does not."""
        context = frozenset[str]()
        for start in reversed([place.sentence[0], *(c for c in place.clauses if c <= place.clause[0])]):
            context |= labels.stems(word.folded for word in labels.split(self.text[start : place.clause[1]]))
            if context & cells.DIRECTIONS:
                return context
        return labels.stems(word.folded for word in labels.split(self.text[slice(*place.clause)]))

    def subjects(self, place: Place, named: Sequence[Named]) -> list[str]:
        """Return the labels before a number in its clause, of which it says something, unless it is their whole."""
        start, end = place.clause[0], place.written.before
        if _OF_ALL.search(self.text[start:end]) is not None or _WHOLE.search(self.text[start:end]) is not None:
            return []
        return [self.text[one.start : one.end] for one in named if start <= one.start and one.end <= end]

    def is_of_all(self, place: Place) -> bool:
        """Return whether a number is told as the total, so that no single row of several is meant."""
        said = self.meanings(place.said) | self.meanings(place.rest)
        return _WHOLE.search(self.text[slice(*place.clause)]) is not None and not said & (_LOWEST | _HIGHEST | _AVERAGES)

    def is_of_strange(self, place: Place) -> bool:
        """Return whether a number is said of a name or a year that no result knows."""
        return self.names.is_of_strange(place, [(one.start, one.end) for one in self.written])

    def ends(self, place: Place) -> frozenset[str]:
        """Return whether a number is told as the largest, the smallest, or both."""
        said = self.meanings(place.said) | self.meanings(place.nouns) | self.meanings(place.rest)
        told = {"maximum": said & _HIGHEST, "minimum": said & _LOWEST}
        return frozenset(end for end, words_said in told.items() if words_said)

    def run(self, place: Place) -> list[int]:
        """Return where the numbers begin that a number is listed with."""
        here = [one for one in self.written if place.sentence[0] <= one.start < place.sentence[1]]
        return owners.run(place.written, here, self.text)

    def is_of_whole(self, place: Place) -> bool:
        """Return whether a number is told as what something else is a part of."""
        return _OF_ALL.search(self.text[place.clause[0] : place.written.before]) is not None

    def is_of_part(self, place: Place) -> bool:
        """Return whether a number is the whole in `92 of 120`."""
        return _PART_OF.search(self.text[place.clause[0] : place.written.before]) is not None

    def predicate(self, place: Place) -> frozenset[str]:
        """Return what is said of the things counted: 173 invoices are paid; not of all that they are a part of."""
        is_whole = self.is_of_whole(place)
        return frozenset() if is_whole else self.meanings(place.tail) & self.measured

    def qualities(self, place: Place, nouns: frozenset[str], source: Source) -> frozenset[str]:
        """Return the words before a number that may say of its noun that it is an average."""
        has_average = any(called & nouns and called & _AVERAGES for called in source.called)
        if has_average:
            return self.meanings(place.said)
        return self.meanings(place.said[-2:] if place.said and place.said[-1].folded in _OFS else place.said[-1:])

    def meanings(self, listed: Sequence[Word]) -> frozenset[str]:
        """Return what words mean that are no labels: Sales is no revenue where a department is called so."""
        listed = [w for w, after in zip_longest(listed, listed[1:]) if w is not None and not self._is_degree(w, after)]
        return frozenset(meant for word in self.unlabelled(listed) for meant in labels.meanings(word.folded))

    def _is_degree(self, word: Word, after: Word | None) -> bool:
        """Return whether `least` says how much of a quality: least punctual is not the lowest of a column."""
        return word.folded in _EXTREMES and after is not None and not labels.meanings(after.folded) & (self.known | _THINGS)

    def unlabelled(self, listed: Sequence[Word]) -> list[Word]:
        spans = [(one.start, one.end) for named in self.named.values() for one in named]
        return [word for word in listed if not any(a <= word.start and word.end <= b for a, b in spans)]

    def is_change(self, place: Place) -> bool:
        """Return whether a number is told as a change or a difference: it fell by 5, 5 more than."""
        is_by = _CHANGED_BY.search(self.text[place.clause[0] : place.written.before]) is not None
        return is_by or _MORE_THAN.match(self.text, place.written.after, place.sentence[1]) is not None

    def tells(self, place: Place, source: Source, column: int | None) -> bool:
        """Return whether the words behind a number and its noun are the one text that a condition keeps: 96 books were lost."""
        said = _STATE.match(self.text, place.nouns[-1].end if place.nouns else place.written.after, place.clause[1])
        held = [found for kept, found in self.kept[id(source)] if kept.output in {None, column} and len(kept.wanted) == 1]
        return said is not None and any(
            one.start == said.end() and one.rows == frozenset({0}) for found in held for one in found
        )

    def is_multiple(self, place: Place) -> bool:
        """Return whether a number is told as how many times one thing is another: 1.8 times as much as."""
        return _TIMES.match(self.text, place.written.after, place.sentence[1]) is not None

    def months(self, place: Place) -> frozenset[str]:
        """Return the months that the sentence of a number names, up to a semicolon."""
        start, end = place.sentence
        start = self.text.rfind(";", start, place.written.before) + 1 or start
        listed = [word for word in labels.split(self.text[:end]) if word.start >= start]
        planets = [word for word in listed if word.folded == "mars" and self.text[word.start].isupper()]
        return frozenset(
            name for word in listed if (name := labels.month(word.folded)) and word.folded != "may" and word not in planets
        )

    def strangers(self, place: Place) -> list[Word]:
        """Return the nouns that a number counts, none where it is a measure of something."""
        written = place.written
        if written.measure != "plain" or written.currency or written.unit:
            return []
        nouns = [word for word in self.unlabelled(place.nouns) if not word.folded.isdecimal()]
        is_measure = written.mantissas[0] % 1 != 0 and any(word.folded in words.MEASURES for word in nouns)
        return [] if is_measure else nouns

    def counted_nouns(self, place: Place) -> Sequence[Word]:
        """Return the nouns of a number; of the whole in `92 of 120 exams passed` those before what is said of the part."""
        if not self.is_of_part(place):
            return place.nouns
        known = [n for n, word in enumerate(place.nouns, 1) if labels.meanings(word.folded) & self.known]
        return place.nouns[: known[0]] if known else place.nouns

    def owner(self, place: Place, named: Sequence[Named]) -> frozenset[int] | None:
        """Return the rows that the labels of one column allow a number, or None where they say nothing of it."""
        return owners.owner(place, self.layout, named, self.written)


def _widest(found: dict[int, list[Named]]) -> dict[int, list[Named]]:
    """Leave out names that stand inside a wider one: 2024 in June 2024."""
    spans = {(one.start, one.end) for named in found.values() for one in named}

    def is_inside(one: Named) -> bool:
        return any(a <= one.start and one.end <= b and b - a > one.end - one.start for a, b in spans)

    return {key: [one for one in named if not is_inside(one)] for key, named in found.items()}


def _texts(sources: Sequence[Source]) -> Iterator[str]:
    results = [source.answered.result for source in sources]
    yield from (value for one in results if one for row in one.rows for value in row if isinstance(value, str))


def _years(sources: Sequence[Source]) -> frozenset[str]:
    """Return the years that the conditions of queries keep."""
    kept = [one for source in sources for one in source.answered.basis.kept if one.is_time]
    return frozenset(month[: len("2025")] for one in kept for month in one.wanted)


def _identifiers(text: str, results: Sequence[ToolAnswered]) -> list[tuple[int, int]]:
    """Return where the text names tables and columns that have digits in their names."""
    names = {name for answered in results if answered.result is not None for name in _names(answered) if re.search(r"\d", name)}
    return [m.span() for name in names for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]


def _names(answered: ToolAnswered) -> Iterator[str]:
    yield from () if answered.result is None else (column.name for column in answered.result.columns)
    yield from (used.table for used in answered.basis.rows)
    yield from (name for output in answered.basis.outputs for _, name in output.columns)
