"""Recalculation by formualizer, believed only where it agrees with what the file says. Runs inside the worker process.

1. What the edit reaches is found by our own graph. 2. The engine computes the unchanged workbook; a cell that it computes
differently from the value stored in the file is pinned to that value and never recalculated. 3. The edit is made, the engine
computes again, and what was reached is compared. Whatever depends on a cell that could not be recalculated is stale too.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import formualizer
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.sheets.formulas import package, pattern, temporal, traits
from chatsheet.sheets.formulas.graph import Graph
from chatsheet.sheets.formulas.model import Counts, Formula, FormulaBook, Impact, Position, Recalculated, Stale
from chatsheet.sheets.ingest.grid import letter

LISTED = 100_000
"""Cells that an Impact lists; its counts count all."""

_ROUNDS = 4
_DISAGREES = "not recalculated: our engine disagrees with the cached value"
_ERRORS = {
    "Div": "#DIV/0!", "Ref": "#REF!", "Name": "#NAME?", "Value": "#VALUE!", "Num": "#NUM!", "Null": "#NULL!", "Na": "#N/A",
    "Spill": "#SPILL!", "Calc": "#CALC!", "Circ": "#CIRC!",
}  # fmt: skip
_OF_DATA = frozenset({"Div", "Ref", "Value", "Num", "Null", "Na", "Calc"})
"""Errors that speak of the data; all others speak of our engine."""

_LARGEST_EXACT = 2**53
_FAILURES = (formualizer.ExcelEvaluationError, formualizer.FormualizerHostError, OSError, RuntimeError, ValueError)
_DIGITS = 1e-9

Changes = Mapping[Position, JsonValue]
"""New values by position; `{"formula": "=…"}` is a formula."""

_MOVED = "rows came or went inside the cells that it reads"
_TOO_MANY = "the workbook has more formulas than are recalculated"


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook's formulas, their graph, and those that can never be recalculated with the reason."""

    source: Path
    book: FormulaBook
    graph: Graph
    never: Mapping[Position, str]


def open_book(source: Path, tabs: Collection[str] | None = None) -> Opened:
    """Read the formulas of a file, in these tabs where they are given; raises FormulasUnreadable."""
    book = package.read(source, tabs)
    return Opened(source, book, Graph(book), _never(book))


def _never(book: FormulaBook) -> dict[Position, str]:
    never: dict[Position, str] = {}
    for tab, sheet in book.sheets.items():
        known: dict[tuple[int, bool], str] = {}
        for at, formula in sheet.cells.items():
            key = (id(formula.pattern), formula.fills is not None)
            if key not in known:
                own = traits.of(formula, book, tab)
                known[key] = next((reason for trait, reason in traits.REASONS.items() if trait in own), "")
            if known[key]:
                never[(tab, *at)] = known[key]
    return never


@dataclass(frozen=True, slots=True)
class Asked:
    """What is done to a workbook: `changes` now and `earlier`.

    After those its formulas held the values `holds`, and were stale where `was_stale`.

    `moved` and `moved_earlier` are cells where rows came (of the row in front) or went (of the row itself).
    """

    changes: Changes
    earlier: Changes = field(default_factory=dict[Position, JsonValue])
    holds: Changes = field(default_factory=dict[Position, JsonValue])
    was_stale: Collection[Position] = ()
    moved: Collection[Position] = ()
    moved_earlier: Collection[Position] = ()


def impact(opened: Opened, asked: Asked) -> Impact:
    """Return what an edit would do to the formulas of a workbook."""
    opened = _with_given(opened, asked)
    reached, stale = _reached(opened, asked)
    if not opened.book.is_complete:
        stale |= dict.fromkeys(reached, _TOO_MANY)
    if all(position in stale for position in reached):
        return _Telling(opened, asked, reached, stale).impact({}, {})
    try:
        engine = _Engine(opened)
        engine.pin(stale)
        stale |= dict.fromkeys(engine.settle(), _DISAGREES)
        engine.change(asked.earlier)
        before = engine.values(reached)
        engine.change(asked.changes)
        after = engine.values(reached)
    except _FAILURES as error:
        return told(opened, asked, reason=f"our engine cannot compute this workbook ({error})")
    for position in reached:
        if failed := engine.failure(position):
            stale.setdefault(position, failed)
    return _Telling(opened, asked, reached, stale).impact(before, after)


def missing(opened: Opened) -> Impact:
    """Return what the formulas give that the file stores no value for; stale are those for which that cannot be told."""
    wanted = [(tab, *at) for tab, sheet in opened.book.sheets.items() for at, one in sheet.cells.items() if one.cached is None]
    order = opened.graph.ordered(wanted)
    stale = {**{position: traits.REASONS["circular"] for circle in order.circles for position in circle}, **opened.never}
    nothing = Asked({})
    try:
        engine = _Engine(opened)
        engine.pin(stale)
        engine.settle()
        values = engine.values(order.cells)
    except _FAILURES as error:
        stale |= dict.fromkeys(order.cells, f"our engine cannot compute this workbook ({error})")
        return _Telling(opened, nothing, order.cells, stale).impact({}, {})
    stale |= {position: failed for position in order.cells if (failed := engine.failure(position))}
    return _Telling(opened, nothing, order.cells, stale).impact(dict.fromkeys(order.cells), values)


