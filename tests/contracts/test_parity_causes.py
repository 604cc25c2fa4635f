"""The same cause on every way: what the provider did is named alike, whether LiteLLM retold it or not."""

import pytest

from chatsheet.simulator.fault import Tuning
from chatsheet.simulator.faults import FAULTS
from chatsheet.simulator.state import Order
from tests.chain import Hybrid, settle
from tests.contracts.exchanges import ENDLESS, WORDS, answer
from tests.contracts.faults import AZURES, LEFT_OUT, SAME, limits_for, request_for
from tests.contracts.ways import Outcome, Way, ask_all, saying, ways

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

PLAYED = [*SAME, *AZURES]


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid) -> None:
    await settle(hybrid)


async def play(hybrid: Hybrid, fault: str) -> dict[Way, Outcome]:
    """Play a fault through every way at once and return what came of it."""
    hybrid.wire.simulator.state.orders["gpt-4o"] = Order(fault, None, Tuning(delay_s=0.2, retry_after=60))
    with saying(hybrid, *WORDS):
        return await ask_all(hybrid, ways(), request_for(fault), limits_for(fault))


def test_every_fault_of_the_catalogue_is_played_or_left_out_for_a_reason() -> None:
    assert sorted([*SAME, *AZURES, *LEFT_OUT]) == sorted(FAULTS)


@pytest.mark.parametrize("fault", PLAYED)
async def test_a_fault_has_its_cause_and_the_same_trail_through_litellm_and_directly(hybrid: Hybrid, fault: str) -> None:
    seen = list((await play(hybrid, fault)).values())
    azures, openais = AZURES.get(fault) or (SAME[fault], SAME[fault])
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert seen[4] == seen[5]
    assert (seen[0].cause, seen[4].cause) == (azures, openais)
    if not azures:
        assert seen[0] == answer(WORDS)
    elif fault in SAME and fault != "X2":  # OpenAI does not say which filter it was
        assert seen[0] == seen[4]


async def test_the_filter_that_was_hit_is_named_on_every_way_that_names_it(hybrid: Hybrid) -> None:
    for fault, silent in (("X1", ""), ("X2", "openai")):
        for way, outcome in (await play(hybrid, fault)).items():
            assert ("violence" in outcome.refusal) is (way.served != silent), str(way)


@pytest.mark.parametrize("form", ["seconds", "x-ms"])
async def test_a_wait_that_fits_is_waited_out_on_every_way(hybrid: Hybrid, form: str) -> None:
    tuning = Tuning.model_validate({"retry_after": 0.3, "retry_after_form": form})
    for way in ways():
        hybrid.wire.simulator.state.orders["gpt-4o"] = Order("429", 1, tuning)
        with saying(hybrid, *WORDS):
            outcome = (await ask_all(hybrid, [way]))[way]
        assert [tried.status for tried in outcome.attempts] == [429, 200], str(way)


async def test_an_event_that_never_ends_is_malformed_on_every_way(hybrid: Hybrid) -> None:
    hybrid.listeners.tape.load(ENDLESS)
    outcomes = await ask_all(hybrid, ways("_tape"))
    assert {outcome.cause for outcome in outcomes.values()} == {"stream.malformed"}


async def test_a_wait_that_does_not_fit_is_not_begun(hybrid: Hybrid) -> None:
    """C1: a day."""
    assert {len(outcome.attempts) for outcome in (await play(hybrid, "C1")).values()} == {1}


async def test_a_wait_that_is_told_inside_the_stream_counts_too(hybrid: Hybrid) -> None:
    """C5: twenty seconds, which do not fit."""
    assert {len(outcome.attempts) for outcome in (await play(hybrid, "C5")).values()} == {1}
