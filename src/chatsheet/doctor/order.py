"""What an examination is told: how far to go, what to weigh, and who hears of each rung. Pure."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from chatsheet.core.errors import BadInput
from chatsheet.core.settings import Settings
from chatsheet.doctor import paths
from chatsheet.doctor.model import Depth, Report, RouteHistory, Rung
from chatsheet.doctor.paths import Path


class RouteUnknown(BadInput):
    """A route was named that settings do not have."""

    code = "doctor.route_unknown"


OnRung = Callable[[str, Rung], None]
"""Hears of each rung as it is reached: the path's name, and the rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an examination weighs besides what it sees."""

    before: Report | None = None
    settings_text: str = ""
    """The settings file as it stands, for the changes that the verdict asks for."""
    history: tuple[RouteHistory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to examine: how far, with how many calls for the medians, and which route alone where one is named."""

    depth: Depth = "call"
    probes: int = 3
    only: str = ""

    def check(self, settings: Settings) -> None:
        """Refuse the name of a route that settings do not have; raises RouteUnknown."""
        seen = paths.of(settings.llm)
        if self.only and not any(map(self.includes, seen)):
            known = dict.fromkeys((*settings.llm.route, *(path.name for path in seen)))
            nearest = difflib.get_close_matches(self.only, known, n=1, cutoff=0.4)
            names = ", ".join(known) or "none"
            fix = f'did you mean "{nearest[0]}"?' if nearest else f"name one of these: {names}."
            raise RouteUnknown(f'settings have no route "{self.only}".', fix=fix)

    def includes(self, path: Path) -> bool:
        """Tell whether a path is to be examined."""
        return self.only in {"", path.route.name, path.serves, path.name}


def nobody(path: str, rung: Rung) -> None:
    """Hear of a rung, and say nothing."""
    del path, rung
