"""Where the changed cells of a worksheet stand, and the bytes that take their place; every other byte stays.

One pass over the part finds the ranges (`find`), a second one copies it with them replaced (`markup.apply`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from pydantic import JsonValue

from chatsheet.core.errors import BadInput, Conflict
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.package import markup
from chatsheet.sheets.package.archive import refused
from chatsheet.sheets.package.formula import column_number, shift
from chatsheet.sheets.package.markup import Splice
from chatsheet.sheets.package.values import Calendar, Change, content, escape, result

_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576


class CellFixed(Conflict):
    """A cell that cannot be changed alone: part of an array formula, hidden by a merged range, or taken."""

    code = "export.cell_fixed"


class CellUnknown(BadInput):
    """No cell has that name."""

    code = "export.cell_unknown"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, numbers from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= column <= self.right

    @property
    def is_one_cell(self) -> bool:
        return (self.top, self.left) == (self.bottom, self.right)

    def text(self) -> str:
        """Return it as A1:B2, or A1 where it is one cell."""
        first = f"{letter(self.left)}{self.top}"
        return first if self.is_one_cell else f"{first}:{letter(self.right)}{self.bottom}"


@dataclass(frozen=True, slots=True)
class Target:
    """A change at its place; an appended one takes its format from the row `like` and must meet an empty cell."""

    change: Change
    like: int | None = None


@dataclass(slots=True)
class Found:
    """What one pass found out."""

    splices: list[Splice] = field(default_factory=list[Splice])
    formulas_gone: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Open:
    """The cell that is being read: its place, format, and what stands in it."""

    row: int
    column: int
    start: int
    style: int
    has_content: bool = False
    has_formula: bool = False
    cached: list[int] = field(default_factory=list[int])
    """Where its value starts and ends, if that is to go."""
    tag_end: list[int] = field(default_factory=list[int])
    formula_end: list[int] = field(default_factory=list[int])


@dataclass(slots=True)
class _Shared:
    """A formula that several cells share, and whose first cell gave it up."""

    text: str
    row: int
    column: int
    area: Area


Targets = Mapping[int, Mapping[int, Target]]
"""Row → column → target."""


def place(cell: str) -> tuple[int, int]:
    """Return row and column of a cell such as `B2`; raises CellUnknown."""
    found = _CELL.fullmatch(cell)
    row, column = (int(found[2]), column_number(found[1])) if found else (0, 0)
    if not found or row > _LAST_ROW or column > _LAST_COLUMN:
        raise CellUnknown(f"there is no cell {cell!r}.", fix="name it like B2.")
    return row, column


def area(text: str) -> Area:
    """Return the rectangle of `A1:B2` or `A1`; raises CellUnknown."""
    first, _, last = text.replace("$", "").partition(":")
    top, left = place(first)
    bottom, right = place(last or first)
    return Area(top, left, bottom, right)


def find(
    source: IO[bytes], part: str, targets: Targets, *, results: Mapping[str, JsonValue] | None = None, calendar: Calendar
) -> Found:
    """Return the splices that make the changes in a worksheet part; raises CellFixed, ValueUnwritable, PackageRefused.

    `results` are what the formulas of these cells give; None takes the stored result out.
    """
    search = _Search(targets, {place(cell): value for cell, value in (results or {}).items()}, calendar)
    search.walk.run(source, part)
    if not search.has_data:
        raise refused(f"its part {part} is no worksheet")
    return search.found


class _Search:
    """The visitor: knows the row and cell it is in, and acts only where something is to change."""

    def __init__(self, targets: Targets, results: Mapping[tuple[int, int], JsonValue], calendar: Calendar) -> None:
        self.walk = markup.Walk(self)
        self.found = Found()
        self.has_data = self._rows_open = False
        self._calendar = calendar
        self._targets = targets
        self._results = results
        self._rows = sorted(targets, reverse=True)  # still to come, the next one last
        likes = {t.like for row in targets.values() for t in row.values() if t.like is not None}
        self._watched = {*targets, *likes, *(row for row, _ in results)}
        self._prefix, self._c, self._r, self._f = "", "c", "row", "f"
        self._row = self._column = self._row_style = 0
        self._column_styles: list[tuple[int, int, int]] = []
        self._styles: dict[tuple[int, int], int] = {}
        self._columns: list[int] = []  # of the row, still to come
        self._cell: _Open | None = None
        self._tag: list[int] = []  # where the tag of the row, or of the data before any row, starts and ends
        self._formula: Callable[[str, int], None] | None = None
        self._arrays: list[Area] = []
        self._orphans: dict[str, _Shared] = {}

    def start(self, name: str, attributes: dict[str, str], at: int) -> None:
        if name == self._c:
            if self._orphans or self._row in self._watched:
                self._start_cell(attributes, at)
        elif name == self._r:
            self._start_row(attributes, at)
        elif name == self._f:
            self._start_formula(attributes, at)
        elif self._cell is not None:
            self._cell.has_content = True
            if name == f"{self._prefix}v" and (self._cell.row, self._cell.column) in self._results:
                self._cell.cached.append(at)
        elif not self._rows_open:
            self._start_other(name, attributes, at)

    def end(self, name: str, at: int) -> None:
        if self._cell is not None:
            if name == self._c:
                self.walk.when_past(partial(self._end_cell, self._cell))
                self._cell = None
            elif name == self._f:
                if (self._cell.row, self._cell.column) in self._results:
                    self.walk.when_past(self._cell.formula_end.append)
                if self._formula is not None:
                    self.walk.when_past(partial(self._formula, self.walk.heard()))
                    self._formula = None
            elif name == f"{self._prefix}v" and self._cell.cached:
                self.walk.when_past(self._cell.cached.append)
        elif name == self._r:
            self._end_row(at)
        elif markup.local(name) == "sheetData":
            self._end_data(at)

    def _start_other(self, name: str, attributes: dict[str, str], at: int) -> None:
        match markup.local(name):
            case "worksheet":
                self._prefix = name[: -len("worksheet")]
                self._c, self._r, self._f = (f"{self._prefix}{n}" for n in ("c", "row", "f"))
            case "dimension":
                self.walk.when_past(partial(self._grow, attributes.get("ref", "A1"), at))
            case "col" if attributes.get("style", "").isdigit():
                first, last = int(attributes.get("min", "0")), int(attributes.get("max", "0"))
                self._column_styles.append((first, last, int(attributes["style"])))
            case "sheetData":
                self.has_data = self._rows_open = True
                self._tag = [at]
                self.walk.when_past(self._tag.append)
            case "mergeCell":
                self._check_merged(area(attributes.get("ref", "")))
            case _:
                pass

    def _grow(self, ref: str, start: int, end: int) -> None:
        """Widen the used range that the part declares by the cells that get a value."""
        old = area(ref)
        places = [(r, c) for r, row in self._targets.items() for c, t in row.items() if t.change.value is not None]
        rows, columns = [old.top, old.bottom, *(r for r, _ in places)], [old.left, old.right, *(c for _, c in places)]
        new = Area(min(rows), min(columns), max(rows), max(columns))
        if new != old:
            text = new.text().encode()
            self.found.splices.append(Splice(start, end, lambda tag: markup.with_attribute(tag, b"ref", text)))

    def _check_merged(self, merged: Area) -> None:
        for row, targets in self._targets.items():
            for column, target in targets.items():
                is_seen = (row, column) == (merged.top, merged.left) or target.change.value is None
                if merged.holds(row, column) and not is_seen:
                    raise _fixed(target.change, f"is hidden in the merged cells {merged.text()}", "change the first of them.")

    def _start_row(self, attributes: dict[str, str], at: int) -> None:
        number = int(attributes.get("r", self._row + 1))
        if number <= self._row:
            raise refused(f"its row {number} comes after row {self._row}")
        self._insert_rows(at, before=number)
        self._row, self._column, self._columns = number, 0, []
        if number in self._targets:
            self._rows.pop()
            self._row_style = int(attributes.get("s", "0")) if attributes.get("customFormat") in {"1", "true"} else 0
            self._columns = sorted(self._targets[number])
            self._tag = [at]
            self.walk.when_past(self._tag.append)

    def _end_row(self, at: int) -> None:
        if cells := self._new_cells(self._row, self._columns):
            self.walk.when_past(partial(self._fill, tuple(self._tag), self._r, cells, at))
        self._columns = []
        self._row_style = 0

    def _insert_rows(self, at: int, *, before: int) -> None:
        if rows := self._new_rows(before):
            self.found.splices.append(markup.replace(at, at, rows))

    def _new_rows(self, before: int) -> bytes:
        """Return the target rows that the part does not have, up to a row number."""
        written = b""
        name = self._r.encode()
        while self._rows and self._rows[-1] < before:
            row = self._rows.pop()
            if cells := self._new_cells(row, sorted(self._targets[row])):
                written += b'<%s r="%d">%s</%s>' % (name, row, cells, name)
        return written

    def _end_data(self, at: int) -> None:
        self._rows_open = False
        rows = self._new_rows(_LAST_ROW + 1)
        if rows and self._row == 0:
            self.walk.when_past(partial(self._fill, tuple(self._tag), f"{self._prefix}sheetData", rows, at))
        elif rows:
            self.found.splices.append(markup.replace(at, at, rows))

    def _fill(self, tag: Sequence[int], name: str, inside: bytes, at: int, end: int) -> None:
        """Put `inside` before the end tag at `at`, or open the empty-element tag that ends there."""
        is_empty_tag = end == at
        added = inside + f"</{name}>".encode() if is_empty_tag else b""
        self.found.splices.append(Splice(tag[0], tag[1], partial(_opened, added=added)))
        if not is_empty_tag:
            self.found.splices.append(markup.replace(at, at, inside))

    def _start_cell(self, attributes: dict[str, str], at: int) -> None:
        row, column = place(attributes["r"]) if "r" in attributes else (self._row, self._column + 1)
        if column <= self._column or row != self._row:
            raise refused(f"its cell {letter(column)}{row} stands in the wrong place")
        style = attributes.get("s", "0")
        self._cell = _Open(row, column, at, int(style) if style.isdigit() else 0)
        self._styles[row, column] = self._cell.style
        if (row, column) in self._results:
            self.walk.when_past(self._cell.tag_end.append)
        earlier = [c for c in self._columns if c < column]
        self._columns = [c for c in self._columns if c > column]
        if cells := self._new_cells(row, earlier):
            self.found.splices.append(markup.replace(at, at, cells))
        self._column = column

    def _end_cell(self, cell: _Open, end: int) -> None:
        target = self._targets.get(cell.row, {}).get(cell.column)
        if target is None:
            if cell.has_formula and (cell.row, cell.column) in self._results:
                self._store(cell, self._results[cell.row, cell.column])
            return
        if target.like is not None and cell.has_content:
            raise _fixed(
                target.change,
                "holds something already, such as a total below the table",
                "export the table as a file of its own, or make room below it in the workbook and import that again.",
            )
        style = cell.style or self._styles.get((target.like or 0, cell.column), 0)
        self.found.splices.append(markup.replace(cell.start, end, self._written(cell.row, cell.column, target, style)))
        if cell.has_formula:
            self.found.formulas_gone.append(f"{letter(cell.column)}{cell.row}")

    def _store(self, cell: _Open, value: JsonValue) -> None:
        """Put the result of its formula into a cell, in place of the one that is there."""
        if value is None and len(cell.cached) != 2:  # noqa: PLR2004  start and end
            return
        kind, xml = result(value, cell.style, self._calendar)
        inside = re.sub("<(/?)", rf"<\1{self._prefix}", xml).encode()
        attribute = kind.encode() or None
        start, end = cell.cached if len(cell.cached) == 2 else (cell.formula_end[0], cell.formula_end[0])  # noqa: PLR2004
        self.found.splices.append(markup.replace(start, end, inside))
        if value is not None:
            tag = Splice(cell.start, cell.tag_end[0], lambda text: markup.with_attribute(text, b"t", attribute))
            self.found.splices.append(tag)

    def _new_cells(self, row: int, columns: Sequence[int]) -> bytes:
        """Return the cells of a row that the part does not have; the ones without a value stay away."""
        written = b""
        for column in columns:
            target = self._targets[row][column]
            if target.change.value is not None:
                style = self._row_style or next((s for first, last, s in self._column_styles if first <= column <= last), 0)
                style = self._styles.get((target.like, column), style) if target.like is not None else style
                written += self._written(row, column, target, style)
        return written

    def _written(self, row: int, column: int, target: Target, style: int) -> bytes:
        if spill := next((a for a in self._arrays if a.holds(row, column)), None):
            reason = f"belongs to the array formula of {spill.text()}"
            raise _fixed(target.change, reason, "change the whole array in a spreadsheet program.")
        new = content(target.change, style, self._calendar)
        style = new.style if new else style
        format_ = f' s="{style}"' if style else ""
        if new is None:
            return f'<{self._c} r="{letter(column)}{row}"{format_}/>'.encode() if style else b""
        if new.note:
            self.found.notes.append(f"{target.change.tab}!{new.note}")
        kind = f' t="{new.kind}"' if new.kind else ""
        inside = re.sub("<(/?)", rf"<\1{self._prefix}", new.xml)
        return f'<{self._c} r="{letter(column)}{row}"{format_}{kind}>{inside}</{self._c}>'.encode()

    def _start_formula(self, attributes: dict[str, str], at: int) -> None:
        kind, ref = attributes.get("t"), attributes.get("ref")
        if kind in {"array", "dataTable"} and ref and not (spill := area(ref)).is_one_cell:
            self._arrays.append(spill)
        if self._cell is None:
            return
        self._cell.has_formula = self._cell.has_content = True
        if kind != "shared":
            return
        name = attributes.get("si", "")
        is_target = self._cell.column in self._targets.get(self._cell.row, {})
        if ref:
            self._orphans.pop(name, None)
        if ref and is_target:
            self.walk.listen()
            self._formula = partial(self._orphan, self._cell, name, area(ref))
        elif not is_target and name in self._orphans:
            self._formula = partial(self._adopt, self._cell, name, at)

    def _orphan(self, cell: _Open, name: str, shared: Area, text: str, end: int) -> None:
        del end
        self._orphans[name] = _Shared(text, cell.row, cell.column, shared)

    def _adopt(self, cell: _Open, name: str, start: int, text: str, end: int) -> None:
        """Give the formula to a cell that shared it; in one column or row it becomes the first of those that share on."""
        del text
        shared = self._orphans[name]
        own = escape(shift(shared.text, rows=cell.row - shared.row, columns=cell.column - shared.column))
        kind = ""
        if shared.area.top == shared.area.bottom or shared.area.left == shared.area.right:
            del self._orphans[name]
            rest = Area(cell.row, cell.column, max(cell.row, shared.area.bottom), max(cell.column, shared.area.right))
            kind = f' t="shared" ref="{rest.text()}" si="{name}"'
        self.found.splices.append(markup.replace(start, end, f"<{self._f}{kind}>{own}</{self._f}>".encode()))


def _opened(tag: bytes, *, added: bytes) -> bytes:
    """Return a start tag without the hint `spans`; an empty-element one opened, with `added` behind it."""
    tag = markup.with_attribute(tag, b"spans", None)
    return tag[: -len(b"/>")] + b">" + added if added else tag


def _fixed(change: Change, reason: str, fix: str) -> CellFixed:
    return CellFixed(f"{change.tab}!{change.cell} {reason}.", fix=fix)
