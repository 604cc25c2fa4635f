"""What the page costs before anyone can ask: JavaScript of the first load, and the time until the question field is there.

A workbook is open in it, and nothing is cached. Beside it, in the same rounds, the browser opens the smallest page that this
server has. Figures to hold on an idle machine: 100 KB, and ready in 0.5 s.
"""

import asyncio
import gzip
import re
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Response, async_playwright

ROOT = Path(__file__).parents[1]
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
ROUNDS = 9
MOST_BYTES = 100 * 1024
CLOCK = """
  const look = () => {
    if (document.querySelector("WANTED") === null) requestAnimationFrame(look);
    else window.readyAt ??= performance.now();
  };
  look();
"""
"""Notes when what is wanted was first there, in milliseconds since the navigation began."""


async def main() -> None:
    """Serve, open the page some times, print a table; fails where the page became too large."""
    with tempfile.TemporaryDirectory() as folder:
        cli = [sys.executable, "-m", "chatsheet.cli.main", "--data", folder]
        argv = [*cli, "serve", "--port", "0"]
        pipe = asyncio.subprocess.PIPE
        server = await asyncio.create_subprocess_exec(*argv, cwd=folder, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        try:
            address = await _address(server.stdout)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
                await _bring_in(browser, address)
                await _measure(browser, address)
                await browser.close()
        finally:
            server.terminate()
            await server.wait()


async def _address(stream: asyncio.StreamReader | None) -> str:
    while stream is not None and (line := await stream.readline()):
        if found := re.search(r"ChatSheetAI on (\S+)", line.decode()):
            return found.group(1)
    raise SystemExit("the server ended before it said where it is")


async def _bring_in(browser: Browser, address: str) -> None:
    page = await browser.new_page()
    await page.goto(address)
    await page.get_by_label("Workbook file").set_input_files(ROOT / "examples" / "sales.xlsx")
    await page.get_by_label("Question").wait_for()
    await page.close()


async def _measure(browser: Browser, address: str) -> None:
    scripts: dict[str, int] = {}
    ready: list[float] = []
    smallest: list[float] = []
    for number in range(ROUNDS + 1):
        seconds = await _open(browser, address, "[aria-label=Chat] textarea", scripts)
        least = await _open(browser, f"{address}healthz", "body", {})
        if number:  # the first warms up
            ready.append(seconds)
            smallest.append(least)
    size, median, least = sum(scripts.values()), statistics.median(ready), statistics.median(smallest)
    print(f"JavaScript of the first load, gzipped: {size / 1024:.1f} KB in {len(scripts)} files (at most {MOST_BYTES // 1024})")
    print(f"ready to be asked: {median:.3f} s, {median / least:.1f} x the smallest page ({least:.3f} s)")
    if size > MOST_BYTES:
        raise SystemExit("the first load is too large")


async def _open(browser: Browser, address: str, wanted: str, scripts: dict[str, int]) -> float:
    """Open an address in a fresh context; return the seconds until `wanted` is there, and note the scripts on the way."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    page = await context.new_page()
    seen: list[Response] = []
    page.on("response", lambda response: seen.append(response) if response.url.endswith(".js") else None)
    await page.add_init_script(CLOCK.replace("WANTED", wanted))
    await page.goto(address)
    await page.wait_for_function("() => window.readyAt > 0")
    taken = float(await page.evaluate("() => window.readyAt")) / 1000
    for response in seen:
        scripts[response.url] = len(gzip.compress(await response.body()))
    await context.close()
    return taken


if __name__ == "__main__":
    asyncio.run(main())
