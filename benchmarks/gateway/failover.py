"""How much later the next route's first content comes when the first route fails, a fresh gateway each time."""

import statistics
import time
from collections.abc import Mapping

from aiohttp.resolver import DefaultResolver

from benchmarks.gateway import ours, trouble
from benchmarks.gateway.lines import Line
from benchmarks.gateway.ours import Azure
from benchmarks.gateway.trouble import Faults, Figures

_NO_SUCH_HOST = "chatsheet-bench.invalid"
_CONNECT_S, _FIRST_S = 0.25, 0.3
DEFINITIVE = ("refused", "DNS", "TLS", "401", "403", "404", "500", "429")
LIMITED = {"black hole": _CONNECT_S, "silence": _FIRST_S, "silence after headers": _FIRST_S}


def _first(kind: str, faults: Faults) -> Azure:
    match kind:
        case "refused":
            return Azure(f"http://127.0.0.1:{faults.closed}", "ok")
        case "DNS":
            return Azure(f"http://{_NO_SUCH_HOST}", "ok")
        case "TLS":
            return Azure(f"https://127.0.0.1:{faults.tls}", "ok")
        case "black hole":
            return Azure(f"http://127.0.0.1:{faults.hole}", "ok")
        case "silence":
            return faults.way("silent")
        case "silence after headers":
            return faults.way("mute")
        case _:
            return faults.way(f"status-{kind}")


async def _one(*ways: Azure, expect: str) -> float:
    async with ours.open_gateway(*ways, connect_s=_CONNECT_S, first_content_s=_FIRST_S, deadline_s=5) as gateway:
        heard = await trouble.hear(gateway)
    if heard.reply.route != expect:
        raise AssertionError(f"{heard.reply.route} answered: {heard.reply.trail.line()}")
    return heard.first_ms


async def _measure(faults: Faults, options: Mapping[str, float]) -> Figures:
    good = faults.way("ok")
    figures: Figures = {}
    for kind in (*DEFINITIVE, *LIMITED):
        count = int(options["count"] if kind in DEFINITIVE else options["limited"])
        alone: list[float] = []
        over: list[float] = []
        await _one(_first(kind, faults), good, expect="second")
        for _ in range(count):
            alone.append(await _one(good, expect="first"))
            over.append(await _one(_first(kind, faults), good, expect="second"))
        base = statistics.median(alone)
        figures[f"{kind} p50"] = statistics.median(over) - base
        figures[f"{kind} max"] = max(over) - base
        figures["alone"] = base
    figures["resolver"] = await _resolver_ms()
    return figures


async def _resolver_ms() -> float:
    taken: list[float] = []
    resolver = DefaultResolver()
    for _ in range(20):
        start = time.perf_counter_ns()
        try:
            await resolver.resolve(_NO_SUCH_HOST, 80)
        except OSError:
            taken.append((time.perf_counter_ns() - start) / 1e6)
    await resolver.close()
    return statistics.median(taken)


def lines(*, is_quick: bool) -> list[Line]:
    """Run and return the table's lines."""
    figures = trouble.run("failover", {"count": 20 if is_quick else 100, "limited": 5 if is_quick else 20})
    found: list[Line] = []
    for kind in (*DEFINITIVE, *LIMITED):
        limit = 1000 * LIMITED.get(kind, 0.0)
        notes = [f"max {figures[f'{kind} max']:.1f}"]
        notes += [f"limit {limit:.0f}"] if limit else []
        notes += [f"the resolver alone {figures['resolver']:.1f}"] if kind == "DNS" else []
        notes += ["with Retry-After: 30"] if kind == "429" else []
        what = f"{kind}: first content later by, p50"
        found.append(
            Line(part="failover", what=what, unit="ms", goal=limit + 5, ours=figures[f"{kind} p50"], note="; ".join(notes))
        )
    return found


if __name__ == "__main__":
    trouble.main(_measure)
