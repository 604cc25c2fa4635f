"""Which column of a result the words around a number mean, and when a number needs no such word. Pure."""

import re
from decimal import Decimal

from chatsheet.chat import cells, labels, words
from chatsheet.chat.cells import Cell, Source
from chatsheet.chat.numbers import Written
from chatsheet.chat.passages import Passage
from chatsheet.chat.sentences import Place

_AMOUNTS, _THINGS = words.AMOUNTS, words.THINGS
_AVERAGES = frozenset({"average", "median"})
_PARTS = frozenset({"growth", "margin", "discount", "tax"})
"""Amounts that are percentages of others."""
_LOWEST = frozenset(labels.meaning(labels.fold(word)) for word in words.LOWEST)
_HIGHEST = frozenset(labels.meaning(labels.fold(word)) for word in words.HIGHEST)
_SMALLEST = 10
"""Below it a number needs a word for what it counts, or to be the only one beside its label."""


class Columns:
    """What a passage says of the columns of its results."""

    def __init__(self, said: Passage) -> None:
        self.said = said

    def fit(self, place: Place, source: Source, cell: Cell) -> int | None:
        """Return how many words name the cell's column; None where they name another."""
        if self._is_unfit(place, source, cell):
            return None
        if self.said.is_multiple(place):
            return int([output.kind for output in source.outputs].count("ratio") == 1)
        if place.header:
            return self._by_words(
                labels.meanings(place.header), source, cell, place.written, demanded=self.said.known | _THINGS
            )
        nouns, said = self.said.meanings(self.said.counted_nouns(place)), self.said.meanings(place.said)
        if place.written.measure == "plain":
            nouns |= self.said.meanings(place.of) & (_AMOUNTS | self.said.measured)
        counted = nouns & (self.said.known | _AMOUNTS | _THINGS)
        if counted and (fits := self._by_nouns(place, source, cell, counted)) != 0:
            return (
                None if fits is None else self._as_meant(nouns | self.said.qualities(place, nouns, source), source, cell, fits)
            )
        if self.said.strangers(place):  # things of another kind, but for what is said of them: 412 portions sold
            if cell.output.kind in {"count", "distinct"}:
                return int(self.said.tells(place, source, cell.column))
            return labels.any_of(self.said.meanings(place.tail[:1]), cell.called)
        said |= self.said.predicate(place)
        fits = self._by_words(
            said & (self.said.measured | _AMOUNTS), source, cell, place.written, demanded=self._measured_elsewhere(source)
        )
        return self._as_meant(said | nouns, source, cell, fits)

    def _by_nouns(self, place: Place, source: Source, cell: Cell, counted: frozenset[str]) -> int | None:
        """Return how many nouns of a number fit; None where they, or what is said of them, name another."""
        written = place.written
        fits = self._by_words(counted, source, cell, written, demanded=self.said.known | _THINGS)
        if not fits:
            return fits
        told = counted | (self.said.predicate(place) - (source.filtered if cell.is_counted else frozenset()))
        is_another = self._by_words(told, source, cell, written, demanded=frozenset()) is None
        return None if is_another or self._leaves_unsaid(place, source, cell) else fits

    def _is_unfit(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number is told as a measure, a multiple or a whole that the cell cannot be."""
        is_measure = any(word.folded in words.MEASURES for word in place.nouns[:1]) and not place.written.currency
        if is_measure and cell.output.unit.currency:
            return True
        if self.said.is_multiple(place):  # of what another row has it is not the cell's, of what another year has it may be
            others = [one for one in self.said.named[id(source)] if place.written.after <= one.start < place.clause[1]]
            is_of_year = all(self.said.text[one.start : one.end].isdecimal() for one in others)
            return cell.output.kind != "ratio" or not is_of_year
        return self.said.is_of_part(place) and source.is_part(cell)

    def _leaves_unsaid(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a cell counts by a condition of its own, which neither the sentence nor the question tells."""
        if cell.output.kind != "count" or not (texts := source.own(cell.column)):
            return False
        own = labels.meanings(" ".join((cell.output.name, *texts))) - source.tables
        around = self.said.unlabelled([*place.said, *place.rest])
        is_bare = all(labels.is_small(word.folded) or word.folded in words.NO_NOUNS for word in around)
        return is_bare and not own & (self.said.asked | labels.meanings(self.said.text[slice(*place.sentence)]))

    def _measured_elsewhere(self, source: Source) -> frozenset[str]:
        """Return what columns of other results are called."""
        return frozenset(word for other in self.said.sources if other is not source for word in other.measured) - _THINGS

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

    def may_do_without(self, place: Place, source: Source, cell: Cell, *, has_row: bool) -> bool:
        """Return whether a cell may be taken though no word names its column."""
        written = place.written
        if cell.is_counted or written.is_word:
            return False
        if has_row and cell.output.kind in {"count", "distinct"} and self._counts_label(place, source):
            return True
        unknown = self.said.strangers(place)
        if unknown:
            # a noun that only the question has, or a limit of the query, about the only cell there is
            asked = any(labels.meanings(word.folded) & self.said.asked for word in unknown)
            if self._names_limit(place, source) and cell.output.kind == "count":
                return source.row_count == 1 and [output.kind for output in source.outputs].count("count") == 1
            return asked and len(source.outputs) == 1 and source.row_count == 1
        if not cells.is_weak(written):
            return True
        beside = source.beside(cell)
        if written.measure != "plain" or written.currency:
            beside = [column for column in beside if source.may_be(column, written)]
        elif written.unit:
            beside = [column for column in beside if source.outputs[column].unit.symbol == written.unit] or beside
        is_only = len(beside) == 1
        is_alone = source.row_count == 1
        return (has_row and (is_only or abs(written.mantissas[0] * written.scale) >= _SMALLEST)) or (is_only and is_alone)

    def _names_limit(self, place: Place, source: Source) -> bool:
        """Return whether the clause of a number has another that the query compares with: 31 exceed 1,000."""
        limits = {Decimal(one) for one in re.findall(r"(?<![\w.-])\d+(?:\.\d+)?", " ".join(source.answered.basis.filters))}
        start, end = place.clause
        others = [one for one in self.said.written if start <= one.start < end and one is not place.written]
        return any(one.mantissas[0] * one.scale in limits for one in others)

    def _counts_label(self, place: Place, source: Source) -> bool:
        """Return whether a number counts a label itself, and not things of it: 9 Fords, not 9 Ford dealers."""
        for one in self.said.named[id(source)]:
            if one.start >= place.written.after and not self.said.text[place.written.after : one.start].strip(" *_\u00a0"):
                following = re.match(r"[*_]*\s+([^\W\d_]+)", self.said.text[one.end :])
                return following is None or labels.is_small(labels.fold(following[1]))
        return False
