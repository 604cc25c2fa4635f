"""What can be asked."""

import pytest

from chatsheet.chat import questions
from chatsheet.chat.questions import QuestionInvalid


@pytest.mark.parametrize("question", ["", " \n\t", "x" * 4_001, "\udce9"])
def test_nothing_too_much_and_broken_texts_are_no_questions(question: str) -> None:
    with pytest.raises(QuestionInvalid):
        questions.checked(question)


def test_a_question_is_taken_without_the_space_around_it() -> None:
    assert questions.checked("  How many?\n") == "How many?"
