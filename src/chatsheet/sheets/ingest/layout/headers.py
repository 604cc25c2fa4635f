"""Which rows of a block are its header, what they call the columns, and how sure that is. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatsheet.sheets.ingest.grid import Cell, Span, letter
from chatsheet.sheets.ingest.layout import numerals
from chatsheet.sheets.ingest.layout.cells import BLANK, DATE, NUMBER, TEXT, VALUES, Line, period, title
from chatsheet.sheets.ingest.layout.model import Finding
from chatsheet.sheets.ingest.layout.words import VALUE_WORDS

_LOOK_BELOW = 12
_LOOK_NEAR = 4
_FILL = 0.6
_MOST_HEADER_ROWS = 4
_FEWEST_PERIODS = 3
_MOST_UNLABELLED = 2
_PAIR = 2
_FEWEST_PAIRS = 3
_DOUBTFUL = 0.75
_LESS_SURE = 0.85


@dataclass(frozen=True, slots=True)
class Stack:
    """A block to be read from top to bottom; `first_column` is its first column's number in the tab."""

    lines: tuple[Line, ...]
    first_column: int
    spans: Mapping[int, Sequence[Span]]
    """Merged cells by each row they cover; columns as indices of the block."""
    blank_rows: Sequence[int] = ()
    """Blank rows among those that are not in `lines`, in order."""

    def below(self, index: int) -> list[Line]:
        """Return the next rows, up to a blank one."""
        found: list[Line] = []
        for line in self.lines[index + 1 : index + 1 + 2 * _LOOK_BELOW]:
            if line.is_blank and found:
                break
            if not line.is_blank:
                found.append(line)
            if len(found) == _LOOK_BELOW:
                break
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """Where a table starts: the indices of its header rows and of the row after them."""

    rows: tuple[int, ...]
    end: int
    finding: Finding
    is_sure: bool
    """Whether types tell the header from the data, or only that it stands on top."""
    is_form: bool = False
    """Whether rows are names and their values, each of another kind."""


def find(stack: Stack, index: int) -> Head | None:
    """Return the header that starts in this row, an empty one where its rows are data already, or None for neither."""
    line, under = stack.lines[index], stack.below(index)
    if not under:
        return None
    if is_form([line, *under]):
        says = "no header: the rows are names, each with a value of its own"
        return Head((), index, Finding(says, 0.75), is_sure=False, is_form=True)
    if not are_names(line, under):
        return _headless(stack, index)
    if not _is_full(line, under):
        return None
    rows = [index]
    while len(rows) < _MOST_HEADER_ROWS and _goes_on(stack, rows[-1]):
        rows.append(rows[-1] + 1)
    while len(rows) > 1 and not _belongs(stack, rows[0]):
        rows.pop(0)
    return _judge(stack, rows)


def _judge(stack: Stack, rows: Sequence[int]) -> Head | None:
    last, under = stack.lines[rows[-1]], stack.below(rows[-1])
    if not under:
        return None
    place = f"row {last.number} holds" if len(rows) == 1 else f"rows {stack.lines[rows[0]].number} to {last.number} hold"
    values = value_columns(under)
    if any(stack.lines[row].kinds[column] != BLANK for row in rows for column in values):
        finding = Finding(f"{place} only names and the rows below hold values", 0.95)
        before = stack.lines[max(rows[0] - 1, 0)]
        if numerals.may_count_columns(under[0], under[1:]):
            finding = Finding(f"{finding.says}; row {under[0].number} counts, which is taken for data", _LESS_SURE)
        asked = [row for row in rows if len(rows) == 1 or numerals.counts(stack.lines[row])]
        if doubts := [said for row in asked if (said := numerals.doubt(stack.lines[row], before))]:
            finding = Finding(f"{finding.says}; {doubts[0]}", _DOUBTFUL)
        return Head(tuple(rows), rows[-1] + 1, finding, is_sure=True)
    if max(other.filled for other in under) * 2 < last.filled:
        return None
    if len(rows) == 1 and (again := _recurs(last, under)):
        return Head((), rows[0], Finding(f"no header: {again!r} in row {last.number} comes again below it", 0.6), is_sure=False)
    says = f"{place} names, as far as one can tell: the rows below are texts too"
    return Head(tuple(rows), rows[-1] + 1, Finding(says, 0.65), is_sure=False)


