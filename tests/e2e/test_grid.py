"""The grid over a hundred thousand rows, in a browser on a real server: by mouse, by keys, and as a screen reader reads it."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass

import anyio
import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from chatsheet.core import loose
from tests.e2e.axe import violations
from tests.e2e.complaints import CLIPBOARD, Complaints, watched
from tests.e2e.test_cli import settings_file
from tests.e2e.test_page import SLOW_MS, browser
from tests.harness import program, start_wire

__all__ = ["browser"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ROWS = 100_001
REGIONS = ("North", "South", "East", "West")


@dataclass(frozen=True, slots=True)
class Big:
    """A page on a large sheet, and the way around the page."""

    page: Page
    address: str
    sheet: str
    complaints: Complaints

    @property
    def api(self) -> str:
        return f"{self.address}api/sheets/{self.sheet}"

    async def get(self, path: str) -> Mapping[str, object]:
        return loose.obj(await (await self.page.request.get(f"{self.api}{path}")).json())

    async def row(self, row: int) -> Sequence[object]:
        """Return the values of a row by its number in the tab, its id first."""
        return loose.array(loose.array((await self.get(f"/tables/big/rows?offset={row - 2}&limit=1"))["rows"])[0])

    async def version(self) -> str:
        return str(loose.obj((await self.get(""))["sheet"])["version"])

    async def edit(self, row: int, column: str, value: object) -> None:
        """Change a cell behind the page's back."""
        cell = {"row": row, "column": column, "value": value}
        edits = [{"kind": "set", "table": "big", "cells": [cell]}]
        body = {"version": await self.version(), "edits": edits}
        answer = await self.page.request.post(f"{self.api}/edits", data=body, headers={"Origin": self.address.rstrip("/")})
        assert answer.status == 201, await answer.text()

    def cell(self, row: int, column: int) -> Locator:
        """Return the cell in a row of the tab, its column counted from 1."""
        return self.page.locator(f"[aria-rowindex='{row}'] > [aria-colindex='{column + 1}']").or_(
            self.page.locator(f"[aria-rowindex='{row}'] > .lead > [aria-colindex='{column + 1}']")
        )

    async def at(self, row: int, column: int) -> Locator:
        """Go to a row and click its cell."""
        await self.page.get_by_label("Go to row").fill(str(row))
        await self.page.keyboard.press("Enter")
        found = self.cell(row, column)
        await expect(found).to_be_visible()
        await expect(found).not_to_have_text("")
        await found.click()
        return found

    async def told(self, says: str) -> None:
        await expect(self.page.locator(".status .told")).to_contain_text(says, timeout=SLOW_MS)


@pytest.fixture(scope="module")
async def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[str, str], None]:
    """Serve a sheet of many rows: region, number, amount, day, paid; tests keep to rows of their own."""
    folder = tmp_path_factory.mktemp("grid")
    lines = (
        f"{REGIONS[n % 4]},{n},{n % 997}.5,202{n % 5}-{1 + n % 12:02}-{1 + n % 28:02},{str(n % 3 > 0).lower()},note {n % 89}\n"
        for n in range(ROWS)
    )
    (folder / "big.csv").write_text("region,number,amount,day,paid,note\n" + "".join(lines))
    async with start_wire() as wire, program("--config", str(settings_file(folder, wire)), "serve") as server:
        address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1)
        page = await browser.new_page()
        await page.goto(address)
        await page.get_by_label("Workbook file").set_input_files(folder / "big.csv")
        await expect(page.get_by_role("grid")).to_be_visible(timeout=2 * SLOW_MS)
        listed = loose.array(await (await page.request.get(f"{address}api/sheets")).json())
        await page.close()
        yield address, str(loose.obj(listed[0])["id"])


@pytest.fixture
async def big(served: tuple[str, str], browser: Browser) -> AsyncGenerator[Big, None]:
    """Open the sheet in a window of its own, which is watched."""
    address, sheet = served
    async with watched(browser, locale="en-US", permissions=CLIPBOARD) as (page, complaints):
        await page.goto(address)
        await expect(page.get_by_role("gridcell", name="North").first).to_be_visible(timeout=SLOW_MS)
        yield Big(page, address, sheet, complaints)


