"""The command: which parts run, against which peers, and what is printed and kept."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.gateway import chaos, dead, failover, hops, lines, peers, processes, speed, steady
from benchmarks.gateway.lines import Line

RESULTS = Path(__file__).resolve().parents[1] / "results" / "gateway.json"
PARTS = ("overhead", "chunks", "memory", "http", "egress", "failover", "dead", "steady", "chaos")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print the table and write results; figures are never asserted."""
    parser = argparse.ArgumentParser(prog="benchmarks/gateway.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under 2 minutes, and rougher")
    parser.add_argument("--full", action="store_true", help="the dead primary for 60 real seconds, not on a quick clock")
    parser.add_argument("--only", default=",".join(PARTS), help="comma-separated parts: " + ", ".join(PARTS))
    parser.add_argument("--peers", default="all", help="all, none, or a comma-separated list of " + ", ".join(peers.ALL))
    parser.add_argument("--pause-ms", default="0", help="pause of the upstream between two chunks")
    options = parser.parse_args(argv)
    wanted = {"all": peers.ALL, "none": ()}.get(options.peers, tuple(options.peers.split(",")))
    only = set(options.only.split(","))
    if unknown := (only - set(PARTS)) | (set(wanted) - set(peers.ALL)):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    found: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="chatsheet-bench-") as folder:
        for name, part in _parts(options, wanted, only, Path(folder)):
            start = time.monotonic()
            print(f"{name} …", flush=True)
            found += part()
            print(f"  {time.monotonic() - start:.0f} s", flush=True)
    print("\n" + lines.table(found))
    _keep(found, how="quick" if options.quick else "full" if options.full else "default")


def _keep(found: Sequence[Line], *, how: str) -> None:
    """Write the lines into results; parts that were not measured this time stay as they were."""
    RESULTS.parent.mkdir(exist_ok=True)
    kept: dict[str, object] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for part in PARTS:
        if mine := [line.as_json() for line in found if line.part == part]:
            kept[part] = {"run": how, "lines": mine}
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _parts(
    options: argparse.Namespace, wanted: tuple[str, ...], only: set[str], folder: Path
) -> list[tuple[str, Callable[[], list[Line]]]]:
    def speed_parts() -> list[Line]:
        with processes.module("upstream", options.pause_ms, cpu=processes.BESIDE) as upstream:
            url = f"http://127.0.0.1:{upstream.line(20)}"
            return _speed(upstream, url, options, wanted, only, folder)

    parts: list[tuple[str, Callable[[], list[Line]]]] = []
    if only & {"overhead", "chunks", "memory", "http", "egress"}:
        parts.append(("speed", speed_parts))
    is_quick: bool = options.quick
    trouble: dict[str, Callable[[], list[Line]]] = {
        "failover": lambda: failover.lines(wanted, is_quick=is_quick),
        "dead": lambda: dead.lines(is_quick=is_quick, is_full=options.full),
        "steady": lambda: steady.lines(is_quick=is_quick),
        "chaos": lambda: chaos.lines(is_quick=is_quick),
    }
    return [*parts, *((name, part) for name, part in trouble.items() if name in only)]


def _speed(
    upstream: processes.Child, url: str, options: argparse.Namespace, wanted: tuple[str, ...], only: set[str], folder: Path
) -> list[Line]:
    found: list[Line] = []
    if only & {"overhead", "chunks"}:
        with speed.contenders(url, wanted) as running:
            for name, part in (("overhead", speed.overhead), ("chunks", speed.chunks)):
                if name in only:
                    found += part(running, is_quick=options.quick)
    if "memory" in only:
        found += speed.memory(url, wanted)
    if parts := only & {"http", "egress"}:
        found += hops.run(upstream, url, folder, wanted, parts, is_quick=options.quick)
    return found
