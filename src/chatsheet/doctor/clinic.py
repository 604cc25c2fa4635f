"""Runs examinations for a server: one at a time, seldom, whoever asks; keeps their reports and tells who watches."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from chatsheet.doctor.model import Choice, PathState, Report, Rung


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PathOutcome(_Frozen):
    """How a path was doing in an examination."""

    name: str
    state: PathState
    cause: str
    """The first broken rung's; empty for none."""


class ExaminationEntry(_Frozen):
    """An examination in a list."""

    id: str
    at: datetime
    choice: Choice
    states: tuple[PathOutcome, ...]


class RungSeen(_Frozen):
    """A rung was looked at, while an examination runs."""

    path: str
    rung: Rung


class Examined(_Frozen):
    """An examination has ended."""

    id: str
    report: Report
