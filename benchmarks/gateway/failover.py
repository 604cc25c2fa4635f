"""How much later the next route's first content comes when the first route fails, a fresh gateway each time."""

import json
import statistics
import time
from collections.abc import Mapping

from aiohttp.resolver import DefaultResolver

from benchmarks.gateway import ours, peers, processes, trouble
from benchmarks.gateway.lines import Line
from benchmarks.gateway.ours import Azure
from benchmarks.gateway.processes import Child, ChildFailed
from benchmarks.gateway.trouble import Faults, Figures

_NO_SUCH_HOST = "chatsheet-bench.invalid"
_CONNECT_S, _FIRST_S = 0.25, 0.3
_FAILING_OVER = ("tensorzero", "litellm-router")
_IMPORT_S = 120
_NOISE_MS = 2
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
        for _ in range(3):
            await _one(good, expect="first")
        alone: list[float] = []
        over: list[float] = []
        await _one(_first(kind, faults), good, expect="second")
        for _ in range(count):
            alone.append(await _one(good, expect="first"))
            over.append(await _one(_first(kind, faults), good, expect="second"))
        base = statistics.median(alone)
        figures[f"{kind} p50"] = statistics.median(over) - base
        figures[f"{kind} max"] = max(over) - base
        figures[f"{kind} alone"] = base
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


def _beside(ports: str, wanted: tuple[str, ...], *, is_quick: bool) -> dict[str, dict[str, float]]:
    """Measure the peers that fail over by themselves, each opened afresh for each request as ours is."""
    faults, found = Faults(**json.loads(ports)), dict[str, dict[str, float]]()
    for name in (name for name in wanted if name in _FAILING_OVER):
        peer = peers.LIBRARIES[name]
        try:
            with peers.start(peer, f"{peer.module}_second".replace("_embedded", "")) as child:
                child.line(_IMPORT_S)
                for kind in (*DEFINITIVE, *LIMITED):
                    first = _first(kind, faults)
                    count = (6 if is_quick else 20) if kind in DEFINITIVE else (2 if is_quick else 5)
                    scenario = {
                        "bad": (first.endpoint, first.deployment),
                        "good": (faults.url, "ok"),
                        "limit_s": LIMITED.get(kind, 5),
                        "count": count,
                    }
                    _ask(child, peer.name, kind, scenario, found)
        except (peers.NotAvailable, ChildFailed) as reason:
            print(f"  no further figures of {peer.name}: {reason}")
    return found


def _ask(child: Child, name: str, kind: str, scenario: Mapping[str, object], found: dict[str, dict[str, float]]) -> None:
    try:
        found.setdefault(kind, {})[name] = child.ask(scenario, 4 + 1.5 * int(str(scenario["count"])))["p50"]
    except ChildFailed as reason:
        print(f"  {name} does not fail over from {kind}: {reason}")
        if child.process.poll() is not None:
            raise


def lines(wanted: tuple[str, ...], *, is_quick: bool) -> list[Line]:
    """Run and return the table's lines."""
    options = {"count": 20 if is_quick else 100, "limited": 5 if is_quick else 20}
    with processes.module("faults", cpu=processes.BESIDE) as server:
        ports = server.line(20)
        with processes.module("failover", ports, json.dumps(options)) as child:
            figures = json.loads(child.line(300))
        beside = _beside(ports, wanted, is_quick=is_quick)
    found: list[Line] = []
    for kind in (*DEFINITIVE, *LIMITED):
        limit = 1000 * LIMITED.get(kind, 0.0)
        notes = [f"alone {figures[f'{kind} alone']:.1f}", f"max later by {figures[f'{kind} max']:.1f}"]
        notes += [f"limit {limit:.0f}"] if limit else []
        notes += [f"the resolver alone {figures['resolver']:.1f}"] if kind == "DNS" else []
        notes += ["with Retry-After: 30"] if kind == "429" else []
        what = f"{kind}: first content later by, p50"
        found.append(
            Line(
                part="failover",
                what=what,
                unit="ms",
                goal=limit + 5,
                ours=figures[f"{kind} p50"],
                beside=beside.get(kind, {}),
                noise=_NOISE_MS,
                note="; ".join(notes),
            )
        )
    return found


if __name__ == "__main__":
    trouble.main(_measure)
