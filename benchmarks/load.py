"""People on one server and on two in the same run: what they wait for as there are more of them, and what is full first.

Each server is `chatsheet serve` in a login mode; Postgres, Valkey and the files are shared. The model, played, speaks for
half a second; people think as long as `--think` says between what they do. Everything, those who play included, is on one
machine: with few cores a second server shares them with the first; how many it had is what the lines of cores say.

    python benchmarks/load.py [--levels 10,20,40] [--seconds 30] [--think 2]
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context import Line
from benchmarks.users import Crowd, Seen, Speaker, cpu_s
from chatsheet.core import loose
from tests.harness import start_wire
from tests.soak.cluster import Cluster, cluster

RESULTS = Path(__file__).parent / "results" / "load.json"
_GRID_GOAL_MS = 100


@asynccontextmanager
async def crowded(servers: int, think_s: float) -> AsyncGenerator[tuple[Cluster, Crowd], None]:
    """Run servers with a model behind them, and open the sheets that people will look at."""
    with tempfile.TemporaryDirectory() as name:
        async with (
            start_wire(model=Speaker()) as wire,
            cluster(Path(name), servers, wire=wire.url, key=wire.key) as at,
            aiohttp.ClientSession(headers=at.headers("owner"), connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            crowd = Crowd(at, session, think_s)
            await crowd.settle()
            yield at, crowd


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile; of few values the greatest."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else max(values, default=0.0)


async def level(at: Cluster, crowd: Crowd, people: int, seconds: float) -> tuple[Seen, float, float]:
    """Let people act, first unmeasured; return what they saw, and the cores that the servers and this process took."""
    await crowd.act(people, seconds / 4)
    begun, busy, own = time.perf_counter(), sum(cpu_s(one.process.pid) for one in at.servers), time.process_time()
    seen = await crowd.act(people, seconds)
    took = time.perf_counter() - begun
    return seen, (sum(cpu_s(one.process.pid) for one in at.servers) - busy) / took, (time.process_time() - own) / took


def lines(servers: int, people: int, seen: Seen, seconds: float, busy: tuple[float, float]) -> Iterator[Line]:
    """Yield the lines of a level."""
    head = f"{servers} server{'s' * (servers > 1)}, {people} people"
    yield Line(what=f"{head}: done a second", value=seen.done / seconds, unit="/s")
    yield Line(what=f"{head}: a page of the grid, p95", value=p95(seen.waited["grid"]), unit="ms", goal=_GRID_GOAL_MS)
    for kind in ("query", "edit", "ask"):
        yield Line(what=f"{head}: {kind}, p95", value=p95(seen.waited[kind]), unit="ms")
    yield Line(what=f"{head}: cores of the servers with their workers", value=busy[0], unit="cores")
    yield Line(what=f"{head}: cores of those who play people and model", value=busy[1], unit="cores")
    yield Line(what=f"{head}: what went wrong", value=seen.wrong.total(), unit="", goal=0)


async def measure(levels: Sequence[int], seconds: float, think_s: float) -> list[Line]:
    """Measure each level on one server, then on two."""
    found: list[Line] = []
    for servers in (1, 2):
        async with crowded(servers, think_s) as (at, crowd):
            for people in levels:
                seen, *busy = await level(at, crowd, people, seconds)
                made = [*lines(servers, people, seen, seconds, (busy[0], busy[1]))]
                for line in made:
                    line.show()
                for what, count in seen.wrong.items():
                    print(f"    {count} x {what}")
                found += made
    return found


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--levels", default="10,20,40")
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--think", type=float, default=2)
    given = options.parse_args()
    levels = [int(one) for one in str(given.levels).split(",")]
    print(f"{'':56} {'':10} {'':7} {'x bare':>9} {'goal':>9}")
    measured = asyncio.run(measure(levels, float(given.seconds), float(given.think)))
    kept = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count(), "think_s": loose.number(int(given.think))}
    RESULTS.write_text(json.dumps({**kept, "lines": [asdict(line) for line in measured]}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
