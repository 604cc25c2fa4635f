"""Whether a result is the right one, and whether a text names it. Pure, and on purpose none of the code that it judges.

Column names do not matter, nor does the order of columns; rows count in any order unless their order was asked for.
"""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from chatsheet.evals.model import Known
from chatsheet.sheets.model import Result

_EXACT = 1e-9
_MIDNIGHT = "T00:00:00"
_MOST_COLUMNS = 30
_MOST_NAMED = 24
_SPACED = re.compile(r"(?<=\d)[ \u202f\u00a0](?=\d{3}(?!\d))")
_WRITTEN = re.compile(r"(?<![\w.,])[-\u2212]?\d(?:[\d.,'\u2019]*\d)?(?!\w)")
_LOOSEST = Decimal("0.05")
"""How far rounding may move a number, relative to it: a half is not one."""

Rows = Sequence[Sequence[JsonValue]]
Same = Callable[[JsonValue, JsonValue], bool]


def is_strict(known: Known, right: Result, got: Result) -> bool:
    """Tell whether a result has these columns alone, as many rows, and each number to the last digit."""
    if len(right.columns) != len(got.columns) or right.row_count != got.row_count:
        return False
    return _matches(right.rows, got.rows, _exact, is_ordered=known.is_ordered)


def is_tolerant(known: Known, right: Result, got: Result) -> bool:
    """Tell whether a result holds the right one: further columns, rounding and, in a ranking, further rows are allowed."""
    rows: Rows = got.rows[: len(right.rows)] if known.is_ordered else got.rows
    if len(rows) != len(right.rows):
        return False
    return _matches(right.rows, rows, lambda a, b: _near(known, a, b), is_ordered=known.is_ordered)


def is_named(known: Known, right: Result, text: str) -> bool | None:
    """Tell whether a text names each value of the right result; None for more values than an answer would list."""
    cells = [cell for row in right.rows for cell in row if cell is not None]
    if len(cells) > _MOST_NAMED:
        return None
    return all(_says(known, text, cell) for cell in cells)


def holds(cell: JsonValue, written: str) -> bool:
    """Tell whether a cell is the number that a text writes, in any notation, as percent too, rounded as it is written."""
    return any(
        _rounds_to(number, scale * value) for value in _values(cell) for number in numbers(written) for scale in (1, 100)
    )


def numbers(written: str) -> list[Decimal]:
    """Return what a written number may mean: with a decimal point, or with a decimal comma."""
    plain = re.sub(r"['\u2019\u202f\u00a0 ]", "", written).replace("\u2212", "-")
    ways = (plain.replace(",", ""), plain.replace(".", "").replace(",", "."))
    return [number for text in ways if (number := _decimal(text)) is not None]


def _matches(right: Rows, got: Rows, same: Same, *, is_ordered: bool) -> bool:
    if not right:
        return not got
    wide = min(len(got[0]), _MOST_COLUMNS) if got else 0
    return any(
        _rows_match(right, [[row[place] for place in places] for row in got], same, is_ordered=is_ordered)
        for places in itertools.permutations(range(wide), len(right[0]))
        if all(any(same(right[0][i], row[place]) for row in got) for i, place in enumerate(places))
    )


def _rows_match(right: Rows, got: Rows, same: Same, *, is_ordered: bool) -> bool:
    if len(right) != len(got):
        return False
    if is_ordered:
        return all(_row_matches(a, b, same) for a, b in zip(right, got, strict=True))
    left = list(got)
    for row in right:
        place = next((i for i, other in enumerate(left) if _row_matches(row, other, same)), None)
        if place is None:
            return False
        del left[place]
    return True


def _row_matches(right: Sequence[JsonValue], got: Sequence[JsonValue], same: Same) -> bool:
    return all(same(a, b) for a, b in zip(right, got, strict=True))


def _exact(right: JsonValue, got: JsonValue) -> bool:
    a, b = _number(right), _number(got)
    if a is not None and b is not None:
        return math.isclose(a, b, rel_tol=_EXACT, abs_tol=_EXACT)
    if isinstance(right, str) and isinstance(got, str):
        return _plain(right) == _plain(got)
    return right == got and isinstance(right, bool) == isinstance(got, bool)


def _near(known: Known, right: JsonValue, got: JsonValue) -> bool:
    if _exact(right, got):
        return True
    a, b = _number(right), _number(got)
    if a is None or b is None:
        return isinstance(right, str) and isinstance(got, str) and _plain(right).casefold() == _plain(got).casefold()
    return any(
        math.isclose(scaled, b, rel_tol=known.tolerance, abs_tol=_EXACT) or (abs(scaled) >= 1 and round(scaled, 2) == b)
        for scaled in _alike(known, a)
    )


def _alike(known: Known, right: float) -> Iterator[float]:
    for scale in (1, 100) if known.is_share else (1,):
        yield scale * right
        if known.is_sign_free:
            yield -scale * right


def _says(known: Known, text: str, cell: JsonValue) -> bool:
    value = _number(cell)
    if value is None:
        words = _plain(cell) if isinstance(cell, str) else str(cell)
        return words.casefold() in text.casefold()
    joined = _SPACED.sub("", text)
    return any(
        _rounds_to(number, Decimal(str(scaled)))
        for written in _WRITTEN.findall(joined)
        for number in numbers(written)
        for scaled in (*_alike(known, value), -value)
    )


def _values(cell: JsonValue) -> list[Decimal]:
    value = _number(cell)
    if value is None and isinstance(cell, str):
        return [number for number in (_decimal(cell),) if number is not None]
    return [] if value is None else [Decimal(str(value)), Decimal(str(-value))]


def _rounds_to(written: Decimal, value: Decimal) -> bool:
    """Tell whether a value is what was written once it is rounded to as many places; half of the last place either way."""
    exponent = written.as_tuple().exponent
    half = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2
    return abs(written - value) <= min(half, _LOOSEST * abs(value))


def _plain(text: str) -> str:
    return text.strip().removesuffix(_MIDNIGHT)


def _number(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
