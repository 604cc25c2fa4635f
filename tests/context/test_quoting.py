"""Text of a workbook in a prompt: whatever it is, it stays on its line and inside its block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.context import quoting

HIDDEN = ["\u202e", "\u200b", "\U000e0041", "\ufe0f", "\U000e0101", "\u2028", "\x85", "\x1b", "\x7f", "\ue000"]


@given(st.text(max_size=60))
def test_any_text_is_one_line_that_closes_nothing(text: str) -> None:
    for told in (quoting.quoted(text), quoting.name(text)):
        assert len(told.splitlines()) == 1
        assert not set(told) & set("<>")


@given(st.text(max_size=200))
def test_sql_is_one_line_that_closes_nothing(text: str) -> None:
    told = quoting.sql(text, 100)
    assert len(told.splitlines()) <= 1
    assert "</" not in told
    assert len(told) <= 1_000


@pytest.mark.parametrize("sign", HIDDEN)
def test_a_sign_that_nobody_sees_is_written_as_its_number(sign: str) -> None:
    assert quoting.quoted(f"a{sign}b").isascii()
    assert f"{ord(sign):x}" in quoting.quoted(f"a{sign}b")


def test_letters_of_any_language_stay_as_they_are() -> None:
    assert quoting.quoted("Île-de-France 日本 €") == '"Île-de-France 日本 €"'


def test_a_long_text_is_cut_and_marked() -> None:
    assert quoting.quoted("x" * 60) == f'"{"x" * 23}…"'


def test_an_ordinary_name_needs_no_quotes() -> None:
    assert [quoting.name(one) for one in ("größe_2", "_row", "a b", 'a"b')] == ["größe_2", "_row", '"a b"', '"a""b"']


def test_comparisons_in_sql_stay_readable() -> None:
    assert quoting.sql("SELECT 1\n  WHERE a < b AND c >= 2", 99) == "SELECT 1 WHERE a < b AND c >= 2"
    assert quoting.sql("SELECT '</glossary>'", 99) == "SELECT '< /glossary>'"
