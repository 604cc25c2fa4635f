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

from chatsheet.chat import cells, numbers, subjects
from chatsheet.chat.cells import Cell, Source
from chatsheet.chat.columns import Columns
from chatsheet.chat.events import NumberFound, ToolAnswered
from chatsheet.chat.numbers import Written
from chatsheet.chat.passages import Passage
from chatsheet.chat.rows import Rows
from chatsheet.chat.sentences import Place

_CHANGES = frozenset({"", "difference", "ratio", "percent"})
_CAPTION = re.compile(
    r"\b(?:in|en)\s+(?:(?P<k>thousands?|tausend|tsd\.?|TEUR|T€|k€|miles|milliers)|(?P<m>millions?"
    r"|millionen|mio\.?|millones))\b",
    re.IGNORECASE,
)


def trace(text: str, results: Sequence[ToolAnswered], *, question: str = "", locale: str = "en") -> tuple[NumberFound, ...]:
    """Return every number of `text` that claims something, with the cell it comes from.

    Numbers of the question that no cell holds, dates, names and limits that a query sets are no claims.
    """
    return _Tracing(Passage(text, results, question=question, locale=locale)).traced()


class _Tracing:
    """The search for the cells of a passage's numbers."""

    def __init__(self, said: Passage) -> None:
        self.said = said
        self.columns = Columns(said)
        self.rows = Rows(said)

    def traced(self) -> tuple[NumberFound, ...]:
        """Return the numbers that claim something, and references that lead nowhere, in order."""
        found = [found for place in self.said.places if (found := self._trace(place)) is not None]
        return tuple(sorted([*found, *self._unknown()], key=lambda one: one.start))

    def _unknown(self) -> Iterator[NumberFound]:
        """Yield the references to results that no query can have given: handles are counted up, turn after turn."""
        last = max(
            (int(one) for source in self.said.sources if (one := (source.answered.handle or "")[1:]).isdecimal()), default=0
        )
        for handle in numbers.handles(self.said.written_text) if last else ():
            if not 1 <= int(handle.group()[1:]) <= last:
                yield NumberFound(text=handle.group(), start=handle.start(), end=handle.end(), handle=None)

    def _trace(self, place: Place) -> NumberFound | None:
        written, text = place.written, self.said.text
        best: tuple[tuple[int, int, int], Source, Cell] | None = None
        sources = () if self.said.is_of_strange(place) else self.said.sources
        for newness, source in enumerate(sources):
            for cell, score in self._candidates(place, source):
                rank = (score, 0 if cell.is_counted else 1, newness)
                if best is None or rank > best[0]:
                    best = (rank, source, cell)
        found = NumberFound(text=written.text, start=written.start, end=written.end, handle=None)
        if best is None:
            labelled = len({text[one.start : one.end] for named in self.said.named.values() for one in named})
            return None if self.said.claims.is_none(text, place, known=self.said.known, labelled=labelled) else found
        _, source, cell = best
        result = source.answered.result
        column = None if cell.column is None or result is None else result.columns[cell.column].name
        return found.model_copy(update={"handle": source.answered.handle, "row": cell.row, "column": column})

    def _candidates(self, place: Place, source: Source) -> Iterator[tuple[Cell, int]]:
        """Yield the cells that a number may be, with how many of its words say so."""
        written = place.written
        context = self.said.direction(place)
        header = _in_percent(place)
        captions = _captions(self.said.text[slice(*place.sentence)], place.header)
        asked = header or written
        for cell in source.near(asked, captions):
            is_share = None if cell.column is None else source.shares[cell.column]
            if not source.is_money(cell.column, written.currency) or not any(
                cells.says(asked, cell, is_share=is_share, context=context, is_scaled=scale) for scale in captions
            ):
                continue
            if (score := self._fit(place, source, cell)) is not None:
                yield cell, score

    def _is_another(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number is told as a part, a period, a filter or a change that the cell is not."""
        if self.said.is_change(place) and "growth" not in cell.called and cell.output.kind not in _CHANGES:
            return True
        if cell.column is not None and self._is_of_another_period(place, source, cell.column):
            return True
        kept = self.said.kept[id(source)]
        if subjects.is_elsewhere(place, self.said.layout, source, cell.column, kept, self.said.written):
            return True
        return self._is_part_of(place, source, cell) or self._is_filtered_elsewhere(place, source)

    def _fit(self, place: Place, source: Source, cell: Cell) -> int | None:
        """Return how well the words around a number fit a cell; None where they say that it is another."""
        by_row = self.rows.fit(place, source, cell)
        if by_row is False or (by_row is None and not self.rows.may_do_without(place, source, cell)):
            return None
        if self._is_another(place, source, cell):
            return None
        by_column = self.columns.fit(place, source, cell)
        if by_column is None:
            return None
        if by_column == 0 and not self.columns.may_do_without(place, source, cell, has_row=by_row is True):
            return None
        return 2 * by_column + (by_row is True)

    def _is_part_of(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number is told as the whole, and the cell counts the part: of 198 invoices 173 are paid."""
        if cell.column is None or not self.said.is_of_part(place):
            return False
        others = frozenset[str]().union(*(called for column, called in enumerate(source.called) if column != cell.column))
        return bool((cell.called - others) & self.said.meanings(place.rest))

    def _is_filtered_elsewhere(self, place: Place, source: Source) -> bool:
        """Return whether what is said of a number is what only another result asks for: 312 loans are overdue."""
        if self.said.is_of_whole(place):
            return False
        others = frozenset[str]().union(*(other.wanted for other in self.said.sources if other is not source))
        own = source.wanted | frozenset[str]().union(*source.called)
        return bool(self.said.meanings(place.tail) & (others - own))

    def _is_of_another_period(self, place: Place, source: Source, column: int) -> bool:
        """Return whether the year said of a number is in the name of another column: kwh_2024 beside kwh_2025."""
        own, every = source.periods[column], frozenset[str]().union(*source.periods)
        if not own:
            return False
        before, after = (
            self.said.text[place.sentence[0] : place.written.before],
            self.said.text[place.written.after : place.sentence[1]],
        )
        following = re.match(r"[^\d;.,|]*", after)
        near = after[: 0 if following is None else following.end() + len("2025")]
        for said in (cells.periods(near), cells.periods(before)[-1:], cells.periods(place.header)):
            if meant := every.intersection(said):
                return not meant & own
        return False


def _in_percent(place: Place) -> Written | None:
    """Return the number as a percentage where the header of its column says so."""
    if place.written.measure == "plain" and re.search(r"%|percent|prozent", place.header, re.IGNORECASE):
        return replace(place.written, measure="percent")
    return None


def _captions(sentence: str, header: str) -> tuple[Decimal, ...]:
    """Return what a caption in the sentence or the header may multiply a number with: `in thousands`."""
    match = _CAPTION.search(header or sentence)
    return (Decimal(1),) if match is None else (Decimal(1), Decimal(1000 if match["k"] else 1_000_000))
