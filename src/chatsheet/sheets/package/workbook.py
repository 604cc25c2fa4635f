"""What the package's own lists say: which part is a tab, its tables, the calendar, the formats, the chain of formulas."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from chatsheet.core.errors import BadInput
from chatsheet.sheets.package import markup
from chatsheet.sheets.package.archive import Package, refused
from chatsheet.sheets.package.markup import Element
from chatsheet.sheets.package.values import Calendar, Style, is_date_code

_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_OVERLAP = 64
_BEFORE_CALCULATION = frozenset({"sheets", "functionGroups", "externalReferences", "definedNames"})


class TabMissing(BadInput):
    """The original workbook has no such worksheet."""

    code = "export.tab_missing"
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The parts that an edit needs, by name in the package."""

    part: str
    tabs: dict[str, str]
    """Tab name → its part; worksheets only."""
    numbers: dict[str, str]
    """Tab name → its number in the chain of formulas."""
    calendar: Calendar
    chain: str | None
    relations: str


def read(package: Package) -> Book:
    """Return what the package says of itself; raises PackageRefused."""
    part = _office_document(package)
    relations = relations_of(package, part)
    found: list[Element] = []
    with package.part(part) as stream:
        markup.visit(stream, part, found.append)
    targets = {relation_id: target for relation_id, kind, target in relations if kind == "worksheet"}
    sheets = [(e.attributes.get("name", ""), _id(e), e.attributes.get("sheetId", "")) for e in found if e.name == "sheet"]
    is_1904 = any(e.name == "workbookPr" and e.attributes.get("date1904") in {"1", "true"} for e in found)
    styles = next((target for _, kind, target in relations if kind == "styles"), None)
    return Book(
        part=part,
        tabs={name: targets[relation_id] for name, relation_id, _ in sheets if relation_id in targets},
        numbers={name: number for name, _, number in sheets},
        calendar=Calendar(is_1904, _styles(package, styles) if styles else ()),
        chain=next((target for _, kind, target in relations if kind == "calcChain"), None),
        relations=_relations_part(package, part) or "",
    )


def relations_of(package: Package, part: str) -> list[tuple[str, str, str]]:
    """Return the relations of a part inside the package: id, kind (the last word of its type), target part."""
    name = _relations_part(package, part)
    found: list[tuple[str, str, str]] = []

    def each(element: Element) -> None:
        target = element.attributes.get("Target", "")
        if element.name != "Relationship" or element.attributes.get("TargetMode") == "External":
            return
        path = posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
        if spelled := package.find(path):
            found.append((element.attributes.get("Id", ""), element.attributes.get("Type", "").rpartition("/")[2], spelled))

    if name:
        with package.part(name) as stream:
            markup.visit(stream, name, each)
    return found


def has_formulas(package: Package, book: Book) -> bool:
    """Tell whether any worksheet holds a formula."""
    for part in book.tabs.values():
        with package.part(part) as stream:
            tail = b""
            while block := stream.read(2**20):
                if _FORMULA.search(tail + block):
                    return True
                tail = block[-_OVERLAP:]
    return False


def recalculate_on_load(package: Package, book: Book) -> list[markup.Splice]:
    """Return the splices in the workbook part that make programs recalculate when they open it; none where it says so."""
    calculation: list[Element] = []
    before: list[Element] = []

    def each(element: Element) -> None:
        if element.parent == "workbook" and element.name == "calcPr":
            calculation.append(element)
        elif element.parent == "workbook" and element.name in _BEFORE_CALCULATION:
            before.append(element)

    with package.part(book.part) as stream:
        markup.visit(stream, book.part, each)
    if calculation:
        if calculation[0].attributes.get("fullCalcOnLoad") in {"1", "true"}:
            return []
        tag = calculation[0]
        return [markup.Splice(tag.start, tag.after_tag, lambda text: markup.with_attribute(text, b"fullCalcOnLoad", b"1"))]
    if not before:
        raise refused("its workbook part lists no sheets")
    prefix = before[-1].prefix
    return [markup.replace(before[-1].end, before[-1].end, f'<{prefix}calcPr fullCalcOnLoad="1"/>'.encode())]


def without_chain_entries(package: Package, chain: str, gone: set[tuple[str, str]]) -> list[markup.Splice] | None:
    """Return the splices that take formulas (sheet number, cell) out of the chain; None where nothing would be left.

    An entry without a sheet number has the one before it, so the number is handed on.
    """
    splices: list[markup.Splice] = []
    number, written, left = "", "", 0

    def each(element: Element) -> None:
        nonlocal number, written, left
        if element.name != "c":
            return
        number = element.attributes.get("i", number)
        if (number, element.attributes.get("r", "")) in gone:
            splices.append(markup.replace(element.start, element.end, b""))
            return
        left += 1
        if number != written and "i" not in element.attributes:
            splices.append(markup.Splice(element.start, element.after_tag, _with_number(number)))
        written = number

    with package.part(chain) as stream:
        markup.visit(stream, chain, each)
    return splices if left else None


def _with_number(number: str) -> Callable[[bytes], bytes]:
    return lambda tag: markup.with_attribute(tag, b"i", number.encode())


def without_mentions(package: Package, listing: str, *, attribute: str, part: str) -> list[markup.Splice]:
    """Return the splices that take out of a list every entry whose `attribute` names `part`."""
    splices: list[markup.Splice] = []

    def each(element: Element) -> None:
        target = element.attributes.get(attribute, "")
        if target and posixpath.basename(target).casefold() == posixpath.basename(part).casefold():
            splices.append(markup.replace(element.start, element.end, b""))

    with package.part(listing) as stream:
        markup.visit(stream, listing, each)
    return splices


def _id(element: Element) -> str:
    return next((value for key, value in element.attributes.items() if markup.local(key) == "id"), "")


def _office_document(package: Package) -> str:
    part = next((target for _, kind, target in relations_of(package, "") if kind == "officeDocument"), None)
    if part is None or not part.endswith(".xml"):
        raise refused("it is no XLSX or XLSM workbook")
    return part


def _relations_part(package: Package, part: str) -> str | None:
    return package.find(posixpath.join(posixpath.dirname(part), "_rels", f"{posixpath.basename(part)}.rels"))


def _styles(package: Package, part: str) -> tuple[Style, ...]:
    codes: dict[str, str] = {}
    formats: list[dict[str, str]] = []

    def each(element: Element) -> None:
        if element.name == "numFmt" and element.parent == "numFmts":
            codes[element.attributes.get("numFmtId", "")] = element.attributes.get("formatCode", "")
        elif element.name == "xf" and element.parent == "cellXfs":
            formats.append(element.attributes)

    with package.part(part) as stream:
        markup.visit(stream, part, each)
    return tuple(_style(format_, codes) for format_ in formats)


def _style(format_: dict[str, str], codes: dict[str, str]) -> Style:
    number = format_.get("numFmtId", "0")
    look = tuple((key, format_.get(key, "0")) for key in ("fontId", "fillId", "borderId"))
    return Style(is_date_code(int(number) if number.isdigit() else 0, codes.get(number, "")), look)
