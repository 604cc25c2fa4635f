"""Dead formulas of a spreadsheet program's own model become orders."""

import pytest

from chatsheet.jobs import found
from chatsheet.sheets.model import Column, FormulaColumn, Profile, Table, Workbook


def workbook(formula: str) -> Workbook:
    """Return a workbook with a column of a formula beside two others."""
    kept = FormulaColumn(letter="C", formula=formula, named=formula, formulas=3)
    columns = tuple(
        Column(name=name, label=label, letter="A", type="text", evidence="", profile=Profile(nulls=0, distinct=0), formula=made)
        for name, label, made in (("comment", "Comment", None), ("sold_at", "Sold at", None), ("mood", "Mood", kept))
    )
    table = Table(id="reviews", tab="R", range="A1:C4", header_row=1, evidence="", rows=3, columns=columns)
    return Workbook(parser="p", content_sha256="c", tables=(table,))


@pytest.mark.parametrize(
    ("formula", "template"),
    [
        ('=COPILOT("Classify", [@Comment])', "Classify {comment}"),
        ('=AI("Say ""good"" or bad:", [@Comment], "sold", [@[Sold at]])', 'Say "good" or bad: {comment} sold {sold_at}'),
        ('=_xlfn.COPILOT("Mood of " & [@comment])', "Mood of  {comment}"),
    ],
)
def test_a_column_of_such_formulas_is_an_order(formula: str, template: str) -> None:
    (one,) = found.orders(workbook(formula))
    assert (one.column, one.formula) == ("mood", formula)
    assert (one.order.table, one.order.label, one.order.template) == ("reviews", "Mood", template)


@pytest.mark.parametrize(
    "formula",
    ["", "=A2*2", '=COPILOT("no cell")', '=COPILOT("x", SUM(A:A))', "=AIRPORT([@Comment])", '=COPILOT("x", [@Nowhere])'],
)
def test_other_formulas_are_none(formula: str) -> None:
    assert found.orders(workbook(formula)) == ()
