"""What the paths say when they are compared: the rules of the strategy, and the finer ones. Pure."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from chatsheet.doctor import rules
from chatsheet.doctor.findings import finding
from chatsheet.doctor.model import (
    Cell,
    Conclusion,
    Difference,
    Finding,
    PathReport,
    ProbeAnswer,
    Provider,
    Report,
    RungName,
    Way,
)
from chatsheet.doctor.rules import Seen
from chatsheet.llm.causes import CATALOGUE, Cause

_CELLS: tuple[rules.Where, ...] = (
    ("azure", "litellm"),
    ("azure", "direct"),
    ("openai", "litellm"),
    ("openai", "direct"),
)
_TITLES = {"azure": "Azure", "openai": "OpenAI", "litellm": "through LiteLLM", "direct": "directly"}


# ── the matrix ──


def matrix(paths: Sequence[PathReport]) -> tuple[Cell, ...]:
    """Return the cells {azure, openai} by {litellm, direct}; of several paths the best one that calls take."""
    return tuple(_cell(provider, way, paths) for provider, way in _CELLS)


def _cell(provider: Literal["azure", "openai"], way: Way, paths: Sequence[PathReport]) -> Cell:
    fitting = (path for path in paths if path.way == way and taken_for(path) == provider)
    ranked = sorted(fitting, key=_rank)
    if not ranked:
        return Cell(provider=provider, way=way, state="not_configured")
    path, *others = ranked
    evidence = (*_evidence(path), *(f"beside it: {other.name} is {_state(other)}" for other in others))
    return Cell(provider=provider, way=way, state=path.state, path=path.name, cause=path.cause, evidence=evidence)


def _rank(path: PathReport) -> tuple[bool, ...]:
    """Order paths to one provider: what calls take and what answers comes first."""
    return path.state == "not_configured", not path.is_in_use, path.state != "healthy", path.provider == "unknown"


def taken_for(path: PathReport) -> Provider:
    """Return the provider of a path; an alias of which a LiteLLM of others tells nothing counts as Azure."""
    if path.provider != "unknown":
        return path.provider
    return "openai" if path.cause.startswith("openai.") else "azure"


def _evidence(path: PathReport) -> Iterator[str]:
    if path.state == "not_configured":
        yield "a key that it needs is not set"
        return
    if path.provider == "unknown":
        yield "what stands behind this alias is not told; taken for Azure"
    if path.is_simulated:
        yield "the simulator answered"
    yield from (line for rung in path.rungs if rung.name == "server" for line in rung.evidence)
    if path.answer is not None:
        yield f"{path.answer.model} answered ({path.answer.finish_reason})"
    if path.proof is not None:
        yield f"proof: {path.proof}"
    broken = next((rung for rung in path.rungs if rung.status == "broken"), None)
    if broken is not None:
        yield f"{broken.name}: {path.cause}"
        yield from (found.what for found in broken.findings[:1])
        yield from broken.evidence


# ── parity ──

NOTES = frozenset({"text"})
"""Differences that are only notes: a model does not say the same thing twice."""


def differences(paths: Sequence[PathReport]) -> tuple[Difference, ...]:
    """Return what differs between each path through LiteLLM and the direct one to the same deployment."""
    answered = [(path, _comparable(path.answer)) for path in paths if path.answer is not None]
    pairs = itertools.permutations(answered, 2)
    return tuple(found for one, other in pairs if _is_same(one[0], other[0]) for found in _differ(one, other))


def _is_same(through: PathReport, direct: PathReport) -> bool:
    """Tell whether both ways end at one deployment; behind a LiteLLM of others that is only known of the provider."""
    if (through.way, direct.way) != ("litellm", "direct"):
        return False
    return through.serves == direct.route if through.is_ours else taken_for(through) == direct.provider


_Answered = tuple[PathReport, dict[str, str]]


def _differ(one: _Answered, other: _Answered) -> Iterator[Difference]:
    (through, said), (direct, said_directly) = one, other
    for name, value in said.items():
        is_alias = name == "model" and through.proof == "unverified" and value == through.serves
        is_unknown = name == "text" and "" in {value, said_directly[name]}
        if value != said_directly[name] and not is_alias and not is_unknown:  # LiteLLM reports its alias as the model
            yield Difference(paths=(through.name, direct.name), field=name, values=(value, said_directly[name]))


def _comparable(answer: ProbeAnswer) -> dict[str, str]:
    return {
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "called_tool": "yes" if answer.called_tool else "no",
        "input_tokens": str(answer.input_tokens),
        "adapted": ", ".join(sorted(answer.adapted)) or "none",
        "text": answer.text_digest,
    }


# ── the conclusion ──


def conclude(cells: Sequence[Cell], paths: Sequence[PathReport]) -> Conclusion:
    """Return the rule that explains the cells, and the evidence it stands on."""
    seen = {path.name: _seen(path, paths) for path in paths if path.state != "not_configured"}
    at: dict[rules.Where, Seen | None] = {(cell.provider, cell.way): seen.get(cell.path) for cell in cells}
    rule = rules.fitting(at, tuple(seen.values()))
    return Conclusion(rule=rule, says=rules.SENTENCES[rule], because=tuple(_because(cells, at, paths)))


def _seen(path: PathReport, paths: Sequence[PathReport]) -> Seen:
    cause = believed(path, paths)
    return Seen(path.state == "healthy" or rules.passes(cause.code), cause, answers=path.state == "healthy")


_MASKS = frozenset({"litellm.cooldown", "litellm.upstream_unreachable"})


def believed(path: PathReport, paths: Sequence[PathReport]) -> Cause:
    """Return the cause that stands behind what a path shows."""
    found = CATALOGUE.get(path.cause, CATALOGUE["unknown"])
    hidden = next((f.hides for f in path.findings if f.cause == path.cause in _MASKS and f.hides in CATALOGUE), "")
    is_retiring = any(f.cause == "azure.model_retiring" for p in paths for f in p.findings)
    if found.code == "azure.resource_not_found" and is_retiring:
        return CATALOGUE["azure.model_retired"]  # D8: the same 404 as a wrong path
    return CATALOGUE[hidden] if hidden else found  # L9


def _because(cells: Sequence[Cell], at: Mapping[rules.Where, Seen | None], paths: Sequence[PathReport]) -> Iterator[str]:
    yield from (_line(cell, at[(cell.provider, cell.way)]) for cell in cells)
    yield _of_strategy(at[("azure", "litellm")], at[("openai", "litellm")], at[("azure", "direct")])
    named = {cell.path for cell in cells}
    for path in sorted((p for p in paths if p.name not in named and p.state == "ill"), key=lambda p: p.name):
        yield f"`{path.name}` beside them: {path.cause}"
    if any(path.is_simulated for path in paths):
        yield "the simulator answered: this shows the chain, not a provider"


def _line(cell: Cell, seen: Seen | None) -> str:
    where = f"{_TITLES[cell.provider]} {_TITLES[cell.way]}"
    if seen is None:
        return f"{where}: not configured"
    if cell.state == "healthy":
        return f"{where}: answers (`{cell.path}`)"
    shown = cell.cause or seen.cause.code
    behind = f", behind which stands {seen.cause.code}" if seen.cause.code != shown else ""
    return f"{where}: {shown}{behind} (`{cell.path}`, layer {seen.layer}, owner {seen.cause.owner})"


def _of_strategy(azure: Seen | None, openai: Seen | None, direct: Seen | None) -> str:
    """Say what the strategy's two tests would conclude alone."""
    if azure is None or openai is None:
        missing = "Azure" if azure is None else "OpenAI"
        instead = "the cause itself decides" if direct is None else "the direct call to Azure decides"
        return f"the strategy's rules cannot be decided: {missing} is not configured through LiteLLM; {instead}"
    said = {
        (True, True): "both work: resolved",
        (False, True): "OpenAI works and Azure does not: azure_settings",
        (False, False): "both fail: litellm",
        (True, False): "Azure works and OpenAI does not: none of its rules",
    }
    return f"the strategy's two tests alone: {said[azure.works, openai.works]}"


