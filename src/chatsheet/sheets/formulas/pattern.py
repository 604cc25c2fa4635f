"""A formula freed from the cell it stands in, so that filled-down copies are one. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property

from chatsheet.sheets.formulas import lexer
from chatsheet.sheets.formulas.lexer import Token
from chatsheet.sheets.ingest.grid import letter

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_CORNER = re.compile(r"(\$?)([A-Za-z]{0,3})(\$?)(\d*)")


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner of a reference; a number is an offset unless it is fixed, None means a whole row or column."""

    row: int | None
    column: int | None
    is_row_fixed: bool
    is_column_fixed: bool

    def place(self, row: int, column: int) -> tuple[int | None, int | None]:
        """Return row and column as seen from a cell; None for whole ones."""
        return (
            self.row if self.row is None or self.is_row_fixed else row + self.row,
            self.column if self.column is None or self.is_column_fixed else column + self.column,
        )

    def at(self, row: int, column: int) -> str:
        """Return the A1 text as seen from a cell, `#REF!` beyond the edges of a tab."""
        at_row, at_column = self.place(row, column)
        if not _is_inside(at_row, LAST_ROW) or not _is_inside(at_column, LAST_COLUMN):
            return "#REF!"
        left = "" if at_column is None else "$" * self.is_column_fixed + letter(at_column)
        return left if at_row is None else f"{left}{'$' * self.is_row_fixed}{at_row}"

    @property
    def key(self) -> str:
        """The R1C1 text."""
        row = "" if self.row is None else f"R{self.row}" if self.is_row_fixed else f"R[{self.row}]"
        column = "" if self.column is None else f"C{self.column}" if self.is_column_fixed else f"C[{self.column}]"
        return row + column


@dataclass(frozen=True, slots=True)
class Reference:
    """A cell or area that a formula names; `prefix` is what stands before it, as written, `!` included."""

    prefix: str
    first: Corner
    last: Corner | None

    @property
    def tabs(self) -> tuple[str, ...]:
        """The tab it names, or the first and last one of a range of tabs; none for the formula's own."""
        if not self.prefix:
            return ()
        name = self.prefix[:-1]
        if name.startswith("'"):
            name = name[1:-1].replace("''", "'")
        return tuple(name.split(":")) if ":" in name else (name,)

    @property
    def is_external(self) -> bool:
        """Whether it names another workbook."""
        return "[" in self.prefix

    def at(self, row: int, column: int) -> str:
        """Return the A1 text as seen from a cell."""
        last = "" if self.last is None else f":{self.last.at(row, column)}"
        return f"{self.prefix}{self.first.at(row, column)}{last}"

    def area(self, row: int, column: int) -> tuple[int, int, int, int] | None:
        """Return first row, first column, last row, last column as seen from a cell; None beyond the edges."""
        top, left = self.first.place(row, column)
        bottom, right = (self.last or self.first).place(row, column)
        if not all(_is_inside(row, LAST_ROW) for row in (top, bottom)):
            return None
        if not all(_is_inside(column, LAST_COLUMN) for column in (left, right)):
            return None
        rows = (1, LAST_ROW) if top is None or bottom is None else sorted((top, bottom))
        columns = (1, LAST_COLUMN) if left is None or right is None else sorted((left, right))
        return rows[0], columns[0], rows[1], columns[1]


@dataclass(frozen=True)
class Pattern:
    """A formula as words and references; two cells with the same `key` hold copies of one formula."""

    parts: tuple[Token | Reference, ...]

    @cached_property
    def key(self) -> str:
        """The formula in R1C1 notation."""
        return "".join(part.text if isinstance(part, Token) else _key(part) for part in self.parts)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The cells and areas it names."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    @cached_property
    def calls(self) -> frozenset[str]:
        """The functions it calls, in upper case and without the prefixes of newer ones."""
        return frozenset(function(part.text) for part in self.parts if isinstance(part, Token) and part.kind == "call")

    def words(self, kind: lexer.Kind) -> tuple[str, ...]:
        """Return the texts of its words of one kind."""
        return tuple(part.text for part in self.parts if isinstance(part, Token) and part.kind == kind)

    def at(self, row: int, column: int) -> str:
        """Return the formula as it reads in a cell, without `=`."""
        return "".join(part.text if isinstance(part, Token) else part.at(row, column) for part in self.parts)


def function(written: str) -> str:
    """Return the name of a function without the prefixes that files give to newer ones."""
    return written.upper().removeprefix("_XLFN.").removeprefix("_XLWS.").removeprefix("_XLUDF.")


def of(formula: str, row: int, column: int) -> Pattern:
    """Return the pattern of a formula (without `=`) that stands in a cell; one longer than Excel allows is one opaque word."""
    if len(formula) > lexer.LONGEST:
        return Pattern((Token("other", formula, 0),))
    return Pattern(tuple(_reference(t.text, row, column) if t.kind == "area" else t for t in lexer.tokens(formula)))


def cell(name: str) -> tuple[int, int]:
    """Return row and column of a cell name such as `B5`; (0, 0) for what is none."""
    corner = _corner(name, 0, 0) if re.fullmatch(r"\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}", name) else None
    return (corner.row or 0, corner.column or 0) if corner else (0, 0)


def _is_inside(number: int | None, last: int) -> bool:
    return number is None or 1 <= number <= last


def _key(reference: Reference) -> str:
    last = "" if reference.last is None else f":{reference.last.key}"
    return f"{reference.prefix}{reference.first.key}{last}"


def _reference(text: str, row: int, column: int) -> Reference:
    prefix, bang, cells = text.rpartition("!")
    first, _, last = cells.partition(":")
    return Reference(prefix + bang, _corner(first, row, column), _corner(last, row, column) if last else None)


def _corner(text: str, row: int, column: int) -> Corner:
    found = _CORNER.fullmatch(text)
    if found is None:
        raise AssertionError(f"the lexer let {text!r} through")
    left, letters, middle, digits = found.groups()
    # in a whole row `$5` the sign stands before the digits
    is_row_fixed = bool(middle or (left and not letters))
    number = 0
    for char in letters.upper():
        number = number * 26 + ord(char) - 64
    at_row = int(digits) if digits else None
    at_column = number if letters else None
    return Corner(
        at_row if at_row is None or is_row_fixed else at_row - row,
        at_column if at_column is None or left else at_column - column,
        is_row_fixed,
        bool(left and letters),
    )
