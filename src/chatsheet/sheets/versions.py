"""How a version lies on disk: an immutable base and the rows that differ from it, merged by views named as the tables.

A version's folder holds `workbook.json` and either `base.duckdb`, its tables whole and in order, or `delta.duckdb` with
`version.json`: the rows that differ from the base of an earlier version. A base may come later, by compaction, and is then
preferred; both say the same. Whole files are renamed into place, so a folder is never seen half written.

Order is a position: a base row stands at its place in the file times `SLOT`, so there is room between any two.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from pydantic import Field

from chatsheet.sheets.model import ROW_ID, Table, Value, Workbook

SLOT = 2**20
"""Positions between two neighbouring rows of a base."""
GROUP = 122_880
"""Rows of DuckDB's row group: groups without a changed row are read without looking for one."""
COMPACTED_ROWS = 256
"""Changed rows from which a base of its own is worth its writing: reading looks up each row of a touched group."""
BASE, DELTA, MANIFEST, WORKBOOK = "base.duckdb", "delta.duckdb", "version.json", "workbook.json"
_FAR = 2**62


class TableState(Value):
    """How a table follows from the base: `columns` are SQL over a base row `b`, in order, raw texts included."""

    columns: dict[str, str]
    base_rows: int
    groups: tuple[int, ...] = ()
    """The row groups of the base with rows that were changed or deleted."""
    has_delta: bool = False
    inserted: int = 0
    deleted: int = 0
    changed: int = 0
    """Rows that the delta holds, and rows of the base that it hides."""
    is_derived: bool = False
    """Whether a column is computed from the base's at each reading."""


class Manifest(Value):
    """What a delta stands on. `base` names the version whose `base.duckdb` it is, `origin` the imported one."""

    base: str
    origin: str
    tables: dict[str, TableState]
    formulas: dict[str, dict[str, str]] = Field(default_factory=dict[str, dict[str, str]])
    """The expression of each column that is one, by table and column."""

    def changed_rows(self) -> int:
        """Return how many rows of the largest delta are changed, or COMPACTED_ROWS where a column is computed."""
        return max((max(s.changed, COMPACTED_ROWS * s.is_derived) for s in self.tables.values()), default=0)


def current_manifest(folder: Path) -> Manifest | None:
    """Return the manifest by which the version in `folder` is read; None for one with a base of its own."""
    return None if (folder / BASE).exists() else read_manifest(folder)


def location(folder: Path) -> Path:
    """Return the file to open for the version in `folder`."""
    base = folder / BASE
    return base if base.exists() else folder / DELTA


def read_workbook(folder: Path) -> Workbook:
    """Return what the version in `folder` says of itself."""
    return Workbook.model_validate_json((folder / WORKBOOK).read_bytes())


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the version in `folder`, also of a compacted one; None for an import."""
    path = folder / MANIFEST
    return Manifest.model_validate_json(path.read_bytes()) if path.exists() else None


def reader_config() -> dict[str, str | bool | int | float | list[str]]:
    """Return the settings of a connection that guarded SQL may use."""
    return {
        "memory_limit": "512MB",
        "threads": "2",
        "temp_directory": "",  # a limit of 0 bytes would still be spilled to, and leave a folder
        **closed_config(),
    }


def writer_config() -> dict[str, str | bool | int | float | list[str]]:
    """Return the settings of a connection that writes a base."""
    return {"memory_limit": "3GB", "threads": "2", **closed_config()}


def blank() -> duckdb.DuckDBPyConnection:
    """Open a connection for one draft; it takes longer than the draft, so it is made ahead."""
    # DuckDB's smallest block: a delta of one cell takes 100 KB, not 1.3 MB. In order, DuckDB 2.0 inserts a row group and more
    # into a table created empty in the same transaction so that this transaction does not see it; positions keep our order
    small = {"default_block_size": "16384", "max_temp_directory_size": "0B", "preserve_insertion_order": False}
    return duckdb.connect(config={**writer_config(), **small})


def attach_draft(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the delta that is being written, as what unqualified names mean."""
    quoted = str(path).replace("'", "''")
    # it is renamed into place when it is whole, so a log of it would serve nobody
    connection.execute(f"ATTACH '{quoted}' AS delta (RECOVERY_MODE no_wal_writes)")
    connection.execute("USE delta")


