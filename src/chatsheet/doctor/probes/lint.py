"""The first rung: what settings, a LiteLLM's config and our LiteLLM's environment show before a packet is sent."""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import replace

from chatsheet.core import settings_check
from chatsheet.core.problem import Problem
from chatsheet.core.settings import LitellmRoute
from chatsheet.doctor import findings
from chatsheet.doctor.model import Finding, Rung
from chatsheet.doctor.subject import Subject
from chatsheet.llm import litellm_file, litellm_integrity, litellm_proxy

_OF_ITS_PROCESS = frozenset({"litellm.credentials_missing", "litellm.database_url", "litellm.proxied_loopback"})
_HIDING = "litellm.cooldown"
"""Warnings of this cause say what would hide a failure, and come after those that say what fails."""


async def look(subject: Subject) -> Rung:
    """Return what is wrong with this path before it is used."""
    problems, evidence = [*dict.fromkeys(_of_settings(subject))], ["settings are valid"]
    route = subject.path.settings
    commands: tuple[str, ...] = ()
    if isinstance(route, LitellmRoute) and route.serves:
        more, seen = await asyncio.to_thread(_of_environment)
        problems, evidence = [*problems, *more], [*evidence, seen]
    elif isinstance(route, LitellmRoute) and route.config_file is not None:
        problems = [*problems, *await asyncio.to_thread(_of_config, subject, route)]
        evidence = [*evidence, f"{route.config_file.name} was read"]
        file = shlex.quote(str(route.config_file))
        commands = (f"chatsheet litellm config --check {file} --corrected {file}.new",)
    return _rung(problems, evidence, commands)


def _of_settings(subject: Subject) -> list[Problem]:
    """Return the problems of a route that no call takes: the start looks only at those in use."""
    llm, path = subject.settings.llm, subject.path
    if not path.is_configured:
        return []
    names = [path.route.name, *([path.serves] if path.behind is not None else [])]
    return [] if path.is_in_use else [found for name in names for found in settings_check.check_route(llm, name)]


def _of_config(subject: Subject, route: LitellmRoute) -> list[Problem]:
    if route.config_file is None:
        return []
    is_here = subject.route.origin[0] in {"127.0.0.1", "localhost", "::1"}
    checked = litellm_file.check(
        route.config_file,
        environment=subject.environment if is_here else None,
        asked_for=subject.route.model,
        settings=subject.settings.llm,
    )
    return [_doubted(problem) for problem in checked.problems]


def _doubted(problem: Problem) -> Problem:
    """Take an unset variable for a warning: LiteLLM's process may have another environment than this one."""
    if problem.cause not in _OF_ITS_PROCESS:
        return problem
    return replace(problem, reason=f"{problem.reason} (seen from here; LiteLLM's own process may have it)", is_warning=True)


def _of_environment() -> tuple[tuple[Problem, ...], str]:
    place = litellm_proxy.place_of()
    if not (place / "complete").exists():
        return (), f"LiteLLM {litellm_proxy.VERSION} is not installed yet"
    return litellm_integrity.verify(place), f"LiteLLM {litellm_proxy.VERSION}, pinned; its own files are those of its RECORD"


def _rung(problems: Sequence[Problem], evidence: Sequence[str], commands: tuple[str, ...]) -> Rung:
    errors = [_finding(problem, commands) for problem in problems if not problem.is_warning]
    ordered = sorted(problems, key=lambda problem: problem.cause == _HIDING)
    warnings = [_finding(problem, commands) for problem in ordered if problem.is_warning]
    if errors:
        return findings.broken("settings", errors[0], *evidence[1:], also=(*errors[1:],), warnings=(*warnings,))
    return findings.passed("settings", *evidence, warnings=tuple(warnings))


def _finding(problem: Problem, commands: tuple[str, ...]) -> Finding:
    return findings.finding(problem.cause, f"{problem.key}: {problem.reason}", fix=problem.fix, commands=commands)
