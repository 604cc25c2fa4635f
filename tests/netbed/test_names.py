"""What DNS says of a private endpoint decides: proven private, or not a packet."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("place", ["reachable", "reachable-own", "known-there-only", "known-to-the-second"])
async def test_a_private_endpoint_answers(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.text == f"Hello from {place}."
    print(hop, outcome)
