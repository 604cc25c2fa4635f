"""Formulas out of an XLSX or XLSM package: `read(path)` returns them per tab, with what names and tables mean.

Only cells that hold a formula are parsed: a tab of a million plain cells costs its unpacking and a search.
"""

import contextlib
import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from chatsheet.sheets.formulas import markup, opendocument
from chatsheet.sheets.formulas.cells import MOST_FORMULAS, CellReader, TooManyFormulas
from chatsheet.sheets.formulas.markup import FormulasUnreadable
from chatsheet.sheets.formulas.model import Formula, FormulaBook, FormulaSheet, NamedTable, Temporal
from chatsheet.sheets.formulas.pattern import cell

SUFFIXES = (".xlsx", ".xlsm", ".ods")
_WORKBOOK = "xl/workbook.xml"
# what makes a search for cells by their tags unsafe: prefixes of namespaces, comments, sections of plain text
_UNUSUAL = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE|<\w+:(?:worksheet|row)\b")
_FORMULA = re.compile(rb"<f[\s>/]")
_POSITION = re.compile(rb"<c [^>]*?\br=[\"']")
_LONGEST_CELL = 2**20
_LONGEST_TAG = 16
_TEMPORAL_FORMATS: dict[int, Temporal] = {
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 59)), "date"),
    **dict.fromkeys((*range(18, 22), *range(32, 36), *range(45, 48)), "time"),
    22: "datetime",
}


def read(path: Path, tabs: Collection[str] | None = None) -> FormulaBook:
    """Return the formulas of a workbook, none for a kind of file whose formulas are not read; raises FormulasUnreadable.

    Of an XLSX only the worksheets `tabs` are read, where they are given: the others hold no formula.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return FormulaBook()
    try:
        with zipfile.ZipFile(path) as package:
            return opendocument.read(package) if suffix == ".ods" else _read(package, tabs)
    except (zipfile.BadZipFile, OSError) as error:
        raise FormulasUnreadable(f"{path.name} cannot be unpacked ({error}).", fix="save the workbook again.") from None


def _read(package: zipfile.ZipFile, only: Collection[str] | None) -> FormulaBook:
    tabs: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    name, scope, starts_1904 = "", "", False

    def start(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal name, scope, starts_1904
        if element == "sheet":
            relation = next((v for k, v in attributes.items() if markup.local(k) == "id" and ":" in k), "")
            tabs.append((attributes.get("name", ""), relation))
        elif element == "workbookPr":
            starts_1904 = attributes.get("date1904") in {"1", "true"}
        elif element == "definedName":
            name, scope = attributes.get("name", "").casefold(), attributes.get("localSheetId", "")

    def text(content: str) -> None:
        if name:
            index = int(scope) if scope.isdecimal() else len(tabs)
            key = f"{tabs[index][0].casefold()}!{name}" if index < len(tabs) else name
            names[key] = names.get(key, "") + content

    def end(_: str) -> None:
        nonlocal name
        name = ""

    markup.parse(markup.blocks(package, _WORKBOOK), start=start, end=end, text=text)
    parts = _relations(package, _WORKBOOK)
    formats = _formats(package)
    sheets: dict[str, FormulaSheet] = {}
    tables: dict[str, NamedTable] = {}
    left = MOST_FORMULAS
    for tab, relation in tabs:
        kind, part = parts.get(relation, ("", ""))
        if kind != "worksheet":
            continue
        cells = _sheet(package, part, formats, left) if only is None or tab in only else {}
        left -= len(cells)
        sheets[tab] = FormulaSheet(tab, cells)
        for target in (target for kind, target in _relations(package, part).values() if kind == "table"):
            tables |= _table(package, target, tab)
    return FormulaBook(sheets, names, tables, is_complete=left >= 0, starts_1904=starts_1904)


class _UnusualTab(Exception):
    """Cells cannot be found by their tags; the whole tab must be parsed."""


def _sheet(package: zipfile.ZipFile, part: str, formats: Sequence[Temporal], most: int) -> dict[tuple[int, int], Formula]:
    """Return the formulas of a worksheet: one more than `most` where it has more than that."""
    try:
        return _parsed(_cells(markup.blocks(package, part)), formats, most)
    except _UnusualTab:
        return _parsed(markup.blocks(package, part), formats, most)


def _parsed(content: Iterator[bytes], formats: Sequence[Temporal], most: int) -> dict[tuple[int, int], Formula]:
    reader = CellReader(formats, most + 1)
    with contextlib.suppress(TooManyFormulas):
        markup.parse(content, start=reader.start, end=reader.end, text=reader.text)
    return reader.cells


def _cells(content: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the cells with formulas, under a root of our own."""
    yield b"<cells>"
    pending = b""
    for block in content:
        pending += block
        inside, end, _ = pending.partition(b"</sheetData>")
        if _UNUSUAL.search(inside):
            raise _UnusualTab
        found, pending = _split(inside)
        yield from found
        if end:
            break
    yield b"</cells>"


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole cells with formulas and what may belong to the next one."""
    found: list[bytes] = []
    done = 0
    for tag in _FORMULA.finditer(content):
        if tag.start() < done:
            continue
        begins = content.rfind(b"<c ", done, tag.start())
        ends = content.find(b"</c>", tag.start())
        if ends < 0:
            break
        piece = content[begins : ends + 4]
        if begins < 0 or b"<c>" in piece or not _POSITION.match(piece):
            raise _UnusualTab
        found.append(piece)
        done = ends + 4
    last = content.rfind(b"<c ", done)
    rest = content[last if last >= 0 else max(done, len(content) - _LONGEST_TAG) :]
    if len(rest) > _LONGEST_CELL:
        raise FormulasUnreadable("a cell is longer than a spreadsheet allows.", fix="save the workbook again.")
    return found, rest


def _relations(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Return what a part points to by id: the kind and the target's name in the package."""
    folder, _, file = part.rpartition("/")
    found: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: Mapping[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join(f"/{folder}", attributes.get("Target", "")))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target.lstrip("/"))

    if f"{folder}/_rels/{file}.rels" in package.NameToInfo:
        markup.parse(markup.blocks(package, f"{folder}/_rels/{file}.rels"), start=start)
    return found


