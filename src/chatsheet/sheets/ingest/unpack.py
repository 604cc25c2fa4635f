"""Compressed files: unpacked beside the import, as a stream, up to a size and a ratio that honest data keeps."""

import bz2
import gzip
import importlib
import lzma
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from chatsheet.sheets.ingest import package
from chatsheet.sheets.ingest.formats import Format
from chatsheet.sheets.ingest.grid import FileEncrypted, FileNotAWorkbook, FileTooLarge, FileUnsupported

_MOST_BYTES = 4 * 2**30
_ALWAYS_BYTES = 256 * 2**20
"""What may be unpacked at any ratio."""
_MOST_TIMES = 100
_BLOCK = 2**20


def unpack(path: Path, kind: Format, folder: Path) -> Path:
    """Write what `path` holds into `folder` and return that file, named as it was before it was compressed.

    Raises FileTooLarge for a bomb, FileNotAWorkbook for damaged data, FileUnsupported where the library is missing.
    """
    limit = min(_MOST_BYTES, max(_ALWAYS_BYTES, path.stat().st_size * _MOST_TIMES))
    try:
        with _open(path, kind) as (name, stream):
            target = folder / f"unpacked-{_plain(name)}"
            with target.open("wb") as out:
                written = 0
                while block := stream.read(_BLOCK):
                    written += len(block)
                    if written > limit:
                        raise FileTooLarge(
                            f"{path.name} unpacks to more than {limit / 2**20:.0f} MiB.", fix="unpack it and split the table."
                        )
                    out.write(block)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise FileNotAWorkbook(
            f"{path.name} cannot be unpacked: {type(error).__name__}.", fix="compress it again, or give it as it was before."
        ) from None
    return target


def _plain(name: str) -> str:
    """Return the last part of a name, as it can never leave the folder."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")[-100:] or "data"


@contextmanager
def _open(path: Path, kind: Format) -> Generator[tuple[str, BinaryIO]]:
    match kind:
        case "gz":
            with gzip.open(path) as stream:
                yield path.stem, cast("BinaryIO", stream)  # a GzipFile reads bytes as a BinaryIO does
        case "bz2":
            with bz2.open(path) as stream:
                yield path.stem, cast("BinaryIO", stream)  # likewise
        case "xz":
            with lzma.open(path) as stream:
                yield path.stem, cast("BinaryIO", stream)  # likewise
        case "zst":
            with path.open("rb") as file, _zstandard(file, path) as stream:
                yield path.stem, stream
        case _:
            with package.check(path) as archive:
                parts = [part for part in archive.infolist() if not part.is_dir() and not _plain(part.filename).startswith(".")]
                if len(parts) != 1:
                    raise FileUnsupported(
                        f"{path.name} holds {len(parts)} files.",
                        fix="give a package with one file in it, or the files themselves.",
                    )
                if parts[0].flag_bits & 1:
                    raise FileEncrypted(f"{path.name} is protected by a password.", fix="unpack it first.")
                with archive.open(parts[0]) as stream:
                    yield parts[0].filename, cast("BinaryIO", stream)  # likewise


@contextmanager
def _zstandard(file: BinaryIO, path: Path) -> Generator[BinaryIO]:
    try:
        library = importlib.import_module("zstandard")
    except ImportError:
        raise FileUnsupported(f"{path.name} is compressed with zstd.", fix="unpack it first.") from None
    try:
        with library.ZstdDecompressor(max_window_size=2**27).stream_reader(file) as stream:
            yield stream
    except library.ZstdError as error:
        raise ValueError(str(error)) from None
