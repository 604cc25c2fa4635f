"""A tab cut into blocks: side by side at blank columns, and band by band where only some rows can be cut. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from chatsheet.sheets.ingest.layout import cells
from chatsheet.sheets.ingest.layout.cells import BLANK, DATE, TEXT, VALUES, Line

_SPARSE = 1
_NARROW = 1


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of some neighbouring columns; `left` is the index of its first column in the tab."""

    left: int
    lines: tuple[Line, ...]
    is_beside: bool = False
    """Whether it was cut from another block at its side."""


def cut(block: Block) -> list[Block]:
    """Return the blocks of a tab in reading order, none of which needs a further cut."""
    parts = _columns(block)
    if len(parts) > 1:
        return [piece for part in parts for piece in cut(part)]
    bands = list(cells.runs([line.is_blank for line in block.lines]))
    if len(bands) <= 1:
        return [block]
    found: list[Block] = []
    start = 0
    for first, last in bands:
        band = Block(block.left, block.lines[first:last], block.is_beside)
        pieces = _columns(band) if last - first > 2 else []  # noqa: PLR2004  a header and two rows
        if len(pieces) > 1 and all(_opens(piece) for piece in pieces):
            if start < first:
                found += cut(Block(block.left, block.lines[start:first], block.is_beside))
            found += [one for piece in pieces for one in cut(piece)]
            start = last
    if start == 0:
        return [block]
    rest = Block(block.left, block.lines[start:], block.is_beside)
    return [*found, *(cut(rest) if any(not line.is_blank for line in rest.lines) else [])]


def _columns(block: Block) -> list[Block]:
    """Cut at columns that are blank in every row but titles, unless the sides are one table."""
    full = [line for line in block.lines if line.filled > _SPARSE] or [line for line in block.lines if not line.is_blank]
    width = len(block.lines[0].kinds) if block.lines else 0
    is_blank = [all(line.kinds[column] == BLANK for line in full) for column in range(width)]
    spans = list(cells.runs(is_blank))
    if len(spans) <= 1:
        return [block]
    merged = [spans[0]]
    for left, right in spans[1:]:
        if _are_one(full, merged[-1], (left, right)):
            merged[-1] = (merged[-1][0], right)
        else:
            merged.append((left, right))
    if len(merged) == 1:
        return [block]
    # a title in a blank column belongs to the block on its left
    edges = [0, *(left for left, _ in merged[1:]), width]
    return [
        Block(block.left + left, tuple(line.part(left, right) for line in block.lines), is_beside=True)
        for left, right in itertools.pairwise(edges)
    ]


def _are_one(full: Sequence[Line], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether two sides of a blank column are one table: the same rows, and the right side cannot stand alone."""
    if _extent(full, one) != _extent(full, other):
        return False
    if other[1] - other[0] <= _NARROW or one[1] - one[0] <= _NARROW:
        return True
    heads = [line.kinds[other[0]] for line in full[1:]]
    return other[0] - one[1] == 1 and not any(kind in TEXT + DATE for kind in heads) and not _repeats(full, one, other)


def _extent(full: Sequence[Line], span: tuple[int, int]) -> tuple[int, ...]:
    numbers = [line.number for line in full if line.kinds[span[0] : span[1]].strip()]
    return (numbers[0], numbers[-1]) if numbers else ()


def _repeats(full: Sequence[Line], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether both sides begin with the same label, as two tables of the same form do."""
    return full[0].cells[one[0]] == full[0].cells[other[0]]


def _opens(block: Block) -> bool:
    """Tell whether a band begins with names over values, as a table of its own does."""
    filled = [line for line in block.lines if not line.is_blank]
    heads = next((line for line in filled if line.filled > _SPARSE), filled[0])
    below = [line for line in filled if line.number > heads.number]
    has_values = any(kind in VALUES for line in below for kind in line.kinds)
    return has_values and all(
        kind in TEXT + BLANK or cells.period(cell) for kind, cell in zip(heads.kinds, heads.cells, strict=True)
    )
