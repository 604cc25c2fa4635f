"""The killable process that reads and recalculates formulas: the same framing as the query worker, one workbook kept open.

Limits are set before any file is opened: memory by RLIMIT_AS, no core dumps, small files. The deadline is the parent's.
"""

import contextlib
import resource
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from chatsheet.core import loose, processes
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.formulas import recalculate, temporal, traits
from chatsheet.sheets.formulas.model import CellFormula, Formula, FormulaBook, InArea, Position
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.formulas.recalculate import Asked, Opened
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.model import Value
from chatsheet.sheets.worker import frame, read_message

MEMORY_BYTES = 4 * 2**30
SPOOL_BYTES = 2**30


class Books:
    """The workbook that was asked about last, read once."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._opened: Opened | None = None

    def get(self, path: str, tabs: Collection[str] | None) -> Opened:
        at = Path(path).stat()
        key = (path, at.st_mtime_ns, at.st_size)
        if self._opened is None or self._key != key:
            self._opened = None  # two large workbooks at once could be too much
            self._key, self._opened = key, recalculate.open_book(Path(path), tabs)
        return self._opened


def answer(books: Books, request: Mapping[str, object]) -> Value:
    """Return what a request asks for: the formulas of an area, or the impact of changes.

    With a `reason` everything reached is stale, and nothing is computed.
    """
    tabs = request.get("tabs")
    opened = books.get(str(request["source"]), None if tabs is None else [str(tab) for tab in loose.array(tabs)])
    if "area" in request:
        return _in_area(opened.book, loose.array(request["area"]))
    if request.get("is_missing") is True:
        return recalculate.missing(opened)
    changes, earlier, holds = (_positions(opened, request.get(name)) for name in ("changes", "earlier", "holds"))
    listed = ("was_stale", "moved", "moved_earlier")
    was_stale, moved, moved_earlier = (tuple(_positions(opened, request.get(name))) for name in listed)
    asked = Asked(changes, earlier, holds, was_stale, moved, moved_earlier)
    if reason := loose.text(request.get("reason")):
        return recalculate.told(opened, asked, reason=reason)
    return recalculate.impact(opened, asked)


def _positions(opened: Opened, told: object) -> dict[Position, JsonValue]:
    """Return changes told as tab, cell name and value by position; cells of other tabs than the file's are left out."""
    rows = (loose.array(row) for row in loose.array(told))
    return {
        (str(tab), *at): cast("JsonValue", value)  # parsed JSON
        for tab, name, value in rows
        if tab in opened.book.sheets and (at := cell(str(name)))[0]
    }


def _in_area(book: FormulaBook, told: Sequence[object]) -> InArea:
    tab, top, left, bottom, right = str(told[0]), *map(loose.number, told[1:])
    places = ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
    return InArea(cells=tuple(
        CellFormula(
            cell=f"{letter(column)}{row}", formula=found.text, value=_shown(book, found),
            traits=tuple(sorted(traits.of(found, book, tab))),
        )
        for row, column in places
        if (found := book.formula((tab, row, column))) is not None
    ))  # fmt: skip


def _shown(book: FormulaBook, formula: Formula) -> JsonValue:
    value = formula.cached
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return temporal.shown(value, formula.shows, starts_1904=book.starts_1904)


def _respond(books: Books, message: bytes) -> dict[str, JsonValue]:
    try:
        return {"ok": answer(books, loose.obj(loose.parse(message))).model_dump(mode="json")}
    except ChatSheetError as error:
        return {"code": error.code, "what": error.what, "fix": error.fix}
    except MemoryError:
        return {"code": "worker.memory", "what": "it needed more memory than allowed", "fix": "split the workbook."}


def main() -> None:
    """Serve requests until stdin ends, which it does when the parent dies."""
    processes.die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPOOL_BYTES, SPOOL_BYTES))  # the engine spools formulas while it loads
    books = Books()
    with contextlib.suppress(BrokenPipeError):
        while (message := read_message(sys.stdin.buffer)) is not None:
            sys.stdout.buffer.write(frame(loose.dumps(_respond(books, message)).encode()))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
