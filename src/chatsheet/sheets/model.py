"""The values of a workbook: tables, columns, what was decided about them and on what evidence."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue

ColumnType = Literal["text", "integer", "decimal", "boolean", "date", "datetime", "time"]
Format = Literal["csv", "xlsx", "parquet"]
"""Of a file that leaves."""

SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
}

ROW_ID = "_row"
"""The explicit row id in every table: at import the row's number in its tab, counting from 1 as spreadsheets do."""


class Value(BaseModel):
    """Base of all values here: frozen, strict about unknown fields, JSON in and out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TopValue(Value):
    """A frequent value and how many rows have it."""

    value: str
    rows: int


class Profile(Value):
    """What a column holds, measured once per version."""

    nulls: int
    distinct: int
    top: tuple[TopValue, ...] = ()
    minimum: JsonValue = None
    median: JsonValue = None
    maximum: JsonValue = None
    mean: float | None = None
    stddev: float | None = None
    patterns: tuple[TopValue, ...] = ()
    """Shapes of texts, the frequent first: `A` for a letter, `9` for a digit, other signs as they are, such as `AA-999`."""
    is_estimated: bool = False
    """Whether `distinct` and `top` are estimates, as they are in large tables."""


class Unit(Value):
    """What the numbers of a column count: a currency, a percentage, a physical unit, and the scale that a caption names."""

    currency: str = ""
    """The ISO 4217 code, where a symbol or code says it."""
    symbol: str = ""
    """As written, such as `€` or `kg`."""
    is_percent: bool = False
    """Whether values were written as percentages; 12 % is stored as 0.12."""
    scale: int = 1
    """What a written value is multiplied with to be the stored one: 1000 for a caption `in thousands`."""


class Reading(Value):
    """One way to read an ambiguous column, with an example of what it makes of a value."""

    name: str
    """Such as `day first`, `decimal comma`."""
    type: ColumnType
    example: str


Trait = Literal["volatile", "dynamic", "external", "web", "ai", "array", "unreadable", "circular"]
"""volatile: another value at every recalculation. dynamic: chooses its cells at run time. external: another workbook.
web: calls out. ai: a function whose service has ended or lives elsewhere. array: fills several cells. unreadable: kept as text.
circular: reads its own result."""


class Told(Value):
    """A formula worth telling of."""

    tab: str
    cell: str
    formula: str
    trait: Trait


class FormulaColumn(Value):
    """What the formulas of a table's column have in common."""

    letter: str
    formula: str
    """The pattern that most rows share, written for the first data row; empty where no pattern is the rule."""
    named: str = ""
    """The same in terms of columns, such as `=[@Price]*[@Count]`; empty where it reads other cells than those of its row."""
    formulas: int
    """How many of its data cells are formulas."""
    breaks: tuple[str, ...] = ()
    """The first cells that hold another formula or a plain value where the column has a formula."""
    breaking: int = 0
    """How many such cells there are."""
    missing: int = 0
    """How many of its formulas the file stores no value for."""
    stale: int = 0
    """How many of its values edits made out of date without a recalculation."""

    @property
    def is_uniform(self) -> bool:
        """Whether every row follows the one pattern."""
        return bool(self.formula) and not self.breaking


class Formulas(Value):
    """What the formulas of a workbook are, in tables and outside of them."""

    cells: int = 0
    """How many cells hold one; at least so many where `is_followed` is false."""
    tabs: tuple[str, ...] = ()
    """The tabs with formulas."""
    is_followed: bool = True
    """Whether edits recalculate what depends on them; false where there are more formulas than that is done for."""
    special: tuple[Told, ...] = ()
    """The first formulas that cannot be recalculated, or not always, such as volatile ones and links to other workbooks."""
    specials: int = 0
    """How many of these there are."""
    calculated: int = 0
    """How many the file stored no value for, and were calculated at import."""
    missing: int = 0
    """How many have no value: the file stores none, and they could not be calculated."""
    stale: int = 0
    """How many cells edits made out of date without a recalculation, in tables and outside of them."""


