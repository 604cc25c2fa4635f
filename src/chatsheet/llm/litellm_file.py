"""Reads the litellm.config.yaml of a LiteLLM that others run, and lints it. Blocking."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatsheet.core.problem import Problem
from chatsheet.core.settings import LitellmRoute, LlmSettings
from chatsheet.llm import litellm_lint, plan


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, what is wrong with it, and the same with what is certain put right."""

    text: str
    problems: tuple[Problem, ...]
    corrected: str

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems with which calls fail."""
        return tuple(problem for problem in self.problems if not problem.is_warning)


def check(path: Path, *, environment: Mapping[str, str] | None, asked_for: str | None, settings: LlmSettings | None) -> Checked:
    """Read and lint a file; what cannot be read is a problem, too."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
        return Checked("", (Problem("file", reason, "check the path, and who may read it"),), "")
    except UnicodeDecodeError:
        return Checked("", (Problem("file", "is not UTF-8", "save it as UTF-8"),), "")
    problems = litellm_lint.lint(text, environment=environment, asked_for=asked_for, settings=settings)
    corrected = litellm_lint.corrected(text, environment=environment, asked_for=asked_for, settings=settings)
    return Checked(text, problems, corrected)


def alias(llm: LlmSettings) -> str:
    """Return what is asked of a LiteLLM that others run."""
    names = [*llm.routes, *(name for name in llm.route if name not in llm.routes)]
    foreign = (name for name in names if isinstance(route := llm.route.get(name), LitellmRoute) and not route.serves)
    return next((plan.build(llm, name).model for name in foreign), llm.model)


def named(llm: LlmSettings) -> dict[str, tuple[Problem, ...]]:
    """Lint every config that a route in use names, and return what was found, by route."""
    found: dict[str, tuple[Problem, ...]] = {}
    for name in llm.routes:
        route = llm.route[name]
        if isinstance(route, LitellmRoute) and route.config_file is not None:
            asked = plan.build(llm, name).model
            found[name] = check(route.config_file, environment=None, asked_for=asked, settings=llm).problems
    return found
