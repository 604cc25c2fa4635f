"""Where each number of an answer comes from: a cell of a result, a row count, or nowhere. Pure.

A number is traced when some cell of this turn's results, rounded as the answer wrote it, is that number; percent and
thousands separators are read as people write them. What matches nothing is marked, not removed.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

from pydantic import JsonValue

from chatsheet.chat.events import NumberFound, ToolAnswered

_START = r"(?<![\w.,])(?<![^\W\d_][-\u2212])"  # not inside a word, a longer number or a name such as A-17
_GROUPED = r"\d{1,3}(?:[,\u202f\u00a0' ]\d{3})+(?:\.\d+)?"
_NUMBER = re.compile(rf"{_START}[-\u2212]?(?:{_GROUPED}|\d+(?:\.\d+)?)(?!\w)")
_DATE = re.compile(r"\b\d{4}-\d{2}(-\d{2})?\b|\bQ[1-4]\b")
_PERCENT = re.compile(r"\s?(%|percent\b|per cent\b|Prozent\b)")
_YEARS = range(1900, 2101)


def trace(text: str, results: Sequence[ToolAnswered], *, question: str = "") -> tuple[NumberFound, ...]:
    """Return every number of `text` with the cell it comes from; numbers of the question and dates are left out."""
    # years that the queries filter on are no claims either
    queries = " ".join(answered.sql or "" for answered in results)
    years = {n for m in _NUMBER.finditer(re.sub(r"[-']", " ", queries)) if (n := _decimal(m.group())) in _YEARS}
    asked = {_decimal(match.group()) for match in _NUMBER.finditer(question)} | years
    dates = [match.span() for match in _DATE.finditer(text)]
    return tuple(
        _locate(match, results)
        for match in _NUMBER.finditer(text)
        if _decimal(match.group()) not in asked and not any(a <= match.start() and match.end() <= b for a, b in dates)
    )


def _locate(match: re.Match[str], results: Sequence[ToolAnswered]) -> NumberFound:
    written = _decimal(match.group())
    is_percent = _PERCENT.match(match.string, match.end()) is not None
    for answered in reversed(results):
        for row, column, value in _cells(answered):
            if written is not None and _same(written, value, is_percent=is_percent):
                return NumberFound(
                    text=match.group(),
                    start=match.start(),
                    end=match.end(),
                    handle=answered.handle,
                    row=row,
                    column=column,
                )
    return NumberFound(text=match.group(), start=match.start(), end=match.end(), handle=None)


def _cells(answered: ToolAnswered) -> Iterator[tuple[int | None, str | None, JsonValue]]:
    if answered.result is None:
        return
    for index, row in enumerate(answered.result.rows):
        for column, value in zip(answered.result.columns, row, strict=True):
            yield index, column.name, value
    yield None, None, answered.result.row_count
    for used in answered.basis.rows:
        yield None, None, used.rows


def _same(written: Decimal, value: JsonValue, *, is_percent: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    # a float both as it is written and as it is stored: programs round the one or the other
    cells = {_decimal(str(value)), Decimal(value) if isinstance(value, float) and math.isfinite(value) else None} - {None}
    places = Decimal(1).scaleb(int(written.as_tuple().exponent))
    return any(
        written == _rounded(sign * cell / scale, places, rounding)
        for cell in cells
        if cell is not None and cell.is_finite()
        for scale in ((Decimal(1), Decimal("0.01")) if is_percent else (Decimal(1),))  # a share may be written as percent
        for sign, rounding in itertools.product((1, -1), (ROUND_HALF_UP, ROUND_HALF_EVEN))
    )


def _rounded(value: Decimal, places: Decimal, rounding: str) -> Decimal | None:
    try:
        return value.quantize(places, rounding=rounding)
    except InvalidOperation:
        return None  # more digits than a decimal holds: not the number that was written


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(re.sub(r"[,\u202f\u00a0' ]", "", text).replace("\u2212", "-"))
    except InvalidOperation:
        return None
