"""Workbooks in the formats that no writer here makes, built byte by byte: XLS, XLSB and ODS of the same tabs."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

Plain = str | float | bool | None
_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" office:version="1.3"><office:automatic-styles>'
    '<style:style style:name="shown" style:family="table"><style:table-properties table:display="true"/></style:style>'
    '<style:style style:name="hidden" style:family="table"><style:table-properties table:display="false"/></style:style>'
    "</office:automatic-styles><office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tab; `state` is 0 for shown, 1 for hidden, 2 for very hidden."""

    rows: Sequence[Sequence[Plain]]
    state: int = 0


def xls(sheets: Mapping[str, Sheet]) -> bytes:
    """Return an Excel 97 workbook (MS-XLS) in its compound file (MS-CFB)."""
    bodies = [_biff_sheet(sheet) for sheet in sheets.values()]
    names = [struct.pack("<BB", len(name), 1) + name.encode("utf-16-le") for name in sheets]
    start = len(_biff_globals(names, [0] * len(names), sheets))
    at = [start + sum(map(len, bodies[:place])) for place in range(len(bodies))]
    return _compound(_biff_globals(names, at, sheets) + b"".join(bodies))


def _biff(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _biff_globals(names: Sequence[bytes], at: Sequence[int], sheets: Mapping[str, Sheet]) -> bytes:
    bound = [
        struct.pack("<IBB", place, sheet.state, 0) + name for place, name, sheet in zip(at, names, sheets.values(), strict=True)
    ]
    return _biff_begin(5) + b"".join(_biff(0x85, data) for data in bound) + _biff(0x0A)


def _biff_begin(kind: int) -> bytes:
    return _biff(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0, 0x600))


def _biff_sheet(sheet: Sheet) -> bytes:
    width = max(map(len, sheet.rows))
    found = _biff_begin(0x10) + _biff(0x200, struct.pack("<IIHHH", 0, len(sheet.rows), 0, width, 0))
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            at = struct.pack("<HHH", row, column, 0)
            match cell:
                case bool():
                    found += _biff(0x205, at + struct.pack("<BB", cell, 0))
                case str():
                    found += _biff(0x204, at + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
                case float() | int():
                    found += _biff(0x203, at + struct.pack("<d", cell))
                case None:
                    pass
    return found + _biff(0x0A)


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    fat = [_FAT, _END, *range(3, sectors + 2), _END]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0, 0).ljust(476 - 40 + 4, b"\xff")
    entries = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, len(stream))
    table = struct.pack(f"<{len(fat)}I", *fat)
    return header[:_SECTOR].ljust(_SECTOR, b"\xff") + table.ljust(_SECTOR, b"\xff") + entries.ljust(_SECTOR, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    wide = name.encode("utf-16-le")
    found = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide) + 2, kind, 1) + struct.pack("<III", _FREE, _FREE, child)
    return found + bytes(36) + struct.pack("<IQ", start, size)


def xlsb(sheets: Mapping[str, Sheet]) -> bytes:
    """Return a binary workbook (MS-XLSB)."""
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    bound = b"".join(
        _record(156, struct.pack("<II", sheet.state, n) + _wide(f"rId{n}") + _wide(name))
        for n, (name, sheet) in enumerate(sheets.items(), 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="bin" ContentType="a/b"/></Types>'.encode(),
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="x">{links}</Relationships>'.encode(),
        "xl/workbook.bin": _record(131) + _record(143) + bound + _record(144) + _record(132),
    }
    parts |= {f"xl/worksheets/sheet{n}.bin": _binary_sheet(sheet) for n, sheet in enumerate(sheets.values(), 1)}
    return _packed(parts)


def _record(kind: int, data: bytes = b"") -> bytes:
    return _varying(kind) + _varying(len(data)) + data


def _varying(number: int) -> bytes:
    found = bytearray()
    while number > 127:  # seven bits each
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _binary_sheet(sheet: Sheet) -> bytes:
    width = max(map(len, sheet.rows))
    found = _record(129) + _record(148, struct.pack("<IIII", 0, len(sheet.rows) - 1, 0, width - 1)) + _record(145)
    for row, cells in enumerate(sheet.rows):
        found += _record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0))
        for column, cell in enumerate(cells):
            at = struct.pack("<II", column, 0)
            match cell:
                case bool():
                    found += _record(4, at + bytes([cell]))
                case str():
                    found += _record(6, at + _wide(cell))
                case float() | int():
                    found += _record(5, at + struct.pack("<d", cell))
                case None:
                    pass
    return found + _record(146) + _record(130)


def ods(sheets: Mapping[str, Sheet]) -> bytes:
    """Return an OpenDocument spreadsheet; it knows no very hidden tabs."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}" table:style-name="{"hidden" if sheet.state else "shown"}">'
        + "".join(f"<table:table-row>{''.join(map(_open_cell, row))}</table:table-row>" for row in sheet.rows)
        + "</table:table>"
        for name, sheet in sheets.items()
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return _packed({"mimetype": kind, "META-INF/manifest.xml": manifest.encode(), "content.xml": _ODS.format(tables).encode()})


def _open_cell(cell: Plain) -> str:
    match cell:
        case bool():
            return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(cell).lower()}"/>'
        case str():
            return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        case float() | int():
            return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
        case None:
            return "<table:table-cell/>"


def _packed(parts: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return content.getvalue()
