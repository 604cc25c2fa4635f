"""What an examination asks to change in chatsheet.toml: the order of routes, and corrections that are certain. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatsheet.doctor.compare import matrix, taken_for
from chatsheet.doctor.model import Decision, PathReport, SettingsProblem
from chatsheet.doctor.verdict import ways_of


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to write into chatsheet.toml, by dotted key."""

    key: str
    value: str | tuple[str, ...]


def wanted(decision: Decision, paths: Sequence[PathReport], problems: Sequence[SettingsProblem] = ()) -> tuple[Edit, ...]:
    """Return the edits; none where nothing was decided and nothing is certain."""
    found = {edit.key: edit for edit in [*_of_findings(paths), *_of_problems(problems), *_order(decision, paths)]}
    return tuple(found.values())


def _order(decision: Decision, paths: Sequence[PathReport]) -> Iterator[Edit]:
    """Yield the order of routes where it is to change: the chosen ones first, the others that calls take behind them."""
    ways = ways_of(matrix(paths), paths, ())
    if decision.choice == "undecided" or not ways.all:
        return
    provider = taken_for(ways.all[0])
    used = [path for path in paths if path.is_in_use]
    chosen = [path for path in ways.all if decision.choice in {"hybrid", path.way}]
    beside = [path for path in used if decision.choice in {"hybrid", path.way} or taken_for(path) != provider]
    routes = tuple(dict.fromkeys(path.route for path in [*chosen, *beside]))
    if chosen and routes != tuple(dict.fromkeys(path.route for path in used)):
        yield Edit("llm.routes", routes)


_API_VERSION = "2024-10-21"


def _of_findings(paths: Sequence[PathReport]) -> Iterator[Edit]:
    """Yield what findings leave no doubt about; behind a LiteLLM of others nothing is ours to correct."""
    for path in paths:
        route = path.route if path.way == "direct" else path.serves if path.is_ours else ""
        if route and any(found.cause == "azure.api_version" for found in path.findings):
            yield Edit(f"llm.route.{route}.api_version", _API_VERSION)


_NAMED = re.compile(r'write (?:it in quotes: )?"(?P<value>[^"]+)"(?: or "v1"|:.*)?')
_CERTAIN = (
    (".endpoint", re.compile(r"https?://(?!host\.example)[^A-Z]+")),  # capitals stand for a name to fill in
    (".base_url", re.compile(r"https?://(?!host\.example)[^A-Z]+")),
    (".api_version", re.compile(r"20\d\d-.*")),
)
"""Keys whose problems may name the one right value, and how such a value looks."""


def _of_problems(problems: Sequence[SettingsProblem]) -> Iterator[Edit]:
    for problem in problems:
        named = _NAMED.fullmatch(problem.fix)
        if named and any(problem.key.endswith(key) and form.fullmatch(named["value"]) for key, form in _CERTAIN):
            yield Edit(problem.key, named["value"])
