"""A hundred columns of strangers come out as a careful analyst reads them."""

from collections.abc import Sequence
from datetime import date, datetime, time

import duckdb
import pytest

from chatsheet.sheets.ingest import facts
from chatsheet.sheets.ingest.types import decide
from chatsheet.sheets.ingest.types_model import SURE_ENOUGH, Decision
from tests.sheets.strange_columns import STRANGERS, Plain, Stranger


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: f"{stranger.label}: {stranger.cells[0]}")
def test_a_strangers_column_comes_out_as_an_analyst_reads_it(stranger: Stranger) -> None:
    decision, values = read(stranger.cells, stranger.label, stranger.captions)
    assert (decision.type, decision.unit) == (stranger.type, stranger.unit), decision.evidence
    assert values == stranger.values, decision.expression("c1")
    assert (decision.confidence < SURE_ENOUGH) == stranger.asks, decision.evidence


def read(cells: Sequence[str | None], label: str = "x", captions: Sequence[str] = ()) -> tuple[Decision, tuple[Plain, ...]]:
    """Return what is decided about a column of texts, and the values that DuckDB makes of it."""
    with duckdb.connect() as database:
        database.execute("CREATE TABLE raw AS SELECT i AS _row, t AS c1 FROM (SELECT unnest($1::VARCHAR[]) t, unnest(range(len($1))) i)", [cells])
        decision = decide(facts.measure(database, "raw", "c1"), label=label, captions=captions)
        rows = database.execute(f"SELECT {decision.expression('c1')} FROM raw ORDER BY _row").fetchall()
    return decision, tuple(v.isoformat() if isinstance(v, date | datetime | time) else v for (v,) in rows)
