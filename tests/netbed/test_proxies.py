"""A client proxy in the way: which routes go through it, under which target, and what it may refuse."""

import pytest

from tests.netbed import world
from tests.netbed.bed import Bed, Hop

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]

TARGET = f"{world.ENDPOINT}:443"


@pytest.mark.parametrize("place", ["proxied", "proxied-rebinding-"])
async def test_the_proxy_is_told_the_address_that_was_checked(bed: Bed, hop: Hop, place: str) -> None:
    name = f"{place}{hop}" if place.endswith("-") else place
    outcome = await bed.ask(name, hop)
    assert outcome.answer.text == f"Hello from {name}."
    assert outcome.seen.targets == {f"3128 {TARGET}": 1}


async def test_the_proxy_looks_the_name_up_where_a_route_need_not_be_private(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("proxied-anywhere", hop)
    assert outcome.answer.text == "Hello from proxied-anywhere."
    assert outcome.seen.targets == {f"3128 {world.host('proxied-anywhere')}:443": 1}


@pytest.mark.parametrize("place", ["proxied-public-name", "proxied-literal-public", "spared-public"])
async def test_the_proxy_is_not_even_asked_where_the_address_is_not_private(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == ["net.dns_public_for_private"]
    assert (outcome.seen.targets, outcome.seen.public_packets) == ({}, 0)


async def test_the_certificate_is_checked_for_the_name_through_the_proxy_too(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("proxied-wrong-name", hop)
    assert outcome.answer.causes == ["tls.hostname_mismatch"]
    assert (outcome.seen.targets, outcome.seen.asked) == ({f"3128 {TARGET}": 1}, {})


@pytest.mark.parametrize(
    ("place", "cause", "targets"),
    [
        ("proxy-refuses", "net.proxy_refused", {f"3129 {TARGET}": 1}),
        ("proxy-wants-login", "net.proxy_auth", {f"3130 {TARGET}": 1}),
        ("proxy-refuses-login", "net.proxy_auth", {f"3130 {TARGET}": 1}),
        ("proxy-gone", "net.proxy_unreachable", {}),
        pytest.param(
            "proxy-dropped",
            "net.proxy_unreachable",
            {},
        ),
    ],
)
async def test_what_the_proxy_does_is_named_as_the_proxys(
    bed: Bed, hop: Hop, place: str, cause: str, targets: dict[str, int]
) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == [cause]
    assert (outcome.seen.targets, outcome.seen.connections) == (targets, {})


async def test_a_proxy_is_found_by_its_name(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("proxied-by-name", hop)
    assert outcome.answer.text == "Hello from proxied-by-name."
    assert outcome.seen.targets == {f"3128 {TARGET}": 1}


@pytest.mark.parametrize(
    "place",
    [
        "proxy-public-name",
        pytest.param(
            "proxy-public-literal",
        ),
    ],
)
async def test_a_private_route_takes_no_proxy_at_a_public_address(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.causes == ["net.dns_public_for_private"]
    assert outcome.seen.permitted_packets == 0


async def test_a_sign_in_page_for_a_tunnel_is_no_answer(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("proxy-signs-in", hop)
    assert set(outcome.answer.causes) == {"net.reset"}
    assert outcome.seen.asked == {}


async def test_the_proxys_login_is_sent_to_it(bed: Bed, hop: Hop) -> None:
    outcome = await bed.ask("proxy-takes-login", hop)
    assert outcome.answer.text == "Hello from proxy-takes-login."
    assert outcome.seen.targets == {f"3130 {TARGET}": 1}


@pytest.mark.parametrize("place", ["spared-host", "spared-suffix", "spared-network"])
async def test_what_no_proxy_names_goes_around_the_proxy(bed: Bed, hop: Hop, place: str) -> None:
    outcome = await bed.ask(place, hop)
    assert outcome.answer.text == f"Hello from {place}."
    assert outcome.seen.targets == {}


async def test_what_no_proxy_does_not_name_goes_to_the_proxy(bed: Bed, hop: Hop) -> None:
    assert (await bed.ask("spared-other", hop)).answer.causes == ["net.proxy_refused"]


async def test_a_proxy_that_the_environment_names_is_not_asked(bed: Bed, hop: Hop) -> None:
    """HTTPS_PROXY and its kin lead to a proxy that refuses; both processes have them."""
    assert bed.env["HTTPS_PROXY"] == bed.env["ALL_PROXY"] == f"http://{world.PROXY}:3129"
    outcome = await bed.ask("healthy", hop)
    assert outcome.answer.text == "Hello from healthy."
    assert outcome.seen.targets == {}
