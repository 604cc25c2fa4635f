"""A scorecard counts marks and lists each miss; what was right before and is not now has a name."""

from chatsheet.evals import scorecard
from tests.evals.examples import mark

GOOD, BAD = mark("good"), mark("bad", is_right=False)


def test_accuracy_is_of_the_questions_that_have_an_answer() -> None:
    marks = [GOOD, BAD, mark("none", kind="unanswerable"), mark("which", kind="ambiguous", is_right=False)]
    assert str(scorecard.accuracy(marks)) == "1 of 2 (50 %)"
    assert str(scorecard.accuracy([])) == "none asked"


def test_a_miss_is_listed_with_question_expected_got_and_sql() -> None:
    page = scorecard.page([GOOD, BAD], about=["by a test"], total=9)
    assert "- cards: 2 of 9 questions asked" in page
    assert (
        "- **bad** (sum, easy, another result): bad?\n  - expected: 5\n  - got: [[4]]; said: It is 4.\n  - `SELECT 4`" in page
    )
    assert "**good**" not in page


def test_contexts_stand_side_by_side() -> None:
    page = scorecard.page([BAD, GOOD, GOOD.model_copy(update={"context": "names", "id": "bad"})], about=[], total=2)
    assert "|  | names | cards |" in page
    assert "| execution accuracy | 1 of 1 (100 %) | 1 of 2 (50 %) |" in page


def test_a_text_cannot_break_the_page() -> None:
    broken = BAD.model_copy(update={"text": "a\n# `b`"})
    assert "said: a # 'b'" in scorecard.page([broken], about=[], total=1)


def test_what_was_right_and_is_wrong_or_was_not_asked_is_a_regression() -> None:
    before = [mark("bad"), mark("good"), mark("gone"), mark("never", is_right=False)]
    assert scorecard.regressions([GOOD, BAD], before) == ["bad (cards)", "gone (cards)"]


def test_another_context_is_another_question() -> None:
    before = [GOOD.model_copy(update={"context": "names"})]
    assert scorecard.regressions([GOOD], before) == ["good (names)"]


def test_costs_are_unknown_where_no_route_has_a_price() -> None:
    assert scorecard.figures([GOOD])["cost"] == "unknown"
    assert scorecard.figures([GOOD.model_copy(update={"cost": 0.5}), GOOD])["cost"] == "0.5000"
