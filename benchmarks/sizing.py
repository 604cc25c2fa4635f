"""A simulation of an installation from ten people to ten thousand: what waits, and what is full first.

It goes on from `results/costs.json`: CPU of each thing that people do. People think, act and wait for what they asked for.
All that a server does it does on one core here, one thing after the other; in truth its queries have processes of their own.
Postgres has cores of its own, and the model takes its time without a limit. What is assumed is printed with what comes of it.

    python benchmarks/sizing.py [--think 20] [--cores 2] [--minutes 10]
"""

import argparse
import heapq
import json
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context import Line
from benchmarks.users import KINDS
from chatsheet.core import loose

COSTS = Path(__file__).parent / "results" / "costs.json"
RESULTS = Path(__file__).parent / "results" / "sizing.json"
PEOPLE = (10, 100, 1_000, 3_000, 10_000)
AT_WORK = 0.2
"""Of the people who have an account, how many are at work in the busiest hour."""
MODEL_S = 6.0
"""How long the model takes for a question, both calls together."""
GOAL_MS = 100
WARM_UP = 0.2
PRICES = (2.5, 10.0)
"""Of a million input and output tokens, in any currency: set your own."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of a kind takes of a server and of Postgres, in seconds of one core."""

    server: float
    postgres: float


@dataclass(slots=True)
class Cores:
    """Cores that work on one thing after the other, whichever is free first."""

    free_at: list[float]
    busy: float = 0.0

    def work(self, now: float, seconds: float) -> float:
        """Return when a thing that comes now is done."""
        begun = max(now, heapq.heappop(self.free_at))
        heapq.heappush(self.free_at, begun + seconds)
        self.busy += seconds
        return begun + seconds


@dataclass(slots=True)
class Seen:
    """What came of a simulation."""

    grid_ms: list[float] = field(default_factory=list[float])
    asked: int = 0
    server: float = 0.0
    """How busy the servers' cores were, of 1."""
    postgres: float = 0.0


def simulate(people: int, servers: int, *, costs: Mapping[str, Cost], cores: int, think_s: float, seconds: float) -> Seen:
    """Let people act for a time; the first fifth of it is not counted."""
    one, seen = random.Random(people), Seen()
    at = [Cores([0.0]) for _ in range(servers)]
    postgres = Cores([0.0] * cores)
    upcoming = [(one.random() * think_s, number) for number in range(people)]
    heapq.heapify(upcoming)
    kinds, weights = [*KINDS], [*KINDS.values()]
    while upcoming[0][0] < seconds:
        now, number = heapq.heappop(upcoming)
        (kind,) = one.choices(kinds, weights)
        cost = costs[kind]
        stored = postgres.work(now, one.expovariate(1 / cost.postgres))
        done = one.choice(at).work(stored, one.expovariate(1 / cost.server))
        if kind == "ask":
            done += MODEL_S
        if now > WARM_UP * seconds:
            seen.asked += kind == "ask"
            if kind == "grid":
                seen.grid_ms.append(1e3 * (done - now))
        heapq.heappush(upcoming, (done + one.expovariate(1 / think_s), number))
    seen.server = sum(one.busy for one in at) / (servers * seconds)
    seen.postgres = postgres.busy / (cores * seconds)
    return seen


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else 0.0


def read() -> tuple[dict[str, Cost], Mapping[str, Sequence[float]]]:
    """Return what each kind costs, and the tokens of a question and of a row."""
    known = loose.obj(loose.parse(COSTS.read_text(encoding="utf-8")))
    values = {
        loose.text(line.get("what")): float(str(line.get("value"))) / 1e3
        for line in map(loose.obj, loose.array(known.get("lines")))
    }
    costs = {kind: Cost(values[f"{kind}: server"], values[f"{kind}: Postgres"]) for kind in (*KINDS, "row of a job")}
    tokens = {name: [float(str(one)) for one in loose.array(pair)] for name, pair in loose.obj(known.get("tokens")).items()}
    return costs, tokens


def sized(people: int, *, costs: Mapping[str, Cost], cores: int, think_s: float, seconds: float) -> tuple[int, Seen]:
    """Return the fewest servers with which a page of the grid comes in time, and what is seen with them; at most 64."""
    servers = 1
    while True:
        seen = simulate(people, servers, costs=costs, cores=cores, think_s=think_s, seconds=seconds)
        if p95(seen.grid_ms) <= GOAL_MS or servers >= 64 or seen.postgres > 0.9:  # noqa: PLR2004  more servers are no help
            return servers, seen
        servers += 1


def lines(costs: Mapping[str, Cost], tokens: Mapping[str, Sequence[float]], given: argparse.Namespace) -> Iterator[Line]:
    """Yield what each size needs, and what the model is paid."""
    seconds = 60 * float(given.minutes)
    for accounts in PEOPLE:
        people = max(1, round(AT_WORK * accounts))
        servers, seen = sized(people, costs=costs, cores=given.cores, think_s=given.think, seconds=seconds)
        head = f"{accounts:,} accounts, {people:,} at work"
        a_minute = 60 * seen.asked / ((1 - WARM_UP) * seconds)
        yield Line(what=f"{head}: servers", value=servers, unit="")
        yield Line(what=f"{head}: a page of the grid, p95", value=p95(seen.grid_ms), unit="ms", goal=GOAL_MS)
        yield Line(what=f"{head}: the servers", value=100 * seen.server, unit="% busy")
        yield Line(what=f"{head}: Postgres' {given.cores} cores", value=100 * seen.postgres, unit="% busy")
        yield Line(what=f"{head}: the model", value=a_minute * sum(tokens["ask"]) / 1e6, unit="M tokens/min")
    for name, many in (("ask", 1_000), ("row of a job", 10_000)):
        cost = many * sum(count * price for count, price in zip(tokens[name], PRICES, strict=True)) / 1e6
        yield Line(what=f"{many:,} x {name}: the model", value=cost, unit="money")
        yield Line(what=f"{many:,} x {name}: a server", value=many * costs[name].server, unit="s CPU")


def main() -> None:
    """Simulate, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--think", type=float, default=20)
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--minutes", type=float, default=10)
    given = options.parse_args()
    costs, tokens = read()
    mix = ", ".join(f"{share} % {kind}" for kind, share in KINDS.items())
    assumed = (
        f"{AT_WORK:.0%} of those with an account are at work at once. Each thinks {given.think:g} s between two things,",
        f"of which {mix}. A server works on one core, Postgres on {given.cores}.",
        f"The model takes {MODEL_S:g} s for a question, no limit; {PRICES[0]:g} and {PRICES[1]:g} a million tokens in and out.",
        "Costs are the means of results/costs.json, spread exponentially; no failures, imports, jobs or network.",
    )
    print("\n".join(assumed))
    found = [*lines(costs, tokens, given)]
    for line in found:
        line.show()
    kept = {"assumed": assumed, "lines": [asdict(line) for line in found]}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
