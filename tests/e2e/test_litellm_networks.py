"""Entra ID, a private authority, name servers and the private guard: what the direct route has, the one through LiteLLM has."""

import pytest

from chatsheet.simulator.tokens import OTHER_TENANT, TokenRule
from tests.chain import PRIVATE_HOST, Hybrid, settle
from tests.contracts.exchanges import WORDS, answer
from tests.contracts.ways import Outcome, Way, ask, ask_all, gateway_on, pair, saying

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

BOTH = [pytest.param(way, id=str(way)) for way in pair("entra")]


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the managed identity that `litellm run` was started with."""
    for name, value in hybrid.listeners.identity.environment.items():
        monkeypatch.setenv(name, value)
    hybrid.wire.simulator.state.tokens = TokenRule(issued=hybrid.listeners.identity.issued)
    await settle(hybrid)


async def ask_both(hybrid: Hybrid, served: str) -> list[Outcome]:
    """Ask through LiteLLM and directly."""
    with saying(hybrid, *WORDS):
        return list((await ask_all(hybrid, pair(served))).values())


async def causes_of_both(hybrid: Hybrid, served: str) -> list[str]:
    """Return the causes through LiteLLM and directly."""
    return [outcome.cause for outcome in await ask_both(hybrid, served)]


@pytest.mark.parametrize("served", ["entra", "own_ca", "private"])
async def test_the_answer_is_the_same_through_litellm_and_directly(hybrid: Hybrid, served: str) -> None:
    assert await ask_both(hybrid, served) == [answer(WORDS)] * 2


async def test_entra_sends_a_token_and_no_key(hybrid: Hybrid) -> None:
    hybrid.wire.simulator.state.requests.clear()
    await ask_both(hybrid, "entra")
    sent = [str(seen["headers"]) for seen in hybrid.wire.simulator.state.requests]
    assert ["Authorization" in one and "api-key" not in one for one in sent] == [True, True]
    assert hybrid.listeners.identity.calls["app-service"] > 0


async def test_a_token_that_azure_refuses_has_the_same_cause(hybrid: Hybrid) -> None:
    state = hybrid.wire.simulator.state
    state.tokens = None
    assert await causes_of_both(hybrid, "entra") == ["azure.token_rejected"] * 2
    state.tokens = TokenRule(tenant=OTHER_TENANT)
    assert await causes_of_both(hybrid, "entra") == ["azure.tenant_mismatch"] * 2


@pytest.mark.parametrize("way", BOTH)
async def test_a_token_that_azure_refused_is_not_sent_again(hybrid: Hybrid, way: Way) -> None:
    state, identity = hybrid.wire.simulator.state, hybrid.listeners.identity
    with saying(hybrid, *WORDS):
        async with gateway_on(hybrid, way.route(hybrid)) as gateway:
            state.tokens = None
            await ask(gateway)
            asked = identity.calls["app-service"]
            state.tokens = TokenRule(issued=identity.issued)
            await ask(gateway)
    assert identity.calls["app-service"] == asked + 1


async def test_a_private_authority_is_trusted_only_where_it_is_named(hybrid: Hybrid) -> None:
    handshakes = hybrid.listeners.tls.handshakes
    assert await causes_of_both(hybrid, "no_ca") == ["tls.untrusted_ca"] * 2
    assert hybrid.listeners.tls.handshakes == handshakes


async def test_names_are_asked_of_the_routes_own_server(hybrid: Hybrid) -> None:
    asked = hybrid.listeners.dns.asked(PRIVATE_HOST)
    await ask_both(hybrid, "private")
    assert hybrid.listeners.dns.asked(PRIVATE_HOST) > asked


async def test_a_name_that_leads_to_no_private_address_is_refused_and_nothing_reaches_the_wire(hybrid: Hybrid) -> None:
    """N4: the same name and server, but loopback is not declared private."""
    asked, connections = hybrid.listeners.dns.asked(PRIVATE_HOST), hybrid.listeners.tls.connections
    calls = len(hybrid.wire.simulator.state.requests)
    assert await causes_of_both(hybrid, "not_private") == ["net.dns_public_for_private"] * 2
    assert hybrid.listeners.dns.asked(PRIVATE_HOST) > asked
    assert hybrid.listeners.tls.connections == connections
    assert len(hybrid.wire.simulator.state.requests) == calls
