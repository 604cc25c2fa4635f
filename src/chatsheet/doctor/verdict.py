"""The decision that an examination comes to, and what would change it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatsheet.doctor import rules
from chatsheet.doctor.compare import NOTES, believed
from chatsheet.doctor.model import (
    Cell,
    Choice,
    Conclusion,
    Decision,
    Difference,
    PathReport,
    Report,
    RouteHistory,
)
from chatsheet.llm.causes import CATALOGUE

ENOUGH_CALLS = 100
"""So many calls without one failure put the true share of failures below 3 % (the rule of three); fewer say too little."""
MOSTLY = 0.5
"""From this share of fall-backs on, a route costs more calls than it answers."""
ENOUGH_PROBES = 3
"""A median needs three values before one slow call cannot move it."""
HOP_FELT_MS = 300
"""What LiteLLM may add before the first word: a third of a second more is felt in a conversation."""
NEVER = frozenset({"litellm.known_bad", "litellm.environment_tampered", "litellm.untrusted_for_private"})
"""Findings with which nothing is handed to LiteLLM."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The two ways between which the decision is."""

    through: PathReport | None
    direct: PathReport | None
    history: tuple[RouteHistory, ...]

    @property
    def all(self) -> tuple[PathReport, ...]:
        return tuple(path for path in (self.through, self.direct) if path is not None)

    def of(self, path: PathReport) -> RouteHistory | None:
        return next((row for row in self.history if row.route == path.route), None)


_Verdict = tuple[Choice, str, tuple[str, ...]]
"""The choice, why, and what would change it."""


def decide(
    *,
    cells: Sequence[Cell],
    paths: Sequence[PathReport],
    conclusion: Conclusion,
    differences: Sequence[Difference] = (),
    history: Sequence[RouteHistory] = (),
    before: Report | None = None,
) -> Decision:
    """Return which way to standardise on; `before` is an examination of an earlier day.

    `settings_diff` is filled in by whoever has the settings file.
    """
    ways = ways_of(cells, paths, history)
    choice, why, would_change = _private(ways, *_choose(ways, conclusion, differences, before))
    reasons = (why, *_weighed(ways, differences), f"{conclusion.rule}: {conclusion.says}")
    return Decision(
        choice=choice,
        says=_SAYS[choice],
        reasons=reasons,
        would_change=would_change,
        private_endpoint=" ".join(_private_endpoint(ways)),
    )


_SAYS: dict[Choice, str] = {
    "litellm": "Standardise on LiteLLM.",
    "direct": "Standardise on the direct route.",
    "hybrid": "Stay hybrid: LiteLLM first, the direct route as fall-back.",
    "undecided": "Nothing can be decided yet.",
}


def ways_of(cells: Sequence[Cell], paths: Sequence[PathReport], history: Sequence[RouteHistory]) -> Ways:
    """Return the ways to Azure; to OpenAI where Azure is not configured."""
    known = {path.name: path for path in paths if path.state != "not_configured"}
    for provider in ("azure", "openai"):
        found = {cell.way: known.get(cell.path) for cell in cells if cell.provider == provider}
        if any(found.values()):
            return Ways(found.get("litellm"), found.get("direct"), tuple(history))
    return Ways(None, None, ())


# ── the choice ──


def _was_ill(path: PathReport, before: Report | None) -> bool:
    """Tell whether an earlier examination found the same path ill."""
    return before is not None and any(one.name == path.name and one.state == "ill" for one in before.paths)


def _choose(ways: Ways, conclusion: Conclusion, differences: Sequence[Difference], before: Report | None) -> _Verdict:
    through, direct = ways.through, ways.direct
    healthy = [path for path in ways.all if path.state == "healthy"]
    bad = next((found for found in through.findings if found.cause in NEVER), None) if through is not None else None
    if not ways.all:
        return "undecided", "Neither Azure nor OpenAI is configured.", ("a route to Azure, and its key",)
    if any(path.is_simulated for path in ways.all):
        return (
            "undecided",
            "The simulator answered: this shows the chain, not a provider.",
            ("a real provider asked",),
        )
    if bad is not None:
        why = f"Nothing is handed to this LiteLLM: {bad.cause}."
        return "direct" if direct in healthy else "undecided", why, (f"{bad.cause} mended: {bad.fix}",)
    if not healthy:
        return "undecided", "No way answers: there is nothing to choose from.", tuple(_mend(path) for path in ways.all)
    if through is None or direct is None:
        return _only_way(healthy[0])
    if direct not in healthy:
        why = f"LiteLLM answers; the direct route fails ({direct.cause}), and until it is mended nothing falls back."
        return "hybrid", why, (_mend(direct),)
    if through not in healthy:
        return _without_litellm(through, ways, has_failed_before=_was_ill(through, before))
    return _between(ways, conclusion, differences)


