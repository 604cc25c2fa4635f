"""Which columns of a table are formulas, and which of their cells break the pattern. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from chatsheet.sheets.formulas import lexer
from chatsheet.sheets.formulas.grammar import FormulaRefused
from chatsheet.sheets.formulas.model import FormulaSheet
from chatsheet.sheets.formulas.pattern import Pattern, Reference, cell
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import Column, FormulaColumn, Table

_LISTED = 20


def of_range(sheet: FormulaSheet, labels: Mapping[str, str], rows: Sequence[int] | range) -> tuple[FormulaColumn, ...]:
    """Return the columns of a table that hold formulas; `labels` by letter and `rows` are those of its data, header apart."""
    return tuple(found for name in labels if (found := of_column(sheet, name, rows, labels)) is not None)


def of_column(sheet: FormulaSheet, name: str, rows: Sequence[int] | range, labels: Mapping[str, str]) -> FormulaColumn | None:
    """Return what the formulas of one column have in common, or None where it has none."""
    column = cell(f"{name}1")[1]
    held = {row: formula for row in rows if (formula := sheet.cells.get((row, column))) is not None}
    if not held:
        return None
    ((key, count),) = Counter(formula.pattern.key for formula in held.values()).most_common(1)
    missing = sum(formula.cached is None for formula in held.values())
    if count * 2 <= len(held):
        return FormulaColumn(letter=name, formula="", formulas=len(held), missing=missing)
    shared = next(formula.pattern for formula in held.values() if formula.pattern.key == key)
    # plain values count as breaks only where the formula is the rule; else a few formulas stand in a column of inputs
    is_rule = count * 2 > len(rows)
    breaks = [row for row in rows if (row in held and held[row].pattern.key != key) or (is_rule and row not in held)]
    return FormulaColumn(
        letter=name,
        formula=f"={shared.at(rows[0], column)}" if is_rule else "",
        named=in_names(shared, column, labels) if is_rule else "",
        missing=missing,
        formulas=len(held),
        breaks=tuple(f"{letter(column)}{row}" for row in breaks[:_LISTED]),
        breaking=len(breaks),
    )


def in_names(shared: Pattern, column: int, labels: Mapping[str, str]) -> str:
    """Return a formula in terms of columns, such as `=[@Price]*2`; empty where it reads cells of other rows or tabs."""
    parts: list[str] = []
    for part in shared.parts:
        if isinstance(part, Reference):
            label = _label(part, column, labels)
            if label is None:
                return ""
            parts.append(f"[@{label}]" if label.replace("_", "").isalnum() else f"[@[{label}]]")
        else:
            parts.append(part.text)
    return f"={''.join(parts)}"


def _label(reference: Reference, column: int, labels: Mapping[str, str]) -> str | None:
    """Return the label of the column that a reference to a cell of its own row names."""
    corner = reference.first
    at = corner.place(0, column)[1]
    if reference.prefix or reference.last is not None or corner.row != 0 or corner.is_row_fixed or at is None or at < 1:
        return None
    label = labels.get(letter(at), "")
    return label if label and not set(label) & set("[]#'@") else None


def in_cells(formula: str, columns: Sequence[Column], row: int) -> str:
    """Return a formula whose columns are named by their cells in a row; raises FormulaRefused for an unknown `[@Column]`.

    A bare word that is no column stays, as it may be a defined name.
    """
    known = {key.casefold(): column for column in reversed(columns) for key in (column.label, column.name)}
    parts: list[str] = []
    for token in lexer.tokens(formula.removeprefix("=")):
        name = token.text
        if token.kind == "table" and name.startswith("[@"):
            name = name[2:-1].removeprefix("[").removesuffix("]")
        column = known.get(name.casefold()) if token.kind == "name" or name != token.text else None
        if column is None and name != token.text:
            labels = ", ".join(one.label for one in columns)
            raise FormulaRefused(f"there is no column {token.text}.", fix=f"the columns are {labels}.")
        if column is not None and not column.letter:
            raise FormulaRefused(f"{column.label} has no cells in the workbook.", fix="use columns that were imported.")
        parts.append(token.text if column is None else f"{column.letter}{row}")
    return f"={''.join(parts)}"


def filled(table: Table, column: Column, shared: Pattern, rows: Sequence[int]) -> FormulaColumn:
    """Return what a column's formulas have in common after `rows` of it were given one."""
    labels = {one.letter: one.label for one in table.columns if one.letter}
    at = cell(f"{column.letter}1")[1]
    if len(rows) * 2 > table.rows or column.formula is None:
        is_rule = len(rows) * 2 > table.rows
        return FormulaColumn(
            letter=column.letter,
            formula=f"={shared.at(rows[0], at)}" if is_rule else "",
            named=in_names(shared, at, labels) if is_rule else "",
            formulas=len(rows),
            breaking=table.rows - len(rows) if is_rule else 0,
        )
    return column.formula.model_copy(update={"formulas": min(table.rows, column.formula.formulas + len(rows))})
