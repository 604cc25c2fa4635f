"""Dates, dates with a time, and times of day, as people write them. Pure.

A time with a zone is kept as UTC; two digits of a year from 69 on are 19xx, as POSIX has it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from chatsheet.sheets.ingest.types_model import guarded, quoted, trimmed
from chatsheet.sheets.ingest.types_words import MONTHS

Order = Literal["dmy", "mdy", "ymd"]
ORDER_NAMES: dict[Order, str] = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
_FIRST_OF_1900S = 69

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_HALF = r"(?:0?[1-9]|1[0-2]):[0-5]\d"
_NAMES = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.|º|ª|°)?"
_YEAR = r"'?(\d{4}|\d{2})"
_NAMED_DMY = rf"{_DAY}[ ./-]*(?:(?:de|of|di) )?({_NAMES})\.?,?[ ./-]*(?:(?:de|del) )?{_YEAR}"
_NAMED_MDY = rf"({_NAMES})\.? {_DAY},? {_YEAR}"
_NUMERIC = re.compile(r"(?P<a>\d{4}|\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<c>\d{4}|\d{1,2})")
_TIME = re.compile(
    rf"(?P<gap>T|[ ]|, )(?:(?P<clock>{_CLOCK})|(?P<half>{_HALF}))(?P<seconds>:[0-5]\d)?(?P<fraction>\.\d{{1,6}})?"
    r"(?P<half_of_day>[ ]?[AaPp][Mm])?(?P<zone>[ ]?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))?"
)  # fmt: skip
_DMY, _MDY = re.compile(_NAMED_DMY, re.IGNORECASE), re.compile(_NAMED_MDY, re.IGNORECASE)
_CLOCKS = re.compile(rf"(?:{_CLOCK}(?P<s>:[0-5]\d(?:\.\d{{1,6}})?)?|{_HALF}(?P<s2>:[0-5]\d)?(?P<gap> ?)[AaPp][Mm])")
DURATION = re.compile(r"-?\d{2,4}:[0-5]\d(:[0-5]\d)?")


@dataclass(frozen=True, slots=True)
class Token:
    """A text taken apart: three numbers in the order written, and how its time is written."""

    parts: tuple[str, str, str]
    separator: str
    """Between numbers; empty where the month has a name, and then the parts are day, month, year."""
    time: str
    """As a strptime format, gap included; empty for none."""
    zoned: bool
    named: Literal["", "dmy", "mdy"] = ""

    def date(self, order: Order) -> date | None:
        """Return the day in that order; None where there is no such day."""
        a, b, c = self.parts
        if self.named:
            order = "dmy"
        elif len(a) == 4:  # noqa: PLR2004  a year
            order = "ymd"
        elif len(c) == 4 and order == "ymd":  # noqa: PLR2004
            return None
        day, month, year = {"dmy": (a, b, c), "mdy": (b, a, c), "ymd": (c, b, a)}[order]
        if len(year) not in {2, 4} or len(day) > 2 or (order == "ymd" and len(year) == 2 and self.separator != "-"):  # noqa: PLR2004
            return None
        full = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= _FIRST_OF_1900S else 2000)  # noqa: PLR2004
        try:
            return date(full, int(month), int(day))
        except ValueError:
            return None


@lru_cache(maxsize=8192)
def token(text: str) -> Token | None:
    """Take a stripped text apart; None where it is no date."""
    if match := _NUMERIC.match(text):
        found = Token((match["a"], match["b"], match["c"]), match["sep"], "", zoned=False)
    elif match := _DMY.match(text):
        found = Token((match[1], str(MONTHS[match[2].casefold()]), match[3]), "", "", zoned=False, named="dmy")
    elif match := _MDY.match(text):
        found = Token((match[2], str(MONTHS[match[1].casefold()]), match[3]), "", "", zoned=False, named="mdy")
    else:
        return None
    rest = text[match.end() :]
    if not rest:
        return found
    time = _TIME.fullmatch(rest)
    if time is None or found.named or (time["zone"] and len(found.parts[0]) != 4):  # noqa: PLR2004  a year
        return None
    if time["half_of_day"] and not re.match(_HALF + r"(?!\d)", rest[len(time["gap"]) :]):
        return None
    return Token(found.parts, found.separator, _time_format(time), zoned=bool(time["zone"]))


def _time_format(time: re.Match[str]) -> str:
    half = time["half_of_day"]
    seconds = (":%S" if time["seconds"] else "") + (".%f" if time["fraction"] else "")
    if half:
        return f"{time['gap']}%I:%M{seconds}{' ' if half[0] == ' ' else ''}%p"
    return f"{time['gap']}%H:%M{seconds}"


def _time_pattern(found: Token) -> str:
    if not found.time:
        return ""
    half = "%p" in found.time
    seconds = (r":[0-5]\d" if "%S" in found.time else "") + (r"\.\d{1,6}" if "%f" in found.time else "")
    gap = re.escape(found.time[: found.time.index("%")])
    zone = r"[ ]?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)" if found.zoned else ""
    meridiem = (" " if " %p" in found.time else "") + "[AaPp][Mm]" if half else ""
    return gap + (_HALF if half else _CLOCK) + seconds + meridiem + zone


_LOW = "(?:0?[1-9]|1[0-2])"
_DAY_TO_28 = r"(?:0?[1-9]|1\d|2[0-8])"
_HIGH_DAY_AND_MONTH = (
    ("(?:1[3-9]|2[0-8])", _LOW),
    ("(?:29|30)", "(?:0?[13-9]|1[0-2])"),
    ("31", "(?:0?[13578]|1[02])"),
)


def _days(separator: str, *, day_first: bool, high_only: bool) -> str:
    pairs = (*_HIGH_DAY_AND_MONTH, *(() if high_only else ((_LOW, _LOW),)))
    s = re.escape(separator)
    return "(?:" + "|".join(f"{day}{s}{month}" if day_first else f"{month}{s}{day}" for day, month in pairs) + ")"


def shape(text: str) -> str | None:
    """Return a pattern of all texts written like this one, all of them days that exist; None where it is no date or time."""
    if clock := _CLOCKS.fullmatch(text):
        if clock["gap"] is None:
            return _CLOCK + (r":[0-5]\d(?:\.\d{1,6})?" if clock["s"] else "")
        return _HALF + (r":[0-5]\d" if clock["s2"] else "") + clock["gap"] + "[AaPp][Mm]"
    found = token(text)
    if found is None or all(found.date(order) is None for order in ORDER_NAMES):
        return None
    a, b, c = found.parts
    separator = re.escape(found.separator)
    year = r"\d{4}" if max(len(a), len(c)) == 4 else r"\d{2}"  # noqa: PLR2004
    if found.named:
        return f"(?i:{_uncaptured(_NAMED_DMY if found.named == 'dmy' else _NAMED_MDY, _DAY_TO_28)})"
    if len(a) == 4:  # noqa: PLR2004
        day = year + separator + _days(found.separator, day_first=False, high_only=False)
    elif int(a) <= 12 and int(b) <= 12:  # noqa: PLR2004  months
        day = _LOW + separator + _LOW + separator + year
    elif int(a) > 31:  # noqa: PLR2004  a year of two digits
        return None
    else:
        day = _days(found.separator, day_first=int(a) > 12, high_only=True) + separator + year  # noqa: PLR2004
    return day + _time_pattern(found)


def _uncaptured(pattern: str, day: str) -> str:
    return (
        pattern.replace(r"(\d{1,2})", day).replace(f"({_NAMES})", f"(?:{_NAMES})").replace(r"(\d{4}|\d{2})", r"(?:\d{4}|\d{2})")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Texts as days, or as points in time where any has one."""

    order: Order
    tokens: tuple[tuple[str, str, int, bool], ...]
    """The ways seen: separator, format of the time, digits of the year, with a zone; a named month has no separator."""
    has_times: bool
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str], order: Order) -> "Dates":
        """Return the reading, in that order, of the texts that are dates."""
        found = [t for text in texts if (t := token(text)) and t.date(order)]
        return cls(
            order=order,
            tokens=tuple(sorted({_way(t) for t in found if not t.named})),
            has_times=any(t.time for t in found),
            named=tuple(sorted({t.named for t in found if t.named})),
        )

    def reads(self, text: str) -> bool:
        found = token(text)
        if found is None or found.date(self.order) is None:
            return False
        return found.named in self.named if found.named else _way(found) in self.tokens

    def show(self, text: str) -> str:
        found = token(text)
        day = found.date(self.order) if found else None
        return day.isoformat() if day else ""

    def sql(self, column: str, *, is_clean: bool) -> str:
        text = column if is_clean else trimmed(column)
        values = [self._numeric(text, is_clean=is_clean)] if self.tokens else []
        values += [
            _named_sql(text, _NAMED_DMY if named == "dmy" else _NAMED_MDY, day_first=named == "dmy") for named in self.named
        ]
        value = values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
        return f"CAST({value} AS {'TIMESTAMP' if self.has_times else 'DATE'})"

    def _numeric(self, text: str, *, is_clean: bool) -> str:
        if any(zoned for *_, zoned in self.tokens):
            value = f"make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)))"
        elif all(
            separator == "-" and "p" not in time and year == 0 and "," not in time for separator, time, year, _ in self.tokens
        ):
            value = f"TRY_CAST({text} AS {'TIMESTAMP' if self.has_times else 'DATE'})"
        else:
            formats = ", ".join(quoted(self._format(*way)) for way in sorted(self.tokens, key=lambda way: -len(way[1])))
            value = f"try_strptime({text}, [{formats}])"
        return value if is_clean else guarded(text, self._pattern(), value)

    def _format(self, separator: str, time: str, year: int, zoned: bool) -> str:  # noqa: FBT001
        del zoned
        letters = "ymd" if year == 0 else self.order
        return separator.join({"y": "%y" if year == 2 else "%Y", "m": "%m", "d": "%d"}[letter] for letter in letters) + time  # noqa: PLR2004

    def _pattern(self) -> str:
        return "|".join(_way_pattern(self.order, *way) for way in self.tokens)


