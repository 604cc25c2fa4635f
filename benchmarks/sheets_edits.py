"""Edits of a million rows: one cell, undo, and reading after a thousand edits, beside plain DuckDB in the same run.

The baseline of an edit is an UPDATE and CHECKPOINT of a table of the same file, that of reading the version as imported.
Figures to hold: one cell 50 ms, undo 20 ms, reading after 1,000 edits at most 1.2 times as long.
"""

import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import duckdb

from chatsheet.core.clock import SystemClock
from chatsheet.core.identity import LOCAL
from chatsheet.db.engine import open_database
from chatsheet.sheets import guard
from chatsheet.sheets.edits import CellValue, SetCells
from chatsheet.sheets.ingest.progress import Report
from chatsheet.sheets.ingest.said import Said
from chatsheet.sheets.library import Library, OpenSheet
from chatsheet.sheets.model import ROW_ID, Column, Table, Workbook
from chatsheet.sheets.query import Engine
from chatsheet.sheets.windows import Filter, Sort, Window

ROWS = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
EDITS = int(sys.argv[2]) if sys.argv[2:] else 1_000
ROUNDS = 21


class MadeUp(Engine):
    """The engine, except that a file is imported as a table of random numbers: reading files is measured elsewhere."""

    async def load(self, source: Path, target: Path, report: Report = lambda _: None, said: Said | None = None) -> Workbook:
        """Write ten columns of ROWS rows."""
        del source, report, said
        texts = ", ".join(f"'v' || (i * {n} % 50) AS t{n}" for n in (3, 7, 11))
        numbers = ", ".join(f"(hash(i + {n}) % 100000) / 100 AS n{n}" for n in range(4))
        whole = ", ".join(f"(hash(i * {n}) % 1000)::BIGINT AS w{n}" for n in (13, 17, 19))
        with duckdb.connect(target) as made:
            made.execute(
                f"CREATE TABLE big AS SELECT i AS {ROW_ID}, {texts}, {numbers}, {whole} FROM range(2, {ROWS} + 2) t(i)"
            )
        kinds = {"t": "text", "n": "decimal", "w": "integer"}
        names = ["t3", "t7", "t11", "n0", "n1", "n2", "n3", "w13", "w17", "w19"]
        columns = [
            Column.model_validate({"name": n, "label": n, "letter": "A", "type": kinds[n[0]], "evidence": ""}) for n in names
        ]
        table = Table(id="big", tab="big", range="A1:J1", header_row=1, evidence="", rows=ROWS, columns=tuple(columns))
        return Workbook(parser="0", content_sha256="0", tables=(table,))


