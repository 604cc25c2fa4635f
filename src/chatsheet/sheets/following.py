"""What edits did to the cells of a workbook's tabs, and what follows for its formulas. Pure but for the file `CELLS`.

A version beside whose import edits stand keeps `CELLS`: every cell that was given a value or a formula, what formulas hold now
where it is not what the file stores, and which are stale. The engine starts from the original file and from this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import TypeVar

from pydantic import Field, JsonValue

from chatsheet.sheets import edits
from chatsheet.sheets.edits import TypedValue
from chatsheet.sheets.formulas.cells import MOST_FORMULAS
from chatsheet.sheets.formulas.describe import bounds, rows_of
from chatsheet.sheets.formulas.model import Impact
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import Column, Table, Value, Workbook
from chatsheet.sheets.scalars import scalar

CELLS = "cells.json"
MOST_CHANGED = 100_000
"""Cells that edits may change for their formulas to be followed; beyond, stored values stay and the workbook says so."""

LOST = "formulas are not recalculated"
"""How every reason begins for which formulas are not followed."""

Cell = tuple[str, str]
"""Tab and cell name."""
ByCell = dict[str, dict[str, JsonValue]]
"""By tab and cell name."""

_DAY_S = 86_400
_Held = TypeVar("_Held")


class Cells(Value):
    """What a version knows of cells beyond the file that it was imported from."""

    given: ByCell = Field(default_factory=dict[str, dict[str, JsonValue]])
    """Values and formulas (`{"formula": "=…"}`) that edits gave; dates are ISO texts, times fractions of a day."""
    holds: ByCell = Field(default_factory=dict[str, dict[str, JsonValue]])
    """What formulas hold where edits came by: recalculated, or kept although it is stale."""
    stale: dict[str, dict[str, str]] = Field(default_factory=dict[str, dict[str, str]])
    """Why the formulas that were not recalculated were not."""
    moved: tuple[Cell, ...] = ()
    """Where rows came or went."""
    pending: ByCell = Field(default_factory=dict[str, dict[str, JsonValue]])
    """What edits gave while formulas could not be followed in time: the next edit tries again."""
    lost: str = ""
    """Why the formulas of the workbook are not followed any more; empty while they are."""

    @property
    def size(self) -> int:
        """How many cells were given something."""
        return sum(map(len, self.all_given.values()))

    @property
    def all_given(self) -> ByCell:
        """Everything that edits gave, `pending` included."""
        return merged(self.given, self.pending)


class Touched(Value):
    """What edits do to cells: the same as in `Cells`, of one draft."""

    given: ByCell = Field(default_factory=dict[str, dict[str, JsonValue]])
    moved: tuple[Cell, ...] = ()
    is_too_much: bool = False

    @property
    def is_anything(self) -> bool:
        """Whether a formula might see it."""
        return bool(self.given or self.moved or self.is_too_much)

    @property
    def size(self) -> int:
        """How many cells were given something."""
        return sum(map(len, self.given.values()))


class Followed(Value):
    """What edits meant for the formulas of a workbook, and what the version keeps of it."""

    impact: Impact = Impact()
    cells: Cells = Cells()


@dataclass(slots=True)
class Log:
    """Gathers what a draft does to cells; columns and rows that are not in the tab leave no trace."""

    given: ByCell = field(default_factory=dict[str, dict[str, JsonValue]])
    moved: list[Cell] = field(default_factory=list[Cell])
    count: int = 0
    _rows: dict[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]])

    def values(self, table: Table, column: Column, rows: Iterable[tuple[int, object]]) -> None:
        """Note new values of a column by row id."""
        self._give(table, column, ((row, as_cell(column, value)) for row, value in rows))

    def formula(self, table: Table, column: Column, formulas: Mapping[int, str]) -> None:
        """Note formulas of a column by row id."""
        self._give(table, column, ((row, {"formula": text}) for row, text in formulas.items()))

    def _give(self, table: Table, column: Column, rows: Iterable[tuple[int, JsonValue]]) -> None:
        here, there = self.rows(table), self.given.setdefault(table.tab, {})
        for row, value in rows:
            if row in here and column.letter:
                self.count += 1
                if self.count <= MOST_CHANGED:
                    there[f"{column.letter}{row}"] = value

    def label(self, table: Table, column: Column, label: str) -> None:
        """Note a new header."""
        if column.letter and table.header_row is not None:
            self.given.setdefault(table.tab, {})[f"{column.letter}{table.header_row}"] = label

    def rows_moved(self, table: Table, rows: Sequence[int]) -> None:
        """Note that rows came behind these, or that these went."""
        here = self.rows(table)
        letters = [column.letter for column in table.columns if column.letter]
        self.count += len(rows) * len(letters)
        if self.count <= MOST_CHANGED:
            self.moved += [(table.tab, f"{name}{row}") for row in rows if row in here for name in letters]

    def rows(self, table: Table) -> frozenset[int]:
        """Return the rows of the tab that the table's data were imported from."""
        if table.id not in self._rows:
            self._rows[table.id] = frozenset(rows_of(table))
        return self._rows[table.id]

    def touched(self) -> Touched:
        """Return what was gathered."""
        given = {tab: cells for tab, cells in self.given.items() if cells}
        return Touched(given=given, moved=tuple(self.moved), is_too_much=self.count > MOST_CHANGED)