def _only_way(path: PathReport) -> _Verdict:
    if path.way == "direct":
        why = "Only the direct route is configured; it answers, and LiteLLM was never tried."
        return "undecided", why, ("a LiteLLM route that serves it",)
    why = "Only LiteLLM is configured; it answers, and nothing falls back."
    return "undecided", why, ("a direct route beside it",)


def _without_litellm(through: PathReport, ways: Ways, *, has_failed_before: bool) -> _Verdict:
    """Choose where the direct route answers and LiteLLM does not: what heals by itself is waited for."""
    cause, row = believed(through, ways.all), ways.of(through)
    change = (_mend(through), "an examination after that in which LiteLLM answers")
    if rules.passes(cause.code):
        return "hybrid", f"LiteLLM fails for something that passes ({cause.code}): the direct route answers meanwhile.", change
    if row is not None and row.calls >= ENOUGH_CALLS and row.fell_back >= MOSTLY * row.calls:
        return "direct", f"LiteLLM fails ({cause.code}), and has failed most calls of the last 30 days.", change
    if cause.permanent and has_failed_before:
        return "direct", f"LiteLLM keeps failing ({cause.code}), as it did the last time; the direct route answers.", change
    if cause.permanent:
        return "undecided", f"LiteLLM fails ({cause.code}): mend that first; the direct route answers meanwhile.", change
    return "hybrid", f"LiteLLM fails now ({cause.code}) and may heal by itself: the direct route answers meanwhile.", change


def _between(ways: Ways, conclusion: Conclusion, differences: Sequence[Difference]) -> _Verdict:
    """Both answer: LiteLLM, unless something asks to keep the direct route beside it."""
    doubts = tuple(_doubts(ways, differences))
    if doubts:
        why = f"Both ways answer; {'; '.join(doubt for doubt, _ in doubts)}."
        return "hybrid", why, tuple(change for _, change in doubts)
    witness = " OpenAI too answers through it." if conclusion.rule == "resolved" else ""
    return (
        "litellm",
        f"LiteLLM answers as the direct route does, and has not failed in 30 days.{witness}",
        (
            "a fall-back in the next 30 days",
            f"more than {HOP_FELT_MS} ms added before the first word",
            "answers that differ from the direct route's",
        ),
    )


def _doubts(ways: Ways, differences: Sequence[Difference]) -> Iterator[tuple[str, str]]:
    """Yield what speaks for staying hybrid, and what would end it."""
    through, direct = ways.through, ways.direct
    for path in ways.all:
        if path.speed is not None and path.speed.failed:
            failed = f"{path.speed.failed} of {path.speed.probes} probes failed on `{path.name}`"
            yield failed, f"no failed probe on `{path.name}`"
        if (row := ways.of(path)) is not None and row.fell_back:
            yield f"{_history(row)}: the fall-back was needed", f"30 days without a fall-back from `{row.route}`"
    if through is not None and ((row := ways.of(through)) is None or row.calls < ENOUGH_CALLS):
        calls = row.calls if row is not None else 0
        yield (
            f"{calls} calls in 30 days on `{through.route}` are too few to weigh",
            f"{ENOUGH_CALLS} calls on `{through.route}` without a fall-back",
        )
    if differing := sorted({difference.field for difference in _of_ways(ways, differences)}):
        yield f"their answers differ ({', '.join(differing)})", "equal answers on both ways"
    if through is not None and direct is not None and (hop := _hop_ms(through, direct)) is not None and hop > HOP_FELT_MS:
        yield f"LiteLLM adds {hop} ms before the first word", f"less than {HOP_FELT_MS} ms added by LiteLLM"


def _of_ways(ways: Ways, differences: Sequence[Difference]) -> list[Difference]:
    names = {path.name for path in ways.all}
    return [one for one in differences if set(one.paths) <= names and one.field not in NOTES]


