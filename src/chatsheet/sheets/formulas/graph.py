"""What depends on what: precedents and dependents of cells, in order, and circles among them. Pure.

Areas are never unfolded into cells, and a cell that is done is stepped over: 100,000 running totals cost no square of it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from chatsheet.sheets.formulas import structured, traits
from chatsheet.sheets.formulas.model import Area, Formula, FormulaBook, Position
from chatsheet.sheets.formulas.pattern import Pattern, Reference
from chatsheet.sheets.formulas.stabbing import Stabbing

_FEW_CELLS = 16
_MANY_COLUMNS = 64
_EVERY_COLUMN = 0


@dataclass(frozen=True, slots=True)
class Order:
    """Cells, precedents first, and the circles found among them."""

    cells: tuple[Position, ...]
    circles: tuple[tuple[Position, ...], ...]


class Graph:
    """The references of all formulas of a workbook, indexed both ways."""

    def __init__(self, book: FormulaBook) -> None:
        self._book = book
        self._tabs = {tab.casefold(): tab for tab in book.sheets}
        self._behind: dict[tuple[str, int], tuple[Pattern, ...]] = {}
        self._by_cell: defaultdict[Position, list[Position]] = defaultdict(list)
        self._by_area: defaultdict[Area, list[Position]] = defaultdict(list)
        self._by_column: defaultdict[tuple[str, int], list[Area]] = defaultdict(list)
        self._stabbing: dict[tuple[str, int], Stabbing] = {}
        self._dynamic: list[Position] = []
        known: dict[tuple[str, int], bool] = {}
        for sheet in book.sheets.values():
            for (row, column), formula in sheet.cells.items():
                key = (sheet.tab, id(formula.pattern))
                if key not in known:
                    known[key] = "dynamic" in traits.of(formula, book, sheet.tab)
                self._index((sheet.tab, row, column), is_dynamic=known[key])

    def _index(self, position: Position, *, is_dynamic: bool) -> None:
        if is_dynamic:
            self._dynamic.append(position)
        for area in set(self.precedents(position)):
            tab, top, left, bottom, right = area
            if (bottom - top + 1) * (right - left + 1) <= _FEW_CELLS:
                for row in range(top, bottom + 1):
                    for column in range(left, right + 1):
                        self._by_cell[tab, row, column].append(position)
                continue
            if area not in self._by_area:
                for column in range(left, right + 1) if right - left < _MANY_COLUMNS else (_EVERY_COLUMN,):
                    self._by_column[tab, column].append(area)
            self._by_area[area].append(position)

    def precedents(self, position: Position) -> tuple[Area, ...]:
        """Return the areas that a cell's formula reads directly, as written; none for a plain cell."""
        formula = self._book.formula(position)
        return tuple(self._areas(position, formula)) if formula else ()

    def _areas(self, position: Position, formula: Formula) -> Iterator[Area]:
        tab, row, column = position
        key = (tab, id(formula.pattern))
        if key not in self._behind:
            self._behind[key] = (formula.pattern, *traits.definitions(formula.pattern, self._book, tab))
        for used in self._behind[key]:
            for reference in used.references:
                cells = reference.area(row, column)
                if cells is not None and not reference.is_external:
                    yield from ((name, *cells) for name in self._named(reference, tab))
            for written in used.words("table"):
                if (area := structured.area(written, self._book.tables, row)) is not None:
                    yield area

    def _named(self, reference: Reference, own: str) -> Iterable[str]:
        tabs = [self._tabs.get(name.casefold()) for name in reference.tabs] or [own]
        first, last = tabs[0], tabs[-1]
        if first is None or last is None:
            return ()
        if first == last:
            return (first,)
        order = list(self._book.sheets)
        ends = sorted((order.index(first), order.index(last)))
        return order[ends[0] : ends[1] + 1]

    def reached(self, changed: Iterable[Position]) -> Mapping[Position, Position]:
        """Return every formula cell that depends on a changed one, with the changed cell that reached it first.

        Formulas that choose their cells at run time depend on everything.
        """
        found: dict[Position, Position] = {}
        open_areas: dict[tuple[str, int], Stabbing] = {}
        todo = [(cell, position) for position in changed for cell in self._fills(position)]
        if todo:
            todo.extend((position, todo[0][0]) for position in self._dynamic)
            found.update(dict.fromkeys(self._dynamic, todo[0][0]))
        while todo:
            position, cause = todo.pop()
            for dependent in self._direct(position, open_areas):
                if dependent not in found:
                    found[dependent] = cause
                    todo.extend((filled, cause) for filled in self._fills(dependent))
        return found

    def spanning(self, position: Position) -> tuple[Position, ...]:
        """Return the formulas that read a cell as one of several rows, or of several columns."""
        return tuple(
            one
            for one in dict.fromkeys(self._direct(position, {}))
            if any(_holds(area, position) and area[1:3] != area[3:5] for area in self.precedents(one))
        )

    def _direct(self, position: Position, open_areas: dict[tuple[str, int], Stabbing]) -> Iterator[Position]:
        """Yield the formulas that read a cell; those of an area that is told leave `open_areas`."""
        yield from self._by_cell.get(position, ())
        tab, row, column = position
        for key in ((tab, column), (tab, _EVERY_COLUMN)):
            if key not in open_areas:
                if key not in self._by_column:
                    continue
                if key not in self._stabbing:
                    self._stabbing[key] = Stabbing.of(self._by_column[key])
                open_areas[key] = self._stabbing[key].copy()
            for area in open_areas[key].take(row):
                # a formula over many columns is told of a cell beside its area too: one too many, never one too few
                yield from self._by_area[area]

    def _fills(self, position: Position) -> Iterator[Position]:
        formula = self._book.formula(position)
        top, left, bottom, right = (formula.fills if formula else None) or (*position[1:], *position[1:])
        return ((position[0], row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))

    def ordered(self, cells: Collection[Position]) -> Order:
        """Return formula cells with precedents first, and their circles; Tarjan's algorithm over areas."""
        return _Walk(self, cells).run()

    def dependents(self, changed: Iterable[Position]) -> tuple[Position, ...]:
        """Return every formula cell that depends on a changed one, precedents first."""
        return self.ordered(self.reached(changed)).cells


