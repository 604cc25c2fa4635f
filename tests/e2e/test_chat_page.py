"""The chat beside the sheet, used as a person would in a browser on a real server."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from chatsheet.chat import store
from chatsheet.chat.events import Event
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import open_database
from chatsheet.simulator.brains.scripted import Exchange, ScriptedCall
from tests.chat.talks import talk
from tests.e2e.test_cli import SETTINGS, settings_file
from tests.e2e.test_page import Opened, ask, browser, opened, opening, upload
from tests.harness import Wire, runs, says

__all__ = ["browser", "opened"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BY_REGION = "SELECT region, SUM(revenue) AS revenue FROM orders WHERE quantity > 1 GROUP BY region ORDER BY revenue DESC"
TOTAL = "SELECT SUM(revenue) AS total FROM orders"
SECOND = """
[llm.route.direct]
kind = "azure"
endpoint = "{wire}"
deployment = "sound"
key = "{azure}"
"""


def calls(name: str, **arguments: object) -> Exchange:
    return Exchange(calls=(ScriptedCall(name=name, arguments=arguments),))


def sets(row: int, value: float) -> Exchange:
    edit = {"op": "set", "table": "orders", "column": "revenue", "rows": [row], "value": value}
    return calls("propose_edit", edits=[edit], reason="a typo")


def log_of(page: Page) -> Locator:
    return page.get_by_role("log")


async def talked(opened: Opened, wire: Wire, question: str, *exchanges: Exchange) -> None:
    """Ask, and wait for the end of the answer."""
    wire.script("gpt-4o", *exchanges)
    await ask(opened, question)
    await expect(log_of(opened.page).get_by_role("heading", name=question, exact=True).last).to_be_visible()
    await ended(opened.page)


async def ended(page: Page) -> None:
    """Wait until the last question is answered, and another one can be asked."""
    await expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    await expect(log_of(page).locator("article").last).to_have_attribute("aria-busy", "false")


async def prepared(opened: Opened, sales: Path) -> Page:
    await upload(opened, sales)
    await expect(opened.page.get_by_role("list", name="Suggestions")).to_be_visible()
    return opened.page


async def test_a_suggested_question_is_asked_with_a_click(opened: Opened, wire: Wire, sales: Path) -> None:
    wire.script("gpt-4o", runs(TOTAL), says("It is 491,410.70."))
    page = await prepared(opened, sales)
    await page.get_by_role("button", name="What is the total Revenue by Region in Orders?").click()
    await expect(log_of(page).get_by_role("button", name="491,410.70")).to_be_visible()


async def test_a_number_leads_to_its_cells_and_another_is_marked(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "Who leads?", runs(BY_REGION), says("South has 152,473.70, so 77 more."))
    log = log_of(page)
    await expect(log.get_by_text("From 550 rows of Orders (rows 2 to 601) where quantity > 1")).to_be_visible()
    assert await log.locator(".stray").get_attribute("title") == "Not from your data: no cell of a result has this value"
    number = log.get_by_role("button", name="152,473.70")
    await number.click()
    await expect(number).to_have_attribute("aria-pressed", "true")
    source = log.get_by_role("region", name="Source of 152,473.70")
    await expect(source).to_contain_text("revenue of r1: 181 rows of Orders · revenue")
    await source.get_by_role("button", name="Close").click()
    await expect(number).to_have_attribute("aria-pressed", "false")


async def test_a_step_is_a_line_whose_sql_is_changed_and_run_again(opened: Opened, wire: Wire, sales: Path) -> None:
    opened.complaints.expect(422)
    page = await prepared(opened, sales)
    await talked(opened, wire, "Who leads?", runs(BY_REGION), says("South leads."))
    steps = log_of(page).get_by_role("list", name="Steps")
    await expect(steps.get_by_text("SELECT region")).to_have_count(0)
    await steps.get_by_text("r1 · 4 rows").click()
    await expect(steps.locator(".keyword", has_text="SELECT")).to_be_visible()
    await steps.get_by_role("button", name="Edit and run").click()
    await steps.get_by_label("Your SQL").fill("SELECT count(*) AS n FROM orders")
    await page.keyboard.press("Control+Enter")
    await expect(steps.get_by_role("cell", name="600")).to_be_visible()
    await steps.get_by_label("Your SQL").fill("DROP TABLE orders")
    await steps.get_by_role("button", name="Run", exact=True).click()
    await expect(steps.get_by_role("alert")).to_contain_text("sql.refused")


async def test_a_chart_is_drawn_with_its_table_beside_it(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    draws = calls("make_chart", handle="r1", mark="bar", x="region", y="revenue", title="Revenue by region")
    await talked(opened, wire, "Draw it", runs(BY_REGION), draws, says("Here it is."))
    results = page.get_by_role("region", name="Results")
    chart = results.get_by_role("img", name="Revenue by region")
    await expect(chart.locator("rect")).to_have_count(4)
    await results.get_by_role("tab", name="Chart c1").press("ArrowRight")
    await expect(results.get_by_role("tab", name="Table r1")).to_be_focused()
    await expect(results.get_by_role("cell", name="South")).to_be_visible()
    await results.get_by_role("tab", name="Chart c1").click()
    file = await results.get_by_role("link", name="SVG").get_attribute("href")
    answer = await page.request.get(f"{opened.address.split('#')[0].rstrip('/')}/{file}")
    assert answer.status == 200
    assert (await answer.text()).startswith("<svg")


async def test_a_long_result_shows_its_first_rows_and_opens_whole(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "List them", runs("SELECT order_id, revenue FROM orders"), says("These."))
    results = page.get_by_role("region", name="Results")
    await expect(results.get_by_role("row")).to_have_count(9)
    await expect(results.get_by_text("592 more rows")).to_be_visible()
    await results.get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog", name="Result r1")
    await expect(dialog.get_by_role("row")).to_have_count(601)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_the_reader_says_which_reading_is_meant(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    readings = [{"label": "All", "sql": TOTAL}, {"label": "Online", "sql": f"{TOTAL} WHERE channel = 'Online'"}]
    await talked(opened, wire, "Revenue?", calls("ask_user", question="Of which orders?", options=readings))
    options = page.get_by_role("list", name="What is meant?")
    await expect(options.get_by_role("button")).to_have_text(["All 491,410.7", "Online 159,755.9"])
    wire.script("gpt-4o", says("Online it is.", expect="Online"))
    await options.get_by_role("button", name="Online").click()
    await expect(log_of(page).get_by_text("Online it is.")).to_be_visible()
    await expect(options.get_by_role("button", name="Online")).to_be_disabled()


async def test_a_proposal_shows_each_cell_is_applied_and_undone(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "Mend it", sets(2, 1.5), says("I propose p1."))
    card = log_of(page).get_by_role("region", name="Proposal p1")
    await expect(card.get_by_role("row", name="Revenue, row 2")).to_contain_text("2641.5")
    await expect(card.get_by_text("1 row · 1 cell")).to_be_visible()
    first = page.get_by_role("region", name="Sheet", exact=True).get_by_role("row").nth(1)
    await card.get_by_role("button", name="Apply").click()
    await expect(first).to_contain_text("1.5")
    await expect(card.get_by_text("Applied")).to_be_visible()
    await card.get_by_role("button", name="Undo").click()
    await expect(card.get_by_text("Undone")).to_be_visible()
    await expect(first).to_contain_text("264")


async def test_a_conflict_shows_both_values_and_declining_changes_nothing(opened: Opened, wire: Wire, sales: Path) -> None:
    opened.complaints.expect(409)
    page = await prepared(opened, sales)
    await talked(opened, wire, "Mend it", sets(2, 1.5), says("I propose p1."))
    await talked(opened, wire, "Or so", sets(2, 9.25), says("I propose p2."))
    first, second = (log_of(page).get_by_role("region", name=f"Proposal {name}") for name in ("p1", "p2"))
    await second.get_by_role("button", name="Apply").click()
    await expect(second.get_by_text("Applied")).to_be_visible()
    await first.get_by_role("button", name="Apply").click()
    values = first.get_by_role("table", name="Somebody changed").get_by_role("row").last
    await expect(values.get_by_role("cell")).to_have_text(["264", "9.25 local", "1.5"])
    await first.get_by_role("button", name="Don\u2019t").click()
    await expect(first.get_by_text("Not applied")).to_be_visible()


async def test_a_question_is_edited_in_a_branch_and_the_chat_stays(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "First?", says("One."))
    await talked(opened, wire, "Second?", says("Two."))
    wire.script("gpt-4o", says("Three."))
    await log_of(page).get_by_role("button", name="Edit").last.click()
    await page.get_by_label("Ask instead").fill("Third?")
    await page.keyboard.press("Enter")
    await expect(log_of(page).get_by_role("heading")).to_have_text(["First?", "Third?"])
    await expect(log_of(page).get_by_text("Three.")).to_be_visible()
    await page.get_by_role("button", name="Chats:").click()
    await page.get_by_role("region", name="Chats").get_by_role("listitem").nth(1).get_by_role("button").first.click()
    await expect(log_of(page).get_by_role("heading")).to_have_text(["First?", "Second?"])


async def test_chats_are_searched_renamed_and_deleted(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "About pears?", says("Nothing."))
    await page.get_by_role("button", name="New chat", exact=True).click()
    await expect(page.get_by_role("list", name="Suggestions")).to_be_visible()
    await talked(opened, wire, "About apples?", says("Nothing."))
    await page.get_by_role("button", name="Chats:").click()
    listed = page.get_by_role("region", name="Chats").get_by_role("listitem")
    await page.get_by_label("Search chats").fill("PEARS")
    await expect(listed).to_have_count(1)
    await page.get_by_role("button", name="Rename About pears?").click()
    await page.get_by_label("Title").fill("Fruit")
    await page.keyboard.press("Enter")
    await page.get_by_label("Search chats").fill("")
    await expect(listed).to_have_count(2)
    await page.get_by_role("button", name="Delete About apples?").click()
    await page.get_by_role("button", name="Delete for good: About apples?").click()
    await expect(page.get_by_role("button", name="Chats: Fruit")).to_be_visible()
    await expect(log_of(page).get_by_role("heading")).to_have_text(["About pears?"])


async def test_a_column_is_named_by_keyboard_alone(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    question = page.get_by_label("Question")
    await question.press_sequentially("Sum of @rev")
    await expect(page.get_by_role("option", name="Revenue Orders · decimal")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(question).to_have_value("Sum of @revenue ")
    await question.press_sequentially("by @reg")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(question).to_have_value("Sum of @revenue by @targets.region ")
    wire.script("gpt-4o", says("Done.", expect="@targets.region"))
    await page.keyboard.press("Enter")
    await expect(log_of(page).locator("h2 .name")).to_have_text(["@revenue", "@targets.region"])


async def test_what_is_written_while_a_question_is_sent_stays(opened: Opened, wire: Wire, sales: Path) -> None:
    page, go_on = await prepared(opened, sales), anyio.Event()
    wire.script("gpt-4o", says("Here."))

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route(re.compile(r"/questions$"), hold)
    await page.get_by_label("Question").press_sequentially("First?")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Second")
    go_on.set()
    await expect(log_of(page).get_by_text("Here.")).to_be_visible()
    await expect(page.get_by_label("Question")).to_have_value("Second")


async def test_a_step_that_a_route_broke_off_is_restarted_visibly(
    tmp_path: Path, wire: Wire, browser: Browser, sales: Path
) -> None:
    wire.script("gpt-4o", says("one two three four five six"))
    wire.fault("gpt-4o", "cut")
    wire.script("sound", says("A whole answer."))
    text = SETTINGS.replace('routes = ["azure"]', 'routes = ["azure", "direct"]') + SECOND
    async with opening(settings_file(tmp_path, wire, text), browser) as opened:
        page = await prepared(opened, sales)
        await ask(opened, "Hello?")
        await expect(log_of(page).get_by_text("This step was restarted on the route direct")).to_be_visible()
        await expect(log_of(page).get_by_text("A whole answer.")).to_be_visible()
        await expect(log_of(page).get_by_text("one two")).to_have_count(0)
        await expect(log_of(page).get_by_text("through direct")).to_be_visible()


async def fill(tmp_path: Path, page: Page, events: Sequence[Event]) -> None:
    """Write a conversation into the chat that is open."""
    entry = await page.evaluate(
        "async () => { const of = async (path) => (await fetch(path)).json();"
        "const [sheet] = await of('api/sheets'); return (await of(`api/chats?sheet_id=${sheet.id}`))[0] }"
    )
    database = await open_database(tmp_path / "data" / "chatsheet.sqlite")
    async with database.unit() as connection:
        await store.append(connection, LOCAL, entry["id"], events, at=datetime(2026, 1, 1, tzinfo=UTC))
    await database.close()


async def test_of_a_long_chat_only_what_is_near_is_drawn(opened: Opened, sales: Path, tmp_path: Path) -> None:
    page = await prepared(opened, sales)
    await fill(tmp_path, page, talk(500))
    await page.reload()
    turns = log_of(page).locator("article")
    await expect(turns.last).to_contain_text("What about number 500?")
    await expect(turns).to_have_count(30)
    await expect(turns.last).to_be_in_viewport()
    await expect(page.get_by_role("button", name="470 earlier")).to_be_attached()
    for first in (441, 411, 381, 351):
        await log_of(page).evaluate("(log) => log.scrollTo(0, 0)")
        await expect(turns.nth(0)).to_contain_text(f"What about number {first}?")
        await expect(turns.nth(30)).to_be_in_viewport()
    await expect(turns).to_have_count(90)
    await page.get_by_role("button", name="To the end").click()
    await expect(turns.last).to_be_in_viewport()
    await expect(turns.last).to_contain_text("What about number 500?")


@pytest.mark.parametrize("width", [1024, 390])
async def test_the_chat_fits_smaller_screens(opened: Opened, wire: Wire, sales: Path, width: int) -> None:
    page = opened.page
    await page.set_viewport_size({"width": width, "height": 844})
    await upload(opened, sales)
    draws = calls("make_chart", handle="r1", mark="bar", x="region", y="revenue", title="Revenue")
    await talked(opened, wire, "Draw it", runs(BY_REGION), draws, sets(2, 1.5), says("South has 152,473.70."))
    await log_of(page).get_by_role("button", name="152,473.70").click()
    if width == 390:  # a phone shows one pane, and the cells are in the other
        await page.get_by_role("button", name="Chat", exact=True).click()
    await expect(log_of(page).get_by_role("region", name="Source of")).to_be_visible()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert await log_of(page).evaluate("(log) => log.scrollWidth <= log.clientWidth")


async def test_a_number_of_many_rows_says_how_many_of_them_are_selected(opened: Opened, wire: Wire, tmp_path: Path) -> None:
    lines = (f"{'South' if n % 2 else 'North'},{n}\n" for n in range(3_000))
    (tmp_path / "many.csv").write_text("region,amount\n" + "".join(lines))
    page = await prepared(opened, tmp_path / "many.csv")
    total = runs("SELECT sum(amount) AS total FROM many WHERE region = 'South'")
    await talked(opened, wire, "How much in the South?", total, says("It is 2,250,000."))
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/rows?" in one.url else None)
    await log_of(page).get_by_role("button", name="2,250,000").click()
    await expect(page.locator(".status .told")).to_have_text("The first 1,000 of 1,500 cited rows are selected.")
    await expect(page.locator(".chip")).to_contain_text("1,500 rows")
    assert len(asked) < 20


async def test_what_an_answer_selected_is_offered_and_goes_along_only_if_wanted(
    opened: Opened, wire: Wire, sales: Path
) -> None:
    page = await prepared(opened, sales)
    await talked(opened, wire, "Who leads?", runs(BY_REGION), says("South has 152,473.70."))
    await log_of(page).get_by_role("button", name="152,473.70").click()
    await expect(page.get_by_role("button", name="+ Orders · revenue · 181 rows")).to_be_visible()
    await expect(page.get_by_role("button", name="Leave the selection out")).to_have_count(0)
    await page.get_by_role("button", name="+ Orders · revenue · 181 rows").click()
    await expect(page.get_by_role("button", name="Leave the selection out")).to_be_visible()


async def test_a_proposal_says_what_it_takes_and_where(opened: Opened, wire: Wire, sales: Path) -> None:
    page = await prepared(opened, sales)
    edit = {"op": "fill", "column": "revenue", "where": "region = 'South'", "expression": "revenue * 2"}
    await talked(opened, wire, "Double it", calls("propose_edit", edits=[{**edit, "table": "orders"}], reason=""), says("p1."))
    card = log_of(page).get_by_role("region", name="Proposal p1")
    await expect(card.get_by_text("Fill Revenue in Orders · 196 rows · 196 cells")).to_be_visible()
    await expect(card.get_by_text("with revenue * 2")).to_be_visible()
    await expect(card.get_by_text("where region = 'South'")).to_be_visible()
