"""Formulas worth telling of."""

import pytest

from chatsheet.sheets.formulas import survey
from tests.sheets.formulas import books


@pytest.mark.parametrize(
    ("formula", "trait"),
    [
        ("TODAY()-A1", "volatile"),
        ("_xlfn.RANDARRAY(3)", "volatile"),
        ("INDIRECT(A1)", "dynamic"),
        ("A1:INDEX(B:B,2)", "dynamic"),
        ("[1]Prices!A1*2", "external"),
        ("'C:\\x\\[Book 2.xlsx]S'!A1", "external"),
        ("WEBSERVICE(A1)", "web"),
        ('_xlfn.COPILOT("sort",A1)', "ai"),
        ('AI("sort",A1)', "ai"),
        ("A1 § 2", "unreadable"),
        ("Z1+1", "circular"),
    ],
)
def test_a_special_formula_is_told(formula: str, trait: str) -> None:
    (told,) = survey.told(books.book({"S": {"Z1": formula, "Y1": "A1*2"}}))
    assert (told.cell, told.formula, told.trait) == ("Z1", f"={formula}", trait)


def test_a_name_hands_its_trait_on() -> None:
    (told,) = survey.told(books.book({"S": {"B1": "today_row"}}, {"today_row": "TODAY()"}))
    assert told.trait == "volatile"


def test_ordinary_formulas_are_not_told() -> None:
    assert survey.told(books.book({"S": {"B1": 'SUM(A:A)&"TODAY()"', "B2": "B1%"}})) == ()
