"""A query's rows as a CSV, XLSX or Parquet file: streamed, typed, labelled. Runs inside the export worker process.

DuckDB writes CSV and Parquet itself; for XLSX its rows go as an Arrow stream into the writer. No row becomes a Python object.
One query first measures what the format cannot hold, so that it is converted with a note instead of lost.

Texts that a spreadsheet program may read as formulas are neutralised in CSV, after OWASP's "CSV Injection": a text that begins,
also behind spaces, quotes and apostrophes, with = + - @ (plain or full-width), a tab, a carriage return or a line feed gets an
apostrophe in front. Columns of numbers and dates are left alone, and so is a text that is a plain number, such as -5 or +49.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import rustpy_xlsxwriter as xlsx

from chatsheet.core.errors import BadInput
from chatsheet.sheets.model import Format, Unit, Value

_FORMULA_LIKE = "^(?:[\\s\"'\ufeff\xa0]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[ \"']*[\t\r\n])"
_PLAIN_NUMBER = r"^[+-]?\d+(?:[.,]\d+)*%?$"
_MOST_XLSX_ROWS, _MOST_XLSX_COLUMNS, _LONGEST_XLSX_TEXT = 1_048_575, 16_384, 32_767
_LARGEST_EXACT = 2**53
_WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
_LARGE = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"})
_MOMENTS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_FIRST_DAY = "1900-01-01"
_AS_TEXTS = "as texts"
_BEFORE_NUMBER = frozenset({"$", "£", "¥", "₹"})
_BOM = "\ufeff".encode()


class ExportTooLarge(BadInput):
    """More rows or columns than the format holds."""

    code = "export.too_large"
    status = 422


class ExportFailed(BadInput):
    """The rows could not be made, or the disk did not take them."""

    code = "export.failed"
    status = 422


class Heading(Value):
    """What a result's column is called in the file, and what its numbers count."""

    label: str
    unit: Unit = Unit()


class Options(Value):
    """How a file is written; what does not belong to its format is ignored."""

    format: Format
    delimiter: Literal[",", ";", "\t", "|"] = ","
    has_bom: bool = False
    """Whether a CSV file starts with the mark by which Excel knows UTF-8."""
    keeps_formulas: bool = False
    """Whether texts that look like formulas stay as they are in a CSV file; the result says how many."""
    tab: str = "Sheet1"
    """The name of the worksheet in an XLSX file."""


class Written(Value):
    """A complete file: its rows without the header, and what a person should know of it."""

    rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the query: the SQL name it is read by here, DuckDB's type, and its heading."""

    name: str
    type: str
    heading: Heading

    @property
    def text(self) -> str:
        return f"{self.name}::VARCHAR"

    @property
    def is_number(self) -> bool:
        return self.type in _WHOLE | _LARGE | {"FLOAT", "DOUBLE"} or self.type.startswith("DECIMAL")

    @property
    def is_plain(self) -> bool:
        """Whether no value of it can be read as a formula: a number, a truth value, a date or a time."""
        return self.is_number or self.type in {"BOOLEAN", "DATE", "TIME"} or self.type in _MOMENTS


