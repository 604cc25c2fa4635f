"""An examination as text: one line a rung, then the matrix, the causes with their fixes, and the decision. Pure."""

from collections.abc import Iterator

from chatsheet.doctor.model import Cell, Decision, Finding, PathReport, Report, Rung

_MARKS = {"passed": "ok", "warned": "note", "broken": "BROKEN", "not_reached": "not reached"}
_WAYS = {"litellm": "through LiteLLM", "direct": "directly"}
_PROVIDERS = {"azure": "Azure", "openai": "OpenAI"}
_STATES = {"healthy": "healthy", "ill": "ILL", "not_configured": "not configured"}


def line(path: str, rung: Rung) -> str:
    """Return a rung as one line."""
    took = "" if rung.milliseconds is None else f" {rung.milliseconds} ms"
    told = f": {'; '.join(rung.evidence)}" if rung.evidence else ""
    codes = "".join(f" [{found.cause}]" for found in rung.findings)
    return f"{path}  {rung.name}  {_MARKS[rung.status]}{took}{codes}{told}"


def lines(report: Report) -> Iterator[str]:
    """Yield everything that the rungs' own lines do not say."""
    for problem in report.problems:
        yield f"settings: {problem.key}: {problem.reason} [{problem.cause}]"
        yield f"  fix: {problem.fix}"
    for path in report.paths:
        yield ""
        yield from path_lines(path)
    if report.matrix:
        yield ""
        yield from _matrix(report.matrix)
    for one in report.differences:
        yield f"answers differ in {one.field}: {one.paths[0]} {one.values[0]!r}, {one.paths[1]} {one.values[1]!r}"
    if report.conclusion is not None:
        yield ""
        yield f"Conclusion [{report.conclusion.rule}]: {report.conclusion.says}"
        yield from (f"  {reason}" for reason in report.conclusion.because)
    if report.decision is not None:
        yield ""
        yield from _decision(report.decision)
    if report.changes:
        yield ""
        yield from report.changes
    yield ""
    yield verdict(report)


def path_lines(path: PathReport) -> Iterator[str]:
    """Yield how a path is, and what is to do about it."""
    use = "" if path.is_in_use else ", not in use"
    yield f"{path.name}: {_STATES[path.state]}{f' ({path.cause})' if path.cause else ''}{use}"
    if path.speed is not None and path.speed.total_ms is not None:
        first = "" if path.speed.first_content_ms is None else f"first token {path.speed.first_content_ms} ms, "
        yield f"  {first}whole answer {path.speed.total_ms} ms (median of {path.speed.probes - path.speed.failed})"
    if path.is_simulated:
        yield "  answered by the simulator: this shows the chain, not a provider"
    for rung in path.rungs:
        for found in rung.findings:
            yield from _finding(rung, found)
    if (proof := path.private) is not None:
        public = proof.public_path.replace("_", " ")
        yield f"  private endpoint: {'proven' if proof.is_proven else 'NOT proven'}; public path {public}"
        yield from (f"    {reason}" for reason in proof.reasons)


def _finding(rung: Rung, found: Finding) -> Iterator[str]:
    mark = "note on" if found.is_warning else "broken at"
    yield f"  {mark} {rung.name}: {found.cause} (owner: {found.owner})"
    yield f"    {found.what}"
    if found.hides:
        yield f"    behind it: {found.hides}"
    yield f"    fix: {found.fix}"
    for command in found.commands:
        if command.startswith("["):
            yield "    in chatsheet.toml:"
            yield from (f"      {line}" for line in command.splitlines())
        else:
            yield f"    $ {command}"


def _matrix(cells: tuple[Cell, ...]) -> Iterator[str]:
    for cell in cells:
        cause = f" ({cell.cause})" if cell.cause else ""
        told = f": {'; '.join(cell.evidence)}" if cell.evidence else ""
        yield f"{_PROVIDERS[cell.provider]} {_WAYS[cell.way]}: {_STATES[cell.state]}{cause}{told}"


def _decision(decision: Decision) -> Iterator[str]:
    yield f"Decision: {decision.says}"
    yield from (f"  because {reason}" for reason in decision.reasons)
    yield from (f"  would change it: {reason}" for reason in decision.would_change)
    if decision.private_endpoint:
        yield f"  private endpoint: {decision.private_endpoint}"
    yield from decision.settings_diff.splitlines()


def verdict(report: Report) -> str:
    """Return the whole in one sentence."""
    ill = ", ".join(f"{path.name} ({path.cause or path.state})" for path in report.counted if path.state != "healthy")
    match report.exit_code:
        case 0 if report.only:
            return f"Healthy: {', '.join(path.name for path in report.counted)}. Nothing else was looked at."
        case 0:
            return "All routes in use are healthy."
        case 1:
            return f"Answers arrive, but not over every route: {ill}."
        case 2:
            return f"No route answers: {ill}."
        case _ if report.problems:
            return "The settings are wrong; nothing was sent."
        case _:
            return "No route is configured: name one in llm.routes, and give it its key."
