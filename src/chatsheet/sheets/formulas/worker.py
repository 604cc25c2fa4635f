"""The killable process that reads and recalculates formulas: the same framing as the query worker, one workbook kept open.

Limits are set before any file is opened: memory by RLIMIT_AS, no core dumps, small files. The deadline is the parent's.
"""

import contextlib
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from chatsheet.core import loose, processes
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.formulas import recalculate
from chatsheet.sheets.formulas.model import Impact, Position
from chatsheet.sheets.formulas.pattern import cell
from chatsheet.sheets.formulas.recalculate import Opened
from chatsheet.sheets.worker import frame, read_message

MEMORY_BYTES = 4 * 2**30
SPOOL_BYTES = 2**30


class Books:
    """The workbook that was asked about last, read once."""

    def __init__(self) -> None:
        self._key: tuple[str, int, int] | None = None
        self._opened: Opened | None = None

    def get(self, path: str) -> Opened:
        at = Path(path).stat()
        key = (path, at.st_mtime_ns, at.st_size)
        if self._opened is None or self._key != key:
            self._opened = None  # two large workbooks at once could be too much
            self._key, self._opened = key, recalculate.open_book(Path(path))
        return self._opened


def answer(books: Books, request: Mapping[str, object]) -> Impact:
    """Return the impact that a request asks for; with a `reason` everything reached is stale, and nothing is computed."""
    opened = books.get(str(request["source"]))
    changes, earlier = (_positions(opened, request.get(name)) for name in ("changes", "earlier"))
    if reason := loose.text(request.get("reason")):
        return recalculate.told(opened, changes, earlier, reason=reason)
    return recalculate.impact(opened, changes, earlier)


def _positions(opened: Opened, told: object) -> dict[Position, JsonValue]:
    """Return changes told as tab, cell name and value by position; cells of other tabs than the file's are left out."""
    rows = (loose.array(row) for row in loose.array(told))
    return {
        (str(tab), *at): cast("JsonValue", value)  # parsed JSON
        for tab, name, value in rows
        if tab in opened.book.sheets and (at := cell(str(name)))[0]
    }


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
