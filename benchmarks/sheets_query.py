"""What a table of a million rows answers, and how fast: our engine (guard, queue, worker process, JSON) beside bare DuckDB.

Bare is DuckDB in this very process with the same threads, asked the same thing in the plainest SQL and fetched to the end.
Goals are for an otherwise idle machine with two cores; ratios are of one run.

    python benchmarks/sheets_query.py [--rows 1000000] [--rounds 15]
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from chatsheet.core import loose
from chatsheet.sheets import profile
from chatsheet.sheets.model import Column, ColumnType, Table, Workbook
from chatsheet.sheets.query import Engine, Limits
from chatsheet.sheets.questions import Questions
from chatsheet.sheets.windows import Filter, Sort, Window

RESULTS = Path(__file__).parent / "results" / "sheets_query.json"
COLUMNS: dict[str, tuple[ColumnType, str]] = {
    "id": ("text", "printf('C%07d', (i * 7919) % 1000000)"),
    "region": ("text", "['North', 'South', 'East', 'West', 'Île-de-France'][1 + (hash(i) % 5)::INT]"),
    "customer": ("text", "'Customer ' || (hash(i * 3) % 50000)::VARCHAR"),
    "product": ("text", "'Product ' || chr((65 + hash(i * 5) % 26)::INT) || chr((65 + hash(i * 11) % 26)::INT)"),
    "note": ("text", "CASE WHEN hash(i * 29) % 10 <> 0 THEN 'note ' || (hash(i * 31) % 1000)::VARCHAR END"),
    "revenue": ("decimal", "(hash(i * 7) % 100000) / 100.0::DOUBLE"),
    "quantity": ("integer", "(hash(i * 13) % 50)::BIGINT"),
    "day": ("date", "DATE '2023-01-01' + (hash(i * 17) % 730)::INT"),
    "paid": ("boolean", "hash(i * 19) % 3 = 0"),
    "changed_at": ("datetime", "TIMESTAMP '2024-01-01' + to_seconds((hash(i * 23) % 3000000)::BIGINT)"),
}
PATIENT = Limits(deadline_s=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: milliseconds, the median of bare DuckDB, and the goal for ours."""

    what: str
    p50: float
    p95: float
    bare: float | None
    goal: float | None
    at: str = "p95"

    @property
    def verdict(self) -> str:
        """Whether the goal is met."""
        return "" if self.goal is None else "met" if (self.p95 if self.at == "p95" else self.p50) <= self.goal else "MISSED"


class Bench:
    """One database, asked by our engine and bare."""

    def __init__(self, questions: Questions, bare: duckdb.DuckDBPyConnection, rounds: int) -> None:
        self.questions = questions
        self._bare = bare
        self._rounds = rounds
        self.lines: list[Line] = []

    async def measure(
        self,
        what: str,
        ours: Callable[[int], Awaitable[object]],
        bare: Callable[[int], str] | None,
        goal: float | None,
        *,
        rounds: int = 0,
        at: str = "p95",
    ) -> None:
        """Ask in turn, ours and bare; `ours` gets the number of the round."""
        mine: list[float] = []
        plain: list[float] = []
        for number in range(rounds or self._rounds):
            start = time.perf_counter()
            await ours(number)
            mine.append(1e3 * (time.perf_counter() - start))
            if bare is not None:
                start = time.perf_counter()
                self._bare.cursor().execute(bare(number)).fetchall()
                plain.append(1e3 * (time.perf_counter() - start))
        self.keep(what, mine, plain, goal, at=at)

    def keep(self, what: str, mine: Sequence[float], plain: Sequence[float], goal: float | None, *, at: str = "p95") -> None:
        """Record and print a line."""
        p95 = sorted(mine)[max(0, round(0.95 * len(mine)) - 1)] if len(mine) > 1 else mine[0]
        bare = statistics.median(plain) if plain else None
        line = Line(what=what, p50=statistics.median(mine), p95=p95, bare=bare, goal=goal, at=at)
        self.lines.append(line)
        ratio = "" if bare is None else f"{line.p50 / bare:8.1f}x"
        shown = "" if bare is None else f"{bare:9.1f}"
        print(f"{what:52} {line.p50:9.1f} {line.p95:9.1f} {shown:>9} {ratio:>9} {goal or '':>8} {line.verdict}", flush=True)

    async def query(self, sql: str) -> object:
        """Guard and run."""
        return await self.questions.run(self.questions.check(sql), PATIENT)


