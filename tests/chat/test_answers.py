"""What an answer is, and what it stands on, in one line."""

import pytest

from chatsheet.chat import answers
from chatsheet.chat.events import Answered, Asked, Basis, ColumnUsed, ModelReplied, RowsUsed
from chatsheet.llm.model import Trail, Usage
from chatsheet.sheets.model import Unit
from tests.chat.answers_corpus import answered


@pytest.mark.parametrize(
    "text",
    [
        "[not in workbook] It has no stores.",
        "[Not in workbook]: It has no stores.",
        "**[not in workbook]** It has no stores.",
        "> [not in workbook]\n\nIt has no stores.",
        '"[not in workbook]" It has no stores.',
        "`[not in workbook]` It has no stores.",
        "Hello! [not in workbook] It has no stores.",
        "Leider: [not in workbook] It has no stores.",
        "Désolé, **[ not in workbook ]** It has no stores.",
        "[not_in_workbook] It has no stores.",
    ],
)
def test_an_answer_with_the_mark_before_it_says_what_is_missing(text: str) -> None:
    assert answers.form(text) == ("not_in_workbook", "It has no stores.")


@pytest.mark.parametrize(
    "text",
    [
        "South leads. [not in workbook] is what I would say of costs.",
        "Revenue is 12. [not in workbook]",
        "This is not in workbook.",
        "[in workbook] It has stores.",
        "not in workbook: stores",
        "",
    ],
)
def test_a_mark_in_the_middle_or_without_its_brackets_is_none(text: str) -> None:
    assert answers.form(text) == ("answer", text)


def test_what_a_query_stands_on_is_one_line() -> None:
    told = answers.told(
        Basis(
            rows=(RowsUsed(table="orders", rows=600, first=2, last=601),),
            filters=("region = 'EMEA'",),
            columns=(
                ColumnUsed(table="orders", column="amount", unit=Unit(currency="EUR", symbol="€", scale=1000), nulls=12),
                ColumnUsed(table="orders", column="discount", unit=Unit(symbol="%", is_percent=True), nulls=0),
                ColumnUsed(table="orders", column="region"),
            ),
        )
    )
    assert told == (
        "600 rows of orders (rows 2 to 601 of the tab); region = 'EMEA'; amount in EUR (written in thousands); "
        "discount in percent; 12 without amount not counted"
    )


def test_a_query_without_a_table_and_many_conditions_are_said_too() -> None:
    assert answers.told(Basis()) == "no rows of the workbook"
    assert answers.told(Basis(filters=tuple("abcdefg"))).endswith("; e; 2 more conditions")
    assert answers.told(Basis(rows=(RowsUsed(table="t", rows=1, first=None, last=None),))) == "1 row of t"


def test_rows_of_a_filtered_query_that_could_not_be_counted_are_a_most() -> None:
    used = RowsUsed(table="orders", rows=600, first=None, last=None)
    assert answers.told(Basis(rows=(used,), filters=("quantity > 2",))) == "at most 600 rows of orders; quantity > 2"


def test_numbers_of_an_answer_are_read_by_the_locale_of_who_asked() -> None:
    reply = ModelReplied(
        turn="t", text="", calls=(), model="m", route="r", usage=Usage(), trail=Trail(), finish_reason="length"
    )
    asked = Asked(turn="t", question="Umsatz?", locale="de")
    given = answers.answered("454.589 EUR", [asked, answered("total"), reply])
    assert isinstance(given, Answered)
    assert given.is_cut
    assert [number.handle for number in given.numbers] == ["r1"]
