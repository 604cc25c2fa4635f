"""A delta being written: the copy of a version's own rows, in one transaction, and what the version will say of itself.

A row of the base that an edit touches is lifted into the delta whole (`_over`) and hidden in the base (`_gone`). Which rows an
edit touches stands in the temporary table `_hit`.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import duckdb

from chatsheet.core.errors import StorageUnavailable
from chatsheet.sheets import conflicts, edits, profile, versions
from chatsheet.sheets.edits import EditRefused, TypedValue
from chatsheet.sheets.model import ROW_ID, Table, Workbook
from chatsheet.sheets.versions import BASE, DELTA, GROUP, MANIFEST, SLOT, WORKBOOK, Manifest

_EXAMPLES = 5
_PROFILED_ROWS = 20_000
"""Tables up to this size are profiled again with each edit."""


class Delta:
    """The rows that differ from the base, and the tables' states."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, workbook: Workbook, manifest: Manifest, next_row: int) -> None:
        self.connection = connection
        self.workbook = workbook
        self.manifest = manifest
        self.states = dict(manifest.tables)
        self.next_row = next_row
        self.digest = 0
        self._stale: dict[tuple[str, str], None] = {}

    @classmethod
    def opened(cls, connection: duckdb.DuckDBPyConnection, folder: Path, head: str, aside: Path, *, next_row: int) -> Self:
        """Copy the delta of `head` into `aside`, or start one on its base, in a connection that has nothing open yet."""
        manifest = versions.read_manifest(folder / head)
        is_whole = (folder / head / BASE).exists()
        if not is_whole:
            shutil.copyfile(folder / head / DELTA, aside / DELTA)
        versions.attach_draft(connection, aside / DELTA)
        base = head if is_whole or manifest is None else manifest.base
        versions.attach(connection, folder / base / BASE, as_="_base")
        states = conflicts.state_of(connection, folder / head, base="_base")
        origin = manifest.origin if manifest else head
        kept = manifest.formulas if manifest else {}
        made = Manifest(base=base, origin=origin, tables=states, formulas=kept)
        if is_whole:
            connection.execute("CREATE SCHEMA _over; CREATE SCHEMA _gone")
            versions.publish(connection, states)
        return cls(connection, versions.read_workbook(folder / head), made, next_row)

    def finish(self, aside: Path, formulas: Mapping[str, Mapping[str, str]]) -> None:
        """Commit, and write what the version says of itself beside its delta."""
        for table_id, name in self._stale:
            self._measure(table_id, name)
        self.connection.execute("COMMIT")
        for table_id in {table_id for table_id, _ in self._stale}:
            table = edits.table_of(self.workbook, table_id)
            if self.states[table_id].has_delta:
                require_same(self._held(table_id), table.rows)
        self.connection.execute("CHECKPOINT")
        self.connection.execute("USE memory; DETACH delta")  # readers could not open it before
        manifest = self.manifest.model_copy(update={"tables": self.states, "formulas": formulas})
        (aside / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
        (aside / WORKBOOK).write_text(self.workbook.model_dump_json(), encoding="utf-8")

    def reshape(self, table: Table, columns: dict[str, str], *, is_derived: bool = False) -> None:
        """Give a table these columns, in the workbook and in its view."""
        state = self.states[table.id]
        self.states[table.id] = state.model_copy(update={"columns": columns, "is_derived": state.is_derived or is_derived})
        self.tell(table)
        versions.publish(self.connection, {table.id: self.states[table.id]})

    def alter(self, table: Table, clause: str) -> None:
        """Change the stored rows' columns, where there are any."""
        if self.states[table.id].has_delta:
            self.connection.execute(f'ALTER TABLE _over."{table.id}" {clause}')

    def ensure(self, table: Table) -> None:
        """Make sure that the table has rows of its own beside the base."""
        state = self.states[table.id]
        if state.has_delta:
            return
        rows = versions.merged(table.id, state, position=True)
        self.connection.execute(f'CREATE TABLE _over."{table.id}" AS SELECT * FROM ({rows}) LIMIT 0')  # noqa: S608  our own names
        self.connection.execute(f'CREATE TABLE _gone."{table.id}" (ord BIGINT, is_deleted BOOLEAN)')
        self.states[table.id] = state.model_copy(update={"has_delta": True})

    def lift(self, table: Table, rows: str) -> None:
        """Copy the rows of the base that the table `rows` names into the delta, and hide them in the base."""
        self.ensure(table)
        over, gone = f'_over."{table.id}"', f'_gone."{table.id}"'
        columns = self.states[table.id].columns
        names = ", ".join(f'"{name}"' for name in columns)
        lifted = self.one(
            f"INSERT INTO {over} (_pos, {ROW_ID}, {names}) "  # noqa: S608  our own names
            f"SELECT b.rowid * {SLOT}, b.{ROW_ID}, {', '.join(columns.values())} "
            f'FROM _base.main."{table.id}" AS b SEMI JOIN {rows} USING ({ROW_ID}) '
            f"WHERE b.{ROW_ID} BETWEEN {self.extent(rows)[1]} AND b.rowid NOT IN (SELECT ord FROM {gone})"
        )
        hidden = self.one(
            f"INSERT INTO {gone} SELECT _pos // {SLOT}, false FROM {over} SEMI JOIN {rows} USING ({ROW_ID}) "  # noqa: S608  our own names
            f"WHERE _pos % {SLOT} = 0 AND _pos // {SLOT} NOT IN (SELECT ord FROM {gone})"
        )
        require_same(hidden, lifted)

    def settle(self, table_id: str, *columns: str) -> None:
        """Bring state, row count and view of a table in line with its delta."""
        state = self.states[table_id]
        table = edits.table_of(self.workbook, table_id)
        if state.has_delta:
            over, gone = f'_over."{table_id}"', f'_gone."{table_id}"'
            held, inserted, hidden, deleted, groups = self.connection.execute(
                f"SELECT * FROM (SELECT count(*), count(*) FILTER (_pos % {SLOT} <> 0) FROM {over}), "  # noqa: S608  our own names
                f"(SELECT count(*), count(*) FILTER (is_deleted), list(DISTINCT ord // {GROUP}) FROM {gone})"
            ).fetchall()[0]
            require_same(held - inserted + deleted, hidden)
            self.states[table_id] = state.model_copy(update={
                "groups": tuple(sorted(groups or ())), "inserted": inserted, "deleted": deleted, "changed": held + deleted,
            })  # fmt: skip
            versions.publish(self.connection, {table_id: self.states[table_id]})
            table = table.model_copy(update={"rows": state.base_rows - hidden + held})
            self.tell(table)
        stale = columns or [column.name for column in table.columns]
        self._stale |= {(table_id, name): None for name in stale}

    def _held(self, table_id: str) -> int:
        """Return how many rows the table has by what is stored."""
        base = self.states[table_id].base_rows
        over, gone = self.count(f'_over."{table_id}"'), self.count(f'_gone."{table_id}"')
        return base - gone + over

    def _measure(self, table_id: str, name: str) -> None:
        table = edits.table_of(self.workbook, table_id)
        column = next((column for column in table.columns if column.name == name), None)
        if column is None or table.rows > _PROFILED_ROWS:
            return
        (alone,) = profile.measure(self.connection, [table.model_copy(update={"columns": (column,)})])
        (measured,) = alone.columns
        self.tell(table.model_copy(update={"columns": tuple(measured if c is column else c for c in table.columns)}))

    def tell(self, table: Table) -> None:
        """Let the workbook say this of a table."""
        tables = tuple(table if t.id == table.id else t for t in self.workbook.tables)
        self.workbook = self.workbook.model_copy(update={"tables": tables})

    def hit(self, rows: Sequence[int], values: Sequence[TypedValue], kind: str) -> None:
        """Name rows, and a new value for each, in the table `_hit`."""
        self.hit_table(f"SELECT unnest($1::BIGINT[]) AS {ROW_ID}, unnest($2::{kind}[]) AS _new", [list(rows), list(values)])

    def hit_table(self, select: str, values: Sequence[object] = ()) -> None:
        """Name rows in the table `_hit`."""
        self.temporary("_hit", select, values)

    def temporary(self, name: str, select: str, values: Sequence[object] = ()) -> None:
        """Make a temporary table of a SELECT."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}", values or None)

    def ids(self, sql: str) -> list[int]:
        """Return a column of whole numbers."""
        return [int(row[0]) for row in self.connection.execute(sql).fetchall()]

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return self.one(f"SELECT count(*) FROM {table}") or 0  # noqa: S608  our own names

    def extent(self, rows: str) -> tuple[int, str]:
        """Return how many rows there are, and their smallest and largest id, for what the storage can skip by."""
        count, low, high = self.connection.execute(
            f"SELECT count(*), min({ROW_ID}), max({ROW_ID}) FROM {rows}"  # noqa: S608  our own names
        ).fetchall()[0]
        return count, f"{low or 0} AND {high or 0}"

    def one(self, sql: str) -> int | None:
        """Return one whole number, or None."""
        value = self.connection.execute(sql).fetchall()[0:1]
        return None if not value or value[0][0] is None else int(value[0][0])

    def digest_of(self, rows: str, *columns: str) -> None:
        """Let what these rows hold be part of the digest."""
        self.digest ^= self.one(f"SELECT bit_xor(hash({', '.join(columns)})) FROM {rows}") or 0  # noqa: S608  our own names

    def reserve(self, count: int) -> int:
        """Return the first of `count` row ids that were never used."""
        for table_id in self.states:
            last = self.one(f'SELECT max({ROW_ID}) FROM "{table_id}"')  # noqa: S608  our own names
            self.next_row = max(self.next_row, (last or 0) + 1)
        first = self.next_row
        self.next_row += count
        return first

    def refuse_missing(self, table: Table, rows: Sequence[int], found: str) -> None:
        """Raise EditRefused where rows that were named are not in the table `found`."""
        if self.count(found) < len(set(rows)):
            here = {int(row[0]) for row in self.connection.execute(f"SELECT {ROW_ID} FROM {found}").fetchall()}  # noqa: S608  our own names
            raise missing(table, sorted(set(rows) - here))


def missing(table: Table, rows: Sequence[int]) -> EditRefused:
    """Return the refusal of an edit that names rows which are not there."""
    named = ", ".join(map(str, rows[:_EXAMPLES]))
    return EditRefused(
        f"{table.id} has no row {named}{' and others' if len(rows) > _EXAMPLES else ''}.", fix="use the ids of rows that exist."
    )


def require_same(found: int | None, expected: int | None) -> None:
    """Raise StorageUnavailable where the store lost rows on the way: better no version than one that holds rows twice."""
    if found != expected:
        raise StorageUnavailable(
            f"the store wrote {found or 0:,} rows where there are {expected or 0:,}; no version was made.",
            fix="edit fewer rows at once.",
        )