# ── since the last examination ──

_SPEED_NOTED = 0.1
_LEAST_NOTED_MS = 50
"""Medians of a handful of calls that differ by less are the same."""


def changes(before: Report | None, now: Report) -> tuple[str, ...]:
    """Return what changed since an earlier report, a line each; nothing without one."""
    if before is None:
        return ()
    is_same_day = before.at.date() == now.at.date()
    since = f"since {before.at:%Y-%m-%d %H:%M}" if is_same_day else f"since {before.at:%Y-%m-%d}"
    found = tuple(_changes(before, now)) or ("nothing changed",)
    return tuple(f"{since}: {line}" for line in found)


def _changes(before: Report, now: Report) -> Iterator[str]:
    old_keys, new_keys = {p.key: p for p in before.problems}, {p.key: p for p in now.problems}
    yield from (f"the setting {key} is corrected" for key in old_keys if key not in new_keys and now.paths)
    yield from (f"new: the setting {key} is wrong ({new_keys[key].cause})" for key in new_keys if key not in old_keys)
    earlier, paths = {path.name: path for path in before.paths}, {path.name: path for path in now.paths}
    for name, path in paths.items():
        if name in earlier:
            yield from _on_path(earlier[name], path)
        elif earlier:
            yield f"new path `{name}`: {_state(path)}"
    yield from (f"`{name}` is not in the settings any more" for name in earlier if name not in paths and now.paths)
    if before.conclusion and now.conclusion and before.conclusion.rule != now.conclusion.rule:
        yield f"the conclusion was {before.conclusion.rule} and is {now.conclusion.rule}"
    if before.decision and now.decision and before.decision.choice != now.decision.choice:
        yield f"the decision was {before.decision.choice} and is {now.decision.choice}"


