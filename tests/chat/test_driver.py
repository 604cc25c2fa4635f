"""A chat end to end on the simulator: real sheets, real SQL, a scripted model on the other side of the wire."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from chatsheet.chat import store
from chatsheet.chat.events import (
    Answered,
    Asked,
    Cancelled,
    Event,
    Failed,
    Live,
    ModelReplied,
    Nudged,
    StepRestarted,
    ToolAnswered,
    Wrote,
)
from chatsheet.chat.questions import QuestionInvalid
from chatsheet.chat.store import ChatMovedOn, ChatNotFound
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.core.settings import Settings
from chatsheet.simulator.brain import Call, Counted, Piece, Say
from chatsheet.simulator.brains.scripted import Exchange
from chatsheet.wiring import Services, open_services
from tests.harness import Wire, azure_settings, runs, says, start_wire

pytestmark = pytest.mark.anyio
T = TypeVar("T")

SQL = "SELECT region, SUM(revenue) AS revenue FROM orders GROUP BY region ORDER BY revenue DESC"


@asynccontextmanager
async def chatting(settings: Settings, sales: Path) -> AsyncGenerator[tuple[Services, str], None]:
    """Open services and a chat about the sample workbook."""
    async with open_services(settings) as services:
        opened = await services.library.bring_in(LOCAL, sales)
        yield services, (await services.chats.start(LOCAL, opened.sheet.id)).id


class Forgetful:
    """A model that calls twice, with the same id."""

    name = "forgetful"

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *error: object) -> None:
        """Nothing to close."""

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Call for both tables, then answer."""
        del deployment
        if loose.obj(loose.array(body.get("messages"))[-1]).get("role") == "tool":
            yield Say("Done.")
        else:
            for number, sql in enumerate(("SELECT COUNT(*) AS n FROM orders", "SELECT COUNT(*) AS n FROM returns")):
                yield Call(number, "call", "run_sql", loose.dumps({"purpose": "p", "sql": sql}))
        yield Counted(1, 1)


async def follow(services: Services, chat_id: str) -> list[Event | Live]:
    """Return what happens in a chat until its turn is over."""
    seen: list[Event | Live] = []
    async with asyncio.timeout(30), aclosing(services.chats.watch(LOCAL, chat_id)) as watched:
        async for numbered in watched:
            seen.append(numbered.event)
            if isinstance(numbered.event, Answered | Failed | Cancelled):
                break
    return seen


def of_kind(events: list[Event | Live], kind: type[T]) -> list[T]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


async def test_a_question_becomes_sql_a_result_and_a_grounded_answer(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(SQL, expect="sold most"), says("South sold most: 155,288.70.", expect='"handle":"r1"'))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        events = await follow(services, chat_id)
    (ran,) = of_kind(events, ToolAnswered)
    assert ran.result is not None
    assert ran.result.rows[0][0] == "South"
    assert (ran.basis.rows[0].table, ran.basis.rows[0].rows) == ("orders", 600)
    (answered,) = of_kind(events, Answered)
    assert [number.handle for number in answered.numbers] == ["r1"]


