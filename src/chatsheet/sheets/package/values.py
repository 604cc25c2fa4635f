"""A new value as a cell of XML: numbers, texts in place, dates as serials of the workbook's own calendar. Pure."""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from pydantic import JsonValue

from chatsheet.core.errors import BadInput
from chatsheet.sheets.model import ColumnType, Value

_LONGEST_TEXT = 32_767
_LARGEST_EXACT = 2**53
_ESCAPED = re.compile(r"[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_BUILTIN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_CODE_NOISE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ERRORS = frozenset({
    "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!", "#N/A", "#SPILL!", "#CALC!",
})  # fmt: skip
_CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FIRST_SOUND_DAY = date(1900, 3, 1)  # before it the 1900 calendar counts a leap day that never was


class ValueUnwritable(BadInput):
    """A value that a cell cannot hold."""

    code = "export.value"
    status = 422


class Change(Value):
    """One cell and what it shall hold: `value` is a JSON scalar, dates and times ISO texts; None empties the cell."""

    tab: str
    cell: str
    """Such as `B2`."""
    type: ColumnType | Literal["formula"]
    value: JsonValue
    result: JsonValue = None
    """What a formula gives, to be stored beside it; None leaves that to the program that opens the workbook."""


@dataclass(frozen=True, slots=True)
class Style:
    """What of a cell format matters here: whether its numbers show as dates, and everything else about it."""

    is_date: bool
    look: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """How the workbook counts days, and its cell formats by index."""

    is_1904: bool
    styles: tuple[Style, ...]

    def serial(self, moment: datetime) -> float | None:
        """Return the serial number of a moment, or None where the calendar does not reach."""
        if self.is_1904:
            days = (moment - datetime(1904, 1, 1)) / timedelta(days=1)  # noqa: DTZ001  cells have no zone
            return days if days >= 0 else None
        return (moment - datetime(1899, 12, 30)) / timedelta(days=1) if moment.date() >= _FIRST_SOUND_DAY else None  # noqa: DTZ001  sheets have no time zone

    def number(self, written: str) -> float | None:
        """Return the serial number of an ISO date, moment or time of day; None for any other text."""
        try:
            if _CLOCK.fullmatch(written):
                return (datetime.fromisoformat(f"1900-01-01T{written}") - datetime(1900, 1, 1)) / timedelta(days=1)  # noqa: DTZ001  sheets have no time zone
            return self.serial(datetime.fromisoformat(written).replace(tzinfo=None)) if _DAY.match(written) else None
        except ValueError:
            return None

    def date_style(self, style: int) -> int | None:
        """Return the format for a date in a cell of format `style`: itself, or one that differs in being a date."""
        if style < len(self.styles) and self.styles[style].is_date:
            return style
        look = self.styles[style].look if style < len(self.styles) else ()
        return next((n for n, other in enumerate(self.styles) if other.is_date and other.look == look), None)


@dataclass(frozen=True, slots=True)
class Content:
    """The inside of a cell: its `t` attribute, its XML, and the format it needs, where that changes."""

    kind: str
    xml: str
    style: int
    note: str = ""


def is_date_code(number: int, code: str) -> bool:
    """Tell whether a number format shows dates or times; `code` is empty for the built-in ones."""
    if not code:
        return number in _BUILTIN_DATES
    return re.search(r"[ymdhs]", _CODE_NOISE.sub("", code).split(";", maxsplit=1)[0], re.IGNORECASE) is not None


def content(change: Change, style: int, calendar: Calendar) -> Content | None:
    """Return what a cell of format `style` holds after the change, None for nothing; raises ValueUnwritable."""
    value = change.value
    match change.type:
        case _ if value is None:
            return None
        case "formula":
            kind, stored = result(change.result, style, calendar)
            return Content(kind, f"<f>{escape(str(value).removeprefix('='))}</f>{stored}", style)
        case "boolean" if isinstance(value, bool):
            return Content("b", f"<v>{int(value)}</v>", style)
        case "integer" | "decimal" if isinstance(value, int | float | str) and not isinstance(value, bool):
            return _number(change, value, style)
        case "date" | "datetime" | "time":
            return _moment(change, str(value), style, calendar)
        case "text" if isinstance(value, str):
            return _text(change, value, style)
        case _:
            raise _unwritable(change, f"is no {change.type}")


def result(value: JsonValue, style: int, calendar: Calendar) -> tuple[str, str]:
    """Return the `t` attribute and the XML of a formula's result in a cell of format `style`; nothing for None."""
    match value:
        case bool():
            return "b", f"<v>{int(value)}</v>"
        case int() | float():
            return "", f"<v>{value if isinstance(value, int) else repr(value)}</v>"
        case str() if value in _ERRORS:
            return "e", f"<v>{value}</v>"
        case str():
            days = calendar.number(value) if calendar.date_style(style) == style else None
            return ("str", f"<v>{escape(value)}</v>") if days is None else ("", f"<v>{days!r}</v>")
        case _:
            return "", ""


def _number(change: Change, value: float | str, style: int) -> Content:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _unwritable(change, "is no number") from None
    if not math.isfinite(number):
        raise _unwritable(change, "is not finite")
    if change.type == "integer" and abs(number) > _LARGEST_EXACT:
        text = _text(change, str(value), style)
        return Content(text.kind, text.xml, style, f"{change.cell}: {value} was written as text, a number would lose digits")
    return Content("", f"<v>{value if isinstance(value, int) else repr(number)}</v>", style)


def _moment(change: Change, value: str, style: int, calendar: Calendar) -> Content:
    try:
        if change.type == "time":
            clock = time.fromisoformat(value)
            serial = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
            days: float | None = serial / timedelta(days=1)
        else:
            days = calendar.serial(datetime.fromisoformat(value).replace(tzinfo=None))
    except ValueError:
        raise _unwritable(change, f"is no {change.type}") from None
    format_ = calendar.date_style(style)
    if days is None or format_ is None:
        reason = "the workbook's calendar does not reach it" if days is None else "its cell has no date format"
        text = _text(change, value, style)
        return Content(text.kind, text.xml, style, f"{change.cell}: {value} was written as text, because {reason}")
    return Content("", f"<v>{int(days) if days == int(days) else repr(days)}</v>", format_)


def _text(change: Change, value: str, style: int) -> Content:
    if len(value) > _LONGEST_TEXT:
        raise _unwritable(change, f"has {len(value)} characters, more than {_LONGEST_TEXT}")
    return Content("inlineStr", f'<is><t xml:space="preserve">{escape(value)}</t></is>', style)


def escape(text: str) -> str:
    """Return a text as XML content, in Office's spelling of what XML cannot hold."""
    coded = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return coded.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unwritable(change: Change, reason: str) -> ValueUnwritable:
    shown = str(change.value)[:40]
    return ValueUnwritable(f"{change.tab}!{change.cell}: {shown!r} {reason}.", fix="give a value of the cell's type.")