def is_form(band: Sequence[Line]) -> bool:
    """Tell whether rows are names and values (`Founded on | 1998-05-01`): names end in colons, or values are of all kinds."""
    places = sorted({place for line in band for place in line.places()})
    if len(places) != _PAIR or len(band) < _FEWEST_PAIRS or band[0].filled < _PAIR:
        return False
    names, values = [title(line.cells[places[0]]) for line in band], [line.kinds[places[1]] for line in band]
    if any(line.kinds[places[0]] != TEXT for line in band) or len(set(names)) < len(names):
        return False
    if title(band[0].cells[places[1]]).casefold().rstrip(":") in VALUE_WORDS:
        return False
    return sum(map(ends_in_colon, names)) * 2 >= len(names) or {NUMBER, DATE} <= set(values)


def ends_in_colon(cell: Cell) -> bool:
    """Tell whether a cell names the one at its right."""
    return isinstance(cell, str) and cell.rstrip().endswith((":", "："))  # noqa: RUF001  written so in people's texts


def _headless(stack: Stack, index: int) -> Head | None:
    line = stack.lines[index]
    following = stack.lines[index + 1] if index + 1 < len(stack.lines) else None
    if following is None or following.filled < max(line.filled * _FILL, 1) or (len(line.kinds) > 1 and line.filled == 1):
        return None
    alike = sum(a == b for a, b in zip(line.kinds, following.kinds, strict=True) if a != BLANK)
    if alike * 2 < line.filled:
        return None
    says = f"no header: row {line.number} already holds values like those below"
    return Head((), index, Finding(says, 0.75), is_sure=False)


def are_names(line: Line, under: Sequence[Line]) -> bool:
    """Tell whether a row can name columns: texts, and years, dates or 1, 2, 3 over values of another kind."""
    places = [i for i in line.places() if line.kinds[i] != TEXT]
    if not line.filled:
        return False
    has_texts = len(places) < line.filled
    has_corner = numerals.has_corner(line, under)
    if numerals.counts(line):
        if not has_texts and not has_corner:
            return numerals.numbers_columns(line, under)
        is_after = not has_texts or line.kinds[line.places()[0]] == TEXT
        return is_after and all(_differs(line, under, i) for i in places)
    if any(not period(line.cells[i]) or not _differs(line, under, i) for i in places):
        return False
    numbers = {period(line.cells[i]) for i in places if line.kinds[i] == NUMBER}
    if has_texts or len(numbers) > 1:
        return len(numbers) <= 1
    return len(places) > 1 and (not numbers or has_corner or numerals.are_near_years(line))


def _differs(line: Line, under: Sequence[Line], column: int) -> bool:
    """Tell whether the column below holds values, and mostly none of the same time span as this cell."""
    below = [other.cells[column] for other in under if other.kinds[column] != BLANK]
    span = period(line.cells[column])
    alike = sum(period(cell) == span for cell in below) if span else 0
    return column in value_columns(under) and 2 * alike < max(len(below), 1)


def value_columns(under: Sequence[Line]) -> set[int]:
    """Return the columns that hold at least as many numbers, dates and truth values as texts."""
    found: set[int] = set()
    for column in range(len(under[0].kinds) if under else 0):
        kinds = [line.kinds[column] for line in under]
        values = sum(kind in VALUES for kind in kinds)
        if values and values >= kinds.count(TEXT):
            found.add(column)
    return found


def _is_full(line: Line, under: Sequence[Line]) -> bool:
    widest = max(other.filled for other in under[:_LOOK_NEAR])
    if line.filled >= _FILL * max(widest, line.filled):
        return (
            len(line.kinds) == 1 or line.filled > 1 or (widest == 1 and all(other.kinds.strip() in VALUES for other in under))
        )
    unlabelled = len(line.kinds) - len(line.kinds.lstrip(BLANK))
    is_rest = 0 < unlabelled <= _MOST_UNLABELLED and line.filled >= max(other.filled for other in under[:2]) - unlabelled
    return is_rest and any(kind in NUMBER + DATE for kind in under[0].kinds)


def _goes_on(stack: Stack, index: int) -> bool:
    """Tell whether the row after a header row is one more: a second level, or units."""
    if index + 1 >= len(stack.lines) or stack.lines[index + 1].is_blank:
        return False
    upper, line, under = stack.lines[index], stack.lines[index + 1], stack.below(index + 1)
    if not under:
        return False
    if numerals.counts_columns(line):
        return line.filled == upper.filled and numerals.numbers_columns(line, under)
    if not are_names(line, under):
        return False
    values = value_columns(under)
    texts = [i for i in line.places() if i in values]
    numbers = numerals.bare(line)
    is_named = bool(numbers) and _names_each(stack, upper, numbers)
    if is_group(stack, index):
        return not is_named and (bool(texts) or bool(_wide(stack, upper.number)))
    if line.kinds[0] == BLANK and upper.kinds[0] != BLANK:
        return bool(texts) and not (is_named and numerals.counts(line))
    return not is_named and len(texts) > 1 and len(texts) == len(values) and all(upper.kinds[i] != BLANK for i in values)


