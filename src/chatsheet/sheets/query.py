"""The query engine: guarded SQL goes to a warm, killable worker; a late or cancelled one is killed and replaced."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chatsheet.core import loose, processes
from chatsheet.core.errors import ChatSheetError, Unavailable, revive
from chatsheet.core.identity import Rules
from chatsheet.core.loose import JsonObject, JsonValue
from chatsheet.core.tasks import Tasks
from chatsheet.sheets import worker
from chatsheet.sheets.differences import Differences
from chatsheet.sheets.guard import GuardedSql
from chatsheet.sheets.ingest import leftovers
from chatsheet.sheets.ingest.grid import FileNotAWorkbook
from chatsheet.sheets.ingest.progress import Progress, Report
from chatsheet.sheets.ingest.raw import RawCells
from chatsheet.sheets.ingest.said import Said
from chatsheet.sheets.model import FoundValue, Places, Result, Workbook
from chatsheet.sheets.rules import RULES
from chatsheet.sheets.turns import Turns
from chatsheet.sheets.windows import Paging, Window
from chatsheet.sheets.writer import Made, Order

_IMPORT_DEADLINE_S = 600.0
_IMPORTS_AT_ONCE = 2
_EXCERPTS_AT_ONCE = 2
_CORES_PER_WORKER = 2
_EDIT_DEADLINE_S = 60.0
_LOOK_DEADLINE_S = 60.0
_COMPACT_DEADLINE_S = 600.0


class QueryTimedOut(ChatSheetError):
    """The query did not end within its deadline; its process was killed."""

    code = "sql.deadline"
    status = 422


class WorkerDied(Unavailable):
    """The worker process ended while it worked, most likely at its memory limit."""

    code = "worker.died"


class WorkerMemory(ChatSheetError):
    """The worker reached its memory limit."""

    code = "worker.memory"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may take."""

    deadline_s: float = 5.0
    max_rows: int = 1_000
    max_bytes: int = 1_000_000
    wait_s: float = 10.0
    """How long a query waits for a worker before it begins."""


class Worker:
    """One worker process; it answers one request at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.seen: set[Path] = set()
        """The databases it was asked about: it keeps orders and values of them."""

    @classmethod
    async def start(cls, *arguments: str) -> "Worker":
        argv = [sys.executable, "-m", worker.__name__, *arguments]
        pipe = asyncio.subprocess.PIPE
        env = {**processes.base_environment(), **worker.ENVIRONMENT, "PYTHONPATH": str(Path(worker.__file__).parents[2])}
        return cls(await processes.start(argv, env=env, stdin=pipe, stdout=pipe))

    @property
    def is_alive(self) -> bool:
        """Ask the kernel: the loop hears of a death a moment later."""
        try:
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return ended is None and self._process.returncode is None

    async def call(self, request: JsonObject, report: Report = lambda _: None) -> object:
        """Send one request and return what it answered; raises the error it described, or WorkerDied.

        What it tells before its answer goes to `report`.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("started with pipes")
        try:
            stdin.write(worker.frame(loose.dumps(request).encode()))
            await stdin.drain()
            while "progress" in (answer := await self._message(stdout)):
                report(Progress.model_validate(answer["progress"]))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise WorkerDied("the worker process ended while it worked.", fix="ask for less at once.") from None
        if "ok" not in answer:
            raise revive(loose.text(answer.get("code")), loose.text(answer.get("what")), loose.text(answer.get("fix")))
        return answer["ok"]

    @staticmethod
    async def _message(stdout: asyncio.StreamReader) -> Mapping[str, object]:
        head = await stdout.readexactly(4)
        return loose.obj(loose.parse(await stdout.readexactly(int.from_bytes(head, "big"))))

    async def kill(self) -> None:
        await processes.stop(self._process, grace_s=0)


