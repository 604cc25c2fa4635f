"""What changed between the version an editor looked at and the head: compared cell by cell, where the edit wants to write.

Values are compared, not histories: a change that was undone again is none, and neither is one that both made. Runs in an edit
worker.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import JsonValue

from chatsheet.sheets import versions
from chatsheet.sheets.model import ROW_ID, ColumnType, Value
from chatsheet.sheets.scalars import scalar
from chatsheet.sheets.versions import BASE, DELTA, TableState

_SHOWN = 20


class ConflictCell(Value):
    """A cell that was changed by somebody else and that the edit wants to change: `row` is None for a whole column."""

    table: str
    row: int | None
    column: str
    was: JsonValue = None
    theirs: JsonValue = None
    yours: JsonValue = None
    kind: Literal["changed", "inserted", "deleted"] = "changed"
    """What happened to the row or the column."""
    by: str = ""
    at: datetime | None = None


class Met(Exception):
    """An edit met the changes of somebody else."""

    def __init__(self, cells: list[ConflictCell]) -> None:
        super().__init__(len(cells))
        self.cells = tuple(cells)


class Changed:
    """Two versions side by side in the connection of a draft: `since` as the editor saw it, and the head."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, *, since: str, head: str) -> None:
        """Attach what is needed; the base of the head must already be attached as `_base`."""
        self._connection = connection
        head_base = _base_of(folder, head)
        was_base = _base_of(folder, since)
        alias = "_base" if was_base == head_base else "_was_base"
        if was_base != head_base:
            versions.attach(connection, folder / was_base / BASE, as_=alias)
        self._was = self._side(folder / since, base=alias, delta="_was")
        self._head = self._side(folder / head, base="_base", delta="_head")
        self._was_types = _types(folder / since)
        self._head_types = _types(folder / head)

    def _side(self, folder: Path, *, base: str, delta: str) -> dict[str, str]:
        """Return the SELECT of each table of a version."""
        states = state_of(self._connection, folder, base=base)
        if any(state.has_delta for state in states.values()):
            versions.attach(self._connection, folder / DELTA, as_=delta)
        return {t: versions.merged(t, state, base=base, delta=f"{delta}.") for t, state in states.items()}

    def check_column(self, table: str, column: str) -> None:
        """Raise Met where the column is not the same one at both sides; one that neither knows is the edit's own."""
        was, head = self._was_types[table].get(column), self._head_types[table].get(column)
        if was != head:
            kind = "deleted" if head is None else "inserted" if was is None else "changed"
            raise Met([ConflictCell(table=table, row=None, column=column, was=was, theirs=head, kind=kind)])

    def check_cells(self, table: str, columns: list[str], *, rows: str | None, new: bool = False) -> None:
        """Raise Met where these cells differ; `rows` is a table of row ids, None for all, with `_new` where `new`."""
        was_types, head_types = self._was_types[table], self._head_types[table]
        met: list[ConflictCell] = []
        for column in columns:
            if column not in head_types:
                continue
            was = f'"{column}"' if column in was_types else "NULL"
            among = f"SEMI JOIN {rows} USING ({ROW_ID})" if rows else ""
            yours = f"(SELECT any_value(_new) FROM {rows} AS n WHERE n.{ROW_ID} = h.{ROW_ID})" if rows and new else "NULL"  # noqa: S608  our own names
            other = f"AND (h.{ROW_ID} IS NULL OR h.v IS DISTINCT FROM {yours}) " if rows and new else ""
            found = self._connection.execute(
                f"WITH w AS (SELECT {ROW_ID}, {was} AS v FROM ({self._was[table]}) {among}), "  # noqa: S608  our own names
                f'h AS (SELECT {ROW_ID}, "{column}" AS v FROM ({self._head[table]}) {among}) '
                f"SELECT {ROW_ID}, w.v, h.v, {yours}, w.{ROW_ID} IS NULL, h.{ROW_ID} IS NULL "
                f"FROM w FULL JOIN h USING ({ROW_ID}) WHERE (w.v IS DISTINCT FROM h.v OR h.{ROW_ID} IS NULL) {other}"
                f"ORDER BY {ROW_ID} LIMIT {_SHOWN}"
            ).fetchall()
            for row, before, theirs, mine, is_new, is_gone in found:
                kind = "inserted" if is_new else "deleted" if is_gone else "changed"
                met.append(
                    ConflictCell(
                        table=table, row=int(row), column=column, kind=kind,
                        was=scalar(before), theirs=scalar(theirs), yours=scalar(mine),
                    )
                )  # fmt: skip
        if met:
            raise Met(met[:_SHOWN])

    def check_row(self, table: str, row: int) -> None:
        """Raise Met where a row that the editor saw is gone."""
        here = [
            self._connection.execute(f"SELECT count(*) FROM ({side[table]}) WHERE {ROW_ID} = ?", [row]).fetchall()[0][0]  # noqa: S608  our own names
            for side in (self._was, self._head)
        ]
        if here == [1, 0]:
            raise Met([ConflictCell(table=table, row=row, column="", kind="deleted")])


def state_of(connection: duckdb.DuckDBPyConnection, folder: Path, *, base: str) -> dict[str, TableState]:
    """Return how the tables of the version in `folder` follow from its base, attached as `base`."""
    manifest = versions.current_manifest(folder)
    if manifest is not None:
        return dict(manifest.tables)
    return versions.whole(connection, [table.id for table in versions.read_workbook(folder).tables], base=base)


def _base_of(folder: Path, version: str) -> str:
    manifest = versions.current_manifest(folder / version)
    return version if manifest is None else manifest.base


def _types(folder: Path) -> dict[str, dict[str, ColumnType]]:
    return {t.id: {c.name: c.type for c in t.columns} for t in versions.read_workbook(folder).tables}
