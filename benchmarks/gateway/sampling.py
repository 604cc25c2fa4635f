"""What every contender's process does: take a scenario from stdin, run it, print its figures. Standard library only.

The same loops, the same clocks and the same garbage collector's settings for all, so that only the contender differs.
"""

import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from benchmarks.gateway import answers

Figures = dict[str, float]


class Contender(Protocol):
    """One way to ask the model."""

    async def plain(self) -> str:
        """Ask for the short answer and return its text."""
        ...

    async def stream(self) -> int:
        """Stream the long answer and return how many pieces of content came; bare bytes count as the whole of it."""
        ...


Build = Callable[[str], Awaitable[Contender]]
"""Makes the contender for an upstream's address."""


class WrongAnswer(Exception):
    """A contender did not say what the upstream says."""


async def _ask(contender: Contender) -> None:
    text = await contender.plain()
    if answers.SHORT_TEXT not in text:
        raise WrongAnswer(text[:200])


async def _stream(contender: Contender) -> None:
    count = await contender.stream()
    if count < answers.CHUNK_COUNT:
        raise WrongAnswer(f"{count} pieces")


async def _plain(contender: Contender, count: int) -> Figures:
    for _ in range(3):
        await _ask(contender)
    gc.collect()
    taken: list[int] = []
    cpu = time.process_time_ns()
    for _ in range(count):
        start = time.perf_counter_ns()
        await _ask(contender)
        taken.append(time.perf_counter_ns() - start)
    cpu = time.process_time_ns() - cpu
    return {"p50_ms": statistics.median(taken) / 1e6, "cpu_us": cpu / count / 1e3, "asked": count + 3}


async def _burst(contender: Contender, for_ms: int, concurrency: int) -> Figures:
    await asyncio.gather(*(_ask(contender) for _ in range(concurrency)))
    gc.collect()
    start, cpu, count = time.perf_counter_ns(), time.process_time_ns(), 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter_ns() - start < for_ms * 1e6:
            await _ask(contender)
            count += 1

    await asyncio.gather(*(client() for _ in range(concurrency)))
    return {
        "per_s": count / (time.perf_counter_ns() - start) * 1e9,
        "cpu_us": (time.process_time_ns() - cpu) / count / 1e3,
        "asked": count + concurrency,
    }


async def _chunks(contender: Contender, count: int) -> Figures:
    await _stream(contender)
    gc.collect()
    cpu = time.process_time_ns()
    for _ in range(count):
        await _stream(contender)
    cpu = time.process_time_ns() - cpu
    return {"cpu_us": cpu / count / answers.CHUNK_COUNT / 1e3, "asked": (count + 1) * answers.CHUNK_COUNT}


def _memory() -> Figures:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"rss_mb": pages * os.sysconf("SC_PAGE_SIZE") / 2**20}


async def _run(contender: Contender, scenario: dict[str, int]) -> Figures:
    """Run one scenario; `count` is requests or streams, for a burst milliseconds."""
    count = scenario["count"]
    match str(scenario["do"]):
        case "plain":
            return await _plain(contender, count)
        case "burst":
            return await _burst(contender, count, scenario["concurrency"])
        case "chunks":
            return await _chunks(contender, count)
        case _:
            return _memory()


async def _serve(build: Build, upstream: str, say: Callable[[object], None]) -> None:
    contender = await build(upstream)
    say({"ready": 1})
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            say(await _run(contender, json.loads(line)))
        except Exception as error:  # noqa: BLE001  whatever a peer raises is its result, and the run goes on
            say({"error": f"{type(error).__name__}: {error}"[:300]})


def main(build: Build) -> None:
    """Serve scenarios for the upstream that argv names; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(value: object) -> None:
        out.write(json.dumps(value) + "\n")

    asyncio.run(_serve(build, sys.argv[1], say))
    os._exit(0)  # some peers leave threads behind that would hold the exit
