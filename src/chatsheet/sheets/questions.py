"""Everything one version can be asked: guarded SQL, the rows behind a result, values like a text, windows for the grid."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatsheet.sheets import guard, lineage, versions, windows
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.kept import Results
from chatsheet.sheets.model import FoundValue, Places, Result, RowIds, Table, Workbook
from chatsheet.sheets.query import Engine, Limits
from chatsheet.sheets.windows import Window, WindowInvalid

_ROWS_BEHIND = 1_000


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The questions to one version: what it holds, where its database is, and who runs what is asked.

    `rules` is the key of the row and column rules under which it is seen; workbook and database hold nothing else.
    """

    version: str
    rules: str = ""
    workbook: Workbook
    database: Path
    engine: Engine
    results: Results | None = None
    """What was computed already; None: nothing is kept."""
    ready: Callable[[], Awaitable[None]] = _at_once
    """Sees that the version is on disk before it is read: who holds it for long may have lost it to others' need of room."""

    def check(self, sql: str) -> GuardedSql:
        """Return the guarded form of SQL; raises SqlRefused."""
        return guard.check(sql, self._columns())

    async def run(self, guarded: GuardedSql, limits: Limits | None = None) -> Result:
        """Run guarded SQL; the result's handle names version and query."""
        result = await self._ran(guarded, limits or Limits())
        return result.model_copy(update={"handle": lineage.handle(self.version + self.rules, guarded.sql)})

    async def rows_behind(
        self, guarded: GuardedSql, result: Result, row: int, *, limit: int = _ROWS_BEHIND
    ) -> tuple[RowIds, ...]:
        """Return which rows of which tables one row of a result stands on, at most `limit` of each; raises NotTraceable."""
        if result.row_ids:
            return tuple(one.model_copy(update={"ids": one.ids[row : row + 1]}) for one in result.row_ids)
        found: list[RowIds] = []
        for table, sql in lineage.behind(guarded.sql, self._columns(), result, row):
            ids = await self._ran(self.check(sql), Limits(max_rows=limit))
            listed = tuple(one for (one,) in ids.rows if isinstance(one, int))
            found.append(RowIds(table=table, ids=listed, more=ids.row_count - len(ids.rows)))
        return tuple(found)

    async def find_values(
        self, text: str, *, table: str | None = None, column: str | None = None, limit: int = 10
    ) -> tuple[FoundValue, ...]:
        """Return the values most like `text`, with how many rows have each; raises WindowInvalid for an unknown table."""
        tables = self.workbook.tables if table is None else (self._table(table),)
        columns = [
            (one.id, known.name)
            for one in tables
            for known in one.columns
            if (known.name == column if column is not None else known.type == "text")
        ]
        return await self.engine.find_values(await self.located(), columns, text, limit=limit)

    async def _ran(self, guarded: GuardedSql, limits: Limits) -> Result:
        compute = partial(self._compute, guarded, limits)
        return await (compute() if self.results is None else self.results.of(guarded, limits, compute))

    async def _compute(self, guarded: GuardedSql, limits: Limits) -> Result:
        return await self.engine.run(await self.located(), guarded, limits)

    async def located(self) -> Path:
        """Return the file to read, which is on disk now; raises VersionLost, StorageUnavailable."""
        await self.ready()
        return versions.location(self.database.parent)

    async def window(self, window: Window) -> Result:
        """Return one page of a table, row ids first; `row_count` counts the rows that its filters leave."""
        compute = partial(self._window, window)
        asked = window.model_dump_json()
        return await (compute() if self.results is None else self.results.kept("window", asked, Limits(), compute))

    async def _window(self, window: Window) -> Result:
        database = await self.located()
        table = self._table(window.table)
        if not window.is_plain:
            placed = await asyncio.to_thread(versions.placed, database, table.id)
            picked = await asyncio.to_thread(versions.picked, database, table.id, "{places}")
            return await self.engine.window(database, window, windows.plan(window, table, placed, picked))
        page = await asyncio.to_thread(versions.page, database, table, offset=window.offset, limit=window.limit)
        result = await self.engine.run(database, GuardedSql(page, (table.id,), None))
        return result.model_copy(update={"row_count": table.rows, "truncated": len(result.rows) < table.rows})

    async def places(self, window: Window, *, rows: Sequence[int] | None = None, text: str = "", limit: int) -> Places:
        """Return where rows stand in a window's order: those with these ids, or those that a search for `text` finds."""
        database = await self.located()
        table = self._table(window.table)
        placed = await asyncio.to_thread(versions.placed, database, table.id)
        hits = windows.order(Window(table=window.table, search=text), table, placed) if rows is None else None
        order = windows.order(window, table, placed)
        known = await asyncio.to_thread(versions.numbered, database, table.id) if window.is_plain else ""
        return await self.engine.places(database, order, known=known, rows=rows, hits=hits, limit=limit)

    def _columns(self) -> dict[str, list[str]]:
        return {table.id: table.names for table in self.workbook.tables}

    def _table(self, name: str) -> Table:
        table = self.workbook.table(name)
        if table is None:
            listed = ", ".join(one.id for one in self.workbook.tables)
            raise WindowInvalid(f"there is no table {name}.", fix=f"the tables are {listed}.")
        return table
