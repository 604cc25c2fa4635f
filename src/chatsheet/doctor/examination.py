"""The examination: every path side by side, each up its ladder to the first broken rung, then compared and decided."""

import asyncio
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from chatsheet.core.clock import Clock
from chatsheet.core.errors import BadInput
from chatsheet.core.settings import Settings
from chatsheet.core.settings_check import Problem
from chatsheet.doctor import climb, paths
from chatsheet.doctor.climb import Limits
from chatsheet.doctor.ladder import Depth
from chatsheet.doctor.model import PathReport, Report, RouteHistory, Rung, SettingsProblem
from chatsheet.doctor.paths import Path
from chatsheet.doctor.subject import Subject
from chatsheet.llm.attempt import Means, RecordReader
from chatsheet.llm.legs import Legs


class RouteUnknown(BadInput):
    """A route was named that settings do not have."""

    code = "doctor.route_unknown"


OnRung = Callable[[str, Rung], None]
"""Hears of each rung as it is reached: the path's name, and the rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an examination weighs besides what it sees."""

    before: Report | None = None
    history: tuple[RouteHistory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to examine: how far, with how many calls for the medians, and which route alone where one is named."""

    depth: Depth = "call"
    probes: int = 3
    only: str = ""

    def check(self, settings: Settings) -> None:
        """Refuse the name of a route that settings do not have; raises RouteUnknown."""
        if self.only and self.only not in settings.llm.route:
            nearest = difflib.get_close_matches(self.only, settings.llm.route, n=1, cutoff=0.4)
            names = ", ".join(settings.llm.route) or "none"
            fix = f'did you mean "{nearest[0]}"?' if nearest else f"name one of these: {names}."
            raise RouteUnknown(f'settings have no route "{self.only}".', fix=fix)

    def includes(self, path: Path) -> bool:
        """Tell whether a path is to be examined."""
        return self.only in {"", path.route.name, path.serves}


def refused(problems: Sequence[Problem], clock: Clock) -> Report:
    """Return the report of settings that do not load: no packet was sent."""
    told = tuple(SettingsProblem(key=p.key, cause="settings.invalid", reason=p.reason, fix=p.fix) for p in problems)
    return Report(at=clock.now(), version=version("chatsheet"), seconds=0, problems=told)


def nobody(path: str, rung: Rung) -> None:
    """Hear of a rung, and say nothing."""
    del path, rung


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
    return Report(
        at=clock.now(),
        version=version("chatsheet"),
        seconds=round(clock.monotonic() - started, 3),
        paths=_with_proofs(tuple(seen)),
        history=known.history,
    )


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
        if one.is_ours and one.private is None and one.serves in direct
        else one
        for one in seen
    )
