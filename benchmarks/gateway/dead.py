"""A thousand requests while the first route is dead: all answered, hardly any sent to the dead route, hardly any CPU more."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime

from benchmarks.gateway import ours, trouble
from benchmarks.gateway.answers import is_proven
from benchmarks.gateway.lines import Line
from benchmarks.gateway.ours import Azure
from benchmarks.gateway.trouble import Faults, Figures
from chatsheet.core.clock import SystemClock
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm.gateway import Gateway
from chatsheet.llm.model import Reply

_DEAD_S = 60
_QUICK_CLOCK = 6
"""How much faster than the world the gateway's clock runs where 60 s are played in 10."""


class FastClock:
    """A clock for the gateway that runs ahead of the world; limits of single calls stay real."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def now(self) -> datetime:
        return SystemClock().now()

    def monotonic(self) -> float:
        return time.monotonic() * self._factor


class _Run:
    """What the requests of one kind of death saw."""

    def __init__(self) -> None:
        self.right = 0
        self.calls: list[int] = []
        self.cpu = [0, 0]

    async def both(self, dead: Gateway, healthy: Gateway, number: int) -> None:
        """Ask both gateways once, in turn first, and add up what that took."""
        for which in (number % 2, 1 - number % 2):
            start = time.process_time_ns()
            reply = await _reply((dead, healthy)[which])
            spent = time.process_time_ns() - start
            if which == 0:
                self.right += reply is not None and is_proven(reply.text)
                self.calls.append(_calls(reply))
            if number >= _SETTLED:
                self.cpu[which] += spent

    @property
    def after_opening(self) -> int:
        """Calls to the dead route that started after the first request that spared it."""
        opened = self.calls.index(0) if 0 in self.calls else 1
        return sum(self.calls[opened:])


_SETTLED = 20


async def _reply(gateway: Gateway) -> Reply | None:
    try:
        return await gateway.complete(ours.QUESTION)
    except ChatSheetError:
        return None


def _calls(reply: Reply | None) -> int:
    """Count the attempts at the first route, which a request's own trail names."""
    return sum(attempt.route == "first" for attempt in reply.trail.attempts) if reply else 0


async def _measure(faults: Faults, options: Mapping[str, float]) -> Figures:
    count, factor = int(options["count"]), options["factor"]
    pause_s = _DEAD_S / factor / count
    figures: Figures = {}
    for kind, first in (("refused", Azure(f"http://127.0.0.1:{faults.closed}", "x")), ("503", faults.way("status-503"))):
        clock, run, good = FastClock(factor), _Run(), faults.way("ok")
        async with ours.open_gateway(first, good, clock=clock) as dead, ours.open_gateway(good, clock=clock) as healthy:
            start = time.monotonic()
            for number in range(count):
                await asyncio.sleep(max(0.0, start + number * pause_s - time.monotonic()))
                await run.both(dead, healthy, number)
        figures[f"{kind} right"] = run.right
        figures[f"{kind} calls"] = run.after_opening
        if kind == "503":  # a probe of the gateway's own is in nobody's trail: what the server saw counts
            seen = (await faults.stats())["calls"].get("status-503", 0)
            figures["503 calls"] += seen - sum(run.calls)
            figures["503 seen"] = seen
        figures[f"{kind} all calls"] = sum(run.calls)
        figures[f"{kind} cpu"] = 100 * (run.cpu[0] / run.cpu[1] - 1)
    return figures


def lines(*, is_quick: bool, is_full: bool) -> list[Line]:
    """Run and return the table's lines."""
    factor = 1 if is_full else _QUICK_CLOCK * (2 if is_quick else 1)
    figures = trouble.run("dead", {"count": 1000, "factor": factor})
    how = "60 real seconds" if is_full else f"60 s on a clock {factor} times as fast"
    found: list[Line] = []
    for kind in ("refused", "503"):
        seen = f", the server saw {figures['503 seen']:.0f}" if kind == "503" else ""
        calls = f"{how}; {figures[f'{kind} all calls']:.0f} calls in all{seen}"
        found += [
            Line(
                part="dead",
                what=f"{kind}: right answers of 1,000",
                unit="",
                goal=1000,
                at_least=True,
                ours=figures[f"{kind} right"],
                note=how,
            ),
            Line(
                part="dead", what=f"{kind}: calls to it once open", unit="", goal=3, ours=figures[f"{kind} calls"], note=calls
            ),
            Line(
                part="dead",
                what=f"{kind}: CPU more than the healthy route alone",
                unit="%",
                goal=10,
                ours=figures[f"{kind} cpu"],
                note="each request beside one of the healthy route alone, in one process",
            ),
        ]
    return found


if __name__ == "__main__":
    trouble.main(_measure)
