"""Edits into the original workbook: the parts of the changed tabs are patched, every other part is copied byte for byte.

What else may change, and only if needed: a table's part (its range grows with appended rows), the workbook part (programs are
told to recalculate, where any formula stands in the workbook), the chain of formulas (entries of formulas that are gone; an
empty chain leaves the package with its two mentions).
"""

import contextlib
import posixpath
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from pydantic import JsonValue

from chatsheet.core.errors import BadInput
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import ColumnType, Value
from chatsheet.sheets.package import archive, cells, formula, markup, workbook
from chatsheet.sheets.package.archive import Package
from chatsheet.sheets.package.cells import CellFixed, Target
from chatsheet.sheets.package.markup import Splice
from chatsheet.sheets.package.values import Change
from chatsheet.sheets.package.workbook import Book, TabMissing

_CONTENT_TYPES = "[Content_Types].xml"


class RowsMoved(BadInput):
    """Rows came or went inside the tab, which the original package cannot follow yet."""

    code = "export.rows_moved"
    status = 422


class Append(Value):
    """Rows to add below row `below` of a tab, from column `first_column` on (both from 1), each value with its type."""

    tab: str
    below: int
    first_column: int
    types: tuple[ColumnType, ...]
    rows: tuple[tuple[JsonValue, ...], ...]


class Edits(Value):
    """What happened to a workbook since it was brought in."""

    changes: tuple[Change, ...] = ()
    appended: tuple[Append, ...] = ()
    inserted: tuple[str, ...] = ()
    """Where rows were inserted in the middle, such as `Orders!7`."""
    deleted: tuple[str, ...] = ()
    """Which rows were deleted, such as `Orders!7`."""
    stale: tuple[tuple[str, str], ...] = ()
    """Formula cells (tab, cell) that depend on the changes: their stored result is taken out, so all programs compute it."""
    results: tuple[tuple[str, str, JsonValue], ...] = ()
    """Formula cells (tab, cell) and the result that is to be stored in them."""


class Patched(Value):
    """The patched workbook: the parts that differ from the original, and what a person should know."""

    parts: tuple[str, ...]
    notes: tuple[str, ...]


