"""Which row of a result the words around a number mean, and when a cell may be taken though none is named. Pure."""

import re

from chatsheet.chat import labels
from chatsheet.chat.cells import Cell, Source
from chatsheet.chat.passages import Passage
from chatsheet.chat.sentences import Place

_WHOLE_YEAR = re.compile(
    r"\b(?:(?:whole|entire|full) year|year as a whole|ganzen? jahr|gesamtjahr|toute l['\u2019]année|todo el año)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\b(?:rang(?:e|es|ed|ing)|var(?:y|ies|ied)|between|reich(?:t|en)|schwank\w+|zwischen|entre|oscila\w*)\b", re.IGNORECASE
)


class Rows:
    """What a passage says of the rows of its results."""

    def __init__(self, said: Passage) -> None:
        self.said = said

    def fit(self, place: Place, source: Source, cell: Cell) -> bool | None:
        """Return whether the labels of the sentence name the cell's row; None where they say nothing."""
        named = self.said.named[id(source)]
        if cell.row is None:
            return False if self.said.subjects(place, named) else None
        answers = [
            cell.row in rows
            for column in source.index.columns
            if (rows := self.said.owner(place, [one for one in named if one.column == column])) is not None
        ]
        return all(answers) if answers else None

    def may_do_without(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a cell may be taken though no label of its row is named."""
        if self._is_about_others(place, source) or not source.covers(self.said.months(place)):
            return False
        if cell.row is None or source.row_count == 1:
            return True
        if _WHOLE_YEAR.search(self.said.text[slice(*place.clause)]):
            return cell.row in self._years(place, source)
        if self.said.is_of_all(place):
            return False
        is_told = self._is_end(place, source, cell) or self._is_listed(place, source, cell)
        return is_told or cell.row in self._before(place, source)

    def _is_about_others(self, place: Place, source: Source) -> bool:
        """Return whether a number is said of a label that this result neither has nor asks for."""
        sql = labels.fold(source.answered.sql or "")
        others = [one for other in self.said.sources if other is not source for one in self.said.named[id(other)]]
        return any(labels.fold(label) not in sql for label in self.said.subjects(place, others))

    def _is_end(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a cell is told by being the largest or the smallest of its column."""
        ends = {"minimum", "maximum"} if _RANGE.search(self.said.text[slice(*place.sentence)]) else self.said.ends(place)
        return any(source.is_end(cell, end) and not source.is_cut(cell) for end in ends)

    def _is_listed(self, place: Place, source: Source, cell: Cell) -> bool:
        """Return whether a number stands in a list of one for each row in the place of the cell's row."""
        run = self.said.run(place)
        return len(run) == source.row_count and run.index(place.written.start) == cell.row

    def _before(self, place: Place, source: Source) -> frozenset[int]:
        """Return the rows that the sentence before in the same paragraph names, where it names only these."""
        here = self.said.layout.sentence_of(place.sentence[0])
        every = [one for named in self.said.named.values() for one in named]
        is_named = any(place.sentence[0] <= one.start < place.sentence[1] for one in every)
        if here == 0 or is_named or "\n" in self.said.text[self.said.layout.sentences[here - 1][0] : place.sentence[0]]:
            return frozenset()
        start, end = self.said.layout.sentences[here - 1]
        rows = {one.rows for one in self.said.named[id(source)] if start <= one.start < end}
        return next(iter(rows)) if len(rows) == 1 else frozenset()

    def _years(self, place: Place, source: Source) -> frozenset[int]:
        """Return the rows of the year that the sentence names."""
        years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", self.said.text[place.sentence[0] : place.written.before])
        return frozenset(row for one in source.index.find(" ".join(years[-1:])) for row in one.rows)
