"""Where the table of a tab starts, which row is its header, and what stands above it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatsheet.sheets.ingest.grid import Cell, Grid, is_blank, letter

_LOOK_AHEAD = 30
_HEADER_FILL = 0.6


@dataclass(frozen=True, slots=True)
class Region:
    """A table inside a grid: `row_numbers[i]` is where `rows[i]` stands in the tab, columns count from 1."""

    labels: tuple[str, ...]
    columns: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    row_numbers: tuple[int, ...]
    header_row: int | None
    cells: str
    notes: tuple[str, ...]
    evidence: str


def find(grid: Grid) -> Region | None:
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
    return Region(
        labels=tuple(titles[i] or f"Column {letter(grid.first_column + i)}" for i in used),
        columns=columns,
        rows=tuple(tuple(row[i] if i < len(row) else None for i in used) for _, row in body),
        row_numbers=tuple(number for number, _ in body),
        header_row=None if header is None else filled[header][0],
        cells=f"{letter(columns[0])}{first_row}:{letter(columns[-1])}{body[-1][0]}",
        notes=tuple(" ".join(_title(cell) for cell in row if not is_blank(cell)) for _, row in above),
        evidence=f"{grid.evidence}; " + _reason(header, filled[0][0], first_row),
    )


def _header_index(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Return the first row that is filled as wide as the data below and holds nothing but different texts."""
    for index, row in enumerate(rows[:-1]):
        here = [cell for cell in row if not is_blank(cell)]
        widest = max(sum(not is_blank(cell) for cell in other) for other in rows[index:])
        texts = [_title(cell) for cell in here if isinstance(cell, str)]
        names = len(texts) == len(here) == len({t.casefold() for t in texts})
        if names and len(here) >= _HEADER_FILL * widest and not any(_is_number(t) for t in texts):
            return index
    # a header and not one row below it: still a header, so that the file is called empty and not a table of names
    only = rows[0] if len(rows) == 1 else ()
    return 0 if only and all(isinstance(cell, str) and not _is_number(cell) for cell in only if not is_blank(cell)) else None


def _is_number(text: str) -> bool:
    return any(c.isdigit() for c in text) and not any(c.isalpha() for c in text)


def _reason(header: int | None, first: int, row: int) -> str:
    if header is None:
        return f"no header: row {first} already holds values"
    return f"header in row {row}" + (f", {header} row(s) of notes above" if header else "")


def _title(cell: Cell) -> str:
    return " ".join(str(cell).split()) if cell is not None else ""


def _padded(row: Sequence[Cell], width: int) -> list[Cell]:
    return [*row, *[None] * (width - len(row))]
