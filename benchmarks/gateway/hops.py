"""The HTTP doors when all is well, and the extra hop through our egress."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.gateway import answers, doors, peers, processes, rounds
from benchmarks.gateway.doors import Door
from benchmarks.gateway.lines import BARE, Line
from benchmarks.gateway.processes import Child, ChildFailed
from benchmarks.gateway.rounds import Ask

_IMPORT_S = 60


def direct(upstream: str, server: Child) -> Door:
    """Return the upstream itself as a door: the baseline."""
    return Door(BARE, server, f"{upstream}/v1", {"Authorization": "Bearer key"}, answers.SHORT)


def run(upstream: Child, url: str, folder: Path, wanted: tuple[str, ...], parts: set[str], *, is_quick: bool) -> list[Line]:
    """Measure the doors, and in the same LiteLLM the hop through our egress."""
    with ExitStack() as stack:
        key = "egress-key"
        egress = stack.enter_context(processes.module("workers.egress_door", url, key, cpu=processes.BESIDE))
        port = egress.line(_IMPORT_S)
        starts: dict[str, Callable[[], Door]] = {"ours": lambda: doors.ours(url, folder)} if "http" in parts else {}
        if "litellm-proxy" in wanted:
            starts["LiteLLM proxy"] = lambda: doors.litellm(url, folder, egress=port, egress_key=key)
        if "portkey" in wanted and "http" in parts:
            starts["Portkey"] = lambda: doors.portkey(url)
        asked = _open(stack, direct(url, upstream), starts)
        found = _doors(asked, is_quick=is_quick) if "http" in parts else []
        if "egress" in parts and (litellm := asked.get("LiteLLM proxy")):
            found += _hop(stack, litellm[0], egress, is_quick=is_quick)
        return found


def _doors(asked: dict[str, tuple[Door, Child]], *, is_quick: bool) -> list[Line]:
    """Measure what each door adds, how many requests a core carries, and what a chunk costs it."""
    latency = rounds.in_turn(_asks(asked, "plain", 40 if is_quick else 100), 3 if is_quick else 7)
    asked = {name: pair for name, pair in asked.items() if name != BARE}
    load = rounds.in_turn(_asks(asked, "burst", 500 if is_quick else 1000), 3)
    chunk = rounds.in_turn(_asks(asked, "chunks", 2 if is_quick else 5), 3 if is_quick else 5)
    memory = {name: processes.rss_mb(pair[0].server.pid) for name, pair in asked.items()}
    others = [name for name in asked if name != "ours"]
    per_core = {name: 1e6 / rounds.median(load, name, "server_us") for name in load}
    lines = [
        Line(
            part="http",
            what="/v1 added p50, one at a time",
            unit="ms",
            goal=1.5,
            ours=rounds.added(latency, "ours", BARE, "p50_ms"),
            beside={name: rounds.added(latency, name, BARE, "p50_ms") for name in others},
            note=f"bare p50 {rounds.median(latency, BARE, 'p50_ms'):.3f} ms",
        ),
        Line(
            part="http",
            what="/v1 CPU of the server per chunk",
            unit="µs",
            goal=60,
            ours=rounds.median(chunk, "ours", "server_us"),
            beside={name: rounds.median(chunk, name, "server_us") for name in others},
            note="no goal was set for it: 60 is twice the Python door's",
        ),
        Line(
            part="http",
            what="/v1 RSS of the server",
            unit="MB",
            goal=min([memory[name] for name in others], default=memory["ours"]),
            ours=memory["ours"],
            beside={name: memory[name] for name in others},
            note="no goal was set for it: that of the smallest peer",
        ),
    ]
    if "LiteLLM proxy" in per_core:
        lines.insert(
            1,
            Line(
                part="http",
                what="/v1 req/s per core, x LiteLLM's",
                unit="x",
                goal=10,
                at_least=True,
                ours=per_core["ours"] / per_core["LiteLLM proxy"],
                beside={name: per_core[name] / per_core["LiteLLM proxy"] for name in others},
                note=", ".join(f"{name} {value:,.0f}/s" for name, value in per_core.items()),
            ),
        )
    return lines


def _open(stack: ExitStack, base: Door, starts: Mapping[str, Callable[[], Door]]) -> dict[str, tuple[Door, Child]]:
    """Start every door that can be had and a caller for each."""
    asked = {BARE: _caller(stack, base)}
    for name, start in starts.items():
        try:
            door = start()
            stack.enter_context(door.server)
            pair = _caller(stack, door)
            pair[1].ask({"do": "plain", "count": 20})
            pair[1].ask({"do": "chunks", "count": 1})
            asked[name] = pair
        except (peers.NotAvailable, ChildFailed) as reason:
            print(f"  skipped {name}: {reason}")
    return asked


def _caller(stack: ExitStack, door: Door) -> tuple[Door, Child]:
    child = stack.enter_context(door.caller())
    child.line(_IMPORT_S)
    return door, child


def _asks(asked: dict[str, tuple[Door, Child]], do: str, count: int) -> dict[str, Ask]:
    scenario = {"do": do, "count": count, "concurrency": 16}

    def ask(door: Door, caller: Child) -> dict[str, float]:
        before = processes.cpu_ns(door.server.pid)
        figures = caller.ask(scenario)
        return {**figures, "server_us": (processes.cpu_ns(door.server.pid) - before) / figures["asked"] / 1e3}

    return {name: (lambda pair=pair: ask(*pair)) for name, pair in asked.items()}


def _hop(stack: ExitStack, litellm: Door, egress: Child, *, is_quick: bool) -> list[Line]:
    """Measure what LiteLLM → our egress → upstream takes beyond LiteLLM → upstream, in one LiteLLM in turn."""
    # the gateway only streams through its LiteLLM, so both ways are asked for streams
    asked = {
        "straight": _caller(stack, replace(litellm, streams=True)),
        "egress": _caller(stack, replace(litellm, server=egress, model="azure", streams=True)),
    }
    for _, caller in asked.values():
        caller.ask({"do": "plain", "count": 30})
    plain = rounds.in_turn(_asks(asked, "plain", 40 if is_quick else 80), 4 if is_quick else 8)
    chunk = rounds.in_turn(_asks(asked, "chunks", 1 if is_quick else 3), 4 if is_quick else 6)
    return [
        Line(
            part="egress",
            what="extra hop behind LiteLLM, added p50",
            unit="ms",
            goal=1.5,
            ours=rounds.added(plain, "egress", "straight", "p50_ms"),
            ratio=rounds.ratio(plain, "egress", "straight", "p50_ms"),
            note=f"LiteLLM straight p50 {rounds.median(plain, 'straight', 'p50_ms'):.2f} ms; "
            f"CPU of the egress {rounds.median(plain, 'egress', 'server_us'):.0f} µs a request; goal as for /v1",
        ),
        Line(
            part="egress",
            what="extra hop, CPU of the egress per chunk",
            unit="µs",
            goal=60,
            ours=rounds.median(chunk, "egress", "server_us"),
            beside={"LiteLLM itself": rounds.median(chunk, "straight", "server_us")},
            note="no goal was set for it: 60 is twice the Python door's",
        ),
    ]
