"""Screenshots for the docs, of the demo as it is: the real page, the local model behind the simulator."""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

DOCS = Path(__file__).parents[1] / "docs" / "images"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUESTION = "What is the total revenue per region?"
SIZES = {"desktop": (1400, 900), "tablet": (1024, 768), "phone": (390, 844)}


async def main() -> None:
    """Start the demo, ask once, and look at the answer in every size and theme."""
    DOCS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:  # nothing of earlier chats in the picture
        await _shoot(data)


async def _shoot(data: str) -> None:
    argv = [sys.executable, "-m", "chatsheet.cli.main", "--data", data, "demo", "--port", "0"]
    demo = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        address = await _line(demo.stdout, r"ChatSheetAI on (\S+)")
        await _line(demo.stderr, r"LiteLLM answers")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
            await _ask(browser, address)
            for size, (width, height) in SIZES.items():
                for theme in ("light", "dark"):
                    page = await _open(browser, address, width, height, theme)
                    await page.get_by_text(QUESTION).last.wait_for()
                    await page.locator(".traced").first.wait_for()
                    await page.screenshot(path=DOCS / f"{size}-{theme}.png")
                    await page.context.close()
            await _examine(browser, address)
            for size in ("desktop", "phone"):
                page = await _open(browser, f"{address}#/routes", *SIZES[size], "light")
                await page.get_by_text("Examined ").wait_for()
                await page.screenshot(path=DOCS / ("doctor-phone.png" if size == "phone" else "doctor-light.png"))
            await browser.close()
    finally:
        demo.terminate()
        await demo.wait()


async def _line(stream: asyncio.StreamReader | None, pattern: str) -> str:
    while stream is not None and (line := await stream.readline()):
        if found := re.search(pattern, line.decode()):
            return found.group(found.lastindex or 0)
    raise SystemExit(f"the demo ended before it said {pattern}")


async def _open(browser: Browser, address: str, width: int, height: int, theme: str) -> Page:
    scheme = "dark" if theme == "dark" else "light"
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = await context.new_page()
    await page.goto(address)
    return page


async def _ask(browser: Browser, address: str) -> None:
    page = await _open(browser, address, 1400, 900, "light")
    await page.get_by_label("Question").fill(QUESTION)
    await page.get_by_role("button", name="Ask", exact=True).click()
    await page.get_by_role("button", name="Stop").wait_for()
    await page.get_by_role("button", name="Ask", exact=True).wait_for(timeout=150_000)
    await page.context.close()


async def _examine(browser: Browser, address: str) -> None:
    page = await _open(browser, f"{address}#/routes", 1400, 900, "light")
    await page.get_by_role("button", name="Examine now").click()
    await page.get_by_text("Examined ").wait_for(timeout=330_000)
    await page.context.close()


if __name__ == "__main__":
    asyncio.run(main())
