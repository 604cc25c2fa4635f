"""The values of a workbook: tables, columns, what was decided about them and on what evidence."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

ColumnType = Literal["text", "integer", "decimal", "boolean", "date", "datetime", "time"]

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


class Column(Value):
    """One typed column: `name` is its SQL name, `label` the header as written, `letter` where it stands in the tab."""

    name: str
    label: str
    letter: str
    type: ColumnType
    evidence: str
    profile: Profile = Profile(nulls=0, distinct=0)


class Table(Value):
    """One table of a tab: `id` is its SQL name, `range` the cells it covers, header included."""

    id: str
    tab: str
    range: str
    header_row: int | None
    evidence: str
    rows: int
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...]


class Workbook(Value):
    """The result of an import: deterministic for (parser, content)."""

    parser: str
    content_sha256: str
    tables: tuple[Table, ...]
    warnings: tuple[str, ...] = ()

    def table(self, table_id: str) -> Table | None:
        """Return the table of that SQL name, or None."""
        return next((t for t in self.tables if t.id == table_id), None)


class ResultColumn(Value):
    """A column of a query result; `type` is DuckDB's."""

    name: str
    type: str


class Result(Value):
    """Rows of a query: values are JSON scalars, dates ISO texts; `row_count` counts all, `rows` may hold fewer."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    row_count: int
    truncated: bool
