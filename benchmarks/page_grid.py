"""The page's grid over a million rows in Chromium: what scrolling, jumping and staying cost, beside AG Grid and glide.

Ours is the whole page on a real server, the chat beside the grid; the peers stand alone in a box of the same size, and get
the same rows from the same server. CPU is the main thread's own clock (`threadTicks`), which a busy machine moves less than
a wall clock.

    python benchmarks/page_grid.py [--rows 1000000] [--rounds 3] [--minutes 2] [--peers all|none]
"""

import argparse
import asyncio
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
import duckdb
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from chatsheet.core import loose
from tests.e2e.test_cli import SETTINGS
from tests.harness import program, start_wire, write_settings

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/page_grid.json"
CACHE = Path.home() / ".cache/chatsheet/bench/grids"
PACKAGES = (
    "ag-grid-community@36.2.0",
    "@glideapps/glide-data-grid@6.0.3",
    "react@18.3.1",
    "react-dom@18.3.1",
    "lodash@4.17.21",
    "marked@4.3.0",
    "react-responsive-carousel@3.2.23",
    "esbuild@0.25.12",
)
PEERS = {"ag": "AG Grid Community 36.2.0", "glide": "glide-data-grid 6.0.3"}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--enable-precise-memory-info"]
FRAMES = 150
JUMP = 900_000
TOKEN = "token-of-the-benchmark"  # noqa: S105  of a server that lives as long as this run
WIDTHS = {"1400x900": (1400, 900), "2560x1440": (2560, 1440)}

