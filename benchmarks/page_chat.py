"""The page with a long chat in Chromium: what a frame of scrolling it costs, and the JS heap after answers and minutes.

A chat of 500 questions is scrolled up to its first one. Then fifty more are asked as the page stands open, and the grid of a
million rows is scrolled for minutes. Goals: 16 ms of the main thread's CPU for a frame, 30 MB of heap.

    python benchmarks/page_chat.py [--rows 1000000] [--minutes 10]
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from playwright.async_api import Page, async_playwright, expect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.page_grid import ARGS, OURS, SCROLL, TOKEN, Cdp, Line, count_cpu, metrics, show, write_rows
from chatsheet.chat import store
from chatsheet.core import loose
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import open_database
from tests.chat.talks import talk
from tests.e2e.test_cli import SETTINGS
from tests.harness import Wire, program, runs, says, start_wire, write_settings

RESULTS = Path(__file__).parent / "results" / "page_chat.json"
TURNS, ANSWERS = 500, 50
FRAME_MS, HEAP_MB = 16, 30
_SCROLLED_UP = """async () => {
  const log = document.querySelector('[role=log]'), gaps = [];
  let last = performance.now();
  for (let still = 0; still < 60; ) {
    const before = log.scrollTop;
    log.scrollTop -= 120;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    still = log.scrollTop === before ? still + 1 : 0;
  }
  return gaps;
}"""
"""Scrolls a chat up by 120 px a frame until nothing earlier comes any more."""


async def main() -> None:
    """Serve, fill a chat, open the page, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "big.csv", asked.rows)
        text = SETTINGS.replace("[server]\n", '[server]\ntoken = "{token}"\n').replace("{data}", str(folder / "data"))
        async with start_wire() as wire:
            said = text.replace("{wire}", wire.url)
            config = write_settings(folder / "a folder", said, {"azure": wire.key, "master": "x", "token": TOKEN})
            async with program("--config", str(config), "serve") as server:
                address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1).split("?")[0].split("#")[0]
                await filled(address, folder)
                async with async_playwright() as playwright:
                    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
                    context = await browser.new_context(viewport={"width": 1400, "height": 900})
                    page = await context.new_page()
                    cdp: Cdp = await context.new_cdp_session(page)
                    await count_cpu(cdp)
                    await page.goto(address)
                    lines = [*await scrolled(page, cdp), await heap(page, cdp, wire, asked.minutes)]
                    await browser.close()
    show(lines)
    RESULTS.write_text(json.dumps({"lines": [asdict(one) for one in lines]}, indent=1) + "\n", encoding="utf-8")


async def filled(address: str, folder: Path) -> None:
    """Import the sheet, begin a chat, and write a long conversation into it."""
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        kind = {"Content-Type": "application/octet-stream"}
        content = (folder / "big.csv").read_bytes()
        async with client.post("/api/sheets?name=big.csv", data=content, headers=kind) as got:
            sheet = loose.obj(loose.obj(await got.json())["sheet"])["id"]
        async with client.post("/api/chats", json={"sheet_id": sheet}) as got:
            chat = str(loose.obj(await got.json())["id"])
    database = await open_database(folder / "data" / "chatsheet.sqlite")
    async with database.unit() as connection:
        await store.append(connection, LOCAL, chat, talk(TURNS), at=datetime(2026, 1, 1, tzinfo=UTC))
    await database.close()


async def scrolled(page: Page, cdp: Cdp) -> list[Line]:
    """Scroll the chat up through all that it holds."""
    await expect(page.get_by_role("log").locator("article").last).to_contain_text(f"number {TURNS}?", timeout=60_000)
    await page.wait_for_timeout(1_000)
    before = await metrics(cdp)
    gaps = [float(str(one)) for one in loose.array(await page.evaluate(_SCROLLED_UP))]
    after = await metrics(cdp)
    cpu = 1_000 * (after["TaskDuration"] - before["TaskDuration"]) / len(gaps)
    what = f"of a frame, a chat of {TURNS} questions scrolled up"
    return [
        Line(grid="ours", what=f"CPU {what}", value=round(cpu, 2), unit="ms", goal=FRAME_MS),
        Line(grid="ours", what=f"mean length {what}", value=round(statistics.mean(gaps), 2), unit="ms"),
        Line(grid="ours", what=f"p95 length {what}", value=round(sorted(gaps)[int(0.95 * len(gaps))], 2), unit="ms"),
    ]


async def heap(page: Page, cdp: Cdp, wire: Wire, minutes: float) -> Line:
    """Ask as a person would, scroll the grid for minutes, and weigh what the page still holds."""
    sql = "SELECT region, COUNT(*) AS n, SUM(revenue) AS revenue FROM big GROUP BY region ORDER BY n DESC"
    await page.evaluate(OURS)
    for number in range(ANSWERS):
        wire.script("gpt-4o", runs(sql), says("Five regions are in it; **77** is from nowhere.\n\n" + "A sentence. " * 40))
        await page.get_by_label("Question").fill(f"What about part {number}?")
        await page.get_by_role("button", name="Ask", exact=True).click()
        last = page.get_by_role("log").locator("article").last
        await expect(last).to_contain_text(f"part {number}?")
        await expect(last).to_have_attribute("aria-busy", "false", timeout=60_000)
        await page.evaluate(SCROLL, [60, 600])
    ends, frames = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < ends:
        await page.evaluate(SCROLL, [200, 600 if frames % 2_000 else 60_000])
        frames += 200
    await cdp.send("HeapProfiler.collectGarbage")
    mb = (await metrics(cdp))["JSHeapUsedSize"] / 1e6
    what = f"JS heap after {ANSWERS} answers and {minutes:g} minutes of scrolling ({frames} frames)"
    return Line(grid="ours", what=what, value=round(mb, 2), unit="MB", goal=HEAP_MB)


if __name__ == "__main__":
    asyncio.run(main())