@dataclass(frozen=True, slots=True)
class _Cast:
    """How a column is written: its SQL, SQL that counts the values that changes, what is said of those, a number format."""

    sql: str
    changed: str = "0"
    note: str = ""
    number_format: str = "General"


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows to write: guarded SQL as a source of named columns."""

    database: duckdb.DuckDBPyConnection
    source: str
    columns: tuple[_Column, ...]

    def measure(self, casts: Sequence[_Cast]) -> tuple[int, list[int]]:
        """Return the number of rows and, for each column, how many values the format changes."""
        asked = ", ".join(["count(*)", *(cast.changed for cast in casts)])
        rows, *changed = self.database.execute(f"SELECT {asked} FROM {self.source}").fetchall()[0]  # noqa: S608  guarded
        return int(rows), [int(count or 0) for count in changed]  # nothing is counted of NULLs alone

    def select(self, values: Iterable[str], labels: Iterable[str]) -> str:
        listed = ", ".join(f"{value} AS {_name(label)}" for value, label in zip(values, labels, strict=True))
        return f"SELECT {listed} FROM {self.source}"  # noqa: S608  guarded

    def copy(self, sql: str, target: Path, options: str) -> int:
        """Let DuckDB write the file; return how many rows it has."""
        statement = f"COPY ({sql}) TO {_literal(str(target))} ({options}, USE_TMP_FILE false)"
        return int(self.database.execute(statement).fetchall()[0][0])


def write(
    database: duckdb.DuckDBPyConnection, sql: str, headings: Mapping[str, Heading], target: Path, options: Options
) -> Written:
    """Write the rows of guarded `sql`, in their order, to the file `target`; raises ExportTooLarge, ExportFailed.

    A column without a heading has its name in the result as label.
    """
    try:
        return _write(database, sql, headings, target, options)
    except duckdb.Error as error:
        raise ExportFailed(str(error).split("\n", maxsplit=1)[0], fix="correct the query, or ask for less at once.") from None
    except OSError as error:
        raise ExportFailed(f"the file could not be written: {error}.", fix="make room on the disk.") from None


def _write(
    database: duckdb.DuckDBPyConnection, sql: str, headings: Mapping[str, Heading], target: Path, options: Options
) -> Written:
    described = [(str(name), str(type_)) for name, type_, *_ in database.execute(f"DESCRIBE {sql}").fetchall()]
    columns = tuple(
        _Column(f"c{number}", type_, headings.get(name, Heading(label=name))) for number, (name, type_) in enumerate(described)
    )
    names = ", ".join(column.name for column in columns)
    rows = _Rows(database, f"({sql}) AS asked({names})", columns)
    match options.format:
        case "csv":
            return _write_csv(rows, target, options)
        case "xlsx":
            return _write_xlsx(rows, target, options)
        case "parquet":
            chosen = rows.select((c.name for c in columns), _unlike(c.heading.label for c in columns))
            return Written(rows=rows.copy(chosen, target, "FORMAT parquet, COMPRESSION zstd"))


def is_formula_like(text: str) -> bool:
    """Tell whether a spreadsheet program may read a text of a CSV file as a formula."""
    return re.search(_FORMULA_LIKE, text) is not None and re.search(_PLAIN_NUMBER, text) is None


def _write_csv(rows: _Rows, target: Path, options: Options) -> Written:
    casts = [_csv_cast(column) for column in rows.columns]
    count, changed = rows.measure(casts)
    labels = [column.heading.label for column in rows.columns]
    suspicious = sum(changed) + sum(map(is_formula_like, labels))
    if options.keeps_formulas:
        done = "were left as they are, as asked: open the file only where they are trusted"
        chosen = rows.select((column.name for column in rows.columns), labels)
    else:
        done = "got an apostrophe in front"
        safe = [f"'{label}" if is_formula_like(label) else label for label in labels]
        chosen = rows.select((cast.sql for cast in casts), safe)
    rows.copy(chosen, target, f"FORMAT csv, HEADER, DELIMITER '{options.delimiter}'")
    if options.has_bom:
        _prepend(target, _BOM)
    notes = (f"{suspicious} texts that look like formulas {done}",) if suspicious else ()
    return Written(rows=count, notes=notes)


def _csv_cast(column: _Column) -> _Cast:
    if column.is_plain:
        return _Cast(column.name)
    looks, is_number = (f"regexp_matches({column.text}, {_literal(p)})" for p in (_FORMULA_LIKE, _PLAIN_NUMBER))
    suspicious = f"({looks} AND NOT {is_number})"
    return _Cast(f"CASE WHEN {suspicious} THEN '''' || {column.text} ELSE {column.text} END", f"count_if({suspicious})")


def _write_xlsx(rows: _Rows, target: Path, options: Options) -> Written:
    if len(rows.columns) > _MOST_XLSX_COLUMNS:
        raise ExportTooLarge(f"XLSX holds {_MOST_XLSX_COLUMNS} columns, not {len(rows.columns)}.", fix="write CSV or Parquet.")
    casts = [_xlsx_cast(column) for column in rows.columns]
    count, changed = rows.measure(casts)
    if count > _MOST_XLSX_ROWS:
        raise ExportTooLarge(f"XLSX holds {_MOST_XLSX_ROWS} rows, not {count}.", fix="filter them, or write CSV or Parquet.")
    facts = list(zip(rows.columns, casts, changed, strict=True))
    # a column has one type: where one value does not fit, all go as texts
    values = [column.text if number and cast.note.endswith(_AS_TEXTS) else cast.sql for column, cast, number in facts]
    xlsx.write_worksheet(  # pyright: ignore[reportUnknownMemberType]  its stub leaves PathLike open
        rows.database.sql(rows.select(values, (column.heading.label for column in rows.columns))),
        str(target),
        sheet_name=tab_name(options.tab),
        freeze_row=1,
        bold_headers=True,
        column_formats=[xlsx.Format().set_num_format(cast.number_format) for cast in casts],
    )
    notes = tuple(f"{column.heading.label}: {number} values {cast.note}" for column, cast, number in facts if number)
    return Written(rows=count, notes=notes)


def _xlsx_cast(column: _Column) -> _Cast:
    name, unit = column.name, column.heading.unit
    if column.type in _LARGE:
        beyond = f"count_if({name} NOT BETWEEN -{_LARGEST_EXACT} AND {_LARGEST_EXACT})"
        note = f"have more digits than XLSX keeps: the column was written {_AS_TEXTS}"
        return _Cast(f"{name}::BIGINT", beyond, note, number_format(unit, is_whole=True))
    if column.type in _WHOLE:
        return _Cast(f"{name}::BIGINT", number_format=number_format(unit, is_whole=True))
    if column.is_number:
        finite = f"isfinite({name}::DOUBLE)"
        note = "are infinite or no number: they were left empty"
        shown = number_format(unit, is_whole=False)
        return _Cast(f"CASE WHEN {finite} THEN {name}::DOUBLE END", f"count_if(NOT {finite})", note, shown)
    if column.type == "DATE" or column.type in _MOMENTS:
        type_, shown = ("DATE", "yyyy-mm-dd") if column.type == "DATE" else ("TIMESTAMP", "yyyy-mm-dd hh:mm:ss")
        beyond = f"count_if({name} < '{_FIRST_DAY}' OR {name} >= '10000-01-01')"
        return _Cast(f"{name}::{type_}", beyond, f"are outside of XLSX's calendar: the column was written {_AS_TEXTS}", shown)
    if column.type == "TIME":
        return _Cast(f"epoch({name}) / 86400.0", number_format="hh:mm:ss")
    if column.type == "BOOLEAN":
        return _Cast(name)
    too_long = f"count_if(length({column.text}) > {_LONGEST_XLSX_TEXT})"
    note = f"were cut off at {_LONGEST_XLSX_TEXT} characters, which is all that XLSX holds"
    return _Cast(f"left({column.text}, {_LONGEST_XLSX_TEXT})", too_long, note)


def number_format(unit: Unit, *, is_whole: bool) -> str:
    """Return the number format that shows a unit."""
    sign = (unit.symbol or unit.currency).replace('"', "")
    if unit.is_percent:
        return "0.00%"
    if not sign:
        return "General"
    if not unit.currency:
        return f'General "{sign}"'
    digits = "#,##0" if is_whole else "#,##0.00"
    return f'"{sign}"{digits}' if sign in _BEFORE_NUMBER else f'{digits} "{sign}"'


def tab_name(name: str) -> str:
    """Return a name that a worksheet may have, as near to `name` as the rules allow."""
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip(" '")[:31].strip(" '") or "Sheet1"


def _prepend(path: Path, head: bytes) -> None:
    body = path.with_name(f"{path.name}.body")
    path.rename(body)
    with body.open("rb") as source, path.open("wb") as out:
        out.write(head)
        shutil.copyfileobj(source, out, 2**20)
    body.unlink()


def _unlike(labels: Iterable[str]) -> list[str]:
    """Return labels that differ also when case is ignored: repeats get ` (2)`, ` (3)` and so on."""
    unlike: dict[str, str] = {}
    for label in labels:
        one, number = label, 1
        while one.casefold() in unlike:
            number += 1
            one = f"{label} ({number})"
        unlike[one.casefold()] = one
    return list(unlike.values())


def _name(label: str) -> str:
    escaped = label.replace('"', '""') or " "  # SQL has no empty name
    return f'"{escaped}"'


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
