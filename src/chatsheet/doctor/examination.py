"""The examination: every path side by side, each up its ladder to the first broken rung, then compared and decided."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version

from chatsheet.core.clock import Clock
from chatsheet.core.settings import Settings
from chatsheet.core.settings_check import Problem
from chatsheet.doctor import changes, climb, compare, edits, paths, verdict
from chatsheet.doctor.climb import Limits
from chatsheet.doctor.edits import Edit
from chatsheet.doctor.model import Decision, Finding, PathReport, Report, SettingsProblem
from chatsheet.doctor.order import Known, OnRung, Order, nobody
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means, RecordReader
from chatsheet.llm.legs import Legs

_A_DAY = timedelta(days=1)
"""What fails twice within a day may be the same slip."""


def refused(problems: Sequence[Problem], clock: Clock, settings_text: str = "") -> Report:
    """Return the report of settings that do not load: no packet was sent."""
    told = tuple(SettingsProblem(key=p.key, cause=p.cause, reason=p.reason, fix=p.fix) for p in problems)
    nothing = Decision(choice="undecided", says="Nothing can be decided before the settings load.")
    changed = nothing.model_copy(update={"settings_diff": _diff(settings_text, edits.wanted(nothing, (), told))})
    return Report(at=clock.now(), version=version("chatsheet"), seconds=0, problems=told, decision=changed)


async def examine(
    settings: Settings,
    order: Order,
    *,
    environment: Mapping[str, str],
    records: RecordReader,
    clock: Clock,
    known: Known | None = None,
    on_rung: OnRung = nobody,
) -> Report:
    """Examine the paths of settings side by side; never raises for what a route does."""
    known, started = known or Known(), clock.monotonic()
    legs = Legs()  # nothing is remembered from earlier calls
    try:
        means = Means(legs, records, clock)
        wanted = [path for path in paths.of(settings.llm) if order.includes(path)]
        subjects = [Subject(path=path, settings=settings, environment=environment, means=means) for path in wanted]
        seen = await asyncio.gather(*(_examined(subject, order, on_rung) for subject in subjects))
    finally:
        await legs.close()
    report = Report(
        at=clock.now(),
        version=version("chatsheet"),
        seconds=round(clock.monotonic() - started, 3),
        paths=_with_changed_models(known.before, _with_proofs(tuple(seen))),
        history=known.history,
        only=order.only,
    )
    return _decided(report, known) if order.depth == "call" and not order.only else report


async def _examined(subject: Subject, order: Order, on_rung: OnRung) -> PathReport:
    path = subject.path
    if not path.is_configured:
        return climb.blank(path)
    limits = Limits(depth=order.depth, probes=order.probes)
    return await climb.up(subject, limits, lambda rung: on_rung(path.name, rung))


def _with_proofs(seen: tuple[PathReport, ...]) -> tuple[PathReport, ...]:
    """Give paths through our LiteLLM the proof of the direct path that its egress takes."""
    direct = {one.route: one.private for one in seen if one.way == "direct" and one.private is not None}
    return tuple(
        one.model_copy(update={"private": direct[one.serves]})
        if one.is_ours and one.state == "healthy" and one.private is None and one.serves in direct
        else one
        for one in seen
    )


def _with_changed_models(before: Report | None, seen: tuple[PathReport, ...]) -> tuple[PathReport, ...]:
    """Say on the rung of the model where another one answers than the last time."""
    changed = compare.changed_models(before, seen)
    return tuple(_with_finding(path, changed[path.name]) if path.name in changed else path for path in seen)


def _with_finding(path: PathReport, found: Finding) -> PathReport:
    rungs = tuple(
        rung.model_copy(
            update={
                "status": "warned" if rung.status == "passed" else rung.status,
                "findings": (*rung.findings, found.model_copy(update={"commands": ()})),
            }
        )
        if rung.name == "model" and rung.status != "not_reached"
        else rung
        for rung in path.rungs
    )
    return path.model_copy(update={"rungs": rungs})


def _decided(report: Report, known: Known) -> Report:
    """Compare the paths of a whole examination, and decide."""
    seen = report.paths
    cells = compare.matrix(seen)
    conclusion = compare.conclude(cells, seen)
    differences = compare.differences(seen)
    is_earlier = known.before is not None and report.at - known.before.at >= _A_DAY
    before = known.before if is_earlier else None
    decision = verdict.decide(
        cells=cells, paths=seen, conclusion=conclusion, differences=differences, history=known.history, before=before
    )
    diff = _diff(known.settings_text, edits.wanted(decision, seen))
    return report.model_copy(
        update={
            "matrix": cells,
            "conclusion": conclusion,
            "differences": differences,
            "decision": decision.model_copy(update={"settings_diff": diff}),
            "changes": compare.changes(
                known.before, report.model_copy(update={"conclusion": conclusion, "decision": decision})
            ),
        }
    )


def _diff(settings_text: str, wanted: Sequence[Edit]) -> str:
    return changes.diff(settings_text, wanted) if settings_text and wanted else ""
