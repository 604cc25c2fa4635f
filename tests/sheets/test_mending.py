"""A text is looked at in stretches, and what needs mending is found wherever it stands."""

from pathlib import Path

import pytest

from chatsheet.sheets.ingest import dialect, mending
from chatsheet.sheets.ingest.mending import Mended

COMMA = dialect.choose("a,b\n1,2\n3,4\n")
EDGE = 2**16


def mended(tmp_path: Path, text: bytes) -> tuple[bytes, tuple[str, ...]]:
    path = tmp_path / "text.csv"
    path.write_bytes(text)
    found = mending.mend(Mended(path), COMMA, tmp_path)
    return found.path.read_bytes(), found.warnings


@pytest.mark.parametrize("at", range(EDGE - 8, EDGE + 9, 4))
def test_an_empty_line_at_the_edge_of_a_stretch_is_kept(tmp_path: Path, at: int) -> None:
    start = b"1,2\n" * (at // 4)
    assert mended(tmp_path, start + b"\n3,4\n") == (start + b'""\n3,4\n', ())


def test_a_quote_that_never_closes_is_found_far_down(tmp_path: Path) -> None:
    start = b"1,2\n" * EDGE
    text, warnings = mended(tmp_path, start + b'"5,6\n7,8')
    assert text == start + b'"""5","6"\n7,8'
    assert warnings == (f"1 lines open a quote that never closes and are read as plain text: lines {EDGE + 1}",)


def test_a_cell_that_goes_on_over_the_edge_of_a_stretch_is_left_alone(tmp_path: Path) -> None:
    text = b"1,2\n" * (EDGE // 4 - 1) + b'3,"one\n\ntwo"\n5,6\n'
    assert mended(tmp_path, text) == (text, ())


def test_a_text_that_needs_nothing_is_read_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "text.csv"
    path.write_bytes(b"a,b\r\n1,2\r\n")
    assert mending.mend(mending.plain(path, "utf-8", tmp_path), COMMA, tmp_path).path == path


@pytest.mark.parametrize("end", [b"1\r2\n", b"1\r", b"\0\n"])
def test_a_stray_return_or_zero_behind_the_first_block_is_taken_out(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "text.csv"
    path.write_bytes(b"1,2\r\n" * (2**20 // 5 + 1) + end)
    text = mending.plain(path, "utf-8", tmp_path).path.read_bytes()
    assert b"\r" not in text
    assert b"\0" not in text


@pytest.mark.parametrize(("end", "is_utf8"), [("\u00e4".encode(), True), (b"\xc3", False), (b"\xc3a", False), (b"a", True)])
def test_a_character_may_stand_in_two_blocks(tmp_path: Path, end: bytes, *, is_utf8: bool) -> None:
    path = tmp_path / "text.csv"
    path.write_bytes(b"a" * (2**20 - 1) + end)
    assert mending.is_utf8(path) is is_utf8
