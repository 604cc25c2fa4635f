"""An import as its caller notices it: it tells how far it is, shows rows early, and disappears when it is cancelled."""

import asyncio
from pathlib import Path

import pytest

from chatsheet.sheets.ingest.progress import Progress
from chatsheet.sheets.query import Engine
from tests.harness import ROOT
from tests.sheets import workers

pytestmark = pytest.mark.anyio


async def test_progress_only_grows_and_ends_at_one(engine: Engine, tmp_path: Path) -> None:
    told: list[Progress] = []
    workbook = await engine.load(ROOT / "examples" / "sales.xlsx", tmp_path / "base.duckdb", told.append)
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    assert (told[-1].fraction, told[-1].rows) == (1, sum(table.rows for table in workbook.tables))


async def test_the_first_rows_of_the_first_table_are_shown_once_and_before_it_is_typed(engine: Engine, tmp_path: Path) -> None:
    told: list[Progress] = []
    await engine.load(ROOT / "examples" / "sales.xlsx", tmp_path / "base.duckdb", told.append)
    shown = [one for one in told if one.first is not None]
    assert len(shown) == 1
    assert shown[0].first is not None
    assert len(shown[0].first.rows) == 200
    assert shown[0].first.rows[0][:2] == ("00001", "2025-09-28")
    assert shown[0].rows == 0


async def test_a_cancelled_import_leaves_no_process_and_no_file(engine: Engine, tmp_path: Path) -> None:
    source = tmp_path / "large.csv"
    source.write_text("a,b\n" + "1,2\n" * 3_000_000)
    begun = asyncio.Event()
    loading = asyncio.create_task(engine.load(source, tmp_path / "base.duckdb", lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 20)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    await workers.ended(workers.running())
    assert [path.name for path in tmp_path.iterdir()] == ["large.csv"]