def told(opened: Opened, asked: Asked, *, reason: str) -> Impact:
    """Return everything that a change reaches as stale for one reason, without recalculation."""
    opened = _with_given(opened, asked)
    reached, stale = _reached(opened, asked)
    return _Telling(opened, asked, reached, {**dict.fromkeys(reached, reason), **stale}).impact({}, {})


def given(value: JsonValue) -> str:
    """Return the formula that a change gives, empty where it gives a value."""
    return loose.text(value.get("formula")) if isinstance(value, dict) else ""


def _with_given(opened: Opened, asked: Asked) -> Opened:
    """Return the workbook with the formulas that were given to its cells."""
    formulas = {at: text for at, value in {**asked.earlier, **asked.changes}.items() if (text := given(value))}
    if not formulas:
        return opened
    sheets = dict(opened.book.sheets)
    for tab in {tab for tab, _, _ in formulas}:
        added = {
            (row, column): Formula(row, column, pattern.of(text.removeprefix("="), row, column))
            for (on, row, column), text in formulas.items()
            if on == tab
        }
        sheets[tab] = replace(sheets[tab], cells={**sheets[tab].cells, **added})
    book = replace(opened.book, sheets=sheets)
    return Opened(opened.source, book, Graph(book), _never(book))


def _reached(opened: Opened, asked: Asked) -> tuple[Sequence[Position], dict[Position, str]]:
    """Return the formulas that a change reaches, in order, and every formula that cannot be recalculated with its reason."""
    graph = opened.graph
    spanning = {one for position in asked.moved for one in graph.spanning(position)}
    computed = {position for position, value in asked.changes.items() if given(value)}
    order = graph.ordered({*graph.reached({**asked.changes, **dict.fromkeys(spanning)}), *spanning, *computed})
    latest = {**asked.earlier, **asked.changes}
    circular = {position: traits.REASONS["circular"] for circle in order.circles for position in circle}
    moved = dict.fromkeys((one for position in asked.moved_earlier for one in graph.spanning(position)), _MOVED)
    stale = {**circular, **moved, **dict.fromkeys(spanning, _MOVED), **opened.never}
    return [position for position in order.cells if position not in latest or given(latest[position])], stale


class _Engine:
    """A workbook loaded into formualizer, its temporal values as serial numbers."""

    def __init__(self, opened: Opened) -> None:
        self._book = opened.book
        self._graph = opened.graph
        self._pinned: set[Position] = set()
        self._workbook = formualizer.load_workbook(str(opened.source))  # pyright: ignore[reportUnknownMemberType]  an open dict
        self._workbook.set_temporal_egress("serial")

    def pin(self, cells: Iterable[Position]) -> None:
        """Give cells the values stored in the file instead of their formulas."""
        for position in cells:
            formula = self._book.formula(position)
            if formula is not None and position not in self._pinned:
                self._pinned.add(position)
                self._workbook.set_value(*position, _literal(formula.cached))

    def settle(self) -> list[Position]:
        """Pin the cells whose value differs from the stored one, causes before what follows from them; return them."""
        pinned: list[Position] = []
        for number in range(_ROUNDS):
            self._workbook.evaluate_all()
            wrong = [position for position in self._formulas() if not self._agrees(position)]
            if not wrong:
                break
            follow = self._graph.reached(wrong) if number < _ROUNDS - 1 else ()
            causes = [position for position in wrong if position not in follow] or wrong
            self.pin(causes)
            pinned.extend(causes)
        self._workbook.evaluate_all()
        return pinned

    def _formulas(self) -> Iterable[Position]:
        for tab, sheet in self._book.sheets.items():
            for at in sheet.cells:
                if (tab, *at) not in self._pinned:
                    yield (tab, *at)

    def _agrees(self, position: Position) -> bool:
        formula = self._book.formula(position)
        return formula is None or formula.cached is None or agree(self._value(position), formula.cached)

    def change(self, changes: Changes) -> None:
        """Set cells and compute what follows."""
        for position, value in changes.items():
            if not (formula := given(value)):
                self._workbook.set_value(*position, self._written(position, value))
            elif position not in self._pinned:
                self._workbook.set_formula(*position, formula)
        self._workbook.evaluate_all()

    def _written(self, position: Position, value: JsonValue) -> str | float | bool | None:
        """Return a value as the cell takes it: an ISO date is a date where a number or nothing stood before."""
        if isinstance(value, str) and not isinstance(self._value(position), str):
            number = temporal.serial(value, starts_1904=self._book.starts_1904)
            return value if number is None else number
        return _literal(value)

    def values(self, cells: Iterable[Position]) -> dict[Position, JsonValue]:
        """Return what cells hold now."""
        return {position: self._value(position) for position in cells}

    def _value(self, position: Position) -> JsonValue:
        value = cast("object", self._workbook.get_value(*position))  # the stub says Any
        if kind := _error(value):
            return _ERRORS.get(kind, f"#{kind}")
        if isinstance(value, float):
            return int(value) if value.is_integer() and abs(value) < _LARGEST_EXACT else value
        return value if isinstance(value, bool | int | str) else None if value is None else str(value)

    def failure(self, position: Position) -> str:
        """Return why a computed value is not believed; empty where it is."""
        kind = _error(cast("object", self._workbook.get_value(*position)))  # the stub says Any
        return f"our engine answers {_ERRORS.get(kind, kind)}" if kind and kind not in _OF_DATA else ""


