"""The page "Routes" in a browser, on a real server whose routes lead to the simulator and to a LiteLLM that is down."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.doctor.rig import KEY, start_obliging
from tests.e2e.complaints import CLIPBOARD, watched
from tests.e2e.test_page import Opened, browser
from tests.harness import Wire, free_ports, program, write_settings

__all__ = ["browser"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SETTINGS = """
data = '{data}'
[server]
port = 0
[llm]
routes = ["litellm", "azure"]
[llm.route.litellm]
kind = "litellm"
base_url = "http://127.0.0.1:{closed}"
key = "{azure}"
[llm.route.azure]
kind = "azure"
endpoint = "{wire}"
deployment = "gpt-4o"
key = "{azure}"
[llm.route.openai]
kind = "openai"
key = "env:CHATSHEET_TEST_NO_SUCH_KEY"
"""


@pytest.fixture
async def obliging() -> AsyncGenerator[Wire, None]:
    """A simulator that does what the doctor's probes ask."""
    async with start_obliging() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, obliging: Wire) -> Path:
    """Settings with a LiteLLM that nobody started, a direct route, and an OpenAI without its key."""
    (closed,) = free_ports(1)
    text = SETTINGS.replace("{data}", str(tmp_path / "data")).replace("{wire}", obliging.url).replace("{closed}", str(closed))
    return write_settings(tmp_path / "settings", text, {"azure": KEY})


@asynccontextmanager
async def serving(config: Path, browser: Browser) -> AsyncGenerator[Opened, None]:
    """Serve for real and open the page on the routes, which is watched."""
    async with program("--config", str(config), "serve") as server:
        address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1)
        async with watched(browser, permissions=CLIPBOARD) as (page, complaints):
            await page.goto(f"{address}#/routes")
            yield Opened(page, server, address, complaints)


@pytest.fixture
async def opened(config: Path, browser: Browser) -> AsyncGenerator[Opened, None]:
    async with serving(config, browser) as running:
        yield running


async def examine(page: Page) -> None:
    """Press the button and see the examination through."""
    known = page.get_by_role("region", name="Examinations").get_by_role("link")
    before = await known.count()
    await page.get_by_role("button", name="Examine now").click()
    await expect(known).to_have_count(before + 1, timeout=30_000)


async def test_an_examination_says_in_a_sentence_what_answers_and_what_does_not(opened: Opened) -> None:
    page = opened.page
    await expect(page.get_by_text("The ways to your model have not been examined yet.")).to_be_visible()
    await examine(page)
    says = "Answers arrive. LiteLLM is not answering; calls go to Azure directly."
    await expect(page.get_by_text(says)).to_be_visible()
    await expect(page.get_by_text("The simulator answered: this proves the chain, not a provider.")).to_be_visible()
    await expect(page.get_by_role("region", name="Decision").get_by_role("listitem").first).to_be_visible()


async def test_steps_fill_in_while_the_examination_runs(opened: Opened, obliging: Wire) -> None:
    obliging.fault("gpt-4o", "silence")
    page = opened.page
    await page.get_by_role("button", name="Examine now").click()
    await expect(page.get_by_text("Examining every way to the model…")).to_be_visible()
    ways = page.get_by_role("list", name="Ways under examination")
    await expect(ways.get_by_role("button", name="litellm → gpt-4o stops at “Connection”")).to_be_visible()
    await ways.get_by_role("button", name=re.compile("^azure ")).click()
    ladder = page.get_by_role("region", name="azure", exact=True)
    await expect(ladder.get_by_role("listitem").filter(has_text="looking…")).to_have_count(1)


async def test_each_cell_of_the_matrix_opens_its_ladder(opened: Opened) -> None:
    page = opened.page
    await examine(page)
    matrix = page.get_by_role("table", name="Which providers answer, and which way")
    await expect(matrix.get_by_role("row", name="OpenAI").get_by_text("not configured")).to_have_count(2)
    ladder = page.get_by_role("region", name="gpt-4o through LiteLLM")
    await expect(ladder.get_by_text("What mends it")).to_be_visible()
    await expect(ladder.get_by_text("later steps not reached")).to_be_visible()
    await matrix.get_by_role("button", name="Azure directly").click()
    ladder = page.get_by_role("region", name="Azure directly")
    await expect(ladder.get_by_text("Key accepted")).to_be_visible()
    await expect(ladder.get_by_text("broken", exact=True)).to_have_count(0)


