"""A turn is stopped wherever it is: one end is written, and nothing works on it any more."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import pytest

from chatsheet.chat.audience import Numbered
from chatsheet.chat.events import Answered, Asked, Cancelled, Failed, ModelReplied, ToolAnswered, Wrote
from chatsheet.chat.store import ChatMovedOn
from chatsheet.core.identity import LOCAL
from chatsheet.simulator.brain import Piece, Say
from chatsheet.wiring import Services
from tests.chat.test_driver import SQL, chatting
from tests.harness import Wire, azure_settings, runs, says, start_wire
from tests.sheets import workers
from tests.sheets.test_query import ENDLESS

pytestmark = pytest.mark.anyio
END = Answered | Failed | Cancelled


class Talker:
    """A model that talks until nobody listens."""

    name = "talker"

    def __init__(self) -> None:
        self.has_ended = asyncio.Event()

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Talk."""
        del deployment, body
        try:
            while True:
                yield Say("and ")
                await asyncio.sleep(0.01)
        finally:
            self.has_ended.set()


async def until(services: Services, chat_id: str, is_it: Callable[[Numbered], bool]) -> None:
    """Wait until something happens in a chat."""
    async with asyncio.timeout(60), aclosing(services.chats.watch(LOCAL, chat_id)) as watched:
        async for numbered in watched:
            if is_it(numbered):
                return


async def kinds(services: Services, chat_id: str) -> list[str]:
    return [event.kind for event in await services.chats.log(LOCAL, chat_id)]


async def test_a_stop_while_the_model_talks_hangs_up(tmp_path: Path, sales: Path) -> None:
    model = Talker()
    async with (
        start_wire(model=model) as wire,
        chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id),
    ):
        await services.chats.ask(LOCAL, chat_id, "Go on?")
        await until(services, chat_id, lambda numbered: isinstance(numbered.event, Wrote))
        await services.chats.stop(LOCAL, chat_id)
        assert await kinds(services, chat_id) == ["asked", "cancelled"]
        async with asyncio.timeout(10):
            await model.has_ended.wait()


async def test_a_stop_while_a_query_runs_ends_its_worker(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(ENDLESS))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.engine.warm()
        before = workers.running()
        await services.chats.ask(LOCAL, chat_id, "How many pairs?")
        await until(services, chat_id, lambda numbered: isinstance(numbered.event, ModelReplied))
        await services.chats.stop(LOCAL, chat_id)
        assert await kinds(services, chat_id) == ["asked", "model_replied", "cancelled"]
        await services.engine.settled()
        await asyncio.gather(*(workers.ended({pid}) for pid in before - workers.running()))
        assert [event for event in await kinds(services, chat_id) if event == "tool_answered"] == []


async def test_a_stop_between_steps_leaves_nothing_to_follow(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", *[runs(SQL) for _ in range(20)])
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Again?")
        await until(services, chat_id, lambda numbered: isinstance(numbered.event, ToolAnswered))
        await services.chats.stop(LOCAL, chat_id)
        logged, asked = await kinds(services, chat_id), wire.calls("gpt-4o")
        assert logged[-1] == "cancelled"
        await services.engine.settled()
        assert (await kinds(services, chat_id), wire.calls("gpt-4o")) == (logged, asked)


async def test_a_stop_that_comes_before_the_turn_begins_holds(tmp_path: Path, wire: Wire, sales: Path) -> None:
    """The question is in the log and heard of; the model is not asked yet."""
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        asking = asyncio.ensure_future(services.chats.ask(LOCAL, chat_id, "Hello?"))
        while not services.chats.turns.is_running(chat_id):
            await asyncio.sleep(0)
        await services.chats.stop(LOCAL, chat_id)
        await asking
        await until(services, chat_id, lambda numbered: isinstance(numbered.event, END))
        assert await kinds(services, chat_id) == ["asked", "cancelled"]
        assert not wire.calls("gpt-4o")


async def test_a_question_asked_at_the_end_of_another_is_a_turn_of_its_own(tmp_path: Path, wire: Wire, sales: Path) -> None:
    """Who hears the end asks at once, before the process is done with it."""
    wire.script("gpt-4o", says("One."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        first = await services.chats.ask(LOCAL, chat_id, "One?")
        await until(services, chat_id, lambda numbered: isinstance(numbered.event, Answered))
        wire.fault("gpt-4o", "silence")
        await services.chats.ask(LOCAL, chat_id, "Two?")
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == f"turn {first}"))
        with pytest.raises(ChatMovedOn):
            await services.chats.ask(LOCAL, chat_id, "Three?")
        await services.chats.stop(LOCAL, chat_id)
        assert (await kinds(services, chat_id))[-2:] == ["asked", "cancelled"]


async def test_a_stop_at_any_moment_leaves_one_end(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", *[runs(SQL) for _ in range(200)])
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        for turns in range(15):
            await services.chats.ask(LOCAL, chat_id, "Go?")
            for _ in range(40 * turns):
                await asyncio.sleep(0)
            await services.chats.stop(LOCAL, chat_id)
        events = await services.chats.log(LOCAL, chat_id)
    ends = [event.kind for event in events if isinstance(event, Asked | Answered | Failed | Cancelled)]
    assert ends[::2] == ["asked"] * 15
    assert len(ends) == 30
