"""What a user says of a tab's tables instead of what was found, and the shape by which it is remembered. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from chatsheet.core.errors import BadInput
from chatsheet.sheets.ingest import regions
from chatsheet.sheets.ingest.grid import Cell, Grid, letter
from chatsheet.sheets.ingest.layout import cells, tables
from chatsheet.sheets.ingest.layout.blocks import Block
from chatsheet.sheets.ingest.layout.body import Reader
from chatsheet.sheets.ingest.layout.cells import BLANK, TEXT, Line
from chatsheet.sheets.ingest.layout.headers import Head
from chatsheet.sheets.ingest.layout.model import Finding, Region
from chatsheet.sheets.model import Value

_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})(?:\$?(\d{1,7}))?", re.IGNORECASE)
_SHAPE_ROWS = 30
_YOURS = 1.0


class CorrectionInvalid(BadInput):
    """A correction that does not fit its tab."""

    code = "sheet.correction_invalid"


class TableAt(Value):
    """A table stands in these cells, its first `header_rows` rows name the columns; `A4:D` ends where the data end."""

    kind: Literal["table"] = "table"
    cells: str
    header_rows: int = Field(default=1, ge=0, le=20)


class NoTable(Value):
    """No table in these cells; empty for the whole tab."""

    kind: Literal["none"] = "none"
    cells: str = ""


class Split(Value):
    """The table in these cells is two: the second starts `at` a row (`12`) or a column (`F`)."""

    kind: Literal["split"] = "split"
    cells: str
    at: str


class Join(Value):
    """The tables in these cells are one, named by the header of the first."""

    kind: Literal["join"] = "join"
    cells: tuple[str, ...] = Field(min_length=1)


Correction = Annotated[TableAt | NoTable | Split | Join, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle, both ends included; `bottom` 0 for an open end."""

    top: int
    left: int
    bottom: int
    right: int

    def meets(self, other: "_Area") -> bool:
        """Tell whether two rectangles share a cell."""
        rows = self.top <= (other.bottom or other.top) and other.top <= (self.bottom or other.top)
        return rows and self.left <= other.right and other.left <= self.right


def correct(grid: Grid, *corrections: TableAt | NoTable | Split | Join) -> tuple[Region, ...]:
    """Return the tables of a tab as corrected, one correction after the other; raises CorrectionInvalid."""
    found = regions.find_all(grid)
    for correction in corrections:
        found = _apply(grid, found, correction)
    return found


def for_next(grid: Grid, correction: TableAt | NoTable | Split | Join) -> TableAt | NoTable | Split | Join:
    """Return the correction as it holds for other files of this shape: a table down to its last row has an open end."""
    if not isinstance(correction, TableAt) or not _area(correction.cells).bottom:
        return correction
    is_open = correction.model_copy(update={"cells": re.sub(r"\$?\d+$", "", correction.cells.strip())})
    whole, ended = _table_at(grid, correction), _table_at(grid, is_open)
    return is_open if whole.last_row == ended.last_row else correction


