"""What is rehearsed and what came of it, as values. Pure.

Texts of a scenario may hold the stage's names in braces, such as {deployment} or {wire}; the stage puts in what is real.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from chatsheet.core.loose import JsonObject

Verdict = Literal["right", "wrong", "unknown"]

SETTINGS = "settings"
"""Stands for a path where settings are wrong before there are any."""
AZURE = "azure"
LITELLM = "litellm → {deployment}"
OPENAI = "openai"
"""The paths that scenarios are about."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the control port is told: `POST /{path}`."""

    path: str
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A failure as it is set up, and the cause that the doctor must name on each path it is about."""

    fault: str
    """An entry of the failure catalogue, or several as in `L3 + A1`."""
    form: str = ""
    """Which form of it, where there are several."""
    expected: Mapping[str, str]
    """The cause by path."""
    settings: str
    """The text of chatsheet.toml."""
    orders: tuple[Order, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables of the process that is examined."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further files beside the settings."""
    is_child: bool = False
    """Whether the doctor must run as a process of its own: libraries read these variables by themselves."""

    @property
    def texts(self) -> str:
        """Everything in which names of the stage may stand."""
        return "\n".join((self.settings, *self.environment.values(), *self.files.values(), *map(str, self.orders)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scenario after the doctor looked at it."""

    scenario: Scenario
    named: Mapping[str, str]
    """The first cause by path; empty where none was named."""
    evidence: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether every path has its cause; a cause that is not the expected one is worse than none."""
        pairs = [(self.named.get(path, ""), cause) for path, cause in self.scenario.expected.items()]
        if all(named == expected for named, expected in pairs):
            return "right"
        return "wrong" if any(named not in {"", "unknown", expected} for named, expected in pairs) else "unknown"


class Fault(BaseModel):
    """One line of the confusion table."""

    model_config = ConfigDict(frozen=True)

    fault: str
    expected: str
    named: str
    evidence: tuple[str, ...]
    verdict: Verdict = "unknown"


class Rehearsal(BaseModel):
    """The confusion table."""

    model_config = ConfigDict(frozen=True)

    faults: tuple[Fault, ...]

    @computed_field
    @property
    def total(self) -> int:
        """How many were rehearsed."""
        return len(self.faults)

    @computed_field
    @property
    def right(self) -> int:
        """How many were named as expected."""
        return self._count("right")

    @computed_field
    @property
    def wrong(self) -> int:
        """How many were named otherwise."""
        return self._count("wrong")

    @computed_field
    @property
    def unknown(self) -> int:
        """How many were not named."""
        return self._count("unknown")

    def _count(self, verdict: Verdict) -> int:
        return sum(fault.verdict == verdict for fault in self.faults)
