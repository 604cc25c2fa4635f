"""The events of a chat's log, and the live ones that only a watcher sees. All JSON in and out."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets.model import Result


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowsUsed(_Value):
    """Which rows of a table a query's conditions select; ids are row numbers of the tab."""

    table: str
    rows: int
    first: int | None
    last: int | None


class Asked(_Value):
    """A person asked; opens a turn."""

    kind: Literal["asked"] = "asked"
    turn: str
    question: str


class ModelReplied(_Value):
    """The model's step: calls to run, or the text that answers."""

    kind: Literal["model_replied"] = "model_replied"
    turn: str
    text: str
    calls: tuple[ToolCall, ...]
    finish_reason: str = "stop"
    model: str
    route: str
    usage: Usage
    trail: Trail


class ToolAnswered(_Value):
    """A tool's answer: `content` is what the model reads; a query carries its handle, SQL, result and rows used."""

    kind: Literal["tool_answered"] = "tool_answered"
    turn: str
    call_id: str
    tool: str
    content: str
    is_error: bool = False
    handle: str | None = None
    sql: str | None = None
    result: Result | None = None
    rows_used: tuple[RowsUsed, ...] = ()


class NumberFound(_Value):
    """A number in an answer, as written at `start`..`end`, and the result cell it was traced to, if any."""

    text: str
    start: int
    end: int
    handle: str | None
    row: int | None = None
    column: str | None = None


class Answered(_Value):
    """The turn's answer; every number in it is traced or marked."""

    kind: Literal["answered"] = "answered"
    turn: str
    text: str
    numbers: tuple[NumberFound, ...]
    is_cut: bool = False
    """The model reached its token limit in the middle of it."""


class Failed(_Value):
    """The turn ended without an answer, with the error a person can act on."""

    kind: Literal["failed"] = "failed"
    turn: str
    code: str
    what: str
    fix: str
    trail: Trail = Trail()


class Cancelled(_Value):
    """A person stopped the turn."""

    kind: Literal["cancelled"] = "cancelled"
    turn: str


Event = Asked | ModelReplied | ToolAnswered | Answered | Failed | Cancelled
EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads and writes the events of the log."""


class Wrote(_Value):
    """Live only: a piece of the model's text."""

    kind: Literal["wrote"] = "wrote"
    turn: str
    text: str


class StepRestarted(_Value):
    """Live only: a route died after content; what was written in this step is void."""

    kind: Literal["step_restarted"] = "step_restarted"
    turn: str
    route: str
    cause: str


Live = Wrote | StepRestarted
