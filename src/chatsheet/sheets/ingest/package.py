"""Zip packages: checked before anything is unpacked, then a tab's XML as a stream: its first rows, its odd cells, its extent.

No XML is parsed here and no entity is expanded: bytes are cut and counted, and a cut package goes to the workbook reader.
"""

import io
import re
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from chatsheet.sheets.ingest.grid import FileNotAWorkbook, FileTooLarge, Span, number

MAX_UNPACKED_BYTES = 4 * 2**30
MAX_TABS = 1_000
_ALWAYS_BYTES = 64 * 2**20
"""What a part may unpack to at any ratio; real worksheets unpack to some ten times their size."""
_MOST_TIMES = 200
_MAX_DIRECTORY_BYTES = 4 * 2**20
_MAX_PARTS = 20_000
_MAX_SMALL_PART_BYTES = 32 * 2**20
"""Of the parts that every reader takes into memory whole: workbook, relations, styles."""
_HEAD_BYTES = 8 * 2**20
_BLOCK = 2**20
_END = b"PK\x05\x06"
_TARGET = re.compile(rb"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_FILLED = re.compile(rb'<c\s[^>/]*?r="([A-Z]{1,7})(\d{1,9})"[^>/]*>(?!</c>)')
_MERGE = re.compile(rb'<mergeCell\s[^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_ERROR = re.compile(rb'<c\s[^>]*?r="([A-Z]{1,3}\d{1,7})"[^>]*t="e"')
_SHARED = re.compile(rb't="s"[^>]*><v>(\d{1,9})<')
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^>]*>")
_STYLE = re.compile(rb'<(?:\w+:)?xf\s[^>]*?numFmtId="(\d{1,5})"')
_STYLED = re.compile(rb'<c\s(?=[^>]*?\br="([A-Z]{1,3})(\d{1,7})")[^>]*?\bs="(\d{1,5})"')
_ROW = re.compile(rb'<row\s[^>]*?\br="(\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_TAIL_BYTES = 4 * 2**20
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A worksheet's XML inside its package."""

    tab: str
    name: str
    bytes_unpacked: int


@dataclass(slots=True)
class Scan:
    """What a pass over a worksheet's bytes counted."""

    errors: int = 0
    error_cells: list[str] = field(default_factory=list[str])
    booleans: int = 0
    has_formulas: bool = False
    merged: tuple[Span, ...] = ()
    is_damaged: bool = False


def check(path: Path) -> zipfile.ZipFile:
    """Return the open package; raises FileNotAWorkbook where it is cut off, FileTooLarge where it would unpack to too much."""
    _check_directory(path)
    try:
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise damaged(path, "it is cut off") from None
    parts = package.infolist()
    if any(p.file_size > _ALWAYS_BYTES and p.file_size > _MOST_TIMES * p.compress_size for p in parts):
        package.close()
        raise FileTooLarge(
            f"{path.name} holds a part that unpacks to more than {_MOST_TIMES} times its size.",
            fix="save it again in a spreadsheet program.",
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES:
        package.close()
        raise FileTooLarge(
            f"{path.name} unpacks to {unpacked / 2**30:.1f} GiB, more than {MAX_UNPACKED_BYTES / 2**30:.0f} GiB.",
            fix="split the workbook, or save the table you need as CSV.",
        )
    return package


def weight(path: Path) -> int:
    """Return how many bytes a file says it holds: the sum of a package's parts, else its size; never an error."""
    size = path.stat().st_size if path.is_file() else 0
    try:
        with check(path) as package:
            return max(size, sum(part.file_size for part in package.infolist()))
    except (FileNotAWorkbook, FileTooLarge, OSError):
        return size


def _check_directory(path: Path) -> None:
    """Look at the size of the package's directory before zipfile makes an object of each of its entries."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 65_557))
        end = file.read()
    at = end.rfind(_END)
    if at < 0 or len(end) < at + 20:
        raise damaged(path, "it is cut off")
    entries, directory = struct.unpack_from("<HI", end, at + 10)
    if directory > _MAX_DIRECTORY_BYTES or entries > _MAX_PARTS:
        raise FileTooLarge(
            f"{path.name} lists {entries} parts, more than {_MAX_PARTS}.", fix="save it again in a spreadsheet program."
        )


def read_part(package: zipfile.ZipFile, name: str, *, limit: int = _MAX_SMALL_PART_BYTES) -> bytes:
    """Return the first `limit` bytes of a part, or nothing where there is none; raises BadZipFile, zlib.error."""
    try:
        with package.open(name) as part:
            return part.read(limit)
    except KeyError:
        return b""


def worksheets(package: zipfile.ZipFile, path: Path) -> dict[str, Part]:
    """Return the worksheets of an XLSX by their name in the workbook; raises FileTooLarge for too many."""
    book = read_part(package, "xl/workbook.xml")
    tags = _SHEET.findall(book[:_MAX_SMALL_PART_BYTES])
    if len(tags) > MAX_TABS:
        raise FileTooLarge(f"{path.name} has {len(tags)} tabs, more than {MAX_TABS}.", fix="split the workbook.")
    targets: dict[str, str] = {}
    for tag in _TARGET.findall(read_part(package, "xl/_rels/workbook.xml.rels")):
        given = _attributes(tag)
        targets[given.get("Id", "")] = given.get("Target", "")
    found: dict[str, Part] = {}
    sizes = {part.filename: part.file_size for part in package.infolist()}
    for tag in tags:
        given = _attributes(tag)
        target = targets.get(next((v for k, v in given.items() if k.endswith(":id")), ""), "")
        name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if name in sizes:
            tab = given.get("name", "")
            found[tab] = Part(tab, name, sizes[name])
    return found


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        key.decode(): _plain((double or single).decode(errors="replace")) for key, double, single in _ATTRIBUTE.findall(tag)
    }


def _plain(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def extent(package: zipfile.ZipFile, part: Part) -> tuple[int, int]:
    """Return the last row and column of a small worksheet that hold something, without building its rectangle."""
    rows = columns = 0
    seen: set[bytes] = set()
    for letters, row in _FILLED.findall(read_part(package, part.name, limit=part.bytes_unpacked)):
        rows = max(rows, int(row))
        if letters not in seen:
            seen.add(letters)
            columns = max(columns, number(letters.decode()))
    return rows, columns


def number_formats(package: zipfile.ZipFile) -> list[str | int]:
    """Return the number format of each style that a cell may name: its code, or the number of a built-in one."""
    styles = read_part(package, "xl/styles.xml")
    own = {
        int(given.get("numFmtId", "0")): unescape(given.get("formatCode", ""))
        for given in map(_attributes, _FORMAT.findall(styles))
    }
    cells = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.DOTALL)
    used = [int(number) for number in _STYLE.findall(cells[0])] if cells else []
    return [own.get(number, number) for number in used]


def styled(
    package: zipfile.ZipFile, part: Part, wanted: Mapping[int, str], *, limit: int
) -> tuple[dict[tuple[int, int], str], int]:
    """Return the cells among the first `limit` bytes that have a wanted style, by row and column, and the last row seen."""
    sheet = read_part(package, part.name, limit=limit)
    cells = {
        (int(row), number(letters.decode())): wanted[int(style)]
        for letters, row, style in _STYLED.findall(sheet)
        if int(style) in wanted
    }
    rows = _ROW.findall(sheet[sheet.rfind(b"<row ") :])
    return cells, int(rows[-1]) if rows else 0


def blocks(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a part's bytes; raises BadZipFile, zlib.error."""
    with package.open(name) as part:
        while block := part.read(_BLOCK):
            yield block


def scan(path: Path, part: Part) -> Scan:
    """Count what the column reader would turn into something else: error cells, booleans; and read the merged ranges.

    Its own handle on the file, so that it can run beside the reading.
    """
    seen = Scan()
    ends: deque[bytes] = deque(maxlen=_TAIL_BYTES // _BLOCK)
    overlap = b""
    try:
        with zipfile.ZipFile(path) as package:
            for block in blocks(package, part.name):
                _count(seen, overlap + block, overlap=overlap)
                overlap = (overlap + block)[-256:]
                ends.append(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        seen.is_damaged = True
    seen.merged = tuple(
        Span(int(r1), number(c1.decode()), int(r2), number(c2.decode())) for c1, r1, c2, r2 in _MERGE.findall(b"".join(ends))
    )
    return seen


def _count(seen: Scan, block: bytes, *, overlap: bytes) -> None:
    seen.has_formulas = seen.has_formulas or (
        any(part in block for part in (b"<f", b":f>")) and _FORMULA.search(block) is not None
    )
    found = block.count(b't="e"') - overlap.count(b't="e"')
    seen.booleans += block.count(b't="b"') - overlap.count(b't="b"')
    seen.errors += found
    if found and len(seen.error_cells) < _EXAMPLES:
        cells = [cell.decode() for cell in _ERROR.findall(block)]
        seen.error_cells = list(dict.fromkeys([*seen.error_cells, *cells]))[:_EXAMPLES]


def head(package: zipfile.ZipFile, part: Part, rows: int) -> bytes | None:
    """Return an XLSX that holds the first rows of one worksheet only, or None where they are too long for that."""
    sheet = read_part(package, part.name, limit=_HEAD_BYTES)
    at = position = 0
    for _ in range(rows):
        at = sheet.find(b"</row>", position)
        if at < 0:
            break
        position = at + len(b"</row>")
    if position == 0:
        return None
    cut = sheet[:position] + b"</sheetData></worksheet>"
    strings = _shared_strings(package, max((int(n) for n in _SHARED.findall(cut)), default=-1))
    if strings is None:
        return None
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as small:
        for name in package.namelist():
            if name == part.name:
                small.writestr(name, cut)
            elif name == "xl/sharedStrings.xml":
                small.writestr(name, strings)
            elif name.endswith((".rels", "workbook.xml", "styles.xml", "[Content_Types].xml")):
                small.writestr(name, read_part(package, name))
            elif name.startswith("xl/worksheets/") and name.endswith(".xml"):
                small.writestr(name, b"<worksheet><sheetData/></worksheet>")
    return content.getvalue()


def _shared_strings(package: zipfile.ZipFile, last: int) -> bytes | None:
    """Return the shared strings up to number `last`, or None where that is too far in."""
    text = read_part(package, "xl/sharedStrings.xml", limit=_HEAD_BYTES)
    position = 0
    for _ in range(last + 1):
        at = text.find(b"</si>", position)
        if at < 0:
            return None
        position = at + len(b"</si>")
    return text[:position] + b"</sst>" if position else text and b"<sst/>"


def damaged(path: Path, reason: str) -> FileNotAWorkbook:
    """Return the error for a workbook that cannot be read, for a reason that completes a sentence."""
    return FileNotAWorkbook(
        f"{path.name} is not a workbook that can be read: {reason}.", fix="open it in a spreadsheet program and save it again."
    )
