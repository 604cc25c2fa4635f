"""Jobs in a browser: a column is drafted, started, watched, paused, looked through and taken back."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Route, expect
from pydantic import JsonValue

from chatsheet.core import loose
from chatsheet.simulator.brain import Piece
from chatsheet.simulator.brains.scripted import Exchange, ScriptedBrain, ScriptedCall
from tests.e2e import axe
from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import Opened, ask, browser, opening
from tests.e2e.test_sheet_page import upload
from tests.harness import says, start_wire
from tests.jobs.rig import Judge, sheet
from tests.jobs.test_finding import reviews

__all__ = ["browser"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WITHIN_MS = 2000
"""How soon a job does what it is told."""
SETTINGS = """
data = '{data}'
[server]
port = 0
[jobs]
at_once = 2
[llm]
routes = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
input_price = 2
output_price = 8
"""
PROMPT = "What mood is this? {comment}"
PROPOSED = ScriptedCall(
    name="propose_ai_column",
    arguments={
        "table": "comments", "label": "Mood", "template": PROMPT, "output": "text", "choices": ["good", "bad"],
        "where": "", "reason": "to see moods",
    },
)  # fmt: skip


def mood(comment: str) -> JsonValue:
    """Judge a comment: `c1` gets no valid answer, `c2` a doubtful one."""
    value = "awful" if comment == "c1" else "good"
    return {"value": value, "confidence": 0.3 if comment == "c2" else 0.9, "reason": "it says so"}


@dataclass(slots=True)
class Clerk(Judge):
    """A judge who talks in chats too, by a script."""

    script: ScriptedBrain = field(default_factory=ScriptedBrain)

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Answer in a chat, which offers tools, or judge."""
        judging = Judge.reply(self, deployment, body)
        async for piece in self.script.reply(deployment, body) if "tools" in body else judging:
            yield piece


@asynccontextmanager
async def commented(
    folder: Path, browser: Browser, clerk: Clerk, rows: int = 12, distinct: int = 0
) -> AsyncGenerator[Opened, None]:
    """Open a sheet of comments."""
    clerk.is_open.set()
    async with start_wire(model=clerk) as wire, opening(settings_file(folder, wire, SETTINGS), browser) as opened:
        await upload(opened, sheet(folder, rows, distinct=distinct))
        await expect(opened.page.get_by_role("gridcell", name="c0", exact=True).first).to_be_visible()
        yield opened


def drawer(opened: Opened) -> Locator:
    return opened.page.get_by_role("dialog", name="Jobs")


async def draft(opened: Opened) -> Locator:
    """Draft a column from the menu of another one; return the drawer once the sample is answered."""
    page, jobs = opened.page, drawer(opened)
    await page.get_by_role("columnheader", name="comment").click(button="right")
    await page.get_by_role("button", name="Fill a new column…").click()
    await expect(jobs.get_by_label("What the model is asked about each row")).to_have_value("{comment}")
    await jobs.get_by_label("Name of the new column").fill("Mood")
    await jobs.get_by_label("What the model is asked about each row").fill(PROMPT)
    await jobs.get_by_label("Only these values").fill("good\nbad")
    await jobs.get_by_role("button", name="Show five rows").click()
    await expect(jobs.get_by_role("list", name="Sampled rows").get_by_role("listitem")).to_have_count(5)
    await expect(jobs.get_by_text("These rows were asked for real.")).to_be_visible()
    return jobs


async def start(opened: Opened) -> Locator:
    jobs = await draft(opened)
    await jobs.get_by_role("button", name="Start", exact=True).click()
    return jobs


async def test_a_proposal_of_a_chat_becomes_a_draft_a_column_and_is_taken_back(tmp_path: Path, browser: Browser) -> None:
    clerk = Clerk()
    clerk.script.add("gpt-4o", [Exchange(calls=(PROPOSED,)), says("I propose a column.")])
    async with commented(tmp_path, browser, clerk) as opened:
        page, jobs = opened.page, drawer(opened)
        await ask(opened, "What mood is each comment?")
        await page.get_by_role("button", name="Make a draft").click()
        await expect(jobs.get_by_text("These rows were asked for real.")).to_be_visible()
        await jobs.get_by_role("button", name="Start", exact=True).click()
        await expect(jobs.get_by_text("Completed", exact=True)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("“Mood” is filled: 12 rows.")).to_be_visible()
        await expect(page.get_by_role("gridcell", name="good", exact=True)).to_have_count(12)
        await page.get_by_role("gridcell", name="c0", exact=True).click()
        await page.keyboard.press("Control+z")
        await expect(page.get_by_role("columnheader", name="Mood")).to_have_count(0)
        await page.get_by_role("button", name="Look at the job").click()
        await expect(jobs.get_by_role("article", name="Mood")).to_be_visible()


