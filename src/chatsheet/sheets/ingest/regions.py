"""Where the table of a tab starts, which row is its header, and what stands above it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatsheet.sheets.ingest.grid import Cell, Grid, is_blank, letter

_LOOK_AHEAD = 30
_HEADER_FILL = 0.6
_TOTAL = re.compile(r"(grand |sub)?total\b|sum\b|summe\b|gesamt|somme\b|suma\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filled:
    """A table inside a grid with its cells: `row_numbers[i]` is where `rows[i]` stands in the tab, columns count from 1."""

    labels: tuple[str, ...]
    columns: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_numbers: tuple[int, ...]
    header_row: int | None
    cells: str
    notes: tuple[str, ...]
    evidence: str


def find(grid: Grid) -> Filled | None:
    """Return the table of the tab, or None where no row stands under a header."""
    filled = [(number, row) for number, row in enumerate(grid.rows, grid.first_row) if not all(map(is_blank, row))]
    if not filled:
        return None
    width = max(len(row) for _, row in filled)
    header = _header_index([row for _, row in filled[:_LOOK_AHEAD]])
    above = filled[: header or 0]
    body = filled if header is None else filled[header + 1 :]
    titles = [""] * width if header is None else [_title(cell) for cell in _padded(filled[header][1], width)]
    used = [i for i in range(width) if titles[i] or any(i < len(row) and not is_blank(row[i]) for _, row in body)]
    if not body or not used:
        return None
    first_row = body[0][0] if header is None else filled[header][0]
    columns = tuple(grid.first_column + i for i in used)
    return Filled(
        labels=tuple(titles[i] or f"Column {letter(grid.first_column + i)}" for i in used),
        columns=columns,
        rows=tuple(tuple(row[i] if i < len(row) else None for i in used) for _, row in body),
        row_numbers=tuple(number for number, _ in body),
        header_row=None if header is None else filled[header][0],
        cells=f"{letter(columns[0])}{first_row}:{letter(columns[-1])}{body[-1][0]}",
        notes=tuple(" ".join(_title(cell) for cell in row if not is_blank(cell)) for _, row in above),
        evidence=f"{grid.evidence}; " + _reason(header, filled[0][0], first_row),
    )


def last_row_total(region: Filled) -> str:
    """Return what makes the last row look like a total of those above, or an empty text."""
    texts = [cell for cell in region.rows[-1] if isinstance(cell, str) and not is_blank(cell)]
    return texts[0].strip() if texts and _TOTAL.match(texts[0].strip()) else ""


def _header_index(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Return the first row that is filled as wide as the data below and holds names only."""
    for index, row in enumerate(rows[:-1]):
        here = [cell for cell in row if not is_blank(cell)]
        widest = max(sum(not is_blank(cell) for cell in other) for other in rows[index:])
        if _are_names(here) and len(here) >= _HEADER_FILL * widest:
            return index
    # notes, then a header and not one row below it: still a header, so that the file is called empty
    *notes, last = [[cell for cell in row if not is_blank(cell)] for row in rows]
    return len(notes) if _are_names(last) and all(len(note) < _HEADER_FILL * len(last) for note in notes) else None


def _are_names(cells: Sequence[Cell]) -> bool:
    """Tell whether cells can be column names: texts, and among them perhaps years."""
    texts = [cell for cell in cells if isinstance(cell, str) and not _is_number(cell)]
    years = [cell for cell in cells if _is_year(cell)]
    return bool(texts) and len(texts) + len(years) == len(cells)


def _is_year(cell: Cell) -> bool:
    try:
        return not isinstance(cell, bool) and float(str(cell)) in range(1900, 2101)
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return any(c.isdigit() for c in text) and not any(c.isalpha() for c in text)


def _reason(header: int | None, first: int, row: int) -> str:
    if header is None:
        return f"no header: row {first} already holds values"
    return f"header in row {row}" + (f", {header} row(s) of notes above" if header else "")


def _title(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split()) if cell is not None else ""


def _padded(row: Sequence[Cell], width: int) -> list[Cell]:
    return [*row, *[None] * (width - len(row))]
