"""What a peer's fail-over costs: the same measure as failover.py takes of ours, for whatever opens two routes."""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from benchmarks.gateway import answers


class Way(NamedTuple):
    """An address without a path, and the deployment to ask for there."""

    endpoint: str
    deployment: str


Texts = Callable[[], AsyncIterator[str]]
"""Asks once and yields the pieces of content."""
Open = Callable[[tuple[Way, ...], float], Awaitable[Texts]]
"""Opens a peer afresh over routes in order, with a limit for the first content in seconds."""


async def _first_ms(reach: Open, ways: tuple[Way, ...], limit_s: float) -> float:
    ask = await reach(ways, limit_s)
    start, first, text = time.perf_counter_ns(), 0, ""
    async for piece in ask():
        first = first or time.perf_counter_ns()
        text += piece
    if not answers.is_proven(text):
        raise ValueError(f"not a whole answer: {text[:80]}")
    return (first - start) / 1e6


async def _measure(reach: Open, scenario: dict[str, object]) -> dict[str, float]:
    good, bad = Way(*scenario["good"]), Way(*scenario["bad"])
    limit_s, count = float(str(scenario["limit_s"])), int(str(scenario["count"]))
    await _first_ms(reach, (bad, good), limit_s)
    alone: list[float] = []
    over: list[float] = []
    for _ in range(count):
        alone.append(await _first_ms(reach, (good,), limit_s))
        over.append(await _first_ms(reach, (bad, good), limit_s))
    return {"p50": statistics.median(over) - statistics.median(alone), "max": max(over) - statistics.median(alone)}


async def _serve(reach: Open, say: Callable[[object], None]) -> None:
    say({"ready": 1})
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            say(await _measure(reach, json.loads(line)))
        except Exception as error:  # noqa: BLE001  whatever a peer raises is its result, and the run goes on
            say({"error": f"{type(error).__name__}: {error}"[:300]})


def main(reach: Open) -> None:
    """Serve scenarios from stdin; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    asyncio.run(_serve(reach, lambda value: print(json.dumps(value), file=out)))
    os._exit(0)