async def test_a_draft_shows_real_answers_and_what_all_of_it_takes(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk(judge=mood), rows=60, distinct=30) as opened:
        jobs = await draft(opened)
        sample = jobs.get_by_role("list", name="Sampled rows")
        await expect(sample.get_by_text("it says so").first).to_be_visible()
        await expect(sample.get_by_text("90% sure").first).to_be_visible()
        takes = jobs.get_by_label("What all of it takes")
        for figure in ("60", "30", "120 and 120", "about 0.0108"):
            await expect(takes.get_by_text(figure, exact=True)).to_be_visible()
        assert await axe.violations(opened.page) == []
        await jobs.get_by_role("button", name="Discard").click()
        await expect(jobs.get_by_text("Discarded draft")).to_be_visible()
        await expect(jobs.get_by_text("Nothing runs now.")).to_be_visible()


async def test_a_job_is_paused_goes_on_and_is_cancelled_with_what_is_done(tmp_path: Path, browser: Browser) -> None:
    clerk = Clerk(seconds=0.3)
    async with commented(tmp_path, browser, clerk, rows=400) as opened:
        jobs = await start(opened)
        page, done = opened.page, jobs.get_by_text("of 400 rows")
        await expect(jobs.get_by_role("heading", name="A column filled by a model")).to_be_focused()
        await expect(done).not_to_contain_text("5 of 400 rows")
        await jobs.get_by_role("button", name="Pause: Mood").click()
        await expect(jobs.get_by_text("Paused by a person")).to_be_visible(timeout=WITHIN_MS)
        async with asyncio.timeout(10):
            while clerk.in_flight:
                await asyncio.sleep(0.05)
        await expect(page.locator("header .badge")).to_have_count(0)
        await expect(jobs.get_by_role("button", name="Resume: Mood")).to_be_focused()
        await opened.page.keyboard.press("Enter")
        await expect(jobs.get_by_text("a minute")).to_be_visible()
        await expect(page.locator("header .badge")).to_have_text("1 running")
        await jobs.get_by_role("button", name="Cancel: Mood").click()
        await expect(jobs.get_by_text("Cancelled;")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("columnheader", name="Mood")).to_be_visible()


async def test_a_failed_row_is_corrected_and_a_doubtful_one_kept(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk(judge=mood)) as opened:
        jobs = await start(opened)
        await expect(jobs.get_by_text("Completed, 1 row failed")).to_be_visible()
        failed = jobs.get_by_role("listitem", name="c1")
        await expect(failed).to_contain_text("is none of the choices")
        assert await axe.violations(opened.page) == []
        await failed.get_by_label("Right value").select_option("bad")
        await failed.get_by_role("button", name="Correct").click()
        await expect(jobs.get_by_text("Corrected in 1 row.")).to_be_visible()
        doubtful = jobs.get_by_role("listitem", name="c2")
        await expect(doubtful).to_be_focused()
        await expect(doubtful).to_contain_text("30% sure")
        await doubtful.get_by_role("button", name="Keep").click()
        await expect(jobs.get_by_text("Nothing waits for a look")).to_be_visible()
        await opened.page.keyboard.press("Escape")
        await expect(opened.page.get_by_role("gridcell", name="bad", exact=True)).to_have_count(1)


async def test_an_order_that_fits_no_column_says_what_is_wrong_and_keeps_what_was_typed(
    tmp_path: Path, browser: Browser
) -> None:
    async with commented(tmp_path, browser, Clerk()) as opened:
        jobs = drawer(opened)
        await opened.page.get_by_role("button", name="Jobs").click()
        await jobs.get_by_role("button", name="Fill a new column…").click()
        await jobs.get_by_label("Name of the new column").fill("Mood")
        await jobs.get_by_label("What the model is asked about each row").fill("What of {nothing}?")
        await jobs.get_by_role("button", name="Show five rows").click()
        await expect(jobs.get_by_role("alert").filter(has_text="There is no column {nothing} here.")).to_be_visible()
        await expect(jobs.get_by_label("What the model is asked about each row")).to_have_value("What of {nothing}?")
        await jobs.get_by_label("Insert a column").select_option("comment")
        await expect(jobs.get_by_label("What the model is asked about each row")).to_have_value("What of {nothing}? {comment}")


async def read_only(route: Route) -> None:
    """Let the page hear that whoever looks may read only."""
    answer = await route.fetch()
    said = loose.obj(await answer.json())
    await route.fulfill(response=answer, json={**said, "sheet": {**loose.obj(said["sheet"]), "role": "viewer"}})