async def test_a_refused_key_is_named_with_its_owner_and_its_fix(opened: Opened, obliging: Wire) -> None:
    obliging.fault("gpt-4o", "A1")
    page = opened.page
    await examine(page)
    await expect(page.get_by_text("No answer arrives.")).to_be_visible()
    await page.get_by_role("button", name="Azure directly").click()
    finding = page.get_by_role("listitem").filter(has_text="Key accepted").filter(has_text="What happened")
    await expect(finding.get_by_text("azure.key_wrong")).to_be_visible()
    await expect(finding.get_by_text("use a key of this very resource", exact=False)).to_be_visible()


async def test_the_commands_of_a_fix_are_copied_with_a_button(opened: Opened) -> None:
    page = opened.page
    await examine(page)
    shown = await page.get_by_role("figure", name="Command").first.inner_text()
    await page.get_by_role("button", name="Copy: Command").first.click()
    await expect(page.get_by_text("Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == shown


async def test_an_examination_right_after_another_one_says_when_to_come_back(opened: Opened) -> None:
    opened.complaints.expect(429)
    page = opened.page
    await examine(page)
    await page.get_by_role("button", name="Examine now").click()
    await expect(page.get_by_role("alert")).to_contain_text("doctor.too_soon")
    await expect(page.get_by_text("Answers arrive.")).to_be_visible()


async def test_earlier_examinations_outlive_the_server_and_can_be_looked_at(
    config: Path, browser: Browser, obliging: Wire
) -> None:
    async with serving(config, browser) as first:
        await examine(first.page)
    obliging.fault("gpt-4o", "A1")
    async with serving(config, browser) as second:
        page = second.page
        await expect(page.get_by_text("Answers arrive.")).to_be_visible()
        await examine(page)
        await page.get_by_text("since the time before").click()
        await expect(page.get_by_text("New: azure.key_wrong on azure")).to_be_visible()
        links = page.get_by_role("region", name="Examinations").get_by_role("link")
        await links.nth(1).click()
        await expect(page.get_by_text("You are looking at an earlier examination.")).to_be_visible()
        await expect(page.get_by_text("Answers arrive.")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("Answers arrive.")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_text("No answer arrives.")).to_be_visible()


async def test_chat_and_routes_are_a_key_press_apart(opened: Opened) -> None:
    page = opened.page
    await expect(page.get_by_role("list", name="Routes to the model, in order").get_by_text("azure")).to_be_visible()
    await page.get_by_role("link", name="Chat", exact=True).press("Enter")
    await expect(page.get_by_text("Ask questions about a spreadsheet.")).to_be_visible()
    await page.get_by_role("link", name="Routes").press("Enter")
    await expect(page.get_by_role("heading", name="Routes to your model")).to_be_focused()
    await page.go_back()
    await expect(page.get_by_text("Ask questions about a spreadsheet.")).to_be_visible()


async def test_a_server_that_is_gone_is_said_and_tried_again(opened: Opened) -> None:
    opened.complaints.expect("net::ERR_INTERNET_DISCONNECTED")
    page = opened.page
    await expect(page.get_by_role("button", name="Examine now")).to_be_enabled()
    await page.context.set_offline(offline=True)
    await page.get_by_role("button", name="Examine now").click()
    await expect(page.get_by_role("alert")).to_contain_text("page.offline")
    await page.context.set_offline(offline=False)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("width", [1024, 390])
async def test_the_routes_fit_smaller_screens(opened: Opened, width: int) -> None:
    await opened.page.set_viewport_size({"width": width, "height": 844})
    await examine(opened.page)
    await expect(opened.page.get_by_text("What mends it")).to_be_visible()
    assert await opened.page.evaluate("() => document.querySelector('.page').scrollWidth <= innerWidth")
