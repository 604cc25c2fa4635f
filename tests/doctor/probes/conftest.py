"""What the tests of the probes share."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.doctor.probes import stage
from tests.doctor.probes.stage import Resource
from tests.harness import Wire


@pytest.fixture
async def resource(wire: Wire, tmp_path: Path) -> AsyncGenerator[Resource, None]:
    """A resource on loopback."""
    async with stage.resource(wire, tmp_path) as served:
        yield served