def closed_config() -> dict[str, str | bool | int | float | list[str]]:
    """Return the settings that keep extensions and Python's own variables out."""
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
    }


def connect(path: Path, *, writes: str = "") -> duckdb.DuckDBPyConnection:
    """Open the `location` of a version for guarded SQL: read-only, without file access, settings locked.

    `writes` is the only file that it may touch all the same.
    """
    connection = opened(path)
    lock(connection, writes=writes)
    return connection


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the `location` of a version read-only, with what it stands on."""
    connection = duckdb.connect(path, read_only=True, config=reader_config())
    if path.name == DELTA and (manifest := read_manifest(path.parent)) is not None:
        attach(connection, path.parent.parent / manifest.base / BASE, as_="_base")
    return connection


def lock(connection: duckdb.DuckDBPyConnection, *, writes: str = "") -> None:
    """Close the file system to a connection but for one file, and its settings."""
    if writes:
        connection.execute("SET allowed_paths=?", [[writes]])
    # in this order: after the first no file can be opened, after the second no setting can be changed back
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")


def attach(connection: duckdb.DuckDBPyConnection, path: Path, *, as_: str) -> None:
    """Attach a file read-only."""
    quoted = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS {as_} (READ_ONLY)")


def merged(
    table_id: str, state: TableState, *, base: str = "_base", delta: str = "", position: bool = False, places: str = ""
) -> str:
    """Return the SELECT that makes a table from its base and its delta; `delta` is the catalog of the latter, with a dot.

    With `places`, a table of places and row ids, only those rows, each with its place.
    """
    ahead, stored = (f"b.rowid * {SLOT} AS _pos, ", "_pos, ") if position else ("", "")
    if places:
        ahead = stored = "p.place, "
    # inside, where the storage can skip by it
    joined = f" JOIN {places} AS p USING ({ROW_ID})" if places else ""
    listed = ", ".join(f'{source} AS "{name}"' for name, source in state.columns.items())
    reading = f'SELECT {ahead}b.{ROW_ID}, {listed} FROM {base}.main."{table_id}" AS b{joined}'  # noqa: S608  our own names
    if not state.has_delta:
        return reading
    names = ", ".join(f'o."{name}"' for name in state.columns)
    parts = [f'SELECT {stored}o.{ROW_ID}, {names} FROM {delta}_over."{table_id}" AS o{joined}']  # noqa: S608  our own names
    touched = " OR ".join(f"b.rowid BETWEEN {first} AND {last}" for first, last in _ranges(state.groups))
    is_all = len(state.groups) * GROUP >= state.base_rows
    if touched:
        among = "" if is_all else f" WHERE {touched}"
        parts.insert(0, f'{reading} ANTI JOIN {delta}_gone."{table_id}" AS g ON g.ord = b.rowid{among}')
    if not is_all:
        parts.insert(0, f"{reading} WHERE NOT ({touched})" if touched else reading)
    return " UNION ALL ".join(parts)


def _ranges(groups: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the base rows of row groups as first and last, neighbours joined."""
    ranges: list[tuple[int, int]] = []
    for group in groups:
        first, last = group * GROUP, (group + 1) * GROUP - 1
        ranges[-1:] = [(ranges[-1][0], last)] if ranges and ranges[-1][1] + 1 == first else [*ranges[-1:], (first, last)]
    return ranges


def _state(database: Path, table_id: str) -> TableState | None:
    """Return how a table follows from its base, by the file that is read; None for a base."""
    manifest = read_manifest(database.parent) if database.name == DELTA else None
    return None if manifest is None else manifest.tables[table_id]


def placed(database: Path, table_id: str) -> str:
    """Return the SELECT that gives a table's rows with their position, as `_pos`, in the version's file `database`."""
    state = _state(database, table_id)
    # a base has its rows in order, and their places are not compared with those of another version
    return f'SELECT rowid AS _pos, * FROM "{table_id}"' if state is None else merged(table_id, state, position=True)  # noqa: S608  our own names


