"""The doctor, run where our programs run, names each fault of the network; nothing arrives where nothing may."""

import pytest

from chatsheet.doctor.model import PathReport, RungName
from tests.netbed import world
from tests.netbed.bed import Bed, Examined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("netbed")]

FAULTS: list[tuple[str, RungName, str]] = [
    ("no-such-name", "dns", "net.dns_failed"),
    ("no-record", "dns", "net.dns_no_address"),
    ("no-record-aliased", "dns", "net.dns_no_address"),
    ("servfail", "dns", "net.dns_servfail"),
    ("slow-dns", "dns", "net.dns_timeout"),
    ("silent-dns", "dns", "net.dns_timeout"),
    ("no-dns-there", "dns", "net.dns_timeout"),
    ("zone-not-linked", "dns", "net.dns_public_for_private"),
    ("zone-not-linked-v6", "dns", "net.dns_public_for_private"),
    ("mapped-public", "dns", "net.dns_public_for_private"),
    ("link-local", "dns", "net.dns_public_for_private"),
    ("loopback", "dns", "net.dns_public_for_private"),
    ("literal-public", "dns", "net.dns_public_for_private"),
    ("half-linked", "dns", "net.zone_missing"),
    ("proxied-public-name", "dns", "net.dns_public_for_private"),
    ("proxy-public-name", "proxy", "net.dns_public_for_private"),
    ("proxy-public-literal", "proxy", "net.dns_public_for_private"),
    ("closed", "tcp", "net.refused"),
    ("mixed-closed", "tcp", "net.refused"),
    ("dropped", "tcp", "net.connect_timeout"),
    ("unreachable", "tcp", "net.unreachable"),
    ("blackhole", "tcp", "net.unreachable"),
    ("prohibited", "tcp", "net.unreachable"),
    ("proxy-refuses", "tcp", "net.proxy_refused"),
    ("proxy-wants-login", "tcp", "net.proxy_auth"),
    ("proxy-refuses-login", "tcp", "net.proxy_auth"),
    ("proxy-signs-in", "tcp", "provider.not_json"),
    ("proxy-gone", "tcp", "net.proxy_unreachable"),
    ("proxy-dropped", "tcp", "net.proxy_unreachable"),
    ("wrong-ca", "tls", "tls.untrusted_ca"),
    ("no-ca-file", "tls", "tls.untrusted_ca"),
    ("intercepted", "tls", "tls.intercepted"),
    ("expired", "tls", "tls.expired"),
    ("plain-text", "tls", "tls.failed"),
    ("privatelink", "settings", "tls.hostname_mismatch"),
    ("literal-wrong-name", "tls", "tls.hostname_mismatch"),
    ("proxied-wrong-name", "settings", "tls.hostname_mismatch"),
    ("ca-file-gone", "tls", "tls.ca_file"),
]
"""Each place of the bed that is ill, the rung that breaks, and the cause."""
CALLS_SAY = {"half-linked": "net.dns_public_for_private", "proxy-signs-in": "net.reset"}
"""Where the path through LiteLLM, of which only calls tell, shows less."""


def causes(path: PathReport) -> list[str]:
    """Return everything that was found."""
    return [found.cause for found in path.findings]


def broken(path: PathReport) -> list[RungName]:
    """Return the rungs that do not hold."""
    return [rung.name for rung in path.rungs if rung.status == "broken"]


@pytest.mark.parametrize(("place", "rung", "cause"), FAULTS)
async def test_a_fault_of_the_network_is_named_at_its_rung(bed: Bed, place: str, rung: RungName, cause: str) -> None:
    outcome = await bed.examine(place)
    path = outcome.paths[place]
    assert (path.state, broken(path), path.cause) == ("ill", [rung], cause)
    above = "settings" if rung == "settings" else "upstream"
    through = outcome.paths[f"litellm → {place}"]
    assert (through.state, broken(through), through.cause) == ("ill", [above], CALLS_SAY.get(place, cause))
    assert path.private is None or not path.private.is_proven
    assert (place in outcome.seen.asked, outcome.seen.public_packets) == (False, 0)


