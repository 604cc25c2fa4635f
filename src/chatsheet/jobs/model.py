"""What a job is: its order, its rows, where it stands and what it is likely to take."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from chatsheet.core.errors import BadInput, NotFound
from chatsheet.jobs.states import JobNotSo, State
from chatsheet.sheets.model import ColumnType, Format

RowState = Literal["open", "asked", "done", "failed"]
"""asked: with a worker now."""
RowFilter = Literal["all", "review", "failed", "low_confidence", "done"]
"""review: what failed or is not sure, and nobody has looked at."""
SAMPLED = 5
"""Rows that a draft asks about."""


class JobNotFound(NotFound):
    """No such job, or one of strangers."""

    code = "job.not_found"


class RowNotFound(NotFound):
    """The job has no such row."""

    code = "job.row_not_found"


class OrderInvalid(BadInput):
    """The order of a job does not fit the sheet."""

    code = "job.invalid"
    status = 422


class Value(BaseModel):
    """A frozen value."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AiColumn(Value):
    """A column that a model fills row by row: a prompt with columns as `{name}`, and what may come of it."""

    kind: Literal["ai_column"] = "ai_column"
    table: Annotated[str, Field(max_length=200)]
    label: Annotated[str, Field(min_length=1, max_length=200)]
    template: Annotated[str, Field(min_length=1, max_length=8_000)]
    output: ColumnType = "text"
    choices: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=200)] = ()
    """The only values allowed; empty for any."""
    where: Annotated[str, Field(max_length=4_000)] = ""
    """An SQL condition; empty for every row."""
    review_below: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Answers less sure than that are put before a person."""


class BulkEdit(Value):
    """What an SQL expression says of a row, as a plain value in one of its columns, for all rows or those that match."""

    kind: Literal["bulk_edit"] = "bulk_edit"
    table: Annotated[str, Field(max_length=200)]
    column: Annotated[str, Field(min_length=1, max_length=255)]
    expression: Annotated[str, Field(min_length=1, max_length=4_000)]
    where: Annotated[str, Field(max_length=4_000)] = ""
    """An SQL condition; empty for every row."""

    @property
    def label(self) -> str:
        """What it is called in lists."""
        return self.column


class Export(Value):
    """A table, or the rows of a query, as a file that is kept for a day for whoever started it."""

    kind: Literal["export"] = "export"
    table: Annotated[str, Field(max_length=200)] = ""
    sql: Annotated[str, Field(max_length=20_000)] = ""
    """A query instead of a table."""
    format: Format = "csv"
    keeps_formulas: bool = False
    """Whether texts that look like formulas stay as they are in a CSV file."""

    @property
    def label(self) -> str:
        """What it is called in lists."""
        return f"{self.table or 'query'}.{self.format}"


Order = Annotated[AiColumn | BulkEdit | Export, Field(discriminator="kind")]
"""What a job does, by its kind."""
ORDERS: TypeAdapter[AiColumn | BulkEdit | Export] = TypeAdapter(Order)
KINDS = ("ai_column", "bulk_edit", "export")
"""The kinds that this version knows; others are left to newer ones."""


class JobProblem(Value):
    """Why a job waits or ended: a stable code and words."""

    code: str = ""
    what: str = ""


class JobEstimate(Value):
    """What all of a job is likely to take, from its sampled rows; None where nothing is known yet."""

    sampled: int = 0
    tokens_p50: int | None = None
    """Of one call, input and output."""
    tokens_p95: int | None = None
    cost: float | None = None
    """Of all calls; None where the route has no prices."""
    minutes: float | None = None


class JobProgress(Value):
    """Where a job stands; rows with the same inputs share one call."""

    rows: int = 0
    inputs: int = 0
    """Calls that it takes: rows after de-duplication."""
    done_rows: int = 0
    done_inputs: int = 0
    failed_rows: int = 0
    failed_inputs: int = 0
    asked_inputs: int = 0
    """With a worker now."""
    review_inputs: int = 0
    """Failed or not sure, and not looked at yet."""
    per_minute: float = 0.0
    """Rows done or failed in the last minute."""
    eta_s: float | None = None
    tokens: int = 0
    cost: float | None = 0.0
    """None where a route has no prices."""


class JobRow(Value):
    """One input of a job, the rows that have it, and the answer."""

    id: str
    rows: tuple[int, ...]
    """Row ids; the first hundred of them."""
    copies: int
    """How many rows have this input."""
    inputs: dict[str, str]
    """What the prompt's columns hold, as text."""
    state: RowState
    value: JsonValue = None
    confidence: float | None = None
    reason: str = ""
    failure: JobProblem = JobProblem()
    tries: int = 0
    is_reviewed: bool = False
    model: str = ""
    route: str = ""
    tokens: int = 0
    cost: float | None = None
    milliseconds: int = 0


class JobFile(Value):
    """The file that an export made; downloaded by whoever started it."""

    name: str
    rows: int
    bytes: int
    until: datetime
    """When it is removed."""
    notes: tuple[str, ...] = ()


class Measured(Value):
    """What a job without a ledger says of itself: the rows that it is about, those that are done, a few of them, its file."""

    rows: int = 0
    done: int = 0
    sample: tuple[JobRow, ...] = ()
    file: JobFile | None = None


class Job(Value):
    """A job as it stands."""

    id: str
    sheet_id: str
    state: State
    order: Order
    priority: int = 0
    """The higher ones come first."""
    run: int = 1
    """Counts retries."""
    version: str
    """The version of the sheet that is asked about."""
    result_version: str = ""
    """The version that the results made, where they did."""
    column: str = ""
    """The SQL name of the column that was filled."""
    formula: str = ""
    """The formula of the workbook that a draft stands for; nothing of it is asked before somebody wants its sample."""
    is_counted: bool = False
    """Whether all rows are known."""
    is_settled: bool = False
    """Of a job that ended, whether what is done stands in the sheet; of a draft, whether nothing of it is asked any more."""
    problem: JobProblem = JobProblem()
    created_by: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: JobProgress = JobProgress()
    estimate: JobEstimate = JobEstimate()
    sample: tuple[JobRow, ...] = ()
    """The rows that the draft asked about, with real answers; of a bulk edit, cells before and after."""
    file: JobFile | None = None
    """What an export made, as long as it is kept."""

    @property
    def asked(self) -> AiColumn:
        """What a model is asked; raises JobNotSo for a job that asks none."""
        if not isinstance(self.order, AiColumn):
            raise JobNotSo("this job asks no model: there are no answers.", fix="look at its progress.")
        return self.order

    @property
    def is_unasked(self) -> bool:
        """Whether it is a draft that waits for somebody to want its sample."""
        return self.state == "draft" and self.is_settled and not self.is_counted
