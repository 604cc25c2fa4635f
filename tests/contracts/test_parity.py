"""The same answer on every way: Azure's dated and v1 paths and OpenAI's, each through a real LiteLLM and directly."""

import pytest

from chatsheet.llm.model import Usage
from tests.chain import Hybrid, settle
from tests.contracts.exchanges import (
    BROKEN_TAPES,
    EXCHANGES,
    FILTERED_LATE,
    HI,
    MODEL,
    REFUSED,
    SAME_CHUNK,
    TAPES,
    UNCOUNTED,
    UNNAMED,
    answer,
)
from tests.contracts.ways import Outcome, Way, ask_all, saying, ways

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("litellm")]

TAPED = ways("_tape")


@pytest.fixture(autouse=True)
async def _ready(hybrid: Hybrid) -> None:
    await settle(hybrid)


def of_all(outcomes: dict[Way, Outcome]) -> Outcome:
    """Return the one outcome that all ways have; fails with each one that differs from OpenAI's, asked directly."""
    last = list(outcomes.values())[-1]
    assert {str(way): outcome for way, outcome in outcomes.items() if outcome != last} == {}, last
    return last


async def play(hybrid: Hybrid, recorded: bytes, *, piece: int = 2**16) -> Outcome:
    """Play recorded bytes through every way and return what all made of them."""
    hybrid.listeners.tape.load(recorded, piece=piece)
    return of_all(await ask_all(hybrid, TAPED))


@pytest.mark.parametrize("name", EXCHANGES)
async def test_an_exchange_is_the_same_on_every_way(hybrid: Hybrid, name: str) -> None:
    with saying(hybrid, *EXCHANGES[name]):
        outcome = of_all(await ask_all(hybrid, ways()))
    assert outcome == answer(EXCHANGES[name])


@pytest.mark.parametrize("name", TAPES)
async def test_recorded_bytes_are_the_same_answer_on_every_way(hybrid: Hybrid, name: str) -> None:
    outcome = await play(hybrid, TAPES[name])
    assert (outcome.cause, outcome.model, outcome.usage) == ("", MODEL, Usage(5, 6, 4))
    assert outcome.text or outcome.tool_calls


@pytest.mark.parametrize("piece", [1, 7])
async def test_characters_and_events_may_be_parted_anywhere(hybrid: Hybrid, piece: int) -> None:
    text = "Zoe\u0308 \U0001f469\u200d\U0001f467 中文 ß"
    outcome = await play(hybrid, HI.replace(b'"Hi"', f'"{text}"'.encode()), piece=piece)
    assert outcome.text == text


@pytest.mark.parametrize("name", BROKEN_TAPES)
async def test_what_is_no_answer_has_the_same_cause_on_every_way(hybrid: Hybrid, name: str) -> None:
    recorded, cause = BROKEN_TAPES[name]
    assert (await play(hybrid, recorded)).cause == cause


async def test_a_chunk_may_be_repeated_as_often_as_the_model_likes(hybrid: Hybrid) -> None:
    with saying(hybrid, *SAME_CHUNK):
        assert of_all(await ask_all(hybrid, ways())) == answer(SAME_CHUNK)


async def test_a_refusal_in_words_is_an_answer(hybrid: Hybrid) -> None:
    assert (await play(hybrid, REFUSED)).text == "I cannot do that."


async def test_tokens_that_nobody_counted_are_not_made_up(hybrid: Hybrid) -> None:
    assert (await play(hybrid, UNCOUNTED)).usage == Usage()


async def test_a_model_that_nobody_named_is_not_made_up(hybrid: Hybrid) -> None:
    assert (await play(hybrid, UNNAMED)).model == ""


async def test_a_filter_that_hits_inside_the_stream_is_named_and_final(hybrid: Hybrid) -> None:
    outcome = await play(hybrid, FILTERED_LATE)
    assert (outcome.cause, "violence" in outcome.refusal) == ("content.filtered", True)
