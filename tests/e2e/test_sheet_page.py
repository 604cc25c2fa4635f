"""What the page says of how a table was read, and its correction in one step, in a browser on a real server."""

import re
from pathlib import Path

import pytest
import xlsxwriter
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_page import Opened, ask, browser, opened
from tests.e2e.test_page import upload as send
from tests.harness import ROOT, Wire, runs, says

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MESSY = ROOT / "examples" / "messy.xlsx"
OCTETS = {"Content-Type": "application/octet-stream"}
READ_MS = 60_000
"""How long a busy machine may read a file."""


def next_year(folder: Path) -> Path:
    """Write next year's file of the form that the tab Quarters of messy.xlsx has."""
    path = folder / "quarters 2026.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Quarters")
        sheet.write_row(0, 0, ["Revenue by branch 2026"])
        sheet.write_row(1, 0, ["in thousands of EUR"])
        sheet.merge_range("B4:C4", "First half")
        sheet.merge_range("D4:E4", "Second half")
        sheet.write_row(4, 0, ["Branch", "Q1", "Q2", "Q3", "Q4"])
        for row in range(5, 9):
            sheet.write_row(row, 0, [f"Branch {row}", 10.5, 20.5, 30.5, 40.5])
    return path


async def upload(opened: Opened, path: Path) -> None:
    await send(opened, path)
    await expect(opened.page.get_by_role("button", name=f"Workbook {path.name}")).to_be_visible(timeout=READ_MS)
    await expect(opened.page.get_by_role("log")).to_be_visible(timeout=READ_MS)


async def read_again(page: Page, says: str = "as you said") -> None:
    await expect(page.get_by_role("status").filter(has_text=says)).to_be_visible(timeout=READ_MS)


async def correct(page: Page, cells: str, header_rows: str) -> None:
    await page.get_by_role("button", name="Correct", exact=True).click()
    form = page.get_by_role("form", name="Correct Quarters")
    await expect(form.get_by_label("Cells of the table")).to_be_focused()
    await form.get_by_label("Cells of the table").fill(cells)
    await form.get_by_label("Header rows").select_option(header_rows)
    await form.get_by_role("button", name="Read it this way").click()


def header(page: Page, name: str) -> Locator:
    return page.get_by_role("tabpanel").get_by_role("columnheader", name=re.compile(f"^{name} "))


async def line_height(page: Page) -> float:
    """Return how high the line is that says how a table was read."""
    box = await page.get_by_role("tabpanel").locator("summary", has_text="How it was read").bounding_box()
    assert box is not None
    return box["height"]


async def test_the_page_says_where_a_table_stands_and_why(opened: Opened) -> None:
    page = opened.page
    await upload(opened, MESSY)
    panel = page.get_by_role("tabpanel", name="Quarters")
    await expect(panel.get_by_text("header in rows 4 to 5 · totals apart in row 9")).to_be_visible()
    await expect(panel.get_by_text("“in thousands of EUR”")).to_be_visible()
    await expect(header(page, "First half Q1")).to_contain_text("decimal · EUR")
    await expect(header(page, "First half Q1")).not_to_contain_text("thousands")
    assert "in thousands in the file" in (await header(page, "First half Q1").get_attribute("title") or "")
    assert "in thousands of EUR" in (await header(page, "First half Q1").get_attribute("title") or "")
    assert await line_height(page) < 32
    await panel.get_by_text("How it was read").click()
    await expect(panel.get_by_role("list", name="Evidence")).to_contain_text("rows 4 to 5 hold names")
    await page.get_by_role("tab", name="Stock and shifts E1:G4").click()
    await expect(header(page, "Since")).to_contain_text("date")


async def test_a_corrected_range_is_seen_at_once_and_asked_by_the_chat(opened: Opened, wire: Wire) -> None:
    page = opened.page
    wire.script("gpt-4o", runs("SELECT sum(q1) AS q1 FROM quarters"), says("Q1 is 245,700."))
    await upload(opened, MESSY)
    await correct(page, "A5:E8", "1")
    await read_again(page, "Files of the same form will be read this way too.")
    await expect(header(page, "Q1")).to_contain_text("decimal · EUR")
    await expect(page.get_by_role("tabpanel").get_by_role("gridcell", name="120,500")).to_be_visible()
    await expect(page.get_by_role("button", name="Correct", exact=True)).to_be_focused()
    await ask(opened, "What is Q1?")
    await expect(page.get_by_role("log").locator(".traced")).to_have_text("245,700")


