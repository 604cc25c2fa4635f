"""One sitting from the file to the export, as a person has it in a browser on a real server: by mouse, and by keys alone."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.complaints import Complaints
from tests.e2e.test_chat_page import BY_REGION, calls, ended, log_of, sets, talked
from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import Opened, browser, opened, upload
from tests.harness import Wire, free_ports, program, runs, says

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DRAWN = calls("make_chart", handle="r1", mark="bar", x="region", y="revenue", title="Revenue by region")
SIZES = {"wide": (1400, 900), "tablet": (1024, 768), "phone": (390, 844)}


async def downloaded(page: Page, name: str) -> bytes:
    """Download by the menu, and return the file."""
    await page.locator("summary[title=Download]").click()
    async with page.expect_download() as coming:
        await page.get_by_role("link", name=name).click()
    return Path(await (await coming.value).path()).read_bytes()


async def test_from_the_file_to_the_export_by_mouse(opened: Opened, wire: Wire, sales: Path) -> None:
    page, sheet = opened.page, opened.page.get_by_role("region", name="Sheet", exact=True)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await upload(opened, sales)
    await expect(page.get_by_role("list", name="Suggestions")).to_be_visible()
    await talked(opened, wire, "Who leads?", runs(BY_REGION), says("South has 152,473.70."))
    await log_of(page).get_by_role("button", name="152,473.70").click()
    await expect(sheet.get_by_text("181 cells · sum 152,473.7")).to_be_visible()
    await talked(opened, wire, "Mend row 2", sets(2, 1.5), says("I propose p1."))
    await log_of(page).get_by_role("button", name="Apply").click()
    await expect(sheet.get_by_role("row").nth(1)).to_contain_text("1.5")
    await sheet.get_by_role("button", name="Undo").click()
    await expect(sheet.get_by_role("row").nth(1)).to_contain_text("264")
    await sheet.get_by_role("columnheader", name="Revenue").click()
    await expect(sheet.get_by_role("columnheader", name="Revenue")).to_have_attribute("aria-sort", "ascending")
    await sheet.get_by_role("gridcell").first.click()
    await page.keyboard.press("Control+c")
    assert "\t" not in await page.evaluate("() => navigator.clipboard.readText()")
    assert b"Order ID," in (await downloaded(page, "Orders as CSV"))[:20]
    assert (await downloaded(page, "sales.xlsx with its edits")).startswith(b"PK")


async def test_from_the_question_to_the_undo_by_keys_alone(opened: Opened, wire: Wire, sales: Path) -> None:
    page = opened.page
    await upload(opened, sales)
    await expect(page.get_by_role("list", name="Suggestions")).to_be_visible()
    wire.script("gpt-4o", runs(BY_REGION), says("South has 152,473.70."), sets(2, 1.5), says("I propose p1."))
    await page.get_by_label("Question").focus()
    await page.keyboard.type("Who leads?")
    await page.keyboard.press("Enter")
    await expect(log_of(page).get_by_role("button", name="152,473.70")).to_be_visible()
    await ended(page)
    await tab_to(page, "152,473.70", back=True)
    await page.keyboard.press("Enter")
    await expect(log_of(page).get_by_role("region", name="Source of 152,473.70")).to_be_visible()
    await tab_to(page, "Question")
    await page.keyboard.type("Mend row 2")
    await page.keyboard.press("Enter")
    await expect(log_of(page).get_by_text("I propose p1.")).to_be_visible()
    await ended(page)
    await tab_to(page, "Apply", back=True)
    await page.keyboard.press("Enter")
    card = log_of(page).get_by_role("region", name="Proposal p1")
    await expect(card).to_contain_text("Applied")
    await expect(card).to_be_focused()
    await tab_to(page, "Undo")
    await page.keyboard.press("Enter")
    await expect(log_of(page).get_by_text("Undone")).to_be_visible()


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what has the focus is called so."""
    named = (
        "() => { const e = document.activeElement;"
        "return e?.getAttribute('aria-label') || e?.labels?.[0]?.innerText || e?.innerText }"
    )
    for _ in range(60):
        if await page.evaluate(named) == name:
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"no Tab leads to {name}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
async def test_no_page_bars_anyone(opened: Opened, wire: Wire, sales: Path, theme: str, size: str) -> None:
    page = opened.page
    await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    await page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    await expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    found = {"welcome": await violations(page)}
    await upload(opened, sales)
    await expect(page.get_by_role("list", name="Suggestions")).to_be_visible()
    if size != "phone":
        await expect(page.get_by_role("rowheader", name="2", exact=True)).to_be_visible()
    found["empty"] = await violations(page)
    await talked(opened, wire, "Draw it", runs(BY_REGION), DRAWN, sets(2, 1.5), says("South has 152,473.70, or 77."))
    found["chat"] = await violations(page)
    if size == "phone":
        await page.get_by_role("button", name="Sheet", exact=True).click()
        found["sheet"] = await violations(page)
    for name in ("settings", "routes"):
        await page.evaluate("name => { location.hash = `#/${name}` }", name)
        await expect(page.get_by_role("heading", name=name.capitalize()).first).to_be_visible()
        found[name] = await violations(page)
    assert {name: bad for name, bad in found.items() if bad} == {}


async def test_a_server_restarted_in_the_middle_of_an_answer_goes_on(
    tmp_path: Path, wire: Wire, browser: Browser, sales: Path
) -> None:
    """The page finds the new server by itself, and the answer comes once."""
    (port,) = free_ports(1)
    argv = ("--config", str(settings_file(tmp_path, wire)), "serve", "--port", str(port))
    page = await (await browser.new_context()).new_page()
    async with program(*argv) as server:
        address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1)
        await page.goto(address)
        await upload(Opened(page, server, address, Complaints(page)), sales)
        await expect(page.get_by_role("list", name="Suggestions")).to_be_visible()
        wire.fault("gpt-4o", "silence")
        await page.get_by_label("Question").fill("Who leads?")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Stop")).to_be_visible()
        while not wire.calls("gpt-4o"):
            await page.wait_for_timeout(20)
    wire.simulator.state.orders.clear()
    wire.script("gpt-4o", runs(BY_REGION), says("South leads."))
    async with program(*argv) as server:
        await server.wait_for(r"ChatSheetAI on (\S+)")
        await expect(log_of(page).get_by_text("South leads.")).to_have_count(1, timeout=60_000)
        await expect(log_of(page).get_by_role("heading", name="Who leads?")).to_have_count(1)
    await page.context.close()
