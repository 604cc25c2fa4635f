"""XLSX: every tab, typed cells, hidden ones marked. Bombs and passwords are refused before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from chatsheet.sheets.ingest.grid import FileEncrypted, FileNotAWorkbook, FileTooLarge, Grid

MAX_UNPACKED_BYTES = 2 * 2**30
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB header: what Office wraps an encrypted package in
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO 2.3.4.4


def read(path: Path) -> Iterator[Grid]:
    """Yield each worksheet; raises FileEncrypted, FileNotAWorkbook, FileTooLarge."""
    _check_container(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))  # pyright: ignore[reportUnknownMemberType]  its stub leaves PathLike open
        for meta in workbook.sheets_metadata:
            if meta.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(meta.name)
            start = sheet.start or (0, 0)
            yield Grid(
                tab=meta.name,
                rows=sheet.to_python(skip_empty_area=True),
                first_row=start[0] + 1,
                first_column=start[1] + 1,
                is_hidden=meta.visible != SheetVisibleEnum.Visible,
                evidence="Excel worksheet",
            )
    except (CalamineError, zipfile.BadZipFile) as error:
        raise _not_a_workbook(path, f"its parts cannot be read ({error})") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the Rust reader met what it thought impossible
            raise _not_a_workbook(path, "its cells are damaged") from None
        raise


def _check_container(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
        if head == _COMPOUND_FILE:
            if _ENCRYPTED_PACKAGE in file.read():
                raise FileEncrypted(f"{path.name} is protected by a password.", fix="save it without a password.")
            raise _not_a_workbook(path, "it is an old binary Office file")
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
            unpacked = sum(item.file_size for item in package.infolist())
    except zipfile.BadZipFile:
        reason = "it is cut off" if head[:2] == b"PK" else f"it starts with {head[:4]!r} instead of a zip package"
        raise _not_a_workbook(path, reason) from None
    if "xl/workbook.xml" not in names:
        raise _not_a_workbook(path, "the package holds no xl/workbook.xml")
    if unpacked > MAX_UNPACKED_BYTES:
        raise FileTooLarge(
            f"{path.name} unpacks to {unpacked / 2**30:.1f} GiB, more than {MAX_UNPACKED_BYTES / 2**30:.0f} GiB.",
            fix="split the workbook, or save the table you need as CSV.",
        )


def _not_a_workbook(path: Path, reason: str) -> FileNotAWorkbook:
    return FileNotAWorkbook(
        f"{path.name} is not an Excel workbook: {reason}.", fix="open it in a spreadsheet program and save it as .xlsx."
    )