def _way(found: Token) -> tuple[str, str, int, bool]:
    return found.separator, found.time, 0 if len(found.parts[0]) == 4 else len(found.parts[2]), found.zoned  # noqa: PLR2004


def _way_pattern(order: Order, separator: str, time: str, year: int, zoned: bool) -> str:  # noqa: FBT001
    s, day = re.escape(separator), r"\d{1,2}"
    if year == 0:
        digits = rf"\d{{4}}{s}{day}{s}{day}"
    elif order == "ymd":
        digits = rf"\d{{2}}{s}{day}{s}{day}"
    else:
        digits = rf"{day}{s}{day}{s}\d{{{year}}}"
    return digits + _time_pattern(Token(("", "", ""), separator, time, zoned))


def _named_sql(text: str, pattern: str, *, day_first: bool) -> str:
    names = "['d', 'm', 'y']" if day_first else "['m', 'd', 'y']"
    found = f"regexp_extract(lower({text}), {quoted(f'^(?:{pattern})$')}, {names})"
    by_number: dict[int, list[str]] = {}
    for name, number in MONTHS.items():
        by_number.setdefault(number, []).append(quoted(name))
    cases = " ".join(f"WHEN {found}.m IN ({', '.join(of)}) THEN '-{number}-'" for number, of in by_number.items())
    century = f"CASE WHEN length({found}.y) = 4 THEN '' WHEN {found}.y >= '{_FIRST_OF_1900S}' THEN '19' ELSE '20' END"
    return f"TRY_CAST({century} || {found}.y || CASE {cases} END || {found}.d AS DATE)"


