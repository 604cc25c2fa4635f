"""One block read from top to bottom: its tables one after the other, and what is said around them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chatsheet.sheets.ingest.layout import body, headers
from chatsheet.sheets.ingest.layout.body import Body
from chatsheet.sheets.ingest.layout.cells import BLANK, TEXT, Line
from chatsheet.sheets.ingest.layout.headers import Head, Stack
from chatsheet.sheets.ingest.layout.model import Finding, Region

_LONGEST_NAME = 40
_FORM_ROWS = 8
_FORM_WIDTH = 2


@dataclass(slots=True)
class Found:
    """The tables of a block, and the lines beside, above and between them that belong to none."""

    regions: list[Region] = field(default_factory=list[Region])
    loose: list[Line] = field(default_factory=list[Line])


def read(stack: Stack, *, is_beside: bool = False) -> Found:
    """Return the tables of a block in order; notes above a table are already its own."""
    found = Found()
    index = 0
    while index < len(stack.lines):
        line = stack.lines[index]
        if line.is_blank:
            index += 1
        elif end := _form(stack, index):
            found.loose += stack.lines[index:end]
            index = end
        elif (head := headers.find(stack, index)) is None or _is_prose(stack, head, is_beside=is_beside):
            found.loose.append(line)
            index += 1
        else:
            index = _table(stack, _with_groups(stack, head, found), found)
    return found


def _with_groups(stack: Stack, head: Head, found: Found) -> Head:
    """Return the header with the rows over it that name groups of its columns, taken back from the loose lines."""
    rows = list(head.rows)
    while rows and rows[0] > 0 and found.loose and found.loose[-1] is stack.lines[rows[0] - 1]:
        if not headers.is_group(stack, rows[0] - 1):
            break
        found.loose.pop()
        rows.insert(0, rows[0] - 1)
    if len(rows) == len(head.rows):
        return head
    first, last = stack.lines[rows[0]].number, stack.lines[rows[-1]].number
    says = f"rows {first} to {last} hold names, the upper ones for several columns each"
    return replace(head, rows=tuple(rows), finding=Finding(says, head.finding.confidence))


def _table(stack: Stack, head: Head, found: Found) -> int:
    """Add the table under a header and return the index after it; a header without rows is loose text."""
    read = body.Reader(stack, head).read()
    if not read.data:
        end = max(read.end, head.end)
        found.loose += [line for line in stack.lines[head.rows[0] if head.rows else head.end : end] if not line.is_blank]
        return end
    found.regions.append(region(stack, head, read, above=found.loose))
    found.loose = []
    return read.end


def region(stack: Stack, head: Head, read: Body, *, above: Sequence[Line] = ()) -> Region:
    """Return the table that a header and the rows under it make."""
    lines = stack.lines
    width = len(lines[0].kinds)
    kept = [*head.rows, *read.data]
    columns = [c for c in range(width) if any(lines[i].kinds[c] != BLANK for i in kept)]
    groups = body.settle_groups(stack, read, columns)
    group_lines = [lines[i] for i in groups]
    numbers = [lines[i].number for i in read.data]
    first, last = numbers[0], max(numbers[-1], read.hidden_to)
    inside = {*body.blank_rows(stack, read, first, last), *read.repeated, *read.pages, *(line.number for line in group_lines)}
    inside |= {row for row in read.notes if first < row < last}
    said = {line.number: line for line in [*above, *group_lines]}
    below = set(read.notes)
    said |= {line.number: line for line in lines[head.end : read.end] if line.number in below}
    down = body.fill_down(stack, read.data, columns)
    is_pivoted = headers.is_pivoted(stack, head.rows, columns)
    return Region(
        header_rows=tuple(lines[i].number for i in head.rows),
        first_row=first,
        last_row=last,
        columns=tuple(stack.first_column + c for c in columns),
        labels=headers.labels(stack, head.rows, columns),
        totals=tuple(read.totals),
        left_out=tuple(sorted(row for row in inside if first < row < last)),
        notes=tuple(said[row].text() for row in sorted(said)),
        findings=(head.finding, *_findings(stack, read, groups, inside), *_about_columns(stack, down, is_pivoted=is_pivoted)),
        is_pivoted=is_pivoted,
        fill_down=tuple(stack.first_column + c for c in down),
    )


def _findings(stack: Stack, read: Body, groups: Sequence[int], inside: set[int]) -> list[Finding]:
    found = list(read.findings)
    if read.pages:
        found.append(Finding(f"{_rows(read.pages)} belong to printed pages", 0.95))
    if read.repeated:
        found.append(Finding(f"the header comes again in {_rows(read.repeated)}", 0.97))
    if groups:
        numbers = [stack.lines[i].number for i in groups]
        found.append(Finding(f"{_rows(numbers)} hold one text each and head the rows below", 0.8))
    if blanks := sorted(inside - {*read.repeated, *read.pages, *read.notes} - {stack.lines[i].number for i in groups}):
        found.append(Finding(f"{_rows(blanks)} inside are blank and the rows after go on in the same columns", 0.9))
    if read.hidden_to:
        found.append(Finding("of a large tab the first and last rows were looked at, those between taken for rows alike", 0.9))
    return found


def _about_columns(stack: Stack, down: Sequence[int], *, is_pivoted: bool) -> list[Finding]:
    found: list[Finding] = []
    if down:
        names = ", ".join(headers.letter(stack.first_column + c) for c in down)
        found.append(Finding(f"column {names} is filled in the first row of each group only", 0.85))
    if is_pivoted:
        found.append(Finding("the header names time spans side by side", 0.9))
    return found


def _rows(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    return f"row{'s' if len(numbers) > 1 else ''} {shown}" + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")  # noqa: PLR2004


def _is_prose(stack: Stack, head: Head, *, is_beside: bool) -> bool:
    """Tell whether one column of texts is a text to read rather than a list."""
    start = head.rows[0] if head.rows else head.end
    lines = [stack.lines[start], *stack.below(start)]
    if head.is_sure or len(lines[0].kinds) > 1:
        return False
    texts = [line.text() for line in lines if line.kinds == TEXT]
    return len(texts) == len(lines) and (is_beside or len(lines) < 3 or sum(map(len, texts)) > _LONGEST_NAME * len(texts))  # noqa: PLR2004


def _form(stack: Stack, index: int) -> int:
    """Return where a few rows of name and value over a wider table end (`Date: | 2025-05-01`), or 0."""
    end = index
    last = min(len(stack.lines), index + _FORM_ROWS + 1)
    while end < last and (0 < stack.lines[end].filled <= _FORM_WIDTH or _is_pairs(stack.lines[end])):
        end += 1
    band = stack.lines[index:end]
    pairs = [line for line in band if line.filled >= _FORM_WIDTH]
    if (
        not pairs
        or len(band) > _FORM_ROWS
        or end == len(stack.lines)
        or any(line.kinds[line.places()[0]] != TEXT for line in band)
    ):
        return 0
    ahead = [line.filled for line in stack.lines[end : end + _FORM_ROWS]]
    if max(ahead, default=0) <= _FORM_WIDTH:
        return 0
    second = {line.kinds[line.places()[1]] for line in pairs}
    has_colons = sum(headers.ends_in_colon(line.cells[line.places()[0]]) for line in pairs) * 2 >= len(pairs)
    is_apart = stack.lines[end].is_blank
    return end if has_colons or (is_apart and (len(pairs) <= 2 or len(second) > 1)) else 0  # noqa: PLR2004


def _is_pairs(line: Line) -> bool:
    """Tell whether a row is several names and values: `From: | 2025-01-01 | To: | 2025-01-31`."""
    places = line.places()
    return (
        bool(places)
        and len(places) % _FORM_WIDTH == 0
        and all(headers.ends_in_colon(line.cells[i]) for i in places[::_FORM_WIDTH])
    )
