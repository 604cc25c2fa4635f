"""The zip around a workbook: odd but honest ones are kept, those that can be read in two ways are refused."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import Buffer

from chatsheet.sheets.package import archive
from chatsheet.sheets.package.archive import PackageRefused
from tests.sheets.package import workbooks

PARTS = {"a.xml": b"<a/>" * 50, "Folder/b.bin": bytes(range(256)) * 20, "c.xml": b""}


class _Pipe(io.RawIOBase):
    """A stream that cannot seek, so that sizes follow the data."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        block = bytes(data)
        self.written += block
        return len(block)


def described(path: Path) -> None:
    """Write a package whose sizes stand in descriptors behind the data."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in PARTS.items():
            package.writestr(name, content)
    path.write_bytes(pipe.written)


def zip64(path: Path) -> None:
    """Write a package whose sizes stand in zip64 fields."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in PARTS.items():
            with package.open(name, "w", force_zip64=True) as part:
                part.write(content)
        package.comment = b"a comment"


def far(path: Path) -> None:
    """Write a package whose directory gives every offset in a zip64 field."""
    workbooks.write(path, PARTS)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as package:
        start, infos = package.start_dir, package.infolist()
    at, directory = start, b""
    for info in infos:
        length = 46 + len(info.filename)
        extra = struct.pack("<2HQ", 1, 8, info.header_offset)
        head = data[at : at + 30] + struct.pack("<H", len(extra)) + data[at + 32 : at + 42] + b"\xff" * 4
        directory += head + data[at + 46 : at + length] + extra
        at += length
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(infos), len(infos), len(directory), start, 0)
    path.write_bytes(data[:start] + directory + end)


@pytest.mark.parametrize("make", [described, zip64, far])
def test_descriptors_and_zip64_are_copied_as_they_are(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.zip")
    with archive.opened(tmp_path / "a.zip") as package:
        package.rewrite(tmp_path / "b.zip", {"a.xml": iter([b"<new", b"/>" * 9])})
    before, after = workbooks.raw(tmp_path / "a.zip"), workbooks.raw(tmp_path / "b.zip")
    assert {name for name in before if before[name] != after[name]} == {"a.xml"}
    assert workbooks.read(tmp_path / "b.zip") == PARTS | {"a.xml": b"<new" + b"/>" * 9}


def test_nothing_changed_is_the_same_file(tmp_path: Path) -> None:
    workbooks.write_rich(tmp_path / "a.xlsm")
    with archive.opened(tmp_path / "a.xlsm") as package:
        package.rewrite(tmp_path / "b.xlsm", {})
    assert (tmp_path / "a.xlsm").read_bytes() == (tmp_path / "b.xlsm").read_bytes()


@pytest.mark.parametrize("name", ["../x.xml", "/x.xml", "a/../../x.xml", "a\\x.xml", "C:x.xml", "A.XML", "a.xml\0.txt"])
def test_names_that_leave_the_package_or_repeat_are_refused(tmp_path: Path, name: str) -> None:
    placed = "x" * len(name)  # the name is put in afterwards: the writer would mend it
    workbooks.write(tmp_path / "a.zip", PARTS | {placed: b""})
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(placed.encode(), name.encode()))
    with pytest.raises(PackageRefused), archive.opened(tmp_path / "a.zip"):
        pass


def spoil(data: bytes, how: str) -> bytes:
    """Return a package damaged on purpose."""
    directory = data.rindex(b"PK\5\6")
    first = data.index(b"PK\1\2")
    match how:
        case "cut off":
            return data[: directory - 10]
        case "bytes in front":
            return b"MZ stub" + data
        case "encrypted":
            return data[: first + 8] + b"\1" + data[first + 9 :]
        case "two names":
            return data.replace(b"a.xml", b"z.xml", 1)
        case "hidden size":
            return data[: first + 20] + struct.pack("<L", 90_000) + data[first + 24 :]
        case "bomb":
            return data[: first + 24] + struct.pack("<L", 2**31 + 1) + data[first + 28 :]
        case _:
            second = data.index(b"PK\1\2", first + 4)
            return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


@pytest.mark.parametrize(
    "how", ["cut off", "bytes in front", "encrypted", "two names", "hidden size", "bomb", "one place twice"]
)
def test_a_package_that_can_be_read_in_two_ways_is_refused(tmp_path: Path, how: str) -> None:
    workbooks.write(tmp_path / "a.zip", PARTS)
    (tmp_path / "a.zip").write_bytes(spoil((tmp_path / "a.zip").read_bytes(), how))
    with pytest.raises(PackageRefused), archive.opened(tmp_path / "a.zip"):
        pass


def test_a_part_with_damaged_data_is_refused_when_it_is_read(tmp_path: Path) -> None:
    workbooks.write(tmp_path / "a.zip", PARTS)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[40] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    with archive.opened(tmp_path / "a.zip") as package, pytest.raises(PackageRefused):
        package.read("a.xml")