async def clipboard(page: Page) -> str:
    return str(await page.evaluate("() => navigator.clipboard.readText()"))


async def test_a_screen_reader_is_told_of_all_rows_and_where_it_is(big: Big) -> None:
    grid = big.page.get_by_role("grid", name="big")
    assert await grid.get_attribute("aria-rowcount") == str(ROWS + 1)
    assert await grid.get_attribute("aria-colcount") == "7"
    await expect(big.page.get_by_role("columnheader", name=re.compile("^amount "))).to_have_attribute("aria-sort", "none")
    await big.cell(2, 1).click()
    await big.page.keyboard.press("Control+End")
    focused = big.page.locator(":focus")
    await expect(focused).to_have_role("gridcell")
    await expect(focused).to_have_attribute("aria-colindex", "7")
    assert await focused.evaluate("cell => cell.closest('[role=row]').getAttribute('aria-rowindex')") == str(ROWS + 1)
    assert await big.page.locator(".grid [tabindex='0']").count() == 1


async def test_excels_keys_move_extend_and_reach_the_header(big: Big) -> None:
    page = big.page
    await big.cell(5, 2).click()
    for keys in ("ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowRight"):
        await page.keyboard.press(keys)
    await expect(page.get_by_role("gridcell", selected=True)).to_have_count(6)
    await expect(page.locator(".status")).to_contain_text("6 cells · sum")
    await page.keyboard.press("Control+Home")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(":focus")).to_have_role("columnheader")
    await expect(page.locator(".status")).to_contain_text("region: ")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("dialog", name="region")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator(":focus")).to_have_role("columnheader")


async def test_a_whole_column_is_copied_also_rows_that_were_never_loaded(big: Big) -> None:
    await big.cell(2, 2).click()
    await big.page.keyboard.press("Control+Shift+ArrowDown")
    await big.page.keyboard.press("Control+c")
    await big.told(f"{ROWS:,} rows copied.")
    lines = (await clipboard(big.page)).splitlines()
    assert (len(lines), lines[70_000]) == (ROWS, "70000")


async def test_cells_from_excel_are_pasted_as_one_edit_and_taken_back(big: Big) -> None:
    before = [await big.row(row) for row in (40_000, 40_001)]
    await big.page.evaluate("text => navigator.clipboard.writeText(text)", '"1,234.5"\t12/31/2025\r\n(7)\t2025-01-02\r\n')
    await big.at(40_000, 3)
    await big.page.keyboard.press("Control+v")
    await big.told("4 cells pasted.")
    assert [(await big.row(row))[3:5] for row in (40_000, 40_001)] == [[1234.5, "2025-12-31"], [-7, "2025-01-02"]]
    await expect(big.cell(40_000, 3)).to_have_class(re.compile("changed"))
    await big.page.keyboard.press("Control+z")
    await big.told("Undone.")
    assert [await big.row(row) for row in (40_000, 40_001)] == before


async def test_a_paste_that_does_not_fit_the_type_writes_nothing(big: Big) -> None:
    version = await big.version()
    await big.page.evaluate("text => navigator.clipboard.writeText(text)", "12\nmany\n")
    await big.at(41_000, 3)
    await big.page.keyboard.press("Control+v")
    await big.told("amount, pasted row 2: “many” is no number, such as 12.5. Nothing was pasted.")
    assert await big.version() == version


async def test_values_are_filled_down_by_key(big: Big) -> None:
    await big.at(50_000, 6)
    for _ in range(2):
        await big.page.keyboard.press("Shift+ArrowDown")
    await big.page.keyboard.press("Control+d")
    await big.told("2 cells filled.")
    first = (await big.row(50_000))[6]
    assert [(await big.row(row))[6] for row in (50_001, 50_002)] == [first, first]


