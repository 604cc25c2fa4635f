"""Where a command works on a file: the library of the data folder, with the file brought in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from chatsheet.cli.main import Options
from chatsheet.context.glossary.glossary import Glossary
from chatsheet.core.errors import NotFound
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import Table
from chatsheet.wiring import open_library

FILE = click.argument("file", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class TableUnknown(NotFound):
    """The table that was named is not in the file, or none was and there are several."""

    code = "sheet.table_unknown"


@dataclass(frozen=True, slots=True)
class Desk:
    """A file, open in the library of this machine's user."""

    library: Library
    glossary: Glossary
    opened: OpenSheet
    actor: Actor = LOCAL

    def table(self, name: str | None) -> Table:
        """Return the table of that name, or the only one; raises TableUnknown."""
        tables = self.opened.workbook.tables
        if name is None and len(tables) == 1:
            return tables[0]
        found = None if name is None else self.opened.workbook.table(name)
        if found is None:
            asked = "several tables are here" if name is None else f"there is no table {name}"
            raise TableUnknown(f"{asked}.", fix=f"name one with --table: {', '.join(t.id for t in tables)}.")
        return found


@asynccontextmanager
async def at(options: Options, file: Path) -> AsyncGenerator[Desk, None]:
    """Bring the file in, or find it again, and yield the desk it lies on; raises the errors of ingest."""
    async with open_library(options.settings()) as (library, glossary):
        yield Desk(library, glossary, await library.bring_in(LOCAL, file))
