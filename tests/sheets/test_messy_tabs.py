"""Tabs as strangers make them, found to the row and column; what is known to be read otherwise is named here."""

import random

import pytest

from chatsheet.sheets.ingest import regions
from tests.sheets import messes, messy_tabs, messy_tabs_more
from tests.sheets.messy_tabs import Write

MISSED: frozenset[str] = frozenset()


@pytest.mark.parametrize("write", [*messy_tabs.TABS, *messy_tabs_more.TABS], ids=lambda write: write.__name__)
def test_a_messy_tab_is_read_as_a_person_reads_it(write: Write) -> None:
    wrong: list[int] = []
    for seed in range(6):
        tab = messes.Tab(random.Random(seed))  # noqa: S311  not for secrets
        write(tab)
        found = regions.find_all(tab.grid(as_texts=seed % 2 == 1))
        if sorted((one.range, one.header_rows, one.totals, one.left_out) for one in found) != tab.truth:
            wrong.append(seed)
    assert bool(wrong) == (write.__name__ in MISSED), f"not so with seeds {wrong}"
