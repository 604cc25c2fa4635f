"""The killable process that runs DuckDB and file parsing: requests in on stdin, answers out on stdout, length-prefixed JSON.

Limits are set before any data is opened: memory by RLIMIT_AS, CPU by RLIMIT_CPU, no core dumps, no files for a query worker.
The hard deadline is the parent's: it kills the process, because neither `interrupt()` nor `max_execution_time` stops one long
scalar call.
"""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets import complaints, versions
from chatsheet.sheets.complaints import QueryFailed, QueryTooLarge
from chatsheet.sheets.ingest.progress import Progress
from chatsheet.sheets.lookup import Lookup
from chatsheet.sheets.model import Compared, Places, Result, ResultColumn, RowIds

QUERY_MEMORY_BYTES = 2 * 2**30
IMPORT_MEMORY_BYTES = 6 * 2**30
EXPORT_FILE_BYTES = 16 * 2**30
_IMPORT_SPARE_BYTES = 2**30
_IMPORT_TIMES = 8
"""How many bytes of memory a byte of unpacked file may need; what needs more is made to need it."""
_FETCH = 1_000
_LONGEST_CELL = 10_000
_LARGEST_EXACT = 2**53
_OPEN_DATABASES = 4
_SPARE_CPU_S = 5
_QUICK_S = 1.0
"""A query that took longer gets no hints about its literals: they may take as long again."""
_NICENESS = 5

_NO_MEMORY: dict[str, JsonValue] = {
    "code": "worker.memory",
    "what": "it needed more memory than allowed",
    "fix": "ask for less at once.",
}

ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
"""What a worker is started with: each arena of glibc reserves 64 MiB, which the limit of address space would count as used."""


class Databases:
    """The few databases this worker has open: read-only, without file access, settings locked."""

    def __init__(self) -> None:
        self._open: dict[str, duckdb.DuckDBPyConnection] = {}
        self._lookups: dict[str, Lookup] = {}
        self._blank: duckdb.DuckDBPyConnection | None = None

    def blank(self) -> duckdb.DuckDBPyConnection:
        """Return the connection that the next draft is written with."""
        self._blank = self._blank or versions.blank()
        return self._blank

    def renew(self) -> None:
        """Put a fresh connection in the place of the one a draft was written with."""
        if self._blank is not None:
            self._blank.close()
        self._blank = versions.blank()

    def get(self, path: str) -> duckdb.DuckDBPyConnection:
        if path not in self._open:
            while len(self._open) >= _OPEN_DATABASES:
                oldest = next(iter(self._open))
                self._lookups.pop(oldest, None)  # its cursor would keep the database open, and its settings locked
                self._open.pop(oldest).close()
            self._open[path] = self.connect(path)
        return self._open[path]

    def lookup(self, path: str) -> Lookup:
        """Return what is kept of a database; it is dropped with its connection."""
        connection = self.get(path)
        if path not in self._lookups:
            self._lookups[path] = Lookup(connection)
        return self._lookups[path]

    def forget(self) -> bool:
        """Close everything; tell whether more was kept than one database as it was opened."""
        was_full = len(self._open) > 1 or bool(self._lookups)
        self._lookups.clear()
        while self._open:
            self._open.popitem()[1].close()
        return was_full

    @staticmethod
    def connect(path: str, *, writes: str = "") -> duckdb.DuckDBPyConnection:
        """Open one version; `writes` is the only file that it may touch beside it."""
        return versions.connect(Path(path), writes=writes)


def run_query(
    databases: Databases,
    *,
    path: str,
    sql: str,
    max_rows: int,
    max_bytes: int,
    identified: str = "",
    identifies: Sequence[str] = (),
    compared: Sequence[Compared] = (),
) -> Result:
    """Run guarded SQL and return at most `max_rows` rows and about `max_bytes` of JSON, with the full row count.

    `identified` is the same query with the row ids of the tables `identifies` as its last columns.
    """
    begun = time.monotonic()
    with _complaining():
        connection = databases.get(path)
        try:
            result = _rows(connection, identified or sql, max_rows, max_bytes)
        except duckdb.BinderException:
            if not identified:
                raise
            result, identifies = _rows(connection, sql, max_rows, max_bytes), ()  # such as an aggregate not known as one
        is_quick = time.monotonic() - begun < _QUICK_S
        return _split(result, identifies).model_copy(
            update={"warnings": _missing(databases.lookup(path), compared) if is_quick and compared else ()}
        )


