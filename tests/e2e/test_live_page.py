"""Two browsers on one sheet: each sees what the other does, at once, and after a cut everything once."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from chatsheet.core import loose
from tests.e2e.test_page import Opened, browser, opened
from tests.e2e.test_sheet_page import READ_MS, upload

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.flaky(reruns=3)]
WITHIN_MS = 1000


@pytest.fixture
async def other(opened: Opened, browser: Browser) -> AsyncGenerator[Page, None]:
    """Open the same server in a browser of another person."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    page = await context.new_page()
    await page.goto(opened.address)
    yield page
    await context.close()


async def post(page: Page, path: str, body: dict[str, object]) -> dict[str, object]:
    """Send what this page's person does, with its cookie."""
    origin = page.url.split("#")[0].rstrip("/")
    answer = await page.request.post(f"{origin}/api/{path}", data=body, headers={"Origin": origin})
    assert answer.ok, await answer.text()
    return dict(loose.obj(await answer.json()))


async def first_sheet(page: Page) -> tuple[str, str]:
    answer = await page.request.get(f"{page.url.split('#')[0].rstrip('/')}/api/sheets")
    sheet = loose.obj(loose.array(await answer.json())[0])
    return str(sheet["id"]), str(sheet["version"])


async def edit(page: Page, sheet: str, version: str, value: str) -> str:
    cell = {"row": 2, "column": "region", "value": value}
    edits = [{"kind": "set", "table": "orders", "cells": [cell]}]
    made = await post(page, f"sheets/{sheet}/edits", {"version": version, "edits": edits})
    return str(made["version"])


async def test_an_edit_is_seen_by_the_other_at_once(opened: Opened, other: Page, sales: Path) -> None:
    await upload(opened, sales)
    await other.reload()
    await expect(other.get_by_role("tab", name="Orders")).to_be_visible()
    sheet, version = await first_sheet(other)
    await edit(other, sheet, version, "Far East")
    for page in (opened.page, other):
        await expect(page.get_by_role("gridcell", name="Far East")).to_be_visible(timeout=WITHIN_MS)


async def test_a_new_workbook_is_in_the_others_menu_at_once(opened: Opened, other: Page, sales: Path, tmp_path: Path) -> None:
    await upload(opened, sales)
    await other.reload()
    await other.get_by_role("button", name="Workbook sales.xlsx").click()
    (tmp_path / "towns.csv").write_text("town,people\nUlm,120\nJena,110\n")
    await upload(opened, tmp_path / "towns.csv")
    await expect(other.get_by_role("option", name="towns.csv")).to_be_visible(timeout=WITHIN_MS)


async def test_a_chat_that_is_renamed_elsewhere_is_called_so_here(opened: Opened, other: Page, sales: Path) -> None:
    await upload(opened, sales)
    await expect(opened.page.get_by_role("button", name="Chats: New chat")).to_be_visible()
    sheet, _ = await first_sheet(other)
    origin = other.url.split("#")[0].rstrip("/")
    chat = loose.obj(loose.array(await (await other.request.get(f"{origin}/api/chats?sheet_id={sheet}")).json())[0])
    await other.request.patch(f"{origin}/api/chats/{chat['id']}", data={"title": "Fruit"}, headers={"Origin": origin})
    await expect(opened.page.get_by_role("button", name="Chats: Fruit")).to_be_visible(timeout=WITHIN_MS)


async def heads(context: BrowserContext) -> list[str]:
    """Return the list that grows with each time a page of this context reads a sheet again."""
    read: list[str] = []
    context.on("request", lambda one: read.append(one.url) if one.url.rpartition("/")[2].startswith("sheet_") else None)
    return read


async def test_after_a_dropped_network_everything_is_seen_once(opened: Opened, other: Page, sales: Path) -> None:
    await upload(opened, sales)
    await other.reload()
    await expect(other.get_by_role("gridcell", name="00001")).to_be_visible()
    sheet, version = await first_sheet(opened.page)
    await other.context.set_offline(True)
    await expect(other.get_by_text("The server cannot be reached.")).to_be_visible(timeout=READ_MS)
    version = await edit(opened.page, sheet, version, "Far East")
    version = await edit(opened.page, sheet, version, "Middle West")
    read = await heads(other.context)
    await other.context.set_offline(False)
    await expect(other.get_by_role("gridcell", name="Middle West")).to_be_visible(timeout=READ_MS)
    await expect(other.get_by_text("The server cannot be reached.")).to_have_count(0)
    assert 1 <= len(read) <= 2  # once for each move that was missed, at most
    await edit(opened.page, sheet, version, "Deep South")
    await expect(other.get_by_role("gridcell", name="Deep South")).to_be_visible(timeout=WITHIN_MS)


