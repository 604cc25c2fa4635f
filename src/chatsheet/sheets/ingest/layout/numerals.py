"""Whether a row of numbers names columns. Data is the default: only years, dates or 1, 2, 3 may be names, on evidence. Pure."""

import itertools
from collections.abc import Sequence

from chatsheet.sheets.ingest.layout.cells import BLANK, DATE, NUMBER, TEXT, Line, number, period

_FEWEST_COUNTED = 3
_FEWEST_TEXTS = 2
_WIDEST_STEP = 10
"""Years between neighbouring columns: those of a census."""


def bare(line: Line) -> list[int]:
    """Return the places of a row's numbers and dates."""
    return [i for i, kind in enumerate(line.kinds) if kind in NUMBER + DATE]


def counts(line: Line) -> bool:
    """Tell whether the cells that are no texts are 1, 2, 3 or 0, 1, 2."""
    numbers = [number(line.cells[i]) for i in line.places() if line.kinds[i] != TEXT]
    return len(numbers) >= _FEWEST_COUNTED and any(numbers == list(range(at, at + len(numbers))) for at in (0, 1))


def counts_columns(line: Line) -> bool:
    """Tell whether a row numbers the columns, from 1 at the first: 1, 2, 3 or (1), (2), (3)."""
    numbers = [abs(number(line.cells[i]) or 0.0) for i in line.places() if line.kinds[i] == NUMBER]
    return line.filled >= _FEWEST_COUNTED and numbers == list(range(1, line.filled + 1))


def may_count_columns(line: Line, under: Sequence[Line]) -> bool:
    """Tell whether all of a row counts, from 0 or 1, and the first column below does not go on with it as ids do."""
    if not counts(line) or TEXT in line.kinds:
        return False
    place = line.places()[0]
    below = (number(other.cells[place]) for other in under)
    return next((n for n in below if n is not None), None) != (number(line.cells[place]) or 0.0) + 1


def numbers_columns(line: Line, under: Sequence[Line]) -> bool:
    """Tell whether a row that counts is no data: in brackets, or over a column of texts and not gone on with in its first."""
    if _in_brackets(line):
        return not any(_in_brackets(other) for other in under)
    if not may_count_columns(line, under):
        return False
    below = ["".join(other.kinds[i] for other in under).replace(BLANK, "") for i in line.places()]
    return any(len(kinds) >= _FEWEST_TEXTS and not kinds.strip(TEXT) for kinds in below)


def _in_brackets(line: Line) -> bool:
    cells = [line.cells[i] for i in line.places()]
    return all(isinstance(cell, str) and cell.strip().startswith("(") for cell in cells)


def has_corner(line: Line, under: Sequence[Line]) -> bool:
    """Tell whether a row is blank over the first column, where the rows below are not."""
    return line.kinds[0] == BLANK and sum(other.kinds[0] != BLANK for other in under) * 2 > len(under)


def are_near_years(line: Line) -> bool:
    """Tell whether a row's numbers are years that only climb or only fall, by a few years each time."""
    steps = _steps(line)
    return bool(steps) and (max(steps) < 0 or min(steps) > 0) and max(map(abs, steps)) <= _WIDEST_STEP


def are_years_in_a_row(line: Line) -> bool:
    """Tell whether a row's numbers are three years or more without a gap."""
    steps = _steps(line)
    return len(steps) + 1 >= _FEWEST_COUNTED and (set(steps) == {1} or set(steps) == {-1})


def _steps(line: Line) -> list[float]:
    """Return how far apart a row's years are, nothing where other numbers or dates are among them."""
    cells = [line.cells[i] for i in bare(line)]
    years = [number(cell) or 0.0 for cell in cells if period(cell) == "year"]
    return [after - before for before, after in itertools.pairwise(years)] if len(years) == len(cells) else []


def doubt(line: Line, before: Line) -> str:
    """Say why a row that was taken for a header may be data after all; an empty text where nothing speaks for that."""
    numbers = bare(line)
    if not any(line.kinds[i] == NUMBER for i in numbers) or _in_brackets(line):
        return ""
    if counts(line):
        return f"row {line.number} counts, which is taken for names of columns and not for data"
    is_under_others = before is not line and before.filled > 1
    is_labelled = len(numbers) < line.filled or line.kinds[0] == BLANK
    if is_labelled and not is_under_others and (len(numbers) == 1 or are_near_years(line)):
        return ""
    return f"the numbers in row {line.number} are like years, which is taken for names of columns and not for data"
