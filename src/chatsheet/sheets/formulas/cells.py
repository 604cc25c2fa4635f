"""The cells of a tab's XML as formulas: shared ones spread, cached values typed."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from chatsheet.sheets.formulas import pattern
from chatsheet.sheets.formulas.model import Formula, Temporal
from chatsheet.sheets.formulas.pattern import Pattern, cell

MOST_FORMULAS = 50_000
"""Formulas of one workbook that are read: following and recalculating as many takes seconds; beyond, stored values stay."""


class TooManyFormulas(Exception):
    """There are more formulas than are read; those before are kept."""


class CellReader:
    """Takes XML events and gathers `cells`; positions that the file leaves out are counted as spreadsheets do."""

    def __init__(self, formats: Sequence[Temporal], most: int = MOST_FORMULAS) -> None:
        """`most` formulas are taken; raises TooManyFormulas at the next."""
        self._most = most
        self.cells: dict[tuple[int, int], Formula] = {}
        self._formats = formats
        self._patterns: dict[str, Pattern] = {}
        self._shared: dict[str, Pattern] = {}
        self._above: dict[int, Pattern] = {}
        self._row = self._column = 0
        self._cell: Mapping[str, str] = {}
        self._formula: Mapping[str, str] | None = None
        self._inside = ""
        self._texts = {"f": "", "v": "", "t": ""}

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        if element == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._column = 0
        elif element == "c":
            at = cell(attributes.get("r", ""))
            self._row, self._column = at if at[0] else (self._row, self._column + 1)
            self._cell, self._formula = attributes, None
            self._texts = {"f": "", "v": "", "t": ""}
        elif element in self._texts:
            self._inside = element
            if element == "f":
                self._formula = attributes

    def text(self, content: str) -> None:
        if self._inside:
            self._texts[self._inside] += content

    def end(self, element: str) -> None:
        self._inside = ""
        if element == "c" and self._formula is not None:
            self._keep(self._formula)

    def _keep(self, formula: Mapping[str, str]) -> None:
        row, column = self._row, self._column
        kind, shared = formula.get("t", "normal"), formula.get("si", "")
        text = self._texts["f"].removeprefix("=")
        if kind == "dataTable":
            text = f"TABLE({formula.get('r1', '')},{formula.get('r2', '')})"
        if not text and (kind != "shared" or shared not in self._shared):
            return  # a cell that forgets a formula, as some writers leave behind
        if len(self.cells) >= self._most:
            raise TooManyFormulas
        made = self._pattern(text) if text else self._shared[shared]
        if kind == "shared" and text:
            self._shared[shared] = made
        self._above[column] = made
        style = self._cell.get("s", "0")
        number = int(style) if style.isdecimal() else 0
        self.cells[row, column] = Formula(
            row,
            column,
            made,
            self._cached(),
            self._formats[number] if number < len(self._formats) else "",
            _filled(formula.get("ref", ""), kind),
        )

    def _pattern(self, text: str) -> Pattern:
        """Return the one pattern object of this tab for a formula in the current cell."""
        above = self._above.get(self._column)
        if above is not None and above.at(self._row, self._column) == text:
            return above
        made = pattern.of(text, self._row, self._column)
        return self._patterns.setdefault(made.key, made)

    def _cached(self) -> JsonValue:
        written, kind = self._texts["v"], self._cell.get("t", "n")
        if kind in {"str", "inlineStr"}:
            return written or self._texts["t"]
        if not written or kind == "s":
            return None
        if kind == "b":
            return written == "1"
        return written if kind in {"e", "d"} else _number(written)


def _number(written: str) -> JsonValue:
    try:
        number = float(written)
    except ValueError:
        return None
    if number - number != 0:  # not a number, or none that a cell can hold
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _filled(reference: str, kind: str) -> tuple[int, int, int, int] | None:
    first, _, last = reference.partition(":")
    if kind not in {"array", "dataTable"} or not last or first == last:
        return None
    top, bottom = cell(first), cell(last)
    return (*top, *bottom) if top[0] and bottom[0] else None
