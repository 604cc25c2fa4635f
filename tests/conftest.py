"""Fixtures that every test may use; each test builds its own services in its own folder."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.chain import hybrid
from tests.harness import ROOT, Wire, start_wire

__all__ = ["hybrid"]  # a fixture of the whole session


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
