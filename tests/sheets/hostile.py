"""Files that mean harm, or look as if they did, built here byte by byte."""

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import xlsxwriter

from chatsheet.core import processes
from tests.harness import ROOT

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def workbook() -> bytes:
    """Return a small sound XLSX."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    tab = book.add_worksheet("Data")
    for number in range(20):
        tab.write_row(number, 0, ["name", "amount"] if number == 0 else [f"n{number}", number])
    book.close()
    return content.getvalue()


def _repacked(changes: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as good, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bad:
        for item in good.infolist():
            change = next((change for name, change in changes.items() if item.filename.endswith(name)), None)
            part = good.read(item)
            bad.writestr(item.filename, part if change is None else change(part))
        for name, part in (added or {}).items():
            bad.writestr(name, part)
    return content.getvalue()


def _sheet(rows: str) -> bytes:
    return _repacked({"sheet1.xml": lambda _: _SHEET.format(rows).encode()})


def _lying(content: bytes, part: str, size: int) -> bytes:
    """Return the package with another unpacked size for one part, in the directory and in the local header."""
    changed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        local = package.getinfo(part).header_offset
        at = package.start_dir
    while bytes(changed[at : at + 4]) == b"PK\x01\x02":
        name = int.from_bytes(changed[at + 28 : at + 30], "little")
        if bytes(changed[at + 46 : at + 46 + name]) == part.encode():
            changed[at + 24 : at + 28] = size.to_bytes(4, "little")
        at += (
            46
            + name
            + int.from_bytes(changed[at + 30 : at + 32], "little")
            + int.from_bytes(changed[at + 32 : at + 34], "little")
        )
    changed[local + 22 : local + 26] = size.to_bytes(4, "little")
    return bytes(changed)


def _many_tabs(_: bytes) -> bytes:
    tabs = "".join(f'<sheet name="T{n}" sheetId="{n}" r:id="rId1"/>' for n in range(1, 1_000_001))
    return f'<workbook xmlns:r="r"><sheets>{tabs}</sheets></workbook>'.encode()


def _packed(parts: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def _ods(table: str) -> bytes:
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    names = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    return _packed(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": f"<office:document-content {names}>{body}</office:document-content>".encode(),
        }
    )


def _rows(count: int) -> str:
    return "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, count + 1))


def _wide(columns: int) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"constant_memory": True})
    tab = book.add_worksheet("Wide")
    tab.write_row(0, 0, [f"name {n}" for n in range(columns)])
    tab.write_row(1, 0, [float(n) for n in range(columns)])
    book.close()
    return content.getvalue()


def _bomb_of(compress: Callable[[bytes], bytes]) -> bytes:
    return compress(b"a,b\n" + b"1,2\n" * (100 * 2**20))


def _entities(_: bytes) -> bytes:
    start = f"<!DOCTYPE x [<!ENTITY l0 'ha'>{_LAUGHS}]>"
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    return (start + _SHEET.format(cell)).encode()


REFUSED: Mapping[str, tuple[str, Callable[[], bytes], str]] = {
    "nothing": ("a.xlsx", lambda: b"", "file.empty"),
    "cut off": ("a.xlsx", lambda: workbook()[:2500], "file.not_a_workbook"),
    "encrypted": ("a.xlsx", lambda: _COMPOUND + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"), "file.encrypted"),
    "an old Office file that is none": ("a.xls", lambda: _COMPOUND + b"\xff" * 4096, "file.not_a_workbook"),
    "an old workbook of noise": ("a.xls", lambda: _COMPOUND + "Workbook".encode("utf-16-le") * 900, "file.not_a_workbook"),
    "a zip bomb that owns up": ("a.xlsx", lambda: _lying(workbook(), "xl/styles.xml", 0xFFFFFFF0), "file.too_large"),
    "a zip bomb that lies": (
        "a.xlsx",
        lambda: _lying(_repacked({}, {"xl/media/x": b"\0" * (400 * 2**20)}), "xl/worksheets/sheet1.xml", 40),
        "file.too_large",
    ),
    "a sheet that unpacks to more than it says": (
        "a.xlsx",
        lambda: _lying(_sheet(_rows(9) + " " * (300 * 2**20)), "xl/worksheets/sheet1.xml", 5000),
        "file.not_a_workbook",
    ),
    "a million tabs": ("a.xlsx", lambda: _repacked({"xl/workbook.xml": _many_tabs}), "file.too_large"),
    "a stray cell at the far corner": (
        "a.xlsx",
        lambda: _sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "file.too_large",
    ),
    "a sheet of a billion repeated cells": (
        "a.ods",
        lambda: _ods(
            '<table:table table:name="A"><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
            'office:value-type="float" office:value="1" table:number-columns-repeated="16384"/></table:table-row></table:table>'
        ),
        "file.not_a_workbook",
    ),
    "as many columns as a sheet can have": ("a.xlsx", lambda: _wide(16_384), "file.too_large"),
    "a gzip bomb": ("a.csv.gz", lambda: _bomb_of(gzip.compress), "file.too_large"),
    "a bzip2 bomb": ("a.csv.bz2", lambda: _bomb_of(bz2.compress), "file.too_large"),
    "an xz bomb": ("a.csv.xz", lambda: _bomb_of(lambda data: lzma.compress(data, preset=0)), "file.too_large"),
    "packed twice": ("a.csv.gz", lambda: gzip.compress(gzip.compress(b"a,b\n1,2\n")), "file.unsupported"),
    "a line of a million cells": ("a.csv", lambda: b"a" + b",a" * 1_000_000 + b"\n1\n", "file.too_large"),
    "a line without an end": ("a.csv", lambda: b"a,b\n" + b"x" * (100 * 2**20), "file.not_a_workbook"),
    "half a Parquet file": ("a.parquet", lambda: b"PAR1" + b"\0" * 2000, "file.not_a_workbook"),
    "Parquet with a footer of noise": (
        "a.parquet",
        lambda: b"PAR1" + b"\x15" * 500 + b"\xf4\x01\0\0PAR1",
        "file.not_a_workbook",
    ),
}
"""Name of the file, its content and the code of the error that it earns."""

TAKEN: Mapping[str, tuple[str, Callable[[], bytes], int]] = {
    "as many rows as a sheet can have": (
        "a.xlsx",
        lambda: _sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>n</t></is></c></row>' + _rows(1_048_576)[len(_rows(1)) :]),
        1_048_575,
    ),
    "a workbook that is called CSV": ("a.csv", workbook, 19),
    "a CSV that is called a workbook": ("a.xlsx", lambda: b"a,b\n1,2\n3,4\n", 2),
    "parts that climb out of the package": ("a.xlsx", lambda: _repacked({}, {"../../evil.txt": b"x", "/etc/evil": b"x"}), 19),
    "a packed name that climbs out": ("a.zip", lambda: _packed({"../../evil.csv": b"a,b\n1,2\n3,4\n"}), 2),
    "a name that is a pattern": ("*[a].csv", lambda: b"a,b\n1,2\n3,4\n", 2),
    "a billion laughs that nobody tells": ("a.xlsx", lambda: _repacked({}, {"xl/laughs.xml": _entities(b"")}), 19),
}
"""Name of the file, its content and how many rows it has."""

EITHER: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "entities that grow": ("a.xlsx", lambda: _repacked({"sheet1.xml": _entities})),
    "entities among shared texts": (
        "a.xlsx",
        lambda: _repacked(
            {
                "sharedStrings.xml": lambda _: (
                    f"<!DOCTYPE x [<!ENTITY l0 'ha'>{_LAUGHS}]><sst><si><t>&l9;</t></si></sst>".encode()
                )
            }
        ),
    ),
    "a million elements inside each other": ("a.xlsx", lambda: _sheet("<row>" * 1_000_000)),
    "shared texts that claim to be four billion": (
        "a.xlsx",
        lambda: _repacked({"sharedStrings.xml": lambda part: part.replace(b'uniqueCount="', b'uniqueCount="4294967295')}),
    ),
    "two hundred megabytes of shared text": (
        "a.xlsx",
        lambda: _repacked({"sharedStrings.xml": lambda _: b"<sst><si><t>" + b"x" * (200 * 2**20) + b"</t></si></sst>"}),
    ),
    "a quote that opens and never closes": ("a.csv", lambda: b'a,b\n"' + b"1,2\n" * 500_000),
    "only quotes": ("a.csv", lambda: b'"' * 3_000_000),
    "only line ends": ("a.csv", lambda: b"\n" * 1_000_000),
}
"""What may be refused or read, as long as it is cheap and nothing is left."""


def write(folder: Path, kind: str) -> Path:
    """Write a hostile file from a process of its own: a child of one that grew is counted as large as that one."""
    path = folder / _named(kind)[0]
    env = {**processes.base_environment(), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    subprocess.run([sys.executable, "-m", "tests.sheets.hostile", kind, str(path)], env=env, cwd=ROOT, check=True)  # noqa: S603  our own command
    return path


def _named(kind: str) -> tuple[str, Callable[[], bytes]]:
    name, content, *_ = {**REFUSED, **TAKEN, **EITHER}[kind]
    return name, content


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(_named(sys.argv[1])[1]())
