"""All listeners together: set over the control port, counted, and described with settings that work."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from pydantic import ValidationError

from chatsheet.core import loose
from chatsheet.simulator.listeners.certificates import NAME
from chatsheet.simulator.network import Network
from tests.harness import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
async def network(wire: Wire) -> AsyncGenerator[Network, None]:
    """The listeners in front of the simulator."""
    async with Network(("127.0.0.1", wire.port)) as running:
        yield running


def told(network: Network) -> dict[str, object]:
    """Return everything that can be set."""
    return {
        "dns": network.dns.get(NAME).mode,
        "addresses": network.dns.get(NAME).addresses,
        "tls": network.tls.mode,
        "proxy": network.proxy.mode,
        "credentials": network.proxy.credentials,
        "identity": network.identity.now_plays.mode,
        "tenant": network.identity.now_plays.tenant,
    }


@pytest.mark.parametrize(
    ("listener", "order", "change"),
    [
        ("dns", {"mode": "public"}, {"dns": "public"}),
        ("dns", {"addresses": ["10.0.0.1"]}, {"addresses": ("10.0.0.1",)}),
        ("tls", {"mode": "expired"}, {"tls": "expired"}),
        ("proxy", {"mode": "refuse"}, {"proxy": "refuse"}),
        ("proxy", {"mode": "need-auth", "credentials": "u:p"}, {"proxy": "need-auth", "credentials": "u:p"}),
        ("identity", {"mode": "A9"}, {"identity": "A9"}),
        ("identity", {"tenant": "other"}, {"tenant": "other"}),
    ],
)
async def test_an_order_changes_what_it_names_and_nothing_else(
    network: Network, listener: str, order: dict[str, object], change: dict[str, object]
) -> None:
    before = told(network)
    assert network.set(listener, loose.dumps(order).encode())
    assert told(network) == {**before, **change}


@pytest.mark.parametrize(
    ("listener", "order"),
    [
        ("dns", {"mode": "sometimes"}),
        ("dns", {"addresses": ["10.0.0.256"]}),
        ("tls", {}),
        ("tls", {"mode": "good", "often": 1}),
        ("proxy", {"mode": "open"}),
        ("identity", {"mode": "A1"}),
        ("identity", []),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(network: Network, listener: str, order: object) -> None:
    before = told(network)
    with pytest.raises(ValidationError):
        network.set(listener, loose.dumps(order).encode())
    assert told(network) == before


async def test_a_new_name_is_known_from_then_on(network: Network) -> None:
    network.set("dns", b'{"name": "other.openai.azure.com", "addresses": ["10.0.0.2"]}')
    assert network.dns.get("other.openai.azure.com").addresses == ("10.0.0.2",)


async def test_an_unknown_listener_is_not_set(network: Network) -> None:
    assert not network.set("silent", b"{}")


async def test_every_port_is_described_and_all_differ(network: Network, tmp_path: Path) -> None:
    said = network.describe(network.write_ca(tmp_path / "ca.pem"))
    ports = set(re.findall(r"(?::|-p )(\d+)", said)) - {"443"}
    assert len(ports) == 9
    assert str(tmp_path / "ca.pem") in said


async def test_what_the_listeners_saw_is_counted(network: Network) -> None:
    assert set(network.seen()) == {"dns", "tls", "silent", "reset", "proxy", "identity"}