async def test_a_series_goes_on_where_the_handle_draws_it(big: Big) -> None:
    page = big.page
    await big.edit(52_000, "note", "item 7")
    await expect(await big.at(52_000, 6)).to_have_text("item 7")
    await page.locator(".handle").hover()
    await page.mouse.down()
    await big.cell(52_003, 6).hover()
    await page.mouse.up()
    await big.told("3 cells filled.")
    assert [(await big.row(row))[6] for row in (52_001, 52_003)] == ["item 8", "item 10"]
    await page.keyboard.press("Control+z")
    await big.told("Undone.")
    assert str((await big.row(52_003))[6]).startswith("note ")


async def test_cells_are_cut_in_one_edit_and_pasted_elsewhere(big: Big) -> None:
    page, before = big.page, (await big.row(53_000))[6]
    await big.at(53_000, 6)
    await page.keyboard.press("Control+x")
    await big.told("1 cell cut.")
    assert (await big.row(53_000))[6] is None
    await big.at(53_010, 6)
    await page.keyboard.press("Control+v")
    await big.told("1 cell pasted.")
    assert (await big.row(53_010))[6] == before
    await page.keyboard.press("Control+z")
    await big.told("Undone.")
    await page.keyboard.press("Control+z")
    await expect(big.cell(53_000, 6)).to_have_text(str(before), timeout=SLOW_MS)


async def test_a_table_is_looked_at_after_a_reload_as_before(big: Big) -> None:
    page = big.page
    await big.cell(2, 2).click()
    await page.keyboard.press("Alt+ArrowDown")
    await page.get_by_role("button", name="Hide column", exact=True).click()
    await big.cell(2, 2).click()
    await page.keyboard.press("Alt+ArrowDown")
    await page.get_by_role("button", name="Move right", exact=True).click()
    await page.reload()
    await expect(page.locator(".head[aria-colindex='4']")).to_contain_text("amount", timeout=SLOW_MS)
    await expect(page.get_by_role("button", name="Remove: 1 column hidden")).to_be_visible()


async def test_rows_that_are_still_to_come_bar_nobody(big: Big) -> None:
    page, go_on = big.page, anyio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(re.compile(r"/rows\?"), hold)
    await big.cell(2, 1).click()
    await page.keyboard.press("Control+End")
    await expect(page.locator(".line.loading").first).to_be_visible()
    assert await violations(page, ".grid") == []
    go_on.set()
    await expect(big.cell(ROWS + 1, 1)).not_to_have_text("", timeout=SLOW_MS)


async def test_a_cell_is_edited_where_it_stands_checked_and_undone(big: Big) -> None:
    page, before = big.page, (await big.row(60_000))[3]
    await big.at(60_000, 3)
    await page.keyboard.type("12x")
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor").get_by_role("alert")).to_contain_text("“12x” is no number")
    await page.get_by_label("amount, row 60000").fill("12.25")
    await page.keyboard.press("Enter")
    await expect(big.cell(60_000, 3)).to_have_text("12.25")
    await expect(big.cell(60_001, 3)).to_be_focused()
    await expect(big.cell(60_000, 3)).to_have_attribute("title", re.compile(f"Was {before}; changed by"), timeout=SLOW_MS)
    assert (await big.row(60_000))[3] == 12.25
    await page.keyboard.press("Control+z")
    await big.told("Undone.")
    await page.keyboard.press("Control+y")
    await big.told("Done again.")
    assert (await big.row(60_000))[3] == 12.25


async def test_editors_fit_the_type_and_escape_drops_what_was_typed(big: Big) -> None:
    page = big.page
    version = await big.version()
    await big.at(61_000, 5)
    await page.keyboard.press("F2")
    await expect(page.get_by_label("paid, row 61000")).to_have_role("combobox")
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("day, row 61000")).to_have_value(str((await big.row(61_000))[4]))
    await page.keyboard.type("x")
    await page.keyboard.press("Escape")
    await expect(big.cell(61_000, 4)).to_be_focused()
    assert await big.version() == version


