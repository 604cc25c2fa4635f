"""Requests that keep coming while the first route hangs, and how soon it is used again once it has healed."""

import asyncio
import statistics
import time
from collections.abc import Mapping

from benchmarks.gateway import ours, trouble
from benchmarks.gateway.lines import Line
from benchmarks.gateway.trouble import Faults, Figures
from chatsheet.llm.gateway import Gateway

_FIRST_S = 0.5
_CONCURRENCY = 8
_HEALED_WITHIN_S = 30


async def _eight(gateway: Gateway, count: int) -> list[float]:
    """Ask `count` times, eight at once, and return when each first content came."""
    left = iter(range(count))
    taken: list[float] = []

    async def client() -> None:
        taken.extend([(await trouble.hear(gateway)).first_ms for _ in left])

    await asyncio.gather(*(client() for _ in range(_CONCURRENCY)))
    return taken


async def _measure(faults: Faults, options: Mapping[str, float]) -> Figures:
    count = int(options["count"])
    limits = {"first_content_s": _FIRST_S, "deadline_s": 20.0}
    async with ours.open_gateway(faults.way("ok"), **limits) as healthy:
        await _eight(healthy, 50)
        alone = await _eight(healthy, count)
    await faults.switch("silent")
    async with ours.open_gateway(faults.way("switch"), faults.way("ok"), **limits) as gateway:
        taken = await _eight(gateway, count)
        await faults.switch("ok")
        healed = await _healed_s(gateway)
    paid = [one for one in taken if one >= 1000 * _FIRST_S * 0.9]
    rest = [one for one in taken if one < 1000 * _FIRST_S * 0.9]
    return {
        "paid": len(paid),
        "p50": statistics.median(rest or taken) - statistics.median(alone),
        "p95": _p95(rest or taken) - _p95(alone),
        "max": max(rest or taken) - max(alone),
        "alone p50": statistics.median(alone),
        "healed_s": healed,
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


async def _healed_s(gateway: Gateway) -> float:
    """Ask every 100 ms until the first route answers."""
    start = time.monotonic()
    while time.monotonic() - start < _HEALED_WITHIN_S:
        if (await trouble.hear(gateway)).reply.route == "first":
            break
        await asyncio.sleep(0.1)
    return time.monotonic() - start


def lines(*, is_quick: bool) -> list[Line]:
    """Run and return the table's lines."""
    del is_quick  # a gateway that never learns takes 13 s, one that does a second
    figures = trouble.run("steady", {"count": 200})
    more = f"p95 {figures['p95']:+.1f}, max {figures['max']:+.1f}; healthy p50 {figures['alone p50']:.2f} ms at 8 at once"
    return [
        Line(
            part="steady",
            what="hangs: requests that paid the limit, of 200",
            unit="",
            goal=_CONCURRENCY,
            ours=figures["paid"],
            note=f"8 at once, first content limit {_FIRST_S:g} s",
        ),
        Line(
            part="steady", what="hangs: the rest later than healthy by, p50", unit="ms", goal=2, ours=figures["p50"], note=more
        ),
        Line(
            part="steady",
            what="healed: first answer from it again",
            unit="s",
            goal=5,
            ours=figures["healed_s"],
            note=f"a request every 100 ms, given up after {_HEALED_WITHIN_S} s",
        ),
    ]


if __name__ == "__main__":
    trouble.main(_measure)
