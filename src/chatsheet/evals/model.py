"""The values of an evaluation: packs, questions with what is known of their answers, and how each one went."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from chatsheet.llm.model import Usage
from chatsheet.sheets.model import Result

Kind = Literal[
    "sum", "count", "average", "top-n", "join", "date", "ratio", "several-tabs", "filter", "distinct", "trend",
    "unanswerable", "ambiguous", "follow-up"
]  # fmt: skip
Difficulty = Literal["easy", "medium", "hard"]
DEMANDING: tuple[Kind, ...] = ("join", "date", "ratio", "several-tabs")


class Value(BaseModel):
    """Base of all values here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Known(Value):
    """The answer is the result of a query."""

    sql: str
    also: tuple[str, ...] = ()
    """Other queries whose results answer as well, such as names for codes."""
    value: float | str | None = None
    """What the query gives, where it was counted by hand."""
    tolerance: float = Field(default=5e-4, gt=0, lt=1)
    """How far a number may be off, relative to the right one."""
    is_ordered: bool = False
    """Whether the order of rows counts; more rows may follow, as in a ranking without a limit."""
    is_share: bool = False
    """Whether 0.25 and 25 are the same answer."""
    is_sign_free: bool = False
    """Whether 12 and -12 are, as for costs or a difference."""


class Lacking(Value):
    """The workbook does not hold the answer."""

    lacks: str


class Reading(Value):
    """One way to understand a question."""

    label: str
    sql: str


class Ambiguous(Value):
    """The question has readings that give different results, and the person should be asked."""

    readings: Annotated[tuple[Reading, ...], Field(min_length=2, max_length=3)]


class Question(Value):
    """A question about a workbook and its answer; `after` is the question before it in the same chat."""

    id: str
    workbook: str
    kind: Kind
    difficulty: Difficulty
    question: str
    language: str = "en"
    after: str = ""
    answer: Known | Lacking | Ambiguous


class Source(Value):
    """A workbook of a pack: its file beside the pack, and what its people would put into a glossary."""

    file: str
    glossary: dict[str, str] = {}


Context = Literal["names", "cards", "cards+glossary"]
"""What the model is told of a workbook: table and column names alone, the cards, or the pack's glossary too."""
CONTEXTS: tuple[Context, ...] = ("names", "cards", "cards+glossary")

Verdict = Literal["right", "refused", "asked", "one_reading", "wrong", "failed"]
"""`refused` and `asked` are right where they are due; `one_reading` answers an ambiguous question without asking."""


class Expected(Value):
    """What the queries of an answer give on the data: those that answer alike, or one for each reading."""

    results: tuple[Result, ...]


class Mark(Value):
    """How one question went."""

    id: str
    context: Context
    kind: Kind
    difficulty: Difficulty
    verdict: Verdict
    is_right: bool
    is_strict: bool = False
    """The result has the right columns alone, and the numbers to the last digit."""
    is_named: bool | None = None
    """Whether the text names the right numbers; None where it need not, as in a long list."""
    question: str
    expected: str
    text: str
    why: str = ""
    """What is wrong, in a few words."""
    sql: tuple[str, ...] = ()
    got: tuple[tuple[JsonValue, ...], ...] = ()
    """The first rows of the result that the answer stands on."""
    numbers: int = 0
    ungrounded: tuple[str, ...] = ()
    """Numbers of the text that were marked as not from the data."""
    misgrounded: tuple[str, ...] = ()
    """Numbers that were cited to a cell which does not hold them."""
    usage: Usage = Usage()
    cost: float | None = None
    seconds: float = 0.0
    steps: int = 0
    errors: int = 0
    """Tool calls that failed."""
    repaired: int = 0
    """Those after which the next call worked."""
    model: str = ""
