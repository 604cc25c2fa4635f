"""Chats under row and column rules, and the end of access: who sees which chat, and when turns and watchers end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from chatsheet.ask import turn
from chatsheet.auth import rules
from chatsheet.auth.access import Access
from chatsheet.auth.policy import Action, Denied
from chatsheet.chat import leases, store
from chatsheet.chat.driver import Chats
from chatsheet.chat.events import AccessEnded, Answered, Asked, Event, Failed, ToolAnswered
from chatsheet.chat.live import Cursor, HeadMoved, SheetHidden
from chatsheet.chat.store import Chat, ChatNotFound
from chatsheet.context.glossary.model import Pinned, Term
from chatsheet.core.identity import LOCAL, UNRULED, Actor, Condition, Role, Rules, TableRule
from chatsheet.db import tables
from chatsheet.mcp_server import Shelf
from chatsheet.sheets.edits import DeleteColumn
from chatsheet.sheets.store import VersionNotFound
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from chatsheet.wiring import Services, open_services
from tests.harness import Wire, azure_settings, runs, says

pytestmark = pytest.mark.anyio

NORTH = TableRule("orders", hidden=("revenue",), rows=(Condition("region", "equals", ("North",)),))
RULES = Rules((NORTH, TableRule("targets", hidden=("nowhere",)), TableRule("returns", hidden=("nowhere",))))
OTHER = Rules((TableRule("orders", hidden=("product",)),))


@dataclass(frozen=True, slots=True)
class Shared:
    """A sheet of the local user that Vera sees in part."""

    services: Services
    sheet: str
    vera: Actor

    async def rule(self, what: Rules) -> None:
        """Let what viewers see be something else."""
        async with self.services.database.unit() as connection:
            await connection.execute(update(tables.sheet_rule).values(body=rules.form(what)))

    async def revoke(self) -> None:
        """Share the sheet no longer."""
        async with self.services.database.unit() as connection:
            await connection.execute(delete(tables.share))

    async def asked(self, question: str = "How many?") -> Chat:
        """Return a chat of Vera's with a question whose process was killed right after it."""
        chat = await self.services.chats.start(self.vera, self.sheet)
        at = self.services.clock.now()
        async with self.services.database.unit() as connection:
            await leases.take(connection, self.vera, chat.id, "process_gone", now=at)
            await store.append(connection, self.vera, chat.id, [Asked(turn="t", question=question)], at=at)
        return chat


@asynccontextmanager
async def shared(folder: Path, wire: Wire, sales: Path) -> AsyncGenerator[Shared, None]:
    """Open services whose users log in, and share a sheet under rules."""
    async with open_services(azure_settings(folder, wire, "gpt-4o")) as services:
        services.access.is_local = False
        sheet, at = (await services.library.bring_in(LOCAL, sales)).sheet.id, services.clock.now()
        made = {"created_by": "local", "created_at": at}
        person = {"is_admin": False, "is_active": True, "created_at": at}
        here = {"workspace_id": LOCAL.workspace_id}
        viewed = {"sheet_id": sheet, "role": Role.VIEWER, **here, **made}
        async with services.database.unit() as connection:
            await connection.execute(insert(tables.user), [{"id": one, "name": one, **person} for one in ("local", "vera")])
            await connection.execute(insert(tables.workspace).values(id=LOCAL.workspace_id, name="w", **made))
            await connection.execute(
                insert(tables.member).values(user_id="local", role=Role.OWNER, is_from_claims=False, **here, **made)
            )
            await connection.execute(insert(tables.share).values(user_id="vera", **viewed))
            await connection.execute(insert(tables.sheet_rule).values(body=rules.form(RULES), **viewed))
        asking = Actor(LOCAL.workspace_id, "vera", role=Role.VIEWER)
        yield Shared(services, sheet, await services.access.fresh(asking, sheet, Action.READ))