async def test_somebody_elses_change_is_shown_beside_yours(big: Big) -> None:
    big.complaints.expect(409)
    page = big.page
    await big.at(70_000, 6)
    await page.keyboard.type("min")
    await big.edit(70_000, "note", "theirs")
    await page.keyboard.type("e")
    await page.keyboard.press("Enter")
    conflict = page.get_by_role("alertdialog", name="Changed by somebody else")
    await expect(conflict.get_by_role("row").last).to_contain_text(re.compile("note, row 70000.*theirs.*mine"), timeout=SLOW_MS)
    assert (await big.row(70_000))[6] == "theirs"
    await conflict.get_by_role("button", name="Write mine over it").click()
    await big.told("Written over theirs.")
    assert (await big.row(70_000))[6] == "mine"


async def test_rows_are_sorted_by_several_columns_and_filtered_by_type(big: Big) -> None:
    page = big.page
    await page.get_by_role("columnheader", name=re.compile("^region ")).click()
    await page.get_by_role("columnheader", name=re.compile("^amount ")).click(modifiers=["Shift"])
    await page.get_by_role("columnheader", name=re.compile("^amount ")).click(modifiers=["Shift"])
    await expect(page.get_by_role("columnheader", name=re.compile("^amount "))).to_have_attribute("aria-sort", "descending")
    await expect(big.cell(2, 1)).to_have_text("East", timeout=SLOW_MS)
    await expect(big.cell(2, 3)).to_have_text("996.5")
    await big.cell(2, 3).click()
    await page.keyboard.press("Alt+ArrowDown")
    menu = page.get_by_role("dialog", name="amount")
    await menu.get_by_label("Condition").select_option("at most")
    await menu.get_by_label("Value").fill("1")
    await menu.get_by_role("button", name="Filter", exact=True).click()
    await expect(page.locator(".status")).to_contain_text(f"of {ROWS:,} rows", timeout=SLOW_MS)
    await expect(big.cell(2, 3)).to_have_text("0.5")
    await page.get_by_role("button", name="Remove: amount at most 1").click()
    await expect(big.cell(2, 3)).to_have_text("996.5", timeout=SLOW_MS)


async def test_a_search_counts_its_hits_and_walks_through_them(big: Big) -> None:
    page = big.page
    await big.cell(2, 1).click()
    await page.keyboard.press("Control+f")
    await expect(page.get_by_label("Search rows")).to_be_focused()
    await page.get_by_label("Search rows").fill("note 88")
    expected = len(range(88, ROWS, 89))
    await expect(page.get_by_role("toolbar").get_by_role("status")).to_have_text(f"1 of {expected:,} rows", timeout=SLOW_MS)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("toolbar").get_by_role("status")).to_have_text(f"2 of {expected:,} rows")
    await expect(page.get_by_role("gridcell", selected=True)).to_have_text("note 88")


async def test_columns_are_hidden_moved_and_widened_by_keys(big: Big) -> None:
    page = big.page

    async def choose(column: int, doing: str) -> None:
        await big.cell(2, column).click()
        await page.keyboard.press("Alt+ArrowDown")
        await page.get_by_role("button", name=doing, exact=True).focus()
        await page.keyboard.press("Enter")

    heads = page.get_by_role("columnheader")
    await choose(2, "Hide column")
    await expect(heads.nth(2)).to_contain_text("amount")
    await choose(2, "Move right")
    await expect(page.locator(".head[aria-colindex='4']")).to_contain_text("amount")
    width = (await big.cell(2, 1).bounding_box() or {"width": 0})["width"]
    await choose(1, "Wider")
    assert (await big.cell(2, 1).bounding_box() or {"width": 0})["width"] == width + 40
    await page.get_by_role("button", name="Remove: 1 column hidden").click()
    await expect(page.get_by_role("columnheader", name=re.compile("^number "))).to_be_visible()


