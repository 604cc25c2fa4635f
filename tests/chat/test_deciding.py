"""Deciding: applied once, on top of what others did elsewhere, taken back only where nothing came after; never by a model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import JsonValue

from chatsheet.chat import proposals, store
from chatsheet.chat.events import Decided
from chatsheet.chat.proposals import (
    AiColumnsMissing,
    ConsentNeeded,
    Decision,
    DecisionBusy,
    DecisionForbidden,
    NotUndoable,
    ProposalDecided,
    ProposalNotFound,
    Standing,
)
from chatsheet.chat.store import ChatNotFound
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.db.engine import open_database
from chatsheet.sheets.edits import CellValue, Fill, SetCells
from chatsheet.sheets.library import EditConflict, Edited, Library
from chatsheet.sheets.query import Engine
from tests.chat.proposed import ANNA, BEN, Jobs, Talk, edit_of, talking
from tests.harness import state_in

pytestmark = pytest.mark.anyio

DOUBLE: dict[str, JsonValue] = {"op": "fill", "column": "price", "where": "count > 5", "expression": "price * 2"}
DOUBLED = [3.0, 4.5, 30.5, 12.5]
PRICES = [1.5, 2.25, 30.5, 12.5]


async def by_hand(talk: Talk, row: int, column: str, value: float) -> Edited:
    """Let Ben change a cell himself."""
    edit = SetCells(table="prices", cells=(CellValue(row=row, column=column, value=value),))
    head = (await talk.opened()).sheet.version
    return await talk.library.edit(BEN, talk.sheet_id, [edit], expected_version=head)


async def test_what_a_person_applies_is_a_version_with_their_name_and_the_reason(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        standing = await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert await talk.column("price") == DOUBLED
        (move,) = await talk.library.history(LOCAL, talk.sheet_id)
        assert (standing.state, standing.by, standing.version) == ("applied", "anna", move.to_version)
        assert (move.created_by, move.reason) == ("anna", f"p1 of {talk.chat_id}: because")
        assert isinstance((await talk.log())[-1], Decided)


async def test_what_is_declined_changes_nothing(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        standing = await talk.deciding.decide(ANNA, talk.chat_id, "p1", "decline")
        assert (standing.state, standing.by) == ("declined", "anna")
        assert await talk.library.history(LOCAL, talk.sheet_id) == []


async def test_what_was_applied_can_be_taken_back_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert (await talk.deciding.decide(BEN, talk.chat_id, "p1", "undo")).state == "undone"
        assert await talk.column("price") == PRICES
        for decision in ("apply", "decline", "undo"):
            with pytest.raises(ProposalDecided):
                await talk.deciding.decide(ANNA, talk.chat_id, "p1", decision)


async def test_twice_the_same_decision_is_refused(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        with pytest.raises(ProposalDecided, match="applied by anna"):
            await talk.deciding.decide(BEN, talk.chat_id, "p1", "apply")
        assert await talk.column("price") == DOUBLED


@pytest.mark.usefixtures("each_database")
async def test_two_processes_that_apply_at_once_apply_it_once(tmp_path: Path) -> None:
    """Rows are inserted: nothing in them conflicts, so that only the reason tells that it was done."""
    async with talking(tmp_path) as talk, second_process(talk, tmp_path) as other:
        await talk.propose({"op": "insert_rows", "new_rows": [{"item": "jar"}]})
        both = [one.deciding.decide(who, talk.chat_id, "p1", "apply") for one, who in ((talk, ANNA), (other, BEN))]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes) == ["ProposalDecided", "Standing"]
        assert (await talk.column("item")).count("jar") == 1
        assert len(await talk.library.history(LOCAL, talk.sheet_id)) == 1


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("decisions", [("apply", "apply"), ("apply", "decline"), ("decline", "apply"), ("decline", "decline")])
async def test_of_two_decisions_at_once_the_first_one_holds(tmp_path: Path, decisions: tuple[Decision, Decision]) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose({"op": "insert_rows", "new_rows": [{"item": "jar"}]})
        deciding = talk.deciding
        both = [deciding.decide(who, talk.chat_id, "p1", how) for who, how in zip((ANNA, BEN), decisions, strict=True)]
        first, second = await asyncio.gather(*both, return_exceptions=True)
        assert isinstance(first, Standing)
        assert isinstance(second, ProposalDecided)
        assert (first.state, first.by) == ("applied" if decisions[0] == "apply" else "declined", "anna")
        assert (await talk.column("item")).count("jar") == (decisions[0] == "apply")
        assert sum(isinstance(event, Decided) for event in await talk.log()) == 1


@pytest.mark.usefixtures("each_database")
async def test_two_undos_at_once_take_it_back_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        deciding = talk.deciding
        await deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        both = [deciding.decide(who, talk.chat_id, "p1", "undo") for who in (ANNA, BEN)]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes) == ["ProposalDecided", "Standing"]
        assert await talk.column("price") == PRICES


@pytest.mark.usefixtures("each_database")
async def test_a_decline_in_another_process_is_never_said_of_what_was_applied(tmp_path: Path) -> None:
    """Whichever is first, log and sheet agree in the end."""
    async with talking(tmp_path) as talk, second_process(talk, tmp_path) as other:
        await talk.propose({"op": "insert_rows", "new_rows": [{"item": "jar"}]})
        both = [
            talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply"),
            other.deciding.decide(BEN, talk.chat_id, "p1", "decline"),
        ]
        await asyncio.gather(*both, return_exceptions=True)
        (standing,) = await talk.deciding.standings(LOCAL, talk.chat_id)
        assert (await talk.column("item")).count("jar") == (standing.state == "applied")


@pytest.mark.usefixtures("each_database")
async def test_a_decline_waits_for_what_another_process_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(tmp_path) as talk, second_process(talk, tmp_path) as other:
        await talk.propose({"op": "insert_rows", "new_rows": [{"item": "jar"}]})
        preview, is_looking, may_go = talk.library.preview, asyncio.Event(), asyncio.Event()

        async def held(*args: object, **named: object) -> object:
            is_looking.set()
            await may_go.wait()
            return await preview(*args, **named)  # pyright: ignore[reportArgumentType]  passed on as it came

        monkeypatch.setattr(talk.library, "preview", held)
        applied = asyncio.create_task(talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply"))
        await is_looking.wait()
        declined = asyncio.create_task(other.deciding.decide(BEN, talk.chat_id, "p1", "decline"))
        assert not (await asyncio.wait({declined}, timeout=0.3))[0]
        may_go.set()
        assert (await applied).state == "applied"
        with pytest.raises(ProposalDecided):
            await declined


async def test_a_process_that_died_while_it_decided_holds_up_nobody_for_ever(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        then = SystemClock().now() - timedelta(minutes=3)
        async with talk.database.unit() as connection:
            until = then + timedelta(minutes=2)
            assert await store.begin_decision(connection, talk.chat_id, "gone", now=then, until=until)
        assert (await talk.deciding.decide(ANNA, talk.chat_id, "p1", "decline")).state == "declined"


async def test_proposals_are_listed_while_a_decision_waits_for_a_process_that_died(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        now, deciding = SystemClock().now(), talk.deciding
        async with talk.database.unit() as connection:
            await store.begin_decision(connection, talk.chat_id, "gone", now=now, until=now + timedelta(minutes=2))
        waiting = asyncio.create_task(deciding.decide(ANNA, talk.chat_id, "p1", "apply"))
        assert not (await asyncio.wait({waiting}, timeout=0.3))[0]
        async with asyncio.timeout(5):
            (standing,) = await deciding.standings(LOCAL, talk.chat_id)
        assert standing.state == "open"
        async with talk.database.unit() as connection:
            await store.end_decision(connection, talk.chat_id, "gone")
        assert (await waiting).state == "applied"


async def test_who_waits_too_long_is_told_and_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatsheet.chat.deciding._WAIT_S", 0.2)
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        now = SystemClock().now()
        async with talk.database.unit() as connection:
            await store.begin_decision(connection, talk.chat_id, "another", now=now, until=now + timedelta(minutes=2))
        with pytest.raises(DecisionBusy):
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert await talk.column("price") == PRICES


@asynccontextmanager
async def second_process(talk: Talk, folder: Path) -> AsyncGenerator[Talk, None]:
    """Another library and database connection over the same folder, as a second process has them."""
    database, engine = await open_database(state_in(folder)), Engine()
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock())
    try:
        yield Talk(database, library, talk.sheet_id, talk.chat_id)
    finally:
        await library.close()
        await engine.close()
        await database.close()


async def test_a_change_of_other_cells_in_between_is_kept(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        await by_hand(talk, 5, "price", 99)
        await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert await talk.column("price") == [3.0, 4.5, 30.5, 99]


async def test_a_change_of_the_same_cells_is_a_conflict_and_the_proposal_stays_open(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        await by_hand(talk, 2, "price", 99)
        with pytest.raises(EditConflict) as met:
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        (cell,) = met.value.cells
        assert (cell.row, cell.was, cell.theirs, cell.by) == (2, 1.5, 99, "ben")
        assert [one.state for one in await talk.deciding.standings(LOCAL, talk.chat_id)] == ["open"]
        assert (await talk.deciding.decide(ANNA, talk.chat_id, "p1", "decline")).state == "declined"


async def test_an_undo_where_something_came_after_says_what(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        await by_hand(talk, 5, "price", 99)
        with pytest.raises(NotUndoable, match="changed after p1: edit by ben") as refused:
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "undo")
        assert "the sheet's history" in refused.value.fix
        assert (await talk.column("price"))[3] == 99


async def test_a_crash_between_the_edit_and_its_event_leaves_nothing_open(tmp_path: Path) -> None:
    """The process died after the version was made: the next look says so, once, and it is not applied again."""
    async with talking(tmp_path) as talk:
        proposal = edit_of(await talk.propose(DOUBLE))
        reason = proposals.mark(talk.chat_id, "p1") + proposal.reason
        version = proposal.preview.version
        await talk.library.edit(ANNA, talk.sheet_id, proposal.edits, expected_version=version, reason=reason)
        looks = [await talk.deciding.standings(LOCAL, talk.chat_id) for _ in range(2)]
        assert [[(one.state, one.by) for one in look] for look in looks] == [[("applied", "anna")]] * 2
        assert sum(isinstance(event, Decided) for event in await talk.log()) == 1
        with pytest.raises(ProposalDecided):
            await talk.deciding.decide(BEN, talk.chat_id, "p1", "apply")


async def test_an_undo_in_the_sheets_own_history_is_seen(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        version = (await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")).version
        await talk.library.undo(BEN, talk.sheet_id, expected_version=version)
        (standing,) = await talk.deciding.standings(LOCAL, talk.chat_id)
        assert (standing.state, standing.by) == ("undone", "ben")


async def test_what_reaches_out_is_applied_only_where_the_request_names_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose({"op": "set", "column": "item", "rows": [2], "value": '=HYPERLINK("http://example.org")'})
        for consent in ((), ("IMAGE",)):
            with pytest.raises(ConsentNeeded, match="HYPERLINK"):
                await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply", consent)
        assert (await talk.column("item"))[0] == "pen"
        standing = await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply", ("HYPERLINK",))
        assert standing.state == "applied"


async def test_what_reaches_out_only_since_it_was_proposed_needs_the_consent_too(tmp_path: Path) -> None:
    """The expression copies a cell that somebody else filled in between."""
    async with talking(tmp_path, content=b"item,price,note\npen,1,x\ncup,2,y\n") as talk:
        await talk.propose({"op": "fill", "column": "item", "rows": [2], "expression": "note || '(A1)'"})
        edit = Fill(table="prices", column="note", value="=IMAGE")
        head = (await talk.opened()).sheet.version
        await talk.library.edit(BEN, talk.sheet_id, [edit], expected_version=head)
        with pytest.raises(ConsentNeeded, match="IMAGE"):
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")


async def test_a_change_that_is_none_any_more_makes_no_version_to_take_back(tmp_path: Path) -> None:
    async with talking(tmp_path, content=b"item,price,note\npen,1,x\ncup,2,y\n") as talk:
        await talk.propose({"op": "fill", "column": "item", "rows": [2], "expression": "note"})
        head = (await talk.opened()).sheet.version
        edit = SetCells(table="prices", cells=(CellValue(row=2, column="note", value="pen"),))
        made = await talk.library.edit(BEN, talk.sheet_id, [edit], expected_version=head)
        standing = await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert (standing.state, standing.version) == ("applied", made.opened.sheet.version)
        with pytest.raises(NotUndoable, match="p1 made no version"):
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "undo")


async def test_strangers_and_nobody_decide_nothing(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.propose(DOUBLE)
        with pytest.raises(ChatNotFound):
            await talk.deciding.decide(Actor("elsewhere", "somebody"), talk.chat_id, "p1", "apply")
        with pytest.raises(DecisionForbidden):
            await talk.deciding.decide(Actor(LOCAL.workspace_id, ""), talk.chat_id, "p1", "apply")
        with pytest.raises(ProposalNotFound):
            await talk.deciding.decide(ANNA, talk.chat_id, "p7", "apply")
        assert await talk.column("price") == PRICES


async def test_an_ai_column_starts_one_job(tmp_path: Path) -> None:
    jobs = Jobs()
    async with talking(tmp_path, ai_columns=jobs) as talk:
        await talk.call("propose_ai_column", table="prices", label="Kind", template="{item}?")
        standing = await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert (standing.state, standing.job) == ("applied", "job 1")
        with pytest.raises(ProposalDecided):
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        with pytest.raises(NotUndoable, match="made no version"):
            await talk.deciding.decide(ANNA, talk.chat_id, "p1", "undo")
        assert list(jobs.started) == [f"p1 of {talk.chat_id}: "]


async def test_without_who_runs_ai_columns_deciding_says_so(tmp_path: Path) -> None:
    """The proposal is from a version that ran them."""
    async with talking(tmp_path, ai_columns=Jobs()) as talk:
        await talk.call("propose_ai_column", table="prices", label="Kind", template="{item}?")
        today = Talk(talk.database, talk.library, talk.sheet_id, talk.chat_id)
        with pytest.raises(AiColumnsMissing, match="does not run AI columns"):
            await today.deciding.decide(ANNA, talk.chat_id, "p1", "apply")
        assert (await today.deciding.decide(ANNA, talk.chat_id, "p1", "decline")).state == "declined"
