"""Where each number of an answer comes from: a cell of a result, a row count, or nowhere. Pure.

A number is traced when a cell of this turn's results, rounded as the answer wrote it, is that number, and nothing around it
says that another cell is meant: the labels of its sentence choose rows, its nouns choose columns, its sign, percent, scale
and currency must fit. A number of few digits needs such words to be traced at all. What the model computed by itself from
cells stays untraced, even where it is right: with n cells there are n² differences, so almost any number would be one, and
a citation leads to one cell; the model is told to compute in SQL. What is not traced is marked, not removed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

from chatsheet.chat import cells, labels, numbers, sentences, subjects, words
from chatsheet.chat.cells import Cell, Source
from chatsheet.chat.claims import Claims
from chatsheet.chat.events import NumberFound, ToolAnswered
from chatsheet.chat.labels import Named, Word
from chatsheet.chat.numbers import Written
from chatsheet.chat.sentences import Place

_AVERAGES = frozenset({"average", "median"})
_AMOUNTS, _THINGS = words.AMOUNTS, words.THINGS
_PARTS = frozenset({"growth", "margin", "discount", "tax"})
"""Amounts that are percentages of others."""
_LOWEST = frozenset(labels.meaning(labels.fold(word)) for word in words.LOWEST)
_HIGHEST = frozenset(labels.meaning(labels.fold(word)) for word in words.HIGHEST)
_OFS = frozenset({"of", "von", "de"})
_OF_ALL = re.compile(r"\b(?:of|von|de|sur|del?|aus)\s+(?:the |all |insgesamt |den |les |los )?[*_]*$", re.IGNORECASE)
_PART_OF = re.compile(r"(?:^|\d[\d.,%]*)\s*(?:out of|of|von|de|sur|aus)\s+(?:the |all |den |les |los )?[*_]*$", re.IGNORECASE)
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
_CHANGES = frozenset({"", "difference", "ratio", "percent"})
_EXTREMES = frozenset({"least", "most", "wenigsten", "meisten"})
_CAPTION = re.compile(
    r"\b(?:in|en)\s+(?:(?P<k>thousands?|tausend|tsd\.?|TEUR|T€|k€|miles|milliers)|(?P<m>millions?"
    r"|millionen|mio\.?|millones))\b",
    re.IGNORECASE,
)
_SMALLEST = 10
"""Below it a number needs a word for what it counts, or to be the only one beside its label."""


def trace(text: str, results: Sequence[ToolAnswered], *, question: str = "", locale: str = "en") -> tuple[NumberFound, ...]:
    """Return every number of `text` that claims something, with the cell it comes from.

    Numbers of the question that no cell holds, dates, names and limits that a query sets are no claims.
    """
    return _Text(text, results, question=question, locale=locale).traced()


class _Text:
    """An answer beside the results of its turn."""

    def __init__(self, text: str, results: Sequence[ToolAnswered], *, question: str, locale: str) -> None:
        self.written_text = text
        self.references = numbers.references(text)
        self.text = text = numbers.blank(text, [(one.start(), one.end()) for one in self.references])
        self.sources = [Source(answered) for answered in results if answered.result is not None]
        self.named = _widest({id(source): source.index.find(text) for source in self.sources})
        names = [(one.start, one.end) for named in self.named.values() for one in named]
        names += _identifiers(text, results)
        self.written = numbers.read(text, locale=locale, without=names)
        self.layout = sentences.layout(text)
        self.places = sentences.places(self.layout, self.written)
        self.known = cells.found_in(self.sources)
        self.measured = frozenset(word for source in self.sources for word in source.measured)
        self.asked = labels.meanings(question)
        queries = [answered.sql or "" for answered in results]
        self.claims = Claims(question, queries, list(_texts(self.sources)), locale=locale)

    def traced(self) -> tuple[NumberFound, ...]:
        """Return the numbers that claim something, and references that lead nowhere, in order."""
        found = [found for place in self.places if (found := self._trace(place)) is not None]
        return tuple(sorted([*found, *self._unknown()], key=lambda one: one.start))

    def _unknown(self) -> Iterator[NumberFound]:
        """Yield the references to results that no query can have given: handles are counted up, turn after turn."""
        last = max((int(one) for source in self.sources if (one := (source.answered.handle or "")[1:]).isdecimal()), default=0)
        for place in self.references if last else ():
            for handle in re.finditer(r"\br(\d+)", place.group(), re.IGNORECASE):
                if int(handle[1]) > last:
                    start, end = place.start() + handle.start(), place.start() + handle.end()
                    yield NumberFound(text=self.written_text[start:end], start=start, end=end, handle=None)

    def _trace(self, place: Place) -> NumberFound | None:
        written, text = place.written, self.text
        best: tuple[tuple[int, int, int], Source, Cell] | None = None
        for newness, source in enumerate(self.sources):
            for cell, score in self._candidates(place, source):
                rank = (score, 0 if cell.is_counted else 1, newness)
                if best is None or rank > best[0]:
                    best = (rank, source, cell)
        found = NumberFound(text=written.text, start=written.start, end=written.end, handle=None)
        if best is None:
            labelled = len({text[one.start : one.end] for named in self.named.values() for one in named})
            return None if self.claims.is_none(text, place, known=self.known, labelled=labelled) else found
        _, source, cell = best
        result = source.answered.result
        column = None if cell.column is None or result is None else result.columns[cell.column].name
        return found.model_copy(update={"handle": source.answered.handle, "row": cell.row, "column": column})

    def _candidates(self, place: Place, source: Source) -> Iterator[tuple[Cell, int]]:
        """Yield the cells that a number may be, with how many of its words say so."""
        written = place.written
        context = self._direction(place)
        header = _in_percent(place)
        captions = _captions(self.text[slice(*place.sentence)], place.header)
        asked = header or written
        for cell in source.near(asked, captions):
            is_share = None if cell.column is None else source.shares[cell.column]
            if not source.is_money(cell.column, written.currency) or not any(
                cells.says(asked, cell, is_share=is_share, context=context, is_scaled=scale) for scale in captions
            ):
                continue
            if (score := self._fit(place, source, cell)) is not None:
                yield cell, score

    def _is_beyond(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number that no label gives a row is said of what no single row of this result is."""
        is_of_all = cell.row is not None and source.row_count > 1 and self._is_of_all(place)
        return is_of_all or self._is_about_others(place, source) or not source.covers(self._months(place))

    def _is_another(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number is told as a part, a period, a filter or a change that the cell is not."""
        if self._is_change(place) and "growth" not in cell.called and cell.output.kind not in _CHANGES:
            return True
        if cell.column is not None and self._is_of_another_period(place, source, cell.column):
            return True
        if subjects.is_elsewhere(place, self.layout, source, self.written, self.named[id(source)]):
            return True
        return self._is_part_of(place, source, cell) or self._is_filtered_elsewhere(place, source)

    def _direction(self, place: Place) -> frozenset[str]:
        """Return the words of a number's clause, and what the clauses before say of falls and rises where it does not."""
        context = frozenset[str]()
        for start in reversed([place.sentence[0], *(c for c in place.clauses if c <= place.clause[0])]):
            context |= labels.stems(word.folded for word in labels.split(self.text[start : place.clause[1]]))
            if context & cells.DIRECTIONS:
                return context
        return labels.stems(word.folded for word in labels.split(self.text[slice(*place.clause)]))

    def _fit(self, place: Place, source: Source, cell: Cell) -> int | None:
        """Return how well the words around a number fit a cell; None where they say that it is another."""
        by_row = self._row_fits(place, source, cell)
        if (
            by_row is False
            or (by_row is None and self._is_beyond(place, source, cell))
            or self._is_another(place, source, cell)
        ):
            return None
        by_column = self._column_fits(place, source, cell)
        if by_column is None:
            return None
        if by_column == 0 and not self._may_do_without(place, source, cell, has_row=by_row is True):
            return None
        return 2 * by_column + (by_row is True)

    def _row_fits(self, place: Place, source: Source, cell: Cell) -> bool | None:
        """Return whether the labels of the sentence name the cell's row; None where they say nothing."""
        named = self.named[id(source)]
        if cell.row is None:
            return False if self._subjects(place, named) else None
        answers = [
            cell.row in rows
            for column in source.index.columns
            if (rows := self._rows(place, [one for one in named if one.column == column])) is not None
        ]
        return all(answers) if answers else None

    def _subjects(self, place: Place, named: Sequence[Named]) -> list[str]:
        """Return the labels before a number in its clause, of which it says something, unless it is their whole."""
        start, end = place.clause[0], place.written.before
        if _OF_ALL.search(self.text[start:end]) is not None or _WHOLE.search(self.text[start:end]) is not None:
            return []
        return [self.text[one.start : one.end] for one in named if start <= one.start and one.end <= end]

    def _is_about_others(self, place: Place, source: Source) -> bool:
        """Return whether a number is said of a label that this result neither has nor asks for."""
        sql = labels.fold(source.answered.sql or "")
        others = [one for other in self.sources if other is not source for one in self.named[id(other)]]
        return any(labels.fold(label) not in sql for label in self._subjects(place, others))

    def _rows(self, place: Place, named: Sequence[Named]) -> frozenset[int] | None:
        if place.first:
            start, end = place.sentence
            in_row = [one for one in named if start <= one.start < end]
            return in_row[0].rows if in_row else None
        return sentences.owner(place, self.layout, named, self.written)

    def _column_fits(self, place: Place, source: Source, cell: Cell) -> int | None:
        """Return how many words name the cell's column; None where they name another."""
        if place.header:
            return self._by_words(labels.meanings(place.header), source, cell, place.written, demanded=self.known | _THINGS)
        nouns, said = self._meanings(self._counted_nouns(place)), self._meanings(place.said)
        if place.written.measure == "plain":
            nouns |= self._meanings(place.of) & (_AMOUNTS | self.measured)
        counted = nouns & (self.known | _AMOUNTS | _THINGS)
        if counted:
            fits = self._by_words(counted, source, cell, place.written, demanded=self.known | _THINGS)
            if fits is None or fits:
                if (
                    fits
                    and self._by_words(
                        counted | (self._predicate(place) - (source.filtered if cell.is_counted else frozenset())),
                        source,
                        cell,
                        place.written,
                        demanded=frozenset(),
                    )
                    is None
                ):
                    return None
                return self._as_meant(nouns | self._qualities(place, nouns, source), source, cell, fits)
        if self._strangers(place) and self._needs_noun(place, cell):
            return 0
        said |= self._predicate(place)
        fits = self._by_words(
            said & (self.measured | _AMOUNTS), source, cell, place.written, demanded=self._measured_elsewhere(source)
        )
        return self._as_meant(said | nouns, source, cell, fits)

    def _is_of_all(self, place: Place) -> bool:
        """Return whether a number is told as the total, so that no single row of several is meant."""
        said = self._meanings(place.said) | self._meanings(place.rest)
        return _WHOLE.search(self.text[slice(*place.clause)]) is not None and not said & (_LOWEST | _HIGHEST | _AVERAGES)

    def _is_part_of(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number is told as the whole, and the cell counts the part: of 198 invoices 173 are paid."""
        if cell.column is None or _PART_OF.search(self.text[place.clause[0] : place.written.before]) is None:
            return False
        others = frozenset[str]().union(*(called for column, called in enumerate(source.called) if column != cell.column))
        return bool((cell.called - others) & self._meanings(place.rest))

    def _predicate(self, place: Place) -> frozenset[str]:
        """Return what is said of the things counted: 173 invoices are paid; not of all that they are a part of."""
        is_whole = _OF_ALL.search(self.text[place.clause[0] : place.written.before]) is not None
        return frozenset() if is_whole else self._meanings(place.tail) & self.measured

    def _qualities(self, place: Place, nouns: frozenset[str], source: Source) -> frozenset[str]:
        """Return the words before a number that may say of its noun that it is an average."""
        has_average = any(called & nouns and called & _AVERAGES for called in source.called)
        if has_average:
            return self._meanings(place.said)
        return self._meanings(place.said[-2:] if place.said and place.said[-1].folded in _OFS else place.said[-1:])

    def _measured_elsewhere(self, source: Source) -> frozenset[str]:
        """Return what columns of other results are called."""
        return frozenset(word for other in self.sources if other is not source for word in other.measured) - _THINGS

    def _meanings(self, listed: Sequence[Word]) -> frozenset[str]:
        """Return what words mean that are no labels: Sales is no revenue where a department is called so."""
        listed = [w for w, after in zip_longest(listed, listed[1:]) if w is not None and not self._is_degree(w, after)]
        return frozenset(meant for word in self._unlabelled(listed) for meant in labels.meanings(word.folded))

    def _is_degree(self, word: Word, after: Word | None) -> bool:
        """Return whether `least` says how much of a quality: least punctual is not the lowest of a column."""
        return word.folded in _EXTREMES and after is not None and not labels.meanings(after.folded) & (self.known | _THINGS)

    def _unlabelled(self, listed: Sequence[Word]) -> list[Word]:
        spans = [(one.start, one.end) for named in self.named.values() for one in named]
        return [word for word in listed if not any(a <= word.start and word.end <= b for a, b in spans)]

    @staticmethod
    def _as_meant(said: frozenset[str], source: Source, cell: Cell, fits: int | None) -> int | None:
        """Return None where an average, a largest or a smallest is meant and the cell is another."""
        is_other = cell.output.kind in {"sum", "count", "distinct", "minimum", "maximum"} or cell.is_counted
        meant = said & _AVERAGES
        is_another = bool(cell.called & _AVERAGES) and not cell.called & meant
        if meant and (is_another or (is_other and not cell.called & _AVERAGES)):
            return None
        end = (
            "minimum" if said & _LOWEST and not said & _HIGHEST else "maximum" if said & _HIGHEST and not said & _LOWEST else ""
        )
        if not end or fits is None or (end in cell.called and cell.output.kind == "value"):
            return fits
        if cell.output.kind in {"minimum", "maximum"}:
            return fits if cell.output.kind == end else None
        if source.row_count == 1 and cell.output.kind in {"sum", "average", "median"}:
            return None
        return fits if not fits or source.is_end(cell, end) else None

    @staticmethod
    def _by_words(
        said: frozenset[str], source: Source, cell: Cell, written: Written, *, demanded: frozenset[str]
    ) -> int | None:
        """Return how many words fit; None where another column fits better, or none does and one of `demanded` is said."""
        fits = labels.any_of(said, cell.called)
        is_part = written.measure != "plain"
        rivals = [called for column, called in enumerate(source.called) if source.may_be(column, written)]
        best = max((labels.any_of(said, called) for called in rivals), default=0)
        if best > fits or (cell.is_counted and said and not fits):
            return None
        amounts = _AMOUNTS - _PARTS if is_part else _AMOUNTS
        meant, own = said & amounts, cell.called & amounts
        if is_part:
            return None if meant and own and not meant & own else fits
        is_other_money = bool(meant and written.currency) and not cell.output.unit.currency
        return None if not fits and (said & demanded or (meant and own) or is_other_money) else fits

    def _may_do_without(self, place: Place, source: Source, cell: Cell, *, has_row: bool) -> bool:
        """Return whether a cell may be taken though no word names its column."""
        written = place.written
        if cell.is_counted or written.is_word:
            return False
        if has_row and cell.output.kind in {"count", "distinct"} and self._counts_label(place, source):
            return True
        unknown = self._strangers(place)
        if unknown and self._needs_noun(place, cell):
            # a noun that only the question has, or a limit of the query, about the only cell there is
            asked = any(labels.meanings(word.folded) & self.asked for word in unknown)
            if self._names_limit(place, source) and cell.output.kind == "count":
                return source.row_count == 1 and [output.kind for output in source.outputs].count("count") == 1
            return asked and len(source.outputs) == 1 and source.row_count == 1
        if not cells.is_weak(written):
            return True
        beside = source.beside(cell)
        if written.measure != "plain":
            beside = [column for column in beside if source.shares[column] is not None]
        is_only = len(beside) == 1
        is_alone = source.row_count == 1
        return (has_row and (is_only or abs(written.mantissas[0] * written.scale) >= _SMALLEST)) or (is_only and is_alone)

    def _is_change(self, place: Place) -> bool:
        """Return whether a number is told as a change or a difference: it fell by 5, 5 more than."""
        is_by = _CHANGED_BY.search(self.text[place.clause[0] : place.written.before]) is not None
        return is_by or _MORE_THAN.match(self.text, place.written.after, place.sentence[1]) is not None

    def _months(self, place: Place) -> frozenset[str]:
        """Return the months that the sentence of a number names, up to a semicolon."""
        start, end = place.sentence
        start = self.text.rfind(";", start, place.written.before) + 1 or start
        listed = [word for word in labels.split(self.text[:end]) if word.start >= start]
        planets = [word for word in listed if word.folded == "mars" and self.text[word.start].isupper()]
        return frozenset(
            name for word in listed if (name := labels.month(word.folded)) and word.folded != "may" and word not in planets
        )

    def _strangers(self, place: Place) -> list[Word]:
        """Return the nouns that a number counts, none where it is a measure of something."""
        written = place.written
        if written.measure != "plain" or written.currency or written.unit:
            return []
        nouns = [word for word in self._unlabelled(place.nouns) if not word.folded.isdecimal()]
        is_measure = written.mantissas[0] % 1 != 0 and any(word.folded in words.MEASURES for word in nouns)
        return [] if is_measure else nouns

    def _needs_noun(self, place: Place, cell: Cell) -> bool:
        """Return whether a cell can be meant only where the noun of a number names its column."""
        is_broken = place.written.mantissas[0] % 1 != 0
        return is_broken or cell.output.kind in {"count", "distinct"} or cells.is_weak(place.written)

    def _names_limit(self, place: Place, source: Source) -> bool:
        """Return whether the clause of a number has another that the query compares with: 31 exceed 1,000."""
        limits = {Decimal(one) for one in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?", " ".join(source.answered.basis.filters))}
        start, end = place.clause
        others = [one for one in self.written if start <= one.start < end and one is not place.written]
        return any(one.mantissas[0] * one.scale in limits for one in others)

    def _counted_nouns(self, place: Place) -> Sequence[Word]:
        """Return the nouns of a number; of the whole in `92 of 120 exams passed` those before what is said of the part."""
        if _PART_OF.search(self.text[place.clause[0] : place.written.before]) is None:
            return place.nouns
        known = [n for n, word in enumerate(place.nouns, 1) if labels.meanings(word.folded) & self.known]
        return place.nouns[: known[0]] if known else place.nouns

    def _counts_label(self, place: Place, source: Source) -> bool:
        """Return whether a number counts a label itself, and not things of it: 9 Fords, not 9 Ford dealers."""
        for one in self.named[id(source)]:
            if one.start >= place.written.after and not self.text[place.written.after : one.start].strip(" *_\u00a0"):
                following = re.match(r"[*_]*\s+([^\W\d_]+)", self.text[one.end :])
                return following is None or labels.is_small(labels.fold(following[1]))
        return False

    def _is_filtered_elsewhere(self, place: Place, source: Source) -> bool:
        """Return whether what is said of a number is what only another result asks for: 312 loans are overdue."""
        if _OF_ALL.search(self.text[place.clause[0] : place.written.before]) is not None:
            return False
        others = frozenset[str]().union(*(other.wanted for other in self.sources if other is not source))
        own = source.wanted | frozenset[str]().union(*source.called)
        return bool(self._meanings(place.tail) & (others - own))

    def _is_of_another_period(self, place: Place, source: Source, column: int) -> bool:
        """Return whether the year said of a number is in the name of another column: kwh_2024 beside kwh_2025."""
        own, every = source.periods[column], frozenset[str]().union(*source.periods)
        if not own:
            return False
        before, after = self.text[place.sentence[0] : place.written.before], self.text[place.written.after : place.sentence[1]]
        following = re.match(r"[^\d;.,|]*", after)
        near = after[: 0 if following is None else following.end() + len("2025")]
        for said in (cells.periods(near), cells.periods(before)[-1:], cells.periods(place.header)):
            if meant := every.intersection(said):
                return not meant & own
        return False


def _widest(found: dict[int, list[Named]]) -> dict[int, list[Named]]:
    """Leave out names that stand inside a wider one: 2024 in June 2024."""
    spans = {(one.start, one.end) for named in found.values() for one in named}

    def is_inside(one: Named) -> bool:
        return any(a <= one.start and one.end <= b and b - a > one.end - one.start for a, b in spans)

    return {key: [one for one in named if not is_inside(one)] for key, named in found.items()}


def _texts(sources: Sequence[Source]) -> Iterator[str]:
    results = [source.answered.result for source in sources]
    yield from (value for one in results if one for row in one.rows for value in row if isinstance(value, str))


def _identifiers(text: str, results: Sequence[ToolAnswered]) -> list[tuple[int, int]]:
    """Return where the text names tables and columns that have digits in their names."""
    names = {name for answered in results if answered.result is not None for name in _names(answered) if re.search(r"\d", name)}
    return [m.span() for name in names for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)]


def _names(answered: ToolAnswered) -> Iterator[str]:
    yield from () if answered.result is None else (column.name for column in answered.result.columns)
    yield from (used.table for used in answered.basis.rows)
    yield from (name for output in answered.basis.outputs for _, name in output.columns)


def _in_percent(place: Place) -> Written | None:
    """Return the number as a percentage where the header of its column says so."""
    if place.written.measure == "plain" and re.search(r"%|percent|prozent", place.header, re.IGNORECASE):
        return replace(place.written, measure="percent")
    return None


def _captions(sentence: str, header: str) -> tuple[Decimal, ...]:
    """Return what a caption in the sentence or the header may multiply a number with: `in thousands`."""
    match = _CAPTION.search(header or sentence)
    return (Decimal(1),) if match is None else (Decimal(1), Decimal(1000 if match["k"] else 1_000_000))
