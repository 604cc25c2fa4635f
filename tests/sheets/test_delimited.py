"""Delimited text: encoding and delimiter come from the bytes, and what is not text is refused by its code."""

from pathlib import Path

import duckdb
import pytest

from chatsheet.sheets.ingest import delimited, dialect
from chatsheet.sheets.ingest.grid import Cell, FileNotAWorkbook, Grid


def read(folder: Path, content: bytes, name: str = "data.csv") -> Grid:
    path = folder / name
    path.write_bytes(content)
    with duckdb.connect() as database:
        return delimited.read(path, path.stem, folder, database, early=lambda _: None).grid


def cells(grid: Grid) -> list[list[Cell]]:
    return [list(row) for row in grid.rows]


@pytest.mark.parametrize(
    ("content", "evidence"),
    [
        ("Name;Straße\nä;1,5\n".encode(), "utf-8, semicolon delimited"),
        ("Name;Straße\nä;1,5\n".encode("utf-8-sig"), "utf-8, semicolon delimited"),
        ("Name;Straße\nä;1,5\n".encode("cp1252"), "cp1252, semicolon delimited"),
        ("Name\tStraße\nä\t1,5\n".encode("utf-16"), "utf-16, tab delimited"),
        ("Name|Straße\nä|1,5\n".encode(), "utf-8, pipe delimited"),
        ('Name,Straße\nä,"1,5"\n'.encode(), "utf-8, comma delimited"),
        ('Name,Straße\r\nä,"1,5"\r\n'.encode(), "utf-8, comma delimited"),
    ],
)
def test_encoding_and_delimiter_are_read_from_the_bytes(tmp_path: Path, content: bytes, evidence: str) -> None:
    grid = read(tmp_path, content)
    assert cells(grid) == [["Name", "Straße"], ["ä", "1,5"]]
    assert grid.evidence.replace(" by its mark", "") == evidence


def test_a_byte_that_cp1252_lacks_is_read_all_the_same(tmp_path: Path) -> None:
    grid = read(tmp_path, b"a,b\n\x81\xe4,1\n")
    assert cells(grid) == [["a", "b"], ["\x81ä", "1"]]
    assert grid.evidence.startswith("latin-1")


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    grid = read(tmp_path, b'a,b\n"x,1","say ""hi""\nthere"\n')
    assert cells(grid)[1] == ["x,1", 'say "hi"\nthere']


def test_the_table_is_called_after_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n1,2\n", name="Sales 2025.csv").tab == "Sales 2025"


def test_more_fields_win_where_two_delimiters_agree_on_every_line() -> None:
    assert dialect.choose("a;b;c,d\n1;2;3,4\n").delimiter == ";"


def test_decimal_commas_do_not_outvote_semicolons() -> None:
    assert dialect.choose("a;b\n1,5;2,5\n3,5;4,5\n").delimiter == ";"


def test_text_without_any_delimiter_is_one_column(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"name\nAnn\nBob\n")) == [["name"], ["Ann"], ["Bob"]]


def test_lines_that_end_as_on_an_old_mac_are_lines(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"a,b\r1,2\r3,4\r")) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_a_long_cell_is_kept_whole(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b'a,b\n"' + b"x" * 200_000 + b'",2\n'))[1] == ["x" * 200_000, "2"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04\x14\0\0\0",
        "a,b".encode("utf-16-le"),
        b"\xff\xfea",
        b'a,b\n"' + b"x" * 2**21 + b'",2\n',
        bytes(range(1, 256)) * 50,
    ],
    ids=["png", "zip", "utf-16 without its mark", "half a character", "a cell over the limit", "bytes without a zero"],
)
def test_what_is_not_delimited_text_is_refused_by_its_code(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileNotAWorkbook) as refused:
        read(tmp_path, content)
    assert refused.value.fix