def _on_path(before: PathReport, now: PathReport) -> Iterator[str]:
    if "not_configured" in {before.state, now.state}:
        if before.state != now.state:
            yield f"`{now.name}` was {_state(before)} and is {_state(now)}"
        return
    old, new = _causes(before), _causes(now)
    reached = {rung.name for rung in now.rungs if rung.status != "not_reached"}
    yield from (f"{cause} fixed on `{now.name}`" for cause, at in old.items() if cause not in new and at in reached)
    yield from (f"new: {cause} on `{now.name}`" for cause in new if cause not in old)
    yield from (
        f"{cause} on `{now.name}` is not reached any more"
        for cause, at in old.items()
        if cause not in new and at not in reached
    )
    if before.answer and now.answer and before.answer.model != now.answer.model:
        yield f"the model behind `{now.name}` changed from {before.answer.model} to {now.answer.model}"
    was, is_now = (path.speed.first_content_ms if path.speed else None for path in (before, now))
    if was is not None and is_now is not None and abs(is_now - was) > max(_LEAST_NOTED_MS, _SPEED_NOTED * was):
        yield f"first token on `{now.name}` {was} → {is_now} ms"


def _causes(path: PathReport) -> dict[str, RungName]:
    return {found.cause: rung.name for rung in path.rungs for found in rung.findings}


def _state(path: PathReport) -> str:
    return path.cause if path.state == "ill" and path.cause else path.state.replace("_", " ")


_GONE = frozenset({"azure.model_retired", "azure.resource_not_found"})


def changed_models(before: Report | None, now: Sequence[PathReport]) -> dict[str, Finding]:
    """Return `azure.model_changed` for each path, by name, behind which another model stands than in the last report."""
    earlier = {path.name: path for path in before.paths} if before is not None else {}
    return {
        path.name: finding("azure.model_changed", what)
        for path in now
        if before is not None and path.name in earlier and (what := _changed(earlier[path.name], path, before.at))
    }


def _changed(before: PathReport, now: PathReport, at: datetime) -> str:
    """Say what changed underneath; empty for nothing, and where LiteLLM's alias is all that is known of the model."""
    is_comparable = before.is_simulated == now.is_simulated and before.proof != "unverified" and taken_for(now) == "azure"
    if before.answer is None or not is_comparable or now.proof == "unverified":
        return ""
    old, day = before.answer, f"{at:%Y-%m-%d}"
    if now.answer is None:
        is_gone = now.cause in _GONE
        return f"{old.model} answered here on {day} and is not found now: retired, unless settings changed" if is_gone else ""
    if now.answer.model != old.model:
        return f"{now.answer.model} answers; on {day} it was {old.model}"
    adapted, was = (", ".join(sorted(names)) or "no parameter" for names in (now.answer.adapted, old.adapted))
    return f"{adapted} had to be adapted; on {day} it was {was}" if adapted != was else ""
