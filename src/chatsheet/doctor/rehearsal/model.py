"""What is rehearsed and what came of it, as values. Pure.

Texts of a scenario may hold the stage's names in braces, such as {deployment} or {wire}; the stage puts in what is real.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from chatsheet.core.loose import JsonObject

Verdict = Literal["right", "wrong", "unknown"]

SETTINGS = "settings"
"""Stands for a path where settings are wrong, before a packet is sent."""
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
    """The cause by path; empty for a path that must be healthy."""
    settings: str
    """The text of chatsheet.toml."""
    orders: tuple[Order, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables of the process that is examined."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further files beside the settings."""
    is_child: bool = False
    """Whether the doctor must run as a process of its own: libraries read these variables by themselves."""
    is_counted_alone: bool = False
    """Whether this form has a line of its own in the table, instead of the one of its entry."""

    @property
    def line(self) -> str:
        """The line of the table it belongs to."""
        return f"{self.fault}: {self.form}" if self.is_counted_alone else self.fault

    @property
    def texts(self) -> str:
        """Everything in which names of the stage may stand."""
        return "\n".join((self.settings, *self.environment.values(), *self.files.values(), *map(str, self.orders)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scenario after the doctor looked at it: causes by path."""

    scenario: Scenario
    expected: Mapping[str, str]
    named: Mapping[str, str]
    evidence: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether every path has its cause; another cause is worse than none."""
        pairs = [(self.named[path], cause) for path, cause in self.expected.items()]
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
    verdict: Verdict = Field(exclude=True)
    causes: tuple[str, ...] = Field(exclude=True)
    """What was expected, without the paths."""

    @classmethod
    def of(cls, name: str, played: Sequence[Played]) -> Self:
        """Count an entry, which is as good as the worst of its forms."""
        verdicts = {one.verdict for one in played}
        verdict: Verdict = "wrong" if "wrong" in verdicts else "unknown" if "unknown" in verdicts else "right"
        pairs = [pair for one in played for pair in _pairs(one)]
        if verdict == "right":  # forms that agree are said once
            pairs = list(dict.fromkeys(pairs))
        expected, named = ([one for one, _ in pairs], [other for _, other in pairs])
        evidence = tuple(line for one in played for line in one.evidence)
        return cls(
            fault=name,
            expected=", ".join(expected),
            named=", ".join(named),
            evidence=evidence,
            verdict=verdict,
            causes=tuple(cause for one in played for cause in one.expected.values() if cause),
        )


def _pairs(played: Played) -> list[tuple[str, str]]:
    """Return what was expected and what was named by path; paths are said where there are several."""
    several = len(played.expected) > 1

    def told(path: str, cause: str) -> str:
        return f"{path}: {cause or 'healthy'}" if several else cause

    return [(told(path, cause), told(path, played.named[path])) for path, cause in played.expected.items()]


class Rehearsal(BaseModel):
    """The confusion table."""

    model_config = ConfigDict(frozen=True)

    total: int
    right: int
    wrong: int
    unknown: int
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Count lines."""
        count = Counter(fault.verdict for fault in faults)
        told = {"right": count["right"], "wrong": count["wrong"], "unknown": count["unknown"]}
        return cls(total=len(faults), faults=tuple(faults), **told)
