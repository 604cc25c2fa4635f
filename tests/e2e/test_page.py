"""The page in Debian's Chromium, used as a person would, under the policy it ships with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.complaints import Complaints, watched
from tests.e2e.test_cli import settings_file
from tests.harness import Program, Wire, program, runs, says

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SLOW_MS = 30_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A page on a running server, and what it complained of."""

    page: Page
    server: Program
    address: str
    complaints: Complaints


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncGenerator[Browser, None]:
    """Start the browser once; what is expected of its pages may take as long as a busy machine needs."""
    del anyio_backend
    expect.set_options(timeout=SLOW_MS)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield running
        await running.close()


@pytest.fixture
async def opened(tmp_path: Path, wire: Wire, browser: Browser) -> AsyncGenerator[Opened, None]:
    """Open the page of a server with one route to the simulator."""
    async with opening(settings_file(tmp_path, wire), browser) as found:
        yield found


@asynccontextmanager
async def opening(config: Path, browser: Browser) -> AsyncGenerator[Opened, None]:
    """Serve for real and open the page, which is watched."""
    async with program("--config", str(config), "serve") as server:
        address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1)
        async with watched(browser) as (page, complaints):
            await page.goto(address)
            yield Opened(page, server, address, complaints)


async def upload(opened: Opened, path: Path) -> None:
    await opened.page.get_by_label("Workbook file").set_input_files(path)


async def ask(opened: Opened, question: str) -> None:
    await opened.page.get_by_label("Question").fill(question)
    await opened.page.get_by_role("button", name="Ask", exact=True).click()


async def test_upload_ask_and_see_the_answer_its_sql_its_rows_and_its_route(opened: Opened, wire: Wire, sales: Path) -> None:
    sql = "SELECT region, SUM(revenue) AS revenue FROM orders GROUP BY region ORDER BY revenue DESC"
    wire.script("gpt-4o", runs(sql), says("South sold **most**: 155,288.70; perhaps 99 more."))
    page = opened.page
    await expect(page.get_by_text("Ask questions about a spreadsheet.")).to_be_visible()
    await upload(opened, sales)
    await expect(page.get_by_role("tab", name="Targets")).to_be_visible()
    await ask(opened, "Which region sold most?")
    log = page.get_by_role("log")
    await expect(log.get_by_text("South sold most")).to_be_visible()
    await expect(log.locator("strong")).to_have_text("most")
    await log.get_by_text("test", exact=True).click()
    await expect(log.get_by_text("SELECT region")).to_be_visible()
    await expect(log.get_by_role("cell", name="155,288.7")).to_be_visible()
    await expect(log.get_by_text("600 rows of orders")).to_be_visible()
    await expect(log.locator(".traced")).to_have_text("155,288.70")
    await expect(log.locator(".stray")).to_have_text("99")
    await expect(log.get_by_text("Not from your data: 99")).to_be_visible()
    await expect(log.get_by_text("through azure")).to_be_visible()


async def test_a_reload_shows_the_same_chat_again(opened: Opened, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", says("Nothing to count."))
    await upload(opened, sales)
    await ask(opened, "Anything?")
    await expect(opened.page.get_by_text("Nothing to count.")).to_be_visible()
    await opened.page.reload()
    await expect(opened.page.get_by_role("heading", name="Anything?")).to_be_visible()
    await expect(opened.page.get_by_text("Nothing to count.")).to_be_visible()


async def test_a_bad_file_says_what_to_do(opened: Opened, tmp_path: Path) -> None:
    opened.complaints.expect(400)
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n")
    await upload(opened, tmp_path / "picture.xlsx")
    await expect(opened.page.get_by_role("alert")).to_contain_text("file.not_a_workbook")


async def test_a_failed_turn_shows_the_cause_and_the_next_one_works(opened: Opened, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "A1", times=1)
    wire.script("gpt-4o", says("Here again."))
    await upload(opened, sales)
    await ask(opened, "First?")
    await expect(opened.page.get_by_role("alert")).to_contain_text("azure.key_wrong")
    await ask(opened, "Second?")
    await expect(opened.page.get_by_text("Here again.")).to_be_visible()


async def test_a_running_turn_can_be_stopped(opened: Opened, wire: Wire, sales: Path) -> None:
    wire.fault("gpt-4o", "silence")
    await upload(opened, sales)
    await ask(opened, "Anybody there?")
    await opened.page.get_by_role("button", name="Stop").click()
    await expect(opened.page.get_by_text("Stopped.")).to_be_visible()


async def test_hostile_text_stays_text(opened: Opened, wire: Wire, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    (tmp_path / "hostile.csv").write_text(f'name,n\n"{hostile}",1\n"[a](javascript:alert(1))",2\n')
    wire.script(
        "gpt-4o",
        runs("SELECT name FROM hostile"),
        says(f"{hostile} ![x](https://evil.example/x.png) <script>alert(1)</script>"),
    )
    await upload(opened, tmp_path / "hostile.csv")
    await expect(opened.page.get_by_role("gridcell", name=hostile)).to_be_visible()
    await ask(opened, "Show?")
    log = opened.page.get_by_role("log")
    await expect(log.get_by_text("evil.example")).to_be_visible()
    assert await opened.page.locator("img, [role=log] a[href], script:not([src])").count() == 0


async def test_rows_scroll_through_the_sheet(opened: Opened, sales: Path) -> None:
    await upload(opened, sales)
    page = opened.page
    await page.get_by_role("gridcell", name="00001").click()
    await page.keyboard.press("Control+End")
    await expect(page.get_by_role("row").and_(page.locator("[aria-rowindex='601']"))).to_contain_text("00600")
    await page.get_by_role("tab", name="Targets").click()
    await expect(page.get_by_text("Revenue targets 2025, EUR")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
async def test_the_page_fits_smaller_screens(opened: Opened, sales: Path, width: int, height: int) -> None:
    await opened.page.set_viewport_size({"width": width, "height": height})
    await upload(opened, sales)
    await expect(opened.page.get_by_label("Question")).to_be_visible()
    assert await opened.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    if width == 390:
        await opened.page.get_by_role("button", name="Sheet", exact=True).click()
        await expect(opened.page.get_by_role("tab", name="Orders")).to_be_visible()
