"""The rows under a header: data, totals, repeated headers, headings of groups, notes, and where the table ends. Pure."""

import itertools
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatsheet.sheets.ingest.layout import headers, numerals
from chatsheet.sheets.ingest.layout.cells import BLANK, DATE, NUMBER, TEXT, Line, number, period, title
from chatsheet.sheets.ingest.layout.headers import Head, Stack
from chatsheet.sheets.ingest.layout.model import Finding
from chatsheet.sheets.ingest.layout.words import NOTE, PAGE, TOTAL, TOTAL_OF

_TOTAL, _TOTAL_OF = re.compile(TOTAL), re.compile(TOTAL_OF)
_CENT = 0.011
_LOOK_NEAR = 6
_LOOK_ABOVE = 8
_LOOK_BACK = 20
_FEWEST_SUMMED = 2
_COMPLETE = 0.9
_FEWEST_BLANKS = 3
_REPEATED = 0.8
_LONG_TEXT = 40
_LONGEST_LABEL = 100


@dataclass(slots=True)
class Body:
    """What was found under a header; `data` and `groups` are indices of lines, the rest are row numbers."""

    data: list[int] = field(default_factory=list[int])
    groups: list[int] = field(default_factory=list[int])
    """Lines with one text that head the rows below them; perhaps rows with gaps."""
    totals: list[int] = field(default_factory=list[int])
    repeated: list[int] = field(default_factory=list[int])
    pages: list[int] = field(default_factory=list[int])
    """Page numbers and titles that are printed again on every page."""
    notes: list[int] = field(default_factory=list[int])
    hidden_to: int = 0
    """The last row known to be filled of those that are not here; 0 where all rows of the table are here."""
    end: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


class _Sums:
    """Running sums per column: of all data, and of those since the last total."""

    def __init__(self) -> None:
        self.all: dict[int, float] = {}
        self.part: dict[int, float] = {}
        self.rows = self.part_rows = 0
        self.is_whole = True

    def add(self, numbers: dict[int, float]) -> None:
        for column, value in numbers.items():
            self.all[column] = self.all.get(column, 0.0) + value
            self.part[column] = self.part.get(column, 0.0) + value
        self.rows += 1
        self.part_rows += 1

    def matches(self, numbers: dict[int, float]) -> int:
        """Return how many numbers are the sums of those above; 0 unless all are."""
        for sums, rows in ((self.part, self.part_rows), (self.all, self.rows if self.is_whole else 0)):
            if rows >= _FEWEST_SUMMED and numbers and all(_same(sums.get(c, 0.0), n) for c, n in numbers.items()):
                return sum(value != 0 for value in numbers.values())
        return 0

    def restart(self) -> None:
        self.part, self.part_rows = {}, 0


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _CENT + 1e-9 * abs(other)


