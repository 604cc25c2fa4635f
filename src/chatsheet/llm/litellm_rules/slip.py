"""One thing wrong in a litellm.config.yaml, with the hand that puts it right where that is certain. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ruamel.yaml.comments import CommentedMap

from chatsheet.core.problem import Problem
from chatsheet.core.settings import LlmSettings

Mend = Callable[[], None]
"""Changes the document that the slip was found in."""
REFERENCE = "os.environ/"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at, and what it is compared with."""

    document: CommentedMap
    environment: Mapping[str, str] | None
    """Of LiteLLM's process, with what the file itself sets; None where it is not known."""
    asked_for: str | None
    settings: LlmSettings | None


@dataclass(frozen=True, slots=True)
class Slip:
    """A problem, and what puts it right."""

    problem: Problem
    line: int
    mend: Mend | None = None


def slip(key: str, line: int, says: tuple[str, str], cause: str, *, mend: Mend | None = None, is_warning: bool = False) -> Slip:
    """Return a slip; `says` is reason and fix, and line 0 stands for nowhere in particular."""
    reason, fix = says
    return Slip(Problem(key, f"line {line}: {reason}" if line else reason, fix, cause, is_warning), line, mend)


def referred(value: object) -> str:
    """Return the variable that a value refers to as LiteLLM reads it; empty for none."""
    return value.removeprefix(REFERENCE) if isinstance(value, str) and value.startswith(REFERENCE) else ""


def resolved(value: object, environment: Mapping[str, str] | None) -> str | None:
    """Return the text that LiteLLM would use; None where that is not known here."""
    if name := referred(value):
        return environment.get(name) if environment is not None else None
    return value if isinstance(value, str) else None


def variable(name: str) -> str:
    """Return the name of a variable as it may be shown: what does not look like one could be a key."""
    return name if re.fullmatch(r"[A-Z][A-Z0-9_]{0,60}", name) else "that variable"
