"""What a listener of a sheet hears: everything once, from wherever it was cut off."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatsheet.chat.live import ChatsChanged, Cursor, HeadMoved, Live, SheetsChanged, State, StillHere, Told, news
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.library import HeadMove
from chatsheet.sheets.store import SheetNotFound
from chatsheet.wiring import Services, open_services
from tests.harness import Wire, azure_settings

KNOWN = Cursor(2, "1.a", "1.s")


def state(*moves: HeadMove, seq: int = 2, chats: str = "1.a", sheets: str = "1.s") -> State:
    return State(sheet_id="s", version=f"v{seq}", seq=seq, moves=moves, chats=chats, sheets=sheets)


def move(seq: int) -> HeadMove:
    return HeadMove(seq=seq, kind="edit", to_version=f"v{seq}")


def head(seq: int, *, is_told: bool = True) -> HeadMoved:
    return HeadMoved(sheet_id="s", version=f"v{seq}", seq=seq, move="edit" if is_told else None)


def heard(now: State, known: Cursor | None) -> list[object]:
    return [told.event for told in news(now, known)]


def test_who_knows_everything_hears_nothing() -> None:
    assert heard(state(), KNOWN) == []


def test_who_knows_nothing_hears_where_it_stands() -> None:
    assert [type(event) for event in heard(state(), None)] == [HeadMoved, ChatsChanged, SheetsChanged]


def test_each_missed_move_is_heard_in_order() -> None:
    assert heard(state(move(3), move(4), seq=4), KNOWN) == [head(3), head(4)]


def test_after_a_gap_only_where_the_head_stands_is_heard() -> None:
    assert heard(state(move(3), seq=90), KNOWN) == [head(90, is_told=False)]


def test_a_cursor_of_another_history_is_answered_with_where_the_head_stands() -> None:
    assert heard(state(seq=1), KNOWN) == [head(1, is_told=False)]


def test_whoever_is_cut_off_anywhere_hears_the_rest_and_nothing_twice() -> None:
    now = state(move(3), move(4), seq=4, chats="2.b", sheets="2.t")
    whole = list(news(now, KNOWN))
    for place, told in enumerate(whole, 1):
        rest = State(sheet_id="s", version="v4", seq=4, moves=now.moves[told.cursor.seq - 2 :], chats="2.b", sheets="2.t")
        assert list(news(rest, Cursor.parse(str(told.cursor)))) == whole[place:]


@pytest.mark.parametrize("text", ["", "x-1-2", "1", "1-2-3-4", "-1-a-b", None])
def test_what_is_no_cursor_is_none(text: str | None) -> None:
    assert Cursor.parse(text) is None


@asynccontextmanager
async def opened(folder: Path, wire: Wire) -> AsyncGenerator[Services, None]:
    async with open_services(azure_settings(folder, wire, "gpt-4o")) as services:
        yield services


async def until(watched: AsyncGenerator[Told, None], kind: type[object]) -> Told:
    async with asyncio.timeout(10):
        async for told in watched:
            if isinstance(told.event, kind):
                return told
    raise AssertionError("it ended")


@pytest.mark.usefixtures("each_database")
@pytest.mark.anyio
async def test_an_edit_by_another_process_is_heard(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with opened(tmp_path, wire) as here, opened(tmp_path, wire) as there:
        sheet = (await here.library.bring_in(LOCAL, sales)).sheet
        watched = here.live.watch(LOCAL, sheet.id)
        await until(watched, SheetsChanged)
        edit = SetCells(table="targets", cells=(CellValue(row=5, column="target", value=1),))
        made = await there.library.edit(LOCAL, sheet.id, [edit], expected_version=sheet.version)
        told = await until(watched, HeadMoved)
        assert told.event == HeadMoved(sheet_id=sheet.id, version=made.opened.sheet.version, seq=1, move="edit")
        await there.chats.start(LOCAL, sheet.id)
        assert (await until(watched, ChatsChanged)).cursor.seq == 1
        await watched.aclose()


class LateClock(SystemClock):
    """A clock on which eleven seconds pass between two looks."""

    at = 0.0

    def monotonic(self) -> float:
        self.at += 11.0
        return self.at


@pytest.mark.anyio
async def test_a_quiet_sheet_says_that_it_is_there(tmp_path: Path, wire: Wire, sales: Path) -> None:
    async with opened(tmp_path, wire) as services:
        sheet = (await services.library.bring_in(LOCAL, sales)).sheet
        live = Live(database=services.database, access=services.access, library=services.library, clock=LateClock())
        watched = live.watch(LOCAL, sheet.id)
        assert (await until(watched, StillHere)).event == StillHere(sheet_id=sheet.id, version=sheet.version)
        await watched.aclose()


@pytest.mark.anyio
async def test_a_sheet_that_is_not_there_is_an_error(tmp_path: Path, wire: Wire) -> None:
    async with opened(tmp_path, wire) as services:
        with pytest.raises(SheetNotFound):
            await services.live.state(LOCAL, "sheet_none")
