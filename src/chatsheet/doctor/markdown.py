"""A report as a page of Markdown, in the form of our decision records, and as lines of the roadmap. Pure."""

from collections.abc import Iterator

from chatsheet.doctor.compare import NOTES
from chatsheet.doctor.model import Cell, Finding, PathReport, PrivateProof, Report

_PROVIDERS = {"azure": "Azure", "openai": "OpenAI"}
_WAYS = {"litellm": "through LiteLLM", "direct": "directly"}


def page(report: Report, *, data: str) -> str:
    """Return the record of a report: the decision first, then what it stands on; `data` names the JSON beside it."""
    return "\n".join(_page(report, data)) + "\n"


def status_lines(report: Report, link: str) -> tuple[str, ...]:
    """Return what a roadmap says of the integration: a line per cell, the decision, private endpoints, the record."""
    decision = report.decision
    cells = [f"- {_PROVIDERS[cell.provider]} {_WAYS[cell.way]}: {_state(cell, report)}" for cell in report.matrix]
    return (
        *(cells or ["- not examined: the settings are wrong"]),
        f"- decision: {decision.says if decision is not None else 'none'}",
        f"- private endpoints: {_private_verdict(report)}",
        f"- recorded {report.at:%Y-%m-%d}: [{link.rpartition('/')[2]}]({link})",
    )


def _private_verdict(report: Report) -> str:
    return _plain(report.decision.private_endpoint if report.decision is not None else "") or "not examined"


def _page(report: Report, data: str) -> Iterator[str]:
    decision, conclusion = report.decision, report.conclusion
    says = decision.says if decision is not None else "Nothing was decided: the settings are wrong."
    yield f"# Integration on {report.at:%Y-%m-%d}: {says}"
    yield f"\n**Status** recorded, {report.at:%Y-%m-%d %H:%M}; as data: [{data}]({data})"
    yield f"\n**Decision** {says}"
    if decision is not None:
        yield from _list("Why:", decision.reasons)
    yield f"\n**Context** {conclusion.says if conclusion is not None else 'No path could be compared.'}"
    if conclusion is not None:
        yield from _list(f"The rule is `{conclusion.rule}`, because:", conclusion.because)
    yield from _list("Wrong settings:", [f"`{p.key}`: {p.reason} ({p.cause}). Fix: {p.fix}" for p in report.problems])
    yield from _matrix(report)
    for path in report.paths:
        yield from _ladder(path)
    yield from _private(report)
    yield from _speed(report)
    yield from _history(report)
    if report.changes:
        yield "\n## Since last time\n"
        yield from (f"- {_plain(line)}" for line in report.changes)
    yield from _consequences(report)
    yield f"\n**Enforced by** `chatsheet doctor --record` (chatsheet {report.version}, {report.seconds:.1f} s); run it again"


def _consequences(report: Report) -> Iterator[str]:
    decision = report.decision
    yield f"\n**Consequences** Private endpoints: {_private_verdict(report)}"
    if decision is not None and decision.settings_diff:
        yield f"\nSettings that it asks for:\n\n```diff\n{decision.settings_diff.rstrip()}\n```"
    else:
        yield "\nNothing is to change in the settings."
    yield "\n**Alternatives** standardise on LiteLLM, on the direct route, stay hybrid, or decide later."
    if decision is not None:
        yield from _list("What would change the decision:", decision.would_change)


def _matrix(report: Report) -> Iterator[str]:
    if not report.matrix:
        return
    yield "\n## The matrix\n"
    yield "| provider | way | state | evidence |"
    yield "| --- | --- | --- | --- |"
    for cell in report.matrix:
        evidence = "; ".join(map(_plain, cell.evidence))
        yield f"| {_PROVIDERS[cell.provider]} | {_WAYS[cell.way]} | {_state(cell, report)} | {evidence} |"
    yield from _list(
        "Answers differ:",
        [
            f"{one.field}{' (only a note)' if one.field in NOTES else ''}: {one.values[0]} on `{one.paths[0]}`, "
            f"{one.values[1]} on `{one.paths[1]}`"
            for one in report.differences
        ],
    )


