"""What each thing that people do costs: CPU of the server with its workers, of Postgres and Valkey, and memory.

One server in a login mode; people do one kind of thing only, one after the other, with no pause between. The model is played by
this process. Figures are CPU time, which a busy machine moves less than the clock. `sizing.py` goes on from here.

    python benchmarks/costs.py [--seconds 15] [--people 4]
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context import Line
from benchmarks.gateway import processes
from benchmarks.users import INPUT_TOKENS, KINDS, OUTPUT_TOKENS, ROWS, Crowd, Speaker, cpu_s, tree
from tests.harness import start_wire
from tests.soak.cluster import Cluster, cluster

RESULTS = Path(__file__).parent / "results" / "costs.json"
CALLS_A_QUESTION = 2
ROW_TOKENS = (140, 25)
"""Input and output tokens of a row: the rules, the order, a short cell; a value with its reason."""


def spent(at: Cluster) -> dict[str, float]:
    """Return the CPU seconds that each part of the installation took so far."""
    return {"server": sum(cpu_s(one.process.pid) for one in at.servers)} | {name: cpu_s(pid) for name, pid in at.stores.items()}


def memory_mb(at: Cluster) -> float:
    """Return the resident memory of a server and its workers."""
    return sum(map(processes.rss_mb, tree(at.servers[0].process.pid)))


def lines(kind: str, done: int, before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[Line]:
    """Yield what one of a kind costs in each part."""
    for part, value in after.items():
        yield Line(what=f"{kind}: {part}", value=1e3 * (value - before[part]) / done, unit="ms CPU")


async def measure(people: int, seconds: float) -> list[Line]:
    """Measure each kind of thing, then a job's rows."""
    found: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        async with (
            start_wire(model=Speaker()) as wire,
            cluster(Path(name), 1, wire=wire.url, key=wire.key) as at,
            aiohttp.ClientSession(headers=at.headers("owner"), connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            found.append(Line(what="memory: an idle server", value=memory_mb(at), unit="MB"))
            crowd = Crowd(at, session, think_s=0.001)
            await crowd.settle()
            for kind in KINDS:
                await crowd.act(people, seconds / 4, {kind: 1})
                before = spent(at)
                seen = await crowd.act(people, seconds, {kind: 1})
                found += lines(kind, len(seen.waited[kind]), before, spent(at))
                found.append(Line(what=f"{kind}: what went wrong", value=seen.wrong.total(), unit="", goal=0))
            found.append(Line(what="memory: after all of it", value=memory_mb(at), unit="MB"))
            before = spent(at)
            rows = await crowd.fill()
            found += lines("row of a job", rows, before, spent(at))
            found.append(Line(what=f"memory: after a job of {ROWS} rows", value=memory_mb(at), unit="MB"))
    return found


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--people", type=int, default=4)
    given = options.parse_args()
    found = asyncio.run(measure(given.people, given.seconds))
    for line in found:
        line.show()
    question = [CALLS_A_QUESTION * one for one in (INPUT_TOKENS, OUTPUT_TOKENS)]
    kept = {"tokens": {"ask": question, "row of a job": ROW_TOKENS}, "lines": [asdict(line) for line in found]}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
