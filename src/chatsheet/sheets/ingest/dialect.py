"""How delimited text is written: delimiter, quote, escape, comments, decided from its first lines with the evidence. Pure."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", ":": "colon", "^": "caret", "~": "tilde"}
_USUAL = ",;\t|"
_SAMPLE_LINES = 200
_PROPOSAL_CHARACTERS = 4_000
_DOUBTFUL = 0.7
_SURE = 0.9
_NUMBER = re.compile(r"[-+(]?\s*[\d.,' ]*\d[\d.,]*\s*[%)]?")
_TIME = re.compile(r"[\dT :.-]+\d")


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way to write cells as text; `width` is how many cells most lines have."""

    delimiter: str
    quote: str
    escape: str
    """The character that makes a quote inside a quoted cell: the quote itself, or a backslash."""
    comment: str
    width: int
    evidence: str

    def rows(self, lines: Sequence[str]) -> list[list[str]]:
        """Return the cells of lines."""
        return _rows(lines, self.delimiter, self.quote, self.escape)


def choose(text: str) -> Dialect:
    """Return the dialect of a text by its first lines."""
    lines = [line for line in itertools.islice(io.StringIO(text, newline=None), _SAMPLE_LINES) if line.strip()]
    quote = _quote(lines)
    escape = _escape(lines, quote)
    scores = {delimiter: _score(lines, delimiter, quote, escape) for delimiter in _USUAL}
    best = max(scores, key=lambda one: scores[one])
    if scores[best][0] < _DOUBTFUL and (proposed := _proposal(lines)):
        unusual = _score(lines, proposed, quote, escape)
        best = max(scores, key=lambda one: scores[one])
        if unusual[0] >= _SURE and unusual > scores[best]:
            scores[proposed], best = unusual, proposed
    agreeing, _, width = scores[best]
    comment = _comment(lines, best, quote, escape, width)
    said = [f"{NAMES.get(best, best)} delimited"]
    if agreeing < 1 and width > 1:
        said.append(f"{agreeing:.0%} of its first lines have {width} cells")
    if quote != '"':
        said.append(f"quoted by {quote}")
    if escape != quote:
        said.append("quotes escaped by a backslash")
    if comment:
        said.append(f"lines that start with {comment} are comments")
    return Dialect(best, quote, escape, comment, width, ", ".join(said))


def _rows(lines: Sequence[str], delimiter: str, quote: str, escape: str) -> list[list[str]]:
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote,
        doublequote=escape == quote,
        escapechar=escape if escape != quote else None,
        strict=False,
    )
    return list(reader)


def _score(lines: Sequence[str], delimiter: str, quote: str, escape: str) -> tuple[float, float, int]:
    """Return how many lines agree on their count of cells, how many cells are free of other delimiters, and that count."""
    try:
        rows = [row for row in _rows(lines, delimiter, quote, escape) if row]
    except csv.Error:
        return 0.0, 0.0, 1
    counts = Counter(len(row) for row in rows)
    several = {count: rows_ for count, rows_ in counts.items() if count > 1}
    if not several:
        return 0.0, 0.0, 1
    width = max(several, key=lambda count: (several[count] * count, count))
    cells = [cell for row in rows if len(row) == width for cell in row]
    others = _USUAL.replace(delimiter, "")
    clean = sum(1 for c in cells if not any(o in c for o in others) or _NUMBER.fullmatch(c.strip()) or " " in c)
    return round(counts[width] / len(rows), 2), round(clean / len(cells), 2), width


def _proposal(lines: Sequence[str]) -> str:
    """Ask a library for a delimiter that we do not think of."""
    from clevercsv.detect import Detector  # noqa: PLC0415  a quarter of a second, and seldom asked
    from clevercsv.exceptions import Error  # noqa: PLC0415  likewise

    try:
        found = Detector().detect("".join(lines)[:_PROPOSAL_CHARACTERS], verbose=False)
    except Error:  # such as a NUL in the text: it has nothing to propose then
        return ""
    return found.delimiter if found is not None and found.delimiter in NAMES and found.delimiter else ""


def _quote(lines: Sequence[str]) -> str:
    text = "".join(lines)
    single = len(re.findall(r"(?m)(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|]|\r?$)", text))
    return "'" if '"' not in text and single >= 2 else '"'  # noqa: PLR2004  one may be an apostrophe


def _escape(lines: Sequence[str], quote: str) -> str:
    text = "".join(lines)
    escaped = len(re.findall(rf"\\{quote}(?![,;\t|\r\n])", text))
    return "\\" if escaped and quote * 2 not in re.sub(rf"(?m)(^|[,;\t|]){quote}{quote}(?=[,;\t|]|$)", "", text) else quote


def _comment(lines: Sequence[str], delimiter: str, quote: str, escape: str, width: int) -> str:
    marked = [line for line in lines if line.lstrip().startswith("#")]
    plain = len(lines) - len(marked)
    if not marked or plain < len(marked):
        return ""
    counts = [len(row) for row in _rows(marked, delimiter, quote, escape) if row]
    return "#" if all(count != width for count in counts) or (width == 1 and lines[0] in marked) else ""
