"""Which columns of a table are formulas, and which of their cells break the pattern. Pure."""

from collections import Counter
from collections.abc import Sequence

from chatsheet.sheets.formulas.model import FormulaColumn, FormulaSheet
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.ingest.grid import letter

_LISTED = 20


def of_range(sheet: FormulaSheet, letters: Sequence[str], rows: Sequence[int] | range) -> tuple[FormulaColumn, ...]:
    """Return the columns of a table that hold formulas; `letters` and `rows` are those of its data, header apart."""
    return tuple(found for name in letters if (found := of_column(sheet, name, rows)) is not None)


def of_column(sheet: FormulaSheet, name: str, rows: Sequence[int] | range) -> FormulaColumn | None:
    """Return what the formulas of one column have in common, or None where it has none."""
    column = cell(f"{name}1")[1]
    held = {row: formula for row in rows if (formula := sheet.cells.get((row, column))) is not None}
    if not held:
        return None
    ((key, count),) = Counter(formula.pattern.key for formula in held.values()).most_common(1)
    if count * 2 <= len(held):
        return FormulaColumn(letter=name, formula="", formulas=len(held))
    shared = next(formula.pattern for formula in held.values() if formula.pattern.key == key)
    # plain values count as breaks only where the formula is the rule; else a few formulas stand in a column of inputs
    is_rule = count * 2 > len(rows)
    breaks = [row for row in rows if (row in held and held[row].pattern.key != key) or (is_rule and row not in held)]
    return FormulaColumn(
        letter=name,
        formula=f"={shared.at(rows[0], column)}" if is_rule else "",
        formulas=len(held),
        breaks=tuple(f"{letter(column)}{row}" for row in breaks[:_LISTED]),
        breaking=len(breaks),
    )