def plain_update_ms(base: Path) -> float:
    """Return what one UPDATE and CHECKPOINT of a copy of the same file takes in this process."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(base, Path(folder) / "copy.duckdb")
        taken: list[float] = []
        with duckdb.connect(copy) as connection:
            for number in range(ROUNDS):
                start = time.perf_counter()
                connection.execute(f"UPDATE big SET n0 = ? WHERE {ROW_ID} = ?", [number, random.randrange(2, ROWS)])
                connection.execute("CHECKPOINT")
                taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


async def reading(library: Library, first: OpenSheet, now: OpenSheet) -> dict[str, float]:
    """Return how much longer pages and two group-bys take than at the import, asked in turns."""
    middle = Window(table="big", offset=ROWS // 2)
    sorted_ = middle.model_copy(update={"sort": (Sort(column="n0"),)})
    grouped = guard.check("SELECT t3, sum(n0) AS s, count(*) AS n FROM big GROUP BY t3", first.columns())
    filtered = guard.check("SELECT w13, avg(n1) AS a FROM big WHERE n2 > 500 GROUP BY w13", first.columns())
    asked: dict[str, Callable[[OpenSheet], Awaitable[object]]] = {
        "page": lambda opened: library.questions(opened).window(middle),
        "first_sort": lambda opened: library.questions(opened).window(_another(sorted_)),
        "sorted_page": lambda opened: library.questions(opened).window(sorted_),
        "filtered_page": lambda opened: library.questions(opened).window(_another(middle)),
        "group_by": lambda opened: library.query(opened, grouped),
        "filtered_group_by": lambda opened: library.query(opened, filtered),
    }
    return {name: await ratio(ask, first, now) for name, ask in asked.items()}


def _another(window: Window) -> Window:
    """Return the window with a filter that no worker has met, so that nothing is there ahead."""
    return window.model_copy(update={"filters": (Filter(column="n1", test="above", values=(100 + random.random(),)),)})


async def ratio(ask: Callable[[OpenSheet], Awaitable[object]], first: OpenSheet, now: OpenSheet) -> float:
    """Return the ratio of medians of `now` to `first`, after a round that is not counted."""
    taken: dict[str, list[float]] = {first.sheet.version: [], now.sheet.version: []}
    for _ in range(ROUNDS + 1):
        for opened in (first, now):
            start = time.perf_counter()
            await ask(opened)
            taken[opened.sheet.version].append(time.perf_counter() - start)
    return statistics.median(taken[now.sheet.version][1:]) / statistics.median(taken[first.sheet.version][1:])


async def edit_one(library: Library, opened: OpenSheet) -> OpenSheet:
    """Set one random cell to a random number."""
    cell = CellValue(row=random.randrange(2, ROWS), column="n0", value=random.random())
    edits = [SetCells(table="big", cells=(cell,))]
    return (await library.edit(LOCAL, opened.sheet.id, edits, expected_version=opened.sheet.version)).opened


async def timed_edits(library: Library, opened: OpenSheet, count: int) -> tuple[OpenSheet, list[float]]:
    """Return the sheet after `count` edits, and what each took."""
    taken: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        opened = await edit_one(library, opened)
        taken.append((time.perf_counter() - start) * 1e3)
    return opened, taken


async def timed_undos(library: Library, opened: OpenSheet, count: int) -> list[float]:
    """Return what each of some undos took; redone afterwards, one by one."""
    taken: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        back = await library.undo(LOCAL, opened.sheet.id, expected_version=opened.sheet.version)
        taken.append((time.perf_counter() - start) * 1e3)
        await library.redo(LOCAL, opened.sheet.id, expected_version=back.sheet.version)
    return taken


async def main() -> None:
    """Print the figures as JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder, engine = Path(name), MadeUp()
        database = await open_database(folder / "state.sqlite")
        library = Library(database=database, folder=folder, engine=engine, clock=SystemClock())
        (folder / "big.csv").write_text("x")
        first = await library.bring_in(LOCAL, folder / "big.csv")
        opened, _ = await timed_edits(library, first, 3)  # the edit worker is warm from here on
        plain = plain_update_ms(folder / "versions" / first.sheet.version / "base.duckdb")
        opened, one = await timed_edits(library, opened, ROUNDS)
        undo = await timed_undos(library, opened, ROUNDS)
        print(json.dumps({"plain_update_ms": plain, "one_cell_ms": statistics.median(one), "undo_ms": statistics.median(undo)}))
        opened, some = await timed_edits(library, opened, min(200, EDITS // 2))
        unsettled = await reading(library, first, opened)
        opened, rest = await timed_edits(library, opened, EDITS - len(some) - len(one) - 3)
        await library.settled()
        after = await reading(library, first, opened)
        figures = {
            "rows": ROWS,
            "plain_update_ms": plain,
            "one_cell_ms": statistics.median(one),
            "one_cell_ratio": statistics.median(one) / plain,
            "edits_p95_ms": statistics.quantiles([*some, *rest], n=20)[-1],
            "undo_ms": statistics.median(undo),
            f"after_{len(one) + len(some) + 3}_edits_not_compacted": unsettled,
            f"after_{EDITS}_edits_settled": after,
        }
        print(json.dumps(figures, indent=1))
        await library.close()
        await engine.close()
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
