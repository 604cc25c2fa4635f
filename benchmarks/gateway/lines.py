"""One line of the table: what was measured, the goal, ours, and what the others had in the same run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BARE = "bare"
"""The baseline that is no peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A figure of ours beside its goal; `beside` holds what others had, the baseline first."""

    part: str
    what: str
    unit: str
    ours: float
    goal: float
    at_least: bool = False
    beside: Mapping[str, float] = field(default_factory=dict[str, float])
    ratio: float | None = None
    """Ours over what the part compares with."""
    noise: float = 0.0
    """How far two figures may lie apart and still be the same."""
    note: str = ""

    @property
    def is_met(self) -> bool:
        return self.ours >= self.goal if self.at_least else self.ours <= self.goal

    @property
    def behind(self) -> tuple[str, ...]:
        """The peers that are better than ours by more than the noise."""
        sign = 1 if self.at_least else -1
        return tuple(n for n, value in self.beside.items() if n != BARE and sign * (value - self.ours) > self.noise)

    def as_json(self) -> dict[str, object]:
        """Return the line as it is kept in results: figures and names only."""
        return {
            "part": self.part,
            "what": self.what,
            "unit": self.unit,
            "goal": ("at least " if self.at_least else "at most ") + number(self.goal),
            "ours": round(self.ours, 4),
            "met": self.is_met,
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "beside": {name: round(value, 4) for name, value in self.beside.items()},
            "behind": list(self.behind),
            "note": self.note,
        }


def number(value: float) -> str:
    """Return a figure with as many digits as mean something."""
    if value == int(value) and abs(value) < 1e6:  # noqa: PLR2004  beyond it only the size matters
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  three digits


def table(lines: Sequence[Line]) -> str:
    """Return the lines as text, a row each, and below it who is ahead of ours."""
    rows = [("part", "what", "goal", "ours", "", "ratio", "in the same run")]
    for line in lines:
        goal = ("≥ " if line.at_least else "≤ ") + f"{number(line.goal)} {line.unit}"
        beside = ", ".join(f"{name} {number(value)}" for name, value in line.beside.items())
        ratio = "" if line.ratio is None else f"{line.ratio:.2f} x"
        verdict = ("met" if line.is_met else "MISSED") + (f", behind {', '.join(line.behind)}" if line.behind else "")
        rows.append(
            (line.part, line.what, goal, number(line.ours), verdict, ratio, beside + (f" ({line.note})" if line.note else ""))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[6]]).rstrip() for row in rows
    )
