"""The first cells of a tab as its file has them, for a person who checks what was read of it. Pure."""

from collections.abc import Sequence

from chatsheet.sheets.ingest.grid import Cell, Grid, is_blank
from chatsheet.sheets.ingest.tabs import written
from chatsheet.sheets.model import Value

MOST_ROWS = 60
MOST_COLUMNS = 40
_LONGEST = 120


class RawCells(Value):
    """A window of a tab: `rows[0][0]` is the cell in row `top` and column `left`, both from 1; blank cells are None."""

    tab: str
    top: int
    left: int
    rows: tuple[tuple[str | None, ...], ...]
    last_row: int
    """The last used row of the tab."""
    last_column: int


def window(grid: Grid, *, top: int, left: int) -> RawCells:
    """Return the window that begins at a cell; rows that only the whole of a large tab would show are blank."""
    known = dict(grid.numbered())
    last_column = grid.first_column + (grid.width or max(map(len, grid.rows), default=1)) - 1
    columns = range(left - grid.first_column, min(left + MOST_COLUMNS, last_column + 1) - grid.first_column)
    numbers = range(top, min(top + MOST_ROWS, grid.last_row + 1))
    rows = tuple(tuple(_text(known.get(number, ()), at) for at in columns) for number in numbers)
    return RawCells(tab=grid.tab, top=top, left=left, rows=rows, last_row=grid.last_row, last_column=last_column)


def _text(row: Sequence[Cell], at: int) -> str | None:
    cell = row[at] if 0 <= at < len(row) else None
    if is_blank(cell):
        return None
    text = written(cell)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