class Reader:
    """Reads the rows of one table, from under its header to its end; `is_all` says that no other table can follow."""

    def __init__(self, stack: Stack, head: Head, *, is_all: bool = False) -> None:
        self._stack, self._lines, self._head, self._is_all = stack, stack.lines, head, is_all
        under = stack.below(head.end - 1)[:_LOOK_NEAR]
        self._values = headers.value_columns(under)
        self._typical = sorted(line.filled for line in under)[len(under) // 2] if under else 0
        texts = Counter(i for line in under for i in line.places() if line.kinds[i] == TEXT)
        self._texts = {column for column, count in texts.items() if count > len(under) // 2}
        self._used = {c for line in [*under, *(self._lines[r] for r in head.rows)] for c in line.places()}
        headings = [stack.lines[row] for row in head.rows]
        top = head.rows[0] if head.rows else head.end
        self._above = {line.text() for line in stack.lines[max(top - _LOOK_ABOVE, 0) : top]} - {""}
        self._labels = [[(i, title(line.cells[i]).casefold()) for i in line.places()] for line in headings]
        self._sums = _Sums()
        self._end = -1
        self.body = Body()

    def read(self) -> Body:
        """Return the rows up to the next table or the end."""
        index = self._head.end
        while index < len(self._lines):
            self._skip_hidden(index)
            if self._lines[index].is_blank:
                index += 1
                continue
            if (after := self._take(index)) == index:
                break
            index = after
        self.body.end = index
        return self.body

    def _take(self, index: int) -> int:
        """Take the row, or a run of them, and return the index after; the same index where the table has ended."""
        line, body = self._lines[index], self.body
        numbers = self._numbers(line)
        if index == self._end:
            return index
        if self._repeats(line):
            body.repeated.append(line.number)
        elif self._is_page(line):
            body.pages.append(line.number)
        elif finding := self._total(index, numbers):
            body.totals.append(line.number)
            body.findings.append(finding)
            self._sums.restart()
        elif self._is_sparse(line):
            return self._sparse(index)
        elif self._starts_another(index):
            return index
        else:
            body.data.append(index)
            self._sums.add(numbers)
        return index + 1

    def _skip_hidden(self, index: int) -> None:
        last, here = self._lines[index - 1].number, self._lines[index].number
        blank_edge = here - 1
        while blank_edge > last and self._hides(blank_edge):
            blank_edge -= 1
        if blank_edge > last:
            self.body.hidden_to = blank_edge
            self._sums.is_whole = False
            self._sums.restart()
            self._sums.part_rows = -len(self._lines)  # a part that began out of sight has no known sum

    def _hides(self, row: int) -> bool:
        blank = self._stack.blank_rows
        at = bisect_left(blank, row)
        return at < len(blank) and blank[at] == row

    def _repeats(self, line: Line) -> bool:
        for labels in self._labels:
            is_next = line.number - 1 in self.body.repeated[-1:]
            most = (1 - _REPEATED) * max(len(labels), line.filled) if len(labels) > 1 or is_next else -1.0
            wrong = line.filled - len(labels) if line.filled > len(labels) else 0
            for place, label in labels:
                if wrong > most:
                    break
                wrong += line.kinds[place] == BLANK or title(line.cells[place]).casefold() != label
            if wrong <= most:
                names = [(place, label) for place, label in labels if not period(label)]
                return not names or any(title(line.cells[place]).casefold() == label for place, label in names)
        return False

    def _is_page(self, line: Line) -> bool:
        return line.filled < self._typical and PAGE.fullmatch(line.text()) is not None

    def _numbers(self, line: Line) -> dict[int, float]:
        if NUMBER not in line.kinds:
            return {}
        return {i: n for i, kind in enumerate(line.kinds) if kind == NUMBER and (n := number(line.cells[i])) is not None}

    def _total(self, index: int, numbers: dict[int, float]) -> Finding | None:
        line = self._lines[index]
        places = line.places()
        if not numbers and (len(places) > 1 or self._typical < 2):  # noqa: PLR2004  a list of names has no total
            return None
        label = title(line.cells[places[0]])[:_LONGEST_LABEL] if line.kinds[places[0]] == TEXT else ""
        numbers = {i: n for i, n in numbers.items() if i in self._values}
        matches = self._sums.matches(numbers)
        others = [i for i in places[1:] if i in self._texts]
        if self._head.is_form and not matches:
            return None
        if _TOTAL.fullmatch(label) and (matches or not others) and (numbers or len(places) == 1):
            proof = " and its numbers are the sums of those above" if matches else ""
            return Finding(f"row {line.number} is a total: it says {label!r}{proof}", 0.99 if matches else 0.85)
        if _TOTAL_OF.fullmatch(label) and matches:
            return Finding(f"row {line.number} is a total: it says {label!r} and its numbers are the sums of those above", 0.97)
        said = next((t for i in others if _TOTAL_OF.fullmatch(t := title(line.cells[i])[:_LONGEST_LABEL])), "")
        if said and matches:
            return Finding(f"row {line.number} is a total: it says {said!r} and its numbers are the sums of those above", 0.95)
        is_last = index + 1 == len(self._lines) or self._lines[index + 1].is_blank
        # where every row is numbers only, one that happens to be a sum is no total: 1, 2, 3
        if (
            matches
            and not any(line.kinds[i] == TEXT for i in places)
            and (self._texts or (is_last and matches > 1 and self._sums.part_rows > _FEWEST_SUMMED))
        ):
            return Finding(f"row {line.number} is a total: it has no name and its numbers are the sums of those above", 0.9)
        if matches > 1 and is_last and not others and self._sums.part_rows > _FEWEST_SUMMED:
            return Finding(f"row {line.number} is a total: all its numbers are the sums of those above", 0.8)
        return None

    def _is_sparse(self, line: Line) -> bool:
        """Tell whether a row says one thing only, in a table whose rows say more."""
        place = line.places()[0]
        if line.filled > 2 or self._typical <= line.filled or line.kinds[place] != TEXT:  # noqa: PLR2004
            return False
        text = title(line.cells[place])
        return line.filled == 1 or text.endswith((":", "：")) or NOTE.match(text) is not None  # noqa: RUF001  written so in people's texts

    def _sparse(self, index: int) -> int:
        """Take a run of sparse rows: notes below, titles of the next table, headings of groups, or rows with gaps."""
        end = index
        run: list[int] = []
        while end < len(self._lines) and (self._lines[end].is_blank or self._is_sparse_here(end)):
            if not self._lines[end].is_blank:
                run.append(end)
            end += 1
        if end == len(self._lines):
            for place in run:
                is_note = self._is_note(place) or bool(self.body.notes)
                (self.body.notes if is_note else self.body.data).append(self._lines[place].number if is_note else place)
            return end
        if self._repeats(self._lines[end]) and all(self._lines[place].text() in self._above for place in run):
            self.body.pages += [self._lines[place].number for place in run]
            return end
        is_apart = any(self._lines[place].is_blank for place in range(index - 1, end))
        if self._starts_another(end, is_apart=is_apart):
            titles = [place for place in run if not NOTE.match(self._lines[place].text())]
            stop = titles[0] if titles else end
            self.body.notes += [self._lines[place].number for place in run if place < stop]
            self._end = stop if is_apart and run else -1
            return stop
        for place in run:
            is_note = NOTE.match(self._lines[place].text()) is not None
            if is_note:
                self.body.notes.append(self._lines[place].number)
            else:
                self.body.groups.append(place)
        return end

    def _is_sparse_here(self, index: int) -> bool:
        line = self._lines[index]
        return (
            self._is_sparse(line)
            and not self._repeats(line)
            and not self._is_page(line)
            and self._total(index, self._numbers(line)) is None
        )

    def _is_note(self, index: int) -> bool:
        line = self._lines[index]
        text = line.text()
        is_wide = any(s.last_column > s.first_column for s in self._stack.spans.get(line.number, ()))
        is_apart = self._lines[index - 1].is_blank and index - 1 >= self._head.end
        fuller = self._typical > 2 and len(self.body.data) > 2 and (" " in text or text.endswith((".", ":")))  # noqa: PLR2004
        return is_apart or is_wide or NOTE.match(text) is not None or len(text) > _LONG_TEXT or fuller

    def _starts_another(self, index: int, *, is_apart: bool = False) -> bool:
        """Tell whether another table starts in this row."""
        line = self._lines[index]
        is_apart = is_apart or self._lines[index - 1].is_blank
        over = [i for i in line.places() if i in self._values and (line.kinds[i] == TEXT or period(line.cells[i]))]
        after_total = bool(self.body.totals) and self.body.totals[-1] == self._lines[index - 1].number
        if self._is_all or index == self._head.end or not (is_apart or after_total or (over and self.body.data)):
            return False
        head = headers.find(self._stack, index) if self._can_head(index, is_set_off=is_apart or after_total) else None
        if head is not None and head.is_form and self._head.is_form:
            place = line.places()[0]
            return is_apart and any(self._lines[i].cells[place] == line.cells[place] for i in self.body.data)
        if head is None or not head.rows:
            return is_apart and not self._fits(line)
        places = set(line.places())
        if not head.is_sure:
            return is_apart and not places <= self._used
        return is_apart or after_total or len(over) > 1 or self._is_new(line, index)

    def _can_head(self, index: int, *, is_set_off: bool) -> bool:
        """Tell whether a row under data may be a header.

        One with numbers may where much says so: its texts are those of the header, it names groups of the texts below it,
        or its numbers are years, set off or else such as data hardly are.
        """
        line, numbers = self._lines[index], numerals.bare(self._lines[index])
        if set(line.kinds) - set(BLANK + TEXT + NUMBER + DATE):
            return False
        names = {(i, title(line.cells[i]).casefold()) for i in line.places() if line.kinds[i] == TEXT}
        if not numbers or (names and any(names <= set(labels) for labels in self._labels)):
            return True
        has_next = index + 1 < len(self._lines) and not numerals.bare(self._lines[index + 1])
        if has_next and headers.is_group(self._stack, index):
            return True
        if is_set_off:
            is_dated = all(line.kinds[i] == DATE for i in numbers)
            return len(numbers) > 1 and (is_dated or numerals.are_near_years(line))
        above = [self._lines[i].cells[column] for i in self.body.data[-_LOOK_NEAR:] for column in numbers]
        return bool(names) and numerals.are_years_in_a_row(line) and "year" not in map(period, above)

    def _fits(self, line: Line) -> bool:
        """Tell whether a row after a blank one has the columns and kinds of this table."""
        places = line.places()
        same = sum(i in self._used and (line.kinds[i] == TEXT or i in self._values) for i in places)
        return same * 2 > len(places)

    def _is_new(self, line: Line, index: int) -> bool:
        """Tell whether none of the row's texts was seen in its column lately, above or below."""
        near = [*(self._lines[i] for i in self.body.data[-_LOOK_BACK:]), *self._stack.below(index)]
        near = [other for other in near if other.cells != line.cells]
        return not any(line.cells[i] == other.cells[i] for other in near for i in line.places())


def settle_groups(stack: Stack, body: Body, columns: Sequence[int]) -> list[int]:
    """Return the lines that head groups, and move those that are rows with gaps to the data."""
    rest = columns[1:]
    filled = sum(stack.lines[i].kinds[c] != BLANK for i in body.data for c in rest)
    is_complete = len(rest) > 1 and filled >= _COMPLETE * len(rest) * max(len(body.data), 1)
    is_wide = any(s.last_column > s.first_column for i in body.groups for s in stack.spans.get(stack.lines[i].number, ()))
    starts = bool(body.groups) and body.groups[0] < min(body.data, default=0)
    is_apart = any(stack.lines[i - 1].is_blank and stack.lines[i + 1].is_blank for i in body.groups)
    if is_wide or (is_complete and (len(body.groups) > 1 or starts or is_apart)):
        return body.groups
    body.data = sorted([*body.data, *body.groups])
    return []


def fill_down(stack: Stack, data: Sequence[int], columns: Sequence[int]) -> tuple[int, ...]:
    """Return the leading columns whose value stands only in the first row of its group."""
    found: list[int] = []
    for column, beside in itertools.pairwise(columns):
        lines = [stack.lines[i] for i in data]
        filled = [line for line in lines if line.kinds[column] != BLANK]
        is_merged = any(
            span.last_row > span.first_row and span.first_column == column
            for line in filled[:50]
            for span in stack.spans.get(line.number, ())
        )
        blanks = len(lines) - len(filled)
        full = sum(line.kinds[beside] not in BLANK + NUMBER for line in lines)
        names = [title(line.cells[column]) for line in filled]
        is_grouped = blanks >= max(len(names), _FEWEST_BLANKS) and len(set(names)) == len(names) and full == len(lines)
        starts = bool(lines) and lines[0].kinds[column] != BLANK
        if not (blanks and starts and (is_merged or is_grouped)):
            break
        found.append(column)
    return tuple(found)


def blank_rows(stack: Stack, read: Body, first: int, last: int) -> set[int]:
    """Return the blank rows between two rows of a table, also of those that are not here."""
    here = {line.number for line in stack.lines[read.data[0] : read.end] if line.is_blank and first < line.number < last}
    unseen = stack.blank_rows[bisect_right(stack.blank_rows, first) : bisect_left(stack.blank_rows, last)]
    return here | set(unseen)
