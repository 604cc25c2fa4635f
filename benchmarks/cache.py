"""What keeping results is worth: one query of 200,000 rows computed, had from memory and from Valkey, and without them.

Each question is checked by the guard before; that costs the same with and without. Ratios are to computing the same in the
same run, in turns. `make bench BENCH=cache` prints them; goals are never asserted.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from chatsheet.cache.cache import Caches
from chatsheet.core import loose
from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import Database, open_database
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.library import Library
from chatsheet.sheets.query import Engine
from chatsheet.sheets.questions import Questions
from tests import valkeys
from tests.harness import free_ports

_SQL = "SELECT region, product, sum(amount) AS total, count(*) AS n FROM sales WHERE amount > {n} GROUP BY ALL ORDER BY ALL"
_TOGETHER = 200
_numbers = itertools.count(1)


def sheet(folder: Path, rows: int) -> Path:
    """Write the sheet."""
    path = folder / "sales.csv"
    lines = (f"{n},region {n % 12},product {n % 40},{n % 9_973}.25\n" for n in range(rows))
    path.write_text("order,region,product,amount\n" + "".join(lines), encoding="utf-8")
    return path


@asynccontextmanager
async def process(
    database: Database, folder: Path, engine: Engine, url: str | None
) -> AsyncGenerator[tuple[Questions, Caches]]:
    """Stand for one process of the server: a memory of its own over the same sheet."""
    caches = Caches.open(url=url)
    library = Library(database=database, folder=folder, engine=engine, clock=SystemClock(), caches=caches)
    try:
        yield library.questions(await library.bring_in(LOCAL, folder / "sales.csv")), caches
    finally:
        await library.close()
        await caches.settled()
        await caches.close()


async def timed(work: Awaitable[object]) -> float:
    """Return milliseconds."""
    start = time.perf_counter()
    await work
    return 1e3 * (time.perf_counter() - start)


async def ask(questions: Questions, guarded: GuardedSql) -> None:
    """Ask one of many questions."""
    await questions.run(guarded)


async def bare(questions: Questions, guarded: GuardedSql) -> None:
    """Ask without anything that is kept."""
    await questions.engine.run(questions.database, guarded)


def line(name: str, times: Sequence[float], base: Sequence[float]) -> None:
    """Print a line."""
    one, other = statistics.median(times), statistics.median(base)
    print(f"{name:58} {one:9.2f} {other:9.2f} {one / other:9.3f}")


async def measure(rows: int, rounds: int) -> None:
    """Measure in turns."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sheet(folder, rows)
        database = await open_database(folder / "chatsheet.sqlite")
        stack.push_async_callback(database.close)
        engine = Engine()
        stack.push_async_callback(engine.close)
        server = await stack.enter_async_context(valkeys.running())
        dead = f"redis://127.0.0.1:{free_ports(1)[0]}/0"
        alone, _ = await stack.enter_async_context(process(database, folder, engine, None))
        one, kept = await stack.enter_async_context(process(database, folder, engine, server.url))
        two, _ = await stack.enter_async_context(process(database, folder, engine, server.url))
        down, _ = await stack.enter_async_context(process(database, folder, engine, dead))
        await ask(alone, alone.check(_SQL.format(n=0)))
        print(f"{'milliseconds, median':58} {'with':>9} {'computed':>9} {'ratio':>9}")
        await _single(rounds, alone=alone, one=one, two=two, down=down, kept=kept)
        await _together(max(3, rounds // 5), alone)


async def _single(rounds: int, *, alone: Questions, one: Questions, two: Questions, down: Questions, kept: Caches) -> None:
    found: dict[str, list[float]] = {}
    steps: tuple[tuple[str, Callable[[GuardedSql], Awaitable[object]]], ...] = (
        ("computed", lambda n: bare(alone, n)),
        ("a miss, memory only", lambda n: ask(alone, n)),
        ("a hit in memory", lambda n: ask(alone, n)),
        ("a miss with Valkey: asked, leased, told", lambda n: ask(one, n)),
        ("a hit in Valkey, from another process", lambda n: ask(two, n)),
        ("a miss while Redis is down", lambda n: ask(down, n)),
    )
    for _ in range(rounds):
        guarded = alone.check(_SQL.format(n=next(_numbers)))
        for name, step in steps:
            found.setdefault(name, []).append(await timed(step(guarded)))
            await kept.settled()
    for name, _ in steps[1:]:
        line(name, found[name], found["computed"])


async def _together(rounds: int, alone: Questions) -> None:
    shared: list[float] = []
    each: list[float] = []
    for _ in range(rounds):
        guarded = alone.check(_SQL.format(n=next(_numbers)))
        shared.append(await timed(asyncio.gather(*(ask(alone, guarded) for _ in range(_TOGETHER)))))
        one_of_200 = [await timed(bare(alone, guarded)) for _ in range(5)]
        each.append(_TOGETHER * statistics.median(one_of_200))
    line(f"{_TOGETHER} who ask the same at once (computed: one after the other)", shared, each)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    asyncio.run(measure(loose.number(given.rows), loose.number(given.rounds)))


if __name__ == "__main__":
    main()