def numbered(database: Path, table_id: str) -> str:
    """Return the SELECT that gives a table's row ids with their places from 1, where that needs no sorting, else nothing."""
    return f'(SELECT {ROW_ID}, rowid + 1 AS place FROM "{table_id}")' if _state(database, table_id) is None else ""  # noqa: S608  our own names


def picked(database: Path, table_id: str, places: str) -> str:
    """Return the SELECT that gives the rows whose ids are in `places`, each with its place there."""
    state = _state(database, table_id)
    if state is None:
        return f'SELECT p.place, b.* FROM "{table_id}" AS b JOIN {places} AS p USING ({ROW_ID})'  # noqa: S608  our own names
    return merged(table_id, state, places=places)


def ordered(database: Path, table_id: str, columns: Sequence[str]) -> str:
    """Return the SELECT that gives some columns of all rows of a table in its own order."""
    listed = ", ".join(f'"{name}"' for name in columns)
    # DuckDB keeps the order of what it reads: a base needs no sorting, which could take more memory than there is
    rows = f'"{table_id}"' if _state(database, table_id) is None else f"({placed(database, table_id)}) ORDER BY _pos"
    return f"SELECT {listed} FROM {rows}"  # noqa: S608  our own names


def page(database: Path, table: Table, *, offset: int, limit: int) -> str:
    """Return the SQL for a window of a table in its own order, row ids first, at any depth at one cost."""
    columns = ", ".join(f'"{name}"' for name in (ROW_ID, *(column.name for column in table.columns)))
    state = _state(database, table.id)
    if state is None:
        window = f"WHERE rowid >= {offset} AND rowid < {offset + limit} ORDER BY rowid"
        return f'SELECT {columns} FROM "{table.id}" {window}'  # noqa: S608  our own names
    # a row's place in the table is its place in the base, give or take the rows that came and went
    first, last = max(0, offset - state.inserted), offset + limit + state.deleted
    low, high = (first * SLOT if first else -_FAR), (last * SLOT if last < state.base_rows else _FAR)
    listed = ", ".join(f'{source} AS "{name}"' for name, source in state.columns.items())
    rows = f'SELECT b.rowid * {SLOT} AS _pos, b.{ROW_ID}, {listed} FROM _base.main."{table.id}" AS b'  # noqa: S608  our own
    window = f"b.rowid >= {first} AND b.rowid < {last}"
    if not state.has_delta:
        return f"SELECT {columns} FROM ({rows} WHERE {window}) ORDER BY _pos LIMIT {limit}"  # noqa: S608  our own names
    names = ", ".join(f'"{name}"' for name in state.columns)
    over, gone = f'_over."{table.id}"', f'_gone."{table.id}"'
    before = (
        f"{offset - first} + (SELECT count(*) FROM {gone} WHERE is_deleted AND ord < {first})"  # noqa: S608  our own names
        f" - (SELECT count(*) FROM {over} WHERE _pos % {SLOT} <> 0 AND _pos < {low})"
    )
    return (
        f"WITH candidate AS ({rows} WHERE {window} AND b.rowid NOT IN (SELECT ord FROM {gone})"  # noqa: S608  our own names
        f" UNION ALL SELECT _pos, {ROW_ID}, {names} FROM {over} WHERE _pos >= {low} AND _pos < {high})"
        f" SELECT {columns} FROM candidate ORDER BY _pos LIMIT {limit} OFFSET ({before})"
    )


def publish(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, TableState]) -> None:
    """Write the views of these tables into the delta that the connection writes."""
    for table_id, state in tables.items():
        connection.execute(f'CREATE OR REPLACE VIEW main."{table_id}" AS {merged(table_id, state)}')


def whole(connection: duckdb.DuckDBPyConnection, table_ids: list[str], *, base: str) -> dict[str, TableState]:
    """Return the state of tables that are exactly those of the attached `base`."""
    states: dict[str, TableState] = {}
    for table_id in table_ids:
        described = connection.execute(f'DESCRIBE {base}.main."{table_id}"').fetchall()
        count = connection.execute(f'SELECT count(*) FROM {base}.main."{table_id}"').fetchall()[0][0]  # noqa: S608  our own
        names = [str(row[0]) for row in described if row[0] != ROW_ID]
        states[table_id] = TableState(columns={name: f'b."{name}"' for name in names}, base_rows=int(count))
    return states