@dataclass(frozen=True, slots=True)
class Times:
    """Texts as times of the day."""

    def reads(self, text: str) -> bool:
        return _CLOCKS.fullmatch(text) is not None

    def show(self, text: str) -> str:
        return text

    def sql(self, column: str, *, is_clean: bool) -> str:
        text = column if is_clean else trimmed(column)
        formats = "['%I:%M:%S %p', '%I:%M:%S%p', '%I:%M %p', '%I:%M%p']"
        value = f"coalesce(TRY_CAST({text} AS TIME), CAST(try_strptime({text}, {formats}) AS TIME))"
        pattern = rf"{_CLOCK}(?::[0-5]\d(?:\.\d{{1,6}})?)?|{_HALF}(?::[0-5]\d)? ?[AaPp][Mm]"
        return value if is_clean else guarded(text, pattern, value)


@dataclass(frozen=True, slots=True)
class Counted:
    """Days as a number: `serial` of a spreadsheet (45292), or digits in one piece (`compact`, 20240131)."""

    kind: Literal["serial", "compact"]

    def reads(self, text: str) -> bool:
        if self.kind == "serial":
            return re.fullmatch(r"[2-7]\d{4}", text) is not None
        return re.fullmatch(r"(?:19|20)\d{6}", text) is not None and _compact(text) is not None

    def show(self, text: str) -> str:
        if self.kind == "serial":
            return date.fromordinal(date(1899, 12, 30).toordinal() + int(text)).isoformat()
        return (_compact(text) or date.min).isoformat()

    def sql(self, column: str, *, is_clean: bool) -> str:
        del is_clean  # a number is no date by its shape alone
        text = trimmed(f"CAST({column} AS VARCHAR)")
        if self.kind == "serial":
            return guarded(text, r"[2-7]\d{4}", f"DATE '1899-12-30' + CAST({text} AS INTEGER)")
        return guarded(text, r"(?:19|20)\d{6}", f"CAST(try_strptime({text}, '%Y%m%d') AS DATE)")


def _compact(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