def shape(grid: Grid) -> str:
    """Return a fingerprint that files of one form share: tab name, width, and what stands above the first values."""
    parts = [re.sub(r"\d+", "#", grid.tab.casefold()), str(grid.first_column), str(grid.width)]
    full = [line for line in cells.lines(grid)[:_SHAPE_ROWS] if line.filled]
    head = next((i for i, line in enumerate(full) if _has_values(line)), None)
    if head is None:  # all texts: only the first full row can be told from data
        head = next((i for i, line in enumerate(full, 1) if line.filled > 1), 0)
    for line in full[:head]:
        is_title = line.filled == 1 and len(line.kinds) > 1  # titles change from file to file
        labels = [f"{i}={'' if is_title else _pattern(line.cells[i])}" for i in line.places()]
        parts.append(f"{line.number}: {'|'.join(labels)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _has_values(line: Line) -> bool:
    return any(kind not in TEXT + BLANK and not cells.period(cell) for kind, cell in zip(line.kinds, line.cells, strict=True))


def _pattern(cell: Cell) -> str:
    return cells.period(cell) or re.sub(r"\d+", "#", cells.title(cell).casefold())


def _apply(grid: Grid, found: Sequence[Region], correction: TableAt | NoTable | Split | Join) -> tuple[Region, ...]:
    match correction:
        case TableAt():
            table = _table_at(grid, correction)
            area = _Area(*_area_of(table))
            met = [one for one in found if area.meets(_Area(*_area_of(one)))]
            return _sorted([*(one for one in found if one not in met), _explained(grid, table, met)])
        case NoTable():
            return tuple(one for one in found if correction.cells and not _area(correction.cells).meets(_Area(*_area_of(one))))
        case Split():
            return _split(grid, found, correction)
        case Join():
            return _join(grid, found, correction)


def _split(grid: Grid, found: Sequence[Region], correction: Split) -> tuple[Region, ...]:
    whole = _one(found, correction.cells)
    top, left, bottom, right = _area_of(whole)
    count = len(whole.header_rows)
    if correction.at.isdigit():
        row = int(correction.at)
        if not whole.first_row < row <= whole.last_row:
            raise _invalid(f"row {row} is not inside the table {whole.range}", "name the row where the second table starts")
        first = TableAt(cells=_a1(top, left, row - 1, right), header_rows=count)
        area = _Area(row, left, bottom, right)
        below = regions.find_in(grid, _block(grid, area)) or (_forced(grid, area, 0),)
        parts = [_table_at(grid, first), *below]
    else:
        column = _column(correction.at)
        if not left < column <= right:
            raise _invalid(f"column {correction.at} is not inside the table {whole.range}", "name a column inside it")
        sides = [_a1(top, left, bottom, column - 1), _a1(top, column, bottom, right)]
        parts = [_table_at(grid, TableAt(cells=side, header_rows=count)) for side in sides]
    explained = [_explained(grid, part, [whole]) for part in parts]
    return _sorted([*(one for one in found if one is not whole), *explained])


def _join(grid: Grid, found: Sequence[Region], correction: Join) -> tuple[Region, ...]:
    wanted = [_area(text) for text in correction.cells]
    chosen = [one for one in found if any(area.meets(_Area(*_area_of(one))) for area in wanted)]
    if not chosen:
        raise _invalid(f"no table stands in {', '.join(correction.cells)}", "name the ranges of the tables to join")
    tops, lefts, bottoms, rights = zip(*map(_area_of, chosen), strict=True)
    first = min(chosen, key=lambda one: (_area_of(one)[0], one.columns[0]))
    one = _forced(grid, _Area(min(tops), min(lefts), max(bottoms), max(rights)), len(first.header_rows))
    headers = {row for other in chosen for row in other.header_rows if one.first_row < row < one.last_row}
    joined = replace(one, left_out=tuple(sorted({*one.left_out, *headers})))
    return _sorted([*(other for other in found if other not in chosen), _explained(grid, joined, chosen)])


def _explained(grid: Grid, table: Region, before: Sequence[Region]) -> Region:
    """Return a table with the captions of those it replaces, but for what stands in its cells now: they name its units."""
    top, left, bottom, right = _area_of(table)
    inside = {line.text() for line in _block(grid, _Area(top, left, bottom, right)).lines}
    notes = [*(note for one in before for note in one.notes if note not in inside), *table.notes]
    return replace(table, notes=tuple(dict.fromkeys(notes)))


def _table_at(grid: Grid, correction: TableAt) -> Region:
    return _forced(grid, _area(correction.cells), correction.header_rows)


def _forced(grid: Grid, area: _Area, header_rows: int) -> Region:
    """Return the table that a user says stands in this area."""
    block = _block(grid, area)
    stack = regions.stack(grid, block)
    if header_rows >= len(block.lines) or any(line.number != area.top + i for i, line in enumerate(block.lines[:header_rows])):
        raise _invalid(
            f"{header_rows} header rows leave no row of data in these cells", "give a larger range or fewer header rows"
        )
    says = f"you said that a table with {header_rows} header row{'' if header_rows == 1 else 's'} stands here"
    head = Head(tuple(range(header_rows)), header_rows, Finding(says, _YOURS), is_sure=True)
    read = Reader(stack, head, is_all=bool(area.bottom)).read()
    if not read.data:
        raise _invalid("these cells hold no row of data", "give the range of the table, header included")
    if area.bottom > block.lines[-1].number:
        read.hidden_to = min(area.bottom, grid.last_row)
    return replace(tables.region(stack, head, read), findings=(head.finding, *read.findings))


def _block(grid: Grid, area: _Area) -> Block:
    lines = cells.lines(grid)
    left = area.left - grid.first_column
    width = len(lines[0].kinds) if lines else 0
    inside = [line for line in lines if area.top <= line.number and (not area.bottom or line.number <= area.bottom)]
    right = min(area.right - grid.first_column + 1, width)
    parts = tuple(line.part(max(left, 0), right) for line in inside)
    if not parts or right <= max(left, 0) or all(line.is_blank for line in parts):
        raise _invalid(
            "the range lies outside the filled cells of the tab", f"stay within its {grid.last_row} rows and {width} columns"
        )
    return Block(max(left, 0), parts)


def _one(found: Sequence[Region], text: str) -> Region:
    area = _area(text)
    for region in found:
        if area.meets(_Area(*_area_of(region))):
            return region
    raise _invalid(f"no table stands in {text}", "give the range of a table as listed")


def _area_of(region: Region) -> tuple[int, int, int, int]:
    top = min((*region.header_rows, region.first_row))
    return top, region.columns[0], max((region.last_row, *region.totals)), region.columns[-1]


def _sorted(found: Sequence[Region]) -> tuple[Region, ...]:
    return tuple(sorted(found, key=lambda one: _area_of(one)[:2]))


def _area(text: str) -> _Area:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise _invalid(f"{text!r} is no range of cells", "write it as A4:D120, or A4:D for a table without a fixed end")
    left, top, right, bottom = match.groups()
    area = _Area(int(top), _column(left), int(bottom or 0), _column(right))
    if area.top < 1 or area.left > area.right or (bottom and area.bottom < area.top):
        raise _invalid(f"{text!r} ends before it starts", "write the upper left cell first, as in A4:D120")
    return area


def _column(text: str) -> int:
    number = 0
    if not re.fullmatch(r"[A-Za-z]{1,3}", text):
        raise _invalid(f"{text!r} is neither a row nor a column", "write a row as 12 and a column as F")
    for character in text.upper():
        number = number * 26 + ord(character) - 64
    return number


def _a1(top: int, left: int, bottom: int, right: int) -> str:
    return f"{letter(left)}{top}:{letter(right)}{bottom}"


def _invalid(what: str, fix: str) -> CorrectionInvalid:
    return CorrectionInvalid(f"{what}.", fix=f"{fix}.")