async def ended(services: Services, actor: Actor, chat_id: str) -> list[Event]:
    """Return a chat's log once its turn is over."""
    async with asyncio.timeout(30), aclosing(turn(services, actor, chat_id)) as watched:
        async for _ in watched:
            pass
    return await services.chats.log(actor, chat_id)


async def test_a_chat_is_seen_by_those_under_its_rules_and_by_those_under_none(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        chats = at.services.chats
        mine, whole = await chats.start(at.vera, at.sheet), await chats.start(LOCAL, at.sheet)
        assert (mine.rules_key, whole.rules_key) == (RULES.key, "")
        assert [chat.id for chat in await chats.listing(at.vera, at.sheet)] == [mine.id]
        assert {kept.chat.id for kept in await chats.shelf.listing(LOCAL, at.sheet)} == {mine.id, whole.id}
        assert [kept.chat.id for kept in await chats.shelf.listing(at.vera, at.sheet)] == [mine.id]
        for asked in (
            chats.log(at.vera, whole.id),
            chats.stop(at.vera, whole.id),
            chats.shelf.branch(at.vera, whole.id, before=None),
        ):
            with pytest.raises(ChatNotFound):
                await asked


async def test_the_list_of_chats_changes_for_those_who_see_the_change(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        before = await at.services.live.state(at.vera, at.sheet)
        await at.services.chats.start(LOCAL, at.sheet)
        assert (await at.services.live.state(at.vera, at.sheet)).chats == before.chats
        await at.services.chats.start(at.vera, at.sheet)
        assert (await at.services.live.state(at.vera, at.sheet)).chats != before.chats


async def test_who_is_no_member_hears_of_the_sheets_that_are_shared_with_them(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        live, guest = at.services.live, replace(at.vera, rules=UNRULED)
        before = [(await live.state(one, at.sheet)).sheets for one in (LOCAL, guest)]
        (tmp_path / "b.csv").write_text("a;b\n1;2\n")
        other = (await at.services.library.bring_in(LOCAL, tmp_path / "b.csv")).sheet.id
        now = [one.sheets for one in await asyncio.gather(live.state(LOCAL, at.sheet), live.state(guest, at.sheet))]
        assert (now[0] != before[0], now[1]) == (True, before[1])
        await at.services.shares.set(LOCAL, other, "vera", Role.VIEWER)
        assert other in (await live.state(guest, at.sheet)).sheets


async def test_a_branch_keeps_the_rules_and_is_not_asked_under_others(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.services.chats.start(at.vera, at.sheet)
        branch = await at.services.chats.shelf.branch(LOCAL, chat.id, before=None)
        assert branch.rules_key == RULES.key
        with pytest.raises(Denied, match="other row and column rules"):
            await at.services.chats.ask(LOCAL, branch.id, "How many?")


async def test_a_model_is_told_and_given_what_the_asker_sees(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script(
        "gpt-4o",
        runs("SELECT sum(revenue) AS s FROM orders"),
        runs("SELECT region, count(*) AS n FROM orders GROUP BY region", expect="there is no column revenue"),
        says("There are 133 orders."),
    )
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.services.chats.start(at.vera, at.sheet)
        await at.services.chats.ask(at.vera, chat.id, "How many orders?")
        events = await ended(at.services, at.vera, chat.id)
    ran = [event for event in events if isinstance(event, ToolAnswered) and event.result is not None]
    assert [event.result.rows for event in ran if event.result] == [(("North", 133),)]


async def test_who_sees_a_part_is_proposed_no_edits(tmp_path: Path, wire: Wire, sales: Path) -> None:
    proposing = Exchange(calls=(ScriptedCall(name="propose_edit", arguments={"edits": []}),))
    wire.script("gpt-4o", proposing, says("I cannot.", expect="there is no tool propose_edit"))
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.services.chats.start(at.vera, at.sheet)
        await at.services.chats.ask(at.vera, chat.id, "Delete all.")
        assert isinstance((await ended(at.services, at.vera, chat.id))[-1], Answered)


async def test_a_turn_ends_where_access_ended_before_it_goes_on(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("Too late."))
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.asked()
        await at.revoke()
        await at.services.chats.turns.resume(is_alone=True)
        (_, failed) = await ended(at.services, LOCAL, chat.id)
    assert (isinstance(failed, Failed) and failed.code, wire.calls("gpt-4o")) == ("access.denied", 0)


@pytest.mark.parametrize("what", [OTHER, UNRULED])
async def test_a_turn_ends_where_its_rules_changed(tmp_path: Path, wire: Wire, sales: Path, what: Rules) -> None:
    wire.script("gpt-4o", says("Too late."))
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.asked()
        await at.rule(what)
        await at.services.chats.turns.resume(is_alone=True)
        (_, failed) = await ended(at.services, LOCAL, chat.id)
    assert (isinstance(failed, Failed) and failed.code, wire.calls("gpt-4o")) == ("access.denied", 0)


async def test_a_turn_that_was_left_open_goes_on_under_the_rules_of_its_asker(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT count(*) AS n FROM orders"), says("There are 133."))
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.asked()
        await at.services.chats.turns.resume(is_alone=True)
        events = await ended(at.services, at.vera, chat.id)
    assert [event.result.rows for event in events if isinstance(event, ToolAnswered) and event.result] == [((133,),)]
    assert isinstance(events[-1], Answered)


class Ending(Access):
    """Access that ends after so many looks."""

    looks = 2

    async def fresh(self, asking: Actor, sheet_id: str, action: Action) -> Actor:
        """Deny what comes after the last look."""
        self.looks -= 1
        if self.looks < 0:
            raise Denied("access to the workbook ended.", fix="ask one of its owners.")
        return await super().fresh(asking, sheet_id, action)


async def test_access_is_looked_at_before_every_step(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT count(*) AS n FROM orders"), says("There are 133."))
    async with shared(tmp_path, wire, sales) as at:
        here = at.services
        chats = Chats(
            database=here.database, access=Ending(here.database, is_local=False), library=here.library,
            glossary=here.glossary, gateway=here.gateway, clock=here.clock,
        )  # fmt: skip
        chat = await chats.start(at.vera, at.sheet)
        await chats.ask(at.vera, chat.id, "How many?")
        events = await ended(replace(here, chats=chats), LOCAL, chat.id)
        await chats.close()
    assert [event.kind for event in events] == ["asked", "model_replied", "tool_answered", "failed"]
    assert wire.calls("gpt-4o") == 1


async def test_who_watches_a_chat_hears_that_access_ended(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.asked()
        async with asyncio.timeout(10), aclosing(at.services.chats.watch(at.vera, chat.id)) as watched:
            assert isinstance((await anext(watched)).event, Asked)
            await at.revoke()
            heard = [one.event async for one in watched]
    assert [(event.kind, event.turn) for event in heard if isinstance(event, AccessEnded)] == [("access_ended", "t")]


@pytest.mark.parametrize("is_revoked", [True, False])
async def test_who_listens_to_a_sheet_hears_that_it_is_seen_otherwise(
    tmp_path: Path, wire: Wire, sales: Path, *, is_revoked: bool
) -> None:
    async with (
        shared(tmp_path, wire, sales) as at,
        asyncio.timeout(10),
        aclosing(at.services.live.watch(at.vera, at.sheet)) as heard,
    ):
        await anext(heard)
        await (at.revoke() if is_revoked else at.rule(OTHER))
        last = [told.event async for told in heard][-1]
    assert isinstance(last, SheetHidden)
    assert ("has changed" in last.what) is not is_revoked


async def test_what_names_a_hidden_column_or_may_state_values_of_hidden_rows_is_not_in_the_glossary(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    async with shared(tmp_path, wire, sales) as at:
        glossary = at.services.glossary
        every = (
            Term(term="turnover", meaning="the Revenue of an order"),
            Term(term="boss", meaning="whoever signs orders"),
            Pinned(question="How much?", sql="SELECT SUM(revenue) AS s FROM orders"),
            Pinned(question="How many?", sql="SELECT COUNT(*) AS n FROM orders"),
            Pinned(question="How is our whale?", sql="SELECT COUNT(*) AS n FROM orders WHERE region = 'South'"),
        )
        for entry in every:
            await glossary.add(LOCAL, at.sheet, entry)
        opened = await at.services.library.open(at.vera, at.sheet)
        listed = [kept.entry for kept in await glossary.listing(at.vera, at.sheet)]
        assert listed == [*await glossary.entries(at.vera, opened)] == [every[1], every[3]]
        assert len(await glossary.listing(LOCAL, at.sheet)) == len(every)
        await at.rule(OTHER)
        fewer = replace(at.vera, rules=OTHER)
        assert [kept.entry for kept in await glossary.listing(fewer, at.sheet)] == list(every)


async def test_the_tools_of_an_agent_see_what_its_user_sees(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        shelf = Shelf(at.services.library, at.vera, {"sales": at.sheet})
        card = await shelf.card("chatsheet://workbook/sales")
        ran = await shelf.call("run_sql", {"purpose": "all", "sql": "SELECT * FROM orders"})
    assert not [word for word in ("revenue", "South", "target") if word in card + ran.content]
    assert ran.result is not None
    assert ran.result.row_count == 133


async def test_an_answer_is_not_traced_under_other_rules_than_its_own(tmp_path: Path, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs("SELECT region, count(*) AS n FROM orders GROUP BY region"), says("There are 133."))
    async with shared(tmp_path, wire, sales) as at:
        chat = await at.services.chats.start(at.vera, at.sheet)
        await at.services.chats.ask(at.vera, chat.id, "How many?")
        await ended(at.services, at.vera, chat.id)
        mine, whole = [await at.services.chats.citation(one, chat.id, "r1", row=0, column="n") for one in (at.vera, LOCAL)]
    assert (len(mine.tables[0].rows), mine.not_traced) == (133, None)
    assert (whole.tables[0].rows, whole.not_traced is not None) == ((), True)


async def test_a_past_version_is_seen_by_whoever_asked_it_without_what_is_not_there_any_more(
    tmp_path: Path, wire: Wire, sales: Path
) -> None:
    wire.script("gpt-4o", runs("SELECT region, count(*) AS n FROM orders GROUP BY region"), says("There are 133."))
    async with shared(tmp_path, wire, sales) as at:
        library, chats, bob = at.services.library, at.services.chats, replace(at.vera, user_id="bob")
        past = (await library.open(at.vera, at.sheet)).sheet.version
        chat = await chats.start(at.vera, at.sheet)
        await chats.ask(at.vera, chat.id, "How many?")
        await ended(at.services, at.vera, chat.id)
        await chats.shelf.branch(bob, chat.id, before=None)
        await library.edit(LOCAL, at.sheet, [DeleteColumn(table="orders", column="product")], expected_version=past)
        seen = await library.at(at.vera, at.sheet, past)
        assert "product" not in seen.workbook.tables[0].names
        for one in (bob, replace(at.vera, rules=OTHER)):
            with pytest.raises(VersionNotFound, match="as it is now"):
                await library.at(one, at.sheet, past)
        for one in (at.vera, bob):
            cited = await chats.citation(one, chat.id, "r1", row=0, column="n")
            assert (len(cited.tables[0].rows), cited.version, cited.not_traced) == (133, past, None)


async def test_who_sees_a_part_hears_of_no_version_before_the_head(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with shared(tmp_path, wire, sales) as at:
        library = at.services.library
        version = (await library.open(LOCAL, at.sheet)).sheet.version
        for column in ("product", "channel"):
            edit = DeleteColumn(table="orders", column=column)
            version = (await library.edit(LOCAL, at.sheet, [edit], expected_version=version)).opened.sheet.version
        async with asyncio.timeout(10), aclosing(at.services.live.watch(at.vera, at.sheet, Cursor(0, "", ""))) as watched:
            heard = (await anext(watched)).event
        assert heard == HeadMoved(sheet_id=at.sheet, version=version, seq=2)
