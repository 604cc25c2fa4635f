"""A tab as it was read: cells by row, and the errors a file can earn before anything is decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chatsheet.core.errors import BadInput

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""A cell as the reader gives it; an empty text counts as None."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One tab: `rows[i]` is the row number `first_row + i`, its first cell column number `first_column` (both from 1)."""

    tab: str
    rows: Sequence[Sequence[Cell]]
    first_row: int
    first_column: int
    is_hidden: bool
    evidence: str


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
