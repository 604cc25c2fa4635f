"""Two processes over one data folder: a turn is worked on by one of them, and each of them tells of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from chatsheet.chat import leases, store
from chatsheet.chat.events import Answered, Asked, Cancelled, Event, Failed, Live
from chatsheet.chat.store import ChatMovedOn
from chatsheet.core.identity import LOCAL
from chatsheet.wiring import Services, open_services
from tests.chat.test_driver import azure_settings, follow, last_turn, of_kind, says
from tests.harness import Wire

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@asynccontextmanager
async def two(tmp_path: Path, wire: Wire, sales: Path) -> AsyncGenerator[tuple[Services, Services, str], None]:
    """Open the same data folder twice, and a chat in it."""
    settings = azure_settings(tmp_path, wire, "gpt-4o")
    async with open_services(settings) as one, open_services(settings, has_page=False) as other:
        opened = await one.library.bring_in(LOCAL, sales)
        yield one, other, (await one.chats.start(LOCAL, opened.sheet.id)).id


async def test_a_question_waits_for_the_turn_of_another_process(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    async with two(tmp_path, wire, sales) as (one, other, chat_id):
        await one.chats.ask(LOCAL, chat_id, "First?")
        with pytest.raises(ChatMovedOn):
            await other.chats.ask(LOCAL, chat_id, "Second?")


async def test_a_stop_reaches_the_process_that_works_on_the_turn(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    async with two(tmp_path, wire, sales) as (one, other, chat_id):
        await one.chats.ask(LOCAL, chat_id, "Anybody?")
        await other.chats.stop(LOCAL, chat_id)
        async with asyncio.timeout(10):
            events = await follow(one, chat_id)
    assert of_kind(events, Cancelled)


async def test_who_watches_in_another_process_hears_the_answer(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("Yes."))
    async with two(tmp_path, wire, sales) as (one, other, chat_id):
        watching = asyncio.create_task(follow(other, chat_id))
        await asyncio.sleep(0)
        await one.chats.ask(LOCAL, chat_id, "Anybody?")
        async with asyncio.timeout(20):
            events = await watching
    assert of_kind(events, Answered)[0].text == "Yes."


async def test_a_turn_whose_process_says_nothing_any_more_goes_on_elsewhere(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("Yes, still."))
    async with two(tmp_path, wire, sales) as (_, other, chat_id):
        await leave(other, chat_id, ago=timedelta(minutes=1))
        await other.chats.turns.look_after()
        events = await follow(other, chat_id)
        await other.chats.turns.look_after()
    assert of_kind(events, Answered)[0].text == "Yes, still."


async def test_a_turn_that_is_still_worked_on_is_left_alone(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with two(tmp_path, wire, sales) as (one, other, chat_id):
        await leave(one, chat_id, ago=timedelta(0))
        await other.chats.turns.look_after()
        await other.chats.turns.resume(is_alone=False)
        assert [event.kind for event in await other.chats.log(LOCAL, chat_id)] == ["asked"]


async def test_a_new_question_ends_a_turn_that_nobody_works_on(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("Yes.", expect="Now?"))
    async with two(tmp_path, wire, sales) as (_, other, chat_id):
        await leave(other, chat_id, ago=timedelta(minutes=1))
        await other.chats.ask(LOCAL, chat_id, "Now?")
        await last_turn(other, chat_id)
        events: list[Event | Live] = [*await other.chats.log(LOCAL, chat_id)]
    assert [event.kind for event in events] == ["asked", "failed", "asked", "model_replied", "answered"]
    assert of_kind(events, Failed)[0].code == "chat.interrupted"


async def leave(services: Services, chat_id: str, *, ago: timedelta) -> None:
    """Write what a process leaves that was killed so long ago, right after a question."""
    at = services.clock.now() - ago
    async with services.database.unit() as connection:
        assert await leases.take(connection, LOCAL, chat_id, "process_gone", now=at)
        await store.append(connection, LOCAL, chat_id, [Asked(turn="turn_left", question="Still there?")], at=at)