async def test_a_column_is_dragged_to_its_place_and_to_its_width(big: Big) -> None:
    page = big.page
    await page.get_by_role("columnheader", name=re.compile("^day ")).drag_to(
        page.get_by_role("columnheader", name=re.compile("^number ")), target_position={"x": 4, "y": 20}
    )
    await expect(page.locator(".head[aria-colindex='3']")).to_contain_text("day")
    await expect(page.get_by_role("columnheader", name=re.compile("^day "))).to_have_attribute("aria-sort", "none")
    edge = await page.locator(".head[aria-colindex='3'] .edge").bounding_box()
    assert edge is not None
    await page.mouse.move(edge["x"] + 4, edge["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(edge["x"] + 64, edge["y"] + 20, steps=4)
    await page.mouse.up()
    await expect(page.locator(".head[aria-colindex='3'] .edge")).to_be_visible()
    moved = await page.locator(".head[aria-colindex='3'] .edge").bounding_box()
    assert moved is not None
    assert round(moved["x"] - edge["x"]) == 60


async def test_a_row_that_is_not_shown_says_so(big: Big) -> None:
    await big.page.get_by_label("Go to row").fill("999999")
    await big.page.keyboard.press("Enter")
    await big.told("Row 999,999 is not among the rows shown.")


async def test_a_finger_scrolls_and_a_tap_selects(served: tuple[str, str], browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await page.goto(served[0])
    await page.get_by_role("button", name="Sheet", exact=True).tap()
    cell = page.locator("[aria-rowindex='6'] > [aria-colindex='3']")
    await expect(cell).to_be_visible(timeout=SLOW_MS)
    await cell.tap()
    await expect(cell).to_have_attribute("aria-selected", "true")
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await context.close()


async def test_axe_finds_nothing_in_the_grid_and_its_menu(big: Big) -> None:
    await big.cell(3, 2).click()
    await big.page.keyboard.press("Alt+ArrowDown")
    await expect(big.page.get_by_role("dialog", name="number")).to_be_visible()
    assert await violations(big.page, ".sheet") == []


async def test_a_row_that_is_typed_into_keeps_its_place_until_it_is_sorted_again(big: Big) -> None:
    page = big.page
    head = page.get_by_role("columnheader", name=re.compile("^number "))
    await head.click()
    await head.click()
    await expect(head).to_have_attribute("aria-sort", "descending")
    first = big.cell(2, 2)
    await expect(first).to_have_text("100000")
    await first.click()
    await page.keyboard.type("-5")
    await page.keyboard.press("Enter")
    await expect(first).to_have_attribute("title", re.compile("changed by"), timeout=SLOW_MS)
    await expect(first).to_have_text("-5")
    await page.keyboard.press("Control+z")
    await big.told("Undone. number in row 100,002 is 100000 again.")
    await expect(first).to_have_text("100000")
    await page.keyboard.press("Control+y")
    await big.told("Done again. number in row 100,002 is -5.")
    await expect(first).to_have_text("99999")


async def test_an_editor_is_a_row_of_the_grid_and_says_the_number_that_stands_before_it(big: Big) -> None:
    await (await big.at(50_001, 3)).press("F2")
    await expect(big.page.get_by_label("amount, row 50001")).to_be_focused()
    assert await violations(big.page, ".sheet") == []


async def test_cells_that_make_no_block_are_not_copied(big: Big) -> None:
    await big.cell(2, 1).click()
    await big.cell(4, 3).click(modifiers=["Control"])
    await big.page.keyboard.press("Control+c")
    await big.told("These cells are not of the same rows and columns")


async def test_a_row_is_asked_for_as_people_write_it(big: Big) -> None:
    field = big.page.get_by_label("Go to row")
    await field.fill("abc")
    await field.press("Enter")
    assert await field.evaluate("(field) => field.validationMessage") == "A row is a whole number, such as 1000."
    await field.fill("90,001")
    await field.press("Enter")
    await expect(big.cell(90_001, 1)).to_be_focused()


async def test_the_order_of_a_narrow_column_is_seen(big: Big) -> None:
    head = big.page.get_by_role("columnheader", name=re.compile("^region "))
    await big.cell(2, 1).click()
    await big.page.keyboard.press("Alt+ArrowDown")
    for _ in range(3):
        await big.page.get_by_role("button", name="Narrower").click()
        await big.cell(2, 1).click()
        await big.page.keyboard.press("Alt+ArrowDown")
    await big.page.get_by_role("button", name="Sort descending").click()
    box, arrow = await head.bounding_box(), await head.locator(".order").bounding_box()
    assert box is not None
    assert arrow is not None
    assert box["x"] < arrow["x"]
    assert arrow["x"] + arrow["width"] <= box["x"] + box["width"]
