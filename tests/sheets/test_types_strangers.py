"""A hundred columns of strangers come out as a careful analyst reads them."""

import pytest

from chatsheet.sheets.ingest.types_model import SURE_ENOUGH
from tests.sheets.columns import read
from tests.sheets.strange_columns import STRANGERS, Stranger


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: f"{stranger.label}: {stranger.cells[0]}")
def test_a_strangers_column_comes_out_as_an_analyst_reads_it(stranger: Stranger) -> None:
    decision, values = read(stranger.cells, stranger.label, stranger.captions)
    assert (decision.type, decision.unit) == (stranger.type, stranger.unit), decision.evidence
    assert values == stranger.values, decision.expression("c1")
    assert (decision.confidence < SURE_ENOUGH) == stranger.asks, decision.evidence