def as_cell(column: Column, value: object) -> JsonValue:
    """Return a stored value as its tab writes it: in the tab's scale, times as fractions of a day."""
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
        return seconds / _DAY_S
    if column.unit.scale != 1 and isinstance(value, int | float) and not isinstance(value, bool):
        return value / column.unit.scale
    return value if isinstance(value, str) else scalar(value)


def as_value(column: Column, value: JsonValue) -> TypedValue:
    """Return what a formula gives as the column keeps it; raises EditRefused for what its type cannot hold."""
    if column.unit.scale != 1 and isinstance(value, int | float) and not isinstance(value, bool):
        value = value * column.unit.scale
    if column.type == "time" and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1:
        seconds = round(value * _DAY_S)
        return time(seconds // 3600, seconds // 60 % 60, seconds % 60).isoformat()
    if column.type == "text" and isinstance(value, float) and value.is_integer():
        value = int(value)
    return edits.parse(value, column)


def is_wider(column: Column, value: JsonValue) -> bool:
    """Tell whether a column of whole numbers must become one of decimals to hold a value."""
    return column.type == "integer" and isinstance(value, float) and not (value * column.unit.scale).is_integer()


class Places:
    """Which column of which table a cell of a tab is in."""

    def __init__(self, workbook: Workbook) -> None:
        self._columns: dict[tuple[str, str], list[tuple[int, int, Table, Column]]] = {}
        for table in workbook.tables:
            first, last = bounds(table)
            for column in table.columns:
                if column.letter:
                    self._columns.setdefault((table.tab, column.letter), []).append((first, last, table, column))

    def find(self, tab: str, name: str) -> tuple[Table, Column, int] | None:
        """Return table, column and row id of a cell, None where it is outside of all tables."""
        row, column = cell(name)
        for first, last, table, found in self._columns.get((tab, letter(column)), ()):
            if first <= row <= last and row not in table.totals and row not in table.left_out:
                return table, found, row
        return None


def after(cells: Cells, touched: Touched, impact: Impact, *, lost: str = "") -> Cells:
    """Return what the next version knows of cells; where formulas are `lost`, values given are not kept any more."""
    given = merged(cells.all_given, touched.given)
    if lost:
        given = {tab: {at: one for at, one in held.items() if given_formula(one)} for tab, held in given.items()}
    new = {(tab, name) for tab, listed in touched.given.items() for name in listed}
    done = new | {(one.tab, one.cell) for one in impact.recalculated}
    holds = _without(cells.holds, new)
    stale = _without(cells.stale, done)
    for one in impact.recalculated:
        holds.setdefault(one.tab, {})[one.cell] = one.after
    for one in impact.stale:
        holds.setdefault(one.tab, {}).setdefault(one.cell, one.value)
        stale.setdefault(one.tab, {})[one.cell] = one.reason
    moved = () if lost else tuple(dict.fromkeys((*cells.moved, *touched.moved)))
    return Cells(given=given, holds=holds, stale=stale, moved=moved, lost=lost)


def given_formula(value: JsonValue) -> str:
    """Return the formula that a cell was given, empty where it was given a value."""
    return str(value.get("formula", "")) if isinstance(value, dict) else ""


def merged(old: ByCell, new: ByCell) -> ByCell:
    """Return what was given in the end."""
    return {tab: {**old.get(tab, {}), **new.get(tab, {})} for tab in dict.fromkeys((*old, *new))}


def _without(by_cell: Mapping[str, Mapping[str, _Held]], gone: Iterable[Cell]) -> dict[str, dict[str, _Held]]:
    left = {tab: dict(listed) for tab, listed in by_cell.items()}
    for tab, name in gone:
        left.get(tab, {}).pop(name, None)
    return {tab: listed for tab, listed in left.items() if listed}


def listed(by_cell: Mapping[str, Mapping[str, _Held]]) -> dict[Cell, _Held]:
    """Return values by tab and cell in one."""
    return {(tab, name): value for tab, cells in by_cell.items() for name, value in cells.items()}


def late(cells: Cells, touched: Touched, lost: str) -> Cells:
    """Return what the next version knows of cells where there was no time to follow what they mean."""
    pending, moved = merged(cells.pending, touched.given), dict.fromkeys((*cells.moved, *touched.moved))
    return cells.model_copy(update={"pending": pending, "moved": tuple(moved), "lost": lost})


def marked(workbook: Workbook, cells: Cells, impact: Impact) -> Workbook:
    """Return the workbook whose formulas say how many of their values are stale or were overwritten."""
    places = Places(workbook)
    stale: dict[tuple[str, str], int] = {}
    for tab, name in listed(cells.stale):
        if (place := places.find(tab, name)) is not None:
            key = (place[0].id, place[1].name)
            stale[key] = stale.get(key, 0) + 1
    broken: dict[tuple[str, str], list[str]] = {}
    for text in impact.overwritten:
        tab, _, name = text.rpartition("!")
        if (place := places.find(tab, name)) is not None:
            broken.setdefault((place[0].id, place[1].name), []).append(name)
    tables = tuple(
        table.model_copy(update={"columns": tuple(
            _marked(column, stale.get((table.id, column.name), 0), broken.get((table.id, column.name), ()))
            for column in table.columns
        )})
        for table in workbook.tables
    )  # fmt: skip
    formulas = workbook.formulas.model_copy(update={
        "cells": max(workbook.formulas.cells, sum(map(bool, map(given_formula, listed(cells.all_given).values())))),
        "stale": len(listed(cells.stale)),
        "is_followed": workbook.formulas.cells <= MOST_FORMULAS and not cells.lost,
    })  # fmt: skip
    warnings = [one for one in workbook.warnings if not one.startswith(LOST)] + [cells.lost] * bool(cells.lost)
    return workbook.model_copy(update={"tables": tables, "formulas": formulas, "warnings": tuple(warnings)})


def _marked(column: Column, stale: int, broken: Sequence[str]) -> Column:
    held = column.formula
    if held is None or (held.stale == stale and not broken):
        return column
    breaks = tuple(dict.fromkeys((*held.breaks, *broken)))[:20] if held.formula else held.breaks
    formula = held.model_copy(update={
        "stale": stale,
        "formulas": max(held.formulas - len(broken), 0),
        "breaks": breaks,
        "breaking": held.breaking + (len(broken) if held.formula else 0),
    })  # fmt: skip
    return column.model_copy(update={"formula": formula})


def read(folder: Path) -> Cells | None:
    """Return what the version in `folder` knows of cells; None where nobody asked yet."""
    path = folder / CELLS
    return Cells.model_validate_json(path.read_bytes()) if path.exists() else None


def write(folder: Path, cells: Cells) -> None:
    """Write what a version knows of cells beside it."""
    (folder / CELLS).write_text(cells.model_dump_json(), encoding="utf-8")
