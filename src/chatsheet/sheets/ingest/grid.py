"""A tab as it was read: cells by row, and the errors a file can earn before anything is decided about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from chatsheet.core.errors import BadInput

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""A cell as the reader gives it; an empty text counts as None."""
WHOLE_CELLS = 200_000
HEAD_ROWS = 1_000
TAIL_ROWS = 200


@dataclass(frozen=True, slots=True)
class Span:
    """A rectangle of cells, both ends included, numbered from 1 as the tab numbers them."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One tab: `rows[i]` is the row number `first_row + i`, its first cell column number `first_column` (both from 1).

    A tab of up to `WHOLE_CELLS` cells is here whole. Of a larger one `rows` holds the first `HEAD_ROWS` and `tail` the last
    `TAIL_ROWS`; what lies between is known by `height`, `width` and `blank_rows` only. Rows may be shorter than `width`.
    """

    tab: str
    rows: Sequence[Sequence[Cell]]
    first_row: int
    first_column: int
    is_hidden: bool
    evidence: str
    tail: Sequence[Sequence[Cell]] = ()
    """The last rows of a large tab; `tail[-1]` is the tab's last row. Empty where `rows` is everything."""
    height: int = 0
    """Rows from `first_row` to the last used one, blank ones included; 0 means as many as `rows` has."""
    width: int = 0
    """Columns from `first_column` to the last used one; 0 means as many as the longest row has."""
    blank_rows: tuple[int, ...] = ()
    """Of a large tab: the numbers of all rows that are blank across the used width, in order, also of head and tail."""
    merged: tuple[Span, ...] = ()
    """Merged cells; a merged range's value stands in its first cell, the others are None."""
    formats: Mapping[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    """Number formats by row and column, of those cells whose format says more than `a number`."""
    formats_to: int = 0
    """The last row whose number formats are known."""

    @property
    def is_whole(self) -> bool:
        """Whether `rows` holds every row of the tab."""
        return not self.tail

    @property
    def last_row(self) -> int:
        """The number of the last used row."""
        return self.first_row + (self.height or len(self.rows)) - 1

    def numbered(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Yield the rows that are here, head and tail, each with its number."""
        yield from enumerate(self.rows, self.first_row)
        yield from enumerate(self.tail, self.last_row - len(self.tail) + 1)


class FileMissing(BadInput):
    """There is no such file."""

    code = "file.missing"
    status = 404


class FileEmpty(BadInput):
    """The file has no bytes."""

    code = "file.empty"


class FileNotAWorkbook(BadInput):
    """The bytes are not of the format, whatever the name says."""

    code = "file.not_a_workbook"


class FileEncrypted(BadInput):
    """The workbook asks for a password."""

    code = "file.encrypted"


class FileUnsupported(BadInput):
    """A format that this version cannot read."""

    code = "file.unsupported"
    status = 415


class FileHasNoRows(BadInput):
    """Nothing to ask about: no tab holds a row under a header."""

    code = "file.no_rows"


class FileTooLarge(BadInput):
    """More than this version takes, as it stands or unpacked."""

    code = "file.too_large"
    status = 413


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell holds nothing to see."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def letter(column: int) -> str:
    """Return the spreadsheet letter of a column number from 1: 1 → A, 27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def number(letters: str) -> int:
    """Return the column number of spreadsheet letters: A → 1, AA → 27."""
    value = 0
    for one in letters:
        value = value * 26 + ord(one) - 64
    return value
