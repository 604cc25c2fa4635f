"""What DNS says of a private endpoint decides: proven private, or not a packet; the same directly and through LiteLLM."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop, call

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]

_SMALL_S = 0.4
BOTH = ["", "-own"]
"""Names are looked up as the machine does, and with name servers of the route's own."""


@pytest.mark.parametrize("own", BOTH)
@pytest.mark.parametrize(
    ("place", "address"),
    [("reachable", world.ENDPOINT), ("reachable-v6", world.ENDPOINT_V6), ("reachable-mapped", world.ENDPOINT)],
)
async def test_a_private_endpoint_answers(bed: Bed, hop: Hop, place: str, address: str, own: str) -> None:
    outcome = await bed.ask(place + own, hop)
    assert outcome.answer.text == f"Hello from {place}{own}."
    assert outcome.answer.proofs == ["egress" if hop == "litellm" else "direct"]
    assert outcome.seen.connections == {address: 1}


@pytest.mark.parametrize("own", BOTH)
@pytest.mark.parametrize("place", ["zone-not-linked", "zone-not-linked-v6", "mapped-public", "link-local", "loopback"])
async def test_a_name_that_leads_elsewhere_is_refused_before_a_packet_is_sent(bed: Bed, hop: Hop, place: str, own: str) -> None:
    outcome = await bed.ask(f"{place}{own}", hop)
    assert outcome.answer.causes == ["net.dns_public_for_private"]
    assert (outcome.seen.connections, outcome.seen.asked, outcome.seen.public_packets) == ({}, {}, 0)


@pytest.mark.parametrize("place", ["anywhere", "named-network"])
async def test_packets_to_a_public_address_are_seen_where_a_route_may_go_there(bed: Bed, hop: Hop, place: str) -> None:
    """The proof that the counter of the test above counts."""
    outcome = await bed.ask(place, hop)
    assert outcome.answer.text == f"Hello from {place}."
    assert outcome.seen.connections == {world.PERMITTED: 1}
    assert outcome.seen.permitted_packets >= 3


@pytest.mark.parametrize("own", BOTH)
@pytest.mark.parametrize(
    ("place", "cause"),
    [
        ("no-such-name", "net.dns_failed"),
        ("no-record", "net.dns_no_address"),
        ("servfail", "net.dns_servfail"),
        ("slow-dns", "net.dns_timeout"),
        ("silent-dns", "net.dns_timeout"),
    ],
)
async def test_what_dns_lacks_is_named_within_the_connect_limit(bed: Bed, hop: Hop, place: str, cause: str, own: str) -> None:
    outcome = await bed.ask(f"{place}{own}", hop)
    assert outcome.answer.causes == [cause]
    assert outcome.seconds < world.CONNECT_S + _SMALL_S
    assert outcome.seen.connections == {}


async def test_a_missing_record_behind_an_alias_is_named_by_name_servers_of_the_route(bed: Bed, hop: Hop) -> None:
    assert (await bed.ask("no-record-aliased-own", hop)).answer.causes == ["net.dns_no_address"]


async def test_a_missing_record_behind_an_alias_is_named_by_the_machines_resolver(bed: Bed, hop: Hop) -> None:
    assert (await bed.ask("no-record-aliased", hop)).answer.causes == ["net.dns_no_address"]


@pytest.mark.parametrize("place", ["known-there-only", "known-to-the-second"])
async def test_a_route_asks_its_own_name_servers_where_the_machines_one_is_silent(bed: Bed, hop: Hop, place: str) -> None:
    assert (await bed.ask(place, hop)).answer.text == f"Hello from {place}."


async def test_a_name_server_that_is_not_there_is_named(bed: Bed, hop: Hop) -> None:
    assert (await bed.ask("no-dns-there", hop)).answer.causes == ["net.dns_timeout"]


@pytest.mark.parametrize("own", BOTH)
async def test_of_several_addresses_only_the_private_one_is_called(bed: Bed, hop: Hop, own: str) -> None:
    outcome = await bed.ask(f"mixed{own}", hop)
    assert outcome.answer.text == f"Hello from mixed{own}."
    assert (outcome.seen.connections, outcome.seen.public_packets) == ({world.ENDPOINT: 1}, 0)


@pytest.mark.parametrize("own", BOTH)
async def test_a_private_address_that_refuses_does_not_lead_to_the_public_one_beside_it(bed: Bed, hop: Hop, own: str) -> None:
    outcome = await bed.ask(f"mixed-closed{own}", hop)
    assert outcome.answer.causes == ["net.refused"]
    assert (outcome.seen.connections, outcome.seen.public_packets) == ({}, 0)


@pytest.mark.parametrize("own", BOTH)
async def test_a_name_that_turns_public_between_check_and_connect_changes_nothing(bed: Bed, hop: Hop, own: str) -> None:
    """Rebinding: the first look-up says private, every later one says public."""
    place = f"rebinding-{hop}{own}"
    first, second = await bed.ask(place, hop), await bed.ask(place, hop)
    assert first.answer.text == f"Hello from {place}."
    assert first.seen.connections == {world.ENDPOINT: 1}
    # LiteLLM's hop goes on over the connection that was checked; a new one is refused
    assert second.answer.causes == ([None] if hop == "litellm" else ["net.dns_public_for_private"])
    assert (second.seen.connections, second.seen.public_packets) == ({}, 0)


async def test_linking_the_zone_mends_a_route_while_everything_runs(bed: Bed, hop: Hop) -> None:
    place = f"linked-while-running-{hop}"
    assert (await bed.ask(place, hop)).cause == "net.dns_public_for_private"
    await bed.seen(link=world.host(place))
    assert (await bed.ask(place, hop)).answer.text == f"Hello from {place}."


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(
            "",
        ),
        "-own",
    ],
)
async def test_a_slow_name_server_of_one_route_does_not_slow_another(bed: Bed, own: str) -> None:
    crowd = [call(f"crowd{own}", "direct")] * 40
    async with bed.beside() as beside:
        *_, bystander = await beside.answers([*crowd, call(f"bystander{own}", "direct")])
    assert bystander.text == f"Hello from bystander{own}."