def build(path: Path, rows: int) -> Table:
    """Write the table and describe it."""
    listed = ", ".join(f"{made} AS {name}" for name, (_, made) in COLUMNS.items())
    with duckdb.connect(path) as database:
        database.execute(f"CREATE TABLE big AS SELECT i + 2 AS _row, {listed} FROM range({rows}) t(i)")
    columns = tuple(
        Column(name=name, label=name, letter=chr(65 + at), type=kind, evidence="")
        for at, (name, (kind, _)) in enumerate(COLUMNS.items())
    )
    return Table(id="big", tab="big", range="", header_row=1, evidence="", rows=rows, columns=columns)


async def windows(bench: Bench, rows: int) -> None:
    """Turn pages in the table's own order, sorted, filtered, searched."""
    ask = bench.questions.window

    def at(number: int) -> int:
        return number * 7_919 * 131 % max(1, rows - 200)

    await bench.query("SELECT 1 AS n")

    def deep(n: int) -> Awaitable[object]:
        return ask(Window(table="big", offset=at(n)))

    def plain_deep(n: int) -> str:
        return f"SELECT * FROM big ORDER BY _row LIMIT 200 OFFSET {at(n)}"

    await bench.measure("page of 200, the first far down", lambda _: deep(5), plain_deep, 400, rounds=1)
    await bench.measure("page of 200 at any depth", deep, plain_deep, 20, rounds=40)
    for name in ("revenue", "customer", "id"):
        sort = (Sort(column=name, is_descending=True),)

        def page(n: int, sort: tuple[Sort, ...] = sort) -> Awaitable[object]:
            return ask(Window(table="big", sort=sort, offset=at(n)))

        def plain(n: int, name: str = name) -> str:
            return f"SELECT * FROM big ORDER BY {name} DESC, _row LIMIT 200 OFFSET {at(n)}"

        await bench.measure(f"sorted by {name}, first page", page, plain, 400, rounds=1)
        await bench.measure(f"sorted by {name}, later pages at any depth", page, plain, 40)
    both = (Sort(column="region"), Sort(column="revenue", is_descending=True))
    await bench.measure(
        "sorted by region and revenue, first page", lambda _: ask(Window(table="big", sort=both)), None, 400, rounds=1
    )

    def filtered(n: int) -> Window:
        wanted = (
            Filter(column="region", test="equals", values=("North",)),
            Filter(column="revenue", test="above", values=(500 + n,)),
        )
        return Window(table="big", filters=wanted)

    await bench.measure(
        "filtered, first page, rows counted",
        lambda n: ask(filtered(n)),
        lambda n: f"SELECT * FROM big WHERE region = 'North' AND revenue > {500 + n} ORDER BY _row LIMIT 200",
        60,
    )
    await bench.measure(
        "searched in 5 text columns, hits counted",
        lambda n: ask(Window(table="big", search=f"49{n % 10}{n % 7}")),
        lambda n: (
            "SELECT count(*) FROM big WHERE "
            + " OR ".join(f"{name} ILIKE '%49{n % 10}{n % 7}%'" for name, (kind, _) in COLUMNS.items() if kind == "text")
        ),
        None,
    )


