"""The Python door when all is well: what a call, a chunk and a request under load cost beyond bare aiohttp."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.gateway import peers, processes, rounds
from benchmarks.gateway.lines import BARE, Line
from benchmarks.gateway.processes import Child, ChildFailed
from benchmarks.gateway.rounds import Samples

_IMPORT_S = 120


@contextmanager
def contenders(upstream: str, wanted: tuple[str, ...]) -> Iterator[dict[str, Child]]:
    """Start one process for each contender; a peer that cannot be had is skipped and the reason printed."""
    with ExitStack() as stack:
        running: dict[str, Child] = {}
        for name, module in ((BARE, "workers.bare"), ("ours", "workers.ours")):
            running[name] = stack.enter_context(processes.module(module, upstream))
            running[name].line(_IMPORT_S)
        for peer in (peers.LIBRARIES[name] for name in wanted if name in peers.LIBRARIES):
            try:
                child = stack.enter_context(peers.start(peer, peer.module, upstream))
                child.line(_IMPORT_S)
                running[peer.name] = child
            except (peers.NotAvailable, ChildFailed) as reason:
                print(f"  skipped {peer.name}: {reason}")
        yield running


def overhead(running: dict[str, Child], *, is_quick: bool) -> list[Line]:
    """Measure latency and CPU of plain requests one after the other, and the rate at 64 at once."""
    plain = {"do": "plain", "count": 100 if is_quick else 200}
    burst = {"do": "burst", "count": 300 if is_quick else 600, "concurrency": 64}
    one = _sample(running, plain, 3 if is_quick else 7)
    many = _sample(running, burst, 3 if is_quick else 5)
    others = [name for name in one if name not in {BARE, "ours"}]
    rates = {name: rounds.median(many, name, "per_s") for name in many}
    return [
        Line(
            part="overhead",
            what="added p50, one at a time",
            unit="ms",
            goal=0.3,
            ours=rounds.added(one, "ours", BARE, "p50_ms"),
            ratio=rounds.ratio(one, "ours", BARE, "p50_ms"),
            beside={name: rounds.added(one, name, BARE, "p50_ms") for name in others},
            note=f"bare p50 {rounds.median(one, BARE, 'p50_ms'):.3f} ms",
        ),
        Line(
            part="overhead",
            what="CPU per plain request, x bare",
            unit="x",
            goal=2,
            ours=rounds.ratio(one, "ours", BARE, "cpu_us"),
            beside={name: rounds.ratio(one, name, BARE, "cpu_us") for name in others},
            note=f"bare {rounds.median(one, BARE, 'cpu_us'):.0f} µs, ours {rounds.median(one, 'ours', 'cpu_us'):.0f} µs",
        ),
        Line(
            part="overhead",
            what="req/s at 64 at once, % of bare",
            unit="%",
            goal=50,
            at_least=True,
            ours=100 * rounds.ratio(many, "ours", BARE, "per_s"),
            beside={name: 100 * rounds.ratio(many, name, BARE, "per_s") for name in many if name in others},
            note=f"bare {rates[BARE]:,.0f}/s, ours {rates['ours']:,.0f}/s",
        ),
    ]


def chunks(running: dict[str, Child], *, is_quick: bool) -> list[Line]:
    """Measure the CPU that each chunk of a stream costs the process that reads it."""
    samples = _sample(running, {"do": "chunks", "count": 5 if is_quick else 8}, 3 if is_quick else 7)
    return [
        Line(
            part="chunks",
            what="CPU per streamed chunk",
            unit="µs",
            goal=30,
            ours=rounds.median(samples, "ours", "cpu_us"),
            ratio=rounds.ratio(samples, "ours", BARE, "cpu_us"),
            beside={name: rounds.median(samples, name, "cpu_us") for name in samples if name != "ours"},
        )
    ]


def _sample(running: dict[str, Child], scenario: dict[str, object], count: int) -> Samples:
    """Run a scenario in turn; a peer that fails in it is left out and the reason printed."""
    able: dict[str, rounds.Ask] = {}
    for name, child in running.items():
        try:
            child.ask(scenario)
            able[name] = partial(child.ask, scenario)
        except ChildFailed as reason:
            print(f"  skipped {name} in {scenario['do']}: {reason}")
    return rounds.in_turn(able, count)


def memory(upstream: str, wanted: tuple[str, ...]) -> list[Line]:
    """Measure what a process grows by beyond `import aiohttp`, each started afresh and asked a few times."""
    grown: dict[str, list[float]] = {}
    for peers_of_this_round in (wanted, (), ()):  # what a peer weighs needs no second look
        with processes.module("workers.imports", "aiohttp") as child:
            base = float(child.line(_IMPORT_S))
        with processes.module("workers.imports", "chatsheet.hybrid") as child:
            whole = float(child.line(_IMPORT_S))
        with contenders(upstream, peers_of_this_round) as running:
            for name, child in running.items():
                child.ask({"do": "plain", "count": 5})
                grown.setdefault(name, []).append(child.ask({"do": "memory", "count": 0})["rss_mb"] - base)
    middle = {name: sorted(values)[len(values) // 2] for name, values in grown.items()}
    return [
        Line(
            part="memory",
            what="RSS beyond import aiohttp",
            unit="MB",
            goal=10,
            ours=middle["ours"],
            beside={name: value for name, value in middle.items() if name != "ours"},
            note=f"import aiohttp alone {base:.1f} MB; import chatsheet.hybrid, with settings, {whole - base:.1f} beyond it",
        )
    ]
