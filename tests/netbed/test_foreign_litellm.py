"""A LiteLLM that others run, at a private address: guarded as far as itself, and taken at its word from there."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]


async def test_it_answers_unverified_where_settings_trust_it(bed: Bed) -> None:
    outcome = await bed.ask("foreign", "direct")
    assert outcome.answer.text == "Hello from foreign."
    assert (outcome.answer.proofs, outcome.seen.connections) == (["unverified"], {world.ENDPOINT: 1})


async def test_it_is_not_called_at_a_public_address(bed: Bed) -> None:
    outcome = await bed.ask("foreign-public", "direct")
    assert outcome.answer.causes == ["net.dns_public_for_private"]
    assert (outcome.seen.connections, outcome.seen.public_packets) == ({}, 0)
