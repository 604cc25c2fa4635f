"""The glossary of a sheet: pinned SQL is checked, an import is all or nothing, and workspaces see their own only."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chatsheet.context.glossary.glossary import EntryKnown, Glossary, GlossaryFull
from chatsheet.context.glossary.imports import GlossaryInvalid
from chatsheet.context.glossary.model import MOST, Entry, Kept, Pinned, Term
from chatsheet.context.glossary.store import EntryNotFound
from chatsheet.core.identity import LOCAL, Actor
from chatsheet.sheets.guard import SqlRefused
from chatsheet.sheets.store import SheetNotFound
from chatsheet.wiring import open_library
from tests.harness import settings_in

pytestmark = pytest.mark.anyio
TURNOVER = Term(term="Turnover", meaning="revenue without returns")
PINNED = Pinned(question="Sales?", sql="select sum(revenue) from orders")


@asynccontextmanager
async def glossary_of(folder: Path, sales: Path) -> AsyncGenerator[tuple[Glossary, str], None]:
    """Open the glossary of the sample workbook."""
    async with open_library(settings_in(folder)) as (library, glossary):
        yield glossary, (await library.bring_in(LOCAL, sales)).sheet.id


async def test_a_prompt_has_no_sql_that_the_sheet_cannot_answer_any_more(tmp_path: Path, sales: Path) -> None:
    async with open_library(settings_in(tmp_path)) as (library, glossary):
        opened = await library.bring_in(LOCAL, sales)
        for entry in (TURNOVER, PINNED):
            await glossary.add(LOCAL, opened.sheet.id, entry)
        assert len(await glossary.entries(LOCAL, opened)) == 2
        (orders, *_) = opened.workbook.tables
        renamed = opened.workbook.model_copy(update={"tables": (orders.model_copy(update={"columns": orders.columns[:2]}),)})
        assert await glossary.entries(LOCAL, replace(opened, workbook=renamed)) == (TURNOVER,)
        assert len(await glossary.listing(LOCAL, opened.sheet.id)) == 2


async def entries(glossary: Glossary, sheet: str) -> list[Entry]:
    return [kept.entry for kept in await glossary.listing(LOCAL, sheet)]


@pytest.mark.usefixtures("each_database")
async def test_entries_are_kept_changed_and_removed(tmp_path: Path, sales: Path) -> None:
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        kept = await glossary.add(LOCAL, sheet, TURNOVER)
        pinned = await glossary.add(LOCAL, sheet, PINNED)
        assert await entries(glossary, sheet) == [kept.entry, pinned.entry]
        await glossary.change(LOCAL, sheet, Kept(id=kept.id, entry=Term(term="Turnover", meaning="gross")))
        await glossary.remove(LOCAL, sheet, pinned.id)
        assert await entries(glossary, sheet) == [Term(term="Turnover", meaning="gross")]


@pytest.mark.parametrize("sql", ["SELECT nothing FROM orders", "DROP TABLE orders", "SELECT 1; SELECT 2"])
async def test_sql_that_the_sheet_cannot_answer_is_not_pinned(tmp_path: Path, sales: Path, sql: str) -> None:
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        with pytest.raises(SqlRefused):
            await glossary.add(LOCAL, sheet, Pinned(question="?", sql=sql))
        assert await entries(glossary, sheet) == []


async def test_two_entries_about_the_same_are_one_too_many(tmp_path: Path, sales: Path) -> None:
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        await glossary.add(LOCAL, sheet, TURNOVER)
        with pytest.raises(EntryKnown):
            await glossary.add(LOCAL, sheet, Term(term="TURNOVER", meaning="x"))


@pytest.mark.usefixtures("each_database")
async def test_an_import_replaces_what_it_says_anew_and_adds_the_rest(tmp_path: Path, sales: Path) -> None:
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        kept = await glossary.add(LOCAL, sheet, TURNOVER)
        await glossary.bring_in(LOCAL, sheet, "term,meaning\nturnover,gross\nMargin,revenue minus cost\n", "csv")
        known = await glossary.listing(LOCAL, sheet)
        assert [(one.id == kept.id, one.entry) for one in known] == [
            (True, Term(term="turnover", meaning="gross")),
            (False, Term(term="Margin", meaning="revenue minus cost")),
        ]


async def test_one_wrong_line_and_nothing_of_an_import_is_kept(tmp_path: Path, sales: Path) -> None:
    text = "question,sql\nSales?,SELECT sum(revenue) FROM orders\nCost?,SELECT sum(costs) FROM orders\n"
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        with pytest.raises(GlossaryInvalid, match=r"line 3: .*costs"):
            await glossary.bring_in(LOCAL, sheet, text, "csv")
        assert await entries(glossary, sheet) == []


@pytest.mark.usefixtures("each_database")
async def test_a_full_glossary_says_so(tmp_path: Path, sales: Path) -> None:
    text = "term,meaning\n" + "".join(f"term {number},x\n" for number in range(MOST))
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        await glossary.bring_in(LOCAL, sheet, text, "csv")
        with pytest.raises(GlossaryFull):
            await glossary.add(LOCAL, sheet, TURNOVER)


@pytest.mark.usefixtures("each_database")
async def test_another_workspace_sees_nothing_and_changes_nothing(tmp_path: Path, sales: Path) -> None:
    stranger = Actor("elsewhere", "somebody")
    async with glossary_of(tmp_path, sales) as (glossary, sheet):
        kept = await glossary.add(LOCAL, sheet, TURNOVER)
        with pytest.raises(SheetNotFound):
            await glossary.listing(stranger, sheet)
        with pytest.raises(EntryNotFound):
            await glossary.remove(stranger, sheet, kept.id)
        assert await entries(glossary, sheet) == [TURNOVER]


@pytest.mark.usefixtures("each_database")
async def test_of_two_processes_that_say_the_same_at_once_one_is_told(tmp_path: Path, sales: Path) -> None:
    async with glossary_of(tmp_path, sales) as (here, sheet), open_library(settings_in(tmp_path)) as (_, there):
        adding = (one.add(LOCAL, sheet, TURNOVER) for one in (here, there) * 3)
        ends = await asyncio.gather(*adding, return_exceptions=True)
        assert [type(end) for end in ends if not isinstance(end, Kept)] == [EntryKnown] * 5
        assert await entries(here, sheet) == [TURNOVER]
