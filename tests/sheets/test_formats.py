"""Every format that is promised, read to the same rows and types; hidden tabs are marked, packed files unpacked."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from chatsheet.core.errors import ChatSheetError
from chatsheet.sheets.ingest import load
from chatsheet.sheets.model import Workbook
from tests.sheets import old_books
from tests.sheets.old_books import Plain, Sheet

ROWS: list[list[Plain]] = [
    ["Stock of März"],
    [None, None, None],
    ["Name", "Amount", "Paid"],
    *([f"Żółw {n} 東京", n + 0.25, n % 2 == 0] for n in range(5)),
    ["Total", 11.25, None],
]
SHEETS = {"Data": Sheet(ROWS), "Aside": Sheet([["a", "b"], ["x", 1.5], ["y", 2.5]], 1), "Deep": Sheet([["c"], [1.5], [2.5]], 2)}
TEXT = "Name;Amount\nŻółw;1,5\nMüller;2,25\n"


def new_book(sheets: dict[str, Sheet]) -> bytes:
    """Return the tabs as XLSX."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    for name, sheet in sheets.items():
        tab = book.add_worksheet(name)
        for row, cells in enumerate(sheet.rows):
            tab.write_row(row, 0, cells)
        (lambda: None, tab.hide, tab.very_hidden)[sheet.state]()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  its stub lacks it
    book.close()
    return content.getvalue()


def imported(folder: Path, name: str, content: bytes) -> Workbook:
    (folder / name).write_bytes(content)
    return load.load(folder / name, folder / "base.duckdb")


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(folder / "base.duckdb", read_only=True) as database:
        return database.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.xlsx", new_book),
        ("a.xlsm", new_book),
        ("a.xlsb", old_books.xlsb),
        ("a.xls", old_books.xls),
        ("a.ods", old_books.ods),
    ],
)
def test_a_workbook_of_any_format_gives_the_same_tables(
    tmp_path: Path, name: str, make: Callable[[dict[str, Sheet]], bytes]
) -> None:
    book = imported(tmp_path, name, make(SHEETS))
    data, aside, deep = book.tables
    assert (data.range, data.header_rows, data.totals, data.notes) == ("A3:C8", (3,), (9,), ("Stock of März",))
    assert [column.type for column in data.columns] == ["text", "decimal", "boolean"]
    assert [table.is_hidden for table in (data, aside, deep)] == [False, True, True]
    assert ask(tmp_path, "SELECT * FROM data WHERE _row = 5") == [(5, "Żółw 1 東京", 1.25, False)]
    assert not [warning for warning in book.warnings if "hidden" not in warning]


def zipped(data: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("folder/inside.csv", data)
    return content.getvalue()


def zstd(data: bytes) -> bytes:
    """Return one Zstandard frame of one raw block (RFC 8878)."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + (len(data) << 3 | 1).to_bytes(3, "little") + data


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstd), ("zip", zipped)]
)
@pytest.mark.parametrize(("kind", "mark"), [("csv", ";"), ("tsv", "\t")])
def test_packed_text_is_read_as_if_it_were_not(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes], kind: str, mark: str
) -> None:
    content = TEXT.replace(";", mark).encode("utf-8")
    table = imported(tmp_path, f"list.{kind}.{suffix}", pack(content)).tables[0]
    assert [column.type for column in table.columns] == ["text", "decimal"]
    assert ask(tmp_path, f'SELECT * FROM "{table.id}"') == [(2, "Żółw", 1.5), (3, "Müller", 2.25)]  # noqa: S608  our own name


def test_parquet_keeps_its_types_and_writes_out_what_has_none_here(tmp_path: Path) -> None:
    sql = (
        "SELECT i AS id, (i * 1.25)::DECIMAL(12,2) AS net, TIMESTAMPTZ '2025-01-01 12:00:00+02' AS at, "
        "DATE '2025-03-01' AS day, "
        "[i, i + 1] AS many, {'a': i, 'b': 'x'} AS pair, "
        "CASE WHEN i % 2 = 0 THEN 'even' END AS kind, i = 1 AS ok, "
        "(i / 10)::FLOAT AS small, NULL::INTEGER AS nothing, 170141183460469231731687303715884105727::HUGEINT AS huge "
        "FROM range(4) t(i)"
    )
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(f"COPY ({sql}) TO '{tmp_path / 'a.parquet'}' (FORMAT parquet)")
    table = load.load(tmp_path / "a.parquet", tmp_path / "base.duckdb").tables[0]
    types = {column.label: column.type for column in table.columns}
    assert (types["id"], types["net"], types["at"], types["day"]) == ("integer", "decimal", "datetime", "date")
    assert (types["many"], types["pair"], types["kind"], types["ok"], types["small"]) == (
        "text",
        "text",
        "text",
        "boolean",
        "decimal",
    )
    first = ask(tmp_path, "SELECT net, strftime(\"at\", '%H:%M'), many, pair, kind, small FROM a WHERE id = 2")
    assert first == [(2.5, "10:00", "[2, 3]", "{'a': 2, 'b': x}", "even", 0.2)]
    assert all(column.evidence for column in table.columns)


def test_a_damaged_parquet_file_is_not_called_by_a_path_of_ours(tmp_path: Path) -> None:
    (tmp_path / "par.parquet").write_bytes(b"PAR1" + b"x" * 200 + b"PAR1")
    with pytest.raises(ChatSheetError) as refused:
        load.load(tmp_path / "par.parquet", tmp_path / "base.duckdb")
    assert str(tmp_path) not in refused.value.what
