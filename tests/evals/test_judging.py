"""What a turn is worth: right, refused, asked back, wrong or failed, and what it says of its numbers."""

from chatsheet.chat.events import Cancelled, Failed
from chatsheet.evals.model import Known
from tests.evals.examples import (
    AMBIGUOUS,
    FIVE,
    LACKING,
    SIX,
    SUM,
    asked_back,
    failed_call,
    judged,
    ran,
    replied,
    result,
    said,
    traced,
)


def test_the_right_result_is_right_whatever_the_text_says() -> None:
    mark = judged(SUM, (FIVE,), ran(FIVE), said("It is six."))
    assert (mark.verdict, mark.is_right, mark.is_strict, mark.is_named) == ("right", True, True, False)


def test_any_of_the_queries_that_answer_alike_makes_it_right() -> None:
    mark = judged(SUM, (result(("ENG",)), result(("Engineering",))), ran(result(("Engineering",))), said("Engineering."))
    assert (mark.is_right, mark.is_named) == (True, True)


def test_the_result_that_numbers_are_cited_to_counts_and_not_a_later_one() -> None:
    mark = judged(SUM, (FIVE,), ran(FIVE, "r1"), ran(SIX, "r2"), said("5.", numbers=(traced("5", "r1"),)))
    assert mark.is_right
    assert not judged(SUM, (FIVE,), ran(FIVE, "r1"), ran(SIX, "r2"), said("So it is.")).is_right


def test_another_result_no_query_and_a_refusal_are_wrong_for_a_question_with_an_answer() -> None:
    turns = ((ran(SIX), said("6")), (said("5"),), (said("no", "not_in_workbook"),), (asked_back(FIVE, SIX), said("?", "which")))
    marks = [judged(SUM, (FIVE,), *turn) for turn in turns]
    assert [mark.why for mark in marks] == ["another result", "no query", "refused", "asked back"]
    assert not any(mark.is_right for mark in marks)


def test_what_the_workbook_lacks_must_be_refused_in_form_and_not_only_in_words() -> None:
    assert judged(LACKING, (), said("There are no returns.", "not_in_workbook")).verdict == "refused"
    assert judged(LACKING, (), ran(FIVE), said("I do not know.")).verdict == "wrong"


def test_an_ambiguous_question_is_asked_back_with_results_of_two_readings() -> None:
    assert judged(AMBIGUOUS, (FIVE, SIX), asked_back(FIVE, SIX), said("Which?", "which")).verdict == "asked"
    assert judged(AMBIGUOUS, (FIVE, SIX), asked_back(FIVE, result((7,))), said("Which?", "which")).verdict == "wrong"


def test_two_readings_with_the_same_result_are_one() -> None:
    assert judged(AMBIGUOUS, (FIVE, FIVE), asked_back(FIVE, FIVE), said("Which?", "which")).verdict == "wrong"


def test_one_reading_taken_in_silence_is_told_apart_from_a_wrong_answer() -> None:
    one = judged(AMBIGUOUS, (FIVE, SIX), ran(SIX), said("6."))
    assert (one.verdict, one.is_right) == ("one_reading", False)
    assert judged(AMBIGUOUS, (FIVE, SIX), ran(result((7,))), said("7.")).verdict == "wrong"


def test_a_turn_without_an_answer_failed_and_says_why() -> None:
    assert judged(SUM, (FIVE,), Failed(turn="t", code="x.y", what="it broke.", fix="")).why == "x.y: it broke."
    assert judged(SUM, (FIVE,), Cancelled(turn="t")).why == "stopped"


def test_numbers_from_nowhere_and_numbers_cited_to_another_cell_are_listed() -> None:
    numbers = (traced("5"), traced("9", None), traced("6"), traced("5", "r9"), traced("5", row=3), traced("5", column="x"))
    mark = judged(SUM, (FIVE,), ran(FIVE), said("5 9 6 5 5 5", numbers=numbers))
    assert mark.ungrounded == ("9",)
    assert mark.misgrounded == ("6", "5", "5", "5")


def test_steps_tokens_costs_errors_and_repairs_are_counted() -> None:
    mark = judged(SUM, (FIVE,), replied(0.25), failed_call(), replied(0.5), ran(FIVE), replied(), said("5"))
    assert (mark.steps, mark.errors, mark.repaired, mark.cost) == (3, 1, 1, 0.75)
    assert (mark.usage.input_tokens, mark.usage.cached_tokens, mark.usage.output_tokens) == (300, 120, 30)
    assert mark.sql == ('run_sql {"sql":"SELEKT"} → {"error":"no"}', "SELECT 1")


def test_what_was_expected_is_told_in_words() -> None:
    assert judged(SUM, (result(("a", 1.5), ("b", 2)),), said("x")).expected == "a, 1.5 | b, 2"
    assert judged(LACKING, (), said("x")).expected == "not in the workbook: returns"
    assert judged(AMBIGUOUS, (FIVE, SIX), said("x")).expected == "which one: a: 5; b: 6"
    assert judged(Known(sql=""), (result(),), said("x")).expected == "no rows"