async def test_who_may_read_only_sees_progress_and_nothing_to_press(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk()) as opened:
        await expect((await start(opened)).get_by_text("Completed", exact=True)).to_be_visible()
        page, jobs = opened.page, drawer(opened)
        await page.route(re.compile(r"/api/sheets/sheet_\w+$"), read_only)
        await page.reload()
        await page.get_by_role("button", name="Jobs").click()
        job = jobs.get_by_role("article", name="Mood")
        await expect(job.get_by_text("12 of 12 rows")).to_be_visible()
        await expect(job.get_by_role("button")).to_have_count(0)
        await expect(job.get_by_role("link")).to_have_count(0)
        await expect(jobs.get_by_role("button", name="Fill a new column…")).to_have_count(0)


async def test_a_second_window_and_another_browser_see_a_job_go_on(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk(seconds=0.5), rows=60) as opened:
        second = await opened.page.context.new_page()  # the first one holds the stream: this one asks
        elsewhere = await browser.new_page()
        for page in (second, elsewhere):
            await page.goto(opened.address)
            await expect(page.get_by_role("gridcell", name="c0", exact=True)).to_be_visible()
        jobs = await start(opened)
        for page in (elsewhere, second):
            await expect(page.locator("header .badge")).to_have_text("1 running")
        await jobs.get_by_role("button", name="Cancel: Mood").click()
        for page in (elsewhere, second):
            await expect(page.get_by_text("“Mood” is cancelled;")).to_be_visible()
        await elsewhere.close()


async def test_dead_formulas_come_in_as_a_draft_that_asks_nothing_before_it_is_wanted(tmp_path: Path, browser: Browser) -> None:
    clerk = Clerk()
    async with commented(tmp_path, browser, clerk) as opened:
        await upload(opened, reviews(tmp_path))
        await expect(opened.page.get_by_role("columnheader", name="Mood")).to_be_visible()
        jobs = drawer(opened)
        await opened.page.get_by_role("button", name="Jobs").click()
        await expect(jobs.get_by_text("Draft: nothing is asked yet")).to_be_visible()
        await expect(jobs.get_by_text("Found in the workbook:")).to_contain_text("COPILOT")
        await jobs.get_by_role("button", name="Look at it: Mood").click()
        await expect(jobs.get_by_role("button", name="Start", exact=True)).to_be_disabled()
        assert await axe.violations(opened.page) == []
        assert clerk.asked.total() == 0
        await jobs.get_by_role("button", name="Show five rows").click()
        await expect(jobs.get_by_text("These rows were asked for real.")).to_be_visible()
        assert clerk.asked.total() == 5
        await jobs.get_by_role("button", name="Start", exact=True).click()
        await expect(jobs.get_by_text("Completed", exact=True)).to_be_visible()


async def test_many_cells_are_changed_after_a_look_at_them_and_taken_back(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk()) as opened:
        page, jobs = opened.page, drawer(opened)
        await page.get_by_role("columnheader", name="comment").click(button="right")
        await page.get_by_role("button", name="Change many cells…").click()
        await expect(jobs.get_by_label("Column that changes")).to_have_value("comment")
        await jobs.get_by_label("What its cells hold then").fill("=UPPER(B2)")
        await jobs.get_by_role("button", name="Show what changes").click()
        await expect(jobs.get_by_role("alert").filter(has_text="This is a formula")).to_be_visible()
        await jobs.get_by_label("What its cells hold then").fill("upper(comment)")
        await jobs.get_by_label("Only rows where").fill("id < 6")
        assert await axe.violations(page) == []
        await jobs.get_by_role("button", name="Show what changes").click()
        await expect(jobs.get_by_text("6 cells would change, such as these.")).to_be_visible()
        await expect(jobs.get_by_role("list", name="Sampled rows").get_by_text("C5", exact=True)).to_be_visible()
        assert await axe.violations(page) == []
        await jobs.get_by_role("button", name="Start", exact=True).click()
        await expect(jobs.get_by_text("Completed", exact=True)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("“Change of comment” is done: 6 rows.")).to_be_visible()
        await expect(page.get_by_role("gridcell", name="C5", exact=True)).to_be_visible()
        await page.get_by_role("gridcell", name="C5", exact=True).click()
        await page.keyboard.press("Control+z")
        await expect(page.get_by_text("6 cells of comment are as before.")).to_be_visible()


async def test_a_table_is_exported_in_the_background_and_downloaded(tmp_path: Path, browser: Browser) -> None:
    async with commented(tmp_path, browser, Clerk()) as opened:
        page, jobs = opened.page, drawer(opened)
        await page.get_by_role("button", name="Jobs").click()
        await jobs.get_by_role("button", name="Export…").click()
        await jobs.get_by_role("button", name="Count its rows").click()
        await expect(jobs.get_by_text("The file will hold 12 rows.")).to_be_visible()
        await jobs.get_by_role("button", name="Start", exact=True).click()
        async with page.expect_download() as downloading:
            await jobs.get_by_role("link", name="Download: Export of comments as CSV").click()
        path = await (await downloading.value).path()
        assert len(path.read_text(encoding="utf-8").splitlines()) == 13
        assert await axe.violations(page) == []