def _missing(lookup: Lookup, compared: Sequence[Compared]) -> tuple[str, ...]:
    try:
        return tuple(lookup.missing(compared))
    except duckdb.Error:  # the result is there; only the hints are not, such as where a column is too large for them
        return ()


def run_window(
    databases: Databases,
    *,
    path: str,
    ids: str,
    parameters: Sequence[JsonValue],
    page: str,
    offset: int,
    limit: int,
    max_bytes: int,
) -> Result:
    """Return one page of a table in the order that `ids` gives; `row_count` is the order's length."""
    with _complaining():
        lookup = databases.lookup(path)
        name, count = lookup.order(ids, parameters)
        places = f"(SELECT place, _row FROM {name} WHERE place BETWEEN {offset + 1} AND {offset + limit})"  # noqa: S608  ours
        result = _fetched(lookup.execute(page.format(places=places)), limit, max_bytes)
        return result.model_copy(update={"row_count": count, "truncated": len(result.rows) < count})


def find_places(
    databases: Databases,
    *,
    path: str,
    ids: str,
    parameters: Sequence[JsonValue],
    known: str,
    rows: Sequence[int] | None,
    hits: tuple[str, Sequence[JsonValue]] | None,
    limit: int,
) -> Places:
    """Return where rows stand in the order that `ids` gives: those of `rows`, or those that the order `hits` has.

    `known` is SQL for row ids with their places, where these need not be counted.
    """
    with _complaining():
        lookup = databases.lookup(path)
        name = known or lookup.order(ids, parameters)[0]
        among, bound = hits or (", ".join(map(str, rows or (-1,))), ())
        found = lookup.execute(
            f"SELECT _row, place - 1, count(*) OVER () FROM {name} WHERE _row IN ({among}) ORDER BY place LIMIT {limit}",  # noqa: S608  ours
            bound,
        ).fetchall()
        count = int(found[0][2]) if found else 0
        return Places(rows=tuple(row for row, _, _ in found), places=tuple(at for _, at, _ in found), count=count)


@contextlib.contextmanager
def _complaining() -> Generator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise complaints.explain(str(error)) from None
    except (OverflowError, ValueError) as error:
        raise QueryFailed(f"a value of the result cannot be shown: {error}", fix="cast it to text.") from None


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, max_rows: int, max_bytes: int) -> Result:
    cursor = connection.cursor()
    try:
        result = _fetched(cursor.execute(sql), max_rows, max_bytes)
        if result.truncated:  # counting in DuckDB builds no rows of Python
            count = int(cursor.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])  # noqa: S608  guarded
            return result.model_copy(update={"row_count": count})
        return result
    finally:
        cursor.close()


def _fetched(cursor: duckdb.DuckDBPyConnection, max_rows: int, max_bytes: int) -> Result:
    """Return the first rows of what was executed; `truncated` says that there are more, uncounted ones."""
    columns = tuple(ResultColumn(name=str(d[0]), type=str(d[1])) for d in cursor.description or [])
    rows: list[tuple[JsonValue, ...]] = []
    size = 0
    while batch := cursor.fetchmany(_FETCH):
        for raw in batch:
            if len(rows) >= max_rows or size >= max_bytes:
                return Result(columns=columns, rows=tuple(rows), row_count=len(rows), truncated=True)
            row = tuple(json_scalar(value) for value in raw)
            size += len(loose.dumps(row))
            rows.append(row)
    return Result(columns=columns, rows=tuple(rows), row_count=len(rows), truncated=False)


def _split(result: Result, identifies: Sequence[str]) -> Result:
    """Take the row ids of tables, which are the last columns, out of a result."""
    if not identifies:
        return result
    first = len(result.columns) - len(identifies)
    return result.model_copy(
        update={
            "columns": result.columns[:first],
            "rows": tuple(row[:first] for row in result.rows),
            "row_ids": tuple(
                RowIds(table=table, ids=tuple(one if isinstance(one := row[place], int) else None for row in result.rows))
                for place, table in enumerate(identifies, start=first)
            ),
        }
    )


