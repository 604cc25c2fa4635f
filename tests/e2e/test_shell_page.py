"""The page's frame in a browser: divider, workbook menu, themes, settings, a server that comes back, what it may load."""

import gzip
import re
from pathlib import Path

import pytest
import xlsxwriter
from playwright.async_api import Browser, Page, Response, expect

from tests.e2e.complaints import Complaints
from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import Opened, ask, browser, opened
from tests.e2e.test_sheet_page import READ_MS, upload
from tests.harness import Wire, free_ports, program, runs, says

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TAB = "<img src=y onerror=alert(3)>"
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


async def width(page: Page) -> int:
    box = await page.get_by_role("region", name="Chat").bounding_box()
    assert box is not None
    return round(box["width"])


async def test_the_divider_moves_by_key_and_by_drag_and_is_remembered(opened: Opened, sales: Path) -> None:
    page = opened.page
    await upload(opened, sales)
    divider = page.get_by_role("separator", name="Width of the chat")
    first = await width(page)
    await divider.focus()
    await page.keyboard.press("Shift+ArrowRight")
    assert await width(page) == first + 140
    await expect(divider).to_have_attribute("aria-valuenow", "50")
    await page.mouse.move(700, 400)
    await page.mouse.down()
    await page.mouse.move(500, 420, steps=5)
    await page.mouse.up()
    assert await width(page) == 500
    await page.reload()
    await expect(page.get_by_role("tab", name="Orders")).to_be_visible()
    assert await width(page) == 500
    await divider.press("Home")
    assert await width(page) == 320


async def test_workbooks_are_searched_and_opened_by_keyboard(opened: Opened, sales: Path, tmp_path: Path) -> None:
    page = opened.page
    (tmp_path / "towns.csv").write_text("town,people\nUlm,120\nJena,110\n")
    await upload(opened, tmp_path / "towns.csv")
    await upload(opened, sales)
    await page.get_by_role("button", name="Workbook sales.xlsx").press("Enter")
    await expect(page.get_by_role("combobox", name="Search workbooks")).to_be_focused()
    await page.keyboard.type("TOW")
    await expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("gridcell", name="Ulm")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Workbook towns.csv")).to_be_visible()


async def test_a_theme_is_worn_at_once_and_after_a_reload(opened: Opened) -> None:
    page = opened.page
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.get_by_role("button", name="Theme: system").click()
    await page.get_by_role("button", name="Theme: light").click()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await page.evaluate(ground) == dark


async def test_a_server_that_was_restarted_is_found_again(tmp_path: Path, wire: Wire, browser: Browser, sales: Path) -> None:
    wire.script("gpt-4o", says("Here again."))
    (port,) = free_ports(1)
    argv = ("--config", str(settings_file(tmp_path, wire)), "serve", "--port", str(port))
    context = await browser.new_context()
    page = await context.new_page()
    gone = page.get_by_text("The server cannot be reached.")
    async with program(*argv) as server:
        address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1)
        await page.goto(address)
        await upload(Opened(page, server, address, Complaints(page)), sales)
        await page.get_by_label("Question").fill("Anything?")
    await expect(gone).to_be_visible(timeout=READ_MS)
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible()
    async with program(*argv) as server:
        await server.wait_for(r"ChatSheetAI on (\S+)")
        await expect(gone).to_have_count(0, timeout=READ_MS)
        await page.get_by_role("button", name="Ask", exact=True).click()
        await expect(page.get_by_text("Here again.")).to_be_visible(timeout=READ_MS)
    await context.close()


async def test_a_glossary_is_kept_changed_and_brought_in_after_a_look(opened: Opened, sales: Path, tmp_path: Path) -> None:
    page = opened.page
    await upload(opened, sales)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("button", name="Add an entry").click()
    await page.get_by_label("Word", exact=True).fill("Turnover")
    await page.get_by_label("Meaning", exact=True).fill("revenue")
    await page.get_by_role("button", name="Save").click()
    entries = page.get_by_role("list", name="Entries").get_by_role("listitem")
    await expect(entries).to_have_text([re.compile("Turnover.*revenue")])
    (tmp_path / "words.csv").write_text("term,meaning\nturnover,gross\nMargin,revenue minus cost\n")
    await page.get_by_label("Glossary file").set_input_files(tmp_path / "words.csv")
    look = page.get_by_role("region", name="What the file holds")
    await expect(look).to_contain_text("2 entries in the file; 1 of them in place of what is said now.")
    await look.get_by_role("button", name="Keep them").click()
    await expect(entries).to_have_text([re.compile("turnover.*gross"), re.compile("Margin")])
    await page.get_by_role("button", name="Edit Margin").click()
    await page.get_by_label("Meaning", exact=True).fill("what is left")
    await page.get_by_role("button", name="Save").click()
    await expect(entries.nth(1)).to_contain_text("what is left")
    await page.get_by_role("button", name="Delete turnover").click()
    await expect(entries).to_have_count(1)