def _table(package: zipfile.ZipFile, part: str, tab: str) -> dict[str, NamedTable]:
    found: Mapping[str, str] = {}
    columns: list[str] = []

    def start(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal found
        if element == "table":
            found = attributes
        elif element == "tableColumn":
            columns.append(attributes.get("name", "").casefold())

    markup.parse(markup.blocks(package, part), start=start)
    first, _, last = found.get("ref", "").partition(":")
    table = NamedTable(
        (tab, *cell(first), *cell(last or first)),
        1 if found.get("headerRowCount", "1") != "0" else 0,
        1 if found.get("totalsRowCount", "0") != "0" else 0,
        tuple(columns),
    )
    return {found[key].casefold(): table for key in ("name", "displayName") if key in found}


def _formats(package: zipfile.ZipFile) -> list[Temporal]:
    """Return for every cell style whether it shows its number as a date or time."""
    codes: dict[int, Temporal] = dict(_TEMPORAL_FORMATS)
    styles: list[Temporal] = []
    is_inside = False

    def start(element: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_inside
        if element == "numFmt" and attributes.get("numFmtId", "").isdecimal():
            codes[int(attributes["numFmtId"])] = temporal(attributes.get("formatCode", ""))
        elif element == "cellXfs":
            is_inside = True
        elif element == "xf" and is_inside:
            number = attributes.get("numFmtId", "0")
            styles.append(codes.get(int(number), "") if number.isdecimal() else "")

    def end(element: str) -> None:
        nonlocal is_inside
        is_inside = is_inside and element != "cellXfs"

    if "xl/styles.xml" in package.NameToInfo:
        markup.parse(markup.blocks(package, "xl/styles.xml"), start=start, end=end)
    return styles


def temporal(code: str) -> Temporal:
    """Return what a number format makes of a number: quoted words, colours and conditions aside."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code.partition(";")[0]).lower()
    has_day = "y" in bare or "d" in bare or ("m" in bare and not re.search(r"[hs]|general", bare))
    has_time = bool(re.search(r"h|s", bare)) and "general" not in bare
    return "datetime" if has_day and has_time else "date" if has_day else "time" if has_time else ""