class _Telling:
    def __init__(self, opened: Opened, asked: Asked, reached: Sequence[Position], stale: Mapping[Position, str]) -> None:
        book = self._book = opened.book
        self._graph = opened.graph
        self._holds = asked.holds
        self._was_stale = frozenset(asked.was_stale)
        self._overwritten = [
            position
            for position, value in asked.changes.items()
            if not given(value) and book.formula(position) and (position not in asked.earlier or given(asked.earlier[position]))
        ]
        self._reached = reached
        self._stale = stale

    def impact(self, before: Mapping[Position, JsonValue], after: Mapping[Position, JsonValue]) -> Impact:
        stale = self._spread()
        recalculated = [p for p in self._reached if p not in stale and self._is_other(p, before.get(p), after.get(p))]
        unchanged = sum(position not in stale for position in self._reached) - len(recalculated)
        counts = Counts(
            recalculated=len(recalculated), unchanged=unchanged, stale=len(stale), overwritten=len(self._overwritten)
        )
        return Impact(
            recalculated=tuple(self._recalculated(p, before[p], after[p]) for p in recalculated[:LISTED]),
            stale=tuple(self._told_stale(position, reason) for position, reason in list(stale.items())[:LISTED]),
            overwritten=tuple(f"{tab}!{letter(column)}{row}" for tab, row, column in self._overwritten[:LISTED]),
            counts=counts,
        )

    def _is_other(self, position: Position, before: JsonValue, after: JsonValue) -> bool:
        """Tell whether a cell has another value now, or one that is not stale any more."""
        if position in self._was_stale:
            return True
        formula = self._book.formula(position)
        if position in self._holds and formula is not None and not agree(self._shown(after, formula), self._holds[position]):
            return True
        return not _same(before, after)

    def _spread(self) -> dict[Position, str]:
        """Return the reached cells that are stale, what follows from a stale one included."""
        own = [position for position in self._reached if position in self._stale]
        follow = self._graph.reached(own)
        stale: dict[Position, str] = {}
        for position in self._reached:
            if position in self._stale:
                stale[position] = self._stale[position]
            elif position in follow:
                tab, row, column = follow[position]
                stale[position] = f"it depends on {tab}!{letter(column)}{row}, which is not recalculated"
        return stale

    def _recalculated(self, position: Position, before: JsonValue, after: JsonValue) -> Recalculated:
        tab, row, column = position
        formula = self._book.formula(position)
        if formula is None:
            raise AssertionError("only formulas are reached")
        return Recalculated(
            tab=tab,
            cell=f"{letter(column)}{row}",
            before=self._holds.get(position, self._shown(before, formula)),
            after=self._shown(after, formula),
            is_checked=formula.cached is not None,
        )

    def _told_stale(self, position: Position, reason: str) -> Stale:
        tab, row, column = position
        formula = self._book.formula(position)
        value = self._holds.get(position, self._shown(formula.cached, formula) if formula else None)
        return Stale(tab=tab, cell=f"{letter(column)}{row}", value=value, reason=reason)

    def _shown(self, value: JsonValue, formula: Formula) -> JsonValue:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return temporal.shown(value, formula.shows, starts_1904=self._book.starts_1904)


def agree(computed: JsonValue, cached: JsonValue) -> bool:
    """Tell whether a computed value is the cached one: numbers to nine digits, an empty cell also as 0 or empty text."""
    if computed is None:
        return cached in {0, ""} and not isinstance(cached, bool)
    if isinstance(computed, bool) or isinstance(cached, bool):
        return computed is cached
    if isinstance(computed, int | float) and isinstance(cached, int | float):
        return math.isclose(computed, cached, rel_tol=_DIGITS, abs_tol=1e-12)
    return computed == cached


def _same(before: JsonValue, after: JsonValue) -> bool:
    return type(before) is type(after) and before == after


def _literal(value: JsonValue) -> str | float | bool | None:
    return value if value is None or isinstance(value, bool | int | float | str) else loose.dumps(value)


def _error(value: object) -> str:
    """Return the engine's kind of an error value; empty for any other value."""
    return loose.text(loose.obj(value).get("kind"))
