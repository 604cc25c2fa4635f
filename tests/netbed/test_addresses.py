"""Endpoints written as addresses, redirects, and networks that lead nowhere; the same directly and through LiteLLM."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]

_SMALL_S = 0.4


async def test_a_private_address_as_endpoint_answers_where_the_certificate_names_it(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("literal-private", hop)
    assert outcome.answer.text == "Hello from literal-private."
    assert outcome.seen.connections == {world.NAMED_BY_ADDRESS: 1}


@pytest.mark.parametrize(
    ("place", "address"), [("literal-wrong-name", world.ENDPOINT), ("literal-mapped", world.NAMED_BY_ADDRESS)]
)
async def test_a_private_address_as_endpoint_is_called_and_its_certificate_is_not_for_it(
    bed: Bed, hop: Hop, place: str, address: str
) -> None:
    """N7, as with Azure: its certificates name hosts, not addresses."""
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == ["tls.hostname_mismatch"]
    assert (outcome.seen.connections, outcome.seen.asked) == ({address: 1}, {})


@pytest.mark.parametrize("place", ["literal-public", "literal-public-v6", "literal-public-mapped", "literal-link-local"])
async def test_another_address_as_endpoint_is_refused_before_a_packet_is_sent(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == ["net.dns_public_for_private"]
    assert (outcome.seen.connections, outcome.seen.public_packets) == ({}, 0)


async def test_a_redirect_is_named_and_nothing_follows_it(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("redirected", hop)
    assert outcome.answer.causes == ["net.redirected"]
    assert (outcome.seen.connections, outcome.seen.public_packets) == ({world.ENDPOINT: 1}, 0)


async def test_dropped_packets_are_named_within_the_connect_limit(bed: Bed, hop: Hop) -> None:
    """N6: a firewall, or a private endpoint that nobody approved."""
    outcome = await bed.ask("dropped", hop)
    assert outcome.answer.causes == ["net.connect_timeout"]
    assert world.CONNECT_S <= outcome.seconds < world.CONNECT_S + _SMALL_S


@pytest.mark.parametrize(
    ("place", "cause"),
    [
        ("closed", "net.refused"),
        ("unreachable", "net.unreachable"),
        pytest.param(
            "blackhole",
            "net.unreachable",
        ),
        pytest.param(
            "prohibited",
            "net.unreachable",
        ),
    ],
)
async def test_a_way_that_ends_is_named_at_once(bed: Bed, hop: Hop, place: str, cause: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == [cause]
    assert outcome.seconds < world.CONNECT_S


@pytest.mark.parametrize("place", ["dropped", "zone-not-linked", "servfail", "closed", "wrong-ca", "proxy-refuses"])
async def test_a_second_private_route_answers_where_the_first_is_broken(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop, "healthy")
    assert outcome.answer.text == "Hello from healthy."
    assert outcome.answer.routes == ["litellm" if hop == "litellm" else place, "healthy"]
    assert outcome.answer.causes[0] is not None
    assert outcome.seen.public_packets == 0


async def test_a_kept_connection_that_falls_silent_is_named_and_the_next_route_answers(bed: Bed) -> None:
    """A firewall that forgets what already flowed; LiteLLM's hop keeps its connections from call to call."""
    assert (await bed.ask("falls-silent", "litellm")).answer.text == "Hello from falls-silent."
    with bed.spaces.dropping(world.SILENT_ENDPOINT):
        outcome = await bed.ask("falls-silent", "litellm", "healthy")
    assert outcome.answer.causes == ["stream.silent", None]
    assert outcome.answer.text == "Hello from healthy."
    assert outcome.seen.connections == {world.ENDPOINT: 1}
