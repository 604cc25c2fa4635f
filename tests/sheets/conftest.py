"""The sample workbook as a database, and services that live for one test."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatsheet.core.clock import SystemClock
from chatsheet.db.engine import open_database
from chatsheet.sheets import guard, worker
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.ingest import load
from chatsheet.sheets.library import Library
from chatsheet.sheets.model import Result, Workbook
from chatsheet.sheets.query import Engine
from tests.harness import ROOT, state_in


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample workbook, imported, with a way to ask it in this very process."""

    path: Path
    workbook: Workbook
    databases: worker.Databases

    @property
    def columns(self) -> dict[str, list[str]]:
        """SQL names of the tables and their columns."""
        return {table.id: [column.name for column in table.columns] for table in self.workbook.tables}

    def check(self, sql: str) -> GuardedSql:
        """Guard SQL for this workbook."""
        return guard.check(sql, self.columns)

    def run(self, sql: str) -> Result:
        """Run SQL with the limits of a query worker, without the process."""
        return worker.run_query(self.databases, path=str(self.path), sql=sql, max_rows=1000, max_bytes=1_000_000)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """examples/sales.xlsx: orders, targets and returns."""
    path = tmp_path_factory.mktemp("sample") / "base.duckdb"
    return Sample(path, load.load(ROOT / "examples" / "sales.xlsx", path), worker.Databases())


@pytest.fixture
async def engine(anyio_backend: str) -> AsyncGenerator[Engine, None]:
    """A pool of two query workers."""
    del anyio_backend
    engine = Engine()
    yield engine
    await engine.close()


@pytest.fixture
async def library(anyio_backend: str, engine: Engine, tmp_path: Path) -> AsyncGenerator[Library, None]:
    """A library over a fresh SQLite file; its folder is `tmp_path / "data"`."""
    del anyio_backend
    database = await open_database(state_in(tmp_path / "data"))
    library = Library(database=database, folder=tmp_path / "data", engine=engine, clock=SystemClock(), quiet_s=0)
    yield library
    await library.close()
    await database.close()
