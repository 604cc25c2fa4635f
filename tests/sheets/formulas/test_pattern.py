"""Formulas as words and patterns: nothing is lost, and copies of one formula are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.formulas import lexer, pattern


@given(st.text(max_size=80) | st.text(alphabet="$A1:B'!\"[]#@(),+ LOG.", max_size=60))
def test_the_words_of_any_text_are_that_text(text: str) -> None:
    assert "".join(token.text for token in lexer.tokens(text)) == text


@given(st.text(alphabet="$AB12:'!S\"[](),+", max_size=60), st.integers(1, 2000), st.integers(1, 200))
def test_a_formula_reads_the_same_in_its_own_cell(text: str, row: int, column: int) -> None:
    assert pattern.of(text, row, column).at(row, column).upper() == text.upper()


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("C2*D2", "D5*E5"),
        ("$C$2*D$2+$C2", "$C$2*E$2+$C5"),
        ("SUM(A:A,$A:$A)+SUM(2:2)", "SUM(B:B,$A:$A)+SUM(5:5)"),
        ("'My ''tab'!A1&\"A1\"", "'My ''tab'!B4&\"A1\""),
        ("LOG10(A1)+A1.5", "LOG10(B4)+A1.5"),
        ("[1]Sheet1!A1+Rate2", "[1]Sheet1!B4+Rate2"),
        ("Sales[[#This Row],[A1]]*A1", "Sales[[#This Row],[A1]]*B4"),
        ("Jan:Mar!B2", "Jan:Mar!C5"),
    ],
)
def test_a_formula_that_is_filled_moves_its_references_and_nothing_else(formula: str, moved: str) -> None:
    assert pattern.of(formula, 2, 2).at(5, 3) == moved


def test_copies_share_a_key_and_others_do_not() -> None:
    assert pattern.of("C2*D2", 2, 5).key == pattern.of("C9*D9", 9, 5).key
    assert pattern.of("C2*D2", 2, 5).key != pattern.of("C2*D$2", 2, 5).key


def test_a_reference_moved_over_the_edge_is_an_error() -> None:
    assert pattern.of("A1", 2, 2).at(1, 1) == "#REF!"
    assert pattern.of("A1", 2, 2).references[0].area(1, 1) is None


def test_a_formula_longer_than_excel_allows_is_kept_as_one_word() -> None:
    bomb = "(" * 100_000
    assert pattern.of(bomb, 1, 1).at(5, 5) == bomb


def test_newer_functions_are_called_by_their_plain_names() -> None:
    assert pattern.of("_xlfn._xlws.FILTER(A1:A9,B1:B9)+_xlfn.XLOOKUP(1,A:A,B:B)", 1, 5).calls == {"FILTER", "XLOOKUP"}
