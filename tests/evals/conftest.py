"""The shipped pack."""

import pytest

from chatsheet.evals import pack
from chatsheet.evals.pack import Pack


@pytest.fixture(scope="session")
def office() -> Pack:
    """Return the pack `office`."""
    return pack.load("office")