def _state(cell: Cell, report: Report) -> str:
    if cell.state == "not_configured":
        return "not configured"
    is_simulated = any(path.name == cell.path and path.is_simulated for path in report.paths)
    state = "answers" if cell.state == "healthy" else f"fails, {cell.cause}"
    return f"{state} (`{cell.path}`{', simulated' if is_simulated else ''})"


def _ladder(path: PathReport) -> Iterator[str]:
    if path.state == "not_configured":
        yield f"\n## `{path.name}`: not configured"
        return
    yield f"\n## `{path.name}`: {path.state}{f', {path.cause}' if path.cause else ''}\n"
    yield "| rung | status | ms | evidence |"
    yield "| --- | --- | --- | --- |"
    for rung in path.rungs:
        took = "" if rung.milliseconds is None else rung.milliseconds
        yield f"| {rung.name} | {rung.status.replace('_', ' ')} | {took} | {'; '.join(map(_plain, rung.evidence))} |"
    for rung in path.rungs:
        for number, found in enumerate(rung.findings):
            title = "Note" if found.is_warning else "First broken" if number == 0 else "Also"
            yield from _finding(f"{title}: {rung.name}", found)


def _finding(title: str, found: Finding) -> Iterator[str]:
    hides = f" It hides {found.hides}." if found.hides else ""
    yield f"\n{title}: **{found.cause}** ({found.owner}). {_plain(found.what).rstrip('.')}.{hides} Fix: {_plain(found.fix)}"
    if found.commands:
        yield "\n```sh\n" + "\n".join(found.commands) + "\n```"


def _private(report: Report) -> Iterator[str]:
    examined = [(path.name, path.private) for path in report.paths if path.private is not None]
    if examined:
        yield "\n## Private endpoints"
    for name, proof in examined:
        yield f"\n`{name}`: {'proven private' if proof.is_proven else 'not proven private'}\n"
        yield from (f"- {_plain(line)}" for line in _proof(proof))


def _proof(proof: PrivateProof) -> Iterator[str]:
    for host in proof.hosts:
        chain = " → ".join((host.host, *host.chain))
        yield f"{chain} → {', '.join(host.addresses) or 'no address'} ({host.address_class or 'unknown'}; zone {host.zone})"
    if proof.peer:
        yield f"connected to {proof.peer} ({proof.peer_class or 'unknown'})"
    for certificate in proof.certificates:
        yield f"certificate of {certificate.subject}, by {certificate.issuer}, until {certificate.expires:%Y-%m-%d}"
    yield f"the public path: {proof.public_path.replace('_', ' ')}"
    yield from proof.reasons


def _speed(report: Report) -> Iterator[str]:
    measured = [(path.name, path.speed) for path in report.paths if path.speed is not None]
    if not measured:
        return
    yield "\n## Speed (medians)\n"
    yield "| path | probes | failed | first token ms | whole ms |"
    yield "| --- | --- | --- | --- | --- |"
    for name, speed in measured:
        first, whole = (value if value is not None else "" for value in (speed.first_content_ms, speed.total_ms))
        yield f"| `{name}` | {speed.probes} | {speed.failed} | {first} | {whole} |"


def _history(report: Report) -> Iterator[str]:
    yield "\n## The last 30 days\n"
    if not report.history:
        yield "No calls were counted."
    for row in report.history:
        causes = ", ".join(f"{cause} {count}" for cause, count in row.causes)
        yield f"- `{row.route}`: {row.calls} calls, {row.fell_back} fell back{f' ({causes})' if causes else ''}"


def _list(title: str, lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}\n"
        yield from (f"- {_plain(line)}" for line in lines)


def _plain(text: str) -> str:
    """Return a text that stays within its line, its cell and itself: no link, no markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("](", "] (").replace("<", "&lt;")
