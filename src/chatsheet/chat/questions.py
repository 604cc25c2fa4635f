"""What can be asked: a text that is there, not endless, and whole. Pure."""

from chatsheet.core.errors import BadInput

_LONGEST = 4_000


class QuestionInvalid(BadInput):
    """The question is empty or far too long."""

    code = "chat.question_invalid"


def checked(question: str) -> str:
    """Return a question without the space around it; raises QuestionInvalid."""
    question = question.strip()
    if not question:
        raise QuestionInvalid("the question is empty.", fix="ask something about the sheet.")
    if len(question) > _LONGEST:
        told = f"a question has up to {_LONGEST:,} characters; this one has {len(question):,}."
        raise QuestionInvalid(told, fix="shorten it.")
    try:
        question.encode()
    except UnicodeEncodeError:
        raise QuestionInvalid("the question holds bytes that are no UTF-8.", fix="write it in UTF-8.") from None
    return question
