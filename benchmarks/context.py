"""What a model is told, how many tokens it is, and how long it takes to build: stable part, prompt, and cached share.

The workbook is one table of 60 columns, profiled as an import does it. Bare is the counting of the same prompt's tokens once.

    python benchmarks/context.py [--rows 1000000] [--rounds 30]
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from chatsheet.chat import messages
from chatsheet.chat.events import Answered, Asked, Event, ModelReplied, ToolAnswered
from chatsheet.chat.tools import toolbox
from chatsheet.context import budget, prompt, search
from chatsheet.context.prompt import Scope
from chatsheet.core import loose
from chatsheet.llm.model import ToolCall, Trail, Usage
from chatsheet.sheets import profile
from chatsheet.sheets.model import Column, ColumnType, Result, ResultColumn, Table, Workbook

RESULTS = Path(__file__).parent / "results" / "context.json"
KINDS: dict[str, tuple[ColumnType, str]] = {
    "region": ("text", "['North', 'South', 'East', 'West', 'Île-de-France'][1 + (hash(i + {n}) % 5)::INT]"),
    "customer": ("text", "'Customer ' || (hash(i * 3 + {n}) % 50000)::VARCHAR"),
    "note": ("text", "CASE WHEN hash(i * 29 + {n}) % 10 <> 0 THEN 'note ' || (hash(i * 31) % 1000)::VARCHAR END"),
    "revenue": ("decimal", "(hash(i * 7 + {n}) % 100000) / 100.0::DOUBLE"),
    "quantity": ("integer", "(hash(i * 13 + {n}) % 50)::BIGINT"),
    "day": ("date", "DATE '2023-01-01' + (hash(i * 17 + {n}) % 730)::INT"),
}
COLUMNS, TURNS, FEW_TURNS = 60, 20, 6
TOOLS = loose.dumps(toolbox.offered().schemas())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; `bare` and `goal` are in the same unit."""

    what: str
    value: float
    unit: str
    bare: float | None = None
    goal: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        if self.goal is None:
            return ""
        return "met" if (self.value >= self.goal) == self.at_least or self.value == self.goal else "MISSED"

    def show(self) -> None:
        """Print it."""
        ratio = f"{self.value / self.bare:9.1f}" if self.bare else " " * 9
        goal = f"{self.goal:9.1f}" if self.goal is not None else " " * 9
        print(f"{self.what:56} {self.value:10.2f} {self.unit:7} {ratio} {goal}  {self.verdict}")


def profiled(rows: int) -> Workbook:
    """Return a workbook of that many rows with everything that an import measures."""
    names = [(f"{kind}_{n}", n, *KINDS[kind]) for n in range(COLUMNS // len(KINDS)) for kind in KINDS]
    columns = tuple(Column(name=name, label=name, letter="A", type=kind, evidence="") for name, _, kind, _ in names)
    table = Table(id="big", tab="Big sheet", range="", header_row=1, evidence="", rows=rows, columns=columns)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "base.duckdb") as database:
        made = ", ".join(f"{sql.format(n=n)} AS {name}" for name, n, _, sql in names)
        database.execute(f"CREATE TABLE big AS SELECT (i + 2)::BIGINT AS _row, {made} FROM range({rows}) t(i)")
        return Workbook(parser="", content_sha256="", tables=profile.measure(database, [table]))


def talk() -> list[Event]:
    """Return a conversation of 20 turns, each with one query of ten rows and a short answer."""
    columns = (ResultColumn(name="region_0", type="VARCHAR"), ResultColumn(name="total", type="DOUBLE"))
    events: list[Event] = []
    for n in range(1, TURNS + 1):
        sql = f"SELECT region_0, SUM(revenue_{n % 10}) AS total FROM big WHERE year(day_1) = {2000 + n} GROUP BY 1 ORDER BY 2"
        rows = tuple((f"region {row}", 1234.5 * n + row) for row in range(10))
        told = {"handle": f"r{n}", "columns": ["region_0", "total"], "rows": [list(row) for row in rows], "row_count": 10}
        call = ToolCall(f"call_{n}", "run_sql", loose.dumps({"purpose": "totals by region", "sql": sql}))
        result = Result(columns=columns, rows=rows, row_count=10, truncated=False)
        text = f"In {2000 + n} region 0 leads with {1234.5 * n:,.1f}; rows of all regions, empty cells left out. [r{n}]"
        events += [
            Asked(turn=f"t{n}", question=f"Which region sold most of product line {n} in {2000 + n}, and how much was it?"),
            _replied(n, "", (call,)),
            ToolAnswered(
                turn=f"t{n}", call_id=call.id, tool="run_sql", content=loose.dumps(told), handle=f"r{n}", sql=sql, result=result
            ),
            _replied(n, text, ()),
            Answered(turn=f"t{n}", text=text, numbers=()),
        ]
    return events


def _replied(n: int, text: str, calls: tuple[ToolCall, ...]) -> ModelReplied:
    return ModelReplied(turn=f"t{n}", text=text, calls=calls, model="m", route="r", usage=Usage(), trail=Trail())


def shares(log: Sequence[Event], scope: Scope) -> Iterator[tuple[str, int, int]]:
    """Yield for each call its turn, its input tokens, and those of the prefix that the call before had too."""
    before: list[str] = []
    for place, event in enumerate(log):
        if isinstance(event, ModelReplied):
            texts = [scope.tools, *map(loose.dumps, messages.build(log[:place], scope))]
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, texts, strict=False)))
            yield event.turn, sum(map(budget.count, texts)), sum(map(budget.count, texts[:same]))
            before = texts