async def test_the_model_is_told_what_was_wrong_with_its_sql(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT SUM(revenu) FROM orders"), runs(SQL, expect="nearest columns: revenue"), says("Done."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "How much?")
        events = await follow(services, chat_id)
    assert [tool.is_error for tool in of_kind(events, ToolAnswered)] == [True, False]


async def test_a_call_that_is_written_out_as_text_is_run_and_never_the_answer(tmp_path: Path, wire: Wire, sales: Path) -> None:
    call = loose.dumps({"name": "run_sql", "arguments": {"sql": SQL}})
    wire.script("gpt-4o", says(f"```json\n{call}\n```"), says("South sold most: 155,288.70.", expect='"handle":"r1"'))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        events = await follow(services, chat_id)
    assert [ran.tool for ran in of_kind(events, ToolAnswered)] == ["run_sql"]
    assert [answered.text for answered in of_kind(events, Answered)] == ["South sold most: 155,288.70."]


async def test_a_route_that_dies_after_content_restarts_the_step_visibly(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("dying", says("one two three four five six"))
    wire.fault("dying", "cut")
    wire.script("sound", says("A whole answer."))
    async with chatting(azure_settings(tmp_path, wire, "dying", "sound"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Hello?")
        events = await follow(services, chat_id)
    (restarted,) = of_kind(events, StepRestarted)
    assert restarted.route == "first"
    place = events.index(restarted)
    assert of_kind(events[:place], Wrote)
    assert of_kind(events, Answered)[0].text == "A whole answer."


async def test_a_turn_without_any_route_fails_with_its_trail(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "A1")
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Hello?")
        (failed,) = of_kind(await follow(services, chat_id), Failed)
    assert failed.code == "llm.no_route_answered"
    assert [attempt.cause for attempt in failed.trail.attempts] == ["azure.key_wrong"]


async def test_a_turn_can_be_stopped_and_the_next_question_works(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    wire.script("gpt-4o", says("Here."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Are you there?")
        await services.chats.stop(LOCAL, chat_id)
        assert of_kind(await follow(services, chat_id), Cancelled)
        wire.simulator.state.orders.clear()
        await services.chats.ask(LOCAL, chat_id, "And now?")
        assert of_kind(await last_turn(services, chat_id), Answered)


@pytest.mark.usefixtures("each_database")
async def test_a_stop_that_meets_the_end_of_a_turn_leaves_exactly_one_end(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "A1")
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        for turns in range(20):
            await services.chats.ask(LOCAL, chat_id, "Hello?")
            for _ in range(10 * turns):
                await asyncio.sleep(0)
            await services.chats.stop(LOCAL, chat_id)
        events = await services.chats.log(LOCAL, chat_id)
    kinds = [event.kind for event in events if isinstance(event, Asked | Failed | Cancelled)]
    assert kinds[::2] == ["asked"] * 20
    assert len(kinds) == 40


async def last_turn(services: Services, chat_id: str) -> list[Event | Live]:
    """Return the events after the second question until its end."""
    seen: list[Event | Live] = []
    asked = 0
    async with asyncio.timeout(30), aclosing(services.chats.watch(LOCAL, chat_id)) as watched:
        async for numbered in watched:
            asked += isinstance(numbered.event, Asked)
            if asked == 2:
                seen.append(numbered.event)
                if isinstance(numbered.event, Answered | Failed | Cancelled):
                    break
    return seen


async def test_two_watchers_see_the_same_log_and_a_late_one_catches_up(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(SQL), says("Done."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        first = asyncio.ensure_future(follow(services, chat_id))
        await services.chats.ask(LOCAL, chat_id, "Go?")
        second = await follow(services, chat_id)
        late = await follow(services, chat_id)
        logs = [[e for e in seen if not isinstance(e, Wrote)] for seen in (await first, second, late)]
    assert logs[0] == logs[1] == logs[2]
    assert isinstance(logs[0][0], Asked)


async def test_a_question_is_refused_while_one_is_answered(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "One?")
        with pytest.raises(ChatMovedOn):
            await services.chats.ask(LOCAL, chat_id, "Two?")


@pytest.mark.parametrize("question", ["", "   ", "x" * 4_001])
async def test_an_empty_or_endless_question_is_refused(tmp_path: Path, wire: Wire, sales: Path, question: str) -> None:
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        with pytest.raises(QuestionInvalid):
            await services.chats.ask(LOCAL, chat_id, question)


@pytest.mark.usefixtures("each_database")
async def test_another_workspace_does_not_see_the_chat(tmp_path: Path, wire: Wire, sales: Path) -> None:
    stranger = Actor("elsewhere", "somebody")
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        with pytest.raises(ChatNotFound):
            await services.chats.ask(stranger, chat_id, "Hello?")
        with pytest.raises(ChatNotFound):
            await anext(services.chats.watch(stranger, chat_id))


async def test_a_turn_that_a_stopped_process_left_open_goes_on(tmp_path: Path, wire: Wire, sales: Path) -> None:
    """The log of the first process ends after the question; the second one reads it and answers."""
    settings = azure_settings(tmp_path, wire, "gpt-4o")
    async with chatting(settings, sales) as (services, chat_id), services.database.unit() as connection:
        asked = Asked(turn="turn_left", question="Still there?")
        await store.append(connection, LOCAL, chat_id, [asked], at=services.clock.now())
    wire.script("gpt-4o", says("Yes, still.", expect="Still there?"))
    async with open_services(settings) as services:
        await services.chats.turns.resume(is_alone=True)
        assert of_kind(await follow(services, chat_id), Answered)[0].text == "Yes, still."


async def test_a_turn_left_open_long_ago_ends_and_says_so(tmp_path: Path, wire: Wire, sales: Path) -> None:
    settings = azure_settings(tmp_path, wire, "gpt-4o")
    async with chatting(settings, sales) as (services, chat_id), services.database.unit() as connection:
        asked = Asked(turn="turn_left", question="Still there?")
        await store.append(connection, LOCAL, chat_id, [asked], at=services.clock.now() - timedelta(days=1))
    async with open_services(settings) as services:
        await services.chats.turns.resume(is_alone=True)
        assert of_kind(await follow(services, chat_id), Failed)[0].code == "chat.interrupted"


async def test_a_second_question_is_answered_in_the_same_chat(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(SQL), says("South leads."), says("Second answer.", expect="And the second?"))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which leads?")
        await follow(services, chat_id)
        await services.chats.ask(LOCAL, chat_id, "And the second?")
        events = await last_turn(services, chat_id)
    (reply,) = of_kind(events, ModelReplied)
    assert reply.text == "Second answer."


@pytest.mark.parametrize("queries", [(), (runs("SELECT COUNT(*) AS n FROM returns"),)])
async def test_a_number_of_an_earlier_turn_is_not_passed_off_as_found(
    tmp_path: Path, wire: Wire, sales: Path, queries: tuple[Exchange, ...]
) -> None:
    """Without a query the model is sent back; where it insists, or asked for something else, the number is marked."""
    again = [says("South, 155,288.70.", expect="" if queries else "How much was it?")]
    insists = [] if queries else [says("South, 155,288.70.", expect="no query of this turn gave them")]
    wire.script("gpt-4o", runs(SQL), says("South leads with 155,288.70."), *queries, *again, *insists)
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which leads?")
        (first,) = of_kind(await follow(services, chat_id), Answered)
        await services.chats.ask(LOCAL, chat_id, "How much was it?")
        events = await last_turn(services, chat_id)
    assert [number.handle for number in first.numbers] == ["r1"]
    assert len(of_kind(events, Nudged)) == (0 if queries else 1)
    (second,) = of_kind(events, Answered)
    assert [(number.text, number.handle) for number in second.numbers] == [("155,288.70", None)]


async def test_an_earlier_result_is_asked_again_by_its_handle_and_then_cited(tmp_path: Path, wire: Wire, sales: Path) -> None:
    follow_up = runs("SELECT revenue FROM r1 WHERE region = 'South'", expect="How much was it?")
    wire.script("gpt-4o", runs(SQL), says("South leads."), follow_up, says("It was 155,288.70."))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which leads?")
        await follow(services, chat_id)
        await services.chats.ask(LOCAL, chat_id, "How much was it?")
        (second,) = of_kind(await last_turn(services, chat_id), Answered)
    assert [number.handle for number in second.numbers] == ["r2"]


async def test_calls_without_ids_of_their_own_are_each_answered(tmp_path: Path, sales: Path) -> None:
    async with (
        start_wire(model=Forgetful()) as wire,
        chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id),
    ):
        await services.chats.ask(LOCAL, chat_id, "Both?")
        events = await follow(services, chat_id)
    answered = of_kind(events, ToolAnswered)
    assert [one.result.rows for one in answered if one.result is not None] == [((600,),), ((45,),)]


@pytest.mark.usefixtures("each_database")
async def test_a_process_that_ends_in_the_middle_leaves_the_turn_to_the_next_one(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    """A server that is stopped did not cancel anything: nobody asked for that."""
    settings = azure_settings(tmp_path, wire, "gpt-4o")
    wire.fault("gpt-4o", "silence")
    async with chatting(settings, sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Still there?")
    wire.simulator.state.orders.clear()
    wire.script("gpt-4o", says("Yes, still.", expect="Still there?"))
    async with open_services(settings) as services:
        await services.chats.turns.resume(is_alone=True)
        events = await follow(services, chat_id)
    assert not of_kind(events, Cancelled)
    assert of_kind(events, Answered)[0].text == "Yes, still."


async def test_a_model_that_never_stops_calling_tools_ends_in_an_error(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", *[runs(SQL) for _ in range(20)])
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Loop?")
        (failed,) = of_kind(await follow(services, chat_id), Failed)
    assert failed.code == "chat.turn_limit"
    assert wire.calls("gpt-4o") == 8


async def test_who_waits_hears_of_an_end_that_cannot_be_stored(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "stall")
    wire.script("gpt-4o", says("one two three four five"))
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o", more="idle_s = 0.3\n"), sales) as (services, chat_id):
        waiting = asyncio.ensure_future(follow(services, chat_id))
        await services.chats.ask(LOCAL, chat_id, "Canary question?")
        async with services.database.unit() as connection:
            full = "CREATE TRIGGER full BEFORE INSERT ON chat_event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            await connection.execute(text(full))
        assert of_kind(await waiting, Failed)