def json_scalar(value: object) -> JsonValue:
    """Return a DuckDB value as JSON: dates ISO, decimals numbers, what JSON cannot say as text, lists item by item."""
    if isinstance(value, float) and (value != value or value in {float("inf"), float("-inf")}):  # noqa: PLR0124  NaN
        return str(value)
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_CELL else value[: _LONGEST_CELL - 1] + "…"
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)  # a JSON number would lose digits in a browser
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [json_scalar(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date | time_of_day) else str(value)


def _parameters(values: object) -> Sequence[JsonValue]:
    return cast("Sequence[JsonValue]", loose.array(values))  # they came as JSON


def _answer(databases: Databases, request: Mapping[str, object]) -> JsonValue:
    if request["op"] == "import":
        return _import(Path(str(request["source"])), Path(str(request["target"])), request["said"])
    if request["op"] in {"edit", "compact", "excerpt"}:
        return _write_version(databases, request)
    if (leaving := _LEAVING.get(str(request["op"]))) is not None:
        return leaving(request)
    _allow_cpu(loose.number(request["cpu_s"]))
    path = str(request["path"])
    if request["op"] == "find":
        columns = [(str(table), str(column)) for table, column in map(loose.array, loose.array(request["columns"]))]
        with _complaining():
            found = databases.lookup(path).find(columns, str(request["text"]), loose.number(request["limit"]))
        return [one.model_dump(mode="json") for one in found]
    if request["op"] == "window":
        return run_window(
            databases,
            path=path,
            ids=str(request["ids"]),
            parameters=_parameters(request["parameters"]),
            page=str(request["page"]),
            offset=loose.number(request["offset"]),
            limit=loose.number(request["limit"]),
            max_bytes=loose.number(request["max_bytes"]),
        ).model_dump(mode="json")
    if request["op"] == "places":
        wanted, hits = request.get("rows"), request.get("hits")
        return find_places(
            databases,
            path=path,
            ids=str(request["ids"]),
            parameters=_parameters(request["parameters"]),
            known=str(request["known"]),
            rows=None if wanted is None else [loose.number(one) for one in loose.array(wanted)],
            hits=None if hits is None else (str(loose.array(hits)[0]), _parameters(loose.array(hits)[1])),
            limit=loose.number(request["limit"]),
        ).model_dump(mode="json")
    return run_query(
        databases,
        path=path,
        sql=str(request["sql"]),
        max_rows=loose.number(request["max_rows"]),
        max_bytes=loose.number(request["max_bytes"]),
        identified=str(request["identified"]),
        identifies=[str(table) for table in loose.array(request["identifies"])],
        compared=[Compared(*map(str, loose.array(one))) for one in loose.array(request["compared"])],
    ).model_dump(mode="json")


def _write_version(databases: Databases, request: Mapping[str, object]) -> JsonValue:
    from chatsheet.sheets import writer  # noqa: PLC0415  a query worker starts without the parser of SQL
    from chatsheet.sheets.rules import RULES  # noqa: PLC0415  likewise

    if request["op"] == "edit":
        return writer.make(writer.Order.model_validate(request["order"]), databases.blank()).model_dump(mode="json")
    where = Path(str(request["versions"])), str(request["version"]), Path(str(request["aside"]))
    if request["op"] == "excerpt":
        writer.excerpt(*where, RULES.validate_python(request["rules"]))
    else:
        writer.compact(*where)
    return None


def _import(source: Path, target: Path, said: object) -> JsonValue:
    """Import a file with the memory that its size can explain, telling how far it is before the answer."""
    from chatsheet.sheets.ingest import load  # noqa: PLC0415  a query worker starts without the readers
    from chatsheet.sheets.ingest.said import Said  # noqa: PLC0415  likewise

    def tell(progress: Progress) -> None:
        _write({"progress": progress.model_dump(mode="json")})

    _allow_memory(source)
    return load.load(source, target, tell, Said.model_validate(said)).model_dump(mode="json")


def _allow_memory(source: Path) -> None:
    """Allow what the size of a file can explain."""
    from chatsheet.sheets.ingest import package  # noqa: PLC0415  a query worker starts without the readers

    memory = _address_space() + _IMPORT_SPARE_BYTES + _IMPORT_TIMES * package.weight(source)
    resource.setrlimit(resource.RLIMIT_AS, (min(memory, IMPORT_MEMORY_BYTES), IMPORT_MEMORY_BYTES))


def _cells(request: Mapping[str, object]) -> JsonValue:
    """Return the first cells of a tab as the file has them, with the memory that its size can explain."""
    from chatsheet.sheets.ingest import load, raw  # noqa: PLC0415  a query worker starts without the readers

    source = Path(str(request["source"]))
    _allow_memory(source)
    grid = load.head(source, str(request["tab"]), Path(str(request["aside"])))
    if grid is None:
        return None
    return raw.window(grid, top=loose.number(request["top"]), left=loose.number(request["left"])).model_dump(mode="json")


def _export(request: Mapping[str, object]) -> JsonValue:
    from chatsheet.sheets import files  # noqa: PLC0415  a query worker starts without the writers

    target = str(request["target"])
    headings = {name: files.Heading.model_validate(one) for name, one in loose.obj(request["headings"]).items()}
    options = files.Options.model_validate(request["options"])
    with Databases.connect(str(request["path"]), writes=target) as database:
        return files.write(database, str(request["sql"]), headings, Path(target), options).model_dump(mode="json")


def _patch(request: Mapping[str, object]) -> JsonValue:
    from chatsheet.sheets.package import patch  # noqa: PLC0415  likewise

    edits = patch.Edits.model_validate(request["edits"])
    consent = request["has_consent"] is True
    patched = patch.patch(Path(str(request["source"])), Path(str(request["target"])), edits, has_consent=consent)
    return patched.model_dump(mode="json")


def _differences(request: Mapping[str, object]) -> JsonValue:
    from chatsheet.sheets import differences  # noqa: PLC0415  likewise

    found = differences.between(Path(str(request["versions"])), str(request["origin"]), str(request["head"]))
    return found.model_dump(mode="json")


_LEAVING: Mapping[str, Callable[[Mapping[str, object]], JsonValue]] = {
    "cells": _cells,
    "export": _export,
    "patch": _patch,
    "differences": _differences,
}


def _address_space() -> int:
    """Return the bytes of address space that this process has, or none where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _write(message: Mapping[str, JsonValue]) -> None:
    sys.stdout.buffer.write(frame(loose.dumps(message).encode()))
    sys.stdout.buffer.flush()


def _allow_cpu(seconds: int) -> None:
    """Let the kernel end this process should nobody else do, when a request takes more than its share."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + _SPARE_CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def read_message(stream: BinaryIO) -> bytes | None:
    """Return the next message, or None at the end of the stream."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else None  # noqa: PLR2004  a 32-bit length


def frame(message: bytes) -> bytes:
    """Return a message with its length in front, 4 bytes, big-endian."""
    return len(message).to_bytes(4, "big") + message


def main() -> None:
    """Serve requests until stdin ends, which it does when the parent dies; processes.start sees to it that this is at once."""
    can_write = sys.argv[1:] in (["import"], ["edit"])
    memory = IMPORT_MEMORY_BYTES if can_write else QUERY_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not can_write:
        largest = EXPORT_FILE_BYTES if sys.argv[1:] == ["export"] else 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        os.nice(_NICENESS)  # the server answers before queries do
    databases = Databases()
    with contextlib.suppress(BrokenPipeError):
        while (message := read_message(sys.stdin.buffer)) is not None:
            _write(respond(databases, message))
            if sys.argv[1:] == ["edit"]:
                databases.renew()


def respond(databases: Databases, message: bytes) -> dict[str, JsonValue]:
    """Return the answer to one request, or its error; what finds no memory is tried again without what is kept of others."""
    try:
        return {"ok": _answer(databases, loose.obj(loose.parse(message)))}
    except ChatSheetError as error:
        if isinstance(error, QueryTooLarge) and databases.forget():
            return respond(databases, message)
        return {"code": error.code, "what": error.what, "fix": error.fix}
    except (MemoryError, duckdb.OutOfMemoryException):
        return _NO_MEMORY
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        return _NO_MEMORY


if __name__ == "__main__":
    main()