async def test_an_edit_made_while_the_server_is_away_waits_and_is_written_when_it_is_back(
    opened: Opened, other: Page, sales: Path
) -> None:
    await upload(opened, sales)
    await other.reload()
    await expect(other.get_by_role("gridcell", name="00001")).to_be_visible()
    await other.context.set_offline(True)
    await expect(other.get_by_text("The server cannot be reached.")).to_be_visible(timeout=READ_MS)
    cell = other.locator("[aria-rowindex='2'] [aria-colindex='4']")
    await cell.click()
    await other.keyboard.type("Far East")
    await other.keyboard.press("Enter")
    await expect(other.get_by_role("status").filter(has_text="1 edit will be written when it is back")).to_be_visible()
    await expect(cell).to_have_text("Far East")
    await expect(cell).to_have_attribute("title", "Waits for the server")
    await expect(other.get_by_role("alert")).to_have_count(0)  # the page says once that the server is away
    await other.context.set_offline(False)
    await expect(opened.page.get_by_role("gridcell", name="Far East")).to_be_visible(timeout=READ_MS)
    await expect(other.get_by_text("will be written when it is back")).to_have_count(0)


async def test_what_was_changed_elsewhere_is_named_before_it_is_undone(opened: Opened, other: Page, sales: Path) -> None:
    await upload(opened, sales)
    sheet, version = await first_sheet(other)
    await edit(other, sheet, version, "Far East")
    page, told = opened.page, opened.page.locator(".status .told")
    await page.get_by_role("gridcell", name="Far East").click()
    await page.keyboard.press("Control+z")
    asked = page.get_by_role("alertdialog", name="Not changed here")
    await expect(asked).to_contain_text("Region in row 2 is “")
    await asked.get_by_role("button", name="Leave it").click()
    await page.keyboard.type("Mine")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Changed by")).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(told).to_have_text("Undone. Region in row 2 is “Far East” again.")
    await page.keyboard.press("Control+z")
    await asked.get_by_role("button", name="Undo it").click()
    await expect(page.get_by_role("gridcell", name="Far East")).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(told).to_have_text("There is nothing to undo.")


async def test_a_chat_that_is_deleted_elsewhere_says_so_and_asks_no_more(opened: Opened, other: Page, sales: Path) -> None:
    await upload(opened, sales)
    page = opened.page
    await expect(page.get_by_role("button", name="Chats: New chat")).to_be_visible()
    sheet, _ = await first_sheet(other)
    origin = other.url.split("#")[0].rstrip("/")
    chat = loose.obj(loose.array(await (await other.request.get(f"{origin}/api/chats?sheet_id={sheet}")).json())[0])
    await other.request.delete(f"{origin}/api/chats/{chat['id']}", data={}, headers={"Origin": origin})
    await expect(page.get_by_text("This chat was deleted elsewhere.")).to_be_visible()
    await page.get_by_role("button", name="New chat", exact=True).click()
    await expect(page.get_by_text("This chat was deleted elsewhere.")).to_have_count(0)


async def test_what_was_done_in_a_window_is_undone_there_without_asking_also_after_a_reload(
    opened: Opened, sales: Path
) -> None:
    await upload(opened, sales)
    page = opened.page
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible()
    await page.locator("[aria-rowindex='2'] [aria-colindex='4']").click()
    await page.keyboard.type("Mine")
    await page.keyboard.press("Enter")
    cell = page.get_by_role("gridcell", name="Mine")
    await expect(cell).to_have_attribute("title", re.compile("changed by"))
    await page.get_by_role("tab").nth(1).click()
    await page.reload()
    await cell.click()
    await page.keyboard.press("Control+z")
    await expect(page.locator(".status .told")).to_contain_text("Undone. Region in row 2 is")
