"""Files come in by drop: several at once, through cuts and reloads, cancelled without a trace, looked at where doubtful."""

import random
import re
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Locator, Page, Request, Route, expect

from tests.e2e.test_page import Opened, browser, opened
from tests.e2e.test_sheet_page import MESSY, READ_MS, read_again, upload

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]
UPLOADS = re.compile(r"/api/uploads/upload_\w+$")
TOWNS = "town,people\nUlm,120\nJena,110\n"
RIVERS = "river,km\nRhine,1230\nElbe,1094\n"
DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  window.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, cancelable: true, bubbles: true }));
  window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true, bubbles: true }));
}"""


SEEN_ROWS = 800_000
"""What takes seconds to read: long enough to be seen half read."""


def large(folder: Path, rows: int = 110_000) -> Path:
    """Write a file of three parts, or of many more."""
    path = folder / "large.csv"
    draw = random.Random(7)  # noqa: S311  no secret
    lines = (f"{n},{draw.random()},{draw.getrandbits(256):x}" for n in range(rows))
    path.write_text("number,share,text\n" + "\n".join(lines), encoding="ascii")
    assert path.stat().st_size > 9 * 2**20
    return path


def item(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Imports").get_by_role("listitem").filter(has_text=name)


def watch(page: Page) -> list[int]:
    """Return a list that grows with where each part that is sent begins."""
    begins: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            begins.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return begins


async def test_several_files_are_dropped_at_once_and_the_first_that_can_be_read_is_opened(opened: Opened) -> None:
    opened.complaints.expect(400)
    page, go_on = opened.page, anyio.Event()

    async def hold(route: Route) -> None:
        if "towns.csv" in (route.request.post_data or ""):
            await go_on.wait()
        await route.continue_()

    await page.route(re.compile(r"/api/uploads$"), hold)
    await page.evaluate(DROP, [["empty.csv", ""], ["towns.csv", TOWNS], ["rivers.csv", RIVERS]])
    await expect(page.get_by_role("button", name="Open rivers.csv")).to_be_visible(timeout=READ_MS)
    await expect(page.get_by_role("grid")).to_have_count(0)
    go_on.set()
    await expect(page.get_by_role("gridcell", name="Ulm")).to_be_visible(timeout=READ_MS)
    await page.get_by_role("button", name="Jobs").click()
    jobs = page.get_by_role("dialog", name="Jobs")
    await expect(jobs.get_by_role("alert")).to_contain_text("file.empty", timeout=READ_MS)
    await expect(jobs.get_by_text("Nothing runs now.")).to_be_visible(timeout=READ_MS)
    await jobs.get_by_role("button", name="Open rivers.csv").click()
    await expect(page.get_by_role("gridcell", name="Rhine")).to_be_visible(timeout=READ_MS)


@pytest.mark.flaky(reruns=3)
async def test_the_first_rows_are_seen_while_the_rest_is_read(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    await page.get_by_label("Workbook file").set_input_files(large(tmp_path, SEEN_ROWS))
    await expect(page.get_by_role("region", name="First rows").get_by_role("cell", name="109")).to_have_count(0)
    await expect(page.get_by_text("as they stand in the file")).to_be_visible(timeout=READ_MS)
    await expect(page.get_by_role("tab", name="large")).to_have_count(0)
    await expect(page.get_by_role("tab", name="large")).to_be_visible(timeout=READ_MS)


async def test_a_dropped_network_goes_on_where_it_stopped(opened: Opened, tmp_path: Path) -> None:
    opened.complaints.expect("net::ERR_FAILED")
    page = opened.page
    begins = watch(page)

    async def cut(route: Route) -> None:
        is_second = route.request.method == "PATCH" and len(begins) == 2
        await (route.abort() if is_second else route.continue_())

    await page.route(UPLOADS, cut)
    await upload(opened, large(tmp_path))
    assert begins == [0, 4 * 2**20, 4 * 2**20, 8 * 2**20]


async def test_after_a_reload_the_same_file_goes_on_where_it_stopped(opened: Opened, tmp_path: Path) -> None:
    opened.complaints.expect("net::ERR_FAILED")
    page, path = opened.page, large(tmp_path)
    begins = watch(page)

    async def cut(route: Route) -> None:
        await (route.abort() if route.request.method == "PATCH" and len(begins) > 1 else route.continue_())

    await page.route(UPLOADS, cut)
    await page.get_by_label("Workbook file").set_input_files(path)
    await expect(item(page, "large.csv")).to_contain_text("Waits for the server; 4 MB of", timeout=READ_MS)
    await page.unroute(UPLOADS)
    await page.reload()
    await expect(item(page, "large.csv")).to_contain_text("choose the file again to go on", timeout=READ_MS)
    begins.clear()
    await upload(opened, path)
    assert begins == [4 * 2**20, 8 * 2**20]


async def test_a_cancelled_file_leaves_nothing(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    await page.get_by_label("Workbook file").set_input_files(large(tmp_path, SEEN_ROWS))
    await expect(page.get_by_text("as they stand in the file")).to_be_visible(timeout=READ_MS)
    await page.get_by_role("button", name="Cancel large.csv").click()
    await expect(item(page, "large.csv")).to_contain_text("Cancelled; nothing of it is left")
    await page.get_by_role("button", name="Remove from list: large.csv").click()
    await expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    origin = opened.address.rstrip("/")
    assert await (await page.request.get(f"{origin}/api/sheets")).json() == []


async def test_a_doubtful_table_is_asked_about_and_confirmed_with_a_click(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    (tmp_path / "people.csv").write_text("Name,City\nAnn,Berlin\nBob,Paris\nCid,Rome\n")
    await upload(opened, tmp_path / "people.csv")
    doubt = page.get_by_role("region", name="Is A1:B4 read rightly?")
    await expect(doubt).to_contain_text("The header is taken to be row 1. That is only 65% sure.")
    await doubt.get_by_role("button", name="It is right").click()
    await read_again(page)
    await expect(doubt).to_have_count(0)


async def test_a_header_is_corrected_with_a_click_on_the_drawn_cells(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    (tmp_path / "people.csv").write_text("Name,City\nAnn,Berlin\nBob,Paris\nCid,Rome\n")
    await upload(opened, tmp_path / "people.csv")
    await page.get_by_role("button", name="Look at the cells").click()
    drawn = page.get_by_role("region", name="Cells of people")
    await expect(drawn.get_by_role("cell", name="Name")).to_have_class(re.compile("header"), timeout=READ_MS)
    await drawn.get_by_role("button", name="Row 1").click()
    await page.get_by_role("button", name="Row 1 is data: no header").click()
    await read_again(page)
    await expect(page.get_by_text("A1:B4 · 4 rows · no header")).to_be_visible()


async def test_a_table_is_drawn_with_its_headers_and_totals_and_moved_by_a_drag(opened: Opened) -> None:
    page = opened.page
    await upload(opened, MESSY)
    await page.get_by_role("button", name="Correct", exact=True).click()
    drawn = page.get_by_role("region", name="Cells of Quarters")
    await expect(drawn.locator(".header").filter(has_text="Q1")).to_have_count(1, timeout=READ_MS)
    await expect(drawn.locator(".total").first).to_be_visible()
    await drawn.locator('[data-row="5"][data-column="1"]').hover()
    await page.mouse.down()
    await drawn.locator('[data-row="8"][data-column="5"]').hover()
    await page.mouse.up()
    await expect(page.get_by_label("Cells of the table")).to_have_value("A5:E8")


async def test_a_certain_table_asks_nothing(opened: Opened, sales: Path) -> None:
    await upload(opened, sales)
    await expect(opened.page.get_by_text("header in row 1")).to_be_visible()
    await expect(opened.page.get_by_role("region", name="read rightly?")).to_have_count(0)


async def test_the_newest_import_is_listed_first(opened: Opened) -> None:
    page = opened.page
    files = [["towns.csv", "town,people\nUlm,120\nJena,110\n"], ["rivers.csv", "river,km\nRhine,1230\nElbe,1094\n"]]
    await page.evaluate(DROP, files)
    await expect(page.get_by_role("gridcell", name="Ulm")).to_be_visible(timeout=READ_MS)
    await page.get_by_role("button", name="Jobs").click()
    listed = page.get_by_role("dialog", name="Jobs").get_by_role("list", name="Imports").get_by_role("listitem")
    await expect(listed.locator("b")).to_have_text(["rivers.csv", "towns.csv"])
    await listed.last.get_by_role("button", name="Remove from list: towns.csv").click()
    await expect(listed.locator("b")).to_have_text(["rivers.csv"])


async def test_until_a_file_can_be_seen_its_import_is_seen_and_not_the_workbook_before(
    opened: Opened, sales: Path, tmp_path: Path
) -> None:
    page, gate = opened.page, anyio.Event()

    async def hold(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await upload(opened, sales)
    await expect(page.get_by_role("gridcell", name="00001")).to_be_visible(timeout=READ_MS)
    await page.route(re.compile(r"/api/sheets/sheet_\w+$"), hold)
    (tmp_path / "towns.csv").write_text("town,people\nUlm,120\nJena,110\n")
    async with page.expect_request(re.compile(r"/api/sheets/sheet_\w+$"), timeout=READ_MS):
        await page.get_by_label("Workbook files").set_input_files(tmp_path / "towns.csv")
    await expect(page.get_by_role("gridcell", name="00001")).to_have_count(0)
    gate.set()
    await expect(page.get_by_role("gridcell", name="Jena")).to_be_visible(timeout=READ_MS)