class Column(Value):
    """One typed column: `name` is its SQL name, `label` the header as written, `letter` where it stands in the tab."""

    name: str
    label: str
    letter: str
    type: ColumnType
    evidence: str
    confidence: float = 1.0
    """Between 0 and 1; below 0.8 the page asks."""
    unit: Unit = Unit()
    raw: str = ""
    """The SQL name of the text column beside it that keeps cells as written, where some did not parse; empty for none."""
    unparsed: int = 0
    """How many filled cells did not parse; their value is NULL."""
    unparsed_examples: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    """The ways to read it where the cells allow several; the first was taken, and the user is asked once."""
    profile: Profile = Profile(nulls=0, distinct=0)
    formula: FormulaColumn | None = None
    """Its formulas, where its cells hold some."""


class Join(Value):
    """A column whose values are found in a key of another table."""

    column: str
    to_table: str
    to_column: str
    overlap: float
    """Share of the column's distinct values that the other one has, sampled."""


class Oddity(Value):
    """Something in a table that an analyst would want to know before trusting a sum."""

    kind: Literal["duplicate_rows", "outliers", "mixed_types", "unparsed", "near_duplicates"]
    column: str = ""
    rows: int
    what: str
    examples: tuple[str, ...] = ()


class Table(Value):
    """One table of a tab: `id` is its SQL name, `range` the cells it covers, header included."""

    id: str
    tab: str
    range: str
    header_row: int | None
    """The last header row."""
    header_rows: tuple[int, ...] = ()
    evidence: str
    confidence: float = 1.0
    rows: int
    is_hidden: bool = False
    """Whether its tab is hidden in the workbook."""
    is_pivoted: bool = False
    """Whether headers hold values, such as months side by side."""
    notes: tuple[str, ...] = ()
    """Titles and captions above, beside or below it."""
    totals: tuple[int, ...] = ()
    """Row numbers of totals and subtotals: they are in the tab and not in the table."""
    left_out: tuple[int, ...] = ()
    """Row numbers inside the range that are no data: blank ones, repeated headers."""
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ()
    """Columns with a value in each row and none twice."""
    joins: tuple[Join, ...] = ()
    oddities: tuple[Oddity, ...] = ()

    @property
    def names(self) -> list[str]:
        """The SQL names of its columns, those that keep cells as written beside their own."""
        return [name for column in self.columns for name in (column.name, column.raw) if name]


class Workbook(Value):
    """The result of an import: deterministic for (parser, content)."""

    parser: str
    content_sha256: str
    tables: tuple[Table, ...]
    warnings: tuple[str, ...] = ()
    shapes: dict[str, str] = {}
    """A fingerprint of each tab's form, by which corrections are remembered."""
    corrections: dict[str, JsonValue] = {}
    """What was said of tabs of a shape and holds here, as it is remembered (ingest/said.py)."""
    formulas: Formulas = Formulas()

    def table(self, table_id: str) -> Table | None:
        """Return the table of that SQL name, or None."""
        return next((t for t in self.tables if t.id == table_id), None)


class Compared(NamedTuple):
    """A text that a query compares with a column of a table."""

    table: str
    column: str
    text: str


class ResultColumn(Value):
    """A column of a query result; `type` is DuckDB's."""

    name: str
    type: str


class RowIds(Value):
    """The rows of one table that stand behind something; None where an outer join had none."""

    table: str
    ids: tuple[int | None, ...]
    more: int = 0
    """How many there are beyond those listed."""


class Result(Value):
    """Rows of a query: values are JSON scalars, dates ISO texts; `row_count` counts all, `rows` may hold fewer."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    row_count: int
    truncated: bool
    handle: str = ""
    """Content id of version and query: the same handle is the same result."""
    row_ids: tuple[RowIds, ...] = ()
    """For each table read, the row that each of `rows` stands for; empty where rows are made of several."""
    warnings: tuple[str, ...] = ()


class Places(Value):
    """Where rows stand in an order: `places` count from 0, and `rows` are the ids of the rows there."""

    rows: tuple[int, ...]
    places: tuple[int, ...]
    count: int
    """How many rows of the order were found; `places` may hold the first of them only."""


class FoundValue(Value):
    """A value that looks like what was searched; `score` is 100 for the same text but case and accents."""

    table: str
    column: str
    value: str
    rows: int
    score: float
