"""What chats tell the audit log, and how budgets stop and warn: end to end on the simulator."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatsheet.audit.budgets import Budget, Limits
from chatsheet.audit.chain import Entry
from chatsheet.chat.events import Answered, Cancelled, Failed, ModelReplied
from chatsheet.core.identity import LOCAL
from chatsheet.llm import metering
from chatsheet.llm.model import ChatRequest
from chatsheet.wiring import Services
from tests.chat.test_driver import SQL, chatting, follow, of_kind
from tests.harness import Wire, azure_settings, runs, says

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("each_database")]


@asynccontextmanager
async def asked(tmp_path: Path, wire: Wire, sales: Path) -> AsyncGenerator[tuple[Services, str], None]:
    """Open a chat whose model asks the sheet and answers, as often as it is asked."""
    wire.script("gpt-4o", *(runs(SQL), says("South sold most: 155,288.70.")) * 2)
    async with chatting(azure_settings(tmp_path, wire, "gpt-4o"), sales) as (services, chat_id):
        yield services, chat_id


async def entries(services: Services) -> list[Entry]:
    return [one async for one in services.audit.entries()]


async def budget(services: Services, tokens: int) -> None:
    await services.spending.set(LOCAL, Budget(kind="user", subject="local", limits=Limits(period="day", tokens=tokens)))


async def test_a_turn_leaves_who_asked_the_calls_and_the_sql_and_no_question(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        replied = of_kind(await follow(services, chat_id), ModelReplied)
        told = await entries(services)
        assert (await services.audit.verify()).broken is None
    actions = ["sheet.import", "chat.asked", "model.call", "sheet.query", "model.call"]
    assert [one.action for one in told] == actions
    called, query = told[2].body, told[3].body
    assert isinstance(called, dict)
    assert (called["route"], called["input_tokens"]) == ("first", replied[0].usage.input_tokens)
    assert isinstance(query, dict)
    assert (query["rows"], query["version"]) == (4, told[0].body["version"] if isinstance(told[0].body, dict) else "")
    assert {one.subject for one in told} == {told[0].subject}
    assert "Which region" not in str(told)
    assert not any(figure in str(told) for figure in ("155,288", "155288.7"))


async def test_what_a_turn_took_is_spent_by_who_asked(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        replied = of_kind(await follow(services, chat_id), ModelReplied)
        today = services.clock.now().date()
        (day,) = await services.spending.days(LOCAL, today, today)
    assert day.spent.tokens == sum(one.usage.input_tokens + one.usage.output_tokens for one in replied)
    assert (day.user_id, day.spent.unpriced_calls) == ("local", 2)


async def test_a_budget_that_is_used_up_refuses_a_turn_before_any_call(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await budget(services, 0)
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        (failed,) = of_kind(await follow(services, chat_id), Failed)
        told = await entries(services)
    assert failed.code == "budget.exceeded"
    assert "0 of 0 tokens" in failed.what
    assert wire.calls("gpt-4o") == 0
    assert [one.action for one in told] == ["sheet.import", "budget.set", "chat.asked", "chat.failed"]


async def test_a_turn_that_uses_the_budget_up_is_stopped_before_its_next_call(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await budget(services, 1)
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        (failed,) = of_kind(await follow(services, chat_id), Failed)
    assert (failed.code, wire.calls("gpt-4o")) == ("budget.exceeded", 1)


async def test_an_answer_warns_of_a_budget_that_nears_its_end(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        events = await follow(services, chat_id)
        spent = sum(one.usage.input_tokens + one.usage.output_tokens for one in of_kind(events, ModelReplied))
        await budget(services, round(spent * 2.3))
        other = await services.chats.start(LOCAL, (await services.chats.get(LOCAL, chat_id)).sheet_id)
        await services.chats.ask(LOCAL, other.id, "Which region sold most?")
        (warned,) = of_kind(await follow(services, other.id), Answered)
    assert of_kind(events, Answered)[0].warnings == ()
    assert "may spend in a day" in warned.warnings[0]


async def test_a_call_that_somebody_stops_is_counted_by_estimate(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    async with asked(tmp_path, wire, sales) as (services, chat_id):
        await services.chats.ask(LOCAL, chat_id, "Which region sold most?")
        async with asyncio.timeout(20):
            while not wire.calls("gpt-4o"):
                await asyncio.sleep(0.01)
        await services.chats.stop(LOCAL, chat_id)
        assert of_kind(await follow(services, chat_id), Cancelled)
        (told,) = [one for one in await entries(services) if one.action == "model.call"]
        today = services.clock.now().date()
        (day,) = await services.spending.days(LOCAL, today, today)
    assert "is_broken_off" in str(told.body)
    assert day.spent.input_tokens > 500
    assert day.spent.unpriced_calls == 1


def test_an_estimate_counts_four_letters_as_a_token() -> None:
    request = ChatRequest({"messages": [{"role": "user", "content": "x" * 4_000}]})
    spent = metering.estimate(request, 400)
    assert 1_000 <= spent.input_tokens <= 1_020
    assert (spent.output_tokens, spent.unpriced_calls) == (100, 1)
