"""A parameter that a deployment refuses is learnt once and remembered, on every way: entries D6 and D7."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from chatsheet.core.loose import JsonObject
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import ChatRequest
from chatsheet.simulator.brain import Counted, Say
from tests.chain import ADAPTED, Hybrid, settle
from tests.contracts.exchanges import HI
from tests.contracts.ways import Outcome, Recorded, Way, ask, gateway_on, saying, ways

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

MESSAGES: JsonObject = {"messages": [{"role": "user", "content": "Hi"}]}
REFUSED: dict[str, tuple[JsonObject, JsonObject]] = {
    "D6": ({"max_tokens": 9}, {"max_completion_tokens": 9}),
    "D7": ({"max_completion_tokens": 9}, {"max_tokens": 9}),
    "unsupported-temperature": ({"temperature": 0}, {}),
}
"""What is asked for, and what the deployment takes instead."""
OURS = {"model", "stream", "stream_options", "messages"}
SIX = [pytest.param(way, id=str(way)) for way in ways("_tape")]


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid) -> None:
    await settle(hybrid)


def test_each_refused_parameter_of_the_catalogue_is_asked_for() -> None:
    assert set(REFUSED) == set(ADAPTED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A gateway on one way to a deployment that refuses, what the deployment answered, and all it was called with."""

    hybrid: Hybrid
    gateway: Gateway
    brain: Recorded

    async def once(self, more: JsonObject) -> tuple[Outcome, int]:
        """Ask, and return what came of it with how many calls it took."""
        seen = self.hybrid.wire.simulator.state.requests
        seen.clear()
        return (await ask(self.gateway, ChatRequest({**MESSAGES, **more}))).outcome, len(seen)


@asynccontextmanager
async def asking(hybrid: Hybrid, way: Way) -> AsyncGenerator[Asked, None]:
    """Open one way while the body runs."""
    with saying(hybrid, Say("Yes."), Counted(3, 1)) as brain:
        async with gateway_on(hybrid, way.route(hybrid)) as gateway:
            yield Asked(hybrid, gateway, brain)


@pytest.mark.parametrize("fault", ADAPTED)
async def test_one_call_is_refused_and_the_next_sends_the_right_parameter_at_once(hybrid: Hybrid, fault: str) -> None:
    wanted, taken = REFUSED[fault]
    for way in ways(f"_{fault}"):
        async with asking(hybrid, way) as asked:
            first, second = await asked.once(wanted), await asked.once(wanted)
        assert (first[1], second[1]) == (2, 1), str(way)
        assert first[0] == second[0], str(way)
        assert (first[0].text, first[0].attempts[-1].adapted) == ("Yes.", tuple(wanted)), str(way)
        assert [{k: v for k, v in body.items() if k not in OURS} for body in asked.brain.bodies] == [taken, taken], str(way)


@pytest.mark.parametrize("fault", ADAPTED)
async def test_what_was_not_sent_is_not_adapted(hybrid: Hybrid, fault: str) -> None:
    for way in ways(f"_{fault}"):
        async with asking(hybrid, way) as asked:
            outcome, calls = await asked.once({})
        assert (outcome.attempts[-1].adapted, calls) == ((), 1), str(way)


@pytest.mark.parametrize("way", SIX)
async def test_a_deployment_that_was_upgraded_is_learnt_anew(hybrid: Hybrid, way: Way) -> None:
    """First it knows `max_tokens` only, then Azure puts a reasoning model behind it."""
    tape = hybrid.listeners.tape
    async with gateway_on(hybrid, way.route(hybrid)) as gateway:
        for refused, sent in (("max_completion_tokens", "max_completion_tokens"), ("max_tokens", "max_completion_tokens")):
            tape.load(HI, refuses=(refused,))
            outcomes = [(await ask(gateway, ChatRequest({**MESSAGES, sent: 9}))).outcome for _ in range(2)]
            assert [outcome.text for outcome in outcomes] == ["Hi", "Hi"], str(way)
            assert tape.calls == 3


MANY = ("max_tokens", "temperature", "top_p", "presence_penalty")


@pytest.mark.parametrize("way", ways("_tape"), ids=str)
async def test_a_deployment_that_refuses_four_parameters_is_learnt_in_two_calls(hybrid: Hybrid, way: Way) -> None:
    hybrid.listeners.tape.load(HI, refuses=MANY)
    request = ChatRequest({**MESSAGES, **dict.fromkeys(MANY, 1)})
    async with gateway_on(hybrid, way.route(hybrid)) as gateway:
        outcomes = [(await ask(gateway, request)).outcome for _ in range(2)]
    if outcomes[-1].text != "Hi":
        raise RuntimeError(outcomes)
    assert set(outcomes[-1].attempts[-1].adapted) == set(MANY)
