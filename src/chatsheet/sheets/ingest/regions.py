"""Which tables a tab holds: where each starts and ends, which rows name it, sum it up or explain it. Pure.

A tab is cut into blocks (layout/blocks), each block is read from top to bottom (layout/tables). Only cells that the grid
holds are looked at, each a bounded number of times.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from chatsheet.sheets.ingest.grid import Grid, Span, letter
from chatsheet.sheets.ingest.layout import blocks, cells, tables
from chatsheet.sheets.ingest.layout.blocks import Block
from chatsheet.sheets.ingest.layout.cells import Line
from chatsheet.sheets.ingest.layout.headers import Stack
from chatsheet.sheets.ingest.layout.model import Finding, Region

_NEAR = 4
"""How many tables that start above a line may be the nearest to it."""


def find_all(grid: Grid) -> tuple[Region, ...]:
    """Return the tables of a tab in reading order: from top to bottom, blocks beside each other from left to right."""
    lines = cells.lines(grid)
    return find_in(grid, Block(0, tuple(lines))) if lines else ()


def find_in(grid: Grid, area: Block) -> tuple[Region, ...]:
    """Return the tables of a part of a tab."""
    found: list[Region] = []
    loose: list[Line] = []
    for block in blocks.cut(area):
        part = tables.read(stack(grid, block), is_beside=block.is_beside)
        found += [_besides(region) if block.is_beside else region for region in part.regions]
        loose += part.loose
    found = _with_notes(found, loose)
    return tuple(_hidden(region) for region in found) if grid.is_hidden else tuple(found)


def stack(grid: Grid, block: Block) -> Stack:
    """Return a block with its merged cells and the blank rows that are not here."""
    spans: dict[int, list[Span]] = {}
    if grid.merged:
        first = grid.first_column + block.left
        here = {line.number for line in block.lines}
        width = len(block.lines[0].kinds)
        low, high = min(here), max(here)
        for span in grid.merged:
            left, right = span.first_column - first, span.last_column - first
            if right < 0 or left >= width:
                continue
            for row in range(max(span.first_row, low), min(span.last_row, high) + 1):
                if row in here:
                    spans.setdefault(row, []).append(Span(span.first_row, left, span.last_row, right))
    return Stack(block.lines, grid.first_column + block.left, spans, grid.blank_rows)


def _besides(region: Region) -> Region:
    says = f"columns {letter(region.columns[0])} to {letter(region.columns[-1])} stand apart, a blank column at their side"
    return replace(region, findings=(*region.findings, Finding(says, 0.85)))


def _hidden(region: Region) -> Region:
    return replace(region, findings=(*region.findings, Finding("the tab is hidden in the workbook")))


def _with_notes(found: Sequence[Region], loose: Sequence[Line]) -> list[Region]:
    """Give each line that stands in no table to the nearest one, the one below it where two are as near."""
    notes: dict[int, list[str]] = {}
    order = sorted(range(len(found)), key=lambda i: _top(found[i]))
    tops = [_top(found[i]) for i in order]
    for line in loose if found else ():
        at = bisect_right(tops, line.number)
        near = order[max(at - _NEAR, 0) : at + 1]
        nearest = min(near, key=lambda i: _distance(found[i], line.number))
        notes.setdefault(nearest, []).append(line.text())
    return [replace(region, notes=(*region.notes, *notes.get(i, ()))) for i, region in enumerate(found)]


def _top(region: Region) -> int:
    return min((*region.header_rows, region.first_row))


def _distance(region: Region, row: int) -> tuple[int, int]:
    top = _top(region)
    return max(top - row, row - region.last_row, 0), -top
