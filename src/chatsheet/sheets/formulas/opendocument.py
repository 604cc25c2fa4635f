"""Formulas out of an ODS package: OpenFormula's references are turned into Excel's."""

import re
import zipfile
from collections.abc import Mapping

from pydantic import JsonValue

from chatsheet.sheets.formulas import markup, pattern
from chatsheet.sheets.formulas.cells import MOST_FORMULAS
from chatsheet.sheets.formulas.model import Formula, FormulaBook, FormulaSheet, Temporal

_REFERENCE = re.compile(r"\[((?:\$?(?:'(?:[^']|'')*'|[^.\]:']*))?)\.([^\]:]*)(?::(?:[^.\]]*)\.([^\]]*))?\]")
_SPLIT = re.compile(r'("(?:[^"]|"")*")')
_TEMPORAL: dict[str, Temporal] = {"date": "date", "time": "time"}


def read(package: zipfile.ZipFile) -> FormulaBook:
    """Return the formulas of a document per tab; raises FormulasUnreadable."""
    reader = _Reader()
    markup.parse(markup.blocks(package, "content.xml"), start=reader.start)
    sheets = {tab: FormulaSheet(tab, cells) for tab, cells in reader.sheets.items()}
    is_complete = sum(map(len, reader.sheets.values())) <= MOST_FORMULAS
    return FormulaBook(sheets, reader.names, is_complete=is_complete)


def excel(formula: str) -> str:
    """Return an OpenFormula expression as Excel writes it, without `=`."""
    bare = re.sub(r"^(?:of|oooc|msoxl):", "", formula).removeprefix("=")
    pieces = _SPLIT.split(bare)
    return "".join(
        piece if number % 2 else _REFERENCE.sub(_reference, piece).replace(";", ",") for number, piece in enumerate(pieces)
    )


def _reference(found: re.Match[str]) -> str:
    tab, first, last = found.group(1).removeprefix("$"), found.group(2), found.group(3)
    return (f"{tab}!" if tab else "") + first + (f":{last}" if last else "")


class _Reader:
    def __init__(self) -> None:
        self.sheets: dict[str, dict[tuple[int, int], Formula]] = {}
        self.names: dict[str, str] = {}
        self._cells: dict[tuple[int, int], Formula] = {}
        self._row = self._column = 0
        self._next_row = 1

    def start(self, element: str, given: Mapping[str, str]) -> None:
        attributes = {markup.local(name): value for name, value in given.items()}
        if element == "table":
            self._cells = self.sheets.setdefault(attributes.get("name", ""), {})
            self._next_row = 1
        elif element == "table-row":
            self._row, self._column = self._next_row, 1
            self._next_row += _count(attributes.get("number-rows-repeated"))
        elif element in {"table-cell", "covered-table-cell"}:
            if formula := excel(attributes.get("formula", "")):
                kind = attributes.get("value-type", "")
                made = pattern.of(formula, self._row, self._column)
                shows = _TEMPORAL.get(kind, "")
                self._cells[self._row, self._column] = Formula(self._row, self._column, made, _value(attributes), shows)
            self._column += _count(attributes.get("number-columns-repeated"))
        elif element == "named-range":
            self.names[attributes.get("name", "").casefold()] = excel(f"[{attributes.get('cell-range-address', '')}]")


def _count(repeated: str | None) -> int:
    return int(repeated) if repeated and repeated.isdecimal() else 1


def _value(attributes: Mapping[str, str]) -> JsonValue:
    kind = attributes.get("value-type", "")
    if kind == "boolean":
        return attributes.get("boolean-value") == "true"
    if kind in {"float", "currency", "percentage"}:
        try:
            return float(attributes.get("value", ""))
        except ValueError:
            return None
    return attributes.get(f"{kind}-value") if kind else None
