"""The zip around the parts: what is not changed is copied as raw bytes, headers and compressed data alike.

Refused with the reason: packages whose directory can be read in two ways (repeated names, overlapping or hidden entries),
names that leave the package, encryption, and sizes beyond what a workbook has. Zip64 and data descriptors are read and kept.
"""

import struct
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from chatsheet.core.errors import BadInput

MAX_UNPACKED_BYTES = 2 * 2**30
_MAX_PACKED_BYTES = 2**31
_MAX_ENTRIES = 65_000
_BLOCK = 2**20
_DIRECTORY_RECORD = 46
_LOCAL_HEADER = 30
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800
_ZIP64 = 1
_IN_ZIP64 = b"\xff\xff\xff\xff"


class PackageRefused(BadInput):
    """The workbook's package is damaged, or built to be read in two ways."""

    code = "package.refused"
    status = 422


@dataclass(frozen=True, slots=True)
class _Entry:
    """One part: its bytes in the file, local header to whatever follows its data, and its record in the directory."""

    name: str
    start: int
    end: int
    record: bytes


class Package:
    """An open workbook package."""

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes], entries: tuple[_Entry, ...]) -> None:
        self._archive = archive
        self._file = file
        self._entries = entries
        self.names = tuple(entry.name for entry in entries)
        self._spelled = {name.casefold(): name for name in self.names}

    def find(self, name: str) -> str | None:
        """Return the name as the package spells it (part names ignore case), or None."""
        return self._spelled.get(name.casefold())

    @contextmanager
    def part(self, name: str) -> Generator[IO[bytes], None, None]:
        """Open one part unpacked, as a stream; raises PackageRefused where its data is damaged."""
        try:
            with self._archive.open(name) as stream:
                yield stream
        except KeyError:
            raise refused(f"it has no part {name}") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise refused(f"its part {name} cannot be unpacked ({error})") from None

    def read(self, name: str) -> bytes:
        """Return one small part unpacked."""
        with self.part(name) as stream:
            return stream.read()

    def rewrite(self, target: Path, changed: Mapping[str, Iterable[bytes]], *, dropped: Collection[str] = ()) -> None:
        """Write the package to `target` with some parts replaced or dropped; every other byte of a part is copied."""
        records: dict[str, bytes] = {}
        with target.open("wb") as out:
            for entry in sorted(self._entries, key=lambda entry: entry.start):
                if entry.name in dropped:
                    continue
                offset = out.tell()
                if entry.name in changed:
                    records[entry.name] = _write_part(out, entry.record, changed[entry.name])
                else:
                    self._copy(entry, out)
                    records[entry.name] = _moved(entry.record, offset)
            start = out.tell()
            for name in self.names:
                out.write(records.get(name, b""))
            size, count, comment = out.tell() - start, len(records), self._archive.comment
            out.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, len(comment)) + comment)

    def _copy(self, entry: _Entry, out: IO[bytes]) -> None:
        self._file.seek(entry.start)
        left = entry.end - entry.start
        while left:
            block = self._file.read(min(left, _BLOCK))
            out.write(block)
            left -= len(block)


@contextmanager
def opened(path: Path) -> Generator[Package, None, None]:
    """Open the package at `path`; raises PackageRefused."""
    if path.stat().st_size > _MAX_PACKED_BYTES:
        raise refused("it is larger than 2 GiB")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise refused(f"it is no sound zip ({error})") from None
    with archive, path.open("rb") as file:
        yield Package(archive, file, _entries(archive, file))


def refused(reason: str) -> PackageRefused:
    """Return the error for a package that is refused for `reason`."""
    return PackageRefused(
        f"the workbook cannot be changed in place: {reason}.", fix="save it anew in a spreadsheet program, or export the table."
    )


