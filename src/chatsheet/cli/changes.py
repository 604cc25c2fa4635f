"""What edits change, on the terminal: cells before and after, and what follows for formulas."""

from collections.abc import Sequence

import click

from chatsheet.cli.tables import plain, show_rows
from chatsheet.sheets.edits import FOLLOWING, Change
from chatsheet.sheets.formulas.model import Impact

_CELLS_SHOWN = 20


def show_changes(changes: Sequence[Change], formulas: Impact) -> None:
    """Print what each edit changes, with its first cells, and then which formulas move."""
    is_told = formulas.counts.recalculated or formulas.counts.stale  # below, cells outside of tables among them
    for change in changes:
        if not (is_told and change.kind in FOLLOWING):
            _show_change(change)
    _show_formulas(formulas)


def change_line(change: Change) -> str:
    """Return what an edit changes, in one line."""
    rows, cells = counted(change.rows, "row"), counted(change.cells, "cell")
    if not change.table:
        return f"{change.kind} outside of tables: {cells}"
    return f"{change.kind.replace('_', ' ')} {change.table}: {rows}, {cells}"


def counted(number: int, word: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {word}{'s' * (number != 1)}"


def _show_change(change: Change) -> None:
    click.echo(change_line(change))
    for note in change.notes:
        click.echo(f"  {plain(note)}")
    if change.sample:
        shown = change.sample[:_CELLS_SHOWN]
        show_rows(["row", "column", "before", "after"], [(c.row, c.column, c.before, c.after) for c in shown])
    if change.cells > _CELLS_SHOWN:
        click.echo(f"… and {change.cells - _CELLS_SHOWN:,} more cells")


def _show_formulas(formulas: Impact) -> None:
    counts = formulas.counts
    if counts.recalculated:
        click.echo(f"recalculates {counted(counts.recalculated, 'cell')}")
        shown = formulas.recalculated[:_CELLS_SHOWN]
        show_rows(["cell", "before", "after"], [(f"{one.tab}!{one.cell}", one.before, one.after) for one in shown])
    if counts.stale:
        click.echo(f"makes {counted(counts.stale, 'cell')} stale: the value stays, and is out of date")
        listed = [(f"{one.tab}!{one.cell}", one.value, one.reason) for one in formulas.stale[:_CELLS_SHOWN]]
        show_rows(["cell", "value", "because"], listed)
    if counts.overwritten:
        click.echo(f"overwrites {counted(counts.overwritten, 'formula')}: {', '.join(formulas.overwritten[:_CELLS_SHOWN])}")
