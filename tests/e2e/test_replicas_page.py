"""Two servers that share Postgres, Valkey and an object store alone, behind HAProxy, in a browser; either is killed."""

import asyncio
import re
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from chatsheet.simulator.brain import Call, Counted, Piece, Say
from tests import balancer
from tests.e2e.complaints import Complaints
from tests.e2e.test_page import browser
from tests.e2e.test_people import log_in
from tests.e2e.test_sheet_page import READ_MS
from tests.harness import start_wire
from tests.jobs.rig import Judge, sheet
from tests.soak.cluster import Cluster, cluster
from tests.stores import Store

__all__ = ["browser"]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(balancer.PROGRAM is None, reason="HAProxy is not installed: run `make netbed-tools` as root"),
]
ROWS = 60
MOST_ASKED = 3
"""A row is asked once more for each kill that it was in flight at."""
TAKEN_OVER_MS = 90_000
"""A turn is another server's half a minute after its own died."""


@dataclass(slots=True)
class Clerk(Judge):
    """A judge who talks in chats too, and goes on with an answer when it may."""

    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def reply(self, deployment: str, body: Mapping[str, object]) -> AsyncGenerator[Piece, None]:
        """Answer in a chat, which offers tools, or judge."""
        if "tools" not in body:
            async for piece in Judge.reply(self, deployment, body):
                yield piece
            return
        if "count" not in str(body.get("messages")).partition("How many")[2]:
            yield Call(0, "c1", "run_sql", '{"purpose": "count", "sql": "SELECT count(*) AS n FROM comments"}')
        else:
            yield Say("There are ")
            self.has_begun.set()
            await self.may_go_on.wait()
            yield Say("60 rows.")
        yield Counted(100, 20)


@dataclass(frozen=True, slots=True)
class Site:
    """The servers behind the balancer, two tabs of one person, and who answers."""

    at: Cluster
    tabs: tuple[Page, Page]
    clerk: Clerk

    async def kill(self, number: int) -> None:
        """Kill a server and everything it does."""
        await self.at.servers[number].stop(signal.SIGKILL)


@pytest.fixture
async def site(tmp_path: Path, browser: Browser, moto: Store) -> AsyncGenerator[Site, None]:
    """Open two tabs on a sheet of comments that one of them brought in."""
    clerk = Clerk(seconds=0.2)
    clerk.is_open.set()
    async with (
        start_wire(model=clerk) as wire,
        cluster(tmp_path, wire=wire.url, key=wire.key, files=moto.settings()) as at,
        window(browser, at) as tabs,
    ):
        one, other = tabs
        await one.get_by_label("Workbook files").set_input_files(sheet(tmp_path, ROWS))
        await expect(one.get_by_role("gridcell", name="c0", exact=True)).to_be_visible(timeout=READ_MS)
        await other.goto(one.url)
        await other.reload()
        await expect(other.get_by_role("gridcell", name="c0", exact=True)).to_be_visible(timeout=READ_MS)
        yield Site(at, tabs, clerk)


@asynccontextmanager
async def window(browser: Browser, at: Cluster) -> AsyncGenerator[tuple[Page, Page], None]:
    """Open two tabs of the owner's."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    one, other = [await context.new_page() for _ in range(2)]
    complaints = [Complaints(page) for page in (one, other)]
    await one.goto(at.addresses[0])
    await log_in(one, at.people["owner"].email, at.people["owner"].password)
    await expect(one.get_by_role("button", name=re.compile("^Account of owner"))).to_be_visible()
    yield one, other
    await context.close()
    for one in complaints:
        one.expect(400, 401, 502, 503, 504, "ERR_")  # what a server that is killed leaves behind
        assert one.unexpected == []


async def test_what_one_tab_does_the_other_sees_whichever_server_each_request_reaches(site: Site) -> None:
    one, other = site.tabs
    await one.get_by_role("gridcell", name="c3", exact=True).click()
    await one.keyboard.type("changed")
    await one.keyboard.press("Enter")
    await expect(other.get_by_role("gridcell", name="changed", exact=True)).to_be_visible()
    await other.get_by_role("button", name="Undo", exact=True).click()
    await other.get_by_role("button", name="Undo it").click()  # it was not made in this tab
    for tab in site.tabs:
        await expect(tab.get_by_role("gridcell", name="c3", exact=True)).to_be_visible()


async def test_an_answer_arrives_in_both_tabs_though_each_server_is_killed_in_turn(site: Site) -> None:
    one, _ = site.tabs
    await one.get_by_label("Question").fill("How many rows?")
    await one.get_by_role("button", name="Ask", exact=True).click()
    await asyncio.wait_for(site.clerk.has_begun.wait(), 60)
    for tab in site.tabs:
        await expect(tab.get_by_role("log").get_by_role("cell", name="60", exact=True)).to_be_visible()
    await site.kill(0)
    await site.at.restart(0)
    await site.kill(1)
    site.clerk.may_go_on.set()
    for tab in site.tabs:
        await expect(tab.get_by_role("log").get_by_text("There are 60 rows.")).to_be_visible(timeout=TAKEN_OVER_MS)
        await expect(tab.get_by_role("heading", name="How many rows?")).to_have_count(1)


async def test_a_job_goes_on_and_both_tabs_see_it_though_each_server_is_killed_in_turn(site: Site) -> None:
    one, other = site.tabs
    await one.get_by_role("columnheader", name="comment").click(button="right")
    await one.get_by_role("button", name="Fill a new column…").click()
    jobs = one.get_by_role("dialog", name="Jobs")
    await jobs.get_by_label("Name of the new column").fill("Mood")
    await jobs.get_by_label("What the model is asked about each row").fill("What mood is this? {comment}")
    await jobs.get_by_role("button", name="Show five rows").click()
    await expect(jobs.get_by_text("These rows were asked for real.")).to_be_visible(timeout=READ_MS)
    site.clerk.is_open.clear()
    await jobs.get_by_role("button", name="Start", exact=True).click()
    await other.get_by_role("button", name="Jobs").click()
    await expect(other.get_by_role("dialog", name="Jobs").get_by_text("Running", exact=True)).to_be_visible()
    await site.kill(0)
    await site.at.restart(0)
    await site.kill(1)
    site.clerk.is_open.set()
    for tab in site.tabs:
        drawer = tab.get_by_role("dialog", name="Jobs")
        await expect(drawer.get_by_text("Completed", exact=True)).to_be_visible(timeout=TAKEN_OVER_MS)
        await tab.keyboard.press("Escape")
        await expect(tab.get_by_role("gridcell", name="good", exact=True).first).to_be_visible()
    assert not [comment for comment, times in site.clerk.asked.items() if times > MOST_ASKED]
