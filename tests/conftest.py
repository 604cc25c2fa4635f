"""Fixtures that every test may use; each test builds its own services in its own folder."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]  it ships none
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs]  it ships none

from chatsheet.core.settings import FilesSettings
from chatsheet.db.engine import Database, open_database
from tests import harness, stores
from tests.chain import hybrid
from tests.harness import ROOT, Wire, start_wire
from tests.postgres import Server, serving

__all__ = ["hybrid"]  # a fixture of the whole session

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

TOGETHER = {
    "tests/netbed/": "netbed",
    "tests/e2e/test_litellm": "litellm",
    "tests/e2e/test_foreign_litellm": "litellm",
    "tests/e2e/test_under_load": "litellm",
    "tests/contracts/test_parity": "litellm",
    "tests/evals/test_scripted": "evals",
}
"""Tests that share what takes long to start, by the beginning of their path: each group runs in one process."""


class ByPlace(LoadScopeScheduling):
    """Keeps groups together; xdist 3.8's own grouping by mark has no effect under pytest 9.2, which reads another attribute."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for place, group in TOGETHER.items() if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace | None:
    """Take our scheduler where groups are asked for."""
    return ByPlace(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give whole processes and browsers two more tries and all else one: a busy machine stands still for seconds.

    `-ra` tells of each second try: a bug to mend, where it was not the machine. What hypothesis found it finds again.
    """
    for item in items:
        if not item.get_closest_marker("flaky"):
            item.add_marker(pytest.mark.flaky(reruns=2 if item.get_closest_marker("slow") else 1))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop kind, shared by a whole session where a fixture wants it."""
    return "asyncio"


@pytest.fixture
def sales() -> Path:
    """The sample workbook."""
    return ROOT / "examples" / "sales.xlsx"


@pytest.fixture
async def wire(anyio_backend: str) -> AsyncGenerator[Wire, None]:
    """The simulator with the scripted brain, served on loopback by this very process."""
    del anyio_backend
    async with start_wire() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Server, None, None]:
    """A Postgres server of this test process."""
    with serving() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_at(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path | str, None, None]:
    """Where a database of this test's own is: a SQLite file that is not there yet, then a migrated Postgres database."""
    if request.param == "sqlite":
        yield tmp_path / "state.sqlite"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield url


@pytest.fixture
async def database(anyio_backend: str, database_at: Path | str) -> AsyncGenerator[Database, None]:
    """A database of this test's own, on SQLite and then on Postgres."""
    del anyio_backend
    opened = await open_database(database_at)
    yield opened
    await opened.close()


@pytest.fixture
def each_database(database_at: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test on SQLite, then on Postgres; settings that it reads and programs that it starts learn it from variables."""
    if isinstance(database_at, str):
        monkeypatch.setenv(harness.DATABASE, database_at)
        monkeypatch.setenv("CHATSHEET_DATABASE_URL", f"env:{harness.DATABASE}")


_NO_AZURITE = pytest.mark.skipif(not stores.azurite(), reason="the emulator of Azure Blob is not there: run `make store-tools`")


@pytest.fixture(scope="session")
def moto() -> Generator[stores.Store, None, None]:
    """An S3 of this test process."""
    with stores.serving("s3") as store:
        yield store


@pytest.fixture(scope="session")
def blobs() -> Generator[stores.Store, None, None]:
    """An Azure Blob of this test process."""
    with stores.serving("az") as store:
        yield store


@pytest.fixture(params=["moto", pytest.param("blobs", marks=_NO_AZURITE)])
def files(request: pytest.FixtureRequest) -> FilesSettings:
    """A fresh bucket of each kind of store."""
    store: stores.Store = request.getfixturevalue(request.param)
    return store.settings()
