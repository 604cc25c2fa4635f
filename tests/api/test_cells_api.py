"""The first cells of a tab, as the imported file has them."""

from pathlib import Path

import pytest
import xlsxwriter

from chatsheet.core import loose
from tests.api.conftest import Served
from tests.api.test_api import code_of
from tests.api.test_edits_api import edits, posted, sheet_of
from tests.harness import ROOT

pytestmark = pytest.mark.anyio
MESSY = ROOT / "examples" / "messy.xlsx"


async def cells(served: Served, url: str, **asked: str | int) -> dict[str, object]:
    async with served.client.get(f"{url}/cells", params=asked) as response:
        assert response.status == 200, await response.text()
        return dict(loose.obj(await response.json()))


async def test_titles_headers_and_totals_are_there_as_written(served: Served) -> None:
    url, _ = await sheet_of(served, MESSY)
    found = await cells(served, url, tab="Quarters")
    rows = loose.array(found["rows"])
    assert (found["top"], found["left"], found["last_row"], found["last_column"]) == (1, 1, 11, 5)
    assert loose.array(rows[4])[1:] == ["Q1", "Q2", "Q3", "Q4"]
    assert len(rows) == 11


async def test_they_are_those_of_the_file_also_after_edits(served: Served, sales: Path) -> None:
    url, version = await sheet_of(served, sales)
    before = await cells(served, url, tab="Orders")
    await posted(served, f"{url}/edits", edits(version, 123456))
    assert await cells(served, url, tab="Orders") == before


async def test_a_window_is_bounded_and_begins_where_asked(served: Served, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("\n".join(",".join(f"{r}x{c}" for c in range(1, 71)) for r in range(1, 101)))
    url, _ = await sheet_of(served, tmp_path / "wide.csv")
    found = await cells(served, url, tab="wide", top=20, left=31)
    rows = [loose.array(row) for row in loose.array(found["rows"])]
    assert (rows[0][0], rows[-1][-1], len(rows), len(rows[0])) == ("20x31", "79x70", 60, 40)


async def test_of_a_large_tab_only_the_head_is_read(served: Served, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "large.xlsx", {"constant_memory": True}) as book:
        for name in ("First", "Second"):
            sheet = book.add_worksheet(name)
            for row in range(60_000 if name == "First" else 5):
                sheet.write_row(row, 0, [name, "a", "b", "c"] if row else ["Name", "A", "B", "C"])
    url, _ = await sheet_of(served, tmp_path / "large.xlsx")
    for name in ("First", "Second"):
        rows = loose.array((await cells(served, url, tab=name))["rows"])
        assert loose.array(rows[4]) == [name, "a", "b", "c"]


async def test_no_such_tab_is_an_error(served: Served, sales: Path) -> None:
    url, _ = await sheet_of(served, sales)
    async with served.client.get(f"{url}/cells", params={"tab": "Nothing"}) as response:
        assert (response.status, await code_of(response)) == (404, "sheet.tab_not_found")