class _Plan:
    """What becomes of the parts: splices by part, parts that go."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self.splices: dict[str, Sequence[Splice]] = {}
        self.dropped: set[str] = set()
        self.notes: list[str] = []

    def add(self, part: str, splices: Sequence[Splice]) -> None:
        if splices:
            self.splices[part] = [*self.splices.get(part, ()), *splices]

    def content(self, part: str) -> Iterator[bytes]:
        with self._package.part(part) as stream:
            yield from markup.apply(stream, self.splices[part])


def patch(source: Path, target: Path, edits: Edits, *, has_consent: bool = False) -> Patched:
    """Write `source` with the edits made to the new file `target`; on any error nothing is left there.

    Raises PackageRefused, RowsMoved, TabMissing, CellFixed, CellUnknown, ValueUnwritable, FormulaForbidden.
    """
    moved = (*edits.inserted, *edits.deleted)
    if moved:
        raise RowsMoved(
            f"rows were inserted or deleted inside a tab ({', '.join(moved[:3])}): formulas and charts would have to move.",
            fix="export the table as a new XLSX, or append rows at its end instead.",
        )
    for change in edits.changes:
        if change.type == "formula" and change.value is not None:
            formula.require_safe(str(change.value), has_consent=has_consent)
    with archive.opened(source) as package:
        plan = _plan(package, workbook.read(package), edits)
        with _complete_or_absent(target):
            package.rewrite(target, {part: plan.content(part) for part in plan.splices}, dropped=plan.dropped)
    return Patched(parts=tuple(sorted({*plan.splices, *plan.dropped})), notes=tuple(plan.notes))


def _plan(package: Package, book: Book, edits: Edits) -> _Plan:
    plan = _Plan(package)
    gone: set[tuple[str, str]] = set()
    stale: defaultdict[str, list[str]] = defaultdict(list)
    for tab, cell in edits.stale:
        stale[tab].append(cell)
    results: defaultdict[str, dict[str, JsonValue]] = defaultdict(dict)
    for tab, cell, value in edits.results:
        results[tab][cell] = value
    targets = _targets(edits)
    for tab in dict.fromkeys((*targets, *stale, *results)):
        if tab not in book.tabs:
            raise TabMissing(f"the original workbook has no worksheet {tab!r}.", fix="export the table as a new file.")
        part = book.tabs[tab]
        with package.part(part) as stream:
            given = {**dict.fromkeys(stale[tab]), **results[tab]}
            found = cells.find(stream, part, targets.get(tab, {}), results=given, calendar=book.calendar)
        plan.add(part, found.splices)
        plan.notes += found.notes
        gone |= {(book.numbers[tab], cell) for cell in found.formulas_gone}
    for append in edits.appended:
        _grow_tables(package, book, plan, append)
    if gone and book.chain:
        _cut_chain(package, book, plan, book.chain, gone)
    _recalculate(package, book, plan, has_new_formulas=any(c.type == "formula" for c in edits.changes))
    _say(package, edits, plan)
    return plan


def _targets(edits: Edits) -> dict[str, dict[int, dict[int, Target]]]:
    """Return what changes by tab, row and column; the last change of a cell counts."""
    targets: defaultdict[str, defaultdict[int, dict[int, Target]]] = defaultdict(lambda: defaultdict(dict))
    for change in edits.changes:
        row, column = cells.place(change.cell)
        targets[change.tab][row][column] = Target(change)
    for append in edits.appended:
        for row, values in enumerate(append.rows, append.below + 1):
            for column, (kind, value) in enumerate(zip(append.types, values, strict=True), append.first_column):
                change = Change(tab=append.tab, cell=f"{letter(column)}{row}", type=kind, value=value)
                cells.place(change.cell)
                targets[append.tab][row][column] = Target(change, like=append.below)
    return {tab: dict(rows) for tab, rows in targets.items()}


def _grow_tables(package: Package, book: Book, plan: _Plan, append: Append) -> None:
    """Let every table that ends in the row above the appended rows reach over them."""
    for _, kind, part in workbook.relations_of(package, book.tabs[append.tab]):
        if kind != "table":
            continue
        found: list[markup.Element] = []
        with package.part(part) as stream:
            markup.visit(stream, part, found.append)
        root = found[-1]
        held = cells.area(root.attributes.get("ref", ""))
        right = append.first_column + len(append.types) - 1
        if held.right < append.first_column or held.left > right or held.bottom < append.below:
            continue
        if held.bottom != append.below or root.attributes.get("totalsRowCount", "0") != "0":
            raise CellFixed(
                f"the table {root.attributes.get('displayName')} of {append.tab} has no last row of data at {append.below}.",
                fix="append below its last row of data; take its total row off first.",
            )
        ref = cells.Area(held.top, held.left, held.bottom + len(append.rows), held.right).text().encode()
        for element in found:
            if element is root or (element.name == "autoFilter" and element.parent == "table"):
                plan.add(part, [Splice(element.start, element.after_tag, _with_ref(ref))])


def _with_ref(ref: bytes) -> Callable[[bytes], bytes]:
    return lambda tag: markup.with_attribute(tag, b"ref", ref)


def _cut_chain(package: Package, book: Book, plan: _Plan, chain: str, gone: set[tuple[str, str]]) -> None:
    splices = workbook.without_chain_entries(package, chain, gone)
    if splices is not None:
        plan.add(chain, splices)
        return
    plan.dropped.add(chain)
    plan.add(book.relations, workbook.without_mentions(package, book.relations, attribute="Target", part=chain))
    types = package.find(_CONTENT_TYPES) or _CONTENT_TYPES
    plan.add(types, workbook.without_mentions(package, types, attribute="PartName", part=chain))


def _recalculate(package: Package, book: Book, plan: _Plan, *, has_new_formulas: bool) -> None:
    if has_new_formulas or workbook.has_formulas(package, book):
        plan.add(book.part, workbook.recalculate_on_load(package, book))
        # LibreOffice does not heed this for files of others: it recalculates only where no result is stored, hence `stale`
        plan.notes.append(
            "Excel recalculates formulas when it opens the workbook; other programs may show earlier results first"
        )


def _say(package: Package, edits: Edits, plan: _Plan) -> None:
    folders = {posixpath.dirname(name).casefold() for name in package.names}
    if "xl/pivotcache" in folders:
        plan.notes.append("pivot tables show their earlier figures until they are refreshed")
    if "_xmlsignatures" in folders:
        plan.notes.append("the workbook's digital signature does not hold any more")
    if edits.appended:
        plan.notes.append("validations and conditional formats keep their ranges: appended rows are outside of them")


@contextlib.contextmanager
def _complete_or_absent(target: Path) -> Generator[None, None, None]:
    try:
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        raise
