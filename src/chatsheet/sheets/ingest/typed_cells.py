"""Which type a column has, on what evidence, and each cell as a value of that type. Pure.

A type is given only when every filled cell fits it; a column that fits none stays text, exactly as written.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chatsheet.sheets.ingest.grid import Cell, is_blank
from chatsheet.sheets.model import ColumnType

TypedValue = str | int | float | bool | date | datetime | time | None

_EXACT_DIGITS = 15  # of a double, IEEE 754
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d*)")
_POINT = re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d+)?([eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)(,\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column's cells as values of one type, blank ones None."""

    type: ColumnType
    evidence: str
    values: list[TypedValue]


def decide(cells: Sequence[Cell]) -> TypedColumn:
    """Return the narrowest type that every filled cell fits."""
    filled = [cell for cell in cells if not is_blank(cell)]
    if not filled:
        return TypedColumn("text", "no values", [None] * len(cells))
    if any(isinstance(cell, str) for cell in filled):
        return _from_texts(cells, filled)
    kinds = {type(cell) for cell in filled}
    if kinds == {bool}:
        return TypedColumn("boolean", "all cells are booleans", [_blank_or(cell, _same_bool) for cell in cells])
    if kinds <= {int, float}:
        return _numbers(cells, filled)
    if kinds <= {date, datetime}:
        return _dates(cells, kinds)
    if kinds == {time}:
        return TypedColumn("time", "all cells are times", [c if isinstance(c, time) else None for c in cells])
    if kinds == {timedelta}:
        return _text(cells, "durations: kept as text")
    return _text(cells, "cells of mixed types: kept as text")


def _numbers(cells: Sequence[Cell], filled: Sequence[Cell]) -> TypedColumn:
    numbers = [float(cell) for cell in filled if isinstance(cell, int | float)]
    if all(n.is_integer() and abs(n) < 2**53 for n in numbers):
        return TypedColumn("integer", "all cells are whole numbers", [_blank_or(c, _to_int) for c in cells])
    return TypedColumn("decimal", "all cells are numbers", [_blank_or(c, _to_float) for c in cells])


def _dates(cells: Sequence[Cell], kinds: set[type]) -> TypedColumn:
    if kinds == {date}:
        return TypedColumn("date", "all cells are dates", [c if isinstance(c, date) else None for c in cells])
    return TypedColumn("datetime", "all cells are dates, some with a time", [_blank_or(c, _to_datetime) for c in cells])


def _from_texts(cells: Sequence[Cell], filled: Sequence[Cell]) -> TypedColumn:
    if not all(isinstance(cell, str) for cell in filled):
        return _text(cells, "texts beside other values: kept as text")
    texts = [cell.strip() for cell in filled if isinstance(cell, str)]
    if any(re.fullmatch(r"[+-]?0\d+([.,]\d+)?|\+\d{7,}", t) for t in texts):
        return _text(cells, "leading zeros or a leading plus: an identifier, kept as text")
    if any(_is_long_number(t) for t in texts):
        return _text(cells, "more digits than a number keeps exactly: an identifier, kept as text")
    if _reads_two_ways(texts):
        return _text(cells, "1,234 could be a thousand or one and a bit: kept as text")
    for pattern, kind, evidence, convert in _READERS:
        if all(pattern.fullmatch(t) for t in texts):
            try:
                return TypedColumn(kind, evidence, [_blank_or(c, convert) for c in cells])
            except ValueError:
                continue  # the shape fits and a value does not, such as 2025-02-30
    if {t.casefold() for t in texts} <= _BOOLEANS.keys():
        return TypedColumn("boolean", "all texts are true/false or yes/no", [_blank_or(c, _to_bool) for c in cells])
    return _dates_from_texts(cells, texts) or _text(cells, "texts")


def _is_long_number(text: str) -> bool:
    is_number = _INTEGER.fullmatch(text) or _POINT.fullmatch(text) or _COMMA.fullmatch(text)
    return is_number is not None and len(re.sub(r"\D", "", text).lstrip("0")) > _EXACT_DIGITS


def _reads_two_ways(texts: Sequence[str]) -> bool:
    both = all(_POINT.fullmatch(t) and _COMMA.fullmatch(t) for t in texts)
    return both and any(_point(t) != _comma(t) for t in texts)


def _dates_from_texts(cells: Sequence[Cell], texts: Sequence[str]) -> TypedColumn | None:
    parts = [match for text in texts if (match := _DATE.fullmatch(text))]
    if len(parts) < len(texts):
        return None
    firsts, seconds = [int(m.group(1)) for m in parts], [int(m.group(3)) for m in parts]
    if max(firsts) > 12 >= max(seconds):  # noqa: PLR2004  months
        return _read_dates(cells, "%d/%m/%Y", f"{texts[firsts.index(max(firsts))]} exists, so the day comes first")
    if max(seconds) > 12 >= max(firsts):  # noqa: PLR2004  months
        return _read_dates(cells, "%m/%d/%Y", f"{texts[seconds.index(max(seconds))]} exists, so the month comes first")
    if all(m.group(2) == "." for m in parts):
        return _read_dates(cells, "%d/%m/%Y", "dates written with points have the day first")
    return _text(cells, "dates whose day and month cannot be told apart: kept as text")


def _read_dates(cells: Sequence[Cell], order: str, evidence: str) -> TypedColumn | None:
    def read(text: str) -> date:
        return datetime.strptime(re.sub(r"[.-]", "/", text), order).date()  # noqa: DTZ007  a date has no zone

    try:
        return TypedColumn("date", evidence, [None if is_blank(c) else read(str(c).strip()) for c in cells])
    except ValueError:
        return None


def _text(cells: Sequence[Cell], evidence: str) -> TypedColumn:
    return TypedColumn("text", evidence, [None if is_blank(cell) else written(cell) for cell in cells])


def written(cell: Cell) -> str:
    """Return a cell as a person would write it: 12.0 as 12, dates in ISO form."""
    if isinstance(cell, bool) or not isinstance(cell, float):
        return cell.isoformat() if isinstance(cell, date | time) else str(cell)
    return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)


def _blank_or(cell: Cell, convert: Callable[[Cell], TypedValue]) -> TypedValue:
    return None if is_blank(cell) else convert(cell)


def _same_bool(cell: Cell) -> bool:
    return bool(cell)


def _to_bool(cell: Cell) -> bool:
    return _BOOLEANS[str(cell).strip().casefold()]


def _to_int(cell: Cell) -> int:
    return int(cell) if isinstance(cell, str | int | float) else 0


def _to_float(cell: Cell) -> float:
    return float(cell) if isinstance(cell, str | int | float) else 0.0


def _to_datetime(cell: Cell) -> datetime:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  sheets have no time zone
    return datetime.fromisoformat(str(cell).strip())


def _to_date(cell: Cell) -> date:
    return date.fromisoformat(str(cell).strip())


def _point(cell: Cell) -> float:
    return float(str(cell).strip().replace(",", ""))


def _comma(cell: Cell) -> float:
    return float(str(cell).strip().replace(".", "").replace(",", "."))


_READERS: tuple[tuple[re.Pattern[str], ColumnType, str, Callable[[Cell], TypedValue]], ...] = (
    (_INTEGER, "integer", "all texts are whole numbers", _to_int),
    (_POINT, "decimal", "all texts are numbers with a decimal point", _point),
    (_COMMA, "decimal", "all texts are numbers with a decimal comma", _comma),
    (_ISO_DATE, "date", "all texts are ISO dates", _to_date),
    (_ISO_DATETIME, "datetime", "all texts are ISO dates with a time", _to_datetime),
)
