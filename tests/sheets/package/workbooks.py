"""Workbooks for these tests: one that holds everything an edit must leave alone, and the parts of any, compared."""

import base64
import io
import re
import struct
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import xlsxwriter

_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
ROWS = 8


def write_rich(path: Path) -> Path:
    """Write a macro workbook with a table, formulas, chart, pivot, formats, validation, image, comment and merged cells."""
    book = xlsxwriter.Workbook(path)
    (path.parent / "vbaProject.bin").write_bytes(b"\xd0\xcf\x11\xe0 no real macros " * 40)
    book.add_vba_project(str(path.parent / "vbaProject.bin"))
    data, other = book.add_worksheet("Data"), book.add_worksheet("Über & Co")
    day, euro = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"num_format": '#,##0.00 "€"', "bold": True})
    data.add_table(0, 0, ROWS, 3, {"columns": [{"header": h} for h in ("Amount", "Name", "When", "Twice")]})
    for row in range(1, ROWS + 1):
        data.write_number(row, 0, row * 1.5, euro)
        data.write_string(row, 1, f"name {row}")
        data.write_datetime(row, 2, date(2024, 1, row), day)
        data.write_formula(row, 3, f"=A{row + 1}*2", None, row * 3)
    data.merge_range("F12:G13", "together")
    data.conditional_format("A2:A9", {"type": "data_bar"})
    data.data_validation("B2:B9", {"validate": "length", "criteria": "<", "value": 40})
    data.write_comment("B2", "a comment")
    data.insert_image("J1", "dot.png", {"image_data": io.BytesIO(_PNG)})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Data!$A$2:$A$9"})
    data.insert_chart("J4", chart)
    other.write_formula(0, 0, "=SUM(Data!A2:A9)", None, 54)
    book.close()
    _add_pivot_and_chain(path)
    return path


def _add_pivot_and_chain(path: Path) -> None:
    """Add what the writer cannot make: a pivot table with its cache, and the chain of formulas."""
    cells = "".join(f'<c r="D{row}" i="1"/>' if row == 2 else f'<c r="D{row}"/>' for row in range(2, ROWS + 2))
    fields = "".join(
        f'<cacheField name="{n}" numFmtId="0"><sharedItems/></cacheField>' for n in ("Amount", "Name", "When", "Twice")
    )
    cache = f'<worksheetSource ref="A1:D9" sheet="Data"/></cacheSource><cacheFields count="4">{fields}</cacheFields>'
    added = {
        "xl/calcChain.xml": f'<calcChain xmlns="{_MAIN}">{cells}<c r="A1" i="2"/></calcChain>',
        "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition xmlns="{_MAIN}" refreshOnLoad="1" recordCount="0">'
        f'<cacheSource type="worksheet">{cache}</pivotCacheDefinition>',
        "xl/pivotTables/pivotTable1.xml": f'<pivotTableDefinition xmlns="{_MAIN}" name="P" cacheId="7" dataCaption="Values">'
        '<location ref="C3:D5" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="4">'
        + '<pivotField showAll="0"/>' * 4
        + "</pivotFields></pivotTableDefinition>",
        "xl/pivotTables/_rels/pivotTable1.xml.rels": _relations(
            "pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml"
        ),
        "xl/worksheets/_rels/sheet2.xml.rels": _relations("pivotTable", "../pivotTables/pivotTable1.xml"),
    }
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_KIND}.{kind}+xml"/>'
        for part, kind in (
            ("calcChain", "calcChain"),
            ("pivotCache/pivotCacheDefinition1", "pivotCacheDefinition"),
            ("pivotTables/pivotTable1", "pivotTable"),
        )
    )
    book_relations = "".join(
        f'<Relationship Id="rIdX{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(
            (("calcChain", "calcChain.xml"), ("pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"))
        )
    )
    inserts = {
        "[Content_Types].xml": ("</Types>", types),
        "xl/_rels/workbook.xml.rels": ("</Relationships>", book_relations),
        "xl/workbook.xml": ("</workbook>", '<pivotCaches><pivotCache cacheId="7" r:id="rIdX1"/></pivotCaches>'),
    }
    parts = {name: content for name, content in read(path).items() if name not in added}
    for name, (before, text) in inserts.items():
        parts[name] = parts[name].replace(before.encode(), (text + before).encode())
    write(path, parts | {name: text.encode() for name, text in added.items()})


def _relations(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )


def write_plain(path: Path, sheet: str, **parts: str) -> Path:
    """Write the smallest workbook around the XML of one worksheet named `S`."""
    relations = {f"rId{n}": kind for n, kind in enumerate(("worksheet", "styles"), 1)}
    listed = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{k}" Target="{k}.xml"/>' for i, k in relations.items())
    content = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
        f'<Override PartName="/xl/worksheet.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{listed}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheet.xml": sheet if sheet.startswith("<?") else f'<worksheet xmlns="{_MAIN}">{sheet}</worksheet>',
    }
    write(path, {name: text.encode() for name, text in (content | parts).items()})
    return path


def write(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write a package of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)


def read(path: Path) -> dict[str, bytes]:
    """Return every part unpacked."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def raw(path: Path) -> dict[str, bytes]:
    """Return every part as its bytes in the file: local header, name, extra field and packed data."""
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as package, path.open("rb") as file:
        for info in package.infolist():
            file.seek(info.header_offset)
            header = file.read(30)
            name, extra = struct.unpack("<2H", header[26:30])
            parts[info.filename] = header + file.read(name + extra + info.compress_size)
    return parts


def cell(sheet: bytes, name: str) -> bytes:
    """Return the XML of one cell."""
    found = re.search(rb'<c r="%s"(?:/>|[^>]*/>|.*?</c>)' % name.encode(), sheet)
    return found[0] if found else b""