def _entries(archive: zipfile.ZipFile, file: IO[bytes]) -> tuple[_Entry, ...]:
    infos = archive.infolist()
    _check(infos)
    directory = archive.start_dir
    starts = sorted(info.header_offset for info in infos)
    ends = dict(zip(starts, [*starts[1:], directory], strict=True))
    if not infos or starts[0] != 0:
        raise refused("bytes stand before its first part")
    file.seek(directory)
    entries: list[_Entry] = []
    for info in infos:
        record = file.read(_DIRECTORY_RECORD)
        record += file.read(sum(struct.unpack("<3H", record[28:34])))
        entry = _Entry(info.filename, info.header_offset, ends[info.header_offset], record)
        _check_local(file, entry, info)
        entries.append(entry)
    return tuple(entries)


def _check(infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename.casefold() for info in infos]
    if len(set(names)) != len(names) or len({info.header_offset for info in infos}) != len(infos):
        raise refused("a part stands in it twice")
    if len(infos) > _MAX_ENTRIES or sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise refused("it unpacks to more than a workbook has")
    for info in infos:
        if info.orig_filename != info.filename or "\\" in info.filename or ":" in info.filename:
            raise refused(f"{info.orig_filename!r} is no part name")
        if info.filename.startswith("/") or ".." in info.filename.split("/"):
            raise refused(f"the name {info.filename!r} leaves the package")
        if info.flag_bits & _ENCRYPTED:
            raise refused("it is encrypted")


def _check_local(file: IO[bytes], entry: _Entry, info: zipfile.ZipInfo) -> None:
    """Check that the part's own header agrees with the directory and that its data ends before the next part."""
    directory_position = file.tell()
    file.seek(entry.start)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\3\4":
        raise refused(f"its part {entry.name} has no header")
    name_length, extra_length = struct.unpack("<2H", header[26:30])
    if file.read(name_length) != entry.record[_DIRECTORY_RECORD : _DIRECTORY_RECORD + name_length]:
        raise refused(f"its part {entry.name} has two names")
    if entry.start + _LOCAL_HEADER + name_length + extra_length + info.compress_size > entry.end:
        raise refused(f"its part {entry.name} overlaps another")
    file.seek(directory_position)


def _moved(record: bytes, offset: int) -> bytes:
    """Return a directory record that points to `offset`."""
    if record[42:46] != _IN_ZIP64:
        return record[:42] + struct.pack("<L", offset) + record[46:]
    name_length, extra_length = struct.unpack("<2H", record[28:32])
    at = _DIRECTORY_RECORD + name_length
    end = at + extra_length
    while at + 4 <= end:
        kind, size = struct.unpack("<2H", record[at : at + 4])
        if kind == _ZIP64:
            at += 4 + 8 * [record[24:28], record[20:24]].count(_IN_ZIP64)  # both sizes stand before the offset
            return record[:at] + struct.pack("<Q", offset) + record[at + 8 :]
        at += 4 + size
    raise refused("its zip64 directory is damaged")


def _write_part(out: IO[bytes], record: bytes, content: Iterable[bytes]) -> bytes:
    """Write one part anew, deflated as it comes, under its old name and date; return its directory record."""
    flags, stamp = struct.unpack("<H", record[8:10])[0] & _UTF8_NAME, record[12:16]
    name_length, extra_length, comment_length = struct.unpack("<3H", record[28:34])
    name = record[_DIRECTORY_RECORD : _DIRECTORY_RECORD + name_length]
    comment = record[_DIRECTORY_RECORD + name_length + extra_length :]
    start = out.tell()
    out.write(bytes(_LOCAL_HEADER) + name)
    crc = unpacked = 0
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    for block in content:
        crc = zlib.crc32(block, crc)
        unpacked += len(block)
        out.write(deflate.compress(block))
    out.write(deflate.flush())
    end = out.tell()
    facts = struct.pack("<HH4s3L", flags, zipfile.ZIP_DEFLATED, stamp, crc, end - start - _LOCAL_HEADER - name_length, unpacked)
    out.seek(start)
    out.write(b"PK\3\4" + struct.pack("<H", 20) + facts + struct.pack("<2H", name_length, 0))
    out.seek(end)
    lengths = struct.pack("<4H", name_length, 0, comment_length, 0)
    return record[:6] + struct.pack("<H", 20) + facts + lengths + record[36:42] + struct.pack("<L", start) + name + comment