async def queries(bench: Bench) -> None:
    """Ask what a model asks."""
    for what, sql in {
        "filter and count": "SELECT count(*) AS n FROM big WHERE region = 'North' AND revenue > 500",
        "group by region": "SELECT region, sum(revenue) AS s FROM big GROUP BY region ORDER BY s DESC",
        "group by month": "SELECT date_trunc('month', day) AS m, sum(revenue) AS s FROM big GROUP BY m ORDER BY m",
        "ten best customers": "SELECT customer, sum(revenue) AS s FROM big GROUP BY customer ORDER BY s DESC LIMIT 10",
    }.items():
        await bench.measure(what, lambda _, sql=sql: bench.query(sql), lambda _, sql=sql: sql, 60)
    everything = "SELECT * FROM big"
    await bench.measure(
        "all rows, 1,000 given, all counted", lambda _: bench.query(everything), lambda _: everything, None, rounds=3
    )
    guarded = bench.questions.check("SELECT region, sum(revenue) AS s FROM big GROUP BY region")
    result = await bench.questions.run(guarded)
    behind = "SELECT DISTINCT _row FROM big WHERE region = 'North' ORDER BY 1"
    await bench.measure(
        "rows behind a group of 200,000, 1,000 given",
        lambda n: bench.questions.rows_behind(guarded, result, n % 5),
        lambda _: behind,
        None,
    )


async def values(bench: Bench) -> None:
    """Find values like a text, once the distinct ones are known to the worker."""
    for column, texts in {
        "customer": ("custmer 4999", "CUSTOMER 12", "Costumer 31415"),
        "region": ("ile de france", "nort", "WEST"),
        "id": ("c000499x", "C0123456", "C99999"),
        None: ("nort", "custmer 4999", "produkt AB"),
    }.items():
        name = column or "all text columns"

        def find(n: int, column: str | None = column, texts: Sequence[str] = texts) -> Awaitable[object]:
            return bench.questions.find_values(texts[n % len(texts)], table="big", column=column)

        def plain(n: int, column: str | None = column, texts: Sequence[str] = texts) -> str:
            known = [column] if column else [name for name, (kind, _) in COLUMNS.items() if kind == "text"]
            return " UNION ALL ".join(
                f"(SELECT {name}, count(*) FROM big WHERE {name} ILIKE '%{texts[n % len(texts)]}%' GROUP BY 1 LIMIT 10)"
                for name in known
            )

        if column:
            await bench.measure(f"find_values in {name}, first", find, plain, None, rounds=1)
        await bench.measure(f"find_values in {name}", find, plain, 50)
    await bench.measure(
        "a literal that is not there, nearest offered",
        lambda n: bench.query(f"SELECT id FROM big WHERE region = 'Nort{n}'"),
        None,
        None,
    )


def profiled(bench: Bench, path: Path, table: Table) -> None:
    """Profile all columns, beside DuckDB's SUMMARIZE."""
    with duckdb.connect(path, config={"threads": "2"}) as database:
        start = time.perf_counter()
        profile.measure(database, [table])
        mine = 1e3 * (time.perf_counter() - start)
        start = time.perf_counter()
        database.execute("SUMMARIZE big").fetchall()
        plain = 1e3 * (time.perf_counter() - start)
    bench.keep("profile of 10 columns (bare: SUMMARIZE)", [mine], [plain], 3_000)


async def run(rows: int, rounds: int) -> list[Line]:
    """Build, measure, close."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.duckdb"
        table = build(path, rows)
        engine = Engine()
        with duckdb.connect(path, read_only=True, config={"threads": "2"}) as bare:
            workbook = Workbook(parser="", content_sha256="", tables=(table,))
            bench = Bench(Questions(version="v", workbook=workbook, database=path, engine=engine), bare, rounds)
            print(f"{'milliseconds':52} {'p50':>9} {'p95':>9} {'bare':>9} {'ratio':>9} {'goal':>8}")
            await engine.warm()
            try:
                await windows(bench, rows)
                await queries(bench)
                await values(bench)
            finally:
                await engine.close()
        profiled(bench, path, table)
        return bench.lines


def main() -> None:
    """Measure, print and keep."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    lines = asyncio.run(run(loose.number(given.rows), loose.number(given.rounds)))
    kept = [{**asdict(line), "verdict": line.verdict} for line in lines]
    RESULTS.write_text(
        json.dumps(
            {"rows": given.rows, "load": round(os.getloadavg()[0], 1), "python": sys.version.split()[0], "lines": kept},
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
