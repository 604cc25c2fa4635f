"""Scripts say what they say, once or forever, and under which name."""

from contextlib import aclosing

import pytest

from chatsheet.simulator.brain import BrainFailed, Counted, Ended, Named, Piece, Say
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain, ScriptedUsage
from tests.harness import Wire
from tests.simulator.test_azure_wire import ask, choice

pytestmark = pytest.mark.anyio

BODY: dict[str, object] = {"messages": [{"role": "user", "content": "Hi"}]}


async def pieces(brain: ScriptedBrain) -> list[Piece]:
    """Return one reply's pieces."""
    async with aclosing(brain.reply("gpt-4o", BODY)) as reply:
        return [piece async for piece in reply]


def scripted(*exchanges: Exchange) -> ScriptedBrain:
    """Return a brain with a script."""
    brain = ScriptedBrain()
    brain.add("gpt-4o", exchanges)
    return brain


async def test_an_exchange_is_said_once() -> None:
    brain = scripted(Exchange(text="Hi"))
    await pieces(brain)
    with pytest.raises(BrainFailed, match="no more exchanges"):
        await pieces(brain)


async def test_an_exchange_may_answer_forever() -> None:
    brain = scripted(Exchange(text="Hi", repeat=True), Exchange(text="never"))
    assert [(await pieces(brain))[0] for _ in range(5)] == [Say("Hi")] * 5


async def test_finish_reason_usage_and_model_are_as_written() -> None:
    exchange = Exchange(
        text="Hi", finish_reason="length", usage=ScriptedUsage(input=7, output=9), cached_tokens=3, model="gpt-4o-2024-11-20"
    )
    assert await pieces(scripted(exchange)) == [Named("gpt-4o-2024-11-20"), Say("Hi"), Ended("length"), Counted(7, 9, 3)]


async def test_without_them_counts_are_estimated() -> None:
    *_, counted = await pieces(scripted(Exchange(text="one two", cached_tokens=1)))
    assert isinstance(counted, Counted)
    assert (counted.output_tokens, counted.cached_tokens) == (2, 1)


@pytest.mark.parametrize("stream", [True, False])
async def test_the_wire_reports_what_is_written(wire: Wire, stream: bool) -> None:  # noqa: FBT001
    wire.script("gpt-4o", Exchange(text="Hi", finish_reason="length", model="other-model"))
    answer = await ask(wire, stream=stream)
    last = answer.events[-1] if stream else answer.json
    assert (last["model"], choice(last)["finish_reason"]) == ("other-model", "length")
