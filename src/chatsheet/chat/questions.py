"""What can be asked: a text that is there, not endless, and whole. Pure."""

from chatsheet.core import locales
from chatsheet.core.errors import BadInput

_LONGEST = 4_000


class QuestionInvalid(BadInput):
    """The question is empty or far too long."""

    code = "chat.question_invalid"


class LocaleInvalid(BadInput):
    """The locale is no language tag."""

    code = "chat.locale_invalid"


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


def checked_locale(locale: str) -> str:
    """Return the tag; raises LocaleInvalid."""
    if not locales.is_locale(locale):
        raise LocaleInvalid(f"{locale[:40]!r} is no BCP 47 tag.", fix="say de-CH, or en.")
    return locale
