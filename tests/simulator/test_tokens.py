"""Tokens that nobody signed, and what the wire says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.simulator import tokens
from chatsheet.simulator.tokens import AUDIENCE, OTHER_TENANT, TENANT, TokenRule
from tests.harness import Wire, says
from tests.simulator.test_azure_wire import DATED, OPENAI, ask

NOW = 1_800_000_000
RULE = TokenRule()


def token(*, audience: str = AUDIENCE, tenant: str = TENANT, now: int = NOW, lasts_s: int = 60, serial: int = 0) -> str:
    """Issue a token, good unless said otherwise."""
    return tokens.issue(audience=audience, tenant=tenant, now=now, lasts_s=lasts_s, serial=serial)


@pytest.mark.parametrize("audience", [AUDIENCE, AUDIENCE + "/"])
def test_a_token_for_the_audience_is_taken(audience: str) -> None:
    assert tokens.refusal(token(audience=audience), RULE, NOW) == ""


@pytest.mark.parametrize(
    ("given_token", "fault"),
    [
        (token(audience="https://management.azure.com"), "A2"),
        (token(now=NOW - 61), "A2"),
        (token(now=NOW + 30), "A2"),
        (token(tenant=OTHER_TENANT), "A6"),
        ("", "A2"),
        ("a.b.c", "A2"),
        ("sk-some-key", "A2"),
    ],
)
def test_any_other_token_meets_its_fault(given_token: str, fault: str) -> None:
    assert tokens.refusal(given_token, RULE, NOW) == fault


def test_where_issued_ones_are_known_a_made_up_one_is_refused() -> None:
    rule = TokenRule(issued={token()})
    assert [tokens.refusal(t, rule, NOW) for t in (token(), token(serial=1))] == ["", "A2"]


@given(text=st.text())
def test_no_text_is_taken_for_a_token(text: str) -> None:
    assert tokens.refusal(text, RULE, NOW) == "A2"


@pytest.mark.anyio
async def test_the_wire_takes_tokens_once_it_is_told_to(wire: Wire) -> None:
    wire.script("gpt-4o", says("Hi"))
    now = int(wire.simulator.clock.now().timestamp())
    good = {"Authorization": f"Bearer {token(now=now)}"}
    assert (await ask(wire, DATED, good)).status == 401
    wire.simulator.state.tokens = RULE
    assert (await ask(wire, DATED, good)).status == 200
    assert (await ask(wire, OPENAI, good)).status == 401


@pytest.mark.anyio
async def test_the_wire_names_what_is_wrong_with_a_token(wire: Wire) -> None:
    wire.simulator.state.tokens = RULE
    now = int(wire.simulator.clock.now().timestamp())
    other = token(audience="https://management.azure.com", now=now)
    assert "audience is incorrect" in str((await ask(wire, DATED, {"Authorization": f"Bearer {other}"})).json["message"])
    foreign = await ask(wire, DATED, {"Authorization": f"Bearer {token(tenant=OTHER_TENANT, now=now)}"})
    assert foreign.status == 400
    assert "does not match resource tenant" in str(foreign.error["message"])
