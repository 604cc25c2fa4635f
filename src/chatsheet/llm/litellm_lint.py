"""What is wrong with a litellm.config.yaml that somebody wrote by hand, and the same file with what is certain put right.

Pure. No message repeats a key, an address's password, or the text of a line that is not YAML.
"""

from collections.abc import Iterator, Mapping

from ruamel.yaml.comments import CommentedMap

from chatsheet.core.problem import Problem
from chatsheet.core.settings import LlmSettings
from chatsheet.llm import litellm_document
from chatsheet.llm.litellm_document import NotYaml
from chatsheet.llm.litellm_rules import doors, models, values
from chatsheet.llm.litellm_rules.slip import Slip, Subject


def lint(
    text: str, *, environment: Mapping[str, str] | None, asked_for: str | None, settings: LlmSettings | None
) -> tuple[Problem, ...]:
    """Return every problem, errors first.

    `environment` is that of LiteLLM's process, None where it is not known; `asked_for` the alias that we ask for.
    """
    try:
        document = litellm_document.read(text)
    except NotYaml as error:
        where = f"line {error.line}: " if error.line else ""
        return (Problem("file", f"{where}{error.reason}", "correct it there, or just above"),)
    slips = sorted(_slips(Subject(document, _whole(document, environment), asked_for, settings)), key=_order)
    return tuple(slip.problem for slip in slips)


def corrected(text: str, *, environment: Mapping[str, str] | None, asked_for: str | None, settings: LlmSettings | None) -> str:
    """Return the same file with every certain correction made, comments and order kept; what is no YAML stays as it is."""
    try:
        document = litellm_document.read(text)
    except NotYaml:
        return text
    mends = [
        slip.mend
        for slip in _slips(Subject(document, _whole(document, environment), asked_for, settings))
        if slip.mend is not None
    ]
    for mend in mends:
        mend()
    return litellm_document.written(document, like=text) if mends else text


def _slips(subject: Subject) -> Iterator[Slip]:
    yield from values.look(subject)
    yield from models.look(subject)
    yield from doors.look(subject)


def _order(slip: Slip) -> tuple[bool, bool, int]:
    return slip.problem.is_warning, not slip.line, slip.line


def _whole(document: CommentedMap, environment: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return the environment with the variables that the file itself sets."""
    own = litellm_document.mapping(document.get("environment_variables"))
    return None if environment is None else {**environment, **{key: str(value) for key, value in own.items()}}
