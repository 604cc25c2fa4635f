"""What a cell is at sight: blank, a number, a date, a truth value, a text; and whether it names a time span. Pure."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chatsheet.sheets.ingest.grid import Cell, Grid
from chatsheet.sheets.ingest.layout.words import MONTHS

BLANK, NUMBER, DATE, TRUTH, MISSING, TEXT = " ndb?t"
"""Kinds are single letters, so that a row's kinds are one text."""
VALUES = NUMBER + DATE + TRUTH + MISSING

_LONGEST_VALUE = 40
"""Characters of a number or a date; a longer text is not looked into."""
_MISSING = frozenset(
    {"-", "--", "–", "—", ".", "..", "...", "…", "n/a", "na", "#n/a", "null", "none", "nan", "k.a.", "n.a.", "n.d."}  # noqa: RUF001  written so in people's texts
)
_CURRENCY = r"(?:[A-Z]{3}|[€$£¥₹₽₩]|zł|kr\.?|Fr\.?|R\$)"
_NUMBER = re.compile(rf"[(+\-−]?\s*{_CURRENCY}?\s*[+\-−]?(\d[\d.,'’\s]*|[.,]\d+)([eE][+\-]?\d+)?\s*(%|‰|{_CURRENCY})?\s*[)\-]?")  # noqa: RUF001  written so in people's texts
_DATE = re.compile(
    r"(\d{1,4}([./-])\d{1,2}\2\d{1,4}\.?|\d{1,2}[ .-]+[^\W\d]{3,9}\.?[ ,.-]+\d{2,4}|\d{4}年\d{1,2}月\d{1,2}日)"
    r"([T ]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?"
)
_YEAR = re.compile(r"(?:FY|CY|GJ)?\s?'?((?:19|20)\d{2})(?:[/-]\d{2,4})?年?|FY\s?'?(\d{2})")
_QUARTER = re.compile(
    r"(?:(?:19|20)\d{2}[ -]?)?(?:[QTKH][1-4]|[1-4][QTKH]|[1-4]\.\s?(?:Quartal|Halbjahr)|第[1-4一二三四]季度|第[1-4]四半期)"
    r"(?:[ /'-]*\d{2,4})?",
    re.IGNORECASE,
)
_WEEK = re.compile(
    r"(?:KW|CW|W|WK|Week|Woche|Semaine|Semana|Vecka|V|第)\s?\.?(\d{1,2})(?:周|週)?(?:[ /'-]*\d{2,4})?", re.IGNORECASE
)
_MONTH = re.compile(r"(?:\d{4}[ -]?)?([^\W\d]{3,10})\.?(?:[ /'-]*(?:\d{2}|\d{4}))?")
_MONTH_NUMBER = re.compile(r"(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.](?:19|20)\d{2}|(?:\d{4}年)?\d{1,2}月")
_RULE = re.compile(r"[-=_~*+|─═—–\s]{3,}")  # noqa: RUF001  written so in people's texts
_SPANS = (("year", _YEAR), ("month", _MONTH_NUMBER), ("quarter", _QUARTER), ("week", _WEEK), ("date", _DATE))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a tab or of a block of it; `kinds[i]` is the kind of `cells[i]`."""

    number: int
    cells: tuple[Cell, ...]
    kinds: str

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return len(self.kinds) - self.kinds.count(BLANK)

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not self.kinds.strip()

    def places(self) -> list[int]:
        """Return the indices of the filled cells."""
        return [i for i, kind in enumerate(self.kinds) if kind != BLANK]

    def part(self, left: int, right: int) -> "Line":
        """Return the columns from `left` up to, not including, `right`."""
        return Line(self.number, self.cells[left:right], self.kinds[left:right])

    def text(self) -> str:
        """Return what the line says, cells joined by spaces."""
        return " ".join(title(self.cells[i]) for i in self.places())


def lines(grid: Grid) -> list[Line]:
    """Return the rows that are here, all equally wide."""
    rows = list(grid.numbered())
    width = max((len(row) for _, row in rows), default=0)
    return [Line(number, *_padded(() if _is_ruled(row) else row, width)) for number, row in rows]


def _is_ruled(row: Sequence[Cell]) -> bool:
    """Tell whether a row is a line drawn of dashes, which counts as blank."""
    return all(cell is None or (isinstance(cell, str) and (not cell.strip() or _RULE.fullmatch(cell))) for cell in row)


def _padded(row: Sequence[Cell], width: int) -> tuple[tuple[Cell, ...], str]:
    blanks = width - len(row)
    return (*row, *[None] * blanks), "".join(map(kind, row)) + BLANK * blanks


def kind(cell: Cell) -> str:
    """Return the kind of a cell; texts that can only be numbers or dates count as those."""
    if cell is None:
        return BLANK
    if isinstance(cell, str):
        return _text_kind(cell.strip())
    if isinstance(cell, bool):
        return TRUTH
    return DATE if isinstance(cell, date | time | timedelta) else NUMBER


def _text_kind(text: str) -> str:
    if not text:
        return BLANK
    if len(text) > _LONGEST_VALUE:
        return TEXT
    if text[0].isalpha() and len(text) > 3 and not text[-1].isdigit():  # noqa: PLR2004  longer than a currency code
        return TEXT
    if text.casefold() in _MISSING:
        return MISSING
    if _DATE.fullmatch(text):
        return DATE
    return NUMBER if _NUMBER.fullmatch(text) else TEXT


def title(cell: Cell) -> str:
    """Return a cell as a label: one line, whole numbers without a point, dates in ISO form."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    return "" if cell is None else " ".join(str(cell).split())


def period(cell: Cell) -> str:
    """Return which time span a cell names (`year`, `quarter`, `month`, `week`, `date`), or an empty text."""
    if isinstance(cell, datetime | date):
        return "date"
    if cell is None or isinstance(cell, bool | time | timedelta):
        return ""
    if isinstance(cell, str) and len(cell) > _LONGEST_VALUE:
        return ""
    text = title(cell)
    month = _MONTH.fullmatch(text)
    if month and month.group(1).casefold() in MONTHS:
        return "month"
    return next((name for name, pattern in _SPANS if pattern.fullmatch(text)), "")


def number(cell: Cell) -> float | None:
    """Return a cell as a number where it is one; of `1.234,5` the last mark is the decimal one."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if not isinstance(cell, str):
        return float(cell)
    if "," not in cell:
        with contextlib.suppress(ValueError):
            return float(cell)
    if kind(cell) != NUMBER:
        return None
    text = re.sub(r"[^\d.,]", "", cell)
    whole, mark, rest = text.rpartition(max(".,", key=text.rfind))
    is_thousands = mark and len(rest) == 3 and whole not in {"", "0"} and (mark in whole or "," in text)  # noqa: PLR2004
    digits = re.sub(r"[.,]", "", whole) + ("" if is_thousands or not mark else ".") + rest
    sign = -1 if re.match(r"\s*[(\-−]", cell) or cell.rstrip().endswith("-") else 1  # noqa: RUF001  written so in people's texts
    return sign * float(digits) if digits.strip(".") else None


def runs(blanks: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the stretches that are not blank, each as first index and the index after its last."""
    start = None
    for index, is_blank in enumerate([*blanks, True]):
        if is_blank and start is not None:
            yield start, index
            start = None
        elif not is_blank and start is None:
            start = index