SCROLL = """async ([frames, pixels]) => {
  const box = window.peer.scroller(), gaps = [];
  let last = performance.now();
  for (let frame = 0; frame < frames; frame += 1) {
    box.scrollTop += pixels;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }
  return gaps;
}"""
JUMPED = """async (row) => {
  const begun = performance.now();
  window.peer.jump(row);
  while (!window.peer.isDrawn(row)) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - begun > 15000) return -1;
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
OURS = """() => {
  const box = document.querySelector('.grid[role=grid]');
  window.peer = {
    scroller: () => box,
    jump: (row) => {
      const field = document.querySelector('[aria-label="Go to row"]');
      field.value = String(row + 2);
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    },
    isDrawn: (row) => {
      const cell = box.querySelector(`[aria-rowindex="${row + 2}"] .cell`);
      return cell !== null && cell.textContent !== '' && cell.getBoundingClientRect().top < innerHeight;
    },
  };
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured figure of one grid: the median of the rounds."""

    grid: str
    what: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        return "" if self.goal is None else "met" if self.value <= self.goal else "MISSED"


def write_rows(path: Path, rows: int) -> None:
    """Write twenty columns of five types."""
    columns = {
        "region": "['North', 'South', 'East', 'West', 'Île-de-France'][1 + (hash(i) % 5)::INT]",
        "customer": "'Customer ' || (hash(i * 3) % 50000)::VARCHAR",
        "product": "'Product ' || chr((65 + hash(i * 5) % 26)::INT)",
        "revenue": "(hash(i * 7) % 100000) / 100.0::DOUBLE",
        "quantity": "(hash(i * 13) % 50)::BIGINT",
        "day": "DATE '2023-01-01' + (hash(i * 17) % 730)::INT",
        "paid": "hash(i * 19) % 3 = 0",
        **{f"measure_{n}": f"(hash(i * {n + 31}) % 100000) / 10.0::DOUBLE" for n in range(13)},
    }
    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    duckdb.connect().execute(f"COPY (SELECT {listed} FROM range({rows}) AS t(i)) TO '{path}' (HEADER)")


def names_of(path: Path) -> list[str]:
    """Return the header of the file."""
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


async def run(*argv: str, folder: Path) -> None:
    """Run a program to its end; raises with what it said."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=folder, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(said.decode(errors="replace")[-2_000:])


async def bundle() -> Path:
    """Install the peers into the cache and bundle their page; returns its folder."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (CACHE / "node_modules/esbuild").exists():
        (CACHE / "package.json").write_text('{"private": true}')
        await run("npm", "install", "--ignore-scripts", "--save-exact", "--no-audit", *PACKAGES, folder=CACHE)
    source = CACHE / "peers.tsx"
    source.write_text((ROOT / "benchmarks/page_peers.tsx").read_text())
    flags = ("--bundle", "--minify", '--define:process.env.NODE_ENV="production"', "--outfile=built/peers.js")
    await run("node_modules/.bin/esbuild", str(source), *flags, folder=CACHE)
    return CACHE / "built"


@asynccontextmanager
async def peers_at(built: Path, rows_url: str, columns: list[str], rows: int) -> AsyncGenerator[str, None]:
    """Serve the peers' page and hand its requests for rows on to our server."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:

        async def hand_on(request: web.Request) -> web.Response:
            async with client.get(rows_url, params=dict(request.query)) as answer:
                return web.Response(body=await answer.read(), content_type="application/json")

        async def page(request: web.Request) -> web.Response:
            said = json.dumps(columns).replace('"', "&quot;")
            html = (
                "<!doctype html><link rel=stylesheet href=/built/peers.css><style>html,body{margin:0;height:100%}"
                "#host{position:absolute;inset:204px 0 28px 41.6%}#portal{position:fixed;left:0;top:0;z-index:9}</style>"
                f'<body data-grid={request.match_info["grid"]} data-rows={rows} data-columns="{said}">'
                "<div id=host></div><div id=portal></div><script src=/built/peers.js></script>"
            )
            return web.Response(text=html, content_type="text/html")

        app = web.Application()
        app.add_routes([web.get("/rows", hand_on), web.get("/grid/{grid}", page), web.static("/built", built)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class Cdp(Protocol):
    """The browser's own protocol, of which Playwright says no types."""

    async def send(self, method: str, params: dict[str, object] | None = None) -> dict[str, object]:
        """Call a method of the protocol."""
        ...


async def count_cpu(cdp: Cdp) -> None:
    """Count the main thread's CPU, not the time that passes."""
    await cdp.send("Performance.enable", {"timeDomain": "threadTicks"})


async def metrics(cdp: Cdp) -> Mapping[str, float]:
    """Return the page's counters."""
    found = loose.array(loose.obj(await cdp.send("Performance.getMetrics"))["metrics"])
    return {str(loose.obj(one)["name"]): float(str(loose.obj(one)["value"])) for one in found}


@dataclass(frozen=True, slots=True)
class Opened:
    """A grid in a browser window, and the way to its counters."""

    name: str
    page: Page
    cdp: Cdp

    async def scroll(self, pixels: int) -> tuple[float, float, float]:
        """Scroll and return main-thread CPU milliseconds per frame, and the mean and p95 of the gaps between frames."""
        await self.page.evaluate("() => { window.peer.scroller().scrollTop = 0 }")
        await self.page.wait_for_timeout(400)
        await self.page.evaluate(SCROLL, [20, pixels])
        before = await metrics(self.cdp)
        gaps = [float(str(one)) for one in loose.array(await self.page.evaluate(SCROLL, [FRAMES, pixels]))]
        after = await metrics(self.cdp)
        cpu = 1_000 * (after["TaskDuration"] - before["TaskDuration"]) / FRAMES
        return cpu, statistics.mean(gaps), sorted(gaps)[int(0.95 * len(gaps))]

    async def jump(self, row: int) -> tuple[float, float]:
        """Jump and return the milliseconds until the row was drawn, and the main thread's CPU for it."""
        await self.page.evaluate("() => { window.peer.scroller().scrollTop = 0 }")
        await self.page.wait_for_timeout(600)
        before = await metrics(self.cdp)
        took = float(str(await self.page.evaluate(JUMPED, row)))
        after = await metrics(self.cdp)
        return took, 1_000 * (after["TaskDuration"] - before["TaskDuration"])

    async def heap_mb(self) -> float:
        await self.cdp.send("HeapProfiler.collectGarbage")
        return (await metrics(self.cdp))["JSHeapUsedSize"] / 1e6


@asynccontextmanager
async def opened(browser: Browser, name: str, address: str, size: tuple[int, int]) -> AsyncGenerator[Opened, None]:
    """Open a grid in a window of its own and wait for its first rows."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    page.on("pageerror", lambda error: print(f"{name}: {error}"))
    cdp: Cdp = await context.new_cdp_session(page)
    await count_cpu(cdp)
    await page.goto(address)
    if name == "ours":
        await page.locator(".grid .cell").first.wait_for(timeout=60_000)
        await page.evaluate(OURS)
    await page.wait_for_function("() => window.peer?.scroller() && window.peer.isDrawn(0)", timeout=60_000)
    await page.wait_for_timeout(1_000)
    yield Opened(name, page, cdp)
    await context.close()


def first_load_kb() -> float:
    """Return the gzipped JavaScript that the built page loads first."""
    folder = ROOT / "src/chatsheet/web"
    html = (folder / "index.html").read_text()
    return sum(len(gzip.compress(one.read_bytes())) for one in (folder / "assets").glob("*.js") if one.name in html) / 1_000


async def measure(browser: Browser, grids: Mapping[str, str], rounds: int, minutes: float) -> list[Line]:
    """Measure every grid, in turn within each round."""
    found: dict[tuple[str, str, str, float | None], list[float]] = {}

    def note(grid: str, what: str, unit: str, value: float, goal: float | None = None) -> None:
        found.setdefault((grid, what, unit, goal if grid == "ours" else None), []).append(value)

    for round_ in range(rounds):
        for label, size in WIDTHS.items():
            names = list(grids)
            for name in names[round_ % len(names) :] + names[: round_ % len(names)]:
                async with opened(browser, name, grids[name], size) as grid:
                    goal = 8 if label == "1400x900" else 20
                    for speed, pixels in (("slow", 40), ("fast", 600)):
                        cpu, mean, p95 = await grid.scroll(pixels)
                        note(name, f"CPU per frame, {speed}, {label}", "ms", cpu, goal)
                        note(name, f"gap between frames, {speed}, {label}, mean", "ms", mean)
                        note(name, f"gap between frames, {speed}, {label}, p95", "ms", p95)
                    if label == "1400x900":
                        for number in range(3):
                            took, cpu = await grid.jump(JUMP - 5_000 * number)
                            note(name, "jump to a row until it is drawn", "ms", took, 200)
                            note(name, "CPU of the jump", "ms", cpu)
    for name, address in grids.items():
        async with opened(browser, name, address, WIDTHS["1400x900"]) as grid:
            ends, frames = time.monotonic() + 60 * minutes, 0
            while time.monotonic() < ends:
                await grid.page.evaluate(SCROLL, [200, 600 if frames % 2_000 else 60_000])
                frames += 200
            note(
                name, f"JS heap after {minutes:g} minutes of scrolling ({frames} frames)"[:200], "MB", await grid.heap_mb(), 30
            )
    note("ours", "first load, gzipped JavaScript", "KB", first_load_kb(), 100)
    return [
        Line(grid=grid, what=what, unit=unit, goal=goal, value=round(statistics.median(values), 2))
        for (grid, what, unit, goal), values in found.items()
    ]


def show(lines: list[Line]) -> None:
    """Print each figure of ours with its goal, and the peers' beside it."""
    for line in lines:
        if line.grid != "ours":
            continue
        base = line.what.split("(")[0]
        others = [one for one in lines if one.grid != "ours" and one.what.split("(")[0] == base]
        beside = ", ".join(
            f"{one.grid} {one.value:g} (ours is {line.value / one.value:.2f} of it)" for one in others if one.value > 0
        )
        goal = f" goal {line.goal:g} {line.verdict}" if line.goal is not None else ""
        print(f"{line.what:62} {line.value:9.2f} {line.unit}{goal}; {beside}")


async def main() -> None:
    """Serve, open, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--peers", default="all", choices=("all", "none"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "big.csv"
        write_rows(source, asked.rows)
        text = SETTINGS.replace("[server]\n", '[server]\ntoken = "{token}"\n').replace("{data}", str(folder / "data"))
        async with start_wire() as wire:
            config = write_settings(
                folder / "a folder", text.replace("{wire}", wire.url), {"azure": wire.key, "master": "x", "token": TOKEN}
            )
            async with program("--config", str(config), "serve") as server:
                address = (await server.wait_for(r"ChatSheetAI on (\S+)")).group(1).split("?")[0].split("#")[0]
                headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/octet-stream"}
                upload = f"{address}api/sheets?name=big.csv"
                async with (
                    aiohttp.ClientSession(headers=headers) as client,
                    client.post(upload, data=source.read_bytes()) as got,
                ):
                    sheet = loose.obj(loose.obj(await got.json())["sheet"])
                rows_url = f"{address}api/sheets/{sheet['id']}/tables/big/rows"
                await measured(address, rows_url, names_of(source), asked)


async def measured(address: str, rows_url: str, columns: list[str], asked: argparse.Namespace) -> None:
    """Open the browser over the server and its peers, measure and keep the lines."""
    grids = {"ours": address}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        if asked.peers == "none":
            lines = await measure(browser, grids, asked.rounds, asked.minutes)
        else:
            async with peers_at(await bundle(), rows_url, columns, asked.rows) as peers:
                grids |= {name: f"{peers}/grid/{name}" for name in PEERS}
                lines = await measure(browser, grids, asked.rounds, asked.minutes)
        await browser.close()
    show(lines)
    kept = {
        "rows": asked.rows,
        "rounds": asked.rounds,
        "cores": os.cpu_count(),
        "peers": PEERS,
        "lines": [asdict(one) for one in lines],
    }
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