def _hop_ms(through: PathReport, direct: PathReport) -> int | None:
    """Return what LiteLLM adds before the first word, where both medians stand on enough probes."""
    medians = [
        speed.first_content_ms
        for speed in (through.speed, direct.speed)
        if speed is not None and speed.first_content_ms is not None and speed.probes - speed.failed >= ENOUGH_PROBES
    ]
    return medians[0] - medians[1] if len(medians) > 1 else None


def _mend(path: PathReport) -> str:
    found = next((finding for finding in path.findings if finding.cause == path.cause), None)
    fix = found.fix if found is not None else CATALOGUE.get(path.cause, CATALOGUE["unknown"]).fix
    return f"{path.cause} on `{path.name}` mended: {fix}"


def _history(row: RouteHistory) -> str:
    causes = ", ".join(f"{cause} {count}" for cause, count in row.causes[:3])
    return f"`{row.route}` fell back in {row.fell_back} of {row.calls} calls in 30 days{f' ({causes})' if causes else ''}"


def _weighed(ways: Ways, differences: Sequence[Difference]) -> Iterator[str]:
    """Yield the numbers that were weighed, whatever was chosen."""
    through, direct = ways.through, ways.direct
    if through is not None and direct is not None:
        hop = _hop_ms(through, direct)
        if hop is not None:
            yield f"LiteLLM {'adds' if hop >= 0 else 'saves'} {abs(hop)} ms before the first word (medians)."
        if direct.answer is not None and through.answer is not None:
            found = [f"{d.field}: {d.values[0]} and {d.values[1]}" for d in _of_ways(ways, differences)]
            yield f"Answers differ: {'; '.join(found)}." if found else "The answers are equal on both ways."
    for path in ways.all:
        if path.speed is not None and path.speed.failed:
            yield f"{path.speed.failed} of {path.speed.probes} probes failed on `{path.name}`."
        row = ways.of(path)
        if row is not None and row.calls:
            too_few = "" if row.calls >= ENOUGH_CALLS else f": fewer than {ENOUGH_CALLS}, too few to weigh"
            yield f"{_history(row)}{too_few}."


# ── private endpoints ──


def _private(ways: Ways, choice: Choice, why: str, would_change: tuple[str, ...]) -> _Verdict:
    """Take back a choice by which calls would take a path that should be private and is not proven so."""
    if choice == "undecided" or not any(path.is_private for path in ways.all):
        return choice, why, would_change
    taken = {"litellm": (ways.through,), "direct": (ways.direct,), "hybrid": ways.all}[choice]
    answering = [path for path in taken if path is not None and path.state == "healthy"]
    unproven = [path for path in answering if not _is_proven(path)]
    if not unproven:
        return choice, why, would_change
    proven: list[Choice] = [path.way for path in ways.all if path.state == "healthy" and _is_proven(path)]
    instead = proven[0] if proven and choice != "direct" else "undecided"  # not to a LiteLLM that was ruled out
    names = " and ".join(f"`{path.name}`" for path in unproven)
    held = f"Settings ask for private endpoints, and {names} is not proven private, which rules out: {_SAYS[choice]} {why}"
    return instead, held, (*(f"proof that `{path.name}` is private" for path in unproven), *would_change)


def _is_proven(path: PathReport) -> bool:
    return path.private is not None and path.private.is_proven


def _private_endpoint(ways: Ways) -> Iterator[str]:
    if not ways.all:
        yield "No path to prove."
    elif not any(path.is_private for path in ways.all):
        yield 'Not asked for: no route says network = "private". Production needs it, and has it proven from then on.'
    else:
        yield from (_proof(path) for path in ways.all)


def _proof(path: PathReport) -> str:
    private = path.private
    if private is None or path.state != "healthy":
        return f"`{path.name}`: not proven, nothing answered there."
    if not private.is_proven:
        return f"`{path.name}`: not proven ({'; '.join(private.reasons) or 'no evidence'})."
    public = {
        "refused": "the public path is refused",
        "open": "but the public path is open too: disable public access",
        "not_tested": "the public path was not tested",
    }
    peer = f"connected to {private.peer}, " if private.peer else ""
    return f"`{path.name}`: proven private ({peer}{public[private.public_path]})."
