"""Writes a messy tab line by line; what each line is meant to be makes the truth about its tables."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from chatsheet.sheets.ingest.grid import Cell, Grid, Span, letter

Truth = tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""The range of a table, its header rows, its totals, and the rows inside that are no data."""
_WORDS = (
    "Anvil Barrel Candle Drill Engine Funnel Gasket Hammer Iron Jack Kettle Ladder Motor Needle Oven Pump Quartz Rope Saw Tube "
    "Umbrella Valve Wrench Yarn Zipper Äpfel Brød Céleri Dürüm Éclair Fjäll Gżegżółka Hügel Île Jalapeño"
)
_NAMES = _WORDS.split()


@dataclass(slots=True)
class Tab:
    """A tab being written; cells by row and column, from 1."""

    rng: random.Random
    row: int = 1
    """The row that is written next."""
    column: int = 1
    """Where a line begins."""
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict[tuple[int, int], Cell])
    merged: list[Span] = field(default_factory=list[Span])
    tables: list["Table"] = field(default_factory=list["Table"])

    def line(self, *cells: Cell) -> int:
        """Write a line that is of no table, and return its row."""
        for place, cell in enumerate(cells):
            if cell is not None:
                self.cells[self.row, self.column + place] = cell
        self.row += 1
        return self.row - 1

    def skip(self, rows: int = 1) -> None:
        """Leave rows blank."""
        self.row += rows

    def table(self, row: int | None = None, column: int | None = None) -> "Table":
        """Begin a table where the tab stands, or elsewhere."""
        self.row, self.column = row or self.row, column or self.column
        table = Table(self)
        self.tables.append(table)
        return table

    def merge(self, row: int, column: int, *, rows: int = 1, columns: int = 1) -> None:
        """Merge cells; column 0 is the one where lines begin."""
        left = self.column + column
        self.merged.append(Span(row, left, row + rows - 1, left + columns - 1))

    def names(self, count: int) -> list[str]:
        """Return names, none twice."""
        return self.rng.sample(_NAMES, count)

    def amount(self) -> float:
        """Return an amount that is hardly the sum of others."""
        return round(self.rng.uniform(20, 9000), 2)

    def amounts(self, count: int) -> list[float]:
        """Return several amounts."""
        return [self.amount() for _ in range(count)]

    def days(self, count: int) -> list[date]:
        """Return days one after the other."""
        first = date(2025, 1, 1) + timedelta(days=self.rng.randrange(200))
        return [first + timedelta(days=place) for place in range(count)]

    def grid(self, *, as_texts: bool = False) -> Grid:
        """Return the tab as a reader gives it; `as_texts` as delimited text would, without merged cells."""
        height = max(row for row, _ in self.cells)
        left, width = min(column for _, column in self.cells), max(column for _, column in self.cells)
        top = min(row for row, _ in self.cells)
        rows = [
            [self._cell(row, column, as_texts=as_texts) for column in range(left, width + 1)] for row in range(top, height + 1)
        ]
        merged = () if as_texts else tuple(self.merged)
        return Grid("Mess", rows, top, left, is_hidden=False, evidence="", merged=merged)

    def _cell(self, row: int, column: int, *, as_texts: bool) -> Cell:
        cell = self.cells.get((row, column))
        return cell if cell is None or not as_texts else str(cell)

    @property
    def truth(self) -> list[Truth]:
        """The tables in reading order of their first cells."""
        return sorted(table.truth for table in self.tables)


@dataclass(slots=True)
class Table:
    """A table being written; every line says what it is."""

    tab: Tab
    headers: list[int] = field(default_factory=list[int])
    data: list[int] = field(default_factory=list[int])
    totals: list[int] = field(default_factory=list[int])
    others: list[int] = field(default_factory=list[int])
    columns: set[int] = field(default_factory=set[int])

    def _used(self, cells: Sequence[Cell]) -> None:
        self.columns |= {self.tab.column + place for place, cell in enumerate(cells) if cell is not None}

    def header(self, *cells: Cell) -> int:
        """Write a header row and return its number."""
        self._used(cells)
        self.headers.append(row := self.tab.line(*cells))
        return row

    def add(self, *cells: Cell) -> None:
        """Write a row of data."""
        self._used(cells)
        self.data.append(self.tab.line(*cells))

    def total(self, *cells: Cell) -> int:
        """Write a row that sums up others."""
        self.totals.append(row := self.tab.line(*cells))
        return row

    def apart(self, *cells: Cell) -> int:
        """Write a row inside that is no data: a heading, a page number, the header again; blank without cells."""
        self.others.append(row := self.tab.line(*cells))
        return row

    def items(self, count: int, values: int) -> list[list[float]]:
        """Write rows of a name and amounts, and return the amounts."""
        rows = [self.tab.amounts(values) for _ in range(count)]
        for name, row in zip(self.tab.names(count), rows, strict=True):
            self.add(name, *row)
        return rows

    @property
    def truth(self) -> Truth:
        """What must be found."""
        first, last = min((*self.headers, *self.data)), max(self.data)
        left, right = min(self.columns), max(self.columns)
        inside = tuple(row for row in sorted(self.others) if min(self.data) < row < last)
        return f"{letter(left)}{first}:{letter(right)}{last}", tuple(self.headers), tuple(sorted(self.totals)), inside


def sums(rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the sums of columns, in cents."""
    return [round(sum(column), 2) for column in zip(*rows, strict=True)]
