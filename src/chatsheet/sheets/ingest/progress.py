"""How far an import is, and the first rows of its first table while the rest still loads."""

from collections.abc import Callable
from typing import Literal

from chatsheet.sheets.model import Result, Value

Phase = Literal["reading", "finding tables", "typing", "profiling"]


class Progress(Value):
    """One report: `fraction` of the whole import between 0 and 1, `rows` typed so far."""

    phase: Phase
    fraction: float
    rows: int = 0
    tab: str = ""
    first: Result | None = None
    """The first rows as they are read, untyped; told once, for the first table."""


Report = Callable[[Progress], None]