class Engine:
    """A small pool of query workers, started when first needed or by `warm`, with one to spare for when one is killed."""

    def __init__(self, *, size: int = 2) -> None:
        self._idle: list[Worker] = []
        self._turns = Turns(size)
        self._size = size
        self._imports = asyncio.Semaphore(_IMPORTS_AT_ONCE)
        self._looking = asyncio.Semaphore(1)
        self._excerpting = asyncio.Semaphore(_EXCERPTS_AT_ONCE)
        self._editor: Worker | None = None
        self._editing = asyncio.Lock()
        self._lent = 0
        self._is_warm = False
        self._is_closing = False
        self._tasks = Tasks()

    async def run(self, database: Path, guarded: GuardedSql, limits: Limits | None = None) -> Result:
        """Run guarded SQL over the DuckDB file `database`; raises QueryTimedOut, QueryFailed, EngineBusy, WorkerDied."""
        limits = limits or Limits()
        request: JsonObject = {
            "op": "query",
            "sql": guarded.sql,
            "max_rows": limits.max_rows,
            "max_bytes": limits.max_bytes,
            "identified": guarded.identified,
            "identifies": list(guarded.identifies),
            "compared": [[one.table, one.column, one.text] for one in guarded.compared],
        }
        return Result.model_validate(await self._ask(database, request, limits))

    async def window(self, database: Path, window: Window, paging: Paging, limits: Limits | None = None) -> Result:
        """Return one page of a table; `row_count` counts the rows that its filters leave."""
        limits = limits or Limits()
        request: JsonObject = {
            "op": "window",
            "ids": paging.ids,
            "parameters": list(paging.parameters),
            "page": paging.page,
            "offset": window.offset,
            "limit": window.limit,
            "max_bytes": limits.max_bytes,
        }
        return Result.model_validate(await self._ask(database, request, limits))

    async def places(
        self,
        database: Path,
        order: tuple[str, Sequence[JsonValue]],
        *,
        known: str = "",
        rows: Sequence[int] | None = None,
        hits: tuple[str, Sequence[JsonValue]] | None = None,
        limit: int,
        limits: Limits | None = None,
    ) -> Places:
        """Return where `rows`, or the rows of the order `hits`, stand in `order`: `limit` places at most, and how many.

        `known` is SQL for row ids with their places, where these need not be counted.
        """
        request: JsonObject = {
            "op": "places",
            "ids": order[0],
            "parameters": list(order[1]),
            "known": known,
            "rows": None if rows is None else list(rows),
            "hits": None if hits is None else [hits[0], list(hits[1])],
            "limit": limit,
        }
        return Places.model_validate(await self._ask(database, request, limits or Limits()))

    async def find_values(
        self, database: Path, columns: Sequence[tuple[str, str]], text: str, *, limit: int, limits: Limits | None = None
    ) -> tuple[FoundValue, ...]:
        """Return the values of these (table, column) that are most like `text`, whatever its case, accents and typos."""
        listed: list[JsonValue] = [[table, column] for table, column in columns]
        request: JsonObject = {"op": "find", "columns": listed, "text": text, "limit": limit}
        found = await self._ask(database, request, limits or Limits())
        return tuple(FoundValue.model_validate(one) for one in loose.array(found))

    async def _ask(self, database: Path, request: JsonObject, limits: Limits) -> object:
        asked: JsonObject = {**request, "path": str(database), "cpu_s": int(limits.deadline_s * _CORES_PER_WORKER)}
        async with self._turns.take(str(database), wait_s=limits.wait_s), self._worker(database) as one:
            try:
                async with asyncio.timeout(limits.deadline_s):
                    return await one.call(asked)
            except TimeoutError:
                raise QueryTimedOut(
                    f"the query was stopped after {limits.deadline_s:g} s.", fix="filter or group before joining."
                ) from None

    async def load(self, source: Path, target: Path, report: Report = lambda _: None, said: Said | None = None) -> Workbook:
        """Import a file in a process of its own, which a cancellation kills; raises the errors of ingest.grid.

        Whatever ends it early, neither the target nor anything beside it is left.
        """
        async with self._imports:
            try:
                return await self._load(source, target, report, said or Said())
            except BaseException:
                leftovers.discard(target)
                raise

    async def _load(self, source: Path, target: Path, report: Report, said: Said) -> Workbook:
        request: JsonObject = {
            "op": "import",
            "source": str(source),
            "target": str(target),
            "said": said.model_dump(mode="json"),
        }
        one = await Worker.start("import")
        try:
            async with asyncio.timeout(_IMPORT_DEADLINE_S):
                answer = await one.call(request, report)
        except WorkerMemory:
            raise WorkerMemory(
                f"{source.name} needs more memory than one import may take.", fix="split it, or keep fewer columns."
            ) from None
        except WorkerDied:
            raise FileNotAWorkbook(
                f"{source.name} could not be read to its end: it is damaged, or too large for this machine.",
                fix="open it in a spreadsheet program and save it again, or split it.",
            ) from None
        except TimeoutError:
            raise QueryTimedOut(f"the import was stopped after {_IMPORT_DEADLINE_S:g} s.", fix="split the file.") from None
        finally:
            await one.kill()
        return Workbook.model_validate(answer)

    async def cells(self, source: Path, tab: str, aside: Path, *, top: int, left: int) -> RawCells | None:
        """Return a window of a tab as the file has it, None for no such tab; raises the errors of ingest.grid.

        `aside` is a folder that is not there yet, and is gone afterwards.
        """
        request: JsonObject = {
            "op": "cells",
            "source": str(source),
            "tab": tab,
            "aside": str(aside),
            "top": top,
            "left": left,
        }
        async with self._looking:
            one = await Worker.start("import")
            try:
                async with asyncio.timeout(_LOOK_DEADLINE_S):
                    answer = await one.call(request)
            except TimeoutError:
                raise QueryTimedOut("reading the file took too long.", fix="say the cells of the table instead.") from None
            finally:
                await one.kill()
                await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)
        return None if answer is None else RawCells.model_validate(answer)

    async def edit(self, order: Order) -> Made:
        """Make edits into a folder in the edit worker; raises EditRefused, SqlRefused, QueryTimedOut, WorkerDied."""
        request: JsonObject = {"op": "edit", "order": order.model_dump(mode="json")}
        async with self._editing:
            if self._editor is None or not self._editor.is_alive:
                self._editor = await Worker.start("edit")
            one, self._editor = self._editor, None  # it comes back only from a request that ended
            try:
                async with asyncio.timeout(_EDIT_DEADLINE_S):
                    made = Made.model_validate(await one.call(request))
            except TimeoutError:
                await one.kill()
                raise QueryTimedOut(f"the edit was stopped after {_EDIT_DEADLINE_S:g} s.", fix="change less at once.") from None
            except BaseException as error:
                if isinstance(error, ChatSheetError) and not isinstance(error, WorkerDied | WorkerMemory):
                    self._editor = one
                elif isinstance(error, ChatSheetError):
                    await one.kill()  # it writes nothing more: what it left can be removed
                else:
                    self._tasks.spawn(one.kill(), name="end edit worker")
                raise
            self._editor = one
            return made

    async def compact(self, folder: Path, version: str, aside: Path) -> None:
        """Write a version's tables whole into a base in `aside`, in a process of its own."""
        await self._write({"op": "compact", "versions": str(folder), "version": version, "aside": str(aside)})

    async def excerpt(self, folder: Path, version: str, aside: Path, rules: Rules) -> None:
        """Write what is seen of a version under rules into `aside`, as a version, in a process of its own."""
        seen_by = RULES.dump_python(rules, mode="json")
        request: JsonObject = {"op": "excerpt", "versions": str(folder), "version": version, "aside": str(aside)}
        async with self._excerpting:
            await self._write({**request, "rules": seen_by})

    @staticmethod
    async def _write(request: JsonObject) -> None:
        one = await Worker.start("edit")
        try:
            async with asyncio.timeout(_COMPACT_DEADLINE_S):
                await one.call(request)
        finally:
            await one.kill()

    async def differences(self, folder: Path, origin: str, head: str) -> Differences:
        """Return what edits made of the version `origin`, for its original package; raises QueryTimedOut, WorkerDied."""
        one = await Worker.start("export")
        try:
            async with asyncio.timeout(_EDIT_DEADLINE_S):
                request: JsonObject = {"op": "differences", "versions": str(folder), "origin": origin, "head": head}
                return Differences.model_validate(await one.call(request))
        except TimeoutError:
            raise QueryTimedOut("comparing with the original took too long.", fix="export the table instead.") from None
        finally:
            await one.kill()

    @asynccontextmanager
    async def _worker(self, database: Path) -> AsyncGenerator[Worker, None]:
        """Lend a worker; one that did not come back from its request is killed and a fresh one is warmed."""
        self._lent += 1
        self._idle = [worker for worker in self._idle if worker.is_alive]
        try:
            one = self._choose(database) or await Worker.start()
        except BaseException:
            self._lent -= 1
            raise
        is_sound = False
        if self._is_warm and not self._idle:
            self._tasks.spawn(self.warm(), name="spare query worker")
        try:
            yield one
            is_sound = True
        except ChatSheetError as error:
            is_sound = one.is_alive and not isinstance(error, QueryTimedOut | WorkerDied | WorkerMemory)
            raise
        finally:
            self._lent -= 1
            if is_sound and self._has_room:
                self._idle.append(one)
            else:
                self._tasks.spawn(self._replace(one), name="replace query worker")

    def _choose(self, database: Path) -> Worker | None:
        """Take the idle worker that knows the database, else the last used, or None."""
        if not self._idle:
            return None
        one = next((worker for worker in self._idle if database in worker.seen), self._idle[-1])
        self._idle.remove(one)
        one.seen.add(database)
        return one

    @property
    def _has_room(self) -> bool:
        return not self._is_closing and len(self._idle) + self._lent <= self._size  # one is to spare

    async def _replace(self, lost: Worker) -> None:
        await lost.kill()
        await self.warm()

    async def warm(self) -> None:
        """Start one worker ahead of the next query, where there is room for it; from now on one is kept to spare."""
        self._is_warm = True
        if not self._has_room:
            return
        self._lent += 1  # counted while it starts
        try:
            one = await Worker.start()
        finally:
            self._lent -= 1
        self._idle.append(one)

    async def settled(self) -> None:
        """Wait until every worker that is being started or replaced is there."""
        await self._tasks.join()

    async def close(self) -> None:
        """End every worker."""
        self._is_closing = True
        await self._tasks.join()  # a replacement that is half started must be ended, not dropped
        for one in (*self._idle, *([self._editor] if self._editor else ())):
            with contextlib.suppress(ProcessLookupError):
                await one.kill()
        self._idle.clear()
        self._editor = None
