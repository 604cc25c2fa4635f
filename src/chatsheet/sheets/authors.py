"""Who changed a cell: found in the moves of a sheet's head, and told to somebody who wanted to change it too. Pure."""

from collections.abc import Sequence

from chatsheet.sheets.conflicts import ConflictCell
from chatsheet.sheets.edits import Change
from chatsheet.sheets.store import Move


def touches(change: Change, table: str, row: int | None, column: str | None) -> bool | None:
    """Tell whether a change touched a table, its column, or a cell of it; None where only the values can tell."""
    if change.table != table:
        return False
    if row is None or column is None:
        return column is None or column in change.columns
    return change.touches(row, column)


def with_author(cell: ConflictCell, moves: Sequence[Move]) -> ConflictCell:
    """Return the cell with who changed it last and when, of these moves; surely, or else perhaps."""
    for sure in (True, None):
        for move in moves:
            if any(touches(change, cell.table, cell.row, cell.column or None) is sure for change in move.changes):
                return cell.model_copy(update={"by": move.created_by, "at": move.created_at})
    return cell


def line(cell: ConflictCell) -> str:
    """Return what happened to a cell, in one line."""
    who = f" by {cell.by} at {cell.at:%Y-%m-%d %H:%M}" if cell.at else ""
    place = cell.column if cell.row is None else f"row {cell.row} {cell.column}".rstrip()
    if cell.kind != "changed":
        return f"{place} was {cell.kind}{who}"
    yours = f", you want {cell.yours!r}" if cell.row is not None else ""
    return f"{place} was {cell.was!r} and is {cell.theirs!r}{who}{yours}"
