"""Which format a file has, by its content; what its name says is only compared."""

import zipfile
from pathlib import Path
from typing import Literal

from chatsheet.sheets.ingest import excel, package
from chatsheet.sheets.ingest.grid import FileEmpty, FileNotAWorkbook, FileUnsupported

Format = Literal["xlsx", "xlsb", "xls", "ods", "parquet", "text", "gz", "bz2", "xz", "zst", "zip"]

_BY_SUFFIX: dict[str, Format] = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xltx": "xlsx",
    ".xlsb": "xlsb",
    ".xls": "xls",
    ".ods": "ods",
    ".csv": "text",
    ".tsv": "text",
    ".tab": "text",
    ".txt": "text",
    ".parquet": "parquet",
    ".gz": "gz",
    ".bz2": "bz2",
    ".xz": "xz",
    ".zst": "zst",
    ".zip": "zip",
}
SUFFIXES = tuple(_BY_SUFFIX)
_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),  # MS-CFB: the container of old Office files and of encrypted new ones
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
)
_OTHER = (
    b"%PDF-",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"{\\rtf",
    b"\x7fELF",
    b"MZ\x90",
    b"SQLite format 3",
    b"7z\xbc\xaf",
    b"Rar!",
)
_MARKUP = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<workbook")
_HEAD = 4096


def detect(path: Path) -> Format:
    """Return the format of the bytes; raises FileEmpty, FileNotAWorkbook, FileEncrypted, FileUnsupported."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise FileEmpty(f"{path.name} is empty.", fix="export it again.")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if kind == "xls" and (error := excel.compound_error(path)) is not None:
                raise error
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(path)
    if head.startswith(_OTHER) or head[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise _unknown(path, head)
    if named(path) not in {"text", None} and _is_binary(head):
        raise _unknown(path, head)
    return "text"


def named(path: Path) -> Format | None:
    """Return the format that the name says, or None."""
    return _BY_SUFFIX.get(path.suffix.lower())


def mismatch(path: Path, kind: Format) -> str | None:
    """Return what to say of a name that promises another format than the content has."""
    said = named(path)
    if said == kind:
        return None
    what = {"text": "delimited text", "xls": "an old Excel workbook"}.get(kind, f"{kind.upper()} data")
    return f"{path.name} is named {path.suffix or 'without a suffix'} and holds {what}: read as that"


def _package(path: Path) -> Format:
    with package.check(path) as parts:
        names = set(parts.namelist())
        try:
            mime = package.read_part(parts, "mimetype", limit=100)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
            mime = b""
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if b"opendocument.spreadsheet" in mime or (b"opendocument" not in mime and "content.xml" in names):
        return "ods"
    if "word/document.xml" in names or "ppt/presentation.xml" in names or "[Content_Types].xml" in names or mime:
        raise package.damaged(path, "the package holds no workbook")
    if named(path) in {"xlsx", "xlsb", "ods"}:
        raise package.damaged(path, "the package holds no xl/workbook.xml")
    return "zip"


def _unknown(path: Path, head: bytes) -> FileNotAWorkbook | FileUnsupported:
    if named(path) is None:
        return FileUnsupported(f"{path.name} is of a kind that cannot be read.", fix=f"give one of {', '.join(SUFFIXES)}.")
    if head.lstrip().startswith(b"<"):
        return FileNotAWorkbook(
            f"{path.name} holds a web page or XML, not a workbook.",
            fix="open it in a spreadsheet program and save it as .xlsx.",
        )
    return package.damaged(path, f"it starts with {head[:4]!r}")


def _is_binary(head: bytes) -> bool:
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
