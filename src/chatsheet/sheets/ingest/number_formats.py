"""What a spreadsheet's number formats say of the numbers shown with them: percent, currency, unit, hidden zeros. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from chatsheet.sheets.ingest.grid import Grid
from chatsheet.sheets.ingest.layout.model import Region
from chatsheet.sheets.ingest.types_model import NO_FORMAT, NumberFormat
from chatsheet.sheets.ingest.types_units import beside

BUILT_IN = {9: "0%", 10: "0.00%"}
"""Codes that a workbook names by number only (ECMA-376 18.8.30); 5 to 8 are the money of the reader's own country."""
_MOST_OF = 0.9
_MONEY = tuple("$€£¥₹₽₺₩₪")
_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<symbol>[^\]-]*)[^\]]*\]|\[[^\]]*\]|(?P<plain>.)', re.DOTALL
)
_DIGITS = re.compile(r"[0#?][0#?.,]*")
_CALENDAR = re.compile(r"[ymdhs]|general|e\+|e-|/", re.IGNORECASE)


@lru_cache(maxsize=1024)
def read(code: str) -> NumberFormat:
    """Return what a format code such as `#,##0.00 [$€-407]` says of positive numbers; nothing for dates and plain numbers."""
    words, plain = "", ""
    for part in _PART.finditer(code):
        if part["plain"] == ";":
            break
        plain += part["plain"] or ""
        words += part["quoted"] or part["escaped"] or part["symbol"] or (part["plain"] if part["plain"] in _MONEY else " ")
    digits = _DIGITS.search(plain)
    if digits is None or _CALENDAR.search(plain):
        return NO_FORMAT
    if "%" in plain:
        return NumberFormat(code=code, symbol="%", is_percent=True)
    core = digits[0]
    hint = beside(words.strip("()+- \u00a0"))
    zeros = len(core) if len(core) > 1 and plain.strip() == "0" * len(core) and not words.strip() else 0
    found = NumberFormat(
        code=code,
        currency=hint.currency if hint else "",
        symbol=hint.symbol if hint and not hint.is_percent else "",
        digits=zeros,
        exponent=3 * (len(core) - len(core.rstrip(","))),
    )
    return found if found.symbol or found.digits or found.exponent else NO_FORMAT


def of_columns(grid: Grid, region: Region) -> tuple[NumberFormat, ...]:
    """Return for each column of a table what its numbers are shown with, where nine in ten are shown alike."""
    if not grid.formats:
        return (NO_FORMAT,) * len(region.columns)
    return tuple(_of_column(grid, region, column) for column in region.columns)


def _of_column(grid: Grid, region: Region, column: int) -> NumberFormat:
    codes = Counter(read(grid.formats.get((row, column), "")) for row in _numbers(grid, region, column))
    if not codes:
        return NO_FORMAT
    first, cells = codes.most_common(1)[0]
    if cells >= _MOST_OF * codes.total():
        return first
    meant = Counter[tuple[str, str, bool]]()
    for one, count in codes.items():
        meant[one.currency, one.symbol, one.is_percent] += count
    (currency, symbol, is_percent), alike = meant.most_common(1)[0]
    if alike >= _MOST_OF * codes.total():
        return NumberFormat(code=first.code, currency=currency, symbol=symbol, is_percent=is_percent)
    if all(one.currency for one in codes):
        return NumberFormat(code=first.code, symbol=" / ".join(sorted({one.symbol for one in codes})), is_mixed=True)
    return NO_FORMAT


def _numbers(grid: Grid, region: Region, column: int) -> Iterator[int]:
    """Yield the rows whose cell is a number, of those whose formats are known."""
    skipped = {*region.totals, *region.left_out}
    for row, cells in grid.numbered():
        place = column - grid.first_column
        if row > grid.formats_to or row > region.last_row:
            return
        if row < region.first_row or row in skipped or not 0 <= place < len(cells):
            continue
        if isinstance(cells[place], int | float) and not isinstance(cells[place], bool):
            yield row
