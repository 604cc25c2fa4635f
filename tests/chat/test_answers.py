"""What an answer is, and what it stands on, in one line."""

import pytest

from chatsheet.chat import answers
from chatsheet.chat.events import Answered, Asked, Basis, ColumnUsed, ModelReplied, Option, RowsUsed, ToolAnswered
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


@pytest.mark.parametrize("text", ["Not in workbook: It has no stores.", "Not in this workbook. It has no stores."])
def test_the_mark_without_its_brackets_says_the_same_before_the_text(text: str) -> None:
    assert answers.form(text) == ("not_in_workbook", "It has no stores.")


@pytest.mark.parametrize("text", ["Not in workbook", "**Not in workbook.**"])
def test_the_mark_alone_without_brackets_is_an_answer(text: str) -> None:
    assert answers.form(text) == ("not_in_workbook", text)


def test_a_mark_behind_the_first_words_of_an_answer_says_what_is_missing_too() -> None:
    assert answers.form("I am afraid [not in workbook] there is none.") == ("not_in_workbook", "I am afraid there is none.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "South leads. [not in workbook] is what I would say of costs.",
            "South leads. not in workbook is what I would say of costs.",
        ),
        ("Revenue is 12. [not in workbook]", "Revenue is 12. not in workbook"),
        ("This is not in workbook.", "This is not in workbook."),
        ("Not in workbook 2 of the three.", "Not in workbook 2 of the three."),
        ("[in workbook] It has stores.", "[in workbook] It has stores."),
        ("", ""),
    ],
)
def test_a_mark_in_the_middle_is_none_and_loses_its_brackets(text: str, shown: str) -> None:
    assert answers.form(text) == ("answer", shown)


def test_numbers_of_a_question_back_are_marked_unless_its_options_give_them() -> None:
    asked = Asked(turn="t", question="Which region is best?")
    ran = answered("total")
    assert ran.result is not None
    option = Option(label="by revenue", sql=ran.sql or "", result=ran.result)
    content = "Revenue was 777 EUR in total; which do you mean?\n1. by revenue: 454589.4"
    asks = ToolAnswered(turn="t", call_id="c", tool="ask_user", content=content, options=(option,))
    given = answers.asked_back("", [asked, asks])
    assert [(number.text, number.handle) for number in given.numbers] == [("777", None)]


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
