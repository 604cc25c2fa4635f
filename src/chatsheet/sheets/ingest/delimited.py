"""CSV and TSV: encoding and delimiter are decided from the bytes, with the evidence."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from chatsheet.sheets.ingest.grid import FileNotAWorkbook, FileTooLarge, Grid

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 65_536
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f]")
_MOST_CONTROL = 0.02
"""A text has hardly any control characters; a fiftieth of a sample is no text."""
_MAX_FIELD = 2**20
_MAX_BYTES = 2**30


def read(path: Path) -> Iterator[Grid]:
    """Yield the one table of a delimited text; raises FileNotAWorkbook, FileTooLarge."""
    size = path.stat().st_size
    if size > _MAX_BYTES:
        raise FileTooLarge(f"{path.name} has {size / 2**30:.1f} GiB, more than 1 GiB.", fix="split the file.")
    text, encoding = _decode(path)
    csv.field_size_limit(_MAX_FIELD)
    try:
        delimiter = choose_delimiter(text)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False))
    except csv.Error as error:
        raise FileNotAWorkbook(f"{path.name} is not delimited text: {error}.", fix="export it again as CSV.") from None
    evidence = f"{encoding}, {DELIMITERS[delimiter]} delimited"
    yield Grid(tab=path.stem, rows=rows, first_row=1, first_column=1, is_hidden=False, evidence=evidence)


def _decode(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:4096]:
        raise FileNotAWorkbook(f"{path.name} holds binary data, not text.", fix="export it again as CSV.")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]  # latin-1 takes every byte, so it stands last
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text[:_SAMPLE_CHARACTERS])) > _MOST_CONTROL * min(len(text), _SAMPLE_CHARACTERS):
            break
        return text, encoding.removesuffix("-sig")
    raise FileNotAWorkbook(f"{path.name} is not text in any encoding known here.", fix="export it again as CSV in UTF-8.")


def choose_delimiter(text: str) -> str:
    """Return the delimiter whose field count agrees on most of the first lines; more fields win a tie."""
    lines = list(itertools.islice(io.StringIO(text, newline=None), _SAMPLE_LINES))

    def score(delimiter: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0, usual)

    return max(DELIMITERS, key=score)
