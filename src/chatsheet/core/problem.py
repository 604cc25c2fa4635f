"""What is wrong with settings, or with another file of settings, as a value. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where, why, what to do, and the cause that a call would fail with."""

    key: str
    reason: str
    fix: str
    cause: str = "settings.invalid"
    """A code of the catalogue in `llm/catalogue`."""
    is_warning: bool = False
    """Works, and hides or costs something."""
