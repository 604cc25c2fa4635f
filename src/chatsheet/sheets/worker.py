"""The killable process that runs DuckDB and file parsing: requests in on stdin, answers out on stdout, length-prefixed JSON.

Limits are set before any data is opened: memory by RLIMIT_AS, no core dumps, no files for a query worker. The hard deadline
is the parent's: it kills the process, because neither `interrupt()` nor `max_execution_time` stops one long scalar call.
"""

import contextlib
import resource
import sys
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
from pydantic import JsonValue

from chatsheet.core import loose, processes
from chatsheet.core.errors import BadInput, ChatSheetError
from chatsheet.sheets import versions, writer
from chatsheet.sheets.ingest import load
from chatsheet.sheets.model import Result, ResultColumn

QUERY_MEMORY_BYTES = 2 * 2**30
IMPORT_MEMORY_BYTES = 6 * 2**30
_FETCH = 1_000
_LONGEST_CELL = 10_000
_LARGEST_EXACT = 2**53
_OPEN_DATABASES = 4


class QueryFailed(BadInput):
    """DuckDB could not run the query."""

    code = "sql.failed"
    status = 422


class Databases:
    """The few databases this worker has open: read-only, without file access, settings locked."""

    def __init__(self) -> None:
        self._open: dict[str, duckdb.DuckDBPyConnection] = {}
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
                self._open.pop(next(iter(self._open))).close()
            self._open[path] = self._connect(path)
        return self._open[path]

    @staticmethod
    def _connect(path: str) -> duckdb.DuckDBPyConnection:
        return versions.connect(Path(path))


def run_query(databases: Databases, *, path: str, sql: str, max_rows: int, max_bytes: int) -> Result:
    """Run guarded SQL and return at most `max_rows` rows and about `max_bytes` of JSON, with the full row count."""
    cursor = databases.get(path).cursor()
    try:
        cursor.execute(sql)
        columns = tuple(ResultColumn(name=str(d[0]), type=str(d[1])) for d in cursor.description or [])
        rows: list[tuple[JsonValue, ...]] = []
        count = size = 0
        while batch := cursor.fetchmany(_FETCH):
            count += len(batch)
            for raw in batch:
                if len(rows) < max_rows and size < max_bytes:
                    row = tuple(json_scalar(value) for value in raw)
                    size += len(loose.dumps(row))
                    rows.append(row)
    except duckdb.Error as error:
        raise QueryFailed(str(error).split("\n", maxsplit=1)[0], fix="correct the query.") from None
    except (OverflowError, ValueError) as error:
        raise QueryFailed(f"a value of the result cannot be shown: {error}", fix="cast it to text.") from None
    finally:
        cursor.close()
    return Result(columns=columns, rows=tuple(rows), row_count=count, truncated=count > len(rows))


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
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _answer(databases: Databases, request: Mapping[str, object]) -> JsonValue:
    if request["op"] == "import":
        workbook = load.load(Path(str(request["source"])), Path(str(request["target"])))
        return workbook.model_dump(mode="json")
    if request["op"] == "edit":
        return writer.make(writer.Order.model_validate(request["order"]), databases.blank()).model_dump(mode="json")
    if request["op"] == "compact":
        writer.compact(Path(str(request["versions"])), str(request["version"]), Path(str(request["aside"])))
        return None
    return run_query(
        databases,
        path=str(request["path"]),
        sql=str(request["sql"]),
        max_rows=loose.number(request["max_rows"]),
        max_bytes=loose.number(request["max_bytes"]),
    ).model_dump(mode="json")


def read_message(stream: BinaryIO) -> bytes | None:
    """Return the next message, or None at the end of the stream."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else None  # noqa: PLR2004  a 32-bit length


def frame(message: bytes) -> bytes:
    """Return a message with its length in front, 4 bytes, big-endian."""
    return len(message).to_bytes(4, "big") + message


def main() -> None:
    """Serve requests until stdin ends, which it does when the parent dies."""
    processes.die_with_parent()
    can_write = sys.argv[1:] in (["import"], ["edit"])
    memory = IMPORT_MEMORY_BYTES if can_write else QUERY_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not can_write:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    databases = Databases()
    with contextlib.suppress(BrokenPipeError):
        while (message := read_message(sys.stdin.buffer)) is not None:
            sys.stdout.buffer.write(frame(loose.dumps(_respond(databases, message)).encode()))
            sys.stdout.buffer.flush()
            if sys.argv[1:] == ["edit"]:
                databases.renew()


def _respond(databases: Databases, message: bytes) -> dict[str, JsonValue]:
    try:
        return {"ok": _answer(databases, loose.obj(loose.parse(message)))}
    except ChatSheetError as error:
        return {"code": error.code, "what": error.what, "fix": error.fix}
    except MemoryError:
        return {"code": "worker.memory", "what": "it needed more memory than allowed", "fix": "ask for less at once."}


if __name__ == "__main__":
    main()
