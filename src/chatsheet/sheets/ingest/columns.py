"""The raw rows of a region become a typed table: facts per column, one decision per column, one statement for all of them."""

from collections.abc import Callable, Mapping, Sequence

import duckdb

from chatsheet.core.errors import BadInput
from chatsheet.sheets.ingest import facts, names, types
from chatsheet.sheets.ingest.grid import letter
from chatsheet.sheets.ingest.layout.model import Region
from chatsheet.sheets.ingest.tabs import RAW
from chatsheet.sheets.ingest.types import ReadingUnknown
from chatsheet.sheets.ingest.types_model import Decision, NumberFormat, Override
from chatsheet.sheets.model import ROW_ID, SQL_TYPES, Column


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

    def decide(place: int, label: str) -> Decision:
        found = facts.measure(database, RAW, f"c{place}", number_format=formats[place - 1])
        if (override := overrides.get(label)) is not None:
            try:
                return types.decide(found, label=label, captions=region.notes, override=override)
            except ReadingUnknown as error:
                complain(error)
        return types.decide(found, label=label, captions=region.notes)

    decided = types.settle([decide(place, label) for place, label in enumerate(region.labels, 1)])
    keeping = [label for label, decision in zip(region.labels, decided, strict=True) if decision.keeps_raw]
    named = names.sql_names([*region.labels, *(f"{label} as written" for label in keeping)], fallback="column")
    raws = iter(named[len(decided) :])
    columns = [
        _column(decision, name, label, letter(number), next(raws) if decision.keeps_raw else "")
        for decision, name, label, number in zip(decided, named, region.labels, region.columns, strict=False)
    ]
    database.execute(f'CREATE TABLE "{table_id}" AS SELECT {_selected(columns, decided)} FROM {RAW}')  # noqa: S608  our own names
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


def _selected(columns: Sequence[Column], decided: Sequence[Decision]) -> str:
    listed = [ROW_ID]
    for i, (column, decision) in enumerate(zip(columns, decided, strict=True), 1):
        listed.append(f'CAST({decision.expression(f"c{i}")} AS {SQL_TYPES[column.type]}) AS "{column.name}"')
        if column.raw:
            listed.append(f'CAST(c{i} AS VARCHAR) AS "{column.raw}"')
    return ", ".join(listed)