def cached_share(log: Sequence[Event], scope: Scope) -> float:
    """Return which percentage of all input from the second turn on the call before had sent."""
    counted = [(total, same) for turn, total, same in shares(log, scope) if turn != "t1"]
    return 100 * sum(same for _, same in counted) / sum(total for total, _ in counted)


def milliseconds(work: Callable[[], object], rounds: int, *, is_cold: bool = True) -> float:
    """Return the median time of some work; cold with nothing remembered of the round before."""
    taken: list[float] = []
    for _ in range(rounds):
        if is_cold:
            budget.count.cache_clear()
            search.words.cache_clear()
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def measure(rows: int, rounds: int) -> Iterator[Line]:
    """Yield the lines of the table."""
    book, log = profiled(rows), talk()

    def scope() -> Scope:
        return Scope(workbook=book, version="v", file="big.xlsx", tools=TOOLS)

    told = str(prompt.system(scope())["content"])
    rules, tools = budget.count(scope().rules.text), budget.count(TOOLS)
    yield Line(what="system prompt", value=rules, unit="tokens")
    yield Line(what="tools", value=tools, unit="tokens")
    yield Line(
        what=f"system prompt, tools, card of {COLUMNS} columns", value=budget.count(told) + tools, unit="tokens", goal=8_000
    )
    bare = milliseconds(lambda: budget.count(told), rounds)
    stable = milliseconds(lambda: prompt.system(scope()), rounds)
    yield Line(what=f"stable part of {rows} rows", value=stable, unit="ms", bare=bare, goal=30)
    whole = [*map(loose.dumps, messages.build(log, scope()))]
    bare = milliseconds(lambda: sum(map(budget.count, whole)), rounds)
    built = milliseconds(lambda: messages.build(log, scope()), rounds)
    yield Line(what=f"whole prompt after {TURNS} turns, first call of a process", value=built, unit="ms", bare=bare)
    built = milliseconds(lambda: messages.build(log, scope()), rounds, is_cold=False)
    yield Line(what="the same in a chat that goes on", value=built, unit="ms", bare=bare, goal=30)
    small = Scope(workbook=book, version="v", budget_tokens=1_500, tools=loose.dumps(toolbox.offered(is_small=True).schemas()))
    most = max(total for _, total, _ in shares(log, small))
    yield Line(what=f"longest of {TURNS} turns for a budget of 1,500", value=most, unit="tokens", goal=1_500)
    for turns in (FEW_TURNS, TURNS):
        part = log[: len(log) * turns // TURNS]
        for about, of in (("no limit", scope()), ("a budget of 1,500", small)):
            what = f"cached share from turn 2 on, {turns} turns, {about}"
            yield Line(what=what, value=cached_share(part, of), unit="%", goal=85, at_least=True)
    tables = tuple(book.tables[0].model_copy(update={"id": f"big_{n}"}) for n in range(10))
    wide = book.model_copy(update={"tables": tables})
    found = milliseconds(lambda: search.search(wide, "revenue by region of customer 17"), rounds)
    yield Line(what=f"columns of {10 * COLUMNS} ranked for a question", value=found, unit="ms", goal=30)
    broad = Scope(workbook=wide, version="v", tools=TOOLS)
    yield Line(
        what=f"cached share with {10 * COLUMNS} columns", value=cached_share(log, broad), unit="%", goal=85, at_least=True
    )


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=30)
    given = options.parse_args()
    print(f"{'':56} {'':10} {'':7} {'x bare':>9} {'goal':>9}")
    lines: list[Line] = []
    for line in measure(loose.number(given.rows), loose.number(given.rounds)):
        line.show()
        lines.append(line)
    kept = {"rows": given.rows, "load": round(os.getloadavg()[0], 1), "python": sys.version.split()[0]}
    kept["lines"] = [{**asdict(line), "verdict": line.verdict} for line in lines]
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
