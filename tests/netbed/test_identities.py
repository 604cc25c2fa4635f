"""Entra ID from inside the network: the machine's identity on its link-local address, and what breaks it."""

import time

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop, call

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]

_LATE_S = 4
"""When TCP has sent again what was dropped."""


async def test_the_managed_identitys_token_is_fetched_and_accepted(bed: Bed, hop: Hop) -> None:
    """169.254.169.254 is no place for prompts, and the very place for tokens."""
    outcome = await bed.ask("managed", hop)
    assert outcome.answer.text == "Hello from managed."
    assert (set(outcome.seen.identity), outcome.seen.connections) == ({"imds"}, {world.ENDPOINT: 1})


async def test_the_token_is_fetched_beside_the_proxy_that_the_call_goes_through(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("managed-proxied", hop)
    assert outcome.answer.text == "Hello from managed-proxied."
    assert outcome.seen.targets == {f"3128 {world.ENDPOINT}:443": 1}


async def test_an_identity_that_is_not_assigned_is_named(bed: Bed, hop: Hop) -> None:
    """A9."""
    await bed.seen(identity={"mode": "A9"})
    outcome = await bed.ask("managed-unassigned", hop)
    await bed.seen(identity={"mode": "good"})
    assert outcome.answer.causes == ["entra.identity_not_assigned"]
    assert outcome.seen.connections == {}


async def test_an_authority_that_refuses_connections_is_named(bed: Bed, hop: Hop) -> None:
    """A13: no way out to the sign-in host."""
    outcome = await bed.ask("authority-gone", hop)
    assert outcome.answer.causes == ["entra.unreachable"]
    assert outcome.seen.connections == {}


@pytest.mark.parametrize("place", ["authority-dropped", "managed-dropped"])
async def test_an_identity_whose_packets_are_dropped_is_named(bed: Bed, hop: Hop, place: str) -> None:
    with bed.spaces.dropping(world.IMDS):
        outcome = await bed.ask(place, hop)
    assert outcome.answer.causes in (["entra.unreachable"], ["entra.identity_missing"])


async def test_a_second_route_answers_where_the_identity_is_silent(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("authority-dropped", hop, "healthy")
    assert outcome.answer.text == "Hello from healthy."


async def test_a_call_that_was_given_up_is_not_made_after_its_process_has_left(bed: Bed) -> None:
    """As a script or `chatsheet ask` leaves; LiteLLM goes on, and the egress calls Azure once it has a token."""
    with bed.spaces.dropping(world.IMDS):
        await bed.answers([{**call("given-up", "litellm"), "leaves": True}])
    until = time.monotonic() + _LATE_S
    while time.monotonic() < until:
        assert "given-up" not in (await bed.seen()).asked
