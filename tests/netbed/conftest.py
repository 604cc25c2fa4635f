"""The bed, built once for all tests of this folder; skipped with the reason where it cannot stand."""

import os
from collections.abc import AsyncGenerator

import pytest

from tests.netbed import bed as beds
from tests.netbed import namespaces
from tests.netbed.bed import Bed, Hop
from tests.netbed.namespaces import NoNamespaces


@pytest.fixture(scope="session")
async def bed(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bed, None]:
    """Build both namespaces with everything in them."""
    del anyio_backend
    if reason := namespaces.why_not(is_root=os.geteuid() == 0):
        pytest.skip(reason)
    try:
        async with beds.standing(tmp_path_factory.mktemp("netbed")) as standing:
            await standing.ask("healthy", "litellm")  # the first call of a fresh LiteLLM is slow
            yield standing
            assert standing.spaces.packets()["public"] == 0, "a packet arrived where none may"
    except NoNamespaces as error:
        pytest.skip(f"network namespaces are not allowed here: {error}")


@pytest.fixture(params=["direct", "litellm"])
def hop(request: pytest.FixtureRequest) -> Hop:
    """Both ways: what holds for the direct route holds for what LiteLLM sends."""
    return request.param
