"""Half an hour of people on two servers, one of which is restarted under them: memory, waits, errors, lost answers.

python benchmarks/soak.py [--minutes 30] [--people 8] [--think 2]
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context import Line
from benchmarks.gateway import processes
from benchmarks.load import crowded, p95
from benchmarks.users import Seen

RESULTS = Path(__file__).parent / "results" / "soak.json"
_SLICES = 30
_WARM = 3
"""Slices at the begin whose memory is not compared: caches fill."""
_TAKEN = 5
"""Slices at the begin and at the end whose median memory is compared."""
_GROWTH, _GRID_MS = 5, 100


async def soak(minutes: float, people: int, think_s: float) -> list[Line]:
    """Let people act for so long, restart a server in the middle, and return the lines."""
    async with crowded(2, think_s) as (at, crowd):
        rss: list[float] = []
        slices: list[Seen] = []
        for number in range(_SLICES):
            acting = asyncio.ensure_future(crowd.act(people, 60 * minutes / _SLICES))
            if number == _SLICES // 2:
                await asyncio.sleep(min(5, 10 * minutes / _SLICES))
                await at.restart(1)
            slices.append(await acting)
            rss.append(processes.rss_mb(at.servers[0].process.pid))
            grid = p95(slices[-1].waited["grid"])
            print(f"{number + 1:3}  {rss[-1]:7.1f} MB  grid p95 {grid:6.1f} ms  {slices[-1].wrong or ''}", flush=True)
        return [*_lines(rss, slices)]


def _lines(rss: Sequence[float], slices: Sequence[Seen]) -> Iterator[Line]:
    begun, ended = statistics.median(rss[_WARM : _WARM + _TAKEN]), statistics.median(rss[-_TAKEN:])
    worst = max(p95(one.waited["grid"]) for one in slices)
    grid = [ms for one in slices for ms in one.waited["grid"]]
    yield Line(what="memory of the server that stayed, at the end", value=ended, unit="MB", bare=begun)
    yield Line(what="its growth", value=100 * (ended - begun) / begun, unit="%", goal=_GROWTH)
    yield Line(what="a page of the grid, p95 of all", value=p95(grid), unit="ms", goal=_GRID_MS)
    yield Line(what="a page of the grid, p95 of the worst slice", value=worst, unit="ms", goal=_GRID_MS)
    yield Line(what="done", value=sum(one.done for one in slices), unit="")
    yield Line(what="sent again, since a server was away", value=sum(one.retried for one in slices), unit="")
    yield Line(what="turns that ended without an answer", value=_ended(slices, "failed", "cancelled"), unit="")
    yield Line(what="answers", value=_ended(slices, "answered"), unit="")
    yield Line(what="what went wrong, lost answers among it", value=sum(one.wrong.total() for one in slices), unit="", goal=0)


def _ended(slices: Sequence[Seen], *kinds: str) -> int:
    return sum(one.ended[kind] for one in slices for kind in kinds)


def main() -> None:
    """Run, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--people", type=int, default=8)
    options.add_argument("--think", type=float, default=2)
    given = options.parse_args()
    measured = asyncio.run(soak(float(given.minutes), int(given.people), float(given.think)))
    print(f"{'':56} {'':10} {'':7} {'x bare':>9} {'goal':>9}")
    for line in measured:
        line.show()
    kept = {"load": round(os.getloadavg()[0], 1), "minutes": given.minutes, "people": given.people}
    RESULTS.write_text(json.dumps({**kept, "lines": [asdict(line) for line in measured]}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
