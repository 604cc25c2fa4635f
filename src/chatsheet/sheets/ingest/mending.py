"""A copy of a text that DuckDB reads as it was meant: UTF-8, empty lines kept, a quote that never closes made a plain one."""

import codecs
import csv
import io
import itertools
import mmap
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatsheet.sheets.ingest.dialect import Dialect
from chatsheet.sheets.ingest.tabs import listed

_BLOCK = 2**20
_STRETCH = 2**16
_LONE_RETURN = re.compile(rb"\r[^\n]")
_LONGEST_CELL_LINES = 1_000
_LONGEST_CELL_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Mended:
    """The file to read in place of the given one (often the very same), and what was mended."""

    path: Path
    warnings: tuple[str, ...] = ()


def is_utf8(path: Path) -> bool:
    """Tell whether a whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    begun = False
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if begun or not block.isascii():
                    decoder.decode(block)
                    begun = bool(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def has_longer_line(path: Path, limit: int) -> bool:
    """Tell whether a line has more bytes than that, looking at a few places only."""
    with _mapped(path) as data:
        position = 0
        while len(data) - position > limit:
            at = data.rfind(b"\n", position, position + limit)
            if at < 0:
                return True
            position = at + 1
    return False


def plain(path: Path, encoding: str, folder: Path) -> Mended:
    """Return the text as UTF-8 with line feeds and without zero bytes; copies lie in `folder`."""
    warnings: list[str] = []
    if encoding not in {"utf-8", "utf-8-sig"}:
        path = _transcoded(path, encoding, folder / "utf8", warnings)
    with _mapped(path) as data:
        if not _is_plain(data):
            path = _plain(data, folder / "plain", warnings)
    return Mended(path, tuple(warnings))


def mend(text: Mended, dialect: Dialect, folder: Path) -> Mended:
    """Return a plain text with its empty lines kept and its broken quotes made plain ones."""
    broken: list[int] = []
    with _mapped(text.path) as data:
        patches = _patches(data, dialect)
        if (first := next(patches, None)) is None:
            return text
        target = folder / "mended"
        with target.open("wb") as out:
            position = 0
            line = 1
            for start, end, replacement, is_broken in itertools.chain((first,), patches):
                kept = data[position:start]
                out.write(kept)
                line += kept.count(b"\n")
                if is_broken:
                    broken.append(line)
                out.write(replacement)
                position = end
            out.write(data[position:])
    said = f"{len(broken)} lines open a quote that never closes and are read as plain text: lines {listed(broken)}"
    return Mended(target, (*text.warnings, said) if broken else text.warnings)


@contextmanager
def _mapped(path: Path) -> Generator[mmap.mmap]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def _transcoded(path: Path, encoding: str, target: Path, warnings: list[str]) -> Path:
    """Write the text as UTF-8; bytes that the encoding lacks are marked and counted."""
    lost = 0
    with (
        path.open(encoding=encoding, errors="replace", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        while text := source.read(_BLOCK):
            lost += text.count("\ufffd")
            out.write(text)
    if lost:
        warnings.append(f"{lost} bytes are no {encoding} text and read as \ufffd")
    return target


def _is_plain(data: mmap.mmap) -> bool:
    """Tell whether there are neither zeros nor returns without a line feed."""
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK + 1]
        if b"\0" in block or (b"\r" in block and _LONE_RETURN.search(block)):
            return False
    return data[-1:] != b"\r"


def _plain(data: mmap.mmap, target: Path, warnings: list[str]) -> Path:
    """Write the text with line feeds only where lines end, and without zero bytes."""
    zeros = 0
    has_feeds = data.find(b"\n") >= 0
    with target.open("wb") as out:
        held = b""
        for start in range(0, len(data), _BLOCK):
            block = held + data[start : start + _BLOCK]
            held = block[-1:] if block.endswith(b"\r") and start + _BLOCK < len(data) else b""
            block = block[: len(block) - len(held)]
            zeros += block.count(b"\0")
            block = block.replace(b"\0", b"").replace(b"\r\n", b"\n")
            # with proper line feeds around, a lone return is part of a cell or a stray one: a space keeps the row whole
            out.write(block.replace(b"\r", b" " if has_feeds else b"\n"))
    if zeros:
        warnings.append(f"{zeros} zero bytes are left out")
    return target


def _patches(data: mmap.mmap, dialect: Dialect) -> Iterator[tuple[int, int, bytes, bool]]:
    """Yield what to replace: start, end, bytes, and whether it is a broken line. Lines inside a quoted cell are left alone."""
    quote = dialect.quote.encode()
    mends_quotes = dialect.escape == dialect.quote
    q = re.escape(quote)
    odd = rb"[^%s\n]*+%s(?:[^%s\n]*+%s[^%s\n]*+%s)*+[^%s\n]*+$" % ((q,) * 7)
    found = re.compile(rb"(?m)^(?:\r?$|%s)" % odd if mends_quotes else rb"(?m)^\r?$")
    odd_line = re.compile(rb"(?m)^%s" % odd)
    past = 0
    for first, last in _suspects(data, quote if mends_quotes else b""):
        for match in found.finditer(data, first, last):
            if match.start() < past:
                continue
            if not match.group().strip(b"\r"):
                yield match.start(), match.end(), quote * 2, False
                continue
            end = _closing(data, match.start(), match.end(), odd_line, dialect)
            if end is not None:
                past = end
                continue
            yield match.start(), match.end(), _as_plain(match.group(), dialect), True


def _suspects(data: mmap.mmap, quote: bytes) -> Iterator[tuple[int, int]]:
    """Yield stretches of whole lines, less the last line feed, that hold an empty line or one with an odd number of quotes.

    Counting in C what a pattern would look at line by line: it takes a tenth of the time, and few stretches are left.
    """
    others = bytes(set(range(256)) - {*quote, *b"\n"})
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _STRETCH)
        end = data.find(b"\n", start) if end < 0 else end
        end = len(data) if end < 0 else end
        lines = b"\n" + data[start:end] + b"\n"
        has_odd = quote != b"" and quote in lines and quote in lines.translate(None, others).replace(quote * 2, b"")
        if has_odd or b"\n\n" in lines or (b"\r" in lines and b"\n\r\n" in lines):
            yield start, end
        start = end + 1


def _closing(data: mmap.mmap, start: int, end: int, odd_line: re.Pattern[bytes], dialect: Dialect) -> int | None:
    """Return where the row ends whose quoted cell goes on over lines, or None where no sensible row begins here."""
    for _ in range(3):  # a cell may hold lines with a quote of their own
        close = odd_line.search(data, end + 1, min(len(data), start + _LONGEST_CELL_BYTES))
        if close is None:
            return None
        end = close.end()
        text = data[start:end].decode(errors="replace")
        if text.count("\n") > _LONGEST_CELL_LINES:
            return None
        if _is_one_row(text, dialect):
            return end
    return None


def _is_one_row(text: str, dialect: Dialect) -> bool:
    try:
        rows = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        )
    except csv.Error:
        return False
    return len(rows) == 1 and len(rows[0]) == dialect.width


def _as_plain(line: bytes, dialect: Dialect) -> bytes:
    """Return a line with every cell quoted anew, its stray quotes kept as characters."""
    text = line.rstrip(b"\r").decode(errors="replace")
    try:
        rows = dialect.rows([text])
    except csv.Error:
        rows = []
    cells = (
        rows[0]
        if len(rows) == 1 and len(rows[0]) == dialect.width and "\n" not in rows[0][-1]
        else text.split(dialect.delimiter)
    )
    quote = dialect.quote
    return dialect.delimiter.join(f"{quote}{cell.replace(quote, quote * 2)}{quote}" for cell in cells).encode()