class _Walk:
    def __init__(self, graph: Graph, cells: Collection[Position]) -> None:
        self._graph = graph
        self._cells = sorted(cells)
        self._rows: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for tab, row, column in self._cells:
            self._rows[tab, column].append(row)
        self._columns: defaultdict[str, list[int]] = defaultdict(list)
        for tab, column in sorted(self._rows):
            self._columns[tab].append(column)
        # for every column: where the next cell stands that is not done
        self._next = {key: list(range(len(rows) + 1)) for key, rows in self._rows.items()}
        self._index: dict[Position, int] = {}
        self._low: dict[Position, int] = {}
        self._stack: list[Position] = []
        self._order: list[Position] = []
        self._circles: list[tuple[Position, ...]] = []

    def run(self) -> Order:
        for position in self._cells:
            if position not in self._index:
                self._visit(position)
        return Order(tuple(self._order), tuple(self._circles))

    def _visit(self, root: Position) -> None:
        frames = [(root, self._enter(root))]
        while frames:
            position, rest = frames[-1]
            for other in rest:
                if other not in self._index:
                    frames.append((other, self._enter(other)))
                    break
                self._low[position] = min(self._low[position], self._index[other])
            else:
                frames.pop()
                if frames:
                    parent = frames[-1][0]
                    self._low[parent] = min(self._low[parent], self._low[position])
                if self._low[position] == self._index[position]:
                    self._leave(position)

    def _enter(self, position: Position) -> Iterator[Position]:
        self._index[position] = self._low[position] = len(self._index)
        self._stack.append(position)
        return self._open(position)

    def _leave(self, position: Position) -> None:
        at = self._stack.index(position) if self._stack[-1] != position else len(self._stack) - 1
        group = tuple(self._stack[at:])
        del self._stack[at:]
        self._order.extend(reversed(group))
        if len(group) > 1 or any(_holds(area, position) for area in self._graph.precedents(position)):
            self._circles.append(tuple(sorted(group)))
        for tab, row, column in group:
            number = bisect_left(self._rows[tab, column], row)
            self._next[tab, column][number] = number + 1

    def _open(self, position: Position) -> Iterator[Position]:
        """Yield the direct precedents that are not done: new ones and those on the way here."""
        for tab, top, left, bottom, right in self._graph.precedents(position):
            columns = self._columns.get(tab, [])
            for column in columns[bisect_left(columns, left) : bisect_left(columns, right + 1)]:
                rows = self._rows[tab, column]
                number = self._skip((tab, column), bisect_left(rows, top))
                while number < len(rows) and rows[number] <= bottom:
                    yield tab, rows[number], column
                    number = self._skip((tab, column), number + 1)

    def _skip(self, key: tuple[str, int], number: int) -> int:
        following = self._next[key]
        end = number
        while following[end] != end:
            end = following[end]
        while following[number] != end:
            following[number], number = end, following[number]
        return end


def _holds(area: Area, position: Position) -> bool:
    tab, row, column = position
    return area[0] == tab and area[1] <= row <= area[3] and area[2] <= column <= area[4]
