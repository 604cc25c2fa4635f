"""The values of formulas: where they stand, what they say, what they held last, and what an edit would do to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from chatsheet.sheets.formulas.pattern import Pattern
from chatsheet.sheets.model import Trait, Value

Position = tuple[str, int, int]
"""Tab, row and column of a cell; both numbers count from 1."""

Area = tuple[str, int, int, int, int]
"""Tab, first row, first column, last row, last column, all inclusive, from 1."""

Temporal = Literal["", "date", "datetime", "time"]
"""What a cell's number format makes of its number."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One cell's formula; `cached` is the value that the last program to save it had computed, None for none."""

    row: int
    column: int
    pattern: Pattern
    cached: JsonValue = None
    shows: Temporal = ""
    fills: tuple[int, int, int, int] | None = None
    """The cells that an array formula fills, as first row, first column, last row, last column; None for its own alone."""

    @property
    def text(self) -> str:
        """The formula as the user writes it, `=` in front."""
        return f"={self.pattern.at(self.row, self.column)}"


@dataclass(frozen=True, slots=True)
class FormulaSheet:
    """The formulas of one tab by row and column."""

    tab: str
    cells: Mapping[tuple[int, int], Formula] = field(default_factory=dict[tuple[int, int], Formula])


@dataclass(frozen=True, slots=True)
class NamedTable:
    """An Excel table: all its cells, how many rows at its ends are no data, and its column names in lower case."""

    area: Area
    headers: int
    totals: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormulaBook:
    """All formulas of a workbook, with what their names and tables mean."""

    sheets: Mapping[str, FormulaSheet] = field(default_factory=dict[str, FormulaSheet])
    """By tab, every tab in workbook order, those without formulas too."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Defined names in lower case and their definition; one that is local to a tab is `tab!name`."""
    tables: Mapping[str, NamedTable] = field(default_factory=dict[str, NamedTable])
    """Excel tables by name in lower case."""
    is_complete: bool = True
    """Whether all formulas are here; false where a tab holds more than are read."""
    starts_1904: bool = False
    """Whether day 0 is 1904-01-01 instead of 1899-12-31."""

    def formula(self, position: Position) -> Formula | None:
        """Return the formula in a cell, or None."""
        sheet = self.sheets.get(position[0])
        return sheet.cells.get(position[1:]) if sheet else None


class Recalculated(Value):
    """A cell whose value an edit would change; dates are ISO texts, errors their Excel text."""

    tab: str
    cell: str
    before: JsonValue
    after: JsonValue
    is_checked: bool = True
    """Whether the engine's value before the edit equals the one stored in the file; False where the file stores none."""


class Stale(Value):
    """A cell that an edit reaches and that is not recalculated: it keeps its value."""

    tab: str
    cell: str
    value: JsonValue
    reason: str


class Counts(Value):
    """How many cells an edit reaches, listed or not."""

    recalculated: int = 0
    unchanged: int = 0
    stale: int = 0
    overwritten: int = 0


class Impact(Value):
    """What an edit would do to the formulas of a workbook; precedents come before what depends on them."""

    recalculated: tuple[Recalculated, ...] = ()
    stale: tuple[Stale, ...] = ()
    overwritten: tuple[str, ...] = ()
    """Formulas that the edit itself replaces, as `Tab!A1`."""
    counts: Counts = Counts()


class CellFormula(Value):
    """A cell's formula, the value that the file stores for it, and what makes it special."""

    cell: str
    formula: str
    value: JsonValue = None
    traits: tuple[Trait, ...] = ()


class InArea(Value):
    """The formulas of an area of a tab, row by row."""

    cells: tuple[CellFormula, ...] = ()