async def test_next_years_file_is_read_as_this_one_was_corrected(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    await upload(opened, MESSY)
    await correct(page, "A5:E8", "1")
    await read_again(page)
    later = next_year(tmp_path)
    origin = opened.address.split("#")[0].split("?")[0].rstrip("/")
    answer = await page.request.post(
        f"{origin}/api/sheets?name=later.xlsx", data=later.read_bytes(), headers={**OCTETS, "Origin": origin}
    )
    assert answer.status == 201, await answer.text()
    (table,) = (await answer.json())["workbook"]["tables"]
    assert (table["range"], table["header_rows"]) == ("A5:E9", [5])
    await page.get_by_role("button", name="Workbook messy.xlsx").click()
    await page.get_by_role("option", name="later.xlsx").click()
    await expect(page.get_by_role("button", name="Workbook later.xlsx")).to_be_visible()
    await expect(page.get_by_role("tabpanel")).to_contain_text("as you said")
    await page.get_by_text("How it was read").click()
    await expect(page.get_by_role("list", name="Evidence")).to_contain_text("remembered from another file of this form")


async def test_a_correction_is_taken_back_with_a_click(opened: Opened) -> None:
    page = opened.page
    await upload(opened, MESSY)
    await correct(page, "A5:E8", "none")
    await read_again(page)
    await expect(header(page, "Column B")).to_be_visible()
    await page.get_by_role("button", name="Take it back").click()
    await read_again(page, "Taken back, and forgotten for other files.")
    await expect(header(page, "First half Q1")).to_be_visible()


async def test_a_refused_correction_says_why_and_keeps_what_was_written(opened: Opened) -> None:
    opened.complaints.expect(400)
    page = opened.page
    await upload(opened, MESSY)
    await correct(page, "A400:E500", "1")
    says = "Stay within its 11 rows and 5 columns. sheet.correction_invalid"
    await expect(page.get_by_role("alert")).to_contain_text(says, timeout=READ_MS)
    await expect(page.get_by_label("Cells of the table")).to_have_value("A400:E500")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("form", name="Correct Quarters")).to_have_count(0)


async def test_an_ambiguous_column_is_asked_once_and_its_neighbour_settled(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    (tmp_path / "orders.csv").write_text('name,ordered,amount\nA,01/02/2024,"1,234"\nB,03/04/2024,"2,500"\n')
    await upload(opened, tmp_path / "orders.csv")
    question = page.get_by_role("group", name="How is ordered meant?")
    await expect(question.get_by_text("1 more to ask")).to_be_visible()
    await question.get_by_role("button", name="month first").click()
    await read_again(page)
    await expect(page.get_by_role("gridcell", name="2024-01-02")).to_be_visible()
    await page.get_by_role("group", name="How is amount meant?").get_by_role("button", name="decimal point").click()
    await expect(page.get_by_role("gridcell", name="1,234")).to_be_visible(timeout=READ_MS)
    await expect(page.get_by_role("group", name="meant?")).to_have_count(0)


async def test_a_columns_type_is_corrected_and_a_false_table_taken_away(opened: Opened) -> None:
    page = opened.page
    await upload(opened, MESSY)
    await page.get_by_role("tab", name="Stock and shifts A1:C5").click()
    await page.get_by_role("button", name="Correct", exact=True).click()
    await page.get_by_label("Pieces B").select_option("text")
    await page.get_by_role("button", name="Read it this way").click()
    await read_again(page)
    await expect(header(page, "Pieces")).to_contain_text("text")
    await page.get_by_role("button", name="Correct", exact=True).click()
    await page.get_by_role("button", name="This is no table").click()
    await expect(page.get_by_role("tab", name="Stock and shifts")).to_have_count(1, timeout=READ_MS)
    await expect(page.get_by_text("E1:G4")).to_be_visible()


@pytest.mark.parametrize("width", [1024, 390])
async def test_the_form_fits_smaller_screens(opened: Opened, width: int) -> None:
    opened.complaints.expect(400)
    page = opened.page
    await page.set_viewport_size({"width": width, "height": 844})
    await upload(opened, MESSY)
    if width == 390:
        await page.get_by_role("button", name="Sheet", exact=True).click()
    assert await line_height(page) < 32
    await correct(page, "A400:E500", "1")
    await expect(page.get_by_role("alert")).to_be_in_viewport(timeout=READ_MS)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_who_types_is_told_in_which_unit(opened: Opened) -> None:
    page = opened.page
    await upload(opened, MESSY)
    await page.get_by_role("gridcell", name="120,500").dblclick()
    await expect(page.get_by_role("note")).to_have_text("In EUR; written in thousands in the file")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("note")).to_have_count(0)


async def test_what_ends_the_form_is_in_sight_and_notes_stand_with_how_it_was_read(opened: Opened) -> None:
    page = opened.page
    await page.set_viewport_size({"width": 1024, "height": 768})
    await upload(opened, MESSY)
    await expect(page.get_by_text("Note on the workbook").first).not_to_be_visible()
    await page.get_by_text("How it was read").click()
    await page.get_by_role("button", name="Correct", exact=True).click()
    await expect(page.get_by_role("cell", name="Branch", exact=True).first).to_be_visible(timeout=READ_MS)
    await expect(page.get_by_role("button", name="Read it this way")).to_be_in_viewport(ratio=1)
