"""Secrets are references, `env:NAME` or `file:PATH`, resolved once when settings are read and never printed."""

from collections.abc import Mapping
from pathlib import Path


class Secret:
    """A secret and where it came from; `value` is None where the source is empty, and `problem` says why.

    Not a dataclass and not a model: those would write the value out when they are printed or dumped.
    """

    __slots__ = ("problem", "source", "value")

    def __init__(self, source: str, value: str | None, problem: str = "") -> None:
        self.source = source
        self.value = value
        self.problem = problem

    def __repr__(self) -> str:
        return f"Secret({self.source})"

    def reveal(self) -> str:
        """Return the secret; an unset one must have been refused at start."""
        if self.value is None:
            raise LookupError(self.problem)
        return self.value


def resolve(reference: str, environment: Mapping[str, str]) -> Secret:
    """Read the secret that `reference` names; raises ValueError for anything that is not a reference."""
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        value = environment.get(name, "").strip()
        return Secret(reference, value or None, "" if value else f"environment variable {name} is not set")
    if kind == "file" and name:
        return _from_file(reference, Path(name))
    raise ValueError("a secret is never written into settings: use env:NAME or file:PATH")


def _from_file(reference: str, path: Path) -> Secret:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return Secret(reference, None, f"cannot read {path}: {type(error).__name__}")
    return Secret(reference, value or None, "" if value else f"{path} is empty")


def literal(value: str, *, source: str = "generated") -> Secret:
    """Wrap a key that we made ourselves."""
    return Secret(source, value)
