"""A small sheet to edit, and the ways to look at it."""

from pathlib import Path

from pydantic import JsonValue

from chatsheet.core.identity import LOCAL
from chatsheet.sheets import guard
from chatsheet.sheets.edits import Edit
from chatsheet.sheets.library import Edited, Library, OpenSheet
from chatsheet.sheets.windows import Window

PRICES = b"Item,Price,Count,Sold\npen,1.5,10,2025-01-31\ncup,2.25,20,2025-02-01\nbag,30.5,3,2025-02-02\nhat,12.5,4,2025-02-03\n"
"""Row ids 2 to 5."""


async def bring(library: Library, folder: Path, content: bytes = PRICES, name: str = "prices.csv") -> OpenSheet:
    """Import a file, as the table `prices` where nothing else is said."""
    (folder / name).write_bytes(content)
    return await library.bring_in(LOCAL, folder / name)


async def make(library: Library, opened: OpenSheet, *edits: Edit, reason: str = "") -> Edited:
    """Edit a sheet at the version that `opened` shows."""
    return await library.edit(LOCAL, opened.sheet.id, edits, expected_version=opened.sheet.version, reason=reason)


async def rows(library: Library, opened: OpenSheet, table: str = "prices") -> list[tuple[JsonValue, ...]]:
    """Return a table's rows in its own order."""
    return list((await library.questions(opened).window(Window(table=table, limit=1_000))).rows)


async def column(library: Library, opened: OpenSheet, name: str, table: str = "prices") -> list[JsonValue]:
    """Return a column's values in the table's order."""
    found = opened.workbook.table(table)
    assert found is not None
    at = [c.name for c in found.columns].index(name) + 1
    return [row[at] for row in await rows(library, opened, table)]


async def ids(library: Library, opened: OpenSheet, table: str = "prices") -> list[JsonValue]:
    """Return the row ids in the table's order."""
    return [row[0] for row in await rows(library, opened, table)]


async def ask(library: Library, opened: OpenSheet, sql: str) -> list[tuple[JsonValue, ...]]:
    """Return the rows of guarded SQL over a version."""
    return list((await library.query(opened, guard.check(sql, opened.columns()))).rows)
