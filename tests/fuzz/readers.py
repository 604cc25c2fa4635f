"""Feeds damaged files to the readers, texts to the guard and to the types, until one answers with anything but a typed error.

`python -m tests.fuzz.readers SECONDS FOLDER` exits with 77 at the first find and leaves the input in FOLDER.
"""

import bz2
import contextlib
import gzip
import resource
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["chatsheet.sheets.ingest", "chatsheet.sheets.guard"]):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  its stub lacks it
    from chatsheet.core.errors import ChatSheetError
    from chatsheet.sheets import guard
    from chatsheet.sheets.ingest import load

import duckdb

from tests.sheets import columns, hostile, old_books
from tests.sheets.old_books import Sheet

_MEMORY_BYTES = 3 * 2**30
_NAMES = ("a.xlsx", "a.csv", "a.ods", "a.parquet", "a.xls", "a.csv.gz", "a.zip", "a.xlsb")
_GUARD, _TYPES = len(_NAMES), len(_NAMES) + 1
_KNOWN = {"orders": ["id", "region", "amount"]}


def seeds() -> list[bytes]:
    """Return sound files of several kinds, each after the number of its name."""
    text = b'Title\n\na;b;c\n1,5;"x""y";2024-01-31\n2,5;"two\nlines";# no\n'
    sheets = {"Data": Sheet([["name", "amount"], ["a", 1.5], ["b", True], ["c", None]])}
    return [
        bytes([_GUARD]) + b"WITH t AS (SELECT region, sum(amount) AS s FROM orders GROUP BY ALL) SELECT * FROM t WHERE s > 1",
        bytes([_TYPES]) + "1.234,56 €\n(12)\n13/02/2024\n12:30\n0012\nn/a\n12 %\n1,5 Mio".encode(),
        b"\2" + old_books.ods(sheets),
        b"\3" + _parquet(),
        b"\4" + old_books.xls(sheets),
        b"\7" + old_books.xlsb(sheets),
        b"\0" + hostile.workbook(),
        b"\1" + text,
        b"\1" + text.decode().encode("utf-16"),
        b"\5" + gzip.compress(text),
        b"\6" + bz2.compress(text),
        b"\1'a','b'\n'1','2'\n\"broken,1\n3,4\n",
    ]


def _parquet() -> bytes:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        database.execute(f"COPY (SELECT i, 'x' || i AS t, [i] AS l FROM range(9) t(i)) TO '{folder}/a' (FORMAT parquet)")  # noqa: S608  our own folder
        return Path(folder, "a").read_bytes()


def one(data: bytes) -> None:
    """Try one input: its first byte says on what; only typed errors may come out."""
    kind = data[0] % (_TYPES + 1) if data else 0
    if kind < _GUARD:
        _import(_NAMES[kind], data[1:])
        return
    text = data[1:].decode(errors="replace")
    with contextlib.suppress(ChatSheetError):
        if kind == _GUARD:
            guard.check(text, _KNOWN)
        else:
            columns.read(text.split("\n"))


def _import(name: str, content: bytes) -> None:
    """Import a file; nothing may be left beside it."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        source = folder / name
        source.write_bytes(content)
        with contextlib.suppress(ChatSheetError, MemoryError):
            load.load(source, folder / "base.duckdb")
        left = {path.name for path in folder.iterdir()} - {source.name, "base.duckdb", "base.duckdb.wal"}
        if left:
            raise AssertionError(f"left behind: {left}")
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Run for as long as asked."""
    seconds, folder = sys.argv[1:3]
    corpus = Path(folder) / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-rss_limit_mb=0", "-timeout=30", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
