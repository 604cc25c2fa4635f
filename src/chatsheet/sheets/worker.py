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
from chatsheet.sheets.ingest.progress import Progress
from chatsheet.sheets.model import Result, ResultColumn

QUERY_MEMORY_BYTES = 2 * 2**30
IMPORT_MEMORY_BYTES = 6 * 2**30
_IMPORT_SPARE_BYTES = 2**30
_IMPORT_TIMES = 8
"""How many bytes of memory a byte of unpacked file may need; what needs more is made to need it."""
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

    def get(self, path: str) -> duckdb.DuckDBPyConnection:
        if path not in self._open:
            while len(self._open) >= _OPEN_DATABASES:
                self._open.pop(next(iter(self._open))).close()
            self._open[path] = self._connect(path)
        return self._open[path]

    @staticmethod
    def _connect(path: str) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": "512MB",
            "threads": "2",
            "max_temp_directory_size": "0B",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        }
        connection = duckdb.connect(path, read_only=True, config=config)
        # in this order: after the first no file can be opened, after the second no setting can be changed back
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        return connection


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
        return _import(Path(str(request["source"])), Path(str(request["target"])))
    return run_query(
        databases,
        path=str(request["path"]),
        sql=str(request["sql"]),
        max_rows=loose.number(request["max_rows"]),
        max_bytes=loose.number(request["max_bytes"]),
    ).model_dump(mode="json")


def _import(source: Path, target: Path) -> JsonValue:
    """Import a file with the memory that its size can explain, telling how far it is before the answer."""
    from chatsheet.sheets.ingest import load, package  # noqa: PLC0415  a query worker starts without the readers

    def tell(progress: Progress) -> None:
        _write({"progress": progress.model_dump(mode="json")})

    memory = _address_space() + _IMPORT_SPARE_BYTES + _IMPORT_TIMES * package.weight(source)
    resource.setrlimit(resource.RLIMIT_AS, (min(memory, IMPORT_MEMORY_BYTES), IMPORT_MEMORY_BYTES))
    return load.load(source, target, tell).model_dump(mode="json")


def _address_space() -> int:
    """Return the bytes of address space that this process has, or none where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _write(message: Mapping[str, JsonValue]) -> None:
    sys.stdout.buffer.write(frame(loose.dumps(message).encode()))
    sys.stdout.buffer.flush()


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
    can_write = sys.argv[1:] == ["import"]
    memory = IMPORT_MEMORY_BYTES if can_write else QUERY_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not can_write:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    databases = Databases()
    with contextlib.suppress(BrokenPipeError):
        while (message := read_message(sys.stdin.buffer)) is not None:
            _write(_respond(databases, message))


def _respond(databases: Databases, message: bytes) -> dict[str, JsonValue]:
    try:
        return {"ok": _answer(databases, loose.obj(loose.parse(message)))}
    except ChatSheetError as error:
        return {"code": error.code, "what": error.what, "fix": error.fix}
    except MemoryError:
        return {"code": "worker.memory", "what": "it needed more memory than allowed", "fix": "ask for less at once."}


if __name__ == "__main__":
    main()
