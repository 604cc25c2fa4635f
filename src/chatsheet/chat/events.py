"""The events of a chat's log, and the live ones that only a watcher sees. All JSON in and out."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets.edits import Edit, EditPreview
from chatsheet.sheets.model import ColumnType, Result, Unit
from chatsheet.sheets.origins import Kind


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RowsUsed(_Value):
    """Which rows of a table a query's conditions select; ids are row numbers of the tab."""

    table: str
    rows: int
    first: int | None
    last: int | None


class ColumnUsed(_Value):
    """A column that a query reads: its unit, and how many of the rows used have no value there."""

    table: str
    column: str
    unit: Unit = Unit()
    nulls: int | None = None
    """None where it was not counted."""
    stale: int = 0
    """Values of the column that its formulas would change, were they recalculated; in all rows of the table."""


class Output(_Value):
    """A column of a result: the stored columns that it was computed from, how, and what its numbers count."""

    name: str
    columns: tuple[tuple[str, str], ...] = ()
    """Table and column; all that there are where `is_certain`."""
    kind: Kind = ""
    unit: Unit = Unit()
    is_certain: bool = True
    texts: tuple[str, ...] = ()
    """Texts that its own condition compares with."""


class Kept(_Value):
    """What a query keeps of a column, in all rows of its result or for one of its outputs."""

    column: str
    wanted: tuple[str, ...]
    """Texts; months such as `2025-01` where `is_time`."""
    others: tuple[str, ...] = ()
    """Frequent texts that it leaves out."""
    is_time: bool = False
    output: int | None = None
    """The place of the only output that it holds for."""


class Basis(_Value):
    """What the numbers of a query stand on, told by code and not by the model."""

    rows: tuple[RowsUsed, ...] = ()
    filters: tuple[str, ...] = ()
    """Conditions as SQL, in the order written."""
    columns: tuple[ColumnUsed, ...] = ()
    outputs: tuple[Output, ...] = ()
    """The columns of the result, in order; empty where the query cannot be followed."""
    kept: tuple[Kept, ...] = ()


class Selection(_Value):
    """What a person marked in the grid when asking."""

    table: str
    columns: tuple[str, ...] = ()
    """SQL names; empty for all."""
    rows: tuple[int, ...] = ()
    """Row ids; empty for all."""


class Asked(_Value):
    """A person asked; opens a turn. Day and locale are theirs, so that the same log makes the same prompt."""

    kind: Literal["asked"] = "asked"
    turn: str
    question: str
    day: date | None = None
    locale: str = "en"
    """A BCP 47 tag, by which numbers of the answer are read."""
    selection: Selection | None = None


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
    cost: float | None = None
    """None where the route has no prices."""
    milliseconds: int = 0


class Nudged(_Value):
    """The model's text was no answer that can be given: it is told why, once, and tries again."""

    kind: Literal["nudged"] = "nudged"
    turn: str
    reason: Literal["no_query", "empty"]


class Chart(_Value):
    """A chart over the result of a handle: a subset of Vega-Lite without data; the data is the result."""

    id: str
    handle: str
    title: str = ""
    spec: dict[str, JsonValue]


class EditProposal(_Value):
    """Edits that a person may apply: what they would change, made on the version of the preview."""

    kind: Literal["edit"] = "edit"
    id: str
    edits: tuple[Edit, ...]
    preview: EditPreview
    reason: str = ""
    needs_consent: tuple[str, ...] = ()
    """What in it reaches out of the sheet, such as IMAGE or HYPERLINK, and must be allowed by name."""
    warnings: tuple[str, ...] = ()
    """Where it changes more than one might think, such as every row of a table."""


class AiColumnProposal(_Value):
    """A column that a model would fill row by row, if a person starts it."""

    kind: Literal["ai_column"] = "ai_column"
    id: str
    version: str
    table: str
    label: str
    template: str
    """The prompt of a row, with columns as `{name}`."""
    output: ColumnType
    choices: tuple[str, ...] = ()
    """The only values allowed; empty for any."""
    where: str = ""
    rows: int
    distinct: int
    """Calls that it takes: rows with the same inputs share one."""
    tokens: int
    """Estimated input tokens of all calls."""
    reason: str = ""


Proposal = Annotated[EditProposal | AiColumnProposal, Field(discriminator="kind")]


class Option(_Value):
    """One reading of a question: what it means, the SQL for it and what that gives."""

    label: str
    sql: str
    result: Result


class ToolAnswered(_Value):
    """A tool's answer: `content` is what the model reads; a query carries its handle, SQL, result and what it stands on."""

    kind: Literal["tool_answered"] = "tool_answered"
    turn: str
    call_id: str
    tool: str
    content: str
    is_error: bool = False
    handle: str | None = None
    sql: str | None = None
    purpose: str = ""
    version: str = ""
    """The version of the sheet that was asked."""
    result: Result | None = None
    basis: Basis = Basis()
    chart: Chart | None = None
    proposal: Proposal | None = None
    options: tuple[Option, ...] = ()
    """Readings that give different results: the person is asked which one, and the turn ends."""
    milliseconds: int = 0


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
    form: Literal["answer", "not_in_workbook", "which"] = "answer"
    """`which`: a question back, whose options are in the tool answer before."""
    numbers: tuple[NumberFound, ...]
    is_cut: bool = False
    """The model reached its token limit in the middle of it."""
    warnings: tuple[str, ...] = ()
    """What the person is to know beside it, such as a budget that nears its end."""


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


class Decided(_Value):
    """A person decided on a proposal; stands outside of turns."""

    kind: Literal["decided"] = "decided"
    proposal: str
    decision: Literal["applied", "declined", "undone"]
    by: str
    at: datetime
    version: str = ""
    """The version of the sheet that it led to."""
    job: str = ""
    """The job that it started."""


Event = Asked | ModelReplied | Nudged | ToolAnswered | Answered | Failed | Cancelled | Decided
EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads and writes the events of the log."""


class Wrote(_Value):
    """Live only: a piece of the model's text."""

    kind: Literal["wrote"] = "wrote"
    turn: str
    text: str
    is_all: bool = False
    """Whether it is all that the step has written so far; else it goes on from there."""


class StepRestarted(_Value):
    """Live only: a route died after content; what was written in this step is void."""

    kind: Literal["step_restarted"] = "step_restarted"
    turn: str
    route: str
    cause: str


class AccessEnded(_Value):
    """Live only, and the last: who watches may not see the chat any more."""

    kind: Literal["access_ended"] = "access_ended"
    turn: str
    """The turn that was asked last; empty where none was."""
    code: str
    what: str
    fix: str


Live = Wrote | StepRestarted | AccessEnded
