"""The raw rows of a region become a typed table: facts per column, one decision per column, one statement for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import duckdb

from chatsheet.core.errors import BadInput
from chatsheet.sheets.ingest import facts, names, types
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.ingest.layout.model import Region
from chatsheet.sheets.ingest.tabs import RAW
from chatsheet.sheets.ingest.types import ReadingUnknown
from chatsheet.sheets.ingest.types_model import ColumnFacts, Decision, NumberFormat, Override
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column

_LOOKED_AT = 50_000
_MOSTLY = 0.8


def store(
    database: duckdb.DuckDBPyConnection,
    table_id: str,
    region: Region,
    formats: Sequence[NumberFormat],
    overrides: Mapping[str, Override],
    complain: Callable[[BadInput], None],
) -> list[Column]:
    """Write the table `table_id` from `RAW` and return its columns, those that keep cells as written with their raw name.

    `formats` are what the numbers of each column are shown with. `overrides` by header say what a column is; one that its
    cells do not allow goes to `complain`.
    """

    def decide(label: str, found: ColumnFacts, shown: NumberFormat) -> Decision:
        found = replace(found, number_format=shown)
        if (override := overrides.get(label)) is not None:
            try:
                return types.decide(found, label=label, captions=region.notes, override=override)
            except ReadingUnknown as error:
                complain(error)
        return types.decide(found, label=label, captions=region.notes)

    measured = facts.measure(database, RAW, *(f"c{place}" for place in range(1, len(region.labels) + 1)))
    decided = types.settle(list(map(decide, region.labels, measured, formats)))
    keeping = [label for label, decision in zip(region.labels, decided, strict=True) if decision.keeps_raw]
    named = names.sql_names([*region.labels, *(f"{label} as written" for label in keeping)], fallback="column")
    raws = iter(named[len(decided) :])
    columns = [
        _column(decision, name, label, letter(number), next(raws) if decision.keeps_raw else "")
        for decision, name, label, number in zip(decided, named, region.labels, region.columns, strict=False)
    ]
    _write(database, table_id, columns, decided)
    return columns


def _column(decision: Decision, name: str, label: str, at: str, raw: str) -> Column:
    return Column(
        name=name,
        label=label,
        letter=at,
        type=decision.type,
        evidence=decision.evidence,
        confidence=decision.confidence,
        unit=decision.unit,
        raw=raw,
        unparsed=decision.unparsed,
        unparsed_examples=decision.unparsed_examples,
        readings=decision.readings,
    )


def _write(database: duckdb.DuckDBPyConnection, table_id: str, columns: Sequence[Column], decided: Sequence[Decision]) -> None:
    """Write the typed table, texts that hardly repeat compressed as a stream: DuckDB would first try a dictionary of them."""
    declared, listed = [f"{ROW_ID} BIGINT"], [ROW_ID]
    texts = [f"c{i}" for i, column in enumerate(columns, 1) if column.type == "text"]
    streamed = _unrepeated(database, texts)
    for i, (column, decision) in enumerate(zip(columns, decided, strict=True), 1):
        declared.append(f'"{column.name}" {SQL_TYPES[column.type]}{" USING COMPRESSION zstd" if f"c{i}" in streamed else ""}')
        listed.append(decision.expression(f"c{i}"))
        if column.raw:
            declared.append(f'"{column.raw}" VARCHAR')
            listed.append(f"CAST(c{i} AS VARCHAR)")
    database.execute(f'CREATE TABLE "{table_id}" ({", ".join(declared)})')
    database.execute(f'INSERT INTO "{table_id}" SELECT {", ".join(listed)} FROM {RAW}')  # noqa: S608  our own names


def _unrepeated(database: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> set[str]:
    """Return which columns of texts hold many and hardly any twice, by the first rows of a large table."""
    if not texts:
        return set()
    counted = ", ".join(f"approx_count_distinct({text})" for text in texts)
    sql = f"SELECT count(*), {counted} FROM (SELECT {', '.join(texts)} FROM {RAW} LIMIT {_LOOKED_AT})"  # noqa: S608  our own names
    ((rows, *distinct),) = database.execute(sql).fetchall()
    return {text for text, found in zip(texts, distinct, strict=True) if rows == _LOOKED_AT and found >= _MOSTLY * rows}
