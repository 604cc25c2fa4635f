"""What was measured of a column, what was decided about it, and how a cell becomes a value. Pure values."""

from dataclasses import dataclass
from typing import Protocol

from chatsheet.sheets.model import ColumnType, Reading, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """What a spreadsheet's number format says of the numbers in its cells."""

    code: str = ""
    """As the spreadsheet has it, such as `0.0%`."""
    currency: str = ""
    symbol: str = ""
    is_percent: bool = False
    is_mixed: bool = False
    """Whether cells are shown in several currencies."""
    digits: int = 0
    """How many digits are shown at least, as of ids with leading zeros."""
    exponent: int = 0
    """Which power of ten is left out of what is shown: the cells hold more than one sees."""


NO_FORMAT = NumberFormat()
NO_UNIT = Unit()
SURE_ENOUGH = 0.8
"""Below this confidence the user is asked."""


@dataclass(frozen=True, slots=True)
class Group:
    """Texts that one shape or one spelling stands for, and how many cells of the column are of it."""

    texts: tuple[str, ...]
    cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """A raw column, measured: its DuckDB type, its cells and the texts in them.

    `groups` count every filled cell of a VARCHAR column, but for `others`: cells of no shape seen and too many to list.
    """

    native: str
    rows: int
    blank: int = 0
    """Cells that are NULL or hold only spaces."""
    groups: tuple[Group, ...] = ()
    others: int = 0
    long: tuple[tuple[str, int], ...] = ()
    """Texts of more digits than a double always keeps, and their cells, where the column holds numbers."""
    inexact: int = 0
    """Native numbers with more digits than a double keeps, and cells of long texts too many to list."""
    is_trimmed: bool = True
    """Whether no cell has spaces around it."""
    is_sampled: bool = False
    """Whether the texts are a sample, as in columns of prose; their cells then count the sample only."""
    is_whole: bool = False
    """Of native numbers: whether all are whole and exact."""
    low: float | None = None
    high: float | None = None
    has_times: bool = False
    """Of native timestamps: whether any is not midnight."""
    number_format: NumberFormat = NO_FORMAT


class Parse(Protocol):
    """One way to read a cell: as SQL over a column, and the same in Python for the texts that were listed."""

    def reads(self, text: str) -> bool:
        """Tell whether a cell, stripped, becomes a value."""
        ...

    def show(self, text: str) -> str:
        """Return the value of a text that it reads, as a person would write it."""
        ...

    def sql(self, column: str, *, is_clean: bool) -> str:
        """Return the SQL expression of the value; `is_clean` promises that every filled cell is read."""
        ...


@dataclass(frozen=True, slots=True)
class AsText:
    """A cell as written; blank ones are NULL."""

    def reads(self, text: str) -> bool:
        return bool(text)

    def show(self, text: str) -> str:
        return text

    def sql(self, column: str, *, is_clean: bool) -> str:
        del is_clean
        text = f"CAST({column} AS VARCHAR)"
        return f"CASE WHEN {blank(text)} THEN NULL ELSE {text} END"


@dataclass(frozen=True, slots=True)
class Native:
    """A column that has its type already: cast, and multiplied where a unit says so."""

    type: str
    factor: float = 1.0

    def reads(self, text: str) -> bool:
        return bool(text)

    def show(self, text: str) -> str:
        return text

    def sql(self, column: str, *, is_clean: bool) -> str:
        del is_clean
        if self.factor == 1.0:
            return f"CAST({column} AS {self.type})"
        if self.factor < 1.0:  # dividing by a whole number rounds once, multiplying by its inverse twice
            return f"CAST({column} / {1 / self.factor:.0f} AS {self.type})"
        widened = column if self.type == "BIGINT" else f"CAST({column} AS DOUBLE)"
        return f"CAST({widened} * {self.factor:.0f} AS {self.type})"


@dataclass(frozen=True, slots=True)
class Padded:
    """Whole numbers as texts of some digits at least, zeros in front."""

    digits: int

    def reads(self, text: str) -> bool:
        return bool(text)

    def show(self, text: str) -> str:
        return text.zfill(self.digits)

    def sql(self, column: str, *, is_clean: bool) -> str:
        del is_clean
        return f"printf('%0{self.digits}d', CAST({column} AS BIGINT))"


@dataclass(frozen=True, slots=True)
class Override:
    """What a user said about a column: its type, and where that has several readings, which."""

    type: ColumnType
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The type of a column, why, and how its cells become values; `unparsed` filled cells become NULL and keep their text."""

    type: ColumnType
    parse: Parse
    evidence: str
    confidence: float = 1.0
    unit: Unit = NO_UNIT
    missing: int = 0
    """Cells that say there is no value, such as `n/a`."""
    unparsed: int = 0
    unparsed_examples: tuple[str, ...] = ()
    keeps_raw: bool = False
    """Whether the text as written is to be kept in a column beside."""
    is_clean: bool = False
    """Whether every filled cell is read and none has spaces around it: then nothing needs checking."""
    options: tuple["Option", ...] = ()
    """The ways to read the column where the cells allow several, the one taken first."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The options as the workbook keeps them."""
        return tuple(Reading(name=o.name, type=o.decision.type, example=o.example) for o in self.options)

    def expression(self, column: str) -> str:
        """Return DuckDB SQL for the typed value; `column` is SQL for the raw one, such as `c1`."""
        return self.parse.sql(column, is_clean=self.is_clean)


@dataclass(frozen=True, slots=True)
class Option:
    """One reading that the cells allow, with an example of what it makes of a cell."""

    name: str
    example: str
    decision: Decision
    is_offered: bool = False
    """Whether it is taken only when a user says so."""


SPACES = " \t\r\n\u00a0\u2007\u2009\u202f"
"""What stands between digits, and around cells."""


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def trimmed(column: str) -> str:
    """Return SQL for a text without the spaces around it; most have none, and looking at both ends is five times as fast."""
    is_bare = f"{column} BETWEEN '!' AND '\u00a0' AND ({column})[-1] BETWEEN '!' AND '~'"
    return f"CASE WHEN {is_bare} THEN {column} ELSE trim({column}, {quoted(SPACES)}) END"


def blank(column: str) -> str:
    """Return SQL that tells whether a text holds only spaces; cheap, since it trims only what starts with one."""
    return f"({column} NOT BETWEEN '!' AND '\u00a0' AND {trimmed(column)} = '')"


def guarded(text: str, pattern: str, value: str) -> str:
    """Return SQL that gives the value where the whole text matches, else NULL."""
    return f"CASE WHEN regexp_full_match({text}, {quoted(pattern)}) THEN {value} END"