async def test_the_settings_say_what_this_server_is(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    await page.goto(f"{opened.address}#/settings")
    await expect(page.get_by_text(str(tmp_path))).to_be_visible()
    await expect(page.get_by_text("A glossary belongs to a workbook.")).to_be_visible()
    await page.get_by_label("Dark").check()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_jobs_say_that_nothing_runs(opened: Opened) -> None:
    page = opened.page
    await page.get_by_role("button", name="Jobs").click()
    await expect(page.get_by_role("dialog", name="Jobs").get_by_text("Nothing runs now.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Jobs")).to_have_count(0)


def hostile_book(folder: Path) -> Path:
    path = folder / f"{HOSTILE.replace('/', '')}.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(TAB)
        sheet.write_row(0, 0, ["<i>name</i>", "n"])
        sheet.write_row(1, 0, [HOSTILE, 1])
        sheet.write_row(2, 0, ["=cmd|' /C calc'!A0", 2])
    return path


async def test_hostile_names_and_cells_are_text_everywhere(opened: Opened, tmp_path: Path, wire: Wire) -> None:
    page = opened.page
    wire.script("gpt-4o", runs('SELECT * FROM "tab" LIMIT 1'), says(f"It holds {HOSTILE}."))
    path = hostile_book(tmp_path)
    await upload(opened, path)
    await expect(page.get_by_role("gridcell", name=HOSTILE)).to_be_visible()
    await page.get_by_role("button", name="Correct", exact=True).click()
    await expect(page.get_by_role("region", name=f"Cells of {TAB}").get_by_text(HOSTILE)).to_be_visible(timeout=READ_MS)
    await ask(opened, HOSTILE)
    await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    await page.get_by_role("button", name=f"Workbook {path.name}").click()
    await expect(page.get_by_role("listbox").get_by_role("option")).to_contain_text(path.name)
    assert await page.locator("img, i, script:not([src])").count() == 0


async def test_the_page_asks_nobody_else_and_holds_no_secret(opened: Opened, sales: Path, wire: Wire) -> None:
    page = opened.page
    wire.script("gpt-4o", says("Nothing to count."))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await upload(opened, sales)
    await ask(opened, "Anything?")
    await expect(page.get_by_text("Nothing to count.")).to_be_visible()
    for name in ("#/settings", "#/routes"):
        await page.goto(f"{opened.address}{name}")
    await expect(page.locator("#routes-heading")).to_be_visible()
    assert asked
    assert all(url.startswith((opened.address, "data:")) for url in asked), asked
    (token,) = (found.group(1) for line in opened.server.said if (found := re.search(r"scripts: (cs-\S+)", line)))
    held = await page.evaluate("() => document.documentElement.outerHTML + document.cookie + JSON.stringify(localStorage)")
    assert token not in held
    assert wire.key not in held


async def test_text_cannot_become_html_or_script(opened: Opened) -> None:
    opened.complaints.expect("policy: require-trusted-types-for", "TrustedHTML")
    page = opened.page
    answer = await page.request.get(opened.address)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    tried = "() => { try { document.body.innerHTML = '<b>x</b>'; return '' } catch (e) { return e.name } }"
    async with page.expect_console_message(lambda message: "policy: require-trusted-types-for" in message.text):
        assert await page.evaluate(tried) == "TypeError"


@pytest.mark.parametrize(("wide", "high"), [(1024, 768), (390, 844)])
async def test_every_page_fits_smaller_screens(opened: Opened, sales: Path, wide: int, high: int) -> None:
    page = opened.page
    await page.set_viewport_size({"width": wide, "height": high})
    for name in ("", "#/settings", "#/routes"):
        await page.goto(f"{opened.address}{name}")
        await expect(page.get_by_role("banner")).to_be_visible()
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name
    await upload(opened, sales)
    if wide == 390:
        await expect(page.get_by_role("tab", name="Orders")).not_to_be_visible()
        await page.get_by_role("button", name="Sheet", exact=True).click()
        await expect(page.get_by_label("Question")).not_to_be_visible()
    await expect(page.get_by_role("tab", name="Orders")).to_be_in_viewport()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_each_workbook_has_an_address_that_back_and_a_reload_lead_to(opened: Opened, sales: Path, tmp_path: Path) -> None:
    page = opened.page
    (tmp_path / "towns.csv").write_text("town,people\nUlm,120\nJena,110\n")
    await upload(opened, sales)
    first = page.url
    await upload(opened, tmp_path / "towns.csv")
    assert "#/sheet/" in first
    assert page.url != first
    await page.go_back()
    await expect(page.get_by_role("button", name="Workbook sales.xlsx")).to_be_visible()
    await page.get_by_role("link", name="Routes").click()
    await page.get_by_role("link", name="Chat", exact=True).click()
    await expect(page).to_have_url(first)
    await page.go_forward()
    await page.goto(f"{opened.address}#/sheet/none")
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("none")
    opened.complaints.expect(404)


async def test_a_key_leads_from_the_chat_to_the_cells_and_back(opened: Opened, sales: Path) -> None:
    page = opened.page
    await upload(opened, sales)
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible()
    await page.get_by_label("Question").focus()
    await page.keyboard.press("F6")
    await expect(page.get_by_role("gridcell", name="00001")).to_be_focused()
    await page.keyboard.press("F6")
    await expect(page.get_by_label("Question")).to_be_focused()


async def test_the_first_load_is_small_and_fetches_nothing_for_answers(opened: Opened, wire: Wire, sales: Path) -> None:
    page = opened.page
    wire.script("gpt-4o", says("It is **so**."))
    await upload(opened, sales)
    scripts: list[Response] = []
    page.on("response", lambda one: scripts.append(one) if one.url.endswith(".js") else None)
    await page.reload()
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible()
    assert sum([len(gzip.compress(await one.body())) for one in scripts]) <= 100 * 1024
    assert not any("markdown" in one.url for one in scripts)
    await ask(opened, "Is it?")
    await expect(page.get_by_role("log").locator("strong")).to_have_text("so")
    assert any("markdown" in one.url for one in scripts)


async def test_the_views_are_reached_on_a_phone_from_every_page(opened: Opened, sales: Path) -> None:
    page = opened.page
    await upload(opened, sales)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{opened.address}#/settings")
    for name in ("Routes", "Chat"):
        link = page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile(f"^{name}"))
        await expect(link).to_be_in_viewport(ratio=1)
        assert await link.evaluate("(link) => link.scrollWidth <= link.clientWidth")
        await link.click()
        await expect(link).to_have_attribute("aria-current", "page")
