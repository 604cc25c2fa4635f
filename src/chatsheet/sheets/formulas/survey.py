"""Every formula worth telling of: with a trait, or in a circle. Pure."""

from collections.abc import Iterator

from chatsheet.sheets.formulas import traits
from chatsheet.sheets.formulas.graph import Graph
from chatsheet.sheets.formulas.model import FormulaBook, Position
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import Told, Trait


def told(book: FormulaBook, graph: Graph | None = None) -> tuple[Told, ...]:
    """Return formulas with their traits, tab by tab in order of their cells; those in circles after them."""
    cells = [(tab, *at) for tab, sheet in book.sheets.items() for at in sheet.cells]
    circles = (graph or Graph(book)).ordered(cells).circles
    return (*with_traits(book), *(_told(book, position, "circular") for circle in circles for position in circle))


def with_traits(book: FormulaBook) -> Iterator[Told]:
    """Yield formulas with their traits, tab by tab in order of their cells."""
    for sheet in book.sheets.values():
        known: dict[int, frozenset[Trait]] = {}
        for (row, column), formula in sorted(sheet.cells.items()):
            key = id(formula.pattern) if not formula.fills else -1
            found = known.get(key)
            if found is None:
                found = traits.of(formula, book, sheet.tab)
                if key != -1:
                    known[key] = found
            yield from (_told(book, (sheet.tab, row, column), trait) for trait in sorted(found))


def _told(book: FormulaBook, position: Position, trait: Trait) -> Told:
    tab, row, column = position
    formula = book.formula(position)
    return Told(tab=tab, cell=f"{letter(column)}{row}", formula=formula.text if formula else "", trait=trait)