def _names_each(stack: Stack, upper: Line, columns: Sequence[int]) -> bool:
    """Tell whether a row already names each of these columns by itself, so that numbers under it are data."""
    names = [title(upper.cells[i]) for i in columns]
    return all(names) and len(set(names)) == len(names) and not _wide(stack, upper.number)


def _belongs(stack: Stack, index: int) -> bool:
    """Tell whether a row over another header row is a level of it, not a title."""
    line, lower = stack.lines[index], stack.lines[index + 1]
    return line.filled >= lower.filled or is_group(stack, index)


def is_group(stack: Stack, index: int) -> bool:
    """Tell whether a row names groups of the columns that the row below it names."""
    line, lower = stack.lines[index], stack.lines[index + 1]
    if lower.is_blank or any(line.kinds[i] != TEXT and not period(line.cells[i]) for i in line.places()):
        return False
    places, named = line.places(), lower.places()
    if any(span.last_row >= lower.number for span in stack.spans.get(line.number, ())):
        return True
    if wide := _wide(stack, line.number):
        return len(wide) > 1 or wide[0].first_column > named[0] or wide[0].last_column < named[-1]
    if len(places) < 2:  # noqa: PLR2004  one cell alone is a title
        return False
    hangs = any(line.kinds[i] == BLANK for i in named)
    labels = [title(lower.cells[i]) for i in named]
    stands = any(lower.kinds[i] == BLANK for i in places)
    return hangs and (len(set(labels)) < len(labels) or stands or line.kinds[named[0]] == BLANK)


def _wide(stack: Stack, row: int) -> list[Span]:
    return [span for span in stack.spans.get(row, ()) if span.last_column > span.first_column]


def _recurs(line: Line, under: Sequence[Line]) -> str:
    """Return a cell that comes again below, or has the form of an id that the cells below have, or an empty text."""
    others = [other for other in under if other.cells != line.cells]
    for column in line.places():
        cell = line.cells[column]
        below = [other.cells[column] for other in others if other.kinds[column] == TEXT]
        form = _form(str(cell))
        if cell in below or (form and below and Counter(_form(str(other)) for other in below)[form] * 2 > len(below)):
            return title(cell)
    return ""


def _form(text: str) -> str:
    """Return the form of an id or address, such as `aa-9999` for AB-1234; empty for ordinary words."""
    if "@" in text:
        return "@"
    if not any(c.isdigit() for c in text) or " " in text.strip() or period(text):
        return ""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", text))


def labels(stack: Stack, rows: Sequence[int], columns: Sequence[int]) -> tuple[str, ...]:
    """Return one label per column: the levels above it joined by spaces, its letter where there is none."""
    named = [row for row in rows if not (len(rows) > 1 and numerals.counts_columns(stack.lines[row]))]
    levels = [_level(stack, named, depth) for depth in range(len(named))]
    found: list[str] = []
    for column in columns:
        parts = list(dict.fromkeys(part for level in levels if (part := level[column])))
        found.append(" ".join(parts) or f"Column {letter(stack.first_column + column)}")
    return tuple(found)


def _level(stack: Stack, rows: Sequence[int], depth: int) -> list[str]:
    """Return a header row's texts with group names also over the columns they span."""
    line = stack.lines[rows[depth]]
    texts = [title(cell) if kind != BLANK else "" for cell, kind in zip(line.cells, line.kinds, strict=True)]
    for span in (spans := _wide(stack, line.number)):
        if span.first_row == line.number and span.first_column >= 0:
            for column in range(span.first_column, min(span.last_column + 1, len(texts))):
                texts[column] = texts[span.first_column]
    if depth + 1 < len(rows) and not spans:
        lower = stack.lines[rows[depth + 1]]
        for column in range(1, len(texts)):
            if not texts[column] and lower.kinds[column] != BLANK and lower.kinds[column - 1] != BLANK:
                texts[column] = texts[column - 1]
    return texts


def is_pivoted(stack: Stack, rows: Sequence[int], columns: Sequence[int]) -> bool:
    """Tell whether one header level names time spans over several columns."""
    for row in rows:
        spans = Counter(period(stack.lines[row].cells[column]) for column in columns)
        spans[""] = 0
        name, count = max(spans.items(), key=lambda item: item[1])
        if count >= (2 if name in {"year", "quarter"} else _FEWEST_PERIODS):
            return True
    return False