async def test_an_identity_that_is_not_assigned_is_named_on_a_path_that_is_proven(bed: Bed) -> None:
    """A9: the network is in order, and the machine is not."""
    await bed.seen(identity={"mode": "A9"})
    outcome = await bed.examine("examined-unassigned")
    await bed.seen(identity={"mode": "good"})
    path = outcome.paths["examined-unassigned"]
    assert (broken(path), path.cause) == (["auth"], "entra.identity_not_assigned")
    assert path.private is not None
    assert path.private.is_proven
    assert "examined-unassigned" not in outcome.seen.asked


async def test_an_authority_that_refuses_connections_is_named(bed: Bed) -> None:
    """A13."""
    path = (await bed.examine("authority-gone")).paths["authority-gone"]
    assert (broken(path), path.cause) == (["auth"], "entra.unreachable")


async def test_an_identity_whose_packets_are_dropped_is_named(bed: Bed) -> None:
    with bed.spaces.dropping(world.IMDS):
        path = (await bed.examine("examined-dropped")).paths["examined-dropped"]
    assert broken(path) == ["auth"]
    assert path.cause in {"entra.unreachable", "entra.identity_missing"}


@pytest.mark.parametrize(
    "place",
    [
        "examined",
        "examined-own",
        "examined-v6",
        "examined-proxied",
        "examined-spared",
        "examined-login",
        "examined-managed",
    ],
)
async def test_a_healthy_route_is_proven_private(bed: Bed, place: str) -> None:
    outcome = await bed.examine(place)
    path = outcome.paths[place]
    assert (path.state, path.cause) == ("healthy", "")
    assert path.private is not None
    assert (path.private.is_proven, path.private.peer_class, path.private.hosts[0].address_class) == (
        True,
        "private",
        "private",
    )
    assert path.private.hosts[0].chain == (f"{place}.privatelink.{world.ZONE}",)
    assert outcome.seen.public_packets == 0


async def test_through_litellm_the_direct_paths_proof_holds(bed: Bed) -> None:
    path = (await bed.examine("examined")).paths["litellm → examined"]
    assert (path.state, path.cause) == ("healthy", "")
    assert path.private is not None
    assert path.private.is_proven


async def test_public_addresses_beside_private_ones_spoil_the_proof_and_get_no_packet(bed: Bed) -> None:
    outcome = await bed.examine("examined-mixed")
    path = outcome.paths["examined-mixed"]
    assert path.private is not None
    assert (path.state, path.private.is_proven, path.private.hosts[0].address_class) == ("healthy", False, "public")
    assert outcome.seen.public_packets == 0


async def test_a_zone_that_is_missing_for_another_name_is_a_warning(bed: Bed) -> None:
    path = (await bed.examine("half-linked-beside")).paths["half-linked-beside"]
    assert (path.state, causes(path)[0]) == ("healthy", "net.zone_missing")


async def test_a_name_that_turns_public_is_a_warning(bed: Bed) -> None:
    outcome = await bed.examine("examined-rebinding")
    assert "net.dns_differs" in causes(outcome.paths["examined-rebinding"])
    assert outcome.seen.public_packets == 0


# ── the negative test ──


def public_path(outcome: Examined, place: str) -> tuple[bool, str]:
    """Return whether a place is proven private, and what was seen of its public path."""
    private = outcome.paths[place].private
    assert private is not None
    return private.is_proven, private.public_path


async def test_a_public_path_that_is_refused_completes_the_proof(bed: Bed) -> None:
    assert public_path(await bed.examine("closed-to-all", world.OWN_DNS), "closed-to-all") == (True, "refused")


async def test_a_public_path_that_is_open_is_found(bed: Bed) -> None:
    """N13."""
    outcome = await bed.examine("open-to-all", world.OWN_DNS)
    assert public_path(outcome, "open-to-all") == (False, "open")
    assert "azure.public_access_open" in causes(outcome.paths["open-to-all"])


async def test_without_a_public_name_server_nobody_knocks(bed: Bed) -> None:
    outcome = await bed.examine("open-to-all")
    assert public_path(outcome, "open-to-all") == (True, "not_tested")
    assert outcome.seen.permitted_packets == 0
