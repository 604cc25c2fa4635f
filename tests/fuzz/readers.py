"""Feeds damaged files to the readers until one answers with anything but a table or a typed error.

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

with atheris.instrument_imports(include=["chatsheet.sheets.ingest"]):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  its stub lacks it
    from chatsheet.core.errors import ChatSheetError
    from chatsheet.sheets.ingest import load

from tests.sheets import hostile

_MEMORY_BYTES = 3 * 2**30
_NAMES = ("a.xlsx", "a.csv", "a.ods", "a.parquet", "a.xls", "a.csv.gz", "a.zip")


def seeds() -> list[bytes]:
    """Return sound files of several kinds, each after the number of its name."""
    text = b'Title\n\na;b;c\n1,5;"x""y";2024-01-31\n2,5;"two\nlines";# no\n'
    return [
        b"\0" + hostile.workbook(),
        b"\1" + text,
        b"\1" + text.decode().encode("utf-16"),
        b"\5" + gzip.compress(text),
        b"\6" + bz2.compress(text),
        b"\1'a','b'\n'1','2'\n\"broken,1\n3,4\n",
    ]


def one(data: bytes) -> None:
    """Import one input; only typed errors may come out, and nothing may be left beside it."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        source = folder / _NAMES[data[0] % len(_NAMES) if data else 0]
        source.write_bytes(data[1:])
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
